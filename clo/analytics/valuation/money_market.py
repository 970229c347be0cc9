"""A discount curve out of deposit and swap rates, as the ISDA model of credit default swaps makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from clo.analytics.valuation.codes import problem, refuse
from clo.analytics.valuation.decay import Decay, Floats, as_day, years
from clo.findings import Finding
from clo.timeline import ONE_DAY, BusinessDay, Days, adjust_all, as_days, day_of_month, month_index, on_day, year_fraction

TENOR = re.compile(r"(\d+)([MY])")
MOST_STEPS, ENOUGH = 50, 1e-15
"""Of Newton's method: a swap's value is almost straight in the forward rate, so a few steps suffice."""


@dataclass(frozen=True, slots=True)
class RateConventions:
    """How deposits and swaps are quoted; as given, US dollars in the ISDA model.

    spot_days: business days until they begin; fixed_months: between fixed payments of a swap, counted by fixed_day_count.
    """

    spot_days: int = 2
    deposit_day_count: str = "ACT/360"
    fixed_months: int = 6
    fixed_day_count: str = "30/360"
    calendar: str = "weekends"
    business_day: BusinessDay = "modified_following"


def node_factors(
    date: np.datetime64, deposits: Mapping[str, float], swaps: Mapping[str, float], conventions: RateConventions
) -> tuple[Days, Floats]:
    """(dates, factors): the valuation date, and the end of each deposit and swap, in order.

    A deposit of rate r over a fraction a grows from spot to its end by 1 + r a. A swap is worth 0: r x the sum of fraction x
    factor over its fixed payments is the factor of spot less that of its end.
    Source: ISDA CDS Standard Model, interest rate curve specification.
    """
    refuse([*_problems(deposits, "M"), *_problems(swaps, "Y")])
    spot = business_days_after(date, conventions.spot_days, conventions.calendar)
    dates, exponents = as_days([date]), np.zeros(1)
    for tenor, rate in sorted(deposits.items(), key=lambda quote: _months(quote[0])):
        end = _regular(spot, _months(tenor), conventions)[0]
        grown = np.log1p(rate * year_fraction(conventions.deposit_day_count, spot, end))
        if len(dates) == 1:
            exponents = np.append(exponents, grown * years(date, end) / years(spot, end))
        else:
            exponents = np.append(exponents, Decay(dates, exponents).exponent(spot) + grown)
        dates = np.append(dates, end)
    for tenor, rate in sorted(swaps.items(), key=lambda quote: _months(quote[0])):
        steps = np.arange(0, _months(tenor) + 1, conventions.fixed_months)
        paid = _regular(spot, steps, conventions)
        fractions = year_fraction(conventions.fixed_day_count, paid[:-1], paid[1:])
        exponents = np.append(exponents, _swap_end(dates, exponents, spot, paid[1:], rate * fractions))
        dates = np.append(dates, paid[-1])
    return dates, np.exp(-exponents)


def _swap_end(dates: Days, exponents: Floats, spot: np.datetime64, paid: Days, coupons: Floats) -> float:
    """The exponent at the end of a swap with which it is worth 0."""
    amounts = coupons.copy()
    amounts[-1] += 1.0
    ahead = np.append(dates, paid[-1])
    share = np.clip(years(dates[-1], paid) / years(dates[-1], paid[-1]), 0.0, 1.0)
    begins = float(exponents[-1]) if len(dates) > 1 else 0.0
    found = begins + float(coupons.mean()) * float(years(dates[-1], paid[-1]))
    for _ in range(MOST_STEPS):
        curve = Decay(ahead, np.append(exponents, found))
        worth = amounts * np.exp(-curve.exponent(paid))
        begin = float(np.exp(-curve.exponent(spot)))
        step = (float(worth.sum()) - begin) / float(worth @ share)
        found += step
        if abs(step) < ENOUGH:
            break
    return found


def business_days_after(date: np.datetime64, count: int, calendar: str) -> np.datetime64:
    """The day `count` business days later."""
    day = date
    for _ in range(count):
        day = as_day(adjust_all(as_days([day + ONE_DAY]), "following", calendar))
    return day


def _regular(spot: np.datetime64, months: ArrayLike, conventions: RateConventions) -> Days:
    """The days so many months after spot, moved to business days [months]."""
    begins = as_days(spot)
    days = on_day(month_index(begins) + np.atleast_1d(months), int(day_of_month(begins)))
    return adjust_all(days, conventions.business_day, conventions.calendar)


def _months(tenor: str) -> int:
    found = TENOR.fullmatch(tenor)
    return int(found[1]) * (12 if found[2] == "Y" else 1) if found else 0


def _problems(quotes: Mapping[str, float], unit: str) -> Iterator[Finding]:
    what, few = ("deposits", "no deposits") if unit == "M" else ("swaps", "")
    if few and not quotes:
        yield problem("E-V007", f"there are {few}", field=what)
    for tenor, rate in quotes.items():
        months = _months(tenor)
        if not months or (months > 12) != (unit == "Y"):
            yield problem("E-V007", f"{tenor!r} is no tenor of {what}", field=what, value=tenor)
        if not np.isfinite(rate) or rate <= -1.0:
            yield problem("E-V008", f"the rate of {tenor} is {rate:g}", field=what, value=f"{rate:g}")
