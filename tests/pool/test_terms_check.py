"""What a projection refuses in the loans themselves is found without one."""

from __future__ import annotations

import histories
import numpy as np
import pytest

from clo.behaviour.assumptions import Assumptions
from clo.findings import InputError
from clo.pool.projection import project
from clo.pool.terms_check import terms_findings
from clo.tape.codes import finding
from clo.tape.loans import Loans
from clo.timeline import collection_ends


def test_loans_of_the_usual_terms_have_no_findings():
    assert terms_findings(histories.tape(0, histories.loan("A", 1200.0), histories.loan("B", 900.0))) == ()
    assert terms_findings(histories.tape(0, histories.loan("A", 1200.0)).rows(np.array([False]))) == ()


def test_what_a_run_refuses_is_found_before_it():
    tape = histories.tape(
        0,
        histories.loan("A", 1200.0, maturity_date="2026-03-31"),
        histories.loan("B", 900.0, rate_type="floating"),
        histories.loan("C", 900.0, amortisation_type="revolving"),
        histories.loan("D", 900.0, maturity_date="2060-03-31"),
    )
    found = terms_findings(tape)
    assert {each.who for each in found} == {"A", "B", "C"}
    ends = collection_ends(np.datetime64("2026-03-31"), 480)
    with pytest.raises(InputError) as refused:
        project({"pool": tape}, Assumptions(cdr=0.02, recovery=0.4), period_ends=ends, cutoff="2026-03-31")
    assert {(each.code, each.who) for each in found} == {(each.code, each.who) for each in refused.value.findings}


def test_a_column_declared_as_missing_is_passed_over():
    tape = histories.tape(0, histories.loan("A", 1200.0)).frame.assign(current_rate=np.nan)
    rows = np.array([2])
    assert [each.code for each in terms_findings(Loans(tape, file_rows=rows, source="tape"))] == ["E-P002"]
    known = finding("W-T030", "no rate is published", field="current_rate")
    assert terms_findings(Loans(tape, file_rows=rows, source="tape", findings=[known])) == ()
