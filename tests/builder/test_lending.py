"""What was lent is round, and what is owed of it adds up exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clo.builder.distributions import Sizes
from clo.builder.lending import lent_and_owed
from clo.builder.streams import uniforms

MILLION = 1_000_000


def sizes(**changed: object) -> Sizes:
    return Sizes.model_validate({"smallest": 10 * MILLION, "largest": 150 * MILLION, "spread": 0.5} | changed)


def drawn(count: int, amount: int, terms: Sizes, outstanding: float | np.ndarray = 1.0) -> tuple[np.ndarray, np.ndarray]:
    left = np.broadcast_to(np.asarray(outstanding, dtype=np.float64), count)
    return lent_and_owed(uniforms(3, ("sizes",), count), uniforms(3, ("heaps",), count), left, amount, terms)


SHAPES = st.tuples(
    st.integers(1, 60), st.integers(1, 500), st.integers(0, 800), st.floats(0.0, 3.0), st.floats(0.0, 1.0), st.integers(1, 50)
)


@given(SHAPES, st.integers(0, 1000), st.floats(0.05, 1.0), st.floats(0.0, 1.0))
def test_the_amount_comes_out_exactly_within_the_limits(
    shape: tuple[int, int, int, float, float, int], seed: int, least: float, heaped: float
) -> None:
    firms, smallest, room, spread, part, unit = shape
    terms = sizes(
        smallest=smallest, largest=smallest + room, spread=spread, unit=unit, heaps=(smallest + 7, smallest + 200), heaped=heaped
    )
    amount = firms * smallest + round(part * firms * room)
    outstanding = least + (1.0 - least) * uniforms(seed, ("left",), firms)
    draws, rounds = uniforms(seed, ("law",), firms), uniforms(seed, ("heaps",), firms)
    lent, owed = lent_and_owed(draws, rounds, outstanding, amount, terms)
    assert owed.sum() == amount
    assert smallest <= owed.min()
    assert owed.max() <= smallest + room
    assert np.abs(lent * outstanding - owed).max() <= 1.0


def test_balances_are_whole_millions_and_one_loan_takes_the_odd_rest() -> None:
    lent, owed = drawn(400, 9_876_543_210, sizes())
    odd = np.flatnonzero(owed % MILLION)
    assert len(odd) == 1
    assert owed.sum() == 9_876_543_210
    assert owed[odd[0]] == owed.max()
    assert (lent == owed).all()


def test_of_seasoned_loans_what_was_lent_is_round() -> None:
    left = 1.0 - uniforms(5, ("left",), 400) / 3.0
    lent, owed = drawn(400, 9_876_543_210, sizes(), left)
    assert owed.sum() == 9_876_543_210
    assert (lent % MILLION != 0).sum() == 1
    assert np.abs(lent * left - owed).max() <= 1.0


def test_few_loans_stand_at_a_limit() -> None:
    for mean in (24, 60, 120):
        _, owed = drawn(2_000, 2_000 * mean * MILLION, sizes())
        assert (owed == 10 * MILLION).mean() < 0.02
        assert (owed == 150 * MILLION).mean() < 0.02


def test_loans_heap_at_round_amounts() -> None:
    plain, heaped = (sizes(heaps=(20 * MILLION, 30 * MILLION), heaped=share) for share in (0.0, 0.4))
    (_, without), (_, with_heaps) = (drawn(4_000, 4_000 * 25 * MILLION, terms) for terms in (plain, heaped))
    for amount in (20 * MILLION, 30 * MILLION):
        assert (with_heaps == amount).mean() > 3 * (without == amount).mean()
    assert with_heaps.sum() == without.sum()
    far = without > 1.3 * 30 * MILLION
    assert np.abs(with_heaps[far] - without[far]).max() <= 0.1 * without[far].max()


def test_a_limit_is_no_heap() -> None:
    _, owed = drawn(2_000, 2_000 * 24 * MILLION, sizes(heaps=(10 * MILLION,), heaped=1.0))
    assert (owed == 10 * MILLION).mean() < 0.02


def test_known_balances_are_those_of_the_largest_draws() -> None:
    draws, terms = np.array([0.1, 0.9, 0.5, 0.99]), sizes(smallest=10, largest=120, unit=1, known=(100, 90))
    lent, owed = lent_and_owed(draws, draws, np.full(4, 0.5), 300, terms)
    assert list(owed[[3, 1]]) == [100, 90]
    assert list(lent[[3, 1]]) == [200, 180]
    assert owed.sum() == 300
    assert max(owed[0], owed[2]) <= 90


def test_a_pool_at_its_limit_stands_there() -> None:
    for bound in (10, 150):
        _, owed = drawn(50, 50 * bound * MILLION, sizes())
        assert (owed == bound * MILLION).all()
    _, nearly = drawn(50, 50 * 150 * MILLION - 3, sizes())
    assert nearly.sum() == 50 * 150 * MILLION - 3
    assert pytest.approx((nearly == 150 * MILLION).mean(), abs=0.05) == 1.0
