"""The slow reading, second part: dates, day counts and what the loans of a sub-pool pay, loan by loan and month by month.

Plain Python. Written from the conventions of the project (docs), never from the engine; it shares no code with it.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import jpholiday

from clo.deal.terms import Deal, Scenario

COLUMNS = ("interest", "scheduled_principal", "prepayment", "default", "recovery")
PLAIN = {
    "day_count": ("1/12",),
    "principal_frequency": ("monthly",),
    "interest_frequency": ("monthly",),
    "grace_end_date": (),
    "balloon_amount": (0.0,),
    "rate_type": ("fixed",),
}
"""Terms of a loan and the values that the slow reading knows; empty is known too."""
MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}

# dates ---------------------------------------------------------------------------------------------------------------


def month_length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def is_month_end(day: date) -> bool:
    return day.day == month_length(day.year, day.month)


def shifted(day: date, months: int, wanted_day: int | None = None) -> date:
    """The same day (or `wanted_day`) some months later; the last day where the month is too short."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(wanted_day or day.day, month_length(year, month)))


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


def collection_months(cutoff: date, last: date) -> list[date]:
    """E_1, E_2, ... up to `last`: month ends after a month end, else the same day of each month."""
    wanted = 31 if is_month_end(cutoff) else cutoff.day
    ends = []
    while (end := shifted(cutoff, len(ends) + 1, wanted)) <= last:
        ends.append(end)
    return ends


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


def year_fraction(start: date, end: date, day_count: str) -> float:
    if day_count == "ACT/365F":
        return (end - start).days / 365
    if day_count == "ACT/360":
        return (end - start).days / 360
    months = (end.year - start.year) * 12 + end.month - start.month
    if day_count == "1/12" and (start.day == end.day or (is_month_end(start) and is_month_end(end))):
        return months / 12
    first, second = min(start.day, 30), end.day
    if second == 31 and (day_count != "30/360" or first == 30):
        second = 30
    return (months * 30 + second - first) / 360


# loans ---------------------------------------------------------------------------------------------------------------


def as_date(value: Any) -> date | None:
    """A date of a tape cell: date, timestamp, ISO text, or None where it is empty."""
    if value is None or value != value or value == "":  # noqa: PLR0124  (NaN and NaT differ from themselves)
        return None
    if isinstance(value, str):
        return date.fromisoformat(value[:10])
    return value.date() if isinstance(value, datetime) else value


def as_number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)  # noqa: PLR0124


def rate_of_month(annual: Any, month: int) -> float:
    """Monthly rate of an annual one, or of a vector by month after the cut-off whose last value continues."""
    if annual is None:
        return 0.0
    if isinstance(annual, (list, tuple)):
        annual = annual[min(month, len(annual)) - 1]
    return -math.expm1(math.log1p(-annual) / 12.0)  # 1 - (1 - annual)^(1/12)


def month_of(day: date, cutoff: date) -> int:
    """The number of the collection month that the date falls in."""
    if day <= cutoff:
        raise ValueError(f"{day} is not after the cut-off {cutoff}")
    wanted = 31 if is_month_end(cutoff) else cutoff.day
    month = 1
    while shifted(cutoff, month, wanted) < day:
        month += 1
    return month


def repaid_share(kind: str, monthly_rate: float, left: int) -> float:
    """The share of its balance that a performing loan with `left` instalments repays with the next one."""
    if left == 1:
        return 1.0
    if kind == "bullet":
        return 0.0
    if kind == "equal_principal" or monthly_rate == 0.0:
        return 1.0 / left
    if kind == "level_payment":
        # level cash less interest: r / (1 - (1 + r)^-n) - r = r / ((1 + r)^n - 1), without loss of digits at low rates
        return monthly_rate / math.expm1(left * math.log1p(monthly_rate))
    raise ValueError(f"amortisation type {kind!r}")


def loan_flows(row: Mapping[str, Any], cutoff: date, months: int, scenario: Scenario) -> list[dict[str, float]]:
    """What one loan pays in months 1, 2, ...; `recovered` is what will come back of this month's default, later."""
    for term, usual in PLAIN.items():
        given = row.get(term)
        if term == "principal_frequency" and given == "at_maturity" and row["amortisation_type"] == "bullet":
            continue
        if given is not None and given == given and given not in usual:  # noqa: PLR0124
            raise NotImplementedError(f"the slow reading knows plain monthly loans; this has {term} {given}")
    maturity, rate = as_date(row["maturity_date"]), float(row["current_rate"])
    assert maturity is not None
    instalments = month_of(maturity, cutoff)
    defaulted_on = as_date(row.get("default_date")) if scenario.defaults == "tape" else None
    default_month = None if defaulted_on is None else min(month_of(defaulted_on, cutoff), instalments)
    balance = float(row["current_balance"])
    flows = []
    for month in range(1, min(months, instalments) + 1):
        if scenario.defaults == "tape":
            default = balance if month == default_month else 0.0
        else:
            default = rate_of_month(scenario.cdr, month) * balance
        performing = balance - default
        interest = performing * rate / 12.0
        scheduled = performing * repaid_share(str(row["amortisation_type"]), rate / 12.0, instalments - month + 1)
        smm = 0.0 if default_month is not None else rate_of_month(scenario.cpr, month)
        prepayment = smm * (performing - scheduled)
        closing = balance - default - scheduled - prepayment
        flows.append(
            {
                "opening": balance,
                "interest": interest,
                "scheduled_principal": scheduled,
                "prepayment": prepayment,
                "default": default,
                "recovered": recovered(row, default, scenario),
                "closing": closing,
            }
        )
        balance = closing
        if month == default_month:
            break
    return flows


def recovered(row: Mapping[str, Any], default: float, scenario: Scenario) -> float:
    if default == 0.0 or scenario.recovery is None:
        return 0.0
    if scenario.recovery != "tape":
        return scenario.recovery * default
    loss = as_number(row.get("allocated_loss"))
    if scenario.defaults != "tape" or loss is None:
        raise ValueError("recovery from the tape needs the tape's default and its allocated loss")
    return max(0.0, default - loss)


def pool_flows(
    rows: Iterable[Mapping[str, Any]], cutoff: date, months: int, scenario: Scenario
) -> tuple[list[dict[str, float]], float]:
    """Flows of a sub-pool in months 1..months, and the recoveries that would arrive later and are lost."""
    lag = scenario.recovery_lag or 0
    parts: list[dict[str, list[float]]] = [{column: [] for column in ("opening", *COLUMNS, "closing")} for _ in range(months)]
    lost = []
    for row in rows:
        for index, flow in enumerate(loan_flows(row, cutoff, months, scenario)):
            for column in ("opening", "interest", "scheduled_principal", "prepayment", "default", "closing"):
                parts[index][column].append(flow[column])
            if index + lag < months:
                parts[index + lag]["recovery"].append(flow["recovered"])
            else:
                lost.append(flow["recovered"])
    flows = [{column: math.fsum(values) for column, values in month.items()} for month in parts]
    return flows, math.fsum(lost)
