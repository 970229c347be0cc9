"""Amounts within limits that add up to a total."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import truncnorm

from clo.builder.amounts import firms_of_each, within_limits
from clo.builder.streams import choices, exponentials, normals, uniforms

SHAPES = st.tuples(st.integers(1, 60), st.integers(1, 500), st.integers(0, 800), st.floats(0.0, 3.0), st.floats(0.0, 1.0))


@given(SHAPES, st.integers(0, 1000))
def test_any_total_that_the_limits_allow_is_reached_within_them(shape: tuple[int, int, int, float, float], seed: int) -> None:
    firms, smallest, room, spread, part = shape
    largest = smallest + room
    total = firms * (smallest + part * room)
    amounts = within_limits(uniforms(seed, ("law",), firms), total, smallest, largest, spread)
    assert amounts.sum() == pytest.approx(total, rel=1e-9)
    assert smallest * (1 - 1e-9) <= amounts.min()
    assert amounts.max() <= largest * (1 + 1e-9)


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(0, 300), st.floats(0.0, 3.0))
def test_every_institution_has_a_firm_and_all_firms_an_institution(seed: int, banks: int, more: int, spread: float) -> None:
    counts = firms_of_each(uniforms(seed, ("law",), banks), banks + more, spread)
    assert counts.sum() == banks + more
    assert counts.min() >= 1


def test_amounts_are_lognormal_between_the_limits() -> None:
    draws = uniforms(7, ("shape",), 20_000)
    amounts = within_limits(draws, 20_000 * 250, 1, 100_000, 0.5)
    logs = np.log(amounts)
    assert logs.std() == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(logs, normals(draws))[0, 1] > 0.999


def test_a_distribution_that_is_cut_off_is_truncated() -> None:
    """Against the mean of a truncated lognormal by scipy, at the location that was found."""
    amounts = np.sort(within_limits(uniforms(7, ("shape",), 20_000), 20_000 * 700, 100, 1000, 0.6))
    assert (amounts == 1000).sum() + (amounts == 100).sum() == 0
    found = minimize_scalar(lambda at: abs(_mean(at) - 700), bounds=(4.0, 9.0), method="bounded").x
    limits = (np.log(100) - found) / 0.6, (np.log(1000) - found) / 0.6
    expected = np.exp(truncnorm(*limits, loc=found, scale=0.6).ppf([0.1, 0.5, 0.9]))
    assert np.quantile(amounts, [0.1, 0.5, 0.9]) == pytest.approx(expected, rel=0.01)


def _mean(location: float) -> float:
    limits = (np.log(100) - location) / 0.6, (np.log(1000) - location) / 0.6
    return float(truncnorm(*limits, loc=location, scale=0.6).expect(np.exp))


def test_a_draw_of_zero_has_a_quantile() -> None:
    assert np.isfinite(normals(np.zeros(1))).all()
    assert within_limits(np.zeros(3), 30, 1, 20, 1.0).sum() == pytest.approx(30)


def test_quantiles_are_those_of_their_distributions() -> None:
    draws = uniforms(3, ("quantiles",), 50_000)
    assert normals(np.array([0.5, 0.975])) == pytest.approx([0.0, 1.959964], abs=1e-6)
    assert exponentials(draws).mean() == pytest.approx(1.0, abs=0.02)
    found = np.bincount(choices(draws, np.array([0.2, 0.0, 0.8])), minlength=3) / len(draws)
    assert found == pytest.approx([0.2, 0.0, 0.8], abs=0.01)


def test_streams_depend_on_seed_and_purpose_and_are_begun_alike() -> None:
    base = uniforms(1, ("deal", "pool", "sizes"), 5)
    assert list(uniforms(1, ("deal", "pool", "sizes"), 3)) == list(base[:3])
    for other in (uniforms(2, ("deal", "pool", "sizes"), 5), uniforms(1, ("deal", "pool", "terms"), 5)):
        assert not np.isin(other, base).any()


def test_the_numbers_are_those_of_pcg64() -> None:
    """Fixed for good: another version of numpy must not draw another pool."""
    drawn = uniforms(200706, ("purchase-08", "own", "sizes"), 2)
    assert [f"{number:.16f}" for number in drawn] == ["0.3655003067551242", "0.6815959532606176"]
