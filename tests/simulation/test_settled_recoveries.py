"""Deals of swaps that ask for recoveries by how long ago the default was: a drawn scenario is a run of its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import clo
from clo.deal.swaps import CreditSwap
from clo.simulation.simulating import simulate

DEALS = Path(__file__).parents[2] / "deals"
SPREAD = {"recovery_lag": 2, "recovery_timing": (0.5, 0.0, 0.0, 0.25, 0.25), "recovery_cost": 0.05}
SWAPS: tuple[dict[str, Any], ...] = (
    {"recovery": "actual"},
    {"recovery": "actual", "later_recoveries": "returned", "write_up": True},
    {"recovery": 0.1, "later_recoveries": "returned", "write_up": True},
)


@pytest.mark.parametrize("terms", SWAPS, ids=["actual", "returned", "beyond a fixed share"])
def test_a_drawn_scenario_is_a_run_of_its_defaults(terms: dict[str, Any]) -> None:
    deal = clo.load_deal(DEALS / "clover-2011.yaml")
    assert deal.swap is not None
    deal = deal.model_copy(update={"swap": CreditSwap.model_validate(deal.swap.model_dump() | terms)})
    drawn = simulate(deal, 100, seed=3, simulation={"pd": 0.2, "correlation": 0.2, "lgd": 0.4}, **SPREAD)
    junior = drawn.losses("class_c")
    worst = int(junior.argmax())
    run = drawn.replay(worst)
    assert run.swaps is not None
    assert run.swaps["passed_on"].sum() > 0
    losses = run.summary.set_index("tranche")
    for name in deal.tranches:
        share = losses.loc[name, "loss"] / losses.loc[name, "original"]
        assert drawn.losses(name)[worst] == pytest.approx(share, abs=1e-12)
    assert (run.tranches["writeup"].sum() > 0) == ("write_up" in terms)
