"""Decay at rates that are constant from date to date: what discount and survival curves have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.analytics.valuation.codes import problem, refuse
from clo.findings import Finding
from clo.timeline import ONE_DAY, Days, as_days

Floats = NDArray[np.float64]
YEAR = 365.0
"""Days of a year of the rates: ACT/365F throughout."""


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """exp(-exponent). dates: [n], the first the valuation date; exponents: [..., n], 0 on the first.

    Exponents run straight, by days, from date to date, and on after the last as before it: the rates between dates are constant.
    """

    dates: Days
    exponents: Floats

    def exponent(self, days: Any) -> Floats:
        """[..., days]."""
        asked = as_days(days)
        left = np.clip(np.searchsorted(self.dates, asked, side="right") - 1, 0, len(self.dates) - 2)
        begins, ends = self.dates[left], self.dates[left + 1]
        share = (asked - begins) / (ends - begins)
        return np.asarray(self.exponents[..., left] * (1.0 - share) + self.exponents[..., left + 1] * share)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DatedCurve:
    """A curve of values by dates, the first the valuation date, and the decay they make; nobody can change it once it is made."""

    dates: Days
    decay: Decay = field(init=False)

    @property
    def date(self) -> np.datetime64:
        """The valuation date."""
        return as_day(self.dates[:1])

    def _hold(
        self, name: str, problems: Callable[[Days, Floats], Iterable[Finding]], decay: Callable[[Days, Floats], Decay]
    ) -> None:
        """Keep copies of the dates and of the values in `name`, and their decay. Raises ValuationError with every problem."""
        dates, values = as_days(self.dates).copy(), np.array(getattr(self, name), dtype=np.float64)
        refuse(problems(dates, values))
        dates.flags.writeable = values.flags.writeable = False
        for kept, value in (("dates", dates), (name, values), ("decay", decay(dates, values))):
            object.__setattr__(self, kept, value)


def as_day(date: Any) -> np.datetime64:
    """A date, or an array of one, as datetime64[D]."""
    return np.datetime64(as_days(date).item(), "D")


def years(start: Any, end: Any) -> Floats:
    """ACT/365F."""
    return np.asarray((as_days(end) - as_days(start)) / ONE_DAY / YEAR, dtype=np.float64)


def date_problems(what: str, dates: Days, values: Floats, one_less: bool = False) -> Iterator[Finding]:
    """What is wrong with the dates of a curve, or with how many values it has: one for each date, or each step between."""
    if dates.ndim != 1 or len(dates) < 2 or np.isnat(dates).any() or (np.diff(dates) <= np.timedelta64(0, "D")).any():
        said = f"the dates are {', '.join(map(str, np.atleast_1d(dates)[:6]))}{', ...' if dates.size > 6 else ''}"
        yield problem("E-V001", said, who=what, field="dates")
    wanted = dates.size - one_less
    if values.ndim < 1 or values.shape[-1] != wanted:
        said = f"there are {values.shape[-1] if values.ndim else 1} values for {wanted} {'steps' if one_less else 'dates'}"
        yield problem("E-V002", said, who=what, field="values")
    elif not np.isfinite(values).all():
        yield problem("E-V002", "a value is not a finite number", who=what, field="values")
