"""Cells of importance sampling: weights make up for them exactly, wherever they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtr, ndtri

from clo.scenarios.importance import DEFENCE, Cells, Severity, chosen_cells, even_cells, own_cells, root_mean_square
from clo.scenarios.reduced import basis_of, scale_of

GAUSSIAN = Severity(np.array([1.0]), 0.4, -2.0, None)
STUDENT = Severity(np.array([1.0]), 0.4, -2.0, 5.0)


def trial(severity: Severity, level: float, seed: int = 1) -> tuple[Cells, np.ndarray, np.ndarray, np.ndarray]:
    """Even cells with their severities, and scenarios whose loss is what a noisy severity exceeds of a level, up to 1."""
    cells, severe = even_cells(severity)
    rng = np.random.default_rng(seed)
    place, _ = cells.drawn(rng.random((16_384, 2)))
    at = severity.of(ndtri(place[:, 0]), scale_of(place[:, 1], severity.degrees))
    losses = np.clip((at + 0.1 * rng.standard_normal(len(at)) - level) / 0.5, 0.0, 1.0)
    return cells, severe, at, losses[None]


@pytest.mark.parametrize("severity", [GAUSSIAN, STUDENT], ids=["gaussian", "student"])
def test_cells_cover_the_model_once(severity: Severity) -> None:
    cells, severe = even_cells(severity)
    assert_allclose(cells.probability.sum(), 1.0, rtol=1e-12)
    assert np.all(np.diff(severe) <= 0.0)


@pytest.mark.parametrize("severity", [GAUSSIAN, STUDENT], ids=["gaussian", "student"])
@pytest.mark.parametrize("level", [-1.5, -0.5])
def test_weighted_draws_are_the_model_s(severity: Severity, level: float) -> None:
    """Weighted shares of draws below a place are its probability, within four standard errors; weights average to 1."""
    cells = chosen_cells(*trial(severity, level))
    place, weight = cells.drawn(np.random.default_rng(4).random((400_000, 2)))
    weight = np.exp(weight)
    assert abs(weight.mean() - 1.0) < 4.0 * weight.std() / np.sqrt(len(weight))
    for column, below in ((0, 1e-4), (0, 0.03), (0, 0.7), (1, 0.05), (1, 0.5)):
        value = weight * (place[:, column] < below)
        assert abs(value.mean() - below) < 4.0 * value.std() / np.sqrt(len(value))
    assert weight.max() <= 1.0 / DEFENCE + 1e-9


def test_the_cells_of_the_model_have_no_weights() -> None:
    cells = own_cells(even_cells(STUDENT)[0])
    place, weight = cells.drawn(np.random.default_rng(4).random((400_000, 2)))
    assert not weight.any()
    assert_allclose((place < [0.1, 0.3]).mean(axis=0), [0.1, 0.3], rtol=0.02)


@pytest.mark.parametrize("severity", [GAUSSIAN, STUDENT], ids=["gaussian", "student"])
def test_the_chosen_cells_tell_a_rare_loss_far_better(severity: Severity) -> None:
    """Against quadrature, with a variance of at most a hundredth of the plain one."""
    level = -0.55 if severity.degrees is None else -0.2
    cells = chosen_cells(*trial(severity, level))
    points = np.random.default_rng(9).random((40_000, 2))
    place, weight = cells.drawn(points)

    def loss(place: np.ndarray) -> np.ndarray:
        at = severity.of(ndtri(place[:, 0]), scale_of(place[:, 1], severity.degrees))
        return np.clip((at - level) / 0.5, 0.0, 1.0)

    along = ndtr(np.linspace(-9.0, 9.0, 6001))
    middle = np.stack(((along[1:] + along[:-1]) / 2.0, np.full(6000, 0.5)), axis=1)
    if severity.degrees is None:
        expected = float(loss(middle) @ np.diff(along))
        squared = float(loss(middle) ** 2 @ np.diff(along))
    else:
        edges = np.concatenate(([0.0], 10.0 ** np.linspace(-9.0, 0.0, 901)))
        each = np.array(
            [
                (loss(np.stack((middle[:, 0], np.full(6000, q)), axis=1)) ** [[1.0], [2.0]]) @ np.diff(along)
                for q in (edges[1:] + edges[:-1]) / 2.0
            ]
        )
        expected, squared = (np.diff(edges) @ each).tolist()
    value = np.exp(weight) * loss(place)
    error = value.std() / np.sqrt(len(value))
    assert expected < 3e-3
    assert abs(value.mean() - expected) < 4.0 * error + 1e-3 * expected
    assert value.var() < (squared - expected**2) / 100.0


def test_no_loss_at_all_leaves_the_model_s_own() -> None:
    cells, severe, at, losses = trial(GAUSSIAN, 50.0)
    assert not losses.any()
    assert not chosen_cells(cells, severe, at, losses).chosen


def test_what_few_scenarios_lose_is_carried_on_beyond_them() -> None:
    """Chances of a loss that are normal probabilities of severity: below the least severe loss seen, still near the truth."""
    rng = np.random.default_rng(2)
    at = rng.uniform(-4.0, 3.0, 20_000)
    losses = (rng.random(20_000) < ndtr(at - 1.0)).astype(float)
    places = np.array([-3.0, -2.0, 0.0, 2.0])
    assert_allclose(root_mean_square(at, losses, places), np.sqrt(ndtr(places - 1.0)), rtol=0.45)


@pytest.mark.parametrize("direction", [[1.0], [0.6, 0.8], [0.0, 0.0, 1.0], [-1.0, 0.0], [0.5, 0.5, 0.5, 0.5]])
def test_the_basis_begins_with_the_direction(direction: list[float]) -> None:
    basis = basis_of(np.array(direction))
    assert_allclose(basis[:, 0], direction, atol=1e-15)
    assert_allclose(basis @ basis.T, np.eye(len(direction)), atol=1e-14)
