"""Who bears the loss of a simulation: some scenarios run again stand for all."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

import clo
from clo.labels import LANGUAGES, Lang
from clo.plots.losses import loss_distribution_chart
from clo.plots.scenarios import bearers_chart
from clo.simulation import bearers
from clo.simulation.tally import Tally

pytestmark = pytest.mark.compiled
METHODS = ("plain", "importance")
LOSING: dict[str, Any] = {"pd": 0.2, "correlation": 0.3, "lgd": 1.0}


@cache
def drawn(method: str) -> clo.Simulation:
    return clo.simulate(simulated.deal(), 4_000, seed=3, loans=simulated.loans(), method=method)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_known_of_every_scenario_is_taken_from_all(method: str) -> None:
    sim = drawn(method)
    found = sim.losses_by_party(20).set_index("position")
    sizes = {name: sim.quiet.flows.parameter(f"{name}.size") for name in sim.names}
    weights = np.ones(sim.scenarios) if sim.weights is None else sim.weights
    for row in sim.tranches.itertuples():
        mean = np.average(sim.losses(row.tranche), weights=weights)
        assert found.loc[row.tranche, "expected_loss"] == pytest.approx(mean * sizes[row.tranche])
        assert found.loc[row.tranche, "standard_error"] == pytest.approx(row.standard_error * sizes[row.tranche])
    assert found["expected_loss"].sum() == pytest.approx(np.average(sim.pool_losses, weights=weights))
    assert found["share"].sum() == pytest.approx(1.0)


def test_what_is_chosen_stands_for_all() -> None:
    """The income that bears loss, of every tenth scenario and of all, within the error that is told."""
    sim = clo.simulate(simulated.deal(), 300, seed=5, loans=simulated.loans())
    chosen, every = (sim.losses_by_party(runs).set_index("position") for runs in (30, 300))
    drawn_too = every["standard_error"]
    for position in every.index.difference(sim.names):
        apart = chosen.loc[position, "expected_loss"] - every.loc[position, "expected_loss"]
        assert abs(apart) <= 4.0 * chosen.loc[position, "standard_error"] + 1.0
        assert chosen.loc[position, "standard_error"] >= 0.5 * drawn_too[position]


def test_every_scenario_run_again_is_the_mean_of_all() -> None:
    sim = clo.simulate(simulated.deal(), 40, seed=5, loans=simulated.loans())
    found = sim.losses_by_party(40, level=0.0)
    frame = sim.replayed("losses_by_party", range(40))
    for row in found.itertuples():
        own = frame[(frame["party"] == row.party) & (frame["position"] == row.position)]["loss"].sum() / 40
        assert row.expected_loss == pytest.approx(own, abs=1e-6)
        assert row.tail_loss == pytest.approx(own, abs=1e-6)
    assert found["expected_loss"].sum() == pytest.approx(sim.pool_losses.mean())


def test_the_tail_is_that_of_the_pool() -> None:
    sim = drawn("plain")
    found = sim.losses_by_party(50, level=0.95)
    worst = np.sort(sim.pool_losses)[-200:].mean()
    assert found["tail_loss"].sum() == pytest.approx(worst, rel=0.01)
    assert (found["tail_loss"] >= found["expected_loss"] - 1.0)[found["position"].isin(sim.names)].all()


def test_the_mean_the_tail_and_the_error_of_what_is_only_known_by_running_again(deals: Path) -> None:
    """Of a guarantee, with every scenario chosen, and for the tail each of the worse half twice."""
    sim = clo.simulate(clo.load_deal(deals / "guarantee-01.yaml"), 20, seed=5)
    found = sim.losses_by_party(20, level=0.5).set_index("position").loc["guarantee"]
    own = np.array([sim.borne[scenario].set_index("position")["loss"].get("guarantee", 0.0) for scenario in range(20)])
    assert found["expected_loss"] == pytest.approx(own.mean())
    assert found["tail_loss"] == pytest.approx(own[sim.worst(10)].mean())
    assert found["tail_loss"] > 1.2 * found["expected_loss"]
    alone = own.std() / np.sqrt(20)
    assert alone <= found["standard_error"] <= 1.5 * alone  # of the choice: at most as much again


@pytest.mark.parametrize(("runs", "level"), [(9, 0.99), (4_001, 0.99), (True, 0.99), (50, 1.0), (50, float("nan"))])
def test_what_cannot_be_asked(runs: int, level: float) -> None:
    with pytest.raises(clo.InputError) as caught:
        drawn("plain").losses_by_party(runs, level)
    assert [finding.code for finding in caught.value.findings] == ["E-M022"]


def test_the_distribution_is_that_of_the_losses() -> None:
    for method in METHODS:
        sim = drawn(method)
        found = sim.pool_loss_distribution
        weights = np.ones(sim.scenarios) if sim.weights is None else sim.weights
        assert found.pmf.sum() == pytest.approx(1.0)
        assert found.mean == pytest.approx(np.average(sim.pool_losses, weights=weights))
        share = float(np.average(sim.pool_losses > found.quantile(0.99), weights=weights))
        assert share <= 0.01 <= share + float(found.pmf.max()) + 0.002
        assert loss_distribution_chart(found, (0.1, 0.2)).data


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_chart_has_two_bars_for_each(lang: Lang) -> None:
    found = drawn("plain").losses_by_party(20)
    expected, tail = bearers_chart(found, "JPY", lang).data
    assert list(expected.y) == list(tail.y)
    assert len(expected.y) >= 2
    assert expected.name != tail.name


def test_a_large_family_is_one_party_with_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two banks of which one loses what the other does not: together they lose the same in every scenario, without error."""
    sim = clo.simulate(simulated.deal(), 10, seed=5, loans=simulated.loans())
    for number in range(10):
        own = sim.replay(number).losses_by_party
        lost = {"party": ["bank_01", "bank_02"], "position": "own_loans", "loss": [float(number), 9.0 - number]}
        sim.borne[number] = pd.concat([pd.DataFrame(lost), own], ignore_index=True).assign(scenario=number)
    monkeypatch.setattr(bearers, "large_families", lambda _: dict.fromkeys(("bank_01", "bank_02"), "banks"))
    apart, together = (sim.losses_by_party(10, together=whether).set_index("party") for whether in (False, True))
    assert apart.loc[["bank_01", "bank_02"], "expected_loss"].tolist() == [4.5, 4.5]
    assert (apart.loc[["bank_01", "bank_02"], "standard_error"] > 0.5).all()
    assert together.loc["banks", ["expected_loss", "standard_error"]].tolist() == [9.0, 0.0]
    assert len(together) == len(apart) - 1


