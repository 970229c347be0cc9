"""What the kernels are told of each loan, and which terms are refused."""

import numpy as np
import pytest
from contract_frames import CUTOFF, ENDS, FLOATING, PLAIN, SCHEDULE, codes, read, tape

from clo.pool.contracts import read_contracts
from clo.pool.kernel import Kind
from clo.pool.terms_kernel import NEVER


def terms_of(row, **options):
    loans, findings = read(row, **options)
    assert not findings
    assert not loans.plain[0]
    return {name: loans.terms[name][0] for name in loans.terms.dtype.names}


def test_a_plain_loan_has_no_terms_of_its_own():
    loans, findings = read(PLAIN, PLAIN | {"amortisation_type": "bullet", "principal_frequency": "at_maturity"})
    assert not findings
    assert loans.plain.all()
    assert len(loans.terms) == 0
    assert list(loans.term) == [24, 24]
    assert list(loans.index) == [-1, -1]


@pytest.mark.parametrize(
    "change",
    [
        {"principal_frequency": "quarterly"},
        {"interest_frequency": "quarterly"},
        {"grace_end_date": "2026-09-30"},
        {"balloon_amount": 1.0},
        {"day_count": "ACT/365F"},
        FLOATING,
    ],
)
def test_anything_else_is_not_plain(change):
    assert not read(PLAIN | change)[0].plain[0]


@pytest.mark.parametrize("day_count", ["1/12", "30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360"])
def test_equal_months_are_plain(day_count):
    assert read(PLAIN | {"day_count": day_count})[0].plain[0]


def test_instalments_are_counted_back_from_maturity():
    own = terms_of(
        PLAIN | {"principal_frequency": "semi_annual", "interest_frequency": "quarterly", "maturity_date": "2027-02-28"}
    )
    assert (own["first"], own["step"]) == (5, 6)
    assert (own["interest_first"], own["interest_step"]) == (2, 3)


def test_interest_keeps_its_own_frequency_in_grace():
    own = terms_of(
        PLAIN | {"grace_end_date": "2026-08-10", "principal_frequency": "quarterly", "interest_frequency": "quarterly"}
    )
    assert own["first"] == 6  # the grace ends in month 5
    assert own["interest_first"] == 3
    assert own["monthly_until"] == 0


def test_the_next_payment_fixes_the_grid_of_loans_that_pay_both_together():
    quarterly = PLAIN | {"principal_frequency": "quarterly", "interest_frequency": "quarterly", "next_payment_date": "2026-08-31"}
    own = terms_of(quarterly)
    assert own["first"] == own["interest_first"] == 5  # not month 2, which is on the grid and before the next payment
    own = terms_of(quarterly | {"interest_frequency": "monthly"})
    assert own["first"] == 3
    own = terms_of(quarterly | {"grace_end_date": "2026-09-30"})
    assert (own["first"], own["interest_first"]) == (8, 5)


def test_interest_at_maturity_falls_due_once():
    own = terms_of(PLAIN | {"amortisation_type": "bullet", "interest_frequency": "at_maturity"})
    assert own["interest_first"] == own["interest_step"] == NEVER


def test_day_counts_have_rows_of_year_fractions():
    loans, findings = read(*(PLAIN | {"day_count": name} for name in ("ACT/365F", "ACT/360", "1/12")))
    assert not findings
    rows = loans.tau[loans.terms["basis"]]
    np.testing.assert_allclose(rows[0, :2], [30 / 365, 31 / 365])
    np.testing.assert_allclose(rows[1, :2], [30 / 360, 31 / 360])
    np.testing.assert_array_equal(loans.tau[0], 1 / 12)
    assert loans.tau.shape[1] >= len(ENDS)


def test_a_line_stands_until_maturity_and_has_a_limit():
    line = PLAIN | {"amortisation_type": "revolving"}
    loans, findings = read(
        line | {"credit_limit": 1500.0}, PLAIN | {"credit_limit": 1500.0}, line | {"credit_limit": 900.0}, line
    )
    assert list(loans.kind) == [Kind.BULLET, Kind.EQUAL_PRINCIPAL, Kind.BULLET, Kind.BULLET]
    assert codes(findings) == ["E-P073", "W-P075"]
    assert [finding.who for finding in findings] == ["4", "3"]


def test_year_fractions_reach_as_far_as_new_terms():
    assert read(PLAIN | {"maturity_date": "2040-03-31"}, extension=36)[0].tau.shape[1] >= 14 * 12 + 36


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("E-P001", {"current_balance": -5.0}),
        ("E-P002", {"current_rate": -0.01}),
        ("E-P003", {"maturity_date": "2026-03-01"}),
        ("E-P004", {"amortisation_type": "annuity"}),
        ("E-P005", {"rate_type": "other"}),
        ("E-P006", {"grace_end_date": "2028-03-10"}),
        ("E-P007", {"balloon_amount": 1001.0}),
        ("E-P008", {"principal_frequency": "at_maturity"}),
        ("E-P009", {"amortisation_type": "level_payment", "interest_frequency": "quarterly"}),
        ("E-P011", {"day_count": "ACT/ACT"}),
        ("W-P030", {"maturity_date": "2036-03-31"}),
        ("E-P076", {"interest_frequency": "weekly"}),
    ],
)
def test_what_cannot_be_projected_is_named(code, change):
    _, findings = read(PLAIN, PLAIN | change)
    (finding,) = findings
    assert finding.code == code
    assert finding.who == "2"
    assert finding.row == 3
    assert finding.fix


def test_a_schedule_without_rows_and_a_floating_loan_without_index_come_together():
    _, findings = read(SCHEDULE, PLAIN | {"rate_type": "floating"}, schedule=[])
    assert set(codes(findings)) == {"E-P064", "E-P050", "E-P051", "E-P052"}


def test_loans_without_a_balance_are_left_out():
    loans, findings = read_contracts(tape(PLAIN, PLAIN | {"current_balance": 0.0, "rate_type": "other"}), ENDS, CUTOFF)
    assert not findings
    assert len(loans.balance) == 1
