"""Tables of a run as values, for the page and the terminal alike: what stands in which column, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from clo.analytics.enhancement import attachment_points
from clo.deal.families import large_families
from clo.deal.terms import Deal, Mark, Tranche
from clo.labels import (
    NONE,
    WORDS,
    Lang,
    check_name,
    dotted,
    fine_percent,
    label,
    money,
    party,
    path_label,
    percent,
    position,
    stratum,
)  # fmt: skip
from clo.pool.flows import Flow

if TYPE_CHECKING:
    from clo.findings import Finding
    from clo.study import Result

Kind = Literal[
    "text", "word", "party", "claim", "money", "percent", "number", "residual", "date", "flag", "status", "integer", "figure",
    "check", "stratum", "place", "verdict", "size", "position", "fine",
]  # fmt: skip
"""word: a key of the labels; party: who pays or is paid; claim: `name.interest`; flag: yes or no; status: passed or FAILED;
figure: a number already written; stratum: a band, or a word of the tape; place: `tranche.senior`, part by part; verdict: a
status, or a key of the labels that says why there is none; size: money, or `rest`; position: what a party bears a loss as;
fine: per cent with figures enough for a small share."""
ASSUMED = frozenset({"W-T082", "W-T083"})
"""Findings that say what is assumed of the loans, a column or all of it: told as notes beside the tables, not as warnings."""
NUMERIC: frozenset[str] = frozenset({"money", "size", "percent", "fine", "number", "residual", "integer", "figure"})


class Column(NamedTuple):
    key: str
    kind: Kind = "text"

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC


class Marked(NamedTuple):
    """A value with how it is known."""

    value: Any
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, rows of values (Marked or plain), how many of the last rows are totals, and which rows are subtotals."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: int = 0
    subtotals: frozenset[int] = frozenset()


def written(value: Any, kind: Kind, lang: Lang) -> str:
    """A value as text. Missing values are a dash; an empty text stays empty."""
    if isinstance(value, Marked):
        value = value.value
    if isinstance(value, str) and not value:
        return ""
    if value is None or (kind != "flag" and not isinstance(value, (str, bool)) and bool(pd.isna(value))):
        return NONE
    return _WRITERS[kind](value, lang)


def _date(value: Any, _: Lang) -> str:
    return str(pd.Timestamp(value).date())


_WRITERS: dict[str, Callable[[Any, Lang], str]] = {
    "text": lambda value, _: str(value),
    "figure": lambda value, _: str(value),
    "word": lambda value, lang: label(str(value), lang),
    "party": lambda value, lang: party(str(value), lang),
    "position": lambda value, lang: position(str(value), lang),
    "claim": lambda value, lang: dotted(str(value), lang),
    "check": lambda value, lang: check_name(str(value), lang),
    "stratum": lambda value, lang: stratum(str(value), lang),
    "money": lambda value, _: money(float(value)),
    "size": lambda value, lang: label(value, lang) if isinstance(value, str) else money(float(value)),
    "integer": lambda value, _: money(float(value)),
    "percent": lambda value, _: percent(float(value)),
    "fine": lambda value, _: fine_percent(float(value)),
    "number": lambda value, _: money(float(value), 2),
    "residual": lambda value, _: f"{float(value):.3g}",
    "date": _date,
    "flag": lambda value, lang: label("yes" if value else "no", lang),
    "status": lambda value, lang: label("passed" if value else "failed", lang),
    "place": lambda value, lang: path_label(str(value), lang),
    "verdict": lambda value, lang: label(value if isinstance(value, str) else "passed" if value else "failed", lang),
}


def assumed(results: Sequence[Result]) -> list[Finding]:
    """What is assumed of the loans, each thing once for all runs."""
    return list(dict.fromkeys(finding for result in results for finding in result.findings if finding.code in ASSUMED))


# ---- the tables -----------------------------------------------------------------------------------------------------


def capital_structure(result: Result) -> Table:
    """Senior first. Attachment and detachment are shares of the pool at cut-off below and up to the top of the tranche; where
    more than the pool backs the tranches, of all of it."""
    sizes = {str(name): float(size) for name, size in result.summary[["tranche", "original"]].to_numpy()}
    return structure_table(result.deal, sizes, float(_monthly(result)["opening"].iloc[0]))


def structure_table(deal: Deal, sizes: Mapping[str, float], pool: float) -> Table:
    """The capital structure of a deal whose tranches have these sizes, on a pool of this amount; NaN where it is not known."""
    points = attachment_points([sizes[name] for name in deal.tranches], pool)
    total = float(sum(sizes[name] for name in deal.tranches))
    formulas = any(not isinstance(terms.coupon, float | None) for terms in deal.tranches.values())
    rows: list[tuple[Any, ...]] = []
    for (name, terms), (attachment, detachment) in zip(deal.tranches.items(), points, strict=True):
        size, path = sizes[name], f"tranches.{name}"
        row = (
            name,
            Marked("rest" if np.isnan(size) else size, deal.mark(f"{path}.size")),
            size / total if total else np.nan,
            attachment,
            detachment,
            Marked(_coupon(terms, text=formulas), deal.mark(f"{path}.coupon") if terms.coupon is not None else None),
            Marked(terms.holder, deal.mark(f"{path}.holder")),
        )
        rows.append(row)
    rows.append(("total", total, 1.0 if total > 0.0 else np.nan, "", "", "", ""))
    columns = (
        Column("tranche", "word"),
        Column("size", "size"),
        Column("share", "percent"),
        Column("attachment", "percent"),
        Column("detachment", "percent"),
        Column("coupon", "text" if formulas else "percent"),
        Column("holder", "party"),
    )
    return Table(columns, tuple(rows), totals=1)


SUMMARY = (
    Column("tranche", "word"),
    Column("original", "money"),
    Column("principal_paid", "money"),
    Column("interest_paid", "money"),
    Column("loss", "money"),
    Column("wal_years", "number"),
    Column("yield", "percent"),
    Column("first_payment", "date"),
    Column("last_payment", "date"),
)
CHECKS = (Column("check", "check"), Column("largest_residual", "residual"), Column("ok", "status"))
PARTIES = (Column("payer", "party"), Column("payee", "party"), Column("stream", "claim"), Column("amount", "money"))


def of_frame(frame: pd.DataFrame, columns: Sequence[Column], totals: int = 0) -> Table:
    """The columns of a frame, in the order given."""
    chosen = frame[[column.key for column in columns]]
    return Table(tuple(columns), tuple(chosen.itertuples(index=False, name=None)), totals)


def _coupon(terms: Tranche, *, text: bool) -> float | str | None:
    """The rate; or its words, where some coupon of the deal is not one rate."""
    return terms.coupon_text or None if text else terms.coupon if isinstance(terms.coupon, float) else None


def tranche_summary(result: Result) -> Table:
    return of_frame(result.summary, SUMMARY)


def checks(result: Result) -> Table:
    return of_frame(result.checks, CHECKS)


def parties(result: Result) -> Table:
    """Totals over the life of the deal, largest first; a large family is one party."""
    frame, large = result.parties, large_families(result.deal)
    if large:
        parts = frame["stream"].str.partition(".")
        streams = parts[0].replace(large) + parts[1] + parts[2]
        frame = frame.assign(payer=frame["payer"].replace(large), payee=frame["payee"].replace(large), stream=streams)
    total = frame.groupby(["payer", "payee", "stream"], sort=False, observed=True)["amount"].sum().reset_index()
    return of_frame(total[total["amount"] > 0].sort_values("amount", ascending=False, kind="stable"), PARTIES)


ROLLED = (
    Flow.scheduled_principal, Flow.prepayment, Flow.default, Flow.drawing, Flow.repurchase, Flow.substitution,
)  # fmt: skip
"""Columns between an opening balance and a closing one."""


def pool_by_year(result: Result) -> Table:
    """Each calendar year by sub-pool: the balance and what moves it, then cash and what was lost of it.

    Several are totalled, and a large family is one.
    """
    rolled = [flow.name for flow in ROLLED]
    other = [flow.name for flow in Flow if flow not in (*ROLLED, Flow.opening, Flow.closing, Flow.arrears)]
    frame, large = result.pool, large_families(result.deal)
    if large:
        frame = frame.assign(group=frame["group"].replace(large))
        frame = frame.groupby(["period_end", "group"], sort=False, observed=True).sum().reset_index()
    frame = frame.assign(year=pd.DatetimeIndex(frame["period_end"]).year)
    rolled += ["bought", "sold"]
    how = {"opening": "first", **dict.fromkeys((*rolled, *other), "sum"), "closing": "last", "arrears": "last"}
    years = frame.groupby(["year", "group"], sort=False, observed=True).agg(how).reset_index()
    if frame["group"].nunique() > 1:
        together = years.groupby("year", sort=False)[list(how)].sum().reset_index()
        years = pd.concat((years, together.assign(group="total")), ignore_index=True)
        years = years.sort_values("year", kind="stable")
    life = frame.groupby("group", sort=False, observed=True).agg(how).sum()
    shown = ["opening", *(name for name in rolled if life[name] > 0), "closing"]
    shown += ["arrears"] if frame["arrears"].any() else []
    shown += [name for name in other if life[name] > 0]
    columns = (Column("year"), Column("group", "word"), *(Column(name, "money") for name in shown))
    table = of_frame(years, columns)
    last = ("", "total", *(life[name] for name in shown))
    subtotals = frozenset(number for number, row in enumerate(table.rows) if row[1] == "total")
    return Table(columns, (*table.rows, last), 1, subtotals)


SUPPORT = {
    "facilities": ("facility", ("drawn", "repaid", "interest_paid", "fee_paid"), ("closing", "available")),
    "hedges": ("hedge", ("due", "paid", "accrued", "received"), ("unpaid", "receivable")),
    "ledgers": ("ledger", ("debited", "credited"), ("closing",)),
}
"""Frames of what supports the tranches: the name of an entry, what is added up over a year, what stands at its end."""


def support_by_year(result: Result, frame: str) -> Table:
    """Each calendar year of facilities, hedges or ledgers."""
    name, sums, levels = SUPPORT[frame]
    dated = getattr(result, frame)
    if not len(dated):
        return Table((), ())
    how = dict.fromkeys(sums, "sum") | dict.fromkeys(levels, "last")
    years = dated.assign(year=pd.DatetimeIndex(dated["payment_date"]).year)
    years = years.groupby(["year", name], sort=False, observed=True).agg(how).reset_index()
    return of_frame(years, (Column("year"), Column(name, "word"), *(Column(column, "money") for column in how)))


SWAPS = {
    "notified": "sum", "confirmed": "sum", "settled": "sum", "loss": "sum", "deductible_used": "sum", "passed_on": "sum",
    "in_grace": "last", "under_determination": "last", "unsettled": "last", "deductible_unused": "last",
    "reference_balance": "last", "premium": "sum",
}  # fmt: skip
"""Columns of the swaps, and what a year shows of each."""


def swaps_by_year(result: Result) -> Table | None:
    """Each calendar year of each institution's swap, and all together; a large family is one. None without swaps."""
    if result.swaps is None:
        return None
    frame, large = result.swaps, large_families(result.deal)
    frame = frame.assign(institution=frame["institution"].replace(large)) if large else frame
    frame = frame.groupby(["payment_date", "institution"], sort=False)[list(SWAPS)].sum().reset_index()
    years = frame.assign(year=pd.DatetimeIndex(frame["payment_date"]).year)
    years = years.groupby(["year", "institution"], sort=False).agg(SWAPS).reset_index()
    if frame["institution"].nunique() > 1:
        together = years.groupby("year", sort=False)[list(SWAPS)].sum().reset_index()
        years = pd.concat((years, together.assign(institution="total")), ignore_index=True).sort_values("year", kind="stable")
    table = of_frame(years, (Column("year"), Column("institution", "word"), *(Column(name, "money") for name in SWAPS)))
    subtotals = frozenset(number for number, row in enumerate(table.rows) if row[1] == "total")
    return Table(table.columns, table.rows, 0, subtotals)


