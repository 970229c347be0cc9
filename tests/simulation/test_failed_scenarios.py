"""Scenarios in which an amount is none, or cash leaks, are counted and named: those whose run fails a check."""

from __future__ import annotations

import pytest
import simulated

import clo

pytestmark = pytest.mark.compiled

SCENARIOS = 16
NEGATIVE = "5% * pool.initial - pool.cumulative_default"
"""An amount that more defaults than that make negative."""


def failing() -> clo.Simulation:
    deal = simulated.deal(
        structure=None, triggers={}, fees={}, accounts={"collections": {}},
        waterfall=[
            {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
            {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}},
            {"pay": {"principal": "senior", "from": "collections", "amount": NEGATIVE}},
            {"pay": {"principal": ["senior", "mezzanine"], "how": "sequential", "from": "collections",
                     "amount": "collections.balance"}},
            {"pay": {"residual": "junior", "from": "collections"}},
        ],
    )  # fmt: skip
    return clo.simulate(deal, SCENARIOS, seed=5, loans=simulated.loans())


def test_they_are_those_whose_run_fails_a_check() -> None:
    sim = failing()
    found = [scenario for scenario in range(SCENARIOS) if not sim.replay(scenario).ok]
    assert 0 < len(found) < SCENARIOS
    assert sim.engine.run(0, SCENARIOS).breached.nonzero()[0].tolist() == found
    assert not sim.ok
    (finding,) = [finding for finding in sim.findings if finding.code == "E-M020"]
    assert finding.message.startswith(f"{len(found)} scenarios failed, the first of them {found[0]}")
    assert "NOT OK" in repr(sim)


def test_cash_that_leaks_is_a_failure() -> None:
    """No deal leaks; so the cash that may is less than none."""
    sim = clo.simulate(simulated.deal(), SCENARIOS, seed=5, loans=simulated.loans())
    assert sim.ok
    sim.engine.leak = -1.0
    assert sim.engine.run(0, SCENARIOS).breached.all()
