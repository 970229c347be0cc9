"""The pool as the deal has it: its loans until the pool is sold, and beside them what was bought since.

Axes: k column (Flow), g group, m collection month, t payment date.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.deal.guarantees import Guarantee
from clo.pool.flows import Flow, PoolFlows
from clo.waterfall.allocation import DealFlows

Floats = NDArray[np.float64]
BOUGHT = ".bought"
"""What the group of loans bought for a sub-pool adds to its name."""


@dataclass(frozen=True, slots=True, eq=False)
class DealPool:
    """One scenario of the pool as the deal has it. flows: of each sub-pool, then of what was bought for each that a step
    buys for; bought, sold [g, m]: balances that come and go at the start of a month."""

    flows: PoolFlows
    bought: Floats
    sold: Floats

    def to_frame(self) -> pd.DataFrame:
        """One row per month and group: period_end, group, the columns of Flow, bought, sold."""
        frame = self.flows.to_frame()
        return frame.assign(bought=self.bought.T.ravel(), sold=self.sold.T.ravel())


def deal_pool(flows: DealFlows, pool: PoolFlows, scenario: int = 0) -> DealPool:
    """The pool of one scenario, with what the run bought and sold."""
    amounts = pool.amounts[:, :, :, scenario]
    first, months = flows.timeline.first_month, amounts.shape[2]
    purchases = flows.program.purchases
    nothing = np.zeros((len(pool.groups), months))
    grown = [_grown(flows, amounts[:, pool.groups.index(name)], name, scenario) for name in purchases]
    amounts = np.concatenate([amounts, *(part[:, None] for part, _ in grown)], axis=1)
    bought = np.concatenate([nothing, *(part[None] for _, part in grown)])
    sold = np.zeros_like(bought)
    if "pool.held" in flows.program.symbols.slots:
        gone = np.flatnonzero(flows.value("pool.held", scenario) == 0.0)
        if len(gone) and first[gone[0] + 1] < months:
            _sell(amounts, bought, sold, int(first[gone[0] + 1]))
    if "guarantee_claim" in flows.program.symbols.slots and flows.deal.guarantee is not None:
        amounts[Flow.guarantee_paid] = _guaranteed(flows, flows.deal.guarantee, amounts[Flow.default], scenario)
    groups = (*pool.groups, *(f"{name}{BOUGHT}" for name in purchases))
    return DealPool(replace(pool, groups=groups, amounts=amounts[..., None]), bought, sold)


def _guaranteed(flows: DealFlows, terms: Guarantee, default: Floats, scenario: int) -> Floats:
    """What the guarantor pays of each group's loans [g, m], in the month in which waiting and lag are over."""
    waited, first = terms.waiting + terms.lag, flows.timeline.first_month
    claims = np.zeros_like(default)
    claims[:, waited:] = terms.share * terms.covered * default[:, : max(0, default.shape[1] - waited)]
    unpaid = flows.value("guarantee_unpaid", scenario) > 0.0
    for t in np.flatnonzero(unpaid):
        claims[:, first[t] : first[t + 1]] = 0.0
    claims[:, first[-1] :] = 0.0
    return claims


def _grown(flows: DealFlows, base: Floats, name: str, scenario: int) -> tuple[Floats, Floats]:
    """Columns [k, m] of what was bought for a sub-pool with columns `base`, and what was bought at the start of each month."""
    months, first = base.shape[1], flows.timeline.first_month
    amounts, bought = np.zeros_like(base), np.zeros(months)
    start = base[Flow.opening, 0]
    for t, balance in enumerate(flows.value(f"{name}{BOUGHT}", scenario)):
        begin = int(first[t + 1])
        if balance == 0.0 or begin >= months:
            continue
        amounts[:, begin:] += balance / start * base[:, : months - begin]
        amounts[Flow.opening, begin] -= balance
        bought[begin] += balance
    return amounts, bought


def _sell(amounts: Floats, bought: Floats, sold: Floats, month: int) -> None:
    """From a month on the deal has nothing: what there is at its start is sold."""
    opening = amounts[Flow.opening, :, month].copy()
    amounts[:, :, month:] = 0.0
    amounts[Flow.opening, :, month] = opening
    sold[:, month] = opening + bought[:, month]
    bought[:, month + 1 :] = 0.0
