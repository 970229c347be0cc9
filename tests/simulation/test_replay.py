"""A scenario of a simulation is the run of the deal over the tape with its defaults written on it: the same losses and pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

import clo
from clo.simulation.result import Simulation
from clo.simulation.sample import Sample
from clo.study import Result

FEATURES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # name: (fields of the scenario, of the simulation, sections of the deal)
    "plain": ({}, {}, {}),
    "prepayment": ({"cpr": 0.15, "prepayment_fee": 0.02}, {}, {}),
    "prepayment_first": ({"cpr": 0.15, "order": "prepayment_first"}, {}, {}),
    "ramp": ({"prepayment_ramp": {"to": 0.2, "months": 12}}, {}, {}),
    "repurchase": ({"repurchase": {"rate": 0.1, "months": 8, "substitution": 0.4}}, {}, {}),
    "breach": ({"repurchase": {"where": "enterprise_size == 'MICE'", "month": 3}}, {}, {}),
    "servicer": ({"servicer_failure": {"month": 9, "months": 3, "share": 0.7}}, {}, {}),
    "setoff": ({"setoff": "recovered", "recovery_timing": [0.5, 0.3, 0.2], "recovery_cost": 0.05, "recovery_lag": 3}, {}, {}),
    "setoff_lost": ({"setoff": "lost"}, {"lgd": "tape"}, {}),
    "late_recovery": ({"recovery_lag": 30}, {"lgd": 0.2}, {}),
    "tape": ({}, {"pd": "tape", "lgd": "tape"}, {}),
    "student": ({}, {"degrees": 4, "correlation": 0.3}, {}),
    "factors": (
        {},
        {"correlation": {"market": 0.1, "industry": 0.08, "region": 0.05}, "between": {"industry": {"D": {"E": 0.5}}}},
        {},
    ),
    "classes": ({}, {"correlation": {"by": "enterprise_size", "classes": {"MICE": 0.03}, "other": {"market": 0.1}}}, {}),
    "curves": ({}, {"pd": {"by": "internal_rating", "curves": {"A": [0.01, 0.05, 0.1]}, "other": 0.3}}, {}),
    "recovery": ({"cpr": 0.1}, {"recovery": {"spread": 0.8, "market": 0.4}, "lgd": "tape"}, {}),
    "groups": ({}, {"group_by": "group_id"}, {}),
    "quarterly": (
        {"recovery_lag": 2},
        {},
        {
            "payments": {"frequency": "quarterly", "day": 15, "calendar": "JP", "business_day": "following"},
            "dates": simulated.DEAL["dates"] | {"first_payment": "2024-07-16"},
        },
    ),
    "unrounded": ({}, {}, {"rounding": "none"}),
}


def simulation(name: str, scenarios: int = 200, **options: Any) -> Simulation:
    scenario, assumed, sections = FEATURES[name]
    deal = simulated.deal(**sections)
    return clo.simulate(deal, scenarios, seed=5, loans=simulated.loans(), simulation=assumed, **scenario, **options)


def same_frames(sample: Sample, scenario: int, result: Result) -> None:
    """Paths and yields of a scenario of a sample are those of its run: to 1e-9 of the pool, and of a year or a yield."""
    pool = result.flows.parameter("pool.initial")
    for frame, own in ((result.tranches, sample.paths), (result.summary, sample.yields)):
        of_it = own[own["scenario"] == scenario].drop(columns="scenario").reset_index(drop=True)
        for columns, most in ((frame.columns.intersection(RATES), 1e-9), (frame.columns.difference(RATES), 1e-9 * pool)):
            pd.testing.assert_frame_equal(of_it[columns], frame[columns], rtol=0.0, atol=most)


RATES = ["yield", "wal_years"]


@pytest.mark.parametrize("name", FEATURES)
def test_a_scenario_replayed_is_the_scenario(name: str) -> None:
    sim = simulation(name)
    worst = int(np.argmax(sim.pool_losses))
    assert sim.pool_losses[worst] > 0.0
    sample = sim.sample(of=dict.fromkeys((101, 3, 0, worst)))
    for scenario in (0, 3, 101, worst):
        result = sim.replay(scenario)
        same_frames(sample, scenario, result)
        assert result.ok, result.checks
        pool = sum(each.balance for each in sim.stage.pools.values())
        sizes = result.summary["original"].to_numpy()
        losses = np.array([sim.losses(tranche)[scenario] for tranche in sim.names]) * sizes
        assert np.abs(losses - result.summary["loss"].to_numpy()).max() <= 1e-9 * pool
        lost = result.pool["default"].sum() - result.pool["recovery"].sum()
        assert abs(lost - sim.pool_losses[scenario]) <= 1e-9 * pool
        defaulted = sim.default_months(scenario)
        assert int((defaulted > 0).sum()) >= int(result.pools["near"].frame["default_date"].notna().any())


@pytest.mark.parametrize("name", ["purchase-08", "clover-2011", "cbo-01", "guarantee-01"])
def test_a_scenario_of_a_deal_file_replayed_is_the_scenario(name: str, deals: Any) -> None:
    sim = clo.simulate(clo.load_deal(deals / f"{name}.yaml"), 64, seed=11)
    worst = int(np.argmax(sim.pool_losses))
    sample = sim.sample(of=dict.fromkeys((0, worst)))
    for scenario in (0, worst):
        result = sim.replay(scenario)
        same_frames(sample, scenario, result)
        losses = np.array([sim.losses(tranche)[scenario] for tranche in sim.names]) * result.summary["original"].to_numpy()
        assert np.abs(losses - result.summary["loss"].to_numpy()).max() <= 1e-9 * result.flows.parameter("pool.initial")
        assert len(result.ledger)


def test_the_average_life_is_that_of_the_runs() -> None:
    sim = simulation("prepayment", 6)
    lives = np.array([sim.replay(scenario).summary["wal_years"].to_numpy() for scenario in range(6)])
    assert sim.tranches["wal_mean"].to_numpy() == pytest.approx(np.nanmean(lives, axis=0), rel=1e-12)


def test_a_loan_that_matured_does_not_default() -> None:
    """A default date after a loan's last payment would be booked in its last month."""
    sim = simulation("plain", 400)
    late = [s for s in range(400) if ((sim.default_months(s) > 30).sum() > 0)]
    assert late
    for scenario in late[:3]:
        result = sim.replay(scenario)
        for loans in result.pools.values():
            gone = loans.frame.dropna(subset=["default_date"])
            assert (gone["default_date"] <= gone["maturity_date"] + np.timedelta64(31, "D")).all()


def test_frames_of_the_worst_scenarios() -> None:
    sim = simulation("plain", 40)
    worst = sim.worst(2)
    assert worst[0] == int(np.argmax(sim.pool_losses))
    assert sim.pool_losses[worst[1]] == np.sort(sim.pool_losses)[-2]
    lost = sim.replayed("losses_by_party", worst)
    assert lost["scenario"].unique().tolist() == worst
    paths = sim.replayed("tranches", worst)
    assert len(paths) == 2 * 3 * sim.quiet.timeline.payments
    assert "yield" in sim.replayed("summary", worst)
