"""Why each claim got what it got: what every step of a payment date asked, found and moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from clo.waterfall.allocation import DealFlows
from clo.waterfall.program import Movement

UNLIMITED = 1e299
"""What comes from outside the deal, such as the price of a pool, is there in any amount: a number beyond this."""
_RESIDUAL = ("residual_principal", "residual_interest")
_BY_NATURE = {
    "collect": "collected from the borrowers",
    "earned": "earned on what the account held",
    "sale": "paid for the pool",
}
"""Why cash comes in that nobody is asked for."""
_UP_TO = {
    "draw": "no more may be drawn",
    "charge": "no more is charged",
    "capitalise": "no more is unpaid",
    "write_down": "nothing is left to write down",
    "write_up": "no more was written down",
    "debit": "the ledger is at its limit",
    "credit": "the ledger is at 0",
}
"""Why less moved than was asked, where it is not for want of cash."""


class Explanation(NamedTuple):
    """Why a claim got what it got on one payment date. Amounts in the deal's currency."""

    asked: float
    available: float
    paid: float
    shortfall: float
    why: str


def waterfall(flows: DealFlows, period: int, scenario: int = 0) -> pd.DataFrame:
    """step, claim, from, to, asked, available, paid, shortfall, why: the steps of payment `period` (1 is the first)."""
    t = _period_index(flows, period)
    rows = [(m.step, _claim(m), m.source, m.to, *_outcome(flows, m, t, scenario)) for m in flows.program.symbols.movements]
    return pd.DataFrame(rows, columns=["step", "claim", "from", "to", *Explanation._fields])


def _outcome(flows: DealFlows, movement: Movement, t: int, scenario: int) -> Explanation:
    """What one movement asked, found and got at payment date t."""
    asked, available, paid = (
        float(flows.slot(slot, scenario)[t]) for slot in (movement.asked, movement.available, movement.moved)
    )
    asked = paid if movement.reason in _RESIDUAL and asked >= 0.0 else asked  # a residual asks what is left
    why = _why(flows, movement, t, asked, paid, scenario)
    return Explanation(asked, _unless_unlimited(available), paid, max(0.0, asked - paid), why)


def _unless_unlimited(available: float) -> float:
    return math.inf if available > UNLIMITED else available


def _claim(movement: Movement) -> str:
    return (
        movement.claim if movement.reason not in _RESIDUAL else f"{movement.claim} ({movement.reason.removeprefix('residual_')})"
    )


def _period_index(flows: DealFlows, period: int) -> int:
    if not 1 <= period <= flows.timeline.payments:
        raise ValueError(f"payment {period} does not exist; the deal has payments 1 to {flows.timeline.payments}")
    return period - 1


def _why(  # noqa: PLR0911  (one return a reason)
    flows: DealFlows, movement: Movement, t: int, asked: float, paid: float, scenario: int
) -> str:
    if movement.reason == "collect":
        return _BY_NATURE["collect"]
    if movement.condition is not None and flows.slot(movement.condition, scenario)[t] == 0.0:
        return f"not {'paid' if movement.cash else 'done'}: `{movement.condition_text}` is false"
    if not asked >= 0.0:
        return "a breach: the amount, or what decides it, is not a number of 0 or more"
    if movement.reason in _RESIDUAL and paid == 0.0 and flows.slot(movement.available, scenario)[t] < 1.0:
        return "nothing is left"
    if asked == 0.0:
        return "nothing is asked"
    if movement.reason in _BY_NATURE:
        return _BY_NATURE[movement.reason]
    if movement.reason == "settle" and movement.source not in flows.deal.accounts:
        return "paid under a contract"
    if paid >= asked:
        return "everything left" if movement.reason == "residual_interest" else "in full"
    if not movement.cash or movement.reason == "draw":
        return _UP_TO[movement.reason]
    before = [
        (_claim(other), float(flows.slot(other.moved, scenario)[t]))
        for other in flows.program.symbols.movements
        if other.source == movement.source and other.op < movement.op and other.cash and other.reason != "collect"
    ]
    taken = ", ".join(f"{claim} {amount:,.0f}" for claim, amount in before if amount)
    return f"{movement.source} ran out" + (f" after {taken}" if taken else "; nothing was paid from it before")


def explain(flows: DealFlows, claim: str, period: int, scenario: int = 0) -> Explanation:
    """What a claim such as `mezzanine.interest` asked, found and got on payment `period`, over all steps that pay it.

    Raises KeyError for a claim no step pays, ValueError for a payment that does not exist.
    """
    t = _period_index(flows, period)
    steps = [movement for movement in flows.program.symbols.movements if movement.claim == claim]
    if not steps:
        claims = list(dict.fromkeys(movement.claim for movement in flows.program.symbols.movements))
        raise KeyError(f"no step pays {claim!r}; the claims are {', '.join(claims)}")
    outcomes = [_outcome(flows, step, t, scenario) for step in steps]
    paid = sum(outcome.paid for outcome in outcomes)
    asked = _asked(flows, claim, steps, paid, t, scenario)
    reached = [step for step in steps if step.condition is None or flows.slot(step.condition, scenario)[t] != 0.0]
    available = float(flows.slot((reached or steps)[0].available, scenario)[t])
    told = [f"step {step.step}: {outcome.why}" for step, outcome in zip(steps, outcomes, strict=True)]
    why = outcomes[0].why if len({outcome.why for outcome in outcomes}) == 1 else "; ".join(told)
    return Explanation(asked, _unless_unlimited(available), paid, max(0.0, asked - paid), why)


def _asked(flows: DealFlows, claim: str, steps: Sequence[Movement], paid: float, t: int, scenario: int) -> float:
    """Interest and fees ask all that is unpaid; other claims what their steps ask."""
    owner, _, kind = claim.partition(".")
    if steps[0].reason in ("interest", "fee"):
        unpaid = flows.value(f"{owner}.{'interest_unpaid' if kind == 'interest' else 'unpaid'}", scenario)[t]
        return float(unpaid) + paid
    if steps[0].reason in _RESIDUAL:
        return paid  # a residual asks what is left
    asked, before = 0.0, 0.0
    for step in steps:
        here = float(flows.slot(step.asked, scenario)[t])
        moved = float(flows.slot(step.moved, scenario)[t])
        asked = max(asked, before + here)
        before += moved
    return asked
