"""Simulation against the semi-analytic loss distribution, on a deal whose waterfall only allocates losses of principal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.stats import binom

import clo
from clo.deal.terms import Deal
from clo.tape.loans import Loans

pytestmark = pytest.mark.compiled

SEEDS, SCENARIOS, Z = 50, 4_096, 1.959963984540054
ATTACHMENTS = (0.0, 0.04, 0.10, 0.25, 1.0)
NAMES = ("first", "second", "third", "senior")
Floats = NDArray[np.float64]


def bullets(obligors: int = 80) -> pd.DataFrame:
    """Loans without interest, all due in the last month of the deal."""
    frame = simulated.frame(obligors)
    rng = np.random.default_rng(4)
    balance = np.round(rng.lognormal(15.6, 0.7, obligors), -3)
    return frame.assign(
        originator_id="a", obligor_id=frame["loan_id"], maturity_date=pd.Timestamp("2027-03-31"), current_balance=balance,
        original_balance=balance, amortisation_type="bullet", interest_frequency="monthly", current_rate=0.0,
    )  # fmt: skip


def allocating(frame: pd.DataFrame, simulation: dict[str, Any]) -> Deal:
    """A deal of four tranches that does nothing but allocate losses."""
    total = frame["current_balance"].sum()
    widths = np.diff(ATTACHMENTS)
    sizes: dict[str, Any] = {
        name: {"size": float(width * total), "coupon": 0.0} for name, width in zip(NAMES, widths, strict=True)
    }
    sizes["first"] = {"size": "rest"}
    return simulated.deal(
        rounding="none", pools={"near": {"tape": "none"}}, accounts={"collections": {}}, fees={}, triggers={},
        tranches=dict(reversed(sizes.items())), structure=None,
        scenarios={"base": {"cdr": 0.0, "cpr": 0.0, "recovery": 0.0, "recovery_lag": 0}},
        waterfall=[
            {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
            {"pay": {"principal": ["senior", "third", "second"], "how": "sequential", "from": "collections"}},
            {"pay": {"residual": "first", "from": "collections"}},
        ],
        simulation={"pd": "tape", "lgd": "tape"} | simulation,
    )  # fmt: skip


def missed(sim: clo.Simulation, exact: Floats) -> tuple[Floats, Floats]:
    """Of each tranche, senior first: seeds whose interval holds the exact loss, and by how many standard errors seeds miss it."""
    inside = np.zeros(len(NAMES))
    errors = []
    for seed in range(SEEDS):
        sim.engine.draws = sim.engine.model.draws(seed)
        losses = sim.engine.run(0, SCENARIOS).loss / sim.tally.sizes[:, None]
        error = losses.std(axis=1, ddof=1) / np.sqrt(SCENARIOS)
        inside += np.abs(losses.mean(axis=1) - exact) <= Z * error
        errors.append((losses.mean(axis=1) - exact) / error)
    return inside, np.mean(errors, axis=0) * np.sqrt(SEEDS)


MODELS: dict[str, dict[str, Any]] = {
    "market": {"correlation": 0.2},
    "market and industries": {"correlation": {"market": 0.1, "industry": 0.1}},
    "by size of firm": {
        "correlation": {"by": "enterprise_size", "classes": {"MICE": {"market": 0.05, "region": 0.15}}, "other": 0.2}
    },
    "recoveries vary": {"correlation": 0.2, "recovery": {"spread": 0.6, "market": 0.3}},
    "all together": {
        "correlation": {"market": 0.1, "industry": 0.1}, "degrees": 6, "recovery": {"spread": 0.6, "market": 0.3},
        "group_by": "group_id",
    },
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_expected_losses_lie_in_their_intervals_as_often_as_these_say(model: str) -> None:
    frame = bullets()
    loans = Loans.from_frame(frame, check=False)
    deal = allocating(frame, MODELS[model])
    told = clo.tranche_losses(deal, 3, loans, accuracy=1e-6)
    exact = told["expected_loss"].to_numpy()
    assert told["tranche"].tolist() == list(deal.tranches) == list(reversed(NAMES))
    inside, errors = missed(clo.simulate(deal, 64, loans=loans), exact)
    assert inside.min() >= binom.ppf(1e-3 / len(NAMES), SEEDS, 0.95), inside  # one test in a thousand fails by chance
    assert np.abs(errors).max() < 3.6, errors  # all seeds together


def test_the_model_of_a_deal_is_what_a_user_would_say() -> None:
    """PDs, losses given default and the industries as read from the tape by hand."""
    frame = bullets()
    deal = allocating(frame, MODELS["market and industries"])
    told = clo.tranche_losses(deal, 3, Loans.from_frame(frame, check=False), accuracy=1e-6)
    pd_three_years = 1.0 - (1.0 - frame["pd_1y"].to_numpy()) ** 3
    exact = clo.expected_tranche_loss(
        frame["current_balance"].to_numpy(), pd_three_years, frame["lgd"].to_numpy(), ATTACHMENTS, correlation=0.1,
        groups=frame["industry_code"], group_correlation=0.1, accuracy=1e-6,
    )  # fmt: skip
    columns = ["attach", "detach", "expected_loss", "prob_hit"]
    assert_allclose(told[columns], exact[columns][::-1], rtol=0, atol=1e-9)
