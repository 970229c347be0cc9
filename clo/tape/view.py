"""What a rule sees of a tape: its columns as plain arrays, where each row came from, and what was declared about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.schema import TAPE
from clo.tape.codes import row_finding

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Declared:
    """What the sidecar says about a tape.

    realised: columns that record what happened after the cut-off date.
    may_be_missing: required columns allowed to be missing, each with the reason.
    excused: column -> rows whose missing value follows from another finding, not reported twice.
    money_units, rate_units: originators whose unit was declared one by one. column_units: columns likewise.
    absent: required columns whose absence has been reported.
    """

    realised: frozenset[str] = frozenset()
    may_be_missing: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, Mask] = field(default_factory=dict)
    money_units: frozenset[str] = frozenset()
    rate_units: frozenset[str] = frozenset()
    column_units: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class View:
    """A frame in canonical dtypes with the row of the file each loan stands on (shape: loans)."""

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    source: str
    declared: Declared = field(default_factory=Declared)

    def has(self, *names: str) -> bool:
        return all(name in self.frame.columns for name in names)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A numeric column as float64, NaN where missing."""
        return self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

    def dates(self, name: str) -> NDArray[np.datetime64]:
        return self.frame[name].to_numpy()

    def codes(self, name: str) -> NDArray[Any]:
        """A category as level numbers, -1 where missing."""
        return np.asarray(self.frame[name].cat.codes)

    def among(self, name: str, *levels: str) -> Mask:
        """Rows whose category is one of `levels`."""
        order = TAPE[name].levels
        table = np.zeros(len(order) + 1, dtype=bool)  # the last entry answers for -1, missing
        table[[order.index(level) for level in levels]] = True
        chosen: Mask = table[self.codes(name)]
        return chosen

    @cached_property
    def cutoff(self) -> np.datetime64:
        """The first cut-off date of the tape; NaT without one."""
        if not self.has("cutoff_date"):
            return np.datetime64("NaT")
        days = self.dates("cutoff_date")
        known = days[~np.isnat(days)]
        return known[0] if len(known) else np.datetime64("NaT")

    @cached_property
    def originators(self) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """(number of the originator of each loan, -1 without one; names by number)."""
        if not self.has("originator_id"):
            return np.full(len(self.frame), -1), np.array([], dtype=object)
        numbers, names = pd.factorize(self.frame["originator_id"])
        return np.asarray(numbers), np.asarray(names, dtype=object)

    @cached_property
    def obligors(self) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """(number of the borrower of each loan, -1 without one; ids by number)."""
        numbers, names = pd.factorize(self.frame["obligor_id"])
        return np.asarray(numbers), np.asarray(names, dtype=object)

    def report(self, code: str, name: str, broken: Mask | NDArray[np.int64], message: str, **words: str) -> Finding:
        """The finding `code` about column `name` and the given rows (a mask, or positions)."""
        at = np.flatnonzero(broken) if broken.dtype == bool else broken
        who: NDArray[np.object_] = np.full(len(at), None, dtype=object)
        if self.has("loan_id"):
            ids = self.frame["loan_id"].iloc[at].astype(object)
            who = np.asarray(ids.where(ids.notna(), "blank"), dtype=object)
        values = shown(self.frame[name].iloc[at]) if name in self.frame.columns else np.full(len(at), "", dtype=object)
        return row_finding(code, message, field=name, file=self.source, rows=self.rows[at], who=who, values=values, **words)


def shown(values: pd.Series) -> NDArray[np.object_]:
    """Values as a person would write them: grouped numbers, ISO dates, `blank`."""
    name = str(values.name)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = values.to_numpy().astype("datetime64[D]").astype(str).astype(object)
        return np.where(values.isna(), "blank", days)
    if pd.api.types.is_numeric_dtype(values.dtype):
        grouped = name not in TAPE or TAPE[name].kind in ("money", "integer")
        plain = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.array([number(value, grouped) for value in plain.tolist()], dtype=object)
    text = values.astype(object)
    return np.asarray(text.where(text.notna(), "blank"), dtype=object)


def stated(frame: pd.DataFrame, names: Sequence[str], at: NDArray[np.intp]) -> NDArray[np.object_]:
    """`employees = 400, capital_yen = blank` of each row at the given positions."""
    text: NDArray[np.object_] = np.full(len(at), "", dtype=object)
    for place, name in enumerate(names):
        text = text + f"{', ' if place else ''}{name} = " + shown(frame[name].iloc[at])
    return text


def number(value: float, grouped: bool = True) -> str:
    """A number for a message: whole if it is, thousands grouped on request."""
    if value != value:  # noqa: PLR0124  (NaN is the one unequal to itself)
        return "blank"
    if value == int(value) and abs(value) < 1e18:
        return f"{int(value):,}" if grouped else str(int(value))
    return f"{value:,.10g}" if grouped else f"{value:.10g}"
