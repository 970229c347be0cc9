"""One published figure against the deal file that states it and the model that holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from math import isnan
from typing import Any, Literal

import pandas as pd

Unit = Literal["month", "day", "count", "money", "percent", "flag"]
Known = Literal["published", "derived"]
SLACK = 1e-6
"""Sums of amounts and shares are exact to this."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of a deal, or of several together.

    published: as printed, or, where known says `derived`, as what is printed makes it; stated: by the deal files, NaN where they
    should and do not; modelled: by loans and tranches; each None where there is none. Months and days are counted from year 0.
    bound: what the rounding of the printed figures explains. How the file and the model may differ from each other: not at
    all. gating: whether a difference beyond the bound fails the reconciliation.
    """

    deal: str
    item: str
    unit: Unit
    published: float | None
    stated: float | None
    modelled: float | None
    bound: float
    source: str
    gating: bool = True
    known: Known = "published"

    @property
    def difference(self) -> float | None:
        """The largest of any two: model and deal file less what is printed, model less deal file. None where one is alone."""
        pairs = ((self.modelled, self.published), (self.stated, self.published), (self.modelled, self.stated))
        apart = [ours - other for ours, other in pairs if ours is not None and other is not None]
        return next((found for found in apart if isnan(found)), max(apart, key=abs, default=None))

    @property
    def ok(self) -> bool:
        """Whether everything that is known agrees, and something of ours is there to agree with what is printed."""
        ours = [value for value in (self.stated, self.modelled) if value is not None]
        within = all(self.published is None or abs(value - self.published) <= self.bound + SLACK for value in ours)
        return bool(ours) and within and max(ours) - min(ours) <= SLACK


def comparison_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row for each: the fields of Comparison, difference and ok."""
    rows = list(comparisons)
    columns = [field.name for field in fields(Comparison)]
    frame = pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=columns)
    for name in ("published", "stated", "modelled"):
        frame[name] = frame[name].astype("float64")
    frame["difference"] = pd.Series([row.difference for row in rows], dtype="float64")
    frame["ok"] = pd.Series([row.ok for row in rows], dtype=bool)
    return frame[[*columns[:3], "known", *columns[3:6], "difference", "bound", "ok", "gating", "source"]]


def plain(value: float | None, unit: str) -> Any:
    """A figure as it is written: a month YYYY-MM, a day YYYY-MM-DD, a flag true or false; None where there is none."""
    if value is None or isnan(value):
        return None
    if unit == "month":
        return f"{int(value) // 12}-{int(value) % 12 + 1:02d}"
    if unit == "day":
        return date.fromordinal(int(value)).isoformat()
    return bool(value) if unit == "flag" else value


def month_number(month: str) -> int:
    """YYYY-MM as months since year 0, so that two months can be subtracted."""
    return 12 * int(month[:4]) + int(month[5:7]) - 1
