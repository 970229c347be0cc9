"""Discount curves: what money due later is worth today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from clo.analytics.valuation.codes import problem, refuse
from clo.analytics.valuation.decay import YEAR, DatedCurve, Decay, Floats, as_day, date_problems, years
from clo.analytics.valuation.money_market import RateConventions, node_factors
from clo.curves import Curve
from clo.findings import Finding
from clo.timeline import ONE_DAY, Days, as_days

Compounding = Literal["annual", "continuous"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DiscountCurve(DatedCurve):
    """dates: datetime64[D] [n], ascending, the first the valuation date; factors: float64 [n], 1 on the first.

    Forward rates are constant between dates, and the last goes on. Raises ValuationError with all that is wrong.
    """

    factors: Floats

    def __post_init__(self) -> None:
        self._hold("factors", _problems, lambda dates, factors: Decay(dates, -np.log(factors)))

    @classmethod
    def flat(cls, date: Any, rate: float, compounding: Compounding = "annual") -> DiscountCurve:
        """One rate for all dates: an annual decimal, ACT/365F."""
        refuse(_rate_problems(np.atleast_1d(np.asarray(rate, dtype=np.float64)), compounding))
        start = as_days(date)
        return cls(np.array([start, start + int(YEAR) * ONE_DAY]), np.array([1.0, np.exp(-_continuous(rate, compounding))]))

    @classmethod
    def from_zeros(cls, date: Any, dates: Any, rates: ArrayLike, compounding: Compounding = "annual") -> DiscountCurve:
        """Zero rates [n], annual decimals ACT/365F, to each of the dates [n] after `date`."""
        ends, zeros = as_days(dates), np.asarray(rates, dtype=np.float64)
        days = np.concatenate((np.atleast_1d(as_days(date)), np.atleast_1d(ends)))
        refuse([*_rate_problems(zeros, compounding), *date_problems("discount curve", days, zeros, one_less=True)])
        grown = _continuous(zeros, compounding) * years(days[0], ends)
        return cls(days, np.exp(-np.concatenate(([0.0], grown))))

    @classmethod
    def from_curve(cls, date: Any, curve: Curve, compounding: Compounding = "annual") -> DiscountCurve:
        """Zero rates of a curve as `clo.read_curves` gives them, at its dates after `date`."""
        later = curve.dates > as_days(date)
        return cls.from_zeros(date, curve.dates[later], curve.values[later], compounding)

    @classmethod
    def from_quotes(
        cls,
        date: Any,
        deposits: Mapping[str, float],
        swaps: Mapping[str, float],
        conventions: RateConventions = RateConventions(),  # noqa: B008  (frozen)
    ) -> DiscountCurve:
        """Deposit rates by tenor (1M, 3M, ...) and par swap rates by tenor (2Y, 5Y, ...), as the ISDA model takes them.

        conventions: of the quotes; without them those of US dollars. Source: ISDA CDS Standard Model, interest rate curve.
        """
        return cls(*node_factors(as_day(date), deposits, swaps, conventions))

    def at(self, dates: Any) -> Floats:
        """The factor of each date, in the shape of `dates`."""
        return np.exp(-self.decay.exponent(dates))

    def __repr__(self) -> str:
        return f"<DiscountCurve of {self.date}: {len(self.dates) - 1:,} dates to {self.dates[-1]}>"


def _continuous(rate: ArrayLike, compounding: Compounding) -> Floats:
    given = np.asarray(rate, dtype=np.float64)
    return np.log1p(given) if compounding == "annual" else given


def _rate_problems(rates: Floats, compounding: str) -> Iterator[Finding]:
    if compounding not in get_args(Compounding):
        said = f"{compounding!r} is not one of {', '.join(get_args(Compounding))}"
        yield problem("E-V008", said, field="compounding", value=compounding)
    wrong = rates[~(rates > -1.0)]
    if wrong.size:
        yield problem("E-V008", f"{wrong[0]:g} is not such a rate", field="rates", value=f"{wrong[0]:g}")


def _problems(dates: Days, factors: Floats) -> Iterator[Finding]:
    yield from date_problems("discount curve", dates, factors)
    if factors.size and ((factors <= 0.0).any() or factors.flat[0] != 1.0):
        low = f"{factors.min() if factors.flat[0] == 1.0 else factors.flat[0]:g}"
        yield problem("E-V003", f"a factor is {low}", who="discount curve", field="factors", value=low)
