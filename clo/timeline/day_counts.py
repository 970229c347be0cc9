"""Day counts: years between dates, as the field counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.timeline.months import Days, as_days, day_of_month, month_end, month_index


def _actual(basis: float) -> Callable[[Days, Days], NDArray[np.float64]]:
    return lambda start, end: np.asarray((end - start).astype(np.float64) / basis)


def _thirty_360(start: Days, end: Days) -> NDArray[np.float64]:
    """Bond basis. Source: ISDA 2006 Definitions, section 4.16(f)."""
    d1 = np.minimum(day_of_month(start), 30)
    d2 = day_of_month(end)
    d2 = np.where((d2 == 31) & (d1 == 30), 30, d2)
    return ((month_index(end) - month_index(start)) * 30 + (d2 - d1)) / 360.0


def _thirty_e_360(start: Days, end: Days) -> NDArray[np.float64]:
    """Eurobond basis. Source: ISDA 2006 Definitions, section 4.16(g)."""
    d1, d2 = np.minimum(day_of_month(start), 30), np.minimum(day_of_month(end), 30)
    return np.asarray(((month_index(end) - month_index(start)) * 30 + (d2 - d1)) / 360.0)


def _twelfths(start: Days, end: Days) -> NDArray[np.float64]:
    """Whole months as twelfths of a year; days beyond whole months count as in 30E/360."""
    months = month_index(end) - month_index(start)
    same_day = (day_of_month(start) == day_of_month(end)) | (
        (start == month_end(month_index(start))) & (end == month_end(month_index(end)))
    )
    return np.where(same_day, months / 12.0, _thirty_e_360(start, end))


_DAY_COUNTS: dict[str, Callable[[Days, Days], NDArray[np.float64]]] = {
    "ACT/365F": _actual(365.0),
    "ACT/360": _actual(360.0),
    "30/360": _thirty_360,
    "30E/360": _thirty_e_360,
    "1/12": _twelfths,
}
DAY_COUNTS = tuple(_DAY_COUNTS)


def year_fraction(day_count: str, start: Any, end: Any) -> NDArray[np.float64]:
    """Years from start to end by a day count (one of DAY_COUNTS), elementwise. Raises ValueError for another name."""
    if day_count not in _DAY_COUNTS:
        raise ValueError(f"day count {day_count!r} is not known; there are {', '.join(DAY_COUNTS)}")
    return np.asarray(_DAY_COUNTS[day_count](as_days(start), as_days(end)), dtype=np.float64)
