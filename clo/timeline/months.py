"""Days and months as numbers: month ends, the same day of every month, and the collection months after a cut-off."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Days = NDArray[np.datetime64]
ONE_DAY = np.timedelta64(1, "D")


def as_days(dates: Any) -> Days:
    """Dates of any kind as datetime64[D]."""
    return np.asarray(dates, dtype="datetime64[D]")


def month_index(dates: Days) -> NDArray[np.int64]:
    """Months since January 1970 of each date."""
    return np.asarray(as_days(dates).astype("datetime64[M]"), dtype=np.int64)


def day_of_month(dates: Days) -> NDArray[np.int64]:
    """1 to 31."""
    days = as_days(dates)
    return np.asarray(days - days.astype("datetime64[M]").astype("datetime64[D]"), dtype=np.int64) + 1


def month_start(index: ArrayLike) -> Days:
    """The first day of each month, by `month_index`."""
    return np.asarray(index, dtype="datetime64[M]").astype("datetime64[D]")


def month_end(index: ArrayLike) -> Days:
    """The last day of each month, by `month_index`."""
    return month_start(np.asarray(index, dtype=np.int64) + 1) - ONE_DAY


def on_day(index: ArrayLike, day: int | NDArray[np.int64]) -> Days:
    """The given day of each month, or its last day where the month is shorter."""
    start = month_start(index)
    return np.minimum(start + (np.asarray(day) - 1) * ONE_DAY, month_end(index))


def collection_ends(cutoff: date | np.datetime64, months: int) -> Days:
    """Ends of the monthly collection periods after the cut-off [months]: month ends after a month end, else the same day."""
    start = as_days(cutoff)
    index = month_index(start) + np.arange(1, months + 1)
    return month_end(index) if start == month_end(month_index(start)) else on_day(index, int(day_of_month(start)))
