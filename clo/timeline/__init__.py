"""Dates: day counts, business days, regular dates, and the payment dates of a deal with the collection months behind each."""

from clo.timeline.calendars import CALENDARS, BusinessDay, adjust, adjust_all, is_business_day
from clo.timeline.day_counts import DAY_COUNTS, EQUAL_MONTHS, year_fraction
from clo.timeline.months import (
    ONE_DAY,
    Days,
    as_days,
    collection_ends,
    day_of_month,
    month_end,
    month_index,
    month_start,
    on_day,
)
from clo.timeline.payments import DateProblem, Timeline, payment_timeline
from clo.timeline.schedules import Stub, schedule_dates

__all__ = [
    "CALENDARS",
    "DAY_COUNTS",
    "EQUAL_MONTHS",
    "ONE_DAY",
    "BusinessDay",
    "DateProblem",
    "Days",
    "Stub",
    "Timeline",
    "adjust",
    "adjust_all",
    "as_days",
    "collection_ends",
    "day_of_month",
    "is_business_day",
    "month_end",
    "month_index",
    "month_start",
    "on_day",
    "payment_timeline",
    "schedule_dates",
    "year_fraction",
]
