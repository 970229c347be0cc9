"""The engine agrees with the slow reading on random mixes of all kinds of loans and of all that borrowers do."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from laws.borrowers import Mix, engine, mixes, slow

SMALL = 1e-12
"""Share of the cut-off balance that the two may differ by in a month: a few last bits of sums over months and loans."""


def differences(mix: Mix) -> list[tuple[Any, ...]]:
    """(month, column, slow, engine) wherever the two differ. Drawings may exceed the balance at the cut-off, so limits count."""
    found = engine(mix)
    frame = found.to_frame()
    flows, lost = slow(mix)
    limits = sum(row["credit_limit"] or 0.0 for row in mix.rows)
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


@settings(max_examples=settings().max_examples * 10)
@given(mixes(most=1))
def test_one_loan(mix: Mix) -> None:
    assert differences(mix) == []


@settings(max_examples=settings().max_examples * 3)
@given(mixes())
def test_loans_of_many_kinds(mix: Mix) -> None:
    assert differences(mix) == []
