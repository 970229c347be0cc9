"""The schedule of a single loan, through the same kernel function as a pool's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from clo.findings import Finding, InputError
from clo.pool import terms_kernel
from clo.pool.columns import Floats
from clo.pool.instalments import plain_terms
from clo.pool.kernel import Kind
from clo.pool.terms_kernel import ENTRIES
from clo.timeline import (
    CALENDARS,
    DAY_COUNTS,
    EQUAL_MONTHS,
    BusinessDay,
    Days,
    adjust,
    as_days,
    day_of_month,
    month_index,
    on_day,
    year_fraction,
)

KINDS = {
    "equal_principal": Kind.EQUAL_PRINCIPAL,
    "level_payment": Kind.LEVEL_PAYMENT,
    "bullet": Kind.BULLET,
    "schedule": Kind.SCHEDULE,
}
RepaymentKind = Literal["equal_principal", "level_payment", "bullet", "schedule"]
CONVENTIONS = ("unadjusted", "following", "modified_following", "preceding")
LONGEST = 1_200
HIGHEST = 2.0
"""An annual rate from here on is a percentage without its sign."""
ROUNDING = 1e-9
"""Share of the balance by which a supplied principal may miss it: sums of floats."""

AnyDate = str | date | np.datetime64


def amortise(
    balance: float,
    rate: float,
    term: int,
    kind: RepaymentKind = "equal_principal",
    *,
    frequency: int = 1,
    interest_frequency: int | None = None,
    grace: int = 0,
    balloon: float = 0.0,
    rates: Mapping[int, float] | None = None,
    principal: Mapping[int, float] | None = None,
    day_count: str = "1/12",
    first_date: AnyDate | None = None,
    start_date: AnyDate | None = None,
    calendar: str = "none",
    business_day: BusinessDay = "unadjusted",
    accrual: Literal["unadjusted", "adjusted"] = "unadjusted",
) -> pd.DataFrame:
    """The contractual schedule of one loan, one row a month: period (1, 2, ...), opening, interest, principal, closing.

    rate: annual decimal, 0 allowed; rates: {month: the rate from that month on}, at which a level payment is set anew.
    term, grace: months; term includes grace. frequency: months between instalments, which run from the end of grace; a last
    odd period is short. Interest is cash: monthly in grace, after that with each instalment; or every interest_frequency
    months, in grace too. A level payment is principal and interest of constant sum: it amortises to `balloon` and pays
    interest on it; the balloon comes with the last instalment. kind "schedule": principal {month: amount}.

    first_date: the payment date of the first month; with it there is a column `date`. Later payments fall on the same day of
    the month, moved by `business_day` on `calendar` (JP, weekends, none). Interest accrues from start_date, or one month
    before first_date, between payment dates as they are moved (accrual "adjusted") or not. Day counts on actual days
    need first_date; without it every month is 1/12 of a year, and with day count 1/12 every month but a first stub. An interest
    period counts as a whole.

    Raises InputError, a ValueError, with every bad argument. Source: see `clo.pool.terms_kernel.level_factors`.
    """
    arguments = locals().copy()
    findings = _argument_findings(arguments)
    if findings:
        raise InputError(findings)
    first = min(grace + frequency, term)
    every = interest_frequency or frequency
    interest_first = first if interest_frequency is None else grace % every or every
    monthly_until = grace if interest_frequency is None else 0
    paid_on, tau = None, np.full((2, term), 1.0 / 12.0)
    if first_date is not None:
        paid_on, borders = _dates(as_days(first_date), start_date, term, calendar, business_day, accrual)
        due = {*range(1, monthly_until + 1), *range(interest_first, term, every), term}
        tau[1] = _fractions(day_count, borders, sorted(due))
        if day_count == "1/12":  # a month is a twelfth wherever its dates fall; only a first stub is counted
            tau[1, 0 if start_date is None else 1 :] = 1.0 / 12.0
    path = _path(rates or {}, rate, term)
    entries = np.array([(month, amount, 0.0) for month, amount in sorted((principal or {}).items()) if amount > 0], dtype=ENTRIES)
    terms = plain_terms(1)
    given = {
        "first": first, "step": frequency, "interest_first": interest_first, "interest_step": every,
        "monthly_until": monthly_until, "balloon": balloon, "basis": paid_on is not None, "follows": 0 if rates else -1,
        "end": len(entries),
    }  # fmt: skip
    for name, value in given.items():
        terms[name] = value
    scratch = np.zeros((6, term + 1))
    terms_kernel.write_schedule(
        float(balance), float(path[0, 0]), int(KINDS[kind]), term, terms[0], entries, tau, path, term, scratch
    )
    opening, interest, repaid = scratch[:3, :term]
    columns = {"period": np.arange(1, term + 1)} | ({} if paid_on is None else {"date": paid_on.astype("datetime64[s]")})
    amounts_of = {"opening": opening, "interest": interest, "principal": repaid, "closing": np.append(opening[1:], 0.0)}
    return pd.DataFrame(columns | amounts_of)


def _path(rates: Mapping[int, float], rate: float, term: int) -> Floats:
    """The rate of month t + 1 at [0, t], as an index the loan follows from month to month."""
    path = np.full((1, term), float(rate))
    for month in sorted(rates):
        path[0, month - 1 :] = rates[month]
    return path


def _dates(
    first: Days, start: AnyDate | None, term: int, calendar: str, convention: BusinessDay, accrual: str
) -> tuple[Days, Days]:
    """Payment dates [t], and the borders between which interest accrues [t + 1]."""
    grid = on_day(int(month_index(first)) + np.arange(-1, term), int(day_of_month(first)))
    moved = _moved(grid, convention, calendar)
    borders = moved if accrual == "adjusted" else grid
    if start is not None:
        borders = np.concatenate((as_days([start]), borders[1:]))
    return moved[1:], borders


def _moved(dates: Days, convention: BusinessDay, calendar: str) -> Days:
    return as_days([adjust(day, convention, calendar) for day in dates.tolist()])


def _fractions(day_count: str, borders: Days, due: list[int]) -> Floats:
    """Year fraction of each month [t]: what it adds to that of its interest period, which is counted as a whole."""
    tau = np.zeros(len(borders) - 1)
    for begin, end in pairwise([0, *due]):
        so_far = year_fraction(day_count, borders[begin], borders[begin + 1 : end + 1], termination=borders[-1])
        tau[begin:end] = np.diff(so_far, prepend=0.0)
    return tau


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and bool(np.isfinite(value))


def _is_count(value: object, low: int, high: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= int(value) <= high


def _is_date(value: object) -> bool:
    try:
        day = as_days(value)
    except (ValueError, TypeError):
        return False
    return day.ndim == 0 and not np.isnat(day)


def _by_month(value: object, term: int) -> bool:
    """Whether it says amounts of 0 or more by month."""
    return isinstance(value, Mapping) and all(
        _is_count(month, 1, term) and _is_number(amount) and amount >= 0 for month, amount in value.items()
    )


def _argument_findings(given: dict[str, Any]) -> list[Finding]:
    """The rules as a table: the argument, whether it holds, the rule."""
    balance, term, kind, balloon = given["balance"], given["term"], given["kind"], given["balloon"]
    good_term, good_balance = _is_count(term, 1, LONGEST), _is_number(balance) and balance > 0
    longest, most = (term if good_term else LONGEST), (balance if good_balance else np.inf)
    level, own = kind == "level_payment", kind == "schedule"
    good_balloon = _is_number(balloon) and 0 <= balloon <= most and not (kind in ("bullet", "schedule") and balloon > 0)
    every, principal = given["interest_frequency"], given["principal"]
    table = [
        ("balance", good_balance, "a number above 0"),
        ("rate", _is_number(given["rate"]) and 0 <= given["rate"] < HIGHEST, "an annual decimal from 0 to below 2 (0.02 is 2%)"),
        ("term", good_term, f"whole months from 1 to {LONGEST:,}"),
        ("kind", kind in KINDS, f"one of {', '.join(KINDS)}"),
        ("frequency", _is_count(given["frequency"], 1, LONGEST), "whole months between instalments, 1 or more"),
        ("interest_frequency", every is None or _is_count(every, 1, LONGEST), "whole months between interest dates, 1 or more"),
        ("interest_frequency", every is None or not level or every == given["frequency"], "as frequency, for a level payment"),
        ("grace", _is_count(given["grace"], 0, longest - 1 if good_term else LONGEST), "whole months, fewer than term"),
        ("balloon", good_balloon, "from 0 to the balance, and 0 for a bullet or a schedule, which leave none to the end"),
        ("rates", given["rates"] is None or _by_month(given["rates"], longest), "{month: annual decimal from that month on}"),
        ("principal", own or principal is None, "only with kind schedule"),
        ("principal", not own or (_by_month(principal, longest) and _adds_up(principal, balance)),
         "{month: amount}, which add up to the balance"),
        ("day_count", given["day_count"] in DAY_COUNTS, f"one of {', '.join(DAY_COUNTS)}"),
        ("calendar", given["calendar"] in CALENDARS, f"one of {', '.join(CALENDARS)}"),
        ("business_day", given["business_day"] in CONVENTIONS, f"one of {', '.join(CONVENTIONS)}"),
        ("accrual", given["accrual"] in ("adjusted", "unadjusted"), "adjusted or unadjusted"),
        *_date_rules(given),
    ]  # fmt: skip
    return [
        Finding("E-A020", "error", f"{name} = {given[name]!r} is not usable", rule=rule, field=name, value=str(given[name]))
        for name, holds, rule in table
        if not holds
    ]


def _adds_up(principal: Mapping[int, float], balance: Any) -> bool:
    return _is_number(balance) and abs(sum(principal.values()) - balance) <= ROUNDING * balance


def _date_rules(given: dict[str, Any]) -> list[tuple[str, bool, str]]:
    first, start, day_count = given["first_date"], given["start_date"], given["day_count"]
    actual = day_count in DAY_COUNTS and day_count not in EQUAL_MONTHS
    good_first, good_start = first is None or _is_date(first), start is None or _is_date(start)
    ordered = True
    if first is not None and start is not None and good_first and good_start:
        payments = as_days([first])
        if given["business_day"] in CONVENTIONS and given["calendar"] in CALENDARS:
            payments = np.append(payments, _moved(payments, given["business_day"], given["calendar"]))
        ordered = bool((as_days(start) < payments).all())
    return [
        ("first_date", good_first, "a date such as 2026-04-30"),
        ("first_date", not (actual and first is None), f"day count {day_count} needs the first date"),
        ("start_date", good_start, "a date such as 2026-04-10"),
        ("start_date", start is None or first is not None, "start_date comes with first_date"),
        ("start_date", ordered, "before the first payment"),
    ]
