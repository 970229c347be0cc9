"""Dates: day counts, business days, and the payment dates of a deal with the collection months behind each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Days = NDArray[np.datetime64]
BusinessDay = Literal["following", "modified_following", "preceding", "unadjusted"]
ONE_DAY = np.timedelta64(1, "D")


# ---- months and day counts ------------------------------------------------------------------------------------------


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


# ---- business days --------------------------------------------------------------------------------------------------

CALENDARS = ("JP", "weekends", "none")
"""JP: Japanese banking days (national holidays, 31 December, 1 to 3 January, weekends); weekends only; every day is good."""


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
    step = -1 if convention == "preceding" else 1
    moved = _first_good(day, step, calendar)
    if convention == "modified_following" and moved.month != day.month:
        moved = _first_good(day, -1, calendar)
    return moved


def _first_good(day: date, step: int, calendar: str) -> date:
    while not is_business_day(day, calendar):
        day = date.fromordinal(day.toordinal() + step)
    return day


# ---- the dates of a deal --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The dates of a deal. t payment date, m collection month.

    payment_dates, determination_dates, accrual_start, accrual_end: datetime64[D] [t]; accrual is from and including start
    to but excluding end. period_ends [m]: end of each collection month. first_month [t + 1]: payment t distributes the
    months first_month[t] up to but excluding first_month[t + 1].
    """

    cutoff: date
    closing: date
    payment_dates: Days
    determination_dates: Days
    accrual_start: Days
    accrual_end: Days
    period_ends: Days
    first_month: NDArray[np.int64]

    @property
    def payments(self) -> int:
        return len(self.payment_dates)

    @property
    def months(self) -> int:
        return len(self.period_ends)

    def accrual_fractions(self, day_count: str) -> NDArray[np.float64]:
        """Year fraction of each accrual period [t]."""
        return year_fraction(day_count, self.accrual_start, self.accrual_end)


@dataclass(frozen=True, slots=True)
class DateProblem:
    """What does not fit about a date of the deal; `field` is its name in the deal file's `dates`."""

    field: str
    value: date
    message: str
    fix: str


def payment_timeline(
    *,
    cutoff: date,
    closing: date,
    first_payment: date,
    legal_final: date,
    months_between: int,
    day: int,
    calendar: str,
    business_day: BusinessDay,
    accrue_to_adjusted: bool = True,
) -> Timeline | list[DateProblem]:
    """The payment dates from first_payment to legal_final, or all that is wrong with the dates.

    first_payment and legal_final are adjusted dates and must be where `day`, the calendar and the convention put them. A
    legal final that falls between two regular dates ends a short last period. A payment date distributes what was collected
    up to its determination date, the last day of the month before the unadjusted date.
    """
    problems = _order_problems(cutoff, closing, first_payment, legal_final)
    unadjusted_first = _unadjusted(first_payment, day, calendar, business_day)
    unadjusted_last = _unadjusted(legal_final, day, calendar, business_day)
    for name, given, found in (
        ("first_payment", first_payment, unadjusted_first),
        ("legal_final", legal_final, unadjusted_last),
    ):
        if found is None:
            expected = adjust(_on_day(given, day), business_day, calendar)
            rule = f"day {day}, {business_day}, calendar {calendar}"
            problems.append(
                DateProblem(name, given, f"{given} is not a payment date: {rule} gives {expected}", f"write {name}: {expected}")
            )
    if problems or unadjusted_first is None or unadjusted_last is None:
        return problems

    first = int(month_index(as_days(unadjusted_first)))
    last = int(month_index(as_days(unadjusted_last)))
    grid = on_day(np.append(np.arange(first, last, months_between), last), day)
    adjusted = as_days([adjust(_date(unadjusted), business_day, calendar) for unadjusted in grid])
    determination = month_end(month_index(grid) - 1)
    ends = collection_ends(cutoff, max(0, int(month_index(determination[-1:])[0] - month_index(as_days(cutoff))) + 1))
    ends = ends[ends <= determination[-1]]
    problems = _collection_problems(adjusted, determination, ends, cutoff, legal_final)
    if problems:
        return problems
    accrual = np.concatenate((as_days([closing]), adjusted if accrue_to_adjusted else grid))
    return Timeline(
        cutoff=cutoff,
        closing=closing,
        payment_dates=adjusted,
        determination_dates=determination,
        accrual_start=accrual[:-1],
        accrual_end=accrual[1:],
        period_ends=ends,
        first_month=np.concatenate(([0], np.searchsorted(ends, determination, side="right"))).astype(np.int64),
    )


def _collection_problems(payment: Days, determination: Days, ends: Days, cutoff: date, legal_final: date) -> list[DateProblem]:
    """Payments that come before what they distribute is known, and deals that collect nothing."""
    early = np.flatnonzero(payment <= determination)
    if len(early):
        when, known = _date(payment[early[0]]), _date(determination[early[0]])
        message = f"the payment of {when} comes before {known}, the determination date of what it distributes"
        name = "first_payment" if early[0] == 0 else "legal_final"
        return [DateProblem(name, when, message, "choose a later day of the month, or business_day: following")]
    if not len(ends):
        message = f"nothing is collected between the cut-off {cutoff} and {_date(determination[-1])}, the last determination date"
        return [DateProblem("legal_final", legal_final, message, "move legal_final, or the cut-off")]
    return []


def _order_problems(cutoff: date, closing: date, first_payment: date, legal_final: date) -> list[DateProblem]:
    order = [("cutoff", cutoff), ("closing", closing), ("first_payment", first_payment), ("legal_final", legal_final)]
    problems = []
    for (earlier, before), (later, after) in pairwise(order):
        may_coincide = later in ("closing", "legal_final")
        if after < before or (after == before and not may_coincide):
            problems.append(
                DateProblem(later, after, f"{later} {after} is not after {earlier} {before}", "put the dates in order")
            )
    return problems


def _on_day(given: date, day: int) -> date:
    return _date(on_day(month_index(as_days(given)), day))


def _date(day: Any) -> date:
    """A single datetime64[D] as a date."""
    plain: date = np.asarray(day, dtype="datetime64[D]").item()
    return plain


def _unadjusted(given: date, day: int, calendar: str, convention: BusinessDay) -> date | None:
    """The regular date that the convention moves to `given`: in its month, or in the month beside it."""
    month = int(month_index(as_days(given)))
    for index in (month, month - 1, month + 1):
        candidate = _date(on_day(index, day))
        if adjust(candidate, convention, calendar) == given:
            return candidate
    return None
