"""The loss distribution: by hand, against its own moments, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom
from slow_losses import slow_losses

import clo

pytestmark = pytest.mark.compiled


def uneven(count, seed=1):
    draw = np.random.default_rng(seed)
    return np.floor(draw.lognormal(17.0, 1.0, count)), draw.uniform(0.005, 0.15, count), draw.uniform(0.3, 0.9, count)


def test_two_independent_loans_by_hand():
    losses = clo.loss_distribution([100.0, 50.0], [0.1, 0.2], 1.0, correlation=0.0)
    assert_allclose(losses.grid, [0.0, 50.0, 100.0, 150.0])
    assert_allclose(losses.pmf, [0.72, 0.18, 0.08, 0.02], rtol=1e-13)
    assert losses.mean == pytest.approx(20.0, rel=1e-14)
    assert losses.std == pytest.approx(np.sqrt(100.0**2 * 0.09 + 50.0**2 * 0.16), rel=1e-12)
    assert losses.quantile([0.0, 0.72, 0.9, 0.9001, 0.98, 1.0]).tolist() == [0.0, 0.0, 50.0, 100.0, 100.0, 150.0]
    assert losses.expected_shortfall(0.95) == pytest.approx((0.02 * 150 + 0.03 * 100) / 0.05, rel=1e-12)
    assert losses.expected_shortfall(0.0) == pytest.approx(20.0, rel=1e-12)
    assert losses.expected_shortfall([0.99])[0] == pytest.approx(150.0, rel=1e-12)


def test_equal_losses_share_a_grid_point():
    losses = clo.loss_distribution([10.0, 10.0, 20.0], 0.5, 1.0, correlation=0.0)
    assert losses.grid.tolist() == pytest.approx([0.0, 10.0, 20.0, 30.0, 40.0])
    assert_allclose(losses.pmf, np.array([1, 2, 2, 2, 1]) / 8.0, rtol=1e-12)


def test_equal_obligors_are_binomial_where_nothing_is_shared():
    losses = clo.loss_distribution(np.full(100, 1e6), 0.04, 0.5, correlation=0.0)
    assert losses.unit == pytest.approx(5e5)
    assert losses.grid_std == 0.0
    assert_allclose(losses.pmf, binom.pmf(np.arange(len(losses.pmf)), 100, 0.04), rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize("degrees", [None, 4.0])
def test_every_subset_of_few_obligors(degrees):
    exposure, chance, lgd = uneven(5)
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=0.2, degrees=degrees)
    slow, probability = slow_losses(exposure, chance, lgd, 0.2, degrees)
    order = np.argsort(slow)
    assert_allclose(losses.grid, slow[order] * exposure.sum(), rtol=1e-12)
    assert_allclose(losses.pmf, probability[order], rtol=0, atol=1e-12 if degrees is None else 1e-8)


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.4])
def test_a_chosen_grid_keeps_the_mean_and_almost_the_spread(rho):
    exposure, chance, lgd = uneven(150)
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=rho)
    assert losses.pmf.sum() == pytest.approx(1.0, abs=1e-13)
    assert losses.pmf.min() >= 0.0
    assert losses.mean == pytest.approx(exposure @ (chance * lgd), rel=1e-13)
    assert losses.grid @ losses.pmf == pytest.approx(losses.mean, rel=1e-12)
    spread = np.sqrt(np.square(losses.grid - losses.mean) @ losses.pmf)
    assert spread == pytest.approx(np.hypot(losses.std, losses.grid_std), rel=1e-9)
    assert 0.0 < losses.grid_std < 0.011 * losses.std


def test_the_grid_hardly_moves_quantiles_and_tails():
    exposure, chance, lgd = uneven(200)
    fine = clo.loss_distribution(exposure, chance, lgd, correlation=0.15, unit=exposure.sum() / 50_000)
    chosen = clo.loss_distribution(exposure, chance, lgd, correlation=0.15)
    levels = [0.5, 0.9, 0.99, 0.999]
    assert_allclose(chosen.quantile(levels), fine.quantile(levels), rtol=0, atol=2.0 * chosen.unit)
    assert_allclose(chosen.expected_shortfall(levels), fine.expected_shortfall(levels), rtol=2e-4)


def test_a_unit_of_the_user_s():
    exposure, chance, lgd = uneven(150)
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=0.2, unit=1e7)
    assert losses.unit == pytest.approx(1e7)
    assert_allclose(np.diff(losses.grid), 1e7, rtol=1e-9)
    assert losses.grid @ losses.pmf == pytest.approx(losses.mean, rel=1e-12)


def test_tranches_of_the_distribution_are_those_of_the_tranche_function():
    exposure, chance, lgd = uneven(150)
    points = np.array([0.0, 0.02, 0.08, 1.0])
    losses = clo.loss_distribution(exposure, chance, lgd, correlation=0.2)
    told = clo.expected_tranche_loss(exposure, chance, lgd, points, correlation=0.2)
    capped = np.minimum(losses.grid / losses.exposure, points[:, None]) @ losses.pmf
    assert_allclose(np.diff(capped) / np.diff(points), told["expected_loss"], atol=1e-4)


def test_threads_change_no_bit(monkeypatch):
    exposure, chance, lgd = uneven(80)
    first = clo.loss_distribution(exposure, chance, lgd, correlation=0.2)
    monkeypatch.setattr("clo.analytics.losses.recursion.threads_of_machine", lambda: 1)
    assert_array_equal(clo.loss_distribution(exposure, chance, lgd, correlation=0.2).pmf, first.pmf)


def test_nothing_to_lose():
    losses = clo.loss_distribution([1.0, 2.0], 0.1, 0.0, correlation=0.2)
    assert (losses.grid.tolist(), losses.pmf.tolist(), losses.mean, losses.std) == ([0.0], [1.0], 0.0, 0.0)
    assert losses.quantile(0.999) == losses.expected_shortfall(0.999) == 0.0


def test_each_horizon_has_its_distribution():
    exposure, chance, lgd = uneven(20)
    pds = np.stack((chance, 1.0 - (1.0 - chance) ** 3))
    told = clo.loss_distributions(exposure, pds, lgd, correlation=0.2)
    for each, row in zip(told, pds, strict=True):
        alone = clo.loss_distribution(exposure, row, lgd, correlation=0.2)
        assert_array_equal(each.grid, alone.grid)
        assert_array_equal(each.pmf, alone.pmf)
    assert (len(told), len(clo.loss_distributions(exposure, chance, lgd, correlation=0.2))) == (2, 1)
    with pytest.raises(clo.InputError) as raised:
        clo.loss_distributions(exposure, pds * 40.0, lgd, correlation=1.0, accuracy=1.0)
    assert codes(raised) == ["E-Q003", "E-Q004", "E-Q010"]


def test_it_shows_itself():
    losses = clo.loss_distribution([100.0, 50.0], [0.1, 0.2], 1.0, correlation=0.0)
    assert repr(losses) == "<LossDistribution: mean 13.33%, std 24.04% of 150>"
    shown = losses._repr_html_()
    assert "<th>Expected shortfall 99.0%</th><td>150</td><td>100.00%</td>" in shown


def codes(raised):
    return [finding.code for finding in raised.value.findings]


def test_every_problem_is_told_at_once():
    with pytest.raises(clo.InputError) as raised:
        clo.expected_tranche_loss(
            [1.0, -2.0, np.nan], [0.1, 2.0, 0.3, 0.1], "all", (0.0, 0.5, 0.2), correlation=1.0, degrees=0.9, unit=0.0,
            method="guess", accuracy=5.0, diversity=0.5,
        )  # fmt: skip
    found = ["E-Q001", "E-Q005", "E-Q002", "E-Q003", "E-Q004", "E-Q007", "E-Q008", "E-Q006", "E-Q010", "E-Q011", "E-Q009"]
    assert codes(raised) == found
    exposure = raised.value.findings[found.index("E-Q002")]
    assert (exposure.count, exposure.who, exposure.value) == (2, "obligor 1", "-2.0")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exposure": []}, "E-Q001"),
        ({"exposure": [[1.0, 2.0]]}, "E-Q001"),
        ({"exposure": [1.0, np.inf]}, "E-Q002"),
        ({"pd": [[[0.1, 0.1]]]}, "E-Q001"),
        ({"pd": [0.1, -0.1]}, "E-Q003"),
        ({"pd": np.nan}, "E-Q003"),
        ({"lgd": [0.1, 1.1]}, "E-Q003"),
        ({"lgd": [0.1]}, "E-Q005"),
        ({"correlation": [0.1, 1.0]}, "E-Q004"),
        ({"correlation": -0.1}, "E-Q004"),
        ({"degrees": float("nan")}, "E-Q007"),
        ({"degrees": float("inf")}, "E-Q007"),
        ({"degrees": "6"}, "E-Q007"),
        ({"unit": -1.0}, "E-Q008"),
        ({"unit": 1e-9}, "E-Q013"),
        ({"attachments": (0.0,)}, "E-Q006"),
        ({"attachments": (0.0, 0.0, 1.0)}, "E-Q006"),
        ({"attachments": (0.0, 3.0)}, "E-Q006"),
        ({"attachments": "none"}, "E-Q006"),
        ({"method": "large_pool", "correlation": 0.0}, "E-Q012"),
        ({"method": "recursion", "diversity": 10.0}, "E-Q011"),
    ],
)
def test_a_bad_argument_is_told(changed, code):
    given = {"exposure": [1.0, 2.0], "pd": 0.1, "lgd": 0.5, "attachments": (0.0, 0.1, 1.0), "correlation": 0.2} | changed
    with pytest.raises(clo.InputError) as raised:
        clo.expected_tranche_loss(**given)
    assert codes(raised) == [code]


def test_obligors_are_told_by_their_names_and_must_come_in_one_order():
    exposure = pd.Series([1.0, -2.0], index=["A-1", "B-7"])
    with pytest.raises(clo.InputError) as raised:
        clo.loss_distribution(exposure, pd.Series([0.1, 0.2], index=["B-7", "A-1"]), 0.5, correlation=0.1)
    assert codes(raised) == ["E-Q005", "E-Q002"]
    assert raised.value.findings[1].who == "obligor B-7"


@pytest.mark.parametrize("level", [-0.1, 1.1, np.nan, "high", [0.5, 2.0]])
def test_a_level_is_a_probability(level):
    losses = clo.loss_distribution([1.0, 2.0], 0.1, 0.5, correlation=0.2)
    for ask in (losses.quantile, losses.expected_shortfall):
        with pytest.raises(clo.InputError) as raised:
            ask(level)
        assert codes(raised) == ["E-Q014"]
    with pytest.raises(clo.InputError):
        losses.expected_shortfall(1.0)


def test_a_distribution_has_one_horizon_and_diversity_an_industry_for_each():
    with pytest.raises(clo.InputError) as raised:
        clo.loss_distribution([1.0, 2.0], [[0.1, 0.1], [0.2, 0.2]], 0.5, correlation=0.2)
    assert codes(raised) == ["E-Q001"]
    with pytest.raises(clo.InputError) as raised:
        clo.diversity_score([1.0, -2.0], ["a", None])
    assert codes(raised) == ["E-Q002", "E-Q015"]
    with pytest.raises(clo.InputError) as raised:
        clo.diversity_score(pd.Series([1.0, 2.0], index=["A-1", "B-7"]), pd.Series(["a", "b"], index=["B-7", "A-1"]))
    assert codes(raised) == ["E-Q005"]
