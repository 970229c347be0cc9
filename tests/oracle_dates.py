"""The slow reading of days: calendars, payment dates, collection months and every day count. Plain Python, from the documents."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, datetime, timedelta
from typing import Any

import jpholiday

from clo.deal.terms import Deal

MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
EQUAL_MONTHS = ("1/12", "30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360")


def month_length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def is_month_end(day: date) -> bool:
    return day.day == month_length(day.year, day.month)


def shifted(day: date, months: int, wanted_day: int | None = None) -> date:
    """The same day (or `wanted_day`) some months later; the last day where the month is too short."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(wanted_day or day.day, month_length(year, month)))


def calendar_months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def as_date(value: Any) -> date | None:
    """A date of a tape cell: date, timestamp, ISO text, or None where it is empty."""
    if value is None or value != value or value == "":  # noqa: PLR0124  (NaN and NaT differ from themselves)
        return None
    if isinstance(value, str):
        return date.fromisoformat(value[:10])
    return value.date() if isinstance(value, datetime) else value


# business days and payment dates ---------------------------------------------------------------------------------------


def is_business_day(day: date, calendar: str) -> bool:
    if calendar == "none":
        return True
    if day.weekday() >= 5:
        return False
    if calendar == "weekends":
        return True
    year_end = (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
    return not year_end and not jpholiday.is_holiday(day)


def adjusted(day: date, calendar: str, convention: str) -> date:
    """The date on which a payment set for `day` is made."""
    if convention == "unadjusted":
        return day
    after = before = day
    while not is_business_day(after, calendar):
        after += timedelta(days=1)
    while not is_business_day(before, calendar):
        before -= timedelta(days=1)
    if convention == "following":
        return after
    if convention == "preceding":
        return before
    return after if after.month == day.month else before


def unadjusted_date(deal: Deal, paid_on: date) -> date | None:
    """The `payments.day` of a month that is paid on the given date; None where there is none."""
    terms = deal.payments
    for months in (0, -1, 1):
        candidate = shifted(paid_on.replace(day=1), months, terms.day)
        if adjusted(candidate, terms.calendar, terms.business_day) == paid_on:
            return candidate
    return None


def payment_dates(deal: Deal) -> list[tuple[date, date]]:
    """(unadjusted, adjusted) of each payment."""
    terms = deal.payments
    first = unadjusted_date(deal, deal.dates.first_payment)
    if first is None:
        raise ValueError(f"first payment {deal.dates.first_payment} is not day {terms.day} of a month, adjusted")
    last = unadjusted_date(deal, deal.dates.legal_final) or deal.dates.legal_final
    dates = []
    while (day := shifted(first, MONTHS[terms.frequency] * len(dates), terms.day)) <= last:
        dates.append(day)
    if dates[-1] < last:
        dates.append(last)
    return [(day, adjusted(day, terms.calendar, terms.business_day)) for day in dates]


def determination_date(unadjusted: date) -> date:
    return unadjusted.replace(day=1) - timedelta(days=1)


# collection months -----------------------------------------------------------------------------------------------------


def month_end(cutoff: date, month: int) -> date:
    """E(month): month ends after a month end, else the same day of each month; E(0) is the cut-off."""
    return shifted(cutoff, month, 31 if is_month_end(cutoff) else cutoff.day)


def collection_months(cutoff: date, last: date) -> list[date]:
    """E(1), E(2), ... up to `last`."""
    ends: list[date] = []
    while (end := month_end(cutoff, len(ends) + 1)) <= last:
        ends.append(end)
    return ends


def month_of(day: date, cutoff: date) -> int:
    """The number of the collection month that the date falls in."""
    if day <= cutoff:
        raise ValueError(f"{day} is not after the cut-off {cutoff}")
    month = max(1, calendar_months(cutoff, day) - 1)
    while month_end(cutoff, month) < day:
        month += 1
    return month


# day counts ------------------------------------------------------------------------------------------------------------


def year_fraction(start: date, end: date, day_count: str, termination: date | None = None) -> float:
    """Years from start to end. termination: the last day of the contract, which only 30/360 German looks at."""
    days = (end - start).days
    if day_count in ("ACT/365F", "ACT/360", "ACT/365L"):
        return days / {"F": 365, "0": 360, "L": 366 if isleap(end.year) else 365}[day_count[-1]]
    if day_count == "NL/365":
        leap_days = [date(year, 2, 29) for year in range(start.year, end.year + 1) if isleap(year)]
        return (days - sum(start < day <= end for day in leap_days)) / 365
    if day_count == "ACT/ACT ISDA":
        return _by_calendar_years(start, end)
    months = calendar_months(start, end)
    if day_count == "1/12" and (start.day == end.day or (is_month_end(start) and is_month_end(end))):
        return months / 12
    first, second = _thirties(start, end, day_count, termination)
    return (months * 30 + second - first) / 360


def _by_calendar_years(start: date, end: date) -> float:
    years = 0.0
    for year in range(start.year, end.year + 1):
        inside = min(end, date(year + 1, 1, 1)) - max(start, date(year, 1, 1))
        years += inside.days / (366 if isleap(year) else 365)
    return years


def _thirties(start: date, end: date, day_count: str, termination: date | None) -> tuple[int, int]:
    """Days of the month that stand for start and end where every month has thirty."""
    first, second = min(start.day, 30), end.day
    starts_in_february = start.month == 2 and is_month_end(start)
    ends_in_february = end.month == 2 and is_month_end(end)
    if day_count == "30/360":
        return first, 30 if second == 31 and first == 30 else second
    if day_count == "30/360 US":
        if starts_in_february:
            first = 30
        if starts_in_february and ends_in_february:
            second = 30
        return first, 30 if second == 31 and first == 30 else second
    if day_count == "30/360 German":
        february = ends_in_february and end != termination
        return 30 if starts_in_february else first, 30 if february else min(second, 30)
    if day_count == "30E+/360":
        return first, 31 if second == 31 else second  # the 31st is day 1 of the next month: one more than 30
    if day_count in ("30E/360", "1/12"):
        return first, min(second, 30)
    raise ValueError(f"day count {day_count!r}")


def month_fraction(cutoff: date, month: int, day_count: str | None) -> float:
    """Years of collection month `month` of a loan: a twelfth where months are equal, else from end to end."""
    if day_count is None or day_count in EQUAL_MONTHS:
        return 1.0 / 12.0
    return year_fraction(month_end(cutoff, month - 1), month_end(cutoff, month), day_count)
