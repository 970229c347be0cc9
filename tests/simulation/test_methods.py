"""Methods of variance reduction: no bias, honest errors, the same bits however they are run, and any scenario again."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import simulated
from bullets import ATTACH, bullet_deal, bullet_loans
from numpy.testing import assert_allclose
from scipy.stats import binomtest

import clo
from clo.scenarios.importance import DEFENCE
from clo.scenarios.reduced import Method
from clo.simulation.blocks import Engine
from clo.simulation.control import controlled, expected_pool_loss
from clo.simulation.errors import beyond, means
from clo.simulation.reducing import draws_by
from clo.simulation.simulating import assumptions_of, prepared, simulate, staged
from clo.tape.loans import Loans

pytestmark = pytest.mark.compiled

METHODS: tuple[Method, ...] = ("plain", "stratified", "sobol", "importance")
REDUCED = METHODS[1:]
LOANS = bullet_loans(80)
SCENARIOS = 2048


@cache
def engine(degrees: float | None = None, industry: bool = False) -> Engine:
    correlation = {"market": 0.1, "industry": 0.1} if industry else 0.15
    more = {} if degrees is None else {"degrees": degrees}
    deal = bullet_deal(LOANS, correlation, **more)
    return prepared(staged(deal, LOANS, "base", None, {}, 1), assumptions_of(deal, None), 1)[0]


@cache
def truth(degrees: float | None) -> np.ndarray:
    """Expected losses by the semi-analytic distribution, senior first."""
    frame = LOANS.frame
    found = clo.expected_tranche_loss(
        frame["current_balance"].to_numpy(),
        frame["pd_1y"].to_numpy(),
        np.full(len(frame), 0.6),
        (0.0, *ATTACH, 1.0),
        correlation=0.15,
        degrees=degrees,
    )
    return found["expected_loss"].to_numpy()[::-1]


@cache
def fifty(method: Method, degrees: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """(means, standard errors, effective scenarios [seed, j], width of the interval) of 50 seeds."""
    run = engine(degrees)
    found = []
    for seed in range(50):
        run.draws = draws_by(method, run, {"loans": LOANS}, seed, SCENARIOS, 1)
        outcomes = run.run(0, SCENARIOS)
        found.append(means(outcomes.loss / run.sizes[:, None], np.exp(outcomes.log_weight), run.draws.errors, run.draws.groups))
    mean, error = np.array([one.mean for one in found]), np.array([one.standard_error for one in found])
    return mean, error, np.array([one.effective(SCENARIOS) for one in found]), found[0].wide


@pytest.mark.parametrize("degrees", [None, 5.0])
@pytest.mark.parametrize("method", METHODS)
def test_intervals_hold_the_semi_analytic_loss_as_often_as_they_say(method: Method, degrees: float | None) -> None:
    """95 % of 50 seeds, as far as chance goes; of the senior, which few plain scenarios hit, only by importance sampling."""
    mean, error, _, wide = fifty(method, degrees)
    held = (np.abs(mean - truth(degrees)) <= wide * error).sum(axis=0)
    for tranche in range(3) if method == "importance" else (1, 2):
        assert binomtest(int(held[tranche]), 50, 0.95, alternative="less").pvalue > 1e-3


@pytest.mark.parametrize("degrees", [None, 5.0])
@pytest.mark.parametrize("method", METHODS)
def test_no_method_is_biased(method: Method, degrees: float | None) -> None:
    """The mean of 50 seeds is the semi-analytic loss, and standard errors are as wide as the seeds differ."""
    mean, error, _, _ = fifty(method, degrees)
    spread = mean.std(axis=0, ddof=1)
    assert np.all(np.abs(mean.mean(axis=0) - truth(degrees)) < 4.0 * spread / np.sqrt(50))
    rare = 0 if method == "importance" else 1
    assert_allclose(np.sqrt((error**2).mean(axis=0))[rare:], spread[rare:], rtol=0.35)


def test_a_method_is_worth_more_scenarios() -> None:
    """By the variance of 50 seeds: strata and Sobol for losses that are common, importance sampling for those that are rare."""
    plain = fifty("plain", None)[0].var(axis=0, ddof=1)
    for method in ("stratified", "sobol"):
        assert np.all(plain[1:] / fifty(method, None)[0].var(axis=0, ddof=1)[1:] > 1.8)
    assert (plain / fifty("importance", None)[0].var(axis=0, ddof=1))[0] > 40.0
    assert np.median(fifty("importance", None)[2][:, 0]) > 40.0 * SCENARIOS
    assert np.median(fifty("importance", 5.0)[2][:, 0]) > 20.0 * SCENARIOS


@pytest.mark.parametrize("degrees", [None, 5.0])
def test_weights_average_to_one_and_are_bounded(degrees: float | None) -> None:
    run = engine(degrees)
    run.draws = draws_by("importance", run, {"loans": LOANS}, 3, 20_000, 1)
    weight = np.exp(run.draws(0, 20_000).log_weight)
    assert weight.mean() == pytest.approx(1.0, abs=0.01)
    assert weight.max() <= 1.0 / DEFENCE + 1e-9
    assert weight.min() < 0.1


@pytest.mark.parametrize("method", REDUCED)
def test_several_factors_keep_their_law(method: Method) -> None:
    """Weighted means, variances and products of five factors, market and four industries, by importance sampling too."""
    run = engine(industry=True)
    run.draws = draws_by(method, run, {"loans": LOANS}, 1, 60_000, 1)
    common = run.draws(0, 60_000)
    weight, factors = np.exp(common.log_weight), common.factors
    assert factors.shape[1] == 5
    assert_allclose((weight @ factors) / 60_000, 0.0, atol=0.03)
    assert_allclose((weight[:, None] * factors).T @ factors / 60_000, np.eye(5), atol=0.06)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_bits_for_any_threads_and_blocks(method: Method) -> None:
    deal = bullet_deal(LOANS)
    one, two = (simulate(deal, 6000, 7, loans=LOANS, method=method, threads=threads) for threads in (1, 2))
    assert np.array_equal(one.tally.losses, two.tally.losses)
    assert np.array_equal(one.tally.log_weights, two.tally.log_weights)
    run = one.engine
    whole = run.run(4096, 256)
    run.block = 36
    parts = run.run(4096, 256)
    assert np.array_equal(whole.loss, parts.loss)
    assert np.array_equal(run.draws(4099, 1).factors[0], run.draws(4096, 256).factors[3])


@pytest.mark.parametrize("method", METHODS)
def test_a_scenario_again_is_the_one_of_the_batch(method: Method) -> None:
    found = simulate(bullet_deal(LOANS), 4200, 2, loans=LOANS, method=method)
    worst = int(np.argmax(found.losses("mezzanine")))
    for number in (worst, 4199):
        replayed = found.replay(number)
        assert replayed.ok
        told = replayed.summary.set_index("tranche")["loss"] / [*replayed.summary["original"]]
        assert_allclose([found.losses(name)[number] for name in found.names], told[list(found.names)], atol=1e-6)


def test_results_name_the_method_and_what_it_is_worth() -> None:
    found = simulate(bullet_deal(LOANS), 8192, 2, loans=LOANS, method="importance")
    assert set(found.tranches["method"]) == {"importance"} == {found.manifest["method"]}
    assert found.tranches["effective_scenarios"].iloc[0] > 40.0 * 8192
    assert "W-M021" not in {one.code for one in found.findings}
    plain = simulate(bullet_deal(LOANS), 4096, 2, loans=LOANS)
    assert_allclose(plain.tranches["effective_scenarios"], 4096.0)
    assert "W-M021" in {one.code for one in plain.findings}


@pytest.mark.parametrize("words", [{"method": "quasi"}, {"method": "sobol", "draws": lambda model, seed: model.draws(seed)}])
def test_another_word_is_no_method_and_draws_stand_alone(words: dict[str, object]) -> None:
    with pytest.raises(clo.InputError) as caught:
        simulate(bullet_deal(LOANS), 100, 1, loans=LOANS, **words)  # type: ignore[arg-type]
    assert [one.code for one in caught.value.findings] == ["E-M018"]


def test_errors_of_strata_and_randomisations_by_hand() -> None:
    losses = np.array([[0.0, 1.0, 2.0, 5.0, 4.0, 3.0, 2.0]])
    strata = means(losses, None, "strata", 2)  # 0 2 4 2 and 1 5 3
    assert strata.mean[0] == pytest.approx(17.0 / 7.0)
    assert strata.standard_error[0] == pytest.approx(
        np.sqrt(4 * np.var([0, 2, 4, 2], ddof=1) + 3 * np.var([1, 5, 3], ddof=1)) / 7
    )
    runs = means(losses, None, "replicates", 2)
    assert runs.standard_error[0] == pytest.approx(np.std([2.0, 3.0], ddof=1) / np.sqrt(2))
    assert runs.wide == pytest.approx(12.706, abs=1e-3)
    alone = means(losses, np.full(7, 1.0), "independent", 1)
    assert alone.standard_error[0] == pytest.approx(losses.std(ddof=1) / np.sqrt(7))
    assert alone.effective(7)[0] == pytest.approx(7.0)
    assert beyond(losses[0], None, 3.0) == 3.0
    assert beyond(losses[0], np.array([1.0, 1.0, 1.0, 4.0, 1.0, 1.0, 1.0]), 3.0) == pytest.approx(36.0 / 18.0)


# ---- control variate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [None, 5.0])
def test_the_expected_loss_of_the_pool_is_that_of_its_loans(degrees: float | None) -> None:
    frame = LOANS.frame
    assert expected_pool_loss(engine(degrees)) == pytest.approx(float(0.6 * frame["current_balance"] @ frame["pd_1y"]), rel=1e-9)


def test_the_expected_loss_of_a_pool_that_amortises_and_recovers_late(deals: Path) -> None:
    """Of a deal with loans of many kinds: within four standard errors of the mean of many scenarios."""
    found = simulate(clo.load_deal(deals / "purchase-08.yaml"), 20_000, 3)
    losses = found.pool_losses
    assert abs(losses.mean() - expected_pool_loss(found.engine)) < 4.0 * losses.std() / np.sqrt(20_000)


def test_the_expected_loss_of_a_pool_with_deposits_set_off() -> None:
    """Within four standard errors of many scenarios, which are far less than what deposits make of it."""
    frame = simulated.frame()
    loans = Loans.from_frame(frame.assign(deposit_setoff=0.3 * frame["current_balance"]), check=False)
    expected = []
    for setoff in ("recovered", "lost"):
        fields = {"setoff": setoff, "recovery_timing": [0.5, 0.3, 0.2], "recovery_cost": 0.05, "recovery_lag": 3}
        found = simulate(simulated.deal(), 20_000, 3, loans=loans, method="stratified", threads=1, **fields)
        expected.append(expected_pool_loss(found.engine) or 0.0)
        error = means(found.pool_losses[None], None, "strata", found.engine.draws.groups).standard_error[0]
        assert abs(found.pool_losses.mean() - expected[-1]) < 4.0 * error
    assert expected[1] - expected[0] > 20.0 * error


def test_a_control_of_strata_goes_by_what_varies_within_them() -> None:
    """Losses that rise with the pool's within each stratum, and fall with it from one to the next."""
    rng = np.random.default_rng(6)
    stratum, own = np.arange(800) % 4, rng.standard_normal(800)
    pool, losses = own - 5.0 * stratum, (2.0 * own + stratum + 0.1 * rng.standard_normal(800))[None]
    run = SimpleNamespace(draws=SimpleNamespace(errors="strata", groups=4))
    told = controlled(losses, None, pool, -7.5, cast(Engine, run))
    best = means(losses - 2.0 * (pool + 7.5), None, "strata", 4)
    assert told.standard_error[0] == pytest.approx(best.standard_error[0], rel=0.01)
    assert told.mean[0] == pytest.approx(1.5, abs=4.0 * best.standard_error[0])


