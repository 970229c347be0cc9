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
    paid = np.asarray(principal, dtype=np.float64)
    total = paid.sum()
    return float(paid @ _years(dates, closing) / total) if total > 0.0 else float("nan")


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
    flows = np.asarray(amounts, dtype=np.float64)
    years = _years(dates, day0)
    used = flows != 0.0
    flows, years = flows[used], years[used]
    if not ((flows > 0.0).any() and (flows < 0.0).any()) or np.ptp(years) == 0.0:
        return float("nan")
    flows = flows / np.abs(flows).max()

    def worth(growth: ArrayLike) -> Any:
        """Net value at continuous rates; the unknown is ln(1 + yield), in which the curve is smooth everywhere."""
        return np.exp(-np.multiply.outer(np.asarray(growth), years)) @ flows

    # Denser around 0, where yields are; brackets as far as a discount factor can go.
    spread = 10.0
    grid = MOST_GROWTH / np.abs(years).max() * np.sinh(np.linspace(-spread, spread, 2_001)) / np.sinh(spread)
    values = worth(grid)
    change = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
    if change.size == 0:
        return float("nan")
    nearest = int(change[np.argmin(np.minimum(np.abs(grid[change]), np.abs(grid[change + 1])))])

    ends = float(grid[nearest]), float(grid[nearest + 1])
    below, above = (float(worth(end)) for end in ends)
    if below * above >= 0.0:  # an end is a root, to rounding: evaluated alone it need not round as it did in the grid
        return float(np.expm1(ends[0] if abs(below) <= abs(above) else ends[1]))

    from scipy.optimize import brentq  # noqa: PLC0415  (heavy: loaded with the first yield)

    root = brentq(worth, *ends, xtol=1e-15, rtol=1e-14, maxiter=200)
    return float(np.expm1(root))


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
