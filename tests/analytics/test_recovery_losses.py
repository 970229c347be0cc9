"""Recoveries that vary: against integrals over the factors of small pools, limits, and moments."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from slow_losses import slow_varied_pair
from test_tranche_losses import COLUMNS, POINTS, pool

import clo

pytestmark = pytest.mark.compiled

PAIR = [2.0, 1.0], np.array([0.1, 0.2]), np.array([0.5, 0.6])


@pytest.mark.parametrize(("spread", "share"), [(0.6, 0.0), (0.6, 0.4), (2.0, 0.2)])
def test_two_obligors(spread, share):
    points = np.array([0.0, 0.1, 0.3, 0.6, 1.0])
    slow = slow_varied_pair(*PAIR, 0.2, spread, share, points)
    told = clo.expected_tranche_loss(*PAIR, points, correlation=0.2, recovery_spread=spread, recovery_market=share, accuracy=1e-6)
    assert_allclose(told["expected_loss"], slow, rtol=0, atol=1e-6)
    assert told.attrs["error"] <= 1e-6
    fixed = clo.expected_tranche_loss(*PAIR, points, correlation=0.2)
    assert np.abs(told["expected_loss"] - fixed["expected_loss"]).max() > 1e-3


@pytest.mark.parametrize("degrees", [None, 4.0])
def test_the_mean_counts_that_recoveries_are_low_when_many_default(degrees):
    given = [1.0], 0.1, 0.4, (0.0, 1.0)
    told = clo.expected_tranche_loss(*given, correlation=0.3, degrees=degrees, recovery_spread=0.8, recovery_market=0.5)
    independent = clo.expected_tranche_loss(*given, correlation=0.3, degrees=degrees, recovery_spread=0.8)
    assert independent["expected_loss"][0] == pytest.approx(0.04, abs=1e-13)
    assert 0.045 < told["expected_loss"][0] < 0.1
    assert told["prob_hit"][0] == pytest.approx(0.1, abs=1e-8)


@pytest.mark.parametrize("count", [10, 90])
def test_a_recovery_that_does_not_vary_is_fixed(count):
    given = *pool(count, 5), POINTS
    told = clo.expected_tranche_loss(*given, correlation=0.2, recovery_spread=0.0, recovery_market=0.5)
    assert_array_equal(told, clo.expected_tranche_loss(*given, correlation=0.2))


def test_a_recovery_that_hardly_varies_is_almost_fixed():
    given = *pool(60, 6), POINTS
    told = clo.expected_tranche_loss(*given, correlation=0.2, recovery_spread=1e-3, accuracy=1e-6)
    fixed = clo.expected_tranche_loss(*given, correlation=0.2, accuracy=1e-6)
    assert_allclose(told["expected_loss"], fixed["expected_loss"], rtol=0, atol=3e-6)


def test_nothing_and_all_are_lost_for_certain():
    """A loss given default of 1 or 0 is the mean of nothing else."""
    exposure, chance, _ = pool(40, 7)
    lgd = np.arange(40) % 2.0
    told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.2, recovery_spread=0.5, accuracy=1e-6)
    fixed = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.2, accuracy=1e-6)
    assert_allclose(told["expected_loss"], fixed["expected_loss"], rtol=0, atol=2e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_accuracy_holds_for_larger_pools(share):
    given = *pool(150, 8), POINTS
    fine = clo.expected_tranche_loss(*given, correlation=0.15, recovery_spread=0.5, recovery_market=share, accuracy=1e-8)
    for accuracy in (1e-4, 1e-6):
        told = clo.expected_tranche_loss(*given, correlation=0.15, recovery_spread=0.5, recovery_market=share, accuracy=accuracy)
        assert_allclose(told["expected_loss"], fine["expected_loss"], rtol=0, atol=accuracy)


@pytest.mark.parametrize("degrees", [None, 6.0])
def test_a_market_that_hardly_moves_recoveries_does_not_change_them(degrees):
    """Where it moves them a little, each group is averaged over its factor for each market; else along both."""
    given = {"correlation": 0.1, "groups": np.arange(40) % 3, "group_correlation": 0.1, "degrees": degrees}
    for_each, along = (
        clo.expected_tranche_loss(*pool(40, 12), POINTS, **given, recovery_spread=0.5, recovery_market=share, accuracy=1e-4)
        for share in (1e-18, 0.0)
    )
    assert_allclose(for_each["expected_loss"], along["expected_loss"], rtol=0, atol=1e-6)


def test_tranches_lose_together_what_the_pool_loses():
    exposure, chance, lgd = pool(80, 9)
    given = {"correlation": 0.1, "groups": np.arange(80) % 4, "group_correlation": 0.1, "recovery_spread": 0.5}
    told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, **given, recovery_market=0.4, accuracy=1e-5)
    losses = clo.loss_distribution(exposure, chance, lgd, **given, recovery_market=0.4)
    width = told["detach"] - told["attach"]
    assert told["expected_loss"] @ width == pytest.approx(losses.mean / losses.exposure, rel=1e-12)
    assert losses.mean > 1.05 * float(exposure @ (chance * lgd))
    assert losses.grid @ losses.pmf == pytest.approx(losses.mean, rel=1e-8)
    assert losses.grid_std < 0.02 * losses.std
    capped = np.minimum(losses.grid / losses.exposure, np.array(POINTS)[:, None]) @ losses.pmf
    assert_allclose(np.diff(capped) / np.diff(POINTS), told["expected_loss"], atol=2e-4)


def test_the_variance_is_that_of_two_integrals():
    """One obligor: the mean square of what it loses."""
    losses = clo.loss_distribution([1.0], 0.1, 0.4, correlation=0.3, recovery_spread=0.8, recovery_market=0.5)
    m = np.linspace(-9.0, 9.0, 361)
    x, weight = m[:, None], norm.pdf(m) * (m[1] - m[0])
    lost = norm.cdf(-(norm.ppf(0.6) * np.sqrt(1.64) + 0.8 * np.sqrt(0.5) * (m + x)))
    chance = norm.cdf((norm.ppf(0.1) - np.sqrt(0.3) * m) / np.sqrt(0.7))
    mean, square = (weight @ (chance * lost**power) @ weight for power in (1, 2))
    assert losses.mean == pytest.approx(mean, rel=1e-12)
    assert losses.std == pytest.approx(np.sqrt(square - mean**2), rel=1e-10)


def test_a_given_unit_errs_with_its_fourth_power():
    exposure, chance, lgd = pool(200, 10, 0.5)
    given = {"correlation": 0.1, "recovery_spread": 0.5, "recovery_market": 0.3}
    fine = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, **given, accuracy=1e-8)
    errors = []
    for cells in (250.0, 500.0):
        told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, **given, unit=exposure.sum() / cells, accuracy=1e-3)
        errors.append(np.abs(told["expected_loss"] - fine["expected_loss"]).max())
    assert errors[0] > 8.0 * errors[1] > 1e-9


def test_threads_change_no_bit(monkeypatch):
    given = {"correlation": 0.1, "recovery_spread": 0.5, "recovery_market": 0.3, "accuracy": 1e-5}
    first = clo.expected_tranche_loss(*pool(80, 11), POINTS, **given)
    monkeypatch.setattr("clo.analytics.losses.recursion.threads_of_machine", lambda: 1)
    assert_array_equal(clo.expected_tranche_loss(*pool(80, 11), POINTS, **given)[COLUMNS], first[COLUMNS])
