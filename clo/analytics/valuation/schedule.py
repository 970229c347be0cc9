"""When the premiums of a credit default swap accrue and are paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from clo.analytics.valuation.codes import problem
from clo.analytics.valuation.decay import Floats, as_day
from clo.analytics.valuation.money_market import business_days_after
from clo.findings import Finding
from clo.timeline import (
    CALENDARS,
    DAY_COUNTS,
    ONE_DAY,
    BusinessDay,
    Days,
    adjust_all,
    as_days,
    day_of_month,
    month_index,
    month_start,
    on_day,
    schedule_dates,
    year_fraction,
)

Paid = Literal["arrears", "advance"]
DefaultTime = Literal["any_day", "middle"]


@dataclass(frozen=True, slots=True)
class CdsConventions:
    """How a swap pays; as given, the standard contract of 2009.

    months: between premium dates, counted back from maturity, so one that matures on 20 March, June, September or December has
    the standard dates. paid: `arrears`, with what accrued until a default, or `advance`, without refund. accrued_on_default:
    whether a default is charged that premium. last_day: whether the day of maturity accrues and is protected. settlement_days:
    business days until the upfront is paid. default_time: `any_day`, integrated in closed form as in the ISDA model, or
    `middle`, halfway through each premium period.
    Source: ISDA, Standard North American Corporate CDS Contract Specification (2009).
    """

    months: int = 3
    day_count: str = "ACT/360"
    calendar: str = "weekends"
    business_day: BusinessDay = "following"
    paid: Paid = "arrears"
    accrued_on_default: bool = True
    last_day: bool = True
    settlement_days: int = 3
    default_time: DefaultTime = "any_day"


STANDARD = CdsConventions()


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """begins, ends, paid: datetime64[D] [period]; fractions: float64 [period], years by the day count.

    ends: the day after the last that accrues. protected_from: the day at whose end protection begins; matures: its last day.
    accrued: years of premium that have accrued by the day after the valuation date. settles: when an upfront is paid.
    """

    begins: Days
    ends: Days
    paid: Days
    fractions: Floats
    protected_from: np.datetime64
    matures: np.datetime64
    accrued: float
    settles: np.datetime64


def premium_schedule(
    date: np.datetime64, maturity: np.datetime64, conventions: CdsConventions = STANDARD, start: Any = None
) -> Schedule:
    """The periods that are not over on the valuation date, the running one whole.

    start: the day from which the first premium accrues; without it the last regular date on or before the day after the
    valuation date, which is the standard contract's.
    """
    stepin = date + ONE_DAY
    borders = _borders(stepin, maturity, conventions, start)
    begins, ends = borders[:-1], borders[1:].copy()
    paid = ends.copy()
    paid[-1] = adjust_all(ends[-1:], conventions.business_day, conventions.calendar)[0]
    fractions = year_fraction(conventions.day_count, begins, ends)
    if conventions.last_day:
        ends[-1] += ONE_DAY
        fractions[-1] = year_fraction(conventions.day_count, begins[-1:], ends[-1:])[0]
    running = ends > stepin
    running[-1] = True  # the last premium is due until the day it is paid
    begins, ends, paid, fractions = begins[running], ends[running], paid[running], fractions[running]
    if conventions.paid == "advance":
        paid = begins
        fractions = np.where(begins < date, 0.0, fractions)  # paid before, and not refunded
    accrued = 0.0
    if conventions.paid == "arrears":
        accrued = float(year_fraction(conventions.day_count, begins[0], max(begins[0], stepin)))
    by_day = conventions.default_time == "any_day"
    first = date if start is None else borders[0] - by_day * ONE_DAY
    last = maturity - ONE_DAY if by_day and not conventions.last_day else maturity
    settles = business_days_after(date, conventions.settlement_days, conventions.calendar)
    return Schedule(begins, ends, paid, fractions, max(date, first), last, accrued, settles)


def _borders(stepin: np.datetime64, maturity: np.datetime64, conventions: CdsConventions, start: Any) -> Days:
    """The ends of premium periods, the first included, moved to business days but for the maturity [periods + 1]."""
    earlier = month_start(month_index(as_days(stepin)) - conventions.months - 1)
    regular = schedule_dates(as_day(earlier if start is None else start), maturity, conventions.months)
    moved = adjust_all(regular[1:-1], conventions.business_day, conventions.calendar)
    moved = moved[moved < maturity]
    if start is None:
        return np.append(moved[np.searchsorted(moved, stepin, side="right") - 1 :], maturity)
    return np.concatenate((regular[:1], moved[moved > regular[0]], regular[-1:]))


def cds_maturity(date: Any, years: int) -> np.datetime64:
    """The day on which a standard swap traded on `date` for so many years matures: 20 June or 20 December.

    From 20 March to 19 September it is the June of that many years on, otherwise December.
    Source: ISDA, amendment of standard maturity dates effective 21 December 2015.
    """
    day = as_days(date)
    rolled = month_index(day) - (day_of_month(day) < 20)  # March to August rolled back: the June
    half = (rolled - 2) // 6
    return as_day(on_day(half * 6 + 5 + 12 * years, 20))


def convention_problems(conventions: CdsConventions) -> Iterator[Finding]:
    """Words that are not known, and a number of months that is none."""
    for name, words in (
        ("day_count", DAY_COUNTS),
        ("calendar", CALENDARS),
        ("business_day", get_args(BusinessDay)),
        ("paid", get_args(Paid)),
        ("default_time", get_args(DefaultTime)),
    ):
        given = getattr(conventions, name)
        if given not in words:
            yield problem("E-V016", f"{given!r} is not one of {', '.join(words)}", field=name, value=str(given))
    for name, least in (("months", 1), ("settlement_days", 0)):
        given = getattr(conventions, name)
        if given < least:
            yield problem("E-V016", f"{given} is below {least}", field=name, value=str(given))
