"""Deals of very different shape, run with few and with many scenarios in one process (see test_kernel_purchases.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
from by_hand import DEALS, TERMS, spelled, tape, terms

import clo
from clo.behaviour.assumptions import Assumptions
from clo.deal.checks import timeline_of
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from clo.pool.projection import project
from clo.study import resolve_pools
from clo.timeline import Timeline
from clo.waterfall.allocation import DealFlows, allocate, block_size
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal

MANY = 3_000
FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
BUY = {"buy": {"pool": "loans", "from": "collections", "amount": "if(payment.number < 3, 500, 0)", "price": "98%"}}
SELL = {"sell": {"to": "collections", "amount": "90% * pool.balance", "if": "payment.number == 3"}}
REMEMBERING = {
    "bad": {"when": "rolling_average(pool.default, 3) > 100", "after": 2, "cure": "previous(pool.balance) < 100", "every": 2}
}
DEFERRED = {"let": {"spare": "collections.balance", "late": "bad and cumulative(pool.default) > 5"}}


def deals() -> dict[str, Deal]:
    return {
        "structure": terms(),
        "without fees": terms(fees={}),
        "purchases": spelled(FEE, INTEREST, BUY, PRINCIPAL),
        "sale": spelled(FEE, INTEREST, PRINCIPAL, SELL),
        "purchases and a sale": spelled(FEE, INTEREST, BUY, PRINCIPAL, SELL, rounding="none"),
        "memory": spelled(DEFERRED, FEE | {"pay": FEE["pay"] | {"if": "not late"}}, INTEREST, PRINCIPAL, triggers=REMEMBERING),
        "least": terms(
            structure=None,
            fees={},
            tranches={"junior": {"size": "rest"}},
            waterfall=[
                {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
                {"pay": {"residual": "junior", "from": "collections"}},
            ],
        ),
        "one payment": terms(dates=TERMS["dates"] | {"legal_final": TERMS["dates"]["first_payment"]}),
    }


def assumed(count: int) -> list[Assumptions]:
    """Scenarios that differ, from none to most of the loans in default."""
    shares = np.linspace(0.0, 0.9, count)
    return [Assumptions(cdr=float(each), cpr=float(0.5 * (1 - each)), recovery=0.4, recovery_lag=1) for each in shares]


def allocated(deal: Deal, pools: dict[str, Any], scenarios: list[Assumptions], *, trace: bool = True) -> DealFlows:
    timeline = timeline_of(deal)
    assert isinstance(timeline, Timeline)
    flows = project(pools, scenarios, period_ends=timeline.period_ends, cutoff=deal.dates.cutoff)
    program = bind(compile_deal(deal, trace=trace), deal, {name: pool.balance for name, pool in pools.items()})
    return allocate(deal, program, flows, timeline)


def differences() -> dict[str, list[int]]:
    """By deal, the scenarios of a large run that are not the same to the last bit when run alone, or in another company."""
    wrong: dict[str, list[int]] = {}
    scenarios = assumed(MANY)
    for name, deal in deals().items():
        ready = spelled_out(deal)
        pools = {"loans": tape()}
        together = allocated(ready, pools, scenarios)
        block = block_size(len(together.program.starts))
        assert block < MANY, "several blocks"
        assert MANY % block, "the last of them partial"
        few = sorted({0, 1, block - 1, block, block + 1, MANY - 2, MANY - 1, *range(7, MANY, 301)})
        company = allocated(ready, pools, [scenarios[s] for s in few])
        different = []
        for n, s in enumerate(few):
            alone = allocated(ready, pools, [scenarios[s]])
            for other, at in ((alone, 0), (company, n)):
                same = np.array_equal(other.kept[:, :, at], together.kept[:, :, s], equal_nan=True)
                if not same or other.leak[at] != together.leak[s] or (other.breach[:, at] != together.breach[:, s]).any():
                    different.append(s)
        if different:
            wrong[name] = different
        allocated(ready, pools, scenarios[:70], trace=False)
    real = clo.load_deal(DEALS / "purchase-08.yaml")
    allocated(real, dict(resolve_pools(real, None).loans), scenarios[:2])
    return wrong
