"""A sample of a simulation: the runs of its scenarios, whatever the blocks, and what they say of yields and quantiles.

That its paths and yields are those of the scenarios replayed stands in test_replay, for every kind of deal.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

import clo
from clo.findings import InputError
from clo.scenarios.reduced import Method
from clo.simulation.choosing import USUAL, even
from clo.simulation.quantiles import quantiles
from clo.simulation.result import Simulation
from clo.simulation.sample import FRAMES

LOSING: dict[str, Any] = {"pd": 0.3, "correlation": 0.3, "lgd": 1.0}


def simulate(scenarios: int, **options: Any) -> Simulation:
    return clo.simulate(simulated.deal(), scenarios, **{"seed": 5, "loans": simulated.loans(), **options})


@cache
def losing() -> Simulation:
    return simulate(60, simulation=LOSING)


@pytest.mark.compiled
@pytest.mark.parametrize("block", [1, 7, 64, 1_024])
def test_blocks_and_threads_change_no_bit(block: int) -> None:
    whole, other = simulate(300, threads=1), simulate(300, threads=3)
    other.engine.block = block
    pd.testing.assert_frame_equal(whole.sample(300).paths, other.sample(300).paths, check_exact=True)
    pd.testing.assert_frame_equal(whole.sample(300).yields, other.sample(300).yields, check_exact=True)


def test_a_scenario_is_the_same_in_any_company() -> None:
    sim = losing()
    many = sim.sample(of=[59, 3, 17, 2]).paths
    for scenario in (59, 17):
        alone = sim.sample(of=[scenario]).paths
        of_it = many[many["scenario"] == scenario].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, of_it, check_exact=True)
    assert many["scenario"].unique().tolist() == [59, 3, 17, 2]


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_is_that_of_the_scenarios_replayed(name: str) -> None:
    sim = losing()
    amount = 1e-9 * sim.quiet.flows.parameter("pool.initial")
    pd.testing.assert_frame_equal(sim.sample(of=[9, 4]).frame(name), sim.replayed(name, [9, 4]), rtol=0.0, atol=amount)


def test_a_name_of_the_language() -> None:
    sim = losing()
    sample = sim.sample(of=[9, 4])
    found = sample.quantity("far.cumulative_default")
    assert found.columns.tolist() == [9, 4]
    pd.testing.assert_series_equal(found[4], sim.replay(4).quantity("far.cumulative_default"), check_names=False, rtol=1e-12)
    assert {"senior.balance", "far.cumulative_default"} <= set(sample.quantities)
    with pytest.raises(KeyError, match=r"did you mean 'senior\.balance'"):
        sample.quantity("senior.balanse")
    with pytest.raises(KeyError, match="did you mean 'accounts'"):
        sample.frame("account")


def test_what_is_paid_nothing_has_no_yield_and_counts_as_a_total_loss() -> None:
    sample = losing().sample(60)
    told = sample.yield_distribution().set_index("tranche")
    own = sample.yields[sample.yields["tranche"] == "junior"]
    nothing = (own["principal_paid"] + own["interest_paid"] == 0.0).to_numpy()
    assert 0 < nothing.sum() < 60
    assert own["yield"].isna().to_numpy()[nothing].all()
    values = np.where(nothing, -1.0, own["yield"])
    row = told.loc["junior"]
    assert row["nothing_paid"] == pytest.approx(nothing.mean())
    assert row["mean"] == pytest.approx(values.mean())
    assert row["std"] == pytest.approx(values.std())
    assert row["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(60))
    assert row["q99"] == np.quantile(values, 0.99, method="inverted_cdf")
    assert (told["no_yield"] == 0.0).all()


def test_what_costs_nothing_is_left_out() -> None:
    steps = [
        {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
        {"pay": {"fee": "servicer", "from": "collections"}},
        {"pay": {"interest": ["strip", "senior"], "from": "collections"}},
        {"pay": {"principal": "senior", "from": "collections"}},
        {"pay": {"residual": "junior", "from": "collections"}},
    ]
    tranches = {
        "strip": {"size": 0, "notional": "pool.opening", "coupon": 0.001}, "senior": {"size": 300_000_000, "coupon": 0.012},
        "junior": {"size": "rest"},
    }  # fmt: skip
    deal = simulated.deal(structure=None, waterfall=steps, accounts={"collections": {}}, triggers={}, tranches=tranches)
    found = clo.simulate(deal, 8, loans=simulated.loans()).sample().yield_distribution().set_index("tranche")
    assert found["no_yield"].to_dict() == {"strip": 1.0, "senior": 0.0, "junior": 0.0}
    assert found.loc["strip", "nothing_paid"] == 0.0
    assert found.loc["strip", ["mean", "standard_error", "std", "q50"]].isna().all()


def test_weights_are_copies() -> None:
    """Values that weigh 2 are as if they stood there twice."""
    values, weights = np.random.default_rng(1).normal(size=(3, 40)), np.array([1.0, 2.0] * 20)
    levels = (0.0, 0.05, 0.5, 0.951, 1.0)
    often = np.repeat(values, weights.astype(int), axis=1)
    assert np.array_equal(quantiles(values, weights, levels), quantiles(often, None, levels))
    assert np.array_equal(quantiles(often, None, levels), np.quantile(often, levels, axis=1, method="inverted_cdf"))


def test_quantiles_by_date() -> None:
    sample = losing().sample(60)
    found = sample.quantiles("pool.balance", (0.05, 0.5))
    wide = sample.quantity("pool.balance").to_numpy()
    assert np.array_equal(found.to_numpy(), np.quantile(wide, (0.05, 0.5), axis=1, method="inverted_cdf").T)
    assert found.columns.tolist() == [0.05, 0.5]


@pytest.mark.compiled
@pytest.mark.parametrize("method", ["plain", "stratified", "importance", "sobol"])
def test_a_sample_stands_for_all(method: Method) -> None:
    """It has its share of the strata or randomisations up to any, and its mean is that of all, within what it can tell."""
    sim = simulate(20_000, method=method)
    sample, groups = sim.sample(512), sim.engine.draws.groups
    assert len(np.unique(sample.scenarios)) == 512
    reached = np.cumsum(np.bincount(sample.scenarios % groups, minlength=groups)) / 512
    assert np.abs(reached - np.cumsum(np.bincount(np.arange(20_000) % groups)) / 20_000).max() <= 1.0 / 512
    weights = np.ones(512) if sample.weights is None else sample.weights
    losses = sim.pool_losses[sample.scenarios]
    mean = losses @ weights / weights.sum()
    whole = np.ones(20_000) if sim.weights is None else sim.weights
    error = np.std(losses * weights) / np.sqrt(512)
    assert abs(mean - sim.pool_losses @ whole / whole.sum()) < 4.0 * error
    assert sample.effective_sample_size <= 512


@pytest.mark.compiled
def test_a_sample_of_all_says_what_the_simulation_says() -> None:
    sim = simulate(3_000, method="importance")
    sample = sim.sample(3_000)
    weights, found = sample.weights, sample.yields
    assert weights is not None
    for name, told in sim.tranches.set_index("tranche").iterrows():
        own = found[found["tranche"] == name]
        assert (own["loss"] / own["original"]).to_numpy() @ weights / 3_000 == pytest.approx(told["expected_loss"], rel=1e-12)
    junior = found.loc[found["tranche"] == "junior", "yield"].fillna(-1.0)
    row = sample.yield_distribution().set_index("tranche").loc["junior"]
    assert row["mean"] == pytest.approx(np.average(junior, weights=weights), rel=1e-12)
    assert row["std"] == pytest.approx(np.sqrt(np.average((junior - row["mean"]) ** 2, weights=weights)), rel=1e-12)
    assert row["nothing_paid"] == pytest.approx(np.average(junior == -1.0, weights=weights), rel=1e-12)
    assert weights[junior <= row["q05"]].sum() >= 0.05 * weights.sum() > weights[junior < row["q05"]].sum()


def test_strata_that_are_not_all_full_or_not_all_chosen() -> None:
    class Strata:
        method, seed, errors, groups = "own", 1, "strata", 7

        def __call__(self, first: int, count: int) -> Any:
            raise NotImplementedError

    assert even(24, 24, Strata()).tolist() == list(range(24))
    assert sorted((even(7, 24, Strata()) % 7).tolist()) == list(range(7))
    assert sorted((even(3, 24, Strata()) % 7).tolist()) == [1, 3, 5]
    for count in range(1, 25):
        found = even(count, 24, Strata())
        assert len(set(found.tolist())) == count
        assert found.min() >= 0
        assert found.max() < 24


def test_a_sample_unless_said() -> None:
    assert len(simulate(20).sample()) == 20
    assert simulate(USUAL + 5).sample().scenarios.tolist() == list(range(USUAL))
    sample = losing().sample(4)
    assert sample.ok
    assert repr(sample) == "<Sample simulated: 4 of 60 scenarios>"
    assert "4 of 60 scenarios" in sample._repr_html_()
    assert "mezzanine" in sample._repr_html_()


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"scenarios": 0}, ["E-M023"]),
        ({"scenarios": 61}, ["E-M023"]),
        ({"scenarios": 2.5}, ["E-M023"]),
        ({"scenarios": True}, ["E-M023"]),
        ({"of": []}, ["E-M023"]),
        ({"of": [-1, 5, 60, 1.5, "x"]}, ["E-M017"] * 4),
        ({"scenarios": 3, "of": [1, 1, 99]}, ["E-M023", "E-M023", "E-M017"]),
    ],
)
def test_what_is_no_sample(given: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(InputError) as error:
        losing().sample(**given)
    assert [finding.code for finding in error.value.findings] == codes


def test_what_is_no_level() -> None:
    for asked in (lambda of: of.yield_distribution((0.5, 5, -0.1)), lambda of: of.quantiles("pool.balance", (float("nan"), 95))):
        with pytest.raises(InputError) as error:
            asked(losing().sample(4))
        assert [finding.code for finding in error.value.findings] == ["E-M024", "E-M024"]
