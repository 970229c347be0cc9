"""What a pool pays: PoolFlows, columns by group, month and scenario."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.recoveries import Recoveries
from clo.timeline import Days

Floats = NDArray[np.float64]


class Flow(IntEnum):
    """Columns of `result.pool`, in order; first axis of `PoolFlows.amounts`.

    opening, closing: balances, arrears included. default: principal, drawings at default included. recovery: net of
    recovery_cost, set-offs that are passed on included. repurchase, substitution: balance bought back and put in its
    place. commingling_loss: cash that borrowers paid and the deal never gets. arrears: balance of loans behind at the
    end of the month. restructured: balance that got new terms.
    """

    opening = 0
    interest = 1
    scheduled_principal = 2
    prepayment = 3
    default = 4
    recovery = 5
    guarantee_paid = 6
    closing = 7
    repurchase = 8
    substitution = 9
    drawing = 10
    prepayment_fee = 11
    setoff = 12
    recovery_cost = 13
    commingling_loss = 14
    arrears = 15
    restructured = 16


_TAKEN_WITH: dict[str, tuple[tuple[Flow, float], ...]] = {
    "interest": ((Flow.interest, 1.0), (Flow.prepayment_fee, 1.0)),
    "scheduled_principal": ((Flow.scheduled_principal, 1.0),),
    "prepayment": ((Flow.prepayment, 1.0), (Flow.repurchase, 1.0), (Flow.substitution, -1.0)),
    "recovery": ((Flow.recovery, 1.0),),
}
"""What a deal collects under each name: fees come with interest, repurchases less substitutes with prepayment."""


CASH = tuple((flow, sign) for parts in _TAKEN_WITH.values() for flow, sign in parts)
"""Every column that is cash, and its sign."""


def cash(amounts: Floats) -> Floats:
    """What the borrowers and the seller paid, all columns together; amounts [k, ...] -> [...]."""
    return np.asarray(sum(sign * amounts[flow] for flow, sign in CASH))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoolFlows:
    """What a pool pays. k column (Flow), g group, t month, s scenario.

    amounts [k, g, t, s]: in the tape's currency, all >= 0; closing = opening + drawing - default - scheduled_principal -
    prepayment - repurchase + substitution. period_ends [t]. lost_recovery [g, s]: recoveries that would come after the
    last month, and are lost. outstanding [g, s]: balance after the last month. states: with roll rates, the balance in each
    state of arrears by month and group (period_end, group, scenario, state, balance).
    realised: with defaults from the tape, one row a group: charge_offs (loans with a default date), modelled (those that
    default within the months), charged_off (the recorded loss of all), default (modelled exposure at the date, drawings
    included, before any repurchase), loss (the exposure less what the recorded loss leaves of it), excess (recorded loss
    beyond the exposure), beyond_horizon (loans whose default comes after the last month: in charge_offs and charged_off, in
    none of the modelled figures; without any, charged_off = loss + excess). recoveries: by how long ago the default was.
    """

    groups: tuple[str, ...]
    period_ends: Days
    amounts: Floats
    lost_recovery: Floats
    outstanding: Floats
    findings: tuple[Finding, ...] = ()
    realised: pd.DataFrame | None = None
    states: pd.DataFrame | None = None
    recoveries: Recoveries | None = None

    def __repr__(self) -> str:
        months, scenarios = self.amounts.shape[2:]
        return f"<PoolFlows {', '.join(self.groups)}: {months} months, {scenarios} scenario{'s' if scenarios != 1 else ''}>"

    def collected(self, name: str) -> Floats:
        """The cash a deal collects as interest, scheduled_principal, prepayment or recovery [g, t, s].

        Prepayment fees come with interest; repurchases, less what is spent on substitutes, with prepayment.
        """
        return np.asarray(sum(sign * self.received(flow) for flow, sign in _TAKEN_WITH[name]))

    def received(self, flow: Flow) -> Floats:
        """What reaches the deal of one column of cash [g, t, s]: what is lost with a servicer is taken off in proportion."""
        lost = self.amounts[Flow.commingling_loss]
        if not lost.any():
            return np.asarray(self.amounts[flow])
        total = cash(self.amounts)
        reached = 1.0 - np.divide(lost, total, out=np.zeros_like(lost), where=total > 0.0)
        return np.asarray(self.amounts[flow] * reached)

    def to_frame(self, scenario: int = 0) -> pd.DataFrame:
        """One row per month and group: period_end, group, then the columns of Flow."""
        months, groups = len(self.period_ends), len(self.groups)
        columns: dict[str, Any] = {
            "period_end": np.repeat(self.period_ends.astype("datetime64[s]"), groups),
            "group": np.tile(np.asarray(self.groups, dtype=object), months),
        }
        for flow in Flow:
            columns[flow.name] = self.amounts[flow, :, :, scenario].T.ravel()
        return pd.DataFrame(columns)

    def _repr_html_(self) -> str:
        note = f"<p>{len(self.groups)} groups, {len(self.period_ends)} months, {self.amounts.shape[3]} scenarios; the first:</p>"
        return note + str(self.to_frame().to_html(max_rows=24, float_format=lambda x: f"{x:,.0f}", index=False))
