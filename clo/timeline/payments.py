"""The payment dates of a deal, and the collection months behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.timeline.calendars import BusinessDay, adjust, adjust_all
from clo.timeline.day_counts import year_fraction
from clo.timeline.months import Days, as_days, collection_ends, month_end, month_index, on_day
from clo.timeline.schedules import schedule_dates


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
        """Year fraction of each accrual period [t]; the contract ends with the last."""
        return year_fraction(day_count, self.accrual_start, self.accrual_end, termination=self.accrual_end[-1])


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

    grid = schedule_dates(unadjusted_first, unadjusted_last, months_between, day=day, stub="short_last")
    adjusted = adjust_all(grid, business_day, calendar)
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
