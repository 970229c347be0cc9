"""One published figure against the deal file that states it and the model that holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

import pandas as pd

Unit = Literal["month", "count", "money", "percent", "flag"]
SLACK = 1e-6
"""Sums of amounts and shares are exact to this."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of a deal, or of several together.

    published: as printed; stated: by the deal files; modelled: by loans and tranches; each None where there is none. Months
    are counted from year 0. bound: what the rounding of the printed figures explains. How the file and the model may differ
    from each other: not at all. gating: whether a difference beyond the bound fails the reconciliation.
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

    @property
    def difference(self) -> float | None:
        """Of the model from the printed figure, or where there is no model, of the deal file."""
        ours = self.stated if self.modelled is None else self.modelled
        return None if ours is None or self.published is None else ours - self.published

    @property
    def ok(self) -> bool:
        """Whether everything that is known agrees, and something of ours is there to agree with what is printed."""
        ours = [value for value in (self.stated, self.modelled) if value is not None]
        within = all(self.published is None or abs(value - self.published) <= self.bound + SLACK for value in ours)
        return bool(ours) and within and max(ours) - min(ours) <= SLACK


def comparison_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row for each: the fields of Comparison, then difference and ok."""
    rows = list(comparisons)
    columns = [field.name for field in fields(Comparison)]
    frame = pd.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=columns)
    for name in ("published", "stated", "modelled"):
        frame[name] = frame[name].astype("float64")
    frame["difference"] = pd.Series([row.difference for row in rows], dtype="float64")
    frame["ok"] = pd.Series([row.ok for row in rows], dtype=bool)
    return frame[[*columns[:6], "difference", "bound", "ok", "gating", "source"]]


def month_number(month: str) -> int:
    """YYYY-MM as months since year 0, so that two months can be subtracted."""
    return 12 * int(month[:4]) + int(month[5:7]) - 1
