"""The engine agrees with the slow reading on random mixes of all kinds of loans and of all that borrowers do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from laws.borrowers import Mix, engine, mixes, slow
from laws.small import loan

SMALL = 1e-12
"""Share of the cut-off balance that the two may differ by in a month: a few last bits of sums over months and loans."""


QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a mix is small enough to read, and to shrink one takes minutes."""


def differences(mix: Mix) -> list[tuple[Any, ...]]:
    """(month, column, slow, engine) wherever the two differ. Drawings may exceed the balance at the cut-off, so limits count."""
    found = engine(mix)
    frame = found.to_frame()
    flows, lost = slow(mix)
    limits = sum(row.get("credit_limit") or 0.0 for row in mix.rows)
    small = SMALL * (mix.initial + limits)
    wrong: list[tuple[Any, ...]] = [
        (month, column, value, frame.loc[month - 1, column])
        for month, flow in enumerate(flows, start=1)
        for column, value in flow.items()
        if not abs(value - frame.loc[month - 1, column]) <= small
    ]
    if not abs(lost - found.lost_recovery[0, 0]) <= small:
        wrong.append((mix.months, "lost recoveries", lost, found.lost_recovery[0, 0]))
    return wrong


@settings(max_examples=settings().max_examples * 8, phases=QUICK)
@given(mixes(most=1))
def test_one_loan(mix: Mix) -> None:
    assert differences(mix) == []


@settings(max_examples=settings().max_examples * 3, phases=QUICK)
@given(mixes())
def test_loans_of_many_kinds(mix: Mix) -> None:
    assert differences(mix) == []


@pytest.mark.parametrize("day", [date(2020, 6, 15), date(2020, 12, 15)])
def test_a_default_after_the_last_principal_of_a_schedule(day: date) -> None:
    """It is booked in the last month with a balance, which need not be that of the maturity."""
    cutoff = date(2020, 3, 31)
    row = loan(100.0, "schedule", "2020-07-31", originator_id="bank", loan_id="L", default_date=day, allocated_loss=30.0)
    due = {"originator_id": "bank", "loan_id": "L", "interest": None}
    schedule = [
        due | {"due_date": date(2020, 4, 30), "principal": 60.0},
        due | {"due_date": date(2020, 5, 31), "principal": 40.0},
    ]
    mix = Mix(cutoff, 5, [row | {"cutoff_date": cutoff}], schedule, {}, {"defaults": "tape", "recovery": "tape"})
    assert engine(mix).to_frame()["default"].tolist() == pytest.approx([0, 40, 0, 0, 0])
    assert differences(mix) == []


def test_new_terms_of_a_loan_that_owes_interest_alone() -> None:
    """Principal is repaid in May, interest is due in July; in June half of such loans get three months more."""
    cutoff = date(2020, 3, 31)
    terms = {"originator_id": "bank", "loan_id": "L", "cutoff_date": cutoff, "interest_frequency": "at_maturity"}
    row = loan(1200.0, "schedule", "2020-07-31", current_rate=0.12, **terms)
    due = {"originator_id": "bank", "loan_id": "L", "interest": None, "due_date": date(2020, 5, 31), "principal": 1200.0}
    scenario = {"cdr": 0.0, "restructuring": {"share": 0.5, "month": 3, "extension": 3, "rate_cut": 0.0}}
    mix = Mix(cutoff, 8, [row], [due], {}, scenario)
    assert engine(mix).to_frame()["interest"].tolist() == pytest.approx([0, 0, 0, 12, 0, 0, 12, 0])
    assert differences(mix) == []