@pytest.mark.parametrize("method", ["plain", "stratified"])
def test_a_control_narrows_junior_losses_without_a_bias(method: Method) -> None:
    miss, gain = [], []
    for seed in range(40):
        found = simulate(bullet_deal(LOANS), 1024, seed, loans=LOANS, method=method, threads=1)
        told = found.controlled()
        miss.append((told["expected_loss"][2] - truth(None)[2]) / told["standard_error"][2])
        gain.append(told["effective_scenarios"].to_numpy() / found.tranches["effective_scenarios"].to_numpy())
    assert abs(np.mean(miss)) < 4.0 / np.sqrt(40)
    assert 0.6 < np.std(miss) < 1.5
    assert np.nanmedian(gain, axis=0)[2] > 1.5
    assert np.nanmedian(gain, axis=0)[0] < 1.5


def test_a_recovery_that_varies_has_no_control() -> None:
    found = simulate(bullet_deal(LOANS, recovery={"spread": 0.5, "market": 0.2}), 256, 1, loans=LOANS)
    with pytest.raises(clo.InputError, match="E-M019"):
        found.controlled()


# ---- edges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", REDUCED)
@pytest.mark.parametrize("changed", [{"correlation": 0.0}, {"pd": 0.0}, {"pd": 1.0}, {"degrees": 2.5, "correlation": 0.0}])
def test_pools_without_a_direction_or_a_doubt_are_drawn_too(method: Method, changed: dict[str, float]) -> None:
    found = simulate(bullet_deal(LOANS), 600, 4, loans=LOANS, method=method, simulation=changed)
    assert found.ok
    lost = found.tranches[found.tally.hits > 0.0]
    assert np.isfinite(lost[["expected_loss", "standard_error", "effective_scenarios"]]).all(axis=None)
    assert np.isfinite(found.tranches[["expected_loss", "lower", "upper"]]).all(axis=None)
    if "pd" in changed:
        loss = 0.6 * changed["pd"]
        assert found.pool_losses == pytest.approx(loss * LOANS.frame["current_balance"].sum())


@pytest.mark.parametrize("method", METHODS)
def test_one_scenario_is_enough_to_run(method: Method) -> None:
    assert len(simulate(bullet_deal(LOANS), 1, 4, loans=LOANS, method=method).losses("senior")) == 1
