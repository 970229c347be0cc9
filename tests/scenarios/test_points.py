"""Points of strata and of Sobol against scipy's, and each alone as among others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import kstest, qmc

from clo.scenarios.points import BITS, REPLICATES, STRATA, SobolPoints, StratifiedPoints

NAMES = ("direction", "mixing", "industry 01")


def test_sobol_is_scipy_s_scrambled_by_the_seed() -> None:
    points, weight = SobolPoints(7, REPLICATES * 300, NAMES)(0, REPLICATES * 300)
    assert not weight.any()
    for replicate in (0, 5, REPLICATES - 1):
        source = qmc.Sobol(3, scramble=True, bits=BITS, rng=np.random.default_rng((7, replicate)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 300 is no power of two
            assert_allclose(points[replicate::REPLICATES], source.random(300), atol=1e-15)


def test_each_randomisation_fills_the_cube_evenly() -> None:
    points, _ = SobolPoints(1, REPLICATES * 64, NAMES)(0, REPLICATES * 64)
    for replicate in range(REPLICATES):
        for dimension in range(3):
            cells = np.floor(points[replicate::REPLICATES, dimension] * 64)
            assert sorted(cells.tolist()) == list(range(64))


@pytest.mark.parametrize("scenarios", [1000, 1003])
def test_strata_hold_alike_and_count_alike(scenarios: int) -> None:
    drawn = StratifiedPoints(3, scenarios, NAMES)
    points, weight = drawn(0, scenarios)
    stratum = np.arange(scenarios) % drawn.groups
    assert np.all(np.floor(points[:, 0] * drawn.groups) == stratum)
    assert_allclose(np.bincount(stratum, weights=np.exp(weight)), scenarios / drawn.groups)
    assert kstest(points[:, 1], "uniform").pvalue > 0.001


def test_many_scenarios_have_no_more_strata_and_few_have_fewer() -> None:
    assert [StratifiedPoints(1, scenarios, NAMES).groups for scenarios in (1, 7, 40, 10**6)] == [1, 1, 10, STRATA]


@pytest.mark.parametrize("source", [SobolPoints(5, 40_000, NAMES), StratifiedPoints(5, 40_000, NAMES)])
def test_a_scenario_alone_is_as_among_others(source: SobolPoints | StratifiedPoints) -> None:
    together, weight = source(4096, 4096)
    for number in (4096, 5001, 8191):
        alone, own = source(number, 1)
        assert np.array_equal(alone[0], together[number - 4096])
        assert own[0] == weight[number - 4096]


@pytest.mark.parametrize("kind", [SobolPoints, StratifiedPoints])
def test_another_seed_gives_other_points(kind: type) -> None:
    assert not np.any(kind(1, 4096, NAMES)(0, 64)[0] == kind(2, 4096, NAMES)(0, 64)[0])
