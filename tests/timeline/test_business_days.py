"""Business days and conventions against QuantLib: every day of 2004 to 2045."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (its own name for itself)

from clo.timeline import adjust, adjust_all, is_business_day

CALENDARS = {"JP": ql.Japan(), "weekends": ql.WeekendsOnly(), "none": ql.NullCalendar()}
CONVENTIONS: dict[Any, int] = {
    "following": ql.Following,
    "modified_following": ql.ModifiedFollowing,
    "preceding": ql.Preceding,
    "modified_preceding": ql.ModifiedPreceding,
    "unadjusted": ql.Unadjusted,
}
FIRST, LAST = date(2004, 1, 1), date(2045, 12, 31)


def peer(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


@pytest.mark.parametrize("calendar", CALENDARS)
def test_every_day_is_open_or_closed_as_in_quantlib(calendar: str) -> None:
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    differ = [day for day in days if is_business_day(day, calendar) != CALENDARS[calendar].isBusinessDay(peer(day))]
    assert len(days) == 15_341
    assert differ == []


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("calendar", CALENDARS)
def test_days_move_as_in_quantlib(convention: Any, calendar: str) -> None:
    rng = np.random.default_rng(20260401)
    new_year = np.datetime64("2004-12-25") + np.arange(20)
    days = np.concatenate([new_year, np.datetime64(FIRST) + rng.integers(0, 15_300, 600)])
    moved = adjust_all(days, convention, calendar)
    for day, got in zip(days.tolist(), moved.tolist(), strict=True):
        expected = CALENDARS[calendar].adjust(peer(day), CONVENTIONS[convention])
        assert got == date(expected.year(), expected.month(), expected.dayOfMonth())
        assert adjust(day, convention, calendar) == got


def test_many_dates_keep_their_order_and_shape() -> None:
    days = np.array([["2007-07-15", "2007-07-14"], ["2007-07-15", "2007-07-13"]], dtype="datetime64[D]")
    moved = adjust_all(days, "following", "JP")  # Monday the 16th is Marine Day
    assert moved.astype(str).tolist() == [["2007-07-17", "2007-07-17"], ["2007-07-17", "2007-07-13"]]
