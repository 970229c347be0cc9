"""Groups with factors of their own: against every subset of small pools, the limits in which they are one factor, and moments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal, norm
from slow_losses import slow_group_losses, slow_tranches
from test_tranche_losses import COLUMNS, POINTS, assert_agree, pool

import clo

pytestmark = pytest.mark.compiled

GROUPS = ["a", "b", "a", "a", "c", "b", "d", "a"]


def test_every_subset_of_eight_uneven_obligors():
    exposure, chance, lgd = pool(8, 1)
    slow = slow_tranches(*slow_group_losses(exposure, chance, lgd, 0.1, GROUPS, 0.2), POINTS)
    told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.1, groups=GROUPS, group_correlation=0.2)
    assert_agree(told, slow)
    one_factor = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.1)
    assert np.abs(told["expected_loss"] - one_factor["expected_loss"]).max() > 1e-3


def test_every_subset_with_a_share_for_each_obligor_or_group():
    exposure, chance, lgd = pool(8, 2)
    rho, shares = np.linspace(0.0, 0.5, 8), {"a": 0.3, "b": 0.0, "c": 0.4, "d": 0.1}
    gamma = np.array([shares[each] for each in GROUPS])
    slow = slow_tranches(*slow_group_losses(exposure, chance, lgd, rho, GROUPS, gamma), POINTS)
    for given in (shares, gamma):
        told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=rho, groups=GROUPS, group_correlation=given)
        assert_agree(told, slow)


def test_every_subset_under_student_t():
    exposure, chance, lgd = pool(3, 3)
    slow = slow_tranches(*slow_group_losses(exposure, chance, lgd, 0.1, ["a", "a", "b"], 0.3, 5.0), POINTS)
    told = clo.expected_tranche_loss(
        exposure, chance, lgd, POINTS, correlation=0.1, degrees=5.0, groups=["a", "a", "b"], group_correlation=0.3
    )
    assert_agree(told, slow, atol=1e-8)


UNEVEN = np.linspace(0.0, 0.3, 14)
"""Shares of the market in which no group has the same beside its own factor, so that both are averaged over one in the other."""


@pytest.mark.parametrize("rho", [0.15, UNEVEN])
def test_whole_units_are_exact_beyond_the_subsets(rho):
    exposure, groups = np.arange(1, 15) * 100.0, np.arange(14) % 3
    chance = np.linspace(0.01, 0.2, 14)
    slow = slow_tranches(*slow_group_losses(exposure, chance, 0.3, rho, groups, 0.1), POINTS)
    told = clo.expected_tranche_loss(exposure, chance, 0.3, POINTS, correlation=rho, groups=groups, group_correlation=0.1)
    assert told.attrs["unit"] == pytest.approx(30.0)
    assert_agree(told, slow)


@pytest.mark.parametrize("rho", [0.15, UNEVEN])
def test_uneven_losses_on_a_grid_are_as_accurate_as_asked(rho):
    exposure, chance, lgd = pool(14, 4)
    shares = {0: 0.1, 1: 0.25, 2: 0.0}
    groups = np.arange(14) % 3
    gamma = np.array([shares[each] for each in groups])
    slow = slow_tranches(*slow_group_losses(exposure, chance, lgd, rho, groups, gamma), POINTS)
    for accuracy in (1e-4, 1e-6):
        told = clo.expected_tranche_loss(
            exposure, chance, lgd, POINTS, correlation=rho, groups=groups, group_correlation=shares, accuracy=accuracy
        )
        assert_allclose(told["expected_loss"], slow[:, 0], rtol=0, atol=accuracy)
        assert told.attrs["error"] <= accuracy


@pytest.mark.parametrize("degrees", [None, 5.0])
@pytest.mark.parametrize("count", [10, 90])
def test_a_factor_without_a_share_is_none(count, degrees):
    given = *pool(count, 5), POINTS
    told = clo.expected_tranche_loss(*given, correlation=0.2, degrees=degrees, groups=np.arange(count) % 4, group_correlation=0.0)
    assert_array_equal(told, clo.expected_tranche_loss(*given, correlation=0.2, degrees=degrees))


@pytest.mark.parametrize("exposure", [pool(10, 6)[0], np.ones(125)])
def test_one_group_of_all_without_a_market_is_one_factor(exposure):
    given = exposure, 0.05, 0.6, POINTS
    told = clo.expected_tranche_loss(*given, correlation=0.0, groups=["all"] * len(exposure), group_correlation=0.3)
    one_factor = clo.expected_tranche_loss(*given, correlation=0.3)
    assert_allclose(told[COLUMNS[:2]], one_factor[COLUMNS[:2]], rtol=0, atol=1e-13)


def test_groups_of_one_obligor_are_their_own_draws():
    given = *pool(40, 7), POINTS
    told = clo.expected_tranche_loss(*given, correlation=0.2, groups=range(40), group_correlation=0.3)
    assert_array_equal(told, clo.expected_tranche_loss(*given, correlation=0.2))


def test_one_group_beside_the_market_is_the_sum_of_both():
    """Two obligors that owe next to nothing are a second group, so that the first is averaged over both factors."""
    exposure, chance, lgd = pool(50, 8)
    exposure[:2] = 1e-9 * exposure[2:].sum()
    told = clo.expected_tranche_loss(
        exposure, chance, lgd, POINTS, correlation=0.1, groups=["b"] * 2 + ["a"] * 48, group_correlation=0.15, accuracy=1e-6
    )
    one_factor = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.25, accuracy=1e-8)
    assert_allclose(told["expected_loss"], one_factor["expected_loss"], rtol=0, atol=1e-6)
    only = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.1, groups=["a"] * 50, group_correlation=0.15)
    assert_array_equal(only, clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.25))


def test_names_of_groups_and_the_order_of_obligors_change_nothing():
    exposure, chance, lgd = pool(60, 9)
    groups, order = np.arange(60) % 5, np.random.default_rng(1).permutation(60)
    told = clo.expected_tranche_loss(exposure, chance, lgd, POINTS, correlation=0.1, groups=groups, group_correlation=0.1)
    again = clo.expected_tranche_loss(
        exposure[order], chance[order], lgd[order], POINTS, correlation=0.1, group_correlation=0.1,
        groups=[f"group {7 - each}" for each in groups[order]],
    )  # fmt: skip
    assert_allclose(told[COLUMNS[:2]], again[COLUMNS[:2]], rtol=0, atol=1e-12)


def test_threads_change_no_bit(monkeypatch):
    given = {"correlation": 0.1, "groups": np.arange(80) % 6, "group_correlation": 0.1}
    first = clo.expected_tranche_loss(*pool(80, 10), POINTS, **given)
    monkeypatch.setattr("clo.analytics.losses.recursion.threads_of_machine", lambda: 1)
    assert_array_equal(clo.expected_tranche_loss(*pool(80, 10), POINTS, **given), first)


def test_the_distribution_has_the_variance_of_pairs():
    """Two obligors default together with the bivariate normal probability of their thresholds."""
    exposure, chance, lgd = pool(9, 11)
    groups, loss = np.arange(9) % 3, exposure * lgd
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=0.1, groups=groups, group_correlation=0.3)
    variance = float(np.square(loss) @ (chance * (1.0 - chance)))
    for i in range(9):
        for j in range(i):
            r = 0.4 if groups[i] == groups[j] else 0.1
            both = multivariate_normal.cdf(norm.ppf([chance[i], chance[j]]), cov=[[1.0, r], [r, 1.0]])
            variance += 2.0 * loss[i] * loss[j] * (both - chance[i] * chance[j])
    assert losses.std == pytest.approx(np.sqrt(variance), rel=1e-7)
    assert losses.mean == pytest.approx(loss @ chance, rel=1e-13)
    assert losses.grid @ losses.pmf == pytest.approx(losses.mean, rel=1e-12)
    assert np.square(losses.grid - losses.mean) @ losses.pmf == pytest.approx(losses.std**2, rel=1e-10)


def test_a_chosen_grid_of_groups_keeps_the_mean_and_almost_the_spread():
    exposure, chance, lgd = pool(120, 12)
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=0.1, groups=np.arange(120) % 4, group_correlation=0.1)
    assert losses.pmf.sum() == pytest.approx(1.0, abs=1e-13)
    assert losses.pmf.min() > -1e-16
    assert losses.grid @ losses.pmf == pytest.approx(losses.mean, rel=1e-10)
    spread = np.sqrt(np.square(losses.grid - losses.mean) @ losses.pmf)
    assert spread == pytest.approx(np.hypot(losses.std, losses.grid_std), rel=1e-8)
    assert 0.0 < losses.grid_std < 0.011 * losses.std


def found(**changed):
    given = {"exposure": [1.0, 2.0, 3.0], "pd": 0.1, "lgd": 0.5, "attachments": (0.0, 0.1, 1.0), "correlation": 0.2}
    with pytest.raises(clo.InputError) as raised:
        clo.expected_tranche_loss(**given | changed)
    return raised.value.findings


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"groups": ["a", "b"], "group_correlation": 0.1}, "E-Q016"),
        ({"groups": ["a", None, "b"], "group_correlation": 0.1}, "E-Q016"),
        ({"groups": "abc", "group_correlation": 0.1}, "E-Q016"),
        ({"groups": 3, "group_correlation": 0.1}, "E-Q016"),
        ({"groups": [["a", "b", "c"]], "group_correlation": 0.1}, "E-Q016"),
        ({"groups": [["a"], ["b"], ["c"]], "group_correlation": {"a": 0.1}}, "E-Q016"),
        ({"groups": ["a", "b", "b"], "group_correlation": 1.0}, "E-Q004"),
        ({"groups": ["a", "b", "b"], "group_correlation": [0.1, -0.1, 0.1]}, "E-Q004"),
        ({"groups": ["a", "b", "b"], "group_correlation": [0.1, 0.1]}, "E-Q005"),
        ({"groups": ["a", "b", "b"], "group_correlation": "some"}, "E-Q001"),
        ({"groups": ["a", "b", "b"], "group_correlation": {"a": 0.1}}, "E-Q018"),
        ({"groups": ["a", "b", "b"], "group_correlation": {"a": 0.1, "b": "some"}}, "E-Q001"),
        ({"groups": ["a", "b", "b"], "group_correlation": 0.8}, "E-Q017"),
        ({"groups": ["a", "b", "b"], "group_correlation": [0.1, 0.8, 0.9]}, "E-Q017"),
        ({"group_correlation": 0.1}, "E-Q018"),
        ({"group_correlation": {"a": 0.1}}, "E-Q018"),
        ({"groups": ["a", "b", "b"], "group_correlation": 0.1, "method": "large_pool"}, "E-Q019"),
        ({"recovery_spread": 0.3, "method": "binomial"}, "E-Q019"),
        ({"recovery_spread": -0.1}, "E-Q021"),
        ({"recovery_spread": 11.0}, "E-Q021"),
        ({"recovery_spread": "wide"}, "E-Q021"),
        ({"recovery_spread": 0.5, "recovery_market": 1.1}, "E-Q022"),
        ({"recovery_spread": 0.5, "recovery_market": float("nan")}, "E-Q022"),
    ],
)
def test_a_bad_argument_is_told(changed, code):
    assert [each.code for each in found(**changed)] == [code]


def test_every_problem_is_told_at_once():
    told = found(groups=["a"], group_correlation=0.9, recovery_spread=-1.0, recovery_market=2.0, pd=2.0)
    assert [each.code for each in told] == ["E-Q021", "E-Q022", "E-Q016", "E-Q003", "E-Q017"]
    (sums,) = found(groups=list("abb"), group_correlation=[0.1, 0.8, 0.9])
    assert (sums.count, sums.who, sums.value) == (2, "obligor 1", "1.0")


def test_groups_come_in_the_order_of_the_obligors():
    exposure = pd.Series([1.0, 2.0], index=["A-1", "B-7"])
    groups = pd.Series(["x", "y"], index=["B-7", "A-1"])
    shares = pd.Series([0.1, 0.2], index=["B-7", "A-1"])
    for given in ({"groups": groups, "group_correlation": 0.1}, {"groups": ["x", "y"], "group_correlation": shares}):
        with pytest.raises(clo.InputError) as raised:
            clo.loss_distribution(exposure, 0.1, 0.5, correlation=0.1, **given)
        assert [each.code for each in raised.value.findings] == ["E-Q005"]
