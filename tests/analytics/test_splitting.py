"""Losses split over grid points, against cubic interpolation and integrals written out."""

from __future__ import annotations

from itertools import pairwise
from math import floor

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from clo.analytics.losses.splitting import common_unit, in_four, in_two, ramp, step

PLACES = np.array([-2.5, -2.0, -1.6, -1.0, -0.7, -0.2, 0.0, 0.05, 0.5, 0.99, 1.0, 1.4, 1.9, 2.0, 3.5])
PARTS = np.array([0.0, 0.1, 0.35, 0.5, 0.8, 0.999])


def taken(place: float) -> float:
    """The share of a loss at `place` that point 0 takes when it is split by cubic interpolation over the four points around."""
    points = floor(place) + np.arange(-1, 3)
    if 0 not in points:
        return 0.0
    others = points[points != 0]
    return float(np.prod((place - others) / -others))


def integral(x: float, power: int) -> float:
    """Of (x - t)^power x what point 0 takes of a loss at t, over the losses t below x."""
    ends = sorted({-2.0, -1.0, 0.0, 1.0, 2.0, min(max(x, -2.0), 2.0)})
    parts = [(low, high) for low, high in pairwise(ends) if high <= x]
    return sum(quad(lambda t: (x - t) ** power * taken(t), low, high)[0] for low, high in parts)


def test_tranches_are_averaged_over_what_interpolation_joins() -> None:
    assert_allclose(ramp(PLACES), [integral(x, 1) for x in PLACES], atol=1e-13)
    assert_allclose(step(PLACES), [integral(x, 0) for x in PLACES], atol=1e-13)


@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_a_loss_split_in_four_keeps_its_first_three_moments(power: int) -> None:
    assert_allclose(in_four(PARTS) @ np.arange(-1.0, 3.0) ** power, PARTS**power, atol=1e-14)
    assert_allclose(in_four(PARTS)[:, 1], [taken(part) for part in PARTS], atol=1e-15)


@pytest.mark.parametrize("power", [0, 1])
def test_a_loss_split_in_two_keeps_its_mean_and_takes_nothing_away(power: int) -> None:
    assert_allclose(in_two(PARTS) @ np.arange(-1.0, 3.0) ** power, PARTS**power, atol=1e-15)
    assert (in_two(PARTS) >= 0.0).all()


@pytest.mark.parametrize(("sizes", "unit"), [((0.3, 0.3, 0.3), 0.3), ((0.6, 0.15, 0.4), 0.05), ((1.0, 2.0**0.5), None)])
def test_the_unit_that_losses_share(sizes: tuple[float, ...], unit: float | None) -> None:
    found = common_unit(np.array(sizes))
    assert found is None if unit is None else found == pytest.approx(unit)
