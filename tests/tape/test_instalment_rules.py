"""Stated instalments against those the terms give: what agrees within a month and a rounding passes, the rest is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.tape.loans import Loans
from clo.tape.rules import check
from clo.tape.view import View

CUTOFF = np.datetime64("2026-03-31")


def months_left(frame: pd.DataFrame) -> list[int]:
    return [(day.year - 2026) * 12 + day.month - 3 for day in pd.to_datetime(frame["maturity_date"])]


def level_payment(balance: float, rate: float, months: int, balloon: float) -> float:
    """The payment found by bisection on what is left after the last month: no formula."""
    low, high = 0.0, 2.0 * balance
    for _ in range(200):
        middle, left = (low + high) / 2.0, balance
        for _ in range(months):
            left = left * (1.0 + rate / 12.0) - middle
        low, high = (middle, high) if left > balloon else (low, middle)
    return low


def pool(kind: str, count: int = 60) -> pd.DataFrame:
    """Loans of one kind with one to 82 months left, payments rounded up to whole thousands as banks agree them."""
    frame = clean(count).assign(amortisation_type=kind, balloon_amount=0.0)
    frame.loc[::4, "balloon_amount"] = np.floor(frame.loc[::4, "current_balance"] * 0.3)
    due, principal = [], []
    for loan, months in zip(frame.itertuples(), months_left(frame), strict=True):
        repaid = (loan.current_balance - loan.balloon_amount) / max(months, 1)
        interest = loan.current_balance * loan.current_rate / 12.0
        level = level_payment(loan.current_balance, loan.current_rate, max(months, 1), loan.balloon_amount)
        due.append(1000.0 * np.ceil((repaid + interest if kind == "equal_principal" else level) / 1000.0))
        principal.append(1000.0 * np.ceil(repaid / 1000.0))
    return frame.assign(payment_due=due, regular_principal=principal if kind == "equal_principal" else np.nan)


def found(frame: pd.DataFrame) -> dict[str, int]:
    return {finding.code: finding.count for finding in Loans.from_frame(frame).findings}


@pytest.mark.parametrize("kind", ["equal_principal", "level_payment"])
def test_instalments_that_agree_are_let_pass(kind):
    assert found(pool(kind)) == {}


@pytest.mark.parametrize("kind", ["equal_principal", "level_payment"])
def test_a_tape_after_the_payment_of_its_month_is_let_pass(kind):
    frame = pool(kind)
    later = pd.to_datetime(frame["maturity_date"]) + pd.DateOffset(months=1)
    assert found(frame.assign(maturity_date=later)) == {}


def test_other_instalments_are_named():
    frame = pool("equal_principal")
    long = np.asarray(months_left(frame)) > 24
    frame.loc[long, ["payment_due", "regular_principal"]] *= 0.6
    assert found(frame) == {"W-T098": long.sum(), "W-T099": long.sum()}


def test_payments_that_look_like_another_type_say_so():
    frame = pool("level_payment").assign(amortisation_type="equal_principal", current_rate=0.15)
    level = [
        level_payment(loan.current_balance, 0.15, max(months, 1), loan.balloon_amount)
        for loan, months in zip(frame.itertuples(), months_left(frame), strict=True)
    ]
    (finding,) = Loans.from_frame(frame.assign(payment_due=np.ceil(level))).findings
    assert finding.code == "W-T099"
    assert finding.message.endswith("level_payment in place of equal_principal?")


def test_loans_that_cannot_be_recomputed_are_left_alone():
    frame = pool("equal_principal").assign(payment_due=1.0, regular_principal=1.0)
    assert found(frame.assign(principal_frequency="quarterly")) == {}
    assert found(frame.assign(account_status="ARRE", days_in_arrears=35)) == {}
    grace = pd.to_datetime(frame["maturity_date"]) - pd.DateOffset(days=1)
    assert "W-T099" not in found(frame.assign(grace_end_date=grace))  # interest alone is due until then


def test_a_column_in_percent_is_one_mistake():
    frame = pool("level_payment")
    frame["current_rate"] *= 100
    loans = View(Loans.from_frame(frame, check=False).frame, np.arange(2, len(frame) + 2), "pool")
    assert {finding.code for finding in check(loans)} == {"E-T021"}


def test_one_borrower_with_most_loans():
    frame = clean(30).assign(obligor_id="1", industry_code="41", region_code="13")
    assert found(frame) == {"W-T109": 30}
    assert found(frame.iloc[:19]) == {}
