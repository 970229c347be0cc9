"""Expected tranche losses: against every subset of small pools, closed forms, and what must hold of any pool."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom, norm
from slow_losses import slow_losses, slow_tranches

import clo
from clo.analytics.losses import lattice

pytestmark = pytest.mark.compiled

COLUMNS = ["expected_loss", "prob_hit", "loss_given_hit"]
POINTS = (0.0, 0.03, 0.07, 0.15, 0.4, 1.0)


def assert_agree(told, slow, atol=1e-12):
    """Expected loss and probability; their ratio as far as the smaller of them says anything."""
    assert_allclose(told[COLUMNS[:2]].to_numpy(), slow[:, :2], rtol=0, atol=atol)
    likely = slow[:, 1] > 1e-6
    assert_allclose(told[COLUMNS[2]].to_numpy()[likely], slow[likely, 2], rtol=0, atol=atol * 1e6)


def pool(count, seed, sigma=1.0):
    """Uneven exposures, PDs of 10% on average, uneven LGDs."""
    draw = np.random.default_rng(seed)
    pd = draw.lognormal(0.0, 0.6, count)
    return draw.lognormal(0.0, sigma, count), np.minimum(0.1 * pd / pd.mean(), 0.9), draw.uniform(0.3, 0.9, count)


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.35])
def test_every_subset_of_eight_uneven_obligors(rho):
    exposure, pd, lgd = pool(8, 1)
    told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho)
    assert_agree(told, slow_tranches(*slow_losses(exposure, pd, lgd, rho), POINTS))


def test_every_subset_with_a_correlation_for_each():
    exposure, pd, lgd = pool(8, 2)
    rho = np.linspace(0.0, 0.5, 8)
    told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho)
    assert_agree(told, slow_tranches(*slow_losses(exposure, pd, lgd, rho), POINTS))


@pytest.mark.parametrize("degrees", [1.0, 3.0, 8.0])
def test_every_subset_under_student_t(degrees):
    exposure, pd, lgd = pool(5, 3)
    told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, degrees=degrees)
    assert_agree(told, slow_tranches(*slow_losses(exposure, pd, lgd, 0.2, degrees), POINTS), atol=1e-9)


def test_whole_units_are_exact_beyond_the_subsets():
    """Seventeen obligors whose losses are whole multiples of 30: on a grid of 30, chosen or given."""
    exposure = np.arange(1, 18) * 100.0
    pd, rho = np.linspace(0.01, 0.2, 17), 0.15
    slow = slow_tranches(*slow_losses(exposure, pd, 0.3, rho), POINTS)
    for unit in (None, 30.0, 10.0):
        told = clo.expected_tranche_loss(exposure, pd, 0.3, POINTS, correlation=rho, unit=unit)
        assert_agree(told, slow)
        assert told.attrs["unit"] == pytest.approx(unit or 30.0)


@pytest.mark.parametrize(("count", "sigma"), [(17, 1.0), (18, 0.3)])
def test_uneven_losses_on_a_grid_are_as_accurate_as_asked(count, sigma):
    exposure, pd, lgd = pool(count, 4, sigma)
    losses, probability = slow_losses(exposure, pd, lgd, 0.2)
    slow = slow_tranches(losses, probability, POINTS)
    for accuracy in (1e-5, 1e-7):
        told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, accuracy=accuracy)
        assert_allclose(told["expected_loss"], slow[:, 0], rtol=0, atol=accuracy)
        assert told.attrs["error"] <= accuracy


@pytest.mark.parametrize("seed", range(6))
def test_the_accuracy_holds_for_larger_pools(seed):
    """Against a grid and nodes that are much finer."""
    count, rho = int(np.random.default_rng(seed).integers(30, 400)), (0.02, 0.1, 0.2, 0.35, 0.5, 0.8)[seed]
    exposure, pd, lgd = pool(count, seed, 1.2)
    fine = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho, accuracy=1e-9)
    for accuracy in (1e-4, 1e-6):
        told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho, accuracy=accuracy)
        assert_allclose(told["expected_loss"], fine["expected_loss"], rtol=0, atol=accuracy)


def test_a_given_unit_errs_with_its_fourth_power():
    exposure, pd, lgd = pool(300, 7, 0.5)
    fine = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.1, accuracy=1e-10)
    steps = exposure.sum() / np.array([250.0, 500.0, 1000.0])
    told = [clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.1, unit=step, accuracy=1e-3) for step in steps]
    errors = [np.abs(each["expected_loss"] - fine["expected_loss"]).max() for each in told]
    assert errors[0] / errors[1] > 12.0
    assert errors[1] / errors[2] > 12.0


@pytest.mark.parametrize("method", ["recursion", "large_pool", "binomial"])
@pytest.mark.parametrize("degrees", [None, 5.0])
def test_tranches_lose_what_the_pool_loses(method, degrees):
    exposure, pd, lgd = pool(60, 5)
    told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, method=method, degrees=degrees)
    lost = told["expected_loss"] @ (told["detach"] - told["attach"])
    assert lost == pytest.approx(exposure @ (pd * lgd) / exposure.sum(), rel=1e-12)


def test_order_and_money_and_threads_change_nothing(monkeypatch):
    exposure, pd, lgd = pool(120, 6)
    rho = np.linspace(0.05, 0.3, 120)
    first = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho)
    turned = np.random.default_rng(0).permutation(120)
    again = clo.expected_tranche_loss(exposure[turned], pd[turned], lgd[turned], POINTS, correlation=rho[turned])
    assert_allclose(again[COLUMNS[:2]], first[COLUMNS[:2]], rtol=1e-12, atol=1e-14)
    richer = clo.expected_tranche_loss(exposure * 1024.0, pd, lgd, POINTS, correlation=rho)
    assert_array_equal(richer[COLUMNS], first[COLUMNS])
    for threads in (1, 3):
        monkeypatch.setattr("clo.analytics.losses.recursion.threads_of_machine", lambda count=threads: count)
        assert_array_equal(clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho)[COLUMNS], first[COLUMNS])
    assert first.attrs["nodes"] > lattice.CHUNK


def test_what_is_certain_and_what_cannot_be():
    """A loss that is certain takes every tranche below it; nothing is lost without default or loss given default."""
    certain = clo.expected_tranche_loss([1.0, 1.0], [1.0, 0.0], 0.5, (0.0, 0.1, 0.25, 0.5, 1.0), correlation=0.3)
    assert certain["expected_loss"].tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0], abs=1e-12)
    assert certain["prob_hit"].tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0], abs=1e-12)
    assert certain["loss_given_hit"].isna().tolist() == [False, False, True, True]
    for pd, lgd in ((0.0, 0.5), (0.1, 0.0)):
        nothing = clo.expected_tranche_loss(pool(40, 1)[0], pd, lgd, (0.0, 0.1, 1.0), correlation=0.3)
        assert (nothing[["expected_loss", "prob_hit"]] == 0.0).all(axis=None)


@pytest.mark.parametrize("degrees", [None, 4.0])
def test_a_tranche_above_every_possible_loss_is_never_hit(degrees):
    told = clo.expected_tranche_loss(np.ones(40), 0.05, 0.5, (0.0, 0.2, 0.5, 0.6, 1.0), correlation=0.2, degrees=degrees)
    assert (told["expected_loss"][2:] == 0.0).all()
    assert (told["prob_hit"][2:] == 0.0).all()


def test_defaults_that_are_all_but_impossible():
    """The first tranche bears what there is."""
    exposure = pool(40, 12)[0]
    told = clo.expected_tranche_loss(exposure, 1e-11, 0.5, (0.0, 0.2, 1.0), correlation=0.1)
    assert told["expected_loss"][0] == pytest.approx(1e-11 * 0.5 / 0.2, rel=0.01)


def test_independent_equal_obligors_are_binomial():
    count, pd = 40, 0.07
    told = clo.expected_tranche_loss(np.ones(count), pd, 1.0, (0.0, 0.05, 0.1, 1.0), correlation=0.0)
    losses, chance = np.arange(count + 1) / count, binom.pmf(np.arange(count + 1), count, pd)
    assert_allclose(told[COLUMNS].to_numpy(), slow_tranches(losses, chance, (0.0, 0.05, 0.1, 1.0)), rtol=1e-11)


def test_horizons_are_rows_of_pds():
    exposure, pd, lgd = pool(50, 8)
    both = clo.expected_tranche_loss(exposure, np.stack((0.5 * pd, pd)), lgd, POINTS, correlation=0.2)
    assert both["horizon"].tolist() == [1] * 5 + [2] * 5
    late = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2)
    assert_array_equal(both[both["horizon"] == 2][COLUMNS], late[COLUMNS])


def test_more_correlation_helps_equity_and_hurts_senior():
    exposure, pd, lgd = pool(200, 9)
    told = [clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=rho) for rho in (0.05, 0.15, 0.3, 0.6)]
    assert (np.diff([each["expected_loss"].iloc[0] for each in told]) < 0).all()
    assert (np.diff([each["expected_loss"].iloc[-1] for each in told]) > 0).all()


def test_the_large_pool_is_vasicek_s_limit_with_its_correction():
    """E(L - K)+ of the limit by integrating P(L > K); half of variance x density added; derivatives by differences."""
    pd, rho, lgd, count, point, d = 0.05, 0.2, 0.6, 400, 0.08, 1e-5

    def beyond(loss):
        return norm.cdf((norm.ppf(pd) - np.sqrt(1.0 - rho) * norm.ppf(loss / lgd)) / np.sqrt(rho))

    def correction(loss):
        return 0.5 * loss * (lgd - loss) / count * (beyond(loss - d) - beyond(loss + d)) / (2.0 * d)

    x, w = np.polynomial.legendre.leggauss(400)
    excess = 0.5 * (lgd - point) * w @ beyond(0.5 * (lgd - point) * (x + 1.0) + point) + correction(point)
    hit = beyond(point) - (correction(point + d) - correction(point - d)) / (2.0 * d)
    told = clo.expected_tranche_loss(np.ones(count), pd, lgd, (0.0, point, 1.0), correlation=rho, method="large_pool")
    assert_allclose(told["expected_loss"], [(pd * lgd - excess) / point, excess / (1.0 - point)], rtol=1e-7)
    assert told["prob_hit"].tolist() == pytest.approx([1.0, hit], rel=1e-5)


@pytest.mark.parametrize("degrees", [None, 6.0])
def test_the_granularity_adjustment_leaves_a_second_order_error(degrees):
    """Ten times the obligors: a hundredth of the error, where the limit alone leaves a tenth."""
    errors = []
    for count in (40, 400):
        pool_of = {"exposure": np.ones(count), "pd": 0.05, "lgd": 1.0, "attachments": (0.0, 0.08, 1.0), "degrees": degrees}
        told = [clo.expected_tranche_loss(**pool_of, correlation=0.2, method=method) for method in ("recursion", "large_pool")]
        errors.append(np.abs(told[0]["expected_loss"] - told[1]["expected_loss"]).max())
    assert errors[0] / errors[1] > 30.0


def test_the_binomial_expansion_takes_a_given_score():
    exposure, pd, lgd = pool(60, 10)
    told = clo.expected_tranche_loss(exposure, pd, lgd, (0.0, 0.1, 1.0), correlation=0.2, method="binomial", diversity=12.7)
    most, mean = exposure @ lgd / exposure.sum(), exposure @ (lgd * pd) / exposure.sum()
    losses, chance = np.arange(13) / 12 * most, binom.pmf(np.arange(13), 12, mean / most)
    assert_allclose(told["expected_loss"], slow_tranches(losses, chance, (0.0, 0.1, 1.0))[:, 0], rtol=1e-12)
    assert told.attrs["diversity"] == 12.7


def test_diversity_counts_an_industry_less_the_more_it_has():
    exposure = [1.0, 1.0, 1.0, 1.0]
    assert clo.diversity_score(exposure, ["a", "b", "c", "d"]) == 4.0
    assert clo.diversity_score(exposure, ["a", "a", "a", "b"]) == 3.0
    assert clo.diversity_score([3.0, 1.0], ["a", "b"]) == 1.5  # the large one counts as 1, the small one as a half


def test_an_accuracy_out_of_reach_is_said():
    exposure, pd, lgd = pool(25, 11)
    with pytest.warns(UserWarning, match="W-Q020"):
        told = clo.expected_tranche_loss(exposure, pd, lgd, POINTS, correlation=0.2, accuracy=1e-12)
    assert told.attrs["error"] > 1e-12
