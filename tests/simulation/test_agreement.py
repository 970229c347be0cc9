"""Simulation against the semi-analytic loss distribution, on a deal whose waterfall only allocates losses of principal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import simulated
from scipy.stats import binom

import clo
from clo.tape.loans import Loans

pytestmark = pytest.mark.compiled

SEEDS, SCENARIOS, Z = 50, 4_096, 1.959963984540054
ATTACHMENTS = (0.0, 0.04, 0.10, 0.25, 1.0)


def bullets(obligors: int = 80) -> pd.DataFrame:
    """Loans without interest, all due in the last month of the deal."""
    frame = simulated.frame(obligors)
    rng = np.random.default_rng(4)
    balance = np.round(rng.lognormal(15.6, 0.7, obligors), -3)
    return frame.assign(
        originator_id="a", obligor_id=frame["loan_id"], maturity_date=pd.Timestamp("2027-03-31"), current_balance=balance,
        original_balance=balance, amortisation_type="bullet", interest_frequency="monthly", current_rate=0.0,
    )  # fmt: skip


def test_expected_losses_lie_in_their_intervals_as_often_as_these_say() -> None:
    frame = bullets()
    total = frame["current_balance"].sum()
    widths = np.diff(ATTACHMENTS)
    names = ("first", "second", "third", "senior")
    sizes = {name: {"size": float(width * total), "coupon": 0.0} for name, width in zip(names, widths, strict=True)}
    sizes["first"] = {"size": "rest"}
    deal = simulated.deal(
        rounding="none", pools={"near": {"tape": "none"}}, accounts={"collections": {}}, fees={}, triggers={},
        tranches=dict(reversed(sizes.items())), structure=None,
        scenarios={"base": {"cdr": 0.0, "cpr": 0.0, "recovery": 0.0, "recovery_lag": 0}},
        waterfall=[
            {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
            {"pay": {"principal": ["senior", "third", "second"], "how": "sequential", "from": "collections"}},
            {"pay": {"residual": "first", "from": "collections"}},
        ],
        simulation={"pd": "tape", "correlation": 0.2, "lgd": "tape"},
    )  # fmt: skip
    sim = clo.simulate(deal, 64, loans=Loans.from_frame(frame, check=False))
    pd_three_years = 1.0 - (1.0 - frame["pd_1y"].to_numpy()) ** 3
    exact = clo.expected_tranche_loss(
        frame["current_balance"].to_numpy(), pd_three_years, frame["lgd"].to_numpy(), ATTACHMENTS, correlation=0.2
    )["expected_loss"].to_numpy()[::-1]
    inside = np.zeros(len(names))
    errors = []
    for seed in range(SEEDS):
        sim.engine.draws = sim.engine.model.draws(seed)
        losses = sim.engine.run(0, SCENARIOS).loss / sim.tally.sizes[:, None]
        error = losses.std(axis=1, ddof=1) / np.sqrt(SCENARIOS)
        inside += np.abs(losses.mean(axis=1) - exact) <= Z * error
        errors.append((losses.mean(axis=1) - exact) / error)
    assert inside.min() >= binom.ppf(1e-3 / len(names), SEEDS, 0.95), inside  # one test in a thousand fails by chance
    assert np.abs(np.mean(errors, axis=0) * np.sqrt(SEEDS)).max() < 3.3  # all seeds together
