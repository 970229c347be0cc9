"""The child table of dated payments: what the kernel gets of it, and everything that is wrong with one."""

import numpy as np
import pytest
from contract_frames import CUTOFF, ENDS, PLAIN, SCHEDULE, codes, read, tape

from clo.pool.columns import Columns
from clo.pool.kernel import Kind
from clo.pool.schedules import payments_of, supplied
from clo.pool.summing import contractual_sums

NO_INDEX = np.zeros((0, len(ENDS) + 1))
ROWS = [(2, "2026-06-30", 400.0), (2, "2026-06-15", 0.0), (2, "2027-06-10", 600.0), (4, "2026-05-01", 1000.0, 7.0)]
GOOD = [ROWS[1], ROWS[0], *ROWS[2:]]


def test_the_rows_of_a_loan_stand_together():
    loans, findings = read(PLAIN, SCHEDULE, PLAIN | {"balloon_amount": 5.0}, SCHEDULE, schedule=GOOD)
    assert not findings
    assert list(zip(loans.terms["begin"], loans.terms["end"], loans.terms["interest_given"], strict=True)) == [
        (0, 3, 0),
        (0, 0, 0),
        (3, 4, 1),
    ]
    assert list(loans.entries["month"]) == [3, 3, 15, 2]
    assert list(loans.entries["principal"]) == [0.0, 400.0, 600.0, 1000.0]


def test_principal_falls_due_by_the_schedule_and_interest_at_its_rate():
    loans, _ = read(
        SCHEDULE | {"current_rate": 0.12, "interest_frequency": "quarterly"},
        schedule=[(1, "2026-05-31", 250.0), (1, "2027-03-31", 750.0)],
    )
    opening, interest, principal, accrued = contractual_sums(loans, 60, index=NO_INDEX)[0, 0, :4]
    np.testing.assert_allclose(opening[:14], [1000, 1000] + [750] * 10 + [0, 0])
    np.testing.assert_allclose(principal[[1, 11]], [250, 750])
    np.testing.assert_allclose(interest[:6], [0, 0, 10 + 10 + 7.5, 0, 0, 22.5])
    np.testing.assert_allclose(accrued[:6], [10, 20, 0, 7.5, 15, 0])


def test_interest_given_as_amounts_is_owed_as_it_stands():
    loans, _ = read(
        SCHEDULE, schedule=[(1, "2026-05-31", 250.0, 3.0), (1, "2026-06-30", 0.0, 2.0), (1, "2027-03-31", 750.0, 0.0)]
    )
    sums = contractual_sums(loans, 60, index=NO_INDEX)[0, 0]
    np.testing.assert_array_equal(sums[1, :4], [0, 3, 2, 0])
    assert sums[1].sum() == 5.0
    assert not sums[3].any()


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("E-P063", [(1, None, 1000.0)]),
        ("E-P064", []),
        ("E-P065", [(1, "2026-06-30", -1.0), (1, "2026-07-31", 1001.0)]),
        ("E-P065", [(1, "2026-06-30", np.nan), (1, "2026-07-31", 1000.0)]),
        ("E-P065", [(1, "2026-06-30", 1000.0, -1.0)]),
        ("E-P066", [(1, "2026-06-30", 999.0)]),
        ("E-P067", [(1, "2026-06-30", 500.0), (1, "2026-06-30", 500.0)]),
        ("E-P067", [(1, "2026-07-31", 500.0), (1, "2026-06-30", 500.0)]),
        ("E-P068", [(1, "2026-03-31", 500.0), (1, "2026-06-30", 500.0)]),
        ("E-P069", [(1, "2028-04-01", 1000.0)]),
        ("E-P071", [(1, "2026-05-31", 500.0, 1.0), (1, "2026-06-30", 500.0)]),
    ],
)
def test_what_is_wrong_with_a_schedule_is_named(code, rows):
    _, findings = read(SCHEDULE, SCHEDULE, schedule=[*rows, (2, "2026-06-30", 1000.0)])
    (finding,) = findings
    assert finding.code == code
    assert finding.who == "1"


def test_all_that_is_wrong_comes_at_once():
    _, findings = read(
        SCHEDULE,
        SCHEDULE,
        schedule=[(1, "2026-01-31", 5.0), (1, "2030-01-31", 5.0), (2, "2026-09-30", 5.0), (2, "2026-08-31", 5.0)],
    )
    assert codes(findings) == ["E-P066", "E-P067", "E-P068", "E-P069"]
    assert findings[0].occurrences.rows.tolist() == [2, 3]


def test_rows_of_a_loan_that_repays_otherwise_are_not_used():
    _, findings = read(PLAIN, SCHEDULE, schedule=[(1, "2026-05-31", 10.0), (2, "2026-05-31", 1000.0)])
    assert codes(findings) == ["W-P074"]


def test_amounts_of_interest_cannot_get_new_terms():
    row = (1, "2026-05-31", 1000.0, 5.0)
    assert codes(read(SCHEDULE, schedule=[row], extension=12)[1]) == ["E-P072"]
    assert codes(read(SCHEDULE, schedule=[row[:3]], extension=12)[1]) == []


def test_a_tape_without_schedules_has_no_entries():
    loans, kinds = Columns.of(tape(PLAIN)), np.zeros(1, dtype=np.int8)
    payments, unused = payments_of(loans, None, kinds == Kind.SCHEDULE)
    terms, entries, findings = supplied(loans, payments, kinds, ENDS, CUTOFF, changing=True)
    assert not unused
    assert not findings
    assert not terms["end"].any()
    assert len(entries) == 0