LARGE_NAMES = (
    Column("tranche", "word"), Column("loss_before", "money"), Column("names", "integer"), Column("names_balance", "money"),
    Column("names_share", "percent"), Column("least_names", "integer"),
)  # fmt: skip


def large_names(result: Result) -> Table | None:
    """How many of the largest borrowers each tranche can stand; None where nobody asks."""
    return None if result.large_names is None else of_frame(result.large_names, LARGE_NAMES)


def triggers(result: Result) -> Table:
    rows = []
    for name, terms in result.deal.triggers.items():
        frame = result.triggers[result.triggers["trigger"] == name]
        hit = frame.loc[frame["breached"].astype(bool), "payment_date"]
        first = _date(hit.iloc[0], "en") if len(hit) else None
        rows.append((name, Marked(terms.when, result.deal.mark(f"triggers.{name}")), first, f"{len(hit)} / {len(frame)}"))
    return Table((Column("trigger", "word"), Column("when"), Column("first_breach"), Column("breaches")), tuple(rows))


def realised(result: Result) -> Table | None:
    """Published charge-offs against the model's, one row a group; every column has words of its own."""
    frame = result.realised
    if frame is None or frame.empty:
        return None
    columns = [
        Column(f"realised_{name}" if f"realised_{name}" in WORDS else name, "word" if name == "group" else "money")
        for name in map(str, frame.columns)
    ]
    return Table(tuple(columns), tuple(frame.itertuples(index=False, name=None)))


def compared(results: Sequence[Result]) -> Table:
    """Loss, average life and yield of every tranche under each scenario."""
    columns = [Column("scenario", "word"), Column("tranche", "word")]
    columns += [column for column in SUMMARY if column.key in ("principal_paid", "interest_paid", "loss", "wal_years", "yield")]
    rows: list[tuple[Any, ...]] = []
    for result in results:
        rows += [(result.scenario_name, *row) for row in of_frame(result.summary, columns[1:]).rows]
    return Table(tuple(columns), tuple(rows))


def _monthly(result: Result) -> pd.DataFrame:
    monthly: pd.DataFrame = result.pool.groupby("period_end", sort=True)[["opening", "closing"]].sum()
    return monthly
