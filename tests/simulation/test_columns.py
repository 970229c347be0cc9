"""The table of tranches against its definitions, from the payments of all its scenarios, weighted where draws are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

import clo
from clo.deal.terms import Deal
from clo.scenarios.reduced import Method
from clo.simulation.result import Simulation

SCENARIOS = 60
LOSING: dict[str, Any] = {"pd": 0.3, "correlation": 0.3, "lgd": 1.0}
pytestmark = pytest.mark.compiled


DRAWN: dict[str, Method] = {"plain": "plain", "weighted": "importance", "capitalised": "plain", "written down": "plain"}


def capitalising() -> Deal:
    """The deal with mezzanine interest added to its balance for a year."""
    return simulated.deal(
        structure=None, triggers={}, fees={}, accounts={"collections": {}},
        waterfall=[
            {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
            {"pay": {"interest": "senior", "from": "collections"}},
            {"capitalise": {"interest": "mezzanine", "if": "payment.number <= 12"}},
            {"pay": {"interest": "mezzanine", "from": "collections"}},
            {"pay": {"principal": ["senior", "mezzanine"], "how": "sequential", "from": "collections",
                     "amount": "collections.balance"}},
            {"pay": {"residual": "junior", "from": "collections"}},
        ],
    )  # fmt: skip


@cache
def drawn(name: str, deals: Path) -> Simulation:
    if name == "written down":
        return clo.simulate(clo.load_deal(deals / "clover-2011.yaml"), SCENARIOS, seed=5, simulation=LOSING)
    deal = capitalising() if name == "capitalised" else simulated.deal()
    return clo.simulate(deal, SCENARIOS, seed=5, loans=simulated.loans(), simulation=LOSING, method=DRAWN[name])


def scenarios_of(sim: Simulation) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each scenario and tranche paid in all; size [j]; loss, average life and interest owed at the end [s, j]."""
    paths = sim.sample(of=range(SCENARIOS)).frame("tranches")
    years = (paths["payment_date"] - pd.Timestamp(sim.stage.deal.dates.closing)).dt.days / 365.0
    paths = paths.assign(weighted=paths["principal_paid"] * years, size=paths["opening"], unpaid=paths["interest_unpaid"])
    first, last, total = {"size": "first"}, {"unpaid": "last"}, ("principal_paid", "weighted", "capitalised", "writedown")
    each = paths.groupby(["scenario", "tranche"]).agg(first | last | dict.fromkeys(total, "sum"))
    size, unpaid, paid, weighted, added, _ = (each[name].unstack()[list(sim.names)].to_numpy(dtype=np.float64) for name in each)
    with np.errstate(invalid="ignore"):
        return each, size[0], size + added - paid, weighted / paid, unpaid


@pytest.mark.parametrize("name", DRAWN)
def test_every_column_is_that_of_its_scenarios(name: str, deals: Path) -> None:
    sim = drawn(name, deals)
    weight = np.ones(SCENARIOS) if sim.weights is None else sim.weights
    assert (weight.std() > 0.1) == (name == "weighted")
    told = sim.tranches.set_index("tranche").loc[list(sim.names)]
    each, size, loss, life, unpaid = scenarios_of(sim)
    assert (each["capitalised"].sum() > 0.0) == (name == "capitalised")
    assert (each["writedown"].sum() > 0.0) == (name == "written down")
    assert told["expected_loss"].to_numpy() == pytest.approx(weight @ loss / SCENARIOS / size)
    assert told["prob_loss"].to_numpy() == pytest.approx(weight @ (loss > 0.5) / SCENARIOS)
    paid = np.isfinite(life)
    assert told["wal_mean"].to_numpy() == pytest.approx(weight @ np.where(paid, life, 0.0) / (weight @ paid))
    assert told["expected_shortfall_of_interest"].to_numpy() == pytest.approx(weight @ unpaid / SCENARIOS / size)
    assert told["prob_unpaid_interest"].to_numpy() == pytest.approx(weight @ (unpaid > 0.5) / SCENARIOS)
    assert (told["lower"] <= told["expected_loss"]).all()
    assert (told["lower"] >= 0.0).all()


def test_some_scenarios_pay_no_principal_and_some_that_lose_pay_all_interest(deals: Path) -> None:
    sim = drawn("plain", deals)
    _, _, _, life, unpaid = scenarios_of(sim)
    assert 0.0 < np.isfinite(life[:, 1]).mean() < 1.0
    assert 0.0 < (unpaid[:, 0] > 0.5).mean() < sim.tranches["prob_loss"].iloc[0]


def test_scenarios_beyond_a_quantile_count_by_their_weights() -> None:
    """Importance sampling puts far more scenarios into the worst 0.1 % than are there: no warning of too few."""
    plain, weighted = (
        {
            finding.code
            for finding in clo.simulate(simulated.deal(), 8_000, seed=5, loans=simulated.loans(), method=method).findings
        }
        for method in ("plain", "importance")
    )
    assert "W-M021" in plain - weighted
