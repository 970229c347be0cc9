"""What is told of errors: of a step that is given, of probabilities, and nothing below 0 or above all."""

from __future__ import annotations

import numpy as np
import pytest
from slow_losses import slow_losses, slow_tranches
from test_tranche_losses import POINTS, pool

import clo

pytestmark = pytest.mark.compiled


@pytest.mark.parametrize("cells", [60.0, 150.0, 400.0])
def test_the_error_of_a_given_unit_covers_the_grid(cells):
    exposure, pd, lgd = pool(120, 3)
    fine = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, accuracy=1e-9)
    with pytest.warns(UserWarning, match="the unit is coarse"):
        told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, unit=exposure.sum() / cells)
    error = np.abs(told["expected_loss"] - fine["expected_loss"]).max()
    assert 1e-7 < error <= told.attrs["error"] < 100.0 * error


@pytest.mark.parametrize("unit", [0.5, 0.35])
def test_equal_losses_off_the_grid(unit):
    """Half the step would miss them in the same way."""
    points = (0.0, 0.03, 0.06, 0.12, 1.0)
    exact = clo.expected_tranche_loss(np.ones(125), 0.05, 0.6, points, correlation=0.1)
    told = clo.expected_tranche_loss(np.ones(125), 0.05, 0.6, points, correlation=0.1, unit=unit, accuracy=0.01)
    assert np.abs(told["expected_loss"] - exact["expected_loss"]).max() <= told.attrs["error"]
    assert np.abs(told["prob_hit"] - exact["prob_hit"]).max() <= told.attrs["prob_hit_error"]
    assert exact.attrs["error"] < 1e-12


@pytest.mark.parametrize("unit", [0.7, 4.0, 1000.0])
def test_a_unit_above_every_loss_is_refused(unit):
    for function, more in ((clo.expected_tranche_loss, {"attachments": POINTS}), (clo.loss_distribution, {})):
        with pytest.raises(clo.InputError) as raised:
            function(np.ones(125), 0.05, 0.6, correlation=0.1, unit=unit, **more)
        assert [each.code for each in raised.value.findings] == ["E-Q030"]


def test_a_unit_that_leaves_what_a_tranche_may_lose_is_refused():
    """One obligor of half the pool, as wide as the step, and many small ones."""
    exposure = np.append(np.ones(100), 100.0)
    with pytest.raises(clo.InputError) as raised:
        clo.expected_tranche_loss(exposure, 0.05, 0.6, (0.0, 0.03, 0.06, 0.12, 0.9, 1.0), correlation=0.1, unit=40.0)
    assert [each.code for each in raised.value.findings] == ["E-Q031"]


@pytest.mark.parametrize("accuracy", [1e-2, 1e-3, 1e-5])
def test_no_tranche_gains_or_loses_more_than_all(accuracy):
    for seed in range(6):
        exposure, pd, lgd = pool(60, seed, 1.2)
        points = (0.0, 0.001, 0.05, 0.2, 0.4, 0.5, 1.0)
        told = clo.expected_tranche_loss(exposure, 0.3 * pd, lgd, points, correlation=0.02, accuracy=accuracy)
        for column in ("expected_loss", "prob_hit"):
            assert told[column].between(0.0, 1.0).all()
        assert (np.diff(told["prob_hit"]) <= 0.0).all()
        lost = told["expected_loss"] @ (told["detach"] - told["attach"])
        assert lost == pytest.approx(exposure @ (0.3 * pd * lgd) / exposure.sum(), rel=1e-12)


@pytest.mark.parametrize(("count", "seed"), [(17, 4), (18, 5), (18, 6)])
def test_errors_of_probabilities_cover_them(count, seed):
    exposure, pd, lgd = pool(count, seed)
    slow = slow_tranches(*slow_losses(exposure, pd, lgd, 0.2), POINTS)
    told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, accuracy=1e-5)
    assert np.abs(told["prob_hit"] - slow[:, 1]).max() <= told.attrs["prob_hit_error"] < 0.05
    assert (np.abs(told["loss_given_hit"] - slow[:, 2]) <= np.array(told.attrs["loss_given_hit_error"])).all()


def test_a_correlation_near_one_is_what_is_said():
    with pytest.warns(UserWarning, match="correlations near 1"):
        told = clo.expected_tranche_loss(np.ones(200), 0.05, 0.6, POINTS, correlation=0.99999)
    together = 0.05 * np.clip((0.6 - np.array(POINTS[:-1])) / np.diff(POINTS), 0.0, 1.0)
    assert np.abs(told["expected_loss"] - together).max() < 1e-2 + told.attrs["error"]


def test_a_large_pool_outside_its_range_says_so():
    with pytest.warns(UserWarning, match="W-Q036"):
        clo.expected_tranche_loss([1.0], 0.1, 0.5, (0.0, 0.1, 1.0), correlation=0.1, method="large_pool")
    none = clo.expected_tranche_loss(np.ones(9), 0.0, 0.5, (0.0, 0.1, 1.0), correlation=0.1, method="large_pool")
    assert none["prob_hit"].tolist() == [0.0, 0.0]
