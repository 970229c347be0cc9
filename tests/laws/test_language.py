"""Deals in the whole language: engine and slow reading agree on each of them, and what must hold of every run holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clo.deal.checks import timeline_of
from clo.pool.projection import project
from clo.study.inputs import resolve_scenario
from clo.waterfall.allocation import allocate
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.gathering import Outside
from laws import borrowers
from laws.changes import names_of, renamed, scaled, scales
from laws.comparison import as_loans, differences, engine, slow_run
from laws.language import FAMILIES, language
from laws.rolls import broken
from laws.strategies import Case

EACH = settings(max_examples=max(500, settings().max_examples * 10))
"""Of each family: 2,500 deals in all."""
SOME = settings(max_examples=settings().max_examples * 3)
FRAMES = ("tranches", "accounts", "fees", "facilities", "hedges", "ledgers", "values", "triggers")


@pytest.mark.parametrize("family", FAMILIES)
def test_engine_and_slow_reading_agree(family: str) -> None:
    """Number by number; and what must hold of every run holds of each of these."""

    @EACH
    @given(language(family))
    def agree(case: Case) -> None:
        result = engine(case)
        assert differences(result, case.deal, slow_run(case)) == []
        assert broken(result) == []

    agree()


@SOME
@given(language())
def test_names_change_nothing(case: Case) -> None:
    names = names_of(case)
    other_names = {name: f"z{len(names) - n:02d}_{name[::-1]}" for n, name in enumerate(names)}
    one, other = engine(case), engine(renamed(case, other_names))
    for frame in FRAMES:
        some, others = (getattr(run, frame).iloc[:, 2:].to_numpy(dtype=float) for run in (one, other))
        np.testing.assert_array_equal(others, some, err_msg=frame)
    for book in ("ledger", "bookings"):
        some, others = (getattr(run, book)["amount"].to_numpy() for run in (one, other))
        np.testing.assert_array_equal(others, some, err_msg=book)


@SOME
@given(language(roundings=("none",)), st.sampled_from([2.0, 0.5, 1024.0]))
def test_all_money_scales_together(case: Case, factor: float) -> None:
    """By powers of 2, which change no digit; what is not money stays as it is."""
    assume(scales(case))
    one, other = engine(case), engine(scaled(case, factor))
    for frame in ("tranches", "accounts", "fees", "facilities", "hedges", "ledgers"):
        some, others = (getattr(run, frame).iloc[:, 2:].to_numpy(dtype=float) for run in (one, other))
        np.testing.assert_array_equal(others, some * factor, err_msg=frame)
    np.testing.assert_array_equal(other.triggers["breached"], one.triggers["breached"])


@SOME
@given(language(), st.lists(st.integers(0, 5000), min_size=1, max_size=6), st.integers(0, 5))
def test_a_scenario_alone_is_the_same_in_a_batch(case: Case, rates: list[int], at: int) -> None:
    deal, at = case.deal, at % len(rates)
    timeline: Any = timeline_of(deal)
    loans = {name: as_loans(rows, deal.dates.cutoff, name) for name, rows in case.rows.items()}
    program = bind(compile_deal(deal), deal, {name: pool.balance for name, pool in loans.items()})
    curves = borrowers.as_curves(case.curves)
    overrides = [{"cdr": rate / 1e4, "recovery": 0.3, "recovery_lag": 2} for rate in rates]
    assumed = [resolve_scenario(deal, "base", override) for override in overrides]

    def kept(some: list[Any]) -> np.ndarray:
        projected = project(loans, some, period_ends=timeline.period_ends, cutoff=deal.dates.cutoff, curves=curves)
        return allocate(deal, program, projected, timeline, outside=Outside(curves)).kept

    np.testing.assert_array_equal(kept(assumed)[:, :, at], kept([assumed[at]])[:, :, 0])
