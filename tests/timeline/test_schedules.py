"""Regular dates: by hand, against QuantLib, and what holds for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (its own name for itself)
from hypothesis import given
from hypothesis import strategies as st

from clo.timeline import day_of_month, month_end, month_index, schedule_dates

RULES = {"short_first": ql.DateGeneration.Backward, "short_last": ql.DateGeneration.Forward}
CONVENTIONS: dict[Any, int] = {
    "unadjusted": ql.Unadjusted, "following": ql.Following, "modified_following": ql.ModifiedFollowing, "preceding": ql.Preceding,
}  # fmt: skip


def made(*given: Any, **said: Any) -> list[str]:
    return schedule_dates(*given, **said).astype(str).tolist()


@pytest.mark.parametrize(
    ("start", "end", "months", "said", "between"),
    [
        ("2007-01-15", "2008-01-15", 3, {}, ["2007-04-15", "2007-07-15", "2007-10-15"]),
        ("2007-02-20", "2008-01-15", 3, {"stub": "short_first"}, ["2007-04-15", "2007-07-15", "2007-10-15"]),
        ("2007-02-20", "2008-01-15", 3, {"stub": "long_first"}, ["2007-07-15", "2007-10-15"]),
        ("2007-02-20", "2008-01-15", 3, {"stub": "short_last"}, ["2007-05-20", "2007-08-20", "2007-11-20"]),
        ("2007-02-20", "2008-01-15", 3, {"stub": "long_last"}, ["2007-05-20", "2007-08-20"]),
        ("2007-01-15", "2008-01-15", 6, {"stub": "long_last"}, ["2007-07-15"]),  # nothing odd, nothing joined
        ("2007-01-15", "2007-02-01", 3, {"stub": "long_first"}, []),
        ("2006-12-31", "2007-06-30", 3, {}, ["2007-03-30"]),  # the 30th, as the end
        ("2006-12-31", "2007-06-30", 3, {"day": 31}, ["2007-03-31"]),
        ("2006-11-30", "2007-02-28", 1, {"day": 31}, ["2006-12-31", "2007-01-31"]),
        ("2006-11-30", "2007-02-28", 1, {"day": 30}, ["2006-12-30", "2007-01-30"]),
        ("2007-01-31", "2007-05-31", 1, {"stub": "short_last"}, ["2007-02-28", "2007-03-31", "2007-04-30"]),
    ],
)
def test_where_the_odd_period_falls(start: str, end: str, months: int, said: dict[str, Any], between: list[str]) -> None:
    assert made(start, end, months, **said) == [start, *between, end]


def test_dates_that_meet_on_a_business_day_are_one() -> None:
    dates = made("2007-07-14", "2007-10-16", 3, calendar="JP", business_day="following")
    assert dates == ["2007-07-17", "2007-10-16"]  # Saturday 14 and Monday 16 July, Marine Day, both pay on the 17th


def test_one_day_is_a_schedule() -> None:
    assert made("2007-07-14", "2007-07-14", 3) == ["2007-07-14"]


@pytest.mark.parametrize("stub", RULES)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_schedules_as_quantlib_has_them(stub: Any, convention: Any) -> None:
    """The end-of-month rule is off, which is ours without `day`."""
    rng = np.random.default_rng(20260401)
    convention_there, calendar = CONVENTIONS[convention], ql.Japan()
    starts = np.datetime64("2004-01-05") + rng.integers(0, 7_000, 400)
    for start, length, months in zip(starts, rng.integers(40, 3_000, 400), rng.choice([1, 3, 6, 12], 400), strict=True):
        end = start + length
        there = ql.Schedule(
            date_there(start), date_there(end), ql.Period(int(months), ql.Months), calendar,
            convention_there, convention_there, RULES[stub], False,
        )  # fmt: skip
        expected = sorted({f"{day.ISO()}" for day in there.dates()})
        got = made(start, end, int(months), stub=stub, calendar="JP", business_day=convention)
        assert got == expected, (start, end, months)


@pytest.mark.parametrize("stub", RULES)
def test_month_ends_as_quantlib_has_them(stub: Any) -> None:
    """Day 31 is its end-of-month rule, where the date they are counted from is the last of its month."""
    rng = np.random.default_rng(7)
    for start, length, months in zip(
        rng.integers(400, 700, 200), rng.integers(2, 90, 200), rng.choice([1, 3, 6], 200), strict=True
    ):
        first, last = month_end(start), month_end(start + length)
        there = ql.Schedule(
            date_there(first), date_there(last), ql.Period(int(months), ql.Months), ql.NullCalendar(),
            ql.Unadjusted, ql.Unadjusted, RULES[stub], True,
        )  # fmt: skip
        assert made(first, last, int(months), stub=stub, day=31) == [day.ISO() for day in there.dates()]


def date_there(day: Any) -> ql.Date:
    plain = np.datetime64(day, "D").item()
    return ql.Date(plain.day, plain.month, plain.year)


@given(
    st.integers(8_000, 20_000), st.integers(0, 5_000), st.sampled_from([1, 2, 3, 6, 12]),
    st.sampled_from(["short_first", "long_first", "short_last", "long_last"]),
)  # fmt: skip
def test_all_periods_but_the_odd_one_are_regular(start: int, length: int, months: int, stub: Any) -> None:
    first, last = np.datetime64(start, "D"), np.datetime64(start + length, "D")
    dates = schedule_dates(first, last, months, stub=stub)
    assert (dates[0], dates[-1]) == (first, last)
    assert (np.diff(dates) > np.timedelta64(0)).all()
    at_first = stub.endswith("first")
    regular = dates[1:] if at_first else dates[:-1]
    assert (np.diff(month_index(regular)) == months).all()
    anchor = day_of_month(last if at_first else first)
    clamped = np.minimum(anchor, day_of_month(month_end(month_index(regular))))
    assert (day_of_month(regular) == clamped).all()
    if len(dates) > 2:
        odd = np.diff(dates)[0 if at_first else -1].astype(int)
        assert odd <= 31 * months if stub.startswith("short") else 28 * months <= odd <= 2 * 31 * months


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"end": "2006-12-31"}, "the end 2006-12-31 is before the start 2007-01-31"),
        ({"months": 0}, "a period of 0 months"),
        ({"stub": "short"}, "stub 'short' is not one of short_first, long_first, short_last, long_last"),
        ({"day": 32}, "is not on day 32 of its month"),
        ({"day": 15}, "2007-07-31 is not on day 15 of its month"),
        ({"day": 15, "stub": "short_last"}, "2007-01-31 is not on day 15 of its month"),
        ({"months": -1, "day": 0}, "a period of -1 months; 2007-07-31 is not on day 0"),
        ({"end": "NaT"}, "the end NaT is before"),
    ],
)
def test_arguments_that_do_not_fit(changes: dict[str, Any], said: str) -> None:
    arguments = {"start": "2007-01-31", "end": "2007-07-31", "months": 3} | changes
    with pytest.raises(ValueError, match=said):
        schedule_dates(**arguments)
