"""Dates: day counts, business days, and the payment dates of a deal with the collection months behind each."""

from clo.timeline.calendars import CALENDARS, BusinessDay, adjust, is_business_day
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

__all__ = [
    "CALENDARS",
    "DAY_COUNTS",
    "EQUAL_MONTHS",
    "ONE_DAY",
    "BusinessDay",
    "DateProblem",
    "Days",
    "Timeline",
    "adjust",
    "as_days",
    "collection_ends",
    "day_of_month",
    "is_business_day",
    "month_end",
    "month_index",
    "month_start",
    "on_day",
    "payment_timeline",
    "year_fraction",
]
