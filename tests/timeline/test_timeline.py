"""Dates: business days of Japan, conventions, payment dates with the months behind them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from clo.timeline import (
    CALENDARS,
    DateProblem,
    Timeline,
    adjust,
    collection_ends,
    is_business_day,
    payment_timeline,
)


def timeline(**changes: Any) -> Timeline | list[DateProblem]:
    given = {
        "cutoff": date(2007, 5, 31),
        "closing": date(2007, 6, 28),
        "first_payment": date(2007, 7, 17),
        "legal_final": date(2008, 7, 15),
        "months_between": 1,
        "day": 15,
        "calendar": "JP",
        "business_day": "following",
    }
    return payment_timeline(**(given | changes))


def made(**changes: Any) -> Timeline:
    found = timeline(**changes)
    assert isinstance(found, Timeline), found
    return found


# ---- business days


@pytest.mark.parametrize(
    ("unadjusted", "following"),
    [
        ("2007-07-15", "2007-07-17"),  # Sunday; Monday is Marine Day
        ("2013-07-15", "2013-07-16"),  # Marine Day
        ("2020-07-15", "2020-07-15"),
        ("2020-07-23", "2020-07-27"),  # Marine and Sports Day moved for the Olympic Games, then a weekend
        ("2021-07-19", "2021-07-19"),  # Marine Day moved away from this Monday
        ("2019-04-27", "2019-05-07"),  # ten days off around the accession
        ("2009-05-02", "2009-05-07"),  # golden week with a substitute holiday on Wednesday
        ("2015-09-19", "2015-09-24"),  # silver week: the day between two holidays is one
        ("2007-12-31", "2008-01-04"),
        ("2010-12-31", "2011-01-04"),
        ("2020-12-31", "2021-01-04"),
        ("2016-08-11", "2016-08-12"),  # Mountain Day is new in 2016
        ("2015-08-11", "2015-08-11"),
        ("2018-12-24", "2018-12-25"),  # Monday after the emperor's birthday on Sunday
        ("2019-12-23", "2019-12-23"),  # no longer a holiday
        ("2020-02-23", "2020-02-25"),  # the new one, a Sunday
    ],
)
def test_following_in_japan(unadjusted: str, following: str) -> None:
    assert adjust(date.fromisoformat(unadjusted), "following", "JP") == date.fromisoformat(following)


@pytest.mark.parametrize("year", range(2004, 2031))
def test_banks_are_closed_around_new_year(year: int) -> None:
    closed = [date(year, 12, 31), date(year + 1, 1, 1), date(year + 1, 1, 2), date(year + 1, 1, 3)]
    assert not any(is_business_day(day, "JP") for day in closed)
    opens = adjust(date(year, 12, 31), "following", "JP")
    assert (opens.month, opens.year) == (1, year + 1)
    assert 4 <= opens.day <= 6


def test_other_calendars_know_no_holidays() -> None:
    marine_day = date(2007, 7, 16)
    assert [is_business_day(marine_day, calendar) for calendar in CALENDARS] == [False, True, True]
    assert [is_business_day(date(2007, 7, 15), calendar) for calendar in CALENDARS] == [False, False, True]


@pytest.mark.parametrize(
    ("given", "convention", "calendar", "expected"),
    [
        ("2010-10-31", "following", "JP", "2010-11-01"),
        ("2010-10-31", "modified_following", "JP", "2010-10-29"),
        ("2010-10-30", "preceding", "JP", "2010-10-29"),
        ("2010-10-30", "unadjusted", "JP", "2010-10-30"),
        ("2008-12-31", "modified_following", "JP", "2008-12-30"),
        ("2008-12-31", "following", "JP", "2009-01-05"),
        ("2008-12-31", "modified_following", "weekends", "2008-12-31"),
        ("2009-01-01", "preceding", "JP", "2008-12-30"),
        ("2010-10-29", "modified_following", "JP", "2010-10-29"),
        ("2010-05-03", "modified_following", "JP", "2010-05-06"),
    ],
)
def test_conventions(given: str, convention: Any, calendar: str, expected: str) -> None:
    assert adjust(date.fromisoformat(given), convention, calendar) == date.fromisoformat(expected)


# ---- payment dates


def test_purchase_type_no_8() -> None:
    found = made(legal_final=date(2013, 7, 16))
    dates = [str(day) for day in found.payment_dates]
    assert (found.payments, found.months) == (73, 73)
    assert dates[:8] == [
        "2007-07-17",
        "2007-08-15",
        "2007-09-18",
        "2007-10-15",
        "2007-11-15",
        "2007-12-17",
        "2008-01-15",
        "2008-02-15",
    ]
    assert dates[-1] == "2013-07-16"
    assert [str(day) for day in found.determination_dates[:3]] == ["2007-06-30", "2007-07-31", "2007-08-31"]
    assert [str(day) for day in found.period_ends[:2]] == ["2007-06-30", "2007-07-31"]
    np.testing.assert_array_equal(found.first_month, np.arange(74))
    np.testing.assert_array_equal(found.accrual_end[:-1], found.accrual_start[1:])
    np.testing.assert_array_equal(found.accrual_end, found.payment_dates)
    assert str(found.accrual_start[0]) == "2007-06-28"


def test_unadjusted_accrual_pays_on_business_days_and_counts_to_regular_ones() -> None:
    found = made(accrue_to_adjusted=False)
    assert [str(day) for day in found.accrual_start[:3]] == ["2007-06-28", "2007-07-15", "2007-08-15"]
    assert str(found.payment_dates[0]) == "2007-07-17"
    np.testing.assert_allclose(found.accrual_fractions("1/12")[1:], 1 / 12)


def test_quarterly_dates_distribute_the_months_between() -> None:
    found = made(first_payment=date(2007, 9, 18), months_between=3, legal_final=date(2008, 6, 16))
    assert [str(day) for day in found.payment_dates] == ["2007-09-18", "2007-12-17", "2008-03-17", "2008-06-16"]
    assert found.first_month.tolist() == [0, 3, 6, 9, 12]
    assert [str(day) for day in found.determination_dates] == ["2007-08-31", "2007-11-30", "2008-02-29", "2008-05-31"]


def test_a_legal_final_between_regular_dates_ends_a_short_period() -> None:
    found = made(first_payment=date(2007, 9, 18), months_between=3, legal_final=date(2008, 4, 15))
    assert [str(day) for day in found.payment_dates] == ["2007-09-18", "2007-12-17", "2008-03-17", "2008-04-15"]
    assert found.first_month.tolist() == [0, 3, 6, 9, 10]


def test_a_long_first_period_distributes_every_month_since_the_cut_off() -> None:
    found = made(first_payment=date(2007, 10, 15))
    assert found.first_month[:3].tolist() == [0, 4, 5]


def test_day_31_is_the_last_day_of_a_shorter_month() -> None:
    found = made(
        cutoff=date(2023, 12, 31), closing=date(2024, 1, 10), first_payment=date(2024, 1, 31), legal_final=date(2024, 6, 30),
        day=31, calendar="none",
    )  # fmt: skip
    expected = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]
    assert [str(day) for day in found.payment_dates] == expected
    assert str(found.determination_dates[0]) == "2023-12-31"  # nothing is collected yet
    assert found.first_month[:3].tolist() == [0, 0, 1]


def test_following_may_lead_into_the_next_month() -> None:
    around = {"cutoff": date(2010, 8, 31), "closing": date(2010, 9, 1), "legal_final": date(2010, 11, 30), "day": 31}
    moved = made(first_payment=date(2010, 11, 1), **around)
    assert [str(day) for day in moved.payment_dates] == ["2010-11-01", "2010-11-30"]
    assert [str(day) for day in moved.determination_dates] == ["2010-09-30", "2010-10-31"]


@pytest.mark.parametrize(
    ("cutoff", "ends"),
    [
        (date(2024, 1, 31), ["2024-02-29", "2024-03-31", "2024-04-30"]),
        (date(2024, 2, 29), ["2024-03-31", "2024-04-30", "2024-05-31"]),
        (date(2023, 1, 30), ["2023-02-28", "2023-03-30", "2023-04-30"]),
        (date(2023, 3, 10), ["2023-04-10", "2023-05-10", "2023-06-10"]),
    ],
)
def test_collection_months_follow_the_cut_off(cutoff: date, ends: list[str]) -> None:
    assert [str(day) for day in collection_ends(cutoff, 3)] == ends


@pytest.mark.parametrize(
    ("changes", "field", "message", "fix"),
    [
        ({"first_payment": date(2007, 7, 16)}, "first_payment", "day 15, following, calendar JP gives 2007-07-17",
         "write first_payment: 2007-07-17"),
        ({"legal_final": date(2008, 7, 16)}, "legal_final", "2008-07-16 is not a payment date", "write legal_final: 2008-07-15"),
        ({"closing": date(2007, 5, 30)}, "closing", "closing 2007-05-30 is not after cutoff 2007-05-31",
         "put the dates in order"),
        ({"closing": date(2007, 7, 17)}, "first_payment", "first_payment 2007-07-17 is not after closing 2007-07-17", "in order"),
    ],
)  # fmt: skip
def test_dates_that_do_not_fit(changes: dict[str, Any], field: str, message: str, fix: str) -> None:
    (problem,) = timeline(**changes)
    assert problem.field == field
    assert message in problem.message
    assert fix in problem.fix


def test_every_problem_of_the_dates_at_once() -> None:
    problems = timeline(closing=date(2007, 5, 1), first_payment=date(2007, 7, 16), legal_final=date(2007, 7, 2))
    assert [problem.field for problem in problems] == ["closing", "legal_final", "first_payment", "legal_final"]


# ---- payments that cannot be


def test_a_payment_before_its_determination_date_is_refused() -> None:
    days = {
        "cutoff": date(2019, 12, 31),
        "closing": date(2020, 1, 10),
        "first_payment": date(2020, 1, 31),
        "legal_final": date(2020, 5, 1),
    }
    found = payment_timeline(**days, months_between=1, day=1, calendar="weekends", business_day="preceding")
    assert isinstance(found, list)
    assert "comes before 2020-01-31" in found[0].message


def test_a_deal_that_collects_nothing_is_refused() -> None:
    days = {
        "cutoff": date(2020, 3, 31),
        "closing": date(2020, 4, 1),
        "first_payment": date(2020, 4, 15),
        "legal_final": date(2020, 4, 15),
    }
    found = payment_timeline(**days, months_between=1, day=15, calendar="none", business_day="following")
    assert isinstance(found, list)
    assert found[0].field == "legal_final"
    assert "nothing is collected" in found[0].message
