"""The engine agrees with the slow reading: yen for yen where money is rounded, to 1e-12 of the pool where it is not."""

from __future__ import annotations

from hypothesis import given, settings

from laws.comparison import case_differences
from laws.strategies import Case, spelled, structured


@settings(max_examples=settings().max_examples * 4)
@given(spelled())
def test_waterfalls_spelled_out(case: Case) -> None:
    assert case_differences(case) == []


@settings(max_examples=settings().max_examples * 2)
@given(structured())
def test_structures(case: Case) -> None:
    assert case_differences(case) == []
