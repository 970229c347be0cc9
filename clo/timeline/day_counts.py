"""Day counts: years between dates, as the field counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.timeline.months import ONE_DAY, Days, as_days, day_of_month, month_end, month_index, month_start

Years = NDArray[np.float64]


def _thirty_day_months(start: Days, end: Days, d1: NDArray[np.int64], d2: NDArray[np.int64]) -> Years:
    """Years of twelve months of 30 days, the first day counted as d1 of its month and the last as d2."""
    return np.asarray(((month_index(end) - month_index(start)) * 30 + (d2 - d1)) / 360.0)


def _ends_february(days: Days) -> NDArray[np.bool_]:
    months = month_index(days)
    return np.asarray((months % 12 == 1) & (days == month_end(months)))


def _thirty_360(start: Days, end: Days) -> Years:
    """Bond basis. Source: ISDA 2006 Definitions, section 4.16(f)."""
    d1, d2 = np.minimum(day_of_month(start), 30), day_of_month(end)
    return _thirty_day_months(start, end, d1, np.where((d2 == 31) & (d1 == 30), 30, d2))


def _thirty_360_us(start: Days, end: Days) -> Years:
    """Bond basis with February's last day as a 30th. Source: SIFMA, Standard Securities Calculation Methods, volume 1 (Mayle)."""
    opens, closes = _ends_february(start), _ends_february(end)
    d1 = np.where(opens, 30, np.minimum(day_of_month(start), 30))
    d2 = np.where(opens & closes, 30, day_of_month(end))
    return _thirty_day_months(start, end, d1, np.where((d2 == 31) & (d1 == 30), 30, d2))


def _thirty_360_german(start: Days, end: Days, termination: Days | None = None) -> Years:
    """30E/360 (ISDA). Source: ISDA 2006 Definitions, section 4.16(h)."""
    d1 = np.where(_ends_february(start), 30, np.minimum(day_of_month(start), 30))
    closes = _ends_february(end)
    if termination is not None:
        closes &= end != termination
    return _thirty_day_months(start, end, d1, np.where(closes, 30, np.minimum(day_of_month(end), 30)))


def _thirty_e_360(start: Days, end: Days) -> Years:
    """Eurobond basis. Source: ISDA 2006 Definitions, section 4.16(g)."""
    return _thirty_day_months(start, end, np.minimum(day_of_month(start), 30), np.minimum(day_of_month(end), 30))


def _thirty_e_plus_360(start: Days, end: Days) -> Years:
    """A 31st at the end becomes the first of the next month, a day after its 30th. Source: R package fmdates."""
    return _thirty_day_months(start, end, np.minimum(day_of_month(start), 30), day_of_month(end))


def _twelfths(start: Days, end: Days) -> Years:
    """Whole months as twelfths of a year; days beyond whole months count as in 30E/360."""
    months = month_index(end) - month_index(start)
    same_day = (day_of_month(start) == day_of_month(end)) | (
        (start == month_end(month_index(start))) & (end == month_end(month_index(end)))
    )
    return np.where(same_day, months / 12.0, _thirty_e_360(start, end))


def _actual(basis: float) -> Callable[[Days, Days], Years]:
    """Days over a fixed basis. Source: ISDA 2006 Definitions, section 4.16(d) and (e)."""
    return lambda start, end: _days(start, end) / basis


def _actual_365_leap(start: Days, end: Days) -> Years:
    """Days over the length of the year the end lies in. Source: ICMA Rule Book, rule 251.1(i), periods other than annual."""
    return np.asarray(_days(start, end) / _year(end)[2])


def _no_leap_365(start: Days, end: Days) -> Years:
    """Every 29 February after the start, up to and including the end, is left out. Source: NL/365 of QuantLib."""
    return np.asarray((_days(start, end) - (_leap_days(end) - _leap_days(start))) / 365.0)


def _actual_actual_isda(start: Days, end: Days) -> Years:
    """Days in leap years over 366, other days over 365. Source: ISDA 2006 Definitions, section 4.16(b)."""
    first, before_start, first_length = _year(start)
    last, before_end, last_length = _year(end)
    return np.asarray((last - first) + (before_end / last_length - before_start / first_length))


def _days(start: Days, end: Days) -> Years:
    return np.asarray((end - start).astype(np.float64))


def _year(days: Days) -> tuple[NDArray[np.int64], Years, Years]:
    """(the year of each day, days of that year before it, length of that year in days)."""
    year = month_index(days) // 12
    opens = month_start(year * 12)
    return year + 1970, _days(opens, days), _days(opens, month_start((year + 1) * 12))


def _leap_days(days: Days) -> NDArray[np.int64]:
    """How many times 29 February has been by the end of each day, since year 0."""
    year = (month_index(days + ONE_DAY) - 2) // 12 + 1970  # the last one whose February is over
    return np.asarray(year // 4 - year // 100 + year // 400)


_DAY_COUNTS: dict[str, Callable[[Days, Days], Years]] = {
    "1/12": _twelfths,
    "30/360": _thirty_360,
    "30/360 US": _thirty_360_us,
    "30/360 German": _thirty_360_german,
    "30E/360": _thirty_e_360,
    "30E+/360": _thirty_e_plus_360,
    "ACT/360": _actual(360.0),
    "ACT/365F": _actual(365.0),
    "ACT/365L": _actual_365_leap,
    "NL/365": _no_leap_365,
    "ACT/ACT ISDA": _actual_actual_isda,
}
DAY_COUNTS = tuple(_DAY_COUNTS)
EQUAL_MONTHS = ("1/12", "30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360")
"""Day counts to which every month of a loan is a twelfth of a year."""


def year_fraction(day_count: str, start: Any, end: Any, *, termination: Any = None) -> NDArray[np.float64]:
    """Years from start to end by a day count (one of DAY_COUNTS), elementwise. Raises ValueError for another name.

    termination: the date the contract ends; only 30/360 German asks for it, to which the last of February is then no 30th.
    """
    if day_count not in _DAY_COUNTS:
        raise ValueError(f"day count {day_count!r} is not known; there are {', '.join(DAY_COUNTS)}")
    first, last = as_days(start), as_days(end)
    if day_count == "30/360 German" and termination is not None:
        return _thirty_360_german(first, last, as_days(termination))
    return np.asarray(_DAY_COUNTS[day_count](first, last), dtype=np.float64)
