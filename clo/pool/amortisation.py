"""The schedule of a single loan, through the same kernel function as a pool's."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from clo.findings import Finding, InputError
from clo.pool import kernel
from clo.timeline import DAY_COUNTS, Days, as_days, day_of_month, month_index, on_day, year_fraction

KINDS = {"equal_principal": kernel.EQUAL_PRINCIPAL, "level_payment": kernel.LEVEL_PAYMENT, "bullet": kernel.BULLET}
RepaymentKind = Literal["equal_principal", "level_payment", "bullet"]
LONGEST = 1_200


def amortise(
    balance: float,
    rate: float,
    term: int,
    kind: RepaymentKind = "equal_principal",
    *,
    frequency: int = 1,
    grace: int = 0,
    balloon: float = 0.0,
    day_count: str = "1/12",
    first_date: str | date | np.datetime64 | None = None,
) -> pd.DataFrame:
    """The contractual schedule of one loan, one row a month: period (1, 2, ...), opening, interest, principal, closing.

    rate: annual decimal, 0 allowed. term, grace: months; term includes grace. frequency: months between instalments.
    Interest is cash: monthly in grace, after that with each instalment. Instalments run from the end of grace, a last odd
    period is short. A level payment is principal and interest of constant sum: it amortises to `balloon` and pays
    interest on it; the balloon comes with the last instalment. first_date: the payment date of the first month; accrual
    starts one month before it. Day counts on actual days need it; without it every month is 1/12 of a year.

    Raises InputError, a ValueError, with every bad argument. Source: see `clo.pool.kernel.schedule`.
    """
    arguments = {
        "balance": balance, "rate": rate, "term": term, "kind": kind, "frequency": frequency, "grace": grace,
        "balloon": balloon, "day_count": day_count, "first_date": first_date,
    }  # fmt: skip
    findings = _argument_findings(arguments)
    if findings:
        raise InputError(findings)
    if first_date is None:
        tau = np.full(term, 1.0 / 12.0)
    else:
        dates = _payment_dates(as_days(first_date), term)
        tau = year_fraction(day_count, dates[:-1], dates[1:])
    first = min(grace + frequency, term)
    opening, interest, principal, accrued = np.zeros((4, term))
    kernel.schedule(
        float(balance), float(rate), KINDS[kind], term, grace, first, frequency, first, frequency, float(balloon), tau,
        term, opening, interest, principal, accrued,
    )  # fmt: skip
    closing = np.append(opening[1:], 0.0)
    period = np.arange(1, term + 1)
    return pd.DataFrame({"period": period, "opening": opening, "interest": interest, "principal": principal, "closing": closing})


def _payment_dates(first: Days, term: int) -> Days:
    """The start of accrual and the payment date of each month, on the first one's day where the month has it."""
    return on_day(int(month_index(first)) + np.arange(-1, term), int(day_of_month(first)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and bool(np.isfinite(value))


def _is_count(value: object, low: int, high: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= int(value) <= high


def _argument_findings(given: dict[str, Any]) -> list[Finding]:
    """The rules as a table: the argument, whether it holds, the rule."""
    balance, term, first_date, balloon = given["balance"], given["term"], given["first_date"], given["balloon"]
    good_term = _is_count(term, 1, LONGEST)
    good_balance = _is_number(balance) and balance > 0
    actual = given["day_count"] in DAY_COUNTS and str(given["day_count"]).startswith("ACT")
    most = balance if good_balance else np.inf
    good_balloon = _is_number(balloon) and 0 <= balloon <= most and not (given["kind"] == "bullet" and balloon > 0)
    table = [
        ("balance", good_balance, "a number above 0"),
        ("rate", _is_number(given["rate"]) and given["rate"] >= 0, "an annual decimal, 0 or more (0.02 is 2%)"),
        ("term", good_term, f"whole months from 1 to {LONGEST:,}"),
        ("kind", given["kind"] in KINDS, f"one of {', '.join(KINDS)}"),
        ("frequency", _is_count(given["frequency"], 1, LONGEST), "whole months between instalments, 1 or more"),
        ("grace", _is_count(given["grace"], 0, term - 1 if good_term else LONGEST), "whole months, fewer than term"),
        ("balloon", good_balloon, "from 0 to the balance, and 0 for a bullet, which repays all at the end"),
        ("day_count", given["day_count"] in DAY_COUNTS, f"one of {', '.join(DAY_COUNTS)}"),
        ("first_date", _is_date(first_date), "a date such as 2026-04-30"),
        ("first_date", not (actual and first_date is None), f"day count {given['day_count']} needs the first date"),
    ]
    return [
        Finding("E-A020", "error", f"{name} = {given[name]!r} is not usable", rule=rule, field=name, value=str(given[name]))
        for name, holds, rule in table
        if not holds
    ]


def _is_date(value: object) -> bool:
    if value is None:
        return True
    try:
        day = as_days(value)
    except (ValueError, TypeError):
        return False
    return day.ndim == 0 and not np.isnat(day)
