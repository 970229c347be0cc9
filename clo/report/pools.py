"""The pool at cut-off for the page: one line for each sub-pool, and its stratification tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clo.labels import Lang, label
from clo.report.tables import Column, Kind, Table, of_frame, written
from clo.schema import TAPE
from clo.tape.batches import in_memory
from clo.tape.strata import NEEDED, stratification_report

if TYPE_CHECKING:
    from clo.tape.batches import AnyLoans

HEADLINE = (
    Column("group", "word"),
    Column("loans", "integer"),
    Column("obligors", "integer"),
    Column("balance", "money"),
    Column("average_balance", "money"),
    Column("largest_obligor", "percent"),
    Column("average_rate", "percent"),
    Column("average_term", "number"),
)


def headline(pools: Mapping[str, AnyLoans]) -> Table | None:
    """Count, balance, largest obligor, and balance-weighted rate and remaining term in years of each sub-pool."""
    if not pools:
        return None
    rows: list[tuple[Any, ...]] = []
    for name, loans in pools.items():
        frame = in_memory(loans, NEEDED).frame
        balance = frame["current_balance"].to_numpy(np.float64)
        total = float(balance.sum())
        obligors = pd.Series(balance).groupby(frame["obligor_id"].astype(str).to_numpy()).sum()
        years = (pd.to_datetime(frame["maturity_date"]) - pd.Timestamp(loans.cutoff)).dt.days.to_numpy(np.float64) / 365.0
        rate = frame["current_rate"].to_numpy(np.float64)
        weighted = [float((balance * x).sum() / total) if total > 0 else np.nan for x in (rate, years)]
        largest = float(obligors.max() / total) if total > 0 else np.nan
        average = total / len(frame) if len(frame) else np.nan
        rows.append((name, len(frame), len(obligors), total, average, largest, *weighted))
    return Table(HEADLINE, tuple(rows))


NAMED = frozenset({"top_obligors"})
"""Tables that name borrowers: a page may travel, so they stay out of it."""


def stratifications(pools: Mapping[str, AnyLoans], lang: Lang) -> list[tuple[str, list[tuple[str, Table]]]]:
    """Of each sub-pool, what it is stratified by and the table; none that names a borrower."""
    reports = {name: stratification_report(in_memory(loans, NEEDED)) for name, loans in pools.items()}
    return [
        (name, [(dimension(by, lang), strata_table(frame)) for by, frame in report.items() if by not in NAMED])
        for name, report in reports.items()
    ]


def dimension(by: str, lang: Lang) -> str:
    """The word for what a pool is stratified by: a column of the tape has its Japanese name in the registry."""
    return TAPE[by].label_ja if lang == "ja" and by in TAPE else label(by, lang).capitalize() if lang == "en" else label(by, lang)


def strata_table(frame: pd.DataFrame) -> Table:
    """A stratification frame with each column written as its name says; of (measure, value) each row as its measure says."""
    plain = frame.reset_index() if frame.index.name is not None else frame
    if list(plain.columns) == ["measure", "value"]:
        told = [
            (name, written(value, _kind(str(name), whole=float(value).is_integer()), "en")) for name, value in plain.to_numpy()
        ]
        return Table((Column("measure", "word"), Column("value", "figure")), tuple(told))
    columns = [
        Column(str(name), "stratum" if name == "stratum" else _column_kind(str(name), plain[name])) for name in plain.columns
    ]
    return of_frame(plain, columns)


def _column_kind(name: str, values: pd.Series[Any]) -> Kind:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return "text"
    return _kind(name, whole=pd.api.types.is_integer_dtype(values))


def _kind(name: str, *, whole: bool) -> Kind:
    if any(part in name for part in ("share", "rate", "ratio", "pct", "pd", "hhi")):
        return "percent"
    if any(part in name for part in ("balance", "amount", "largest_loan")):
        return "money"
    return "integer" if whole else "number"
