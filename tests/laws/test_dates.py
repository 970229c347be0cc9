"""Laws of days: business days, year fractions, payment dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import oracle_dates as slow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clo.deal.checks import timeline_of
from clo.timeline import adjust, is_business_day, year_fraction
from laws.strategies import Case, structured

MANY = settings(max_examples=settings().max_examples * 10)
CALENDARS = ("JP", "weekends", "none")
CONVENTIONS: Any = ("following", "modified_following", "preceding", "unadjusted")
DAY_COUNTS = (*slow.EQUAL_MONTHS, "ACT/360", "ACT/365F", "ACT/365L", "NL/365", "ACT/ACT ISDA")
days = st.dates(date(1990, 1, 1), date(2049, 12, 31))


@MANY
@given(days, st.sampled_from(CALENDARS), st.sampled_from(CONVENTIONS))
def test_an_adjusted_date_is_a_business_day_nearby(day: date, calendar: str, convention: Any) -> None:
    moved = adjust(day, convention, calendar)
    assert moved == slow.adjusted(day, calendar, convention)
    if convention == "unadjusted":
        assert moved == day
        return
    assert is_business_day(moved, calendar)
    assert adjust(moved, convention, calendar) == moved
    assert abs((moved - day).days) <= 11
    assert convention != "following" or moved >= day
    assert convention != "preceding" or moved <= day
    assert convention != "modified_following" or (moved.year, moved.month) == (day.year, day.month)


@MANY
@given(days, st.integers(0, 30), st.sampled_from(CALENDARS), st.sampled_from(CONVENTIONS))
def test_later_days_are_paid_no_earlier(day: date, later: int, calendar: str, convention: Any) -> None:
    other = day + timedelta(days=later)
    if convention != "modified_following":
        assert adjust(day, convention, calendar) <= adjust(other, convention, calendar)


@MANY
@given(days, st.integers(0, 800), st.sampled_from(DAY_COUNTS))
def test_year_fractions(start: date, length: int, day_count: str) -> None:
    end = start + timedelta(days=length)
    fraction = float(year_fraction(day_count, [start], [end])[0])
    assert fraction == pytest.approx(slow.year_fraction(start, end, day_count), abs=1e-15)
    assert fraction == pytest.approx(length / 365.25, abs=0.02 * (1 + length / 365.25))
    assert fraction >= 0.0 or length <= 2


@given(structured())
def test_dates_of_a_deal(case: Case) -> None:
    deal = case.deal
    timeline: Any = timeline_of(deal)
    expected = slow.payment_dates(deal)
    assert timeline.payment_dates.tolist() == [paid for _, paid in expected]
    determined = [slow.determination_date(unadjusted) for unadjusted, _ in expected]
    assert timeline.determination_dates.tolist() == determined
    assert timeline.period_ends.tolist() == slow.collection_months(deal.dates.cutoff, determined[-1])
    assert all(date < unadjusted for date, (unadjusted, _) in zip(determined, expected, strict=True))
    assert timeline.first_month[0] == 0
    assert timeline.first_month[-1] == len(timeline.period_ends)
