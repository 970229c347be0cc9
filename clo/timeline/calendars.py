"""Business days: calendars, and the conventions that move a date off a holiday."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

import numpy as np

from clo.timeline.months import Days, as_days

BusinessDay = Literal["following", "modified_following", "preceding", "modified_preceding", "unadjusted"]
"""The next business day or the one before; modified: unless that is in another month, then the other way."""

CALENDARS = ("JP", "weekends", "none")
"""JP: Japanese banking days (national holidays, 31 December, 1 to 3 January, weekends); weekends only; every day is good.

National holidays are those of jpholiday: days off decreed for one year as they were, equinoxes not yet announced as forecast."""


@lru_cache(maxsize=4096)
def is_business_day(day: date, calendar: str) -> bool:
    """Whether banks are open on the day, by calendar (one of CALENDARS)."""
    if calendar == "none":
        return True
    if day.weekday() >= 5:
        return False
    return calendar != "JP" or not _japanese_holiday(day)


def _japanese_holiday(day: date) -> bool:
    """A national holiday, or one of the days around New Year on which banks are closed."""
    if (day.month, day.day) in ((12, 31), (1, 1), (1, 2), (1, 3)):
        return True
    import jpholiday  # noqa: PLC0415  (only deals on a Japanese calendar need it)

    return bool(jpholiday.is_holiday(day))


def adjust(day: date, convention: BusinessDay, calendar: str) -> date:
    """The day itself, or the business day the convention moves it to."""
    if convention == "unadjusted":
        return day
    step = -1 if convention.endswith("preceding") else 1
    moved = _first_good(day, step, calendar)
    if convention.startswith("modified") and moved.month != day.month:
        moved = _first_good(day, -step, calendar)
    return moved


def adjust_all(days: Days, convention: BusinessDay, calendar: str) -> Days:
    """Each day, or the business day the convention moves it to."""
    distinct, which = np.unique(as_days(days), return_inverse=True)
    return as_days([adjust(day, convention, calendar) for day in distinct.tolist()])[which]


def _first_good(day: date, step: int, calendar: str) -> date:
    while not is_business_day(day, calendar):
        day = date.fromordinal(day.toordinal() + step)
    return day
