"""What a stream of payments is worth: average life, yield, price, duration, convexity.

Time is ACT/365F years from day0 and compounding annual throughout. Flows on or after day0; amounts in any one currency,
seen from the holder. `rate` is an annual decimal, one number or one per flow (a zero curve read at the flow's date).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.timeline import as_days, year_fraction

Floats = NDArray[np.float64]

MOST_GROWTH = 600.0
"""Largest exponent of a discount factor the yield search looks at: e^600 is still a float, and no bond is near it."""


def _years(dates: Any, day0: Any) -> Floats:
    return year_fraction("ACT/365F", as_days(day0), as_days(dates))


def _discount(years: Floats, rate: ArrayLike) -> Floats:
    return np.asarray(np.exp(-years * np.log1p(np.asarray(rate, dtype=np.float64))), dtype=np.float64)


def wal_years(dates: Any, principal: ArrayLike, closing: Any) -> float:
    """Weighted average life: sum of principal x years since `closing` over total principal; NaN without principal.

    dates, principal: [payment]. closing: the day the years count from.
    Source: SIFMA Standard Formulas, average life; here with ACT/365F days instead of months.
    """
    return float(average_lives(dates, np.asarray(principal, dtype=np.float64)[None], closing)[0])


def average_lives(dates: Any, principal: Floats, closing: Any) -> Floats:
    """`wal_years` of each of many streams [s], principal [s, payment]."""
    total = principal.sum(axis=1)
    weighted = (principal * _years(dates, closing)).sum(axis=1)
    return np.asarray(np.divide(weighted, total, out=np.full(len(total), np.nan), where=total > 0.0))


def present_value(dates: Any, amounts: ArrayLike, day0: Any, rate: ArrayLike) -> float:
    """Sum of amount / (1 + rate)^years. dates, amounts: [payment]; rate above -1."""
    return float(np.sum(np.asarray(amounts, dtype=np.float64) * _discount(_years(dates, day0), rate)))


def future_value(amount: float, rate: float, start: Any, end: Any) -> float:
    """amount x (1 + rate)^years from start to end."""
    return amount / float(_discount(_years(end, start), rate))


def irr(dates: Any, amounts: ArrayLike, day0: Any) -> float:
    """Annual effective rate at which the flows are worth 0 on day0; NaN where there is none.

    dates, amounts: [payment], the price paid among them as a negative amount. Streams that change sign more than once
    can have several such rates: the one nearest to 0 is given. Source: the definition of XIRR, ACT/365F.
    """
    return float(irrs(dates, np.asarray(amounts, dtype=np.float64)[None], day0)[0])


def irrs(dates: Any, amounts: Floats, day0: Any) -> Floats:
    """`irr` of each of many streams on the same dates [s], amounts [s, payment]. Those that end together are searched as one."""
    years = _years(dates, day0)
    used = amounts != 0.0
    reach = np.where(used, np.abs(years), 0.0).max(axis=1, initial=0.0)
    first = np.where(used, years, np.inf).min(axis=1, initial=np.inf)
    last = np.where(used, years, -np.inf).max(axis=1, initial=-np.inf)
    solvable = (amounts > 0.0).any(axis=1) & (amounts < 0.0).any(axis=1) & (first < last)
    found = np.full(len(amounts), np.nan)
    for farthest in np.unique(reach[solvable]):
        together = np.flatnonzero(solvable & (reach == farthest))
        for begin in range(0, len(together), SEARCHED):
            rows = together[begin : begin + SEARCHED]
            flows = amounts[rows] / np.abs(amounts[rows]).max(axis=1, keepdims=True)
            found[rows] = _nearest_to_zero(flows, years, MOST_GROWTH / farthest)
    return found


SEARCHED = 256
"""Streams searched at once, for the memory that takes."""


def _nearest_to_zero(flows: Floats, years: Floats, widest: float) -> Floats:
    """The yields [s] of flows [s, payment], each with a rate of growth from -widest to widest.

    The unknown is ln(1 + yield), in which the net value is smooth everywhere.
    """
    # Denser around 0, where yields are; brackets as far as a discount factor can go.
    spread = 10.0
    grid = widest * np.sinh(np.linspace(-spread, spread, 2_001)) / np.sinh(spread)
    some = (flows != 0.0).any(axis=0)
    discount = np.exp(-np.multiply.outer(grid, years[some]))
    worth = np.einsum("sk,gk->sg", flows[:, some], discount)  # not a matrix product: its threads wait for each other
    change = np.sign(worth[:, :-1]) != np.sign(worth[:, 1:])
    distance = np.where(change, np.minimum(np.abs(grid[:-1]), np.abs(grid[1:])), np.inf)
    nearest = distance.argmin(axis=1)
    found = np.full(len(flows), np.nan)
    for s in np.flatnonzero(change.any(axis=1)):
        used = flows[s] != 0.0
        found[s] = np.expm1(_root(flows[s, used], years[used], float(grid[nearest[s]]), float(grid[nearest[s] + 1])))
    return found


def _root(flows: Floats, years: Floats, low: float, high: float) -> float:
    """The rate of growth between two others at which flows [payment] are worth nothing."""

    def worth(growth: float) -> float:
        return float(np.exp(-growth * years) @ flows)

    below, above = worth(low), worth(high)
    if below * above >= 0.0:  # an end is a root, to rounding: evaluated alone it need not round as it did in the grid
        return low if abs(below) <= abs(above) else high

    from scipy.optimize import brentq  # noqa: PLC0415  (heavy: loaded with the first yield)

    return float(brentq(worth, low, high, xtol=1e-15, rtol=1e-14, maxiter=200))


def yield_at_price(price: float, dates: Any, amounts: ArrayLike, day0: Any) -> float:
    """Annual effective yield of flows bought on day0 for `price` (in currency, not per 100); NaN where there is none."""
    days = np.concatenate((as_days([day0]), as_days(dates)))
    return irr(days, np.concatenate(([-price], np.asarray(amounts, dtype=np.float64))), day0)


def macaulay_duration(dates: Any, amounts: ArrayLike, day0: Any, rate: ArrayLike) -> float:
    """Years to each flow weighted by its present value; NaN where the present value is 0.

    Source: Macaulay (1938); Fabozzi, Bond Markets, Analysis and Strategies, "duration".
    """
    years = _years(dates, day0)
    values = np.asarray(amounts, dtype=np.float64) * _discount(years, rate)
    total = values.sum()
    return float(values @ years / total) if total != 0.0 else float("nan")


def modified_duration(dates: Any, amounts: ArrayLike, day0: Any, rate: float) -> float:
    """-(dP/dy) / P = Macaulay duration / (1 + rate), in years. Source: as `macaulay_duration`."""
    return macaulay_duration(dates, amounts, day0, rate) / (1.0 + rate)


def convexity(dates: Any, amounts: ArrayLike, day0: Any, rate: float) -> float:
    """(d2P/dy2) / P = sum over ALL flows of t (t + 1) C / (1 + rate)^(t + 2), over P, in years squared.

    Source: Fabozzi, Bond Markets, Analysis and Strategies, "convexity", annual compounding.
    """
    years = _years(dates, day0)
    values = np.asarray(amounts, dtype=np.float64) * _discount(years, rate)
    total = values.sum()
    return float(values @ (years * (years + 1.0)) / (1.0 + rate) ** 2 / total) if total != 0.0 else float("nan")
