"""What a simulation tells of each tranche: every figure with an error and an interval that mean what they say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
import simulated
from bullets import ATTACH, bullet_deal, bullet_loans
from numpy.testing import assert_allclose
from scipy.stats import beta, binom, chi2

import clo
from clo.scenarios.reduced import Method
from clo.simulation.blocks import CHUNK
from clo.simulation.errors import by_group
from clo.simulation.intervals import NORMAL, of_mean, of_probability, ranks, unseen
from clo.simulation.quantiles import measured
from clo.simulation.reducing import draws_by
from clo.simulation.result import Simulation
from clo.simulation.simulating import simulate
from clo.simulation.tally import Tally

pytestmark = pytest.mark.compiled
METHODS: tuple[Method, ...] = get_args(Method)
LOANS = bullet_loans(80)
LOSING: dict[str, Any] = {"pd": 0.3, "correlation": 0.3, "lgd": 1.0}
SCENARIOS = 500


@cache
def drawn(method: Method) -> Simulation:
    return simulate(simulated.deal(), SCENARIOS, 5, simulated.loans(), simulation=LOSING, method=method)


def told(sim: Simulation, quantity: str) -> np.ndarray:
    """estimate, standard error, lower, upper of each tranche [4, j]."""
    rows = sim.estimates[sim.estimates["quantity"] == quantity]
    assert rows["tranche"].tolist() == list(sim.names)
    return rows[["estimate", "standard_error", "lower", "upper"]].to_numpy(dtype=float).T


def error_by_hand(values: np.ndarray, sim: Simulation) -> float:
    """Of a mean of weighted values [s]: of independent scenarios, within strata, or of the means of randomisations."""
    draws, n = sim.engine.draws, len(values)
    parts = [values[g :: draws.groups] for g in range(draws.groups)]
    if draws.errors == "replicates":
        return float(np.std([part.mean() for part in parts], ddof=1) / np.sqrt(len(parts)))
    return float(np.sqrt(sum(len(part) * part.var(ddof=1) for part in parts)) / n)


# ---- intervals against their definitions ------------------------------------------------------------------------------


def test_of_a_count_of_rare_losses_the_interval_is_that_of_poisson() -> None:
    count, n = np.array([1.0, 4.0, 40.0]), 1000
    lower, upper = of_mean(count / n, np.sqrt(count) / n, NORMAL, np.full(3, 1.0 / n))
    assert_allclose(lower * n, chi2.ppf(0.025, 2 * count) / 2.0)
    assert_allclose(upper * n, chi2.ppf(0.975, 2 * (count + 1.0)) / 2.0)


def test_of_many_losses_it_is_normal_and_a_wider_error_widens_it() -> None:
    lower, upper = of_mean(np.array([0.2]), np.array([1e-4]), NORMAL, np.array([1e-9]))
    assert_allclose([lower[0], upper[0]], [0.2 - NORMAL * 1e-4, 0.2 + NORMAL * 1e-4], atol=1e-6)
    low, high = of_mean(np.array([0.2]), np.array([1e-4]), 2.0 * NORMAL, np.array([1e-9]))
    assert high[0] - low[0] == pytest.approx(2.0 * (upper[0] - lower[0]), rel=1e-3)
    assert of_mean(np.array([0.3]), np.array([0.0]), NORMAL, np.array([0.0])) == (0.3, 0.3)
    assert np.isnan(of_mean(np.array([0.0]), np.array([np.nan]), NORMAL, np.array([0.0]))).all()


def test_a_probability_has_exact_binomial_limits() -> None:
    p, n = np.array([0.001, 0.3, 0.999]), 1000
    lower, upper = of_probability(p, np.sqrt(p * (1.0 - p) / (n - 1)), NORMAL, n)
    assert_allclose(lower, beta.ppf(0.025, n * p, n * (1.0 - p) + 1.0))
    assert_allclose(upper, beta.ppf(0.975, n * p + 1.0, n * (1.0 - p)))
    lower, upper = of_probability(np.array([0.0, 1.0]), np.zeros(2), NORMAL, n)
    assert_allclose([lower[0], upper[0], lower[1], upper[1]], [0.0, 1.0 - 0.05 ** (1 / n), 0.05 ** (1 / n), 1.0])
    assert (1.0 - upper[0]) ** n == pytest.approx(0.05)
    assert of_probability(np.array([0.0]), np.zeros(1), NORMAL, n, heaviest=10.0)[1][0] == pytest.approx(unseen(100.0))


@pytest.mark.parametrize(("n", "level"), [(500, 0.5), (4096, 0.99), (10_000, 0.999), (50, 0.1), (20, 0.001)])
def test_ranks_of_a_quantile_hold_it_as_often_as_they_say(n: int, level: float) -> None:
    """The quantile lies below the loss of a rank unless fewer than that many scenarios lie below it."""
    low, high = (round(n * share) for share in ranks(n, level))
    assert binom.cdf(low - 1, n, level) <= 0.025
    assert binom.cdf(high - 1, n, level) >= 0.975 - 1e-12
    assert binom.cdf(low, n, level) > 0.025
    assert binom.cdf(high - 2, n, level) < 0.975


def test_sums_by_group_begin_where_the_scenarios_do() -> None:
    values = np.arange(14.0).reshape(2, 7)
    found = by_group(values, 3, 4)  # groups 1 2 0 1 2 0 1
    assert_allclose(found, [[2 + 5, 0 + 3 + 6, 1 + 4], [9 + 12, 7 + 10 + 13, 8 + 11]])
    assert_allclose(by_group(values, 1, 4), [[21.0], [70.0]])


# ---- every figure against what its scenarios come to ------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_errors_are_those_of_the_scenarios(method: Method) -> None:
    sim = drawn(method)
    outcomes = [sim.engine.run(first, min(CHUNK, SCENARIOS - first)) for first in range(0, SCENARIOS, CHUNK)]
    loss, life, unpaid = (np.concatenate([getattr(one, name) for one in outcomes], 1) for name in ("loss", "life", "unpaid"))
    weight = np.ones(SCENARIOS) if sim.weights is None else sim.weights
    size, lived = sim.tally.sizes[:, None], np.isfinite(life)
    values = {"expected_loss": loss / size, "prob_loss": loss > 0.5, "prob_unpaid_interest": unpaid > 0.5,
              "expected_shortfall_of_interest": unpaid / size}  # fmt: skip
    for name, value in values.items():
        estimate, error, lower, upper = told(sim, name)
        some = np.ones(3, dtype=bool) if "interest" not in name else np.array([True, True, False])
        assert_allclose(estimate, (value * weight).mean(axis=1), atol=1e-15)
        assert_allclose(error[some], [error_by_hand(row * weight, sim) for row in value[some]], rtol=1e-9)
        assert (lower <= estimate + 1e-12).all()
        assert (upper >= np.minimum(estimate, 1.0)).all()
    estimate, error, *_ = told(sim, "wal_mean")
    for j in range(3):
        own = np.where(lived[j], life[j], 0.0) * weight
        base = lived[j] * weight
        assert estimate[j] == pytest.approx(own.sum() / base.sum())
        assert error[j] == pytest.approx(error_by_hand(own - estimate[j] * base, sim) / base.mean(), rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_table_of_tranches_has_the_same_figures(method: Method) -> None:
    sim = drawn(method)
    for column in ("expected_loss", "prob_loss", "var_999", "es_999", "wal_mean", "prob_unpaid_interest"):
        assert sim.tranches[column].to_numpy() == pytest.approx(told(sim, column)[0])
    assert_allclose(sim.tranches[["standard_error", "lower", "upper"]].to_numpy().T, told(sim, "expected_loss")[1:])
    assert len(sim.estimates) == 3 * 7
    known = sim.estimates.dropna(subset=["lower", "upper"])
    assert (known["lower"] <= known["upper"]).all()
    assert (known["lower"] >= 0.0).all()
    assert (known.loc[known["quantity"] != "wal_mean", "upper"] <= 1.0).all()


def test_interest_that_nobody_is_owed_is_known() -> None:
    assert_allclose(told(drawn("plain"), "prob_unpaid_interest")[:, 2], 0.0)


@pytest.mark.parametrize("method", ["stratified", "importance"])
def test_errors_are_as_wide_as_seeds_differ(method: Method) -> None:
    """Of 30 seeds: probabilities, quantiles, tail means and average lives of the mezzanine class."""
    base = simulate(bullet_deal(LOANS), 2048, 1, loans=LOANS, threads=1)
    quantities = ("prob_loss", "var_999", "es_999", "expected_loss")
    found = []
    for seed in range(30):
        base.engine.draws = draws_by(method, base.engine, {"loans": LOANS}, seed, 2048, 1)
        tally = Tally(2048, base.engine.sizes, base.engine.draws)
        tally.add(0, base.engine.run(0, 2048))
        senior = replace(base, tally=tally)
        at = measured(senior.losses("mezzanine"), senior.weights, 0.98, base.engine.draws, 1.0)
        row = 0 if method == "importance" else 1
        found.append([*((at.var, at.var_error), (at.es, at.es_error)), *(told(senior, name)[:2, row] for name in quantities)])
    each = np.array(found, dtype=float)
    spread, error = each[:, :, 0].std(axis=0, ddof=1), np.sqrt((each[:, :, 1] ** 2).mean(axis=0))
    usable = [0, 1, 2, 3, 4, 5] if method == "importance" else [0, 1, 2, 5]
    assert_allclose(error[usable], spread[usable], rtol=0.5)


def test_intervals_of_rare_losses_hold_the_semi_analytic_loss_more_often_than_normal_ones() -> None:
    """Batches of 1,024 plain scenarios, of which some two lose anything of the senior class, and one in eight batches none."""
    sim = simulate(bullet_deal(LOANS), 200 * 1024, 2, loans=LOANS)
    frame = LOANS.frame
    truth = clo.expected_tranche_loss(
        frame["current_balance"].to_numpy(), frame["pd_1y"].to_numpy(), np.full(len(frame), 0.6), (0.0, *ATTACH, 1.0),
        correlation=0.15,
    )["expected_loss"].to_numpy()[::-1]  # fmt: skip
    held, normal = np.zeros(3), np.zeros(3)
    for batch in range(200):
        part = sim.engine.run(1024 * batch, 1024)
        tally = Tally(1024, sim.engine.sizes, sim.engine.draws)
        tally.add(0, part)
        own = replace(sim, tally=tally)
        mean, error, lower, upper = told(own, "expected_loss")
        held += (lower <= truth) & (truth <= upper)
        normal += np.abs(mean - truth) <= NORMAL * np.nan_to_num(error)
    assert (held / 200 > [0.84, 0.91, 0.91]).all()
    assert normal[0] / 200 < 0.74


# ---- what was not seen ------------------------------------------------------------------------------------------------


def test_a_tranche_that_never_loses_has_an_upper_end_and_no_error() -> None:
    sim = simulate(simulated.deal(), 100, 3, simulated.loans(), simulation={"pd": 0.0001})
    assert not sim.tally.hits[0]
    assert_allclose(told(sim, "expected_loss")[:, 0], [0.0, np.nan, 0.0, 1.0 - 0.05**0.01])
    assert_allclose(told(sim, "prob_loss")[:, 0], [0.0, np.nan, 0.0, 1.0 - 0.05**0.01])
    assert_allclose(told(sim, "es_999")[:, 0], [0.0, np.nan, 0.0, 1.0])
    assert_allclose(told(sim, "expected_shortfall_of_interest")[:, 0], [0.0, np.nan, 0.0, np.nan])
    assert np.isnan(sim.tranches["effective_scenarios"].iloc[0])
    (finding,) = (each for each in sim.findings if each.who == "senior")
    assert (finding.code, finding.severity) == ("W-M051", "warning")
    assert "none of 100 scenarios" in finding.message
    assert "less probable than 0.03, with a confidence of 95%" in finding.message
    assert "importance" in finding.fix


def test_few_losing_scenarios_are_told_with_the_number_needed() -> None:
    sim = simulate(simulated.deal(), 2_000, 3, simulated.loans())
    seen = int(sim.tally.hits[0])
    assert 0 < seen < 30
    (finding,) = (each for each in sim.findings if each.code == "W-M051")
    assert f"{seen} of 2,000 scenarios lose something of senior: 30 need {int(np.ceil(60_000 / seen)):,}" in finding.message
    again = simulate(simulated.deal(), 2_000, 3, simulated.loans(), method="importance")
    assert "W-M051" not in {each.code for each in again.findings}
    few = simulate(simulated.deal(), 40, 3, simulated.loans(), method="importance")
    assert {each.fix for each in few.findings if each.code == "W-M051"} == {"simulate more scenarios"}


def test_all_lost_is_not_certain_either() -> None:
    sim = simulate(simulated.deal(), 50, 3, simulated.loans(), simulation={"pd": 0.9, "correlation": 0.05, "lgd": 1.0})
    estimate, _, lower, upper = told(sim, "prob_loss")
    assert_allclose([estimate[2], lower[2], upper[2]], [1.0, 0.05 ** (1 / 50), 1.0])
    assert 0.0 < told(sim, "expected_loss")[2][2] < 1.0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("assumed", [{}, {"pd": 0.0}, {"pd": 1.0}, {"pd": 0.3, "lgd": 0.0}])
def test_few_scenarios_have_intervals_that_can_be(method: Method, assumed: dict[str, float]) -> None:
    for scenarios in (1, 2, 5, 17):
        sim = simulate(simulated.deal(), scenarios, 1, simulated.loans(), method=method, simulation=assumed)
        known = sim.estimates.dropna(subset=["lower", "upper"])
        assert len(known) >= 3 * 3
        assert ((known["lower"] >= 0.0) & (known["lower"] <= known["upper"] + 1e-12)).all()
        assert (known.loc[known["quantity"] != "wal_mean", "upper"] <= 1.0 + 1e-9).all()
        with pytest.warns(UserWarning, match="W-M021"):
            assert sim.tail("senior", 0.0).var <= sim.losses("senior").min()


# ---- what is asked ----------------------------------------------------------------------------------------------------


def codes_of(error: pytest.ExceptionInfo[clo.InputError]) -> list[str]:
    assert all(finding.message and finding.fix and finding.rule for finding in error.value.findings)
    return [finding.code for finding in error.value.findings]


@pytest.mark.parametrize("level", [2, 99.9, -1, 1.0, float("nan"), "99%", True, None])
def test_a_level_that_is_none(level: Any) -> None:
    with pytest.raises(clo.InputError) as error:
        drawn("plain").tail("senior", level)
    assert codes_of(error) == ["E-M050"]


def test_a_rare_level_warns_with_the_number_needed() -> None:
    sim = drawn("plain")
    with pytest.warns(UserWarning, match=r"5 of 500 scenarios lie beyond a quantile of 99%: 100 need 10,000"):
        assert sim.tail("senior", 0.99).beyond == pytest.approx(5.0)
    found = sim.tail("senior", 0.8)
    assert found.var_interval[0] <= found.var <= found.var_interval[1]
    assert found.es_interval[0] <= found.es <= found.es_interval[1]
    assert found.var_interval[0] <= found.es_interval[0]
    assert found.es_error > 0.0


def test_a_warning_of_weighted_scenarios_says_what_they_need() -> None:
    """As many as were simulated, times what is wanted over what there is; not what plain ones need."""
    sim = simulate(simulated.deal(), 400, 5, simulated.loans(), method="importance")
    (finding,) = (each for each in sim.findings if each.code == "W-M021")
    seen = measured(sim.pool_losses, sim.weights, 0.999, sim.engine.draws, np.nan).beyond
    with pytest.warns(UserWarning, match="W-M021"):
        sim.tail("senior")
    assert finding.message.startswith(f"by their weights {seen:,.0f} of 400 scenarios")
    assert f"100 need {int(np.ceil(40_000 / seen)):,} of this method" in finding.message


def test_the_number_of_equal_weights_has_a_name_of_its_own() -> None:
    sim = drawn("importance")
    weights = sim.weights
    assert weights is not None
    assert sim.effective_sample_size == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert not hasattr(sim, "effective_scenarios")


@pytest.mark.parametrize("method", ["plain", "stratified"])
def test_a_control_takes_a_hundred_scenarios(method: Method) -> None:
    with pytest.raises(clo.InputError) as error:
        simulate(simulated.deal(), 99, 5, simulated.loans(), method=method).controlled()
    assert codes_of(error) == ["E-M052"]
    found = simulate(simulated.deal(), 120, 5, simulated.loans(), method=method, simulation={"pd": 0.001}).controlled()
    assert_allclose(found.loc[0, ["standard_error", "lower", "upper"]].to_list(), [np.nan, 0.0, 1.0 - 0.05 ** (1 / 120)])
    assert (found["lower"] >= 0.0).all()


def test_losses_of_the_pool_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        drawn("plain").pool_losses[0] = 9.0


@pytest.mark.parametrize("scenario", [3.0, 3.5, "3", None, -1, SCENARIOS, True, float("nan")])
def test_a_scenario_that_is_none(scenario: Any) -> None:
    for call in (drawn("plain").replay, drawn("plain").default_months):
        with pytest.raises(clo.InputError) as error:
            call(scenario)
        assert codes_of(error) == ["E-M017"]


@pytest.mark.parametrize("count", [0, -1, "5", 2.0, True, None])
def test_worst_of_a_count_that_is_none(count: Any) -> None:
    with pytest.raises(clo.InputError) as error:
        drawn("plain").worst(count)
    assert codes_of(error) == ["E-M053"]


def test_frames_that_a_run_does_not_have_are_refused_before_any_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clo.Simulation, "replay", None)
    for frame, scenarios, codes in (
        ("sumary", [1], ["E-M054"]),
        ("replay", [1], ["E-M054"]),
        (3, [], ["E-M054", "E-M054"]),
        ("summary", [1, -1, 2.5], ["E-M017", "E-M017"]),
    ):
        with pytest.raises(clo.InputError) as error:
            drawn("plain").replayed(frame, scenarios)  # type: ignore[arg-type]
        assert codes_of(error) == codes
    with pytest.raises(clo.InputError, match="did you mean 'summary'"):
        drawn("plain").replayed("sumary", [1])


@pytest.mark.parametrize(("runs", "level"), [(10.5, 0.9), ("20", 0.9), (20, "x"), (20, None), (20, True)])
def test_bearers_of_what_is_no_number(runs: Any, level: Any) -> None:
    with pytest.raises(clo.InputError) as error:
        drawn("plain").losses_by_party(runs, level)
    assert codes_of(error) == ["E-M022"]


def test_what_a_user_should_know_is_shown() -> None:
    sim = drawn("plain")
    assert repr(sim).endswith("ok, findings W-M021>")
    assert "W-M021" in sim._repr_html_()
    assert "findings" not in repr(simulate(simulated.deal(), 8_000, 5, simulated.loans(), method="importance"))
