"""A thousand random loans of `amortise` against QuantLib: dates, interest periods, and the cash of its amortising bonds."""

from datetime import date

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (its own name for itself)

from clo.pool.amortisation import amortise
from clo.timeline import month_index, on_day

LOANS = 1_000
CALENDARS = {"JP": ql.Japan(), "weekends": ql.WeekendsOnly(), "none": ql.NullCalendar()}
CONVENTIONS = {
    "unadjusted": ql.Unadjusted, "following": ql.Following, "modified_following": ql.ModifiedFollowing, "preceding": ql.Preceding,
}  # fmt: skip
DAY_COUNTS = {
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30/360 US": ql.Thirty360(ql.Thirty360.USA),
    "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
    "ACT/360": ql.Actual360(),
    "ACT/365F": ql.Actual365Fixed(),
    "NL/365": ql.Actual365Fixed(ql.Actual365Fixed.NoLeap),
    "ACT/ACT ISDA": ql.ActualActual(ql.ActualActual.ISDA),
}


def random_loan(draw):
    """Arguments of amortise: every kind, frequency, grace, day count, calendar, convention, stub."""
    term, frequency = int(draw.integers(2, 61)), int(draw.choice([1, 3, 6]))
    first = np.datetime64("2022-01-01") + int(draw.integers(0, 3000))
    loan = {
        "balance": float(draw.integers(1, 10**9)), "rate": float(draw.integers(0, 800)) / 1e4, "term": term,
        "kind": str(draw.choice(["equal_principal", "level_payment", "bullet"])), "frequency": frequency,
        "grace": int(draw.integers(0, term)) if draw.random() < 0.3 else 0, "first_date": first,
        "day_count": str(draw.choice([*DAY_COUNTS, "30/360 German"])), "calendar": str(draw.choice(list(CALENDARS))),
        "business_day": str(draw.choice(list(CONVENTIONS))), "accrual": str(draw.choice(["adjusted", "unadjusted"])),
    }  # fmt: skip
    if draw.random() < 0.5:
        loan["start_date"] = first - int(draw.integers(15, 90))
    if loan["kind"] != "bullet" and draw.random() < 0.3:
        loan["balloon"] = float(np.floor(loan["balance"] * draw.random()))
    return loan


def to_ql(day):
    plain = day if isinstance(day, date) else np.datetime64(day, "D").item()
    return ql.Date(plain.day, plain.month, plain.year)


def ql_dates(loan, convention):
    """The start, then each month's payment date, as a schedule of QuantLib has them."""
    first = loan["first_date"]
    grid = on_day(int(month_index(first)) + np.arange(-1, loan["term"]), int(first.item().day))
    start = to_ql(loan.get("start_date", grid[0]))
    calendar = CALENDARS[loan["calendar"]]
    made = ql.Schedule(
        to_ql(first), to_ql(grid[-1]), ql.Period(1, ql.Months), calendar, convention, convention, ql.DateGeneration.Forward, False
    )
    if "start_date" not in loan:
        start = calendar.adjust(start, convention)
    return [start, *made]


def ql_cash(loan, frame):
    """(interest, principal) of each month by QuantLib's bond, with the balances at which interest periods begin; instalments."""
    convention = CONVENTIONS[loan["business_day"]] if loan["accrual"] == "adjusted" else ql.Unadjusted
    borders = ql_dates(loan, convention)
    grace, frequency, term = loan["grace"], loan["frequency"], loan["term"]
    due = sorted({*range(1, grace + 1), *range(min(grace + frequency, term), term, frequency), term})
    begins = [0, *due[:-1]]
    schedule = ql.Schedule(
        [borders[month] for month in [0, *due]], ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted, ql.Period(1, ql.Months),
        ql.DateGeneration.Forward, False, [True] * len(due),
    )  # fmt: skip
    counter = DAY_COUNTS.get(loan["day_count"]) or ql.Thirty360(ql.Thirty360.German, borders[-1])
    notionals = [float(frame.opening[month]) for month in begins]
    bond = ql.AmortizingFixedRateBond(0, notionals, schedule, [loan["rate"]], counter, ql.Unadjusted)
    interest, principal = np.zeros((2, term))
    month_at = {(d.serialNumber()): month for month, d in enumerate(borders)}
    for flow in bond.cashflows():
        coupon = ql.as_fixed_rate_coupon(flow)
        (interest if coupon else principal)[month_at[flow.date().serialNumber()] - 1] += flow.amount()
    return interest, principal, [month for month in due if month > grace]


@pytest.fixture(scope="module")
def loans():
    draw = np.random.default_rng(20260331)
    return [(loan, amortise(**loan)) for loan in (random_loan(draw) for _ in range(LOANS))]


def test_payment_dates(loans):
    for loan, frame in loans:
        expected = [d.to_date() for d in ql_dates(loan, CONVENTIONS[loan["business_day"]])[1:]]
        assert [day.date() for day in frame.date] == expected, loan


def test_interest_and_principal(loans):
    for loan, frame in loans:
        interest, principal, instalments = ql_cash(loan, frame)
        size = {"rtol": 0, "atol": 1e-10 * loan["balance"], "err_msg": str(loan)}
        np.testing.assert_allclose(frame.interest, interest, **size)
        np.testing.assert_allclose(frame.principal, principal, **size)
        balloon, last = loan.get("balloon", 0.0), instalments[-1] - 1
        paid = principal.copy()
        paid[last] -= balloon
        at = np.array(instalments) - 1
        if loan["kind"] == "equal_principal":
            np.testing.assert_allclose(paid[at], (loan["balance"] - balloon) / len(at), **size)
        elif loan["kind"] == "level_payment":
            np.testing.assert_allclose((paid + interest)[at], (paid + interest)[last], **size)
        else:
            assert list(np.flatnonzero(principal)) == [last]