def test_a_scenario_is_run_again_once_for_several_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = clo.simulate(simulated.deal(), 10, seed=6, loans=simulated.loans())
    first = sim.losses_by_party(10)
    monkeypatch.setattr(clo.Simulation, "unchecked", None)
    assert sim.losses_by_party(10).equals(first)


@pytest.mark.parametrize("name", ["purchase-08", "guarantee-06", "cbo-01", "clover-2011"])
def test_runs_without_checks_are_those_that_a_replay_gives(name: str, deals: Path) -> None:
    sim = clo.simulate(clo.load_deal(deals / f"{name}.yaml"), 40, seed=5, simulation=LOSING)
    for scenario in sim.worst(2):
        bare, whole = sim.unchecked(scenario), sim.replay(scenario)
        pd.testing.assert_frame_equal(bare.losses_by_party, whole.losses_by_party, check_exact=True)
        pd.testing.assert_frame_equal(bare.ledger, whole.ledger, check_exact=True)
    assert whole.losses_by_party["loss"].abs().sum() > 0.0


def test_runs_without_checks_have_recoveries_that_vary() -> None:
    asked = LOSING | {"recovery": {"spread": 0.5, "market": 0.2}}
    sim = clo.simulate(simulated.deal(), 20, seed=5, loans=simulated.loans(), simulation=asked)
    bare, whole = sim.unchecked(3), sim.replay(3)
    pd.testing.assert_frame_equal(bare.losses_by_party, whole.losses_by_party, check_exact=True)
    assert bare.losses_by_party["loss"].sum() == pytest.approx(float(sim.pool_losses[3]))


def test_the_error_of_the_tail_is_as_wide_as_seeds_differ() -> None:
    """Of 60 simulations of 2,000 scenarios each: what tranches lose in the worst 5 % of the pool's losses."""
    whole = clo.simulate(simulated.deal(), 120_000, seed=7, loans=simulated.loans())
    found = []
    for begin in range(0, 120_000, 2_000):
        tally, part = Tally(2_000, whole.engine.sizes, whole.engine.draws), slice(begin, begin + 2_000)
        tally.losses, tally.pool_losses = whole.tally.losses[:, part], whole.tally.pool_losses[part]
        ranked, sim = bearers._Ranked(replace(whole, tally=tally)), replace(whole, tally=tally)
        lost = [sim.losses(name) for name in sim.names]
        found.append([(ranked.mean(own, 0.95), ranked.tail_error(own, 0.95)) for own in lost])
    each = np.array(found)
    assert np.sqrt((each[:, :, 1] ** 2).mean(axis=0)) == pytest.approx(each[:, :, 0].std(axis=0, ddof=1), rel=0.35)
    told = drawn("importance").losses_by_party(20, level=0.95).set_index("position")
    assert (told["tail_error"] > 0.0).tolist() == [True, True, False, True]  # the junior class is always lost there
    assert told.loc["senior", "tail_error"] < 0.3 * drawn("plain").losses_by_party(20, level=0.95)["tail_error"].iloc[0]
