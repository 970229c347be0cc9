"""Quantiles and tail means, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from clo.simulation.quantiles import needed, tail


def test_of_a_hundred_losses() -> None:
    losses = np.random.default_rng(1).permutation(np.arange(1.0, 101.0))
    found = tail(losses, None, 0.95)
    assert (found.var, found.es) == (95.0, pytest.approx(98.0))
    part = tail(losses, None, 0.955)  # 4.5 scenarios: four whole ones and half of the next
    assert (part.var, part.es) == (96.0, pytest.approx((100 + 99 + 98 + 97 + 96 / 2) / 4.5))


def test_weights_are_copies() -> None:
    rng = np.random.default_rng(2)
    losses, copies = rng.gamma(0.5, 1.0, 400), rng.integers(1, 6, 400)
    whole = tail(np.repeat(losses, copies), None, 0.97)
    weighted = tail(losses, copies / copies.mean(), 0.97)
    assert weighted.var == pytest.approx(whole.var)
    assert weighted.es == pytest.approx(whole.es, rel=1e-9)


@pytest.mark.parametrize("level", [0.9, 0.99, 0.999])
def test_a_tail_mean_is_the_mean_of_what_lies_beyond(level: float) -> None:
    """For an exponential loss: the quantile -log(1 - level), and one more."""
    losses = -np.log((np.arange(1_000_000) + 0.5) / 1_000_000)
    found = tail(losses, None, level)
    assert found.var == pytest.approx(-np.log(1.0 - level), rel=1e-3)
    assert found.es == pytest.approx(found.var + 1.0, rel=1e-3)


def test_as_many_scenarios_as_leave_a_hundred_beyond() -> None:
    assert (needed(8_000, 8.0), needed(50, 5.0), needed(20_000, 48.0)) == (100_000, 1_000, 41_667)
