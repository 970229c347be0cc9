"""Expected flows under roll rates: how far behind a loan is decides which instalments it pays.

A loan m instalments behind at the start of month t owes the balance before instalment t - m. Moving to m' it pays
instalments t - m up to and including t - m'. All loans of a cell share one distribution over m, so the flows of the cell
are that distribution times running sums of its contract.

Axis key: c cell, k column, t month (0-based here), m instalments behind, b bucket of m.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.arrears import LAST, STATES
from clo.behaviour.assumptions import Behaviour
from clo.pool.cells import Cell
from clo.pool.flows import Flow
from clo.pool.hazards import Hazards
from clo.pool.kernel import Column
from clo.pool.thinning import Thinned, book, events_of, leave

Floats = NDArray[np.float64]
CURED, DEFAULT = STATES.index("cured"), STATES.index("default")
CLAIMS = (Column.OPENING, Column.DRAWN, Column.SETOFF, Column.RECOVERABLE)
"""What is known of a default: balance, drawn with it, set off, recoverable loan by loan."""


class Behind:
    """The distribution of the loans of each cell over instalments behind: by_months [c, m], cured [c] (up to date again)."""

    def __init__(self, cells: Sequence[Cell], months: int) -> None:
        self.by_months = np.zeros((len(cells), months + LAST + 1))
        self.by_months[np.arange(len(cells)), [cell.behind for cell in cells]] = 1.0
        self.cured = np.zeros(len(cells))

    def month(self, moves: Floats) -> tuple[Floats, Floats]:
        """One month of moves [from, to]: shares that default out of each m [c, m], and out of the cured [c]."""
        before, cured = self.by_months, self.cured
        buckets = np.concatenate((before[:, :LAST], before[:, LAST:].sum(axis=1, keepdims=True)), axis=1)
        after = np.zeros_like(before)
        for m in range(LAST):
            after[:, m] = buckets @ moves[: LAST + 1, m] + cured * moves[CURED, m]
        after[:, LAST] = before[:, LAST - 1] * moves[LAST - 1, LAST]
        after[:, LAST + 1 :] = before[:, LAST:-1] * moves[LAST, LAST]
        into = np.concatenate((before[:, :LAST] * moves[:LAST, DEFAULT], before[:, LAST:] * moves[LAST, DEFAULT]), axis=1)
        self.cured = buckets @ moves[: LAST + 1, CURED] + cured * moves[CURED, CURED]
        self.by_months = after
        return into, cured * moves[CURED, DEFAULT]

    def thin(self, keep: Floats) -> None:
        """Leave the share `keep` [c] of those that are up to date."""
        self.by_months[:, 0] *= keep
        self.cured = self.cured * keep


def roll(sums: Floats, cells: Sequence[Cell], hazards: Hazards, assumed: Behaviour) -> tuple[Thinned, Floats]:
    """Expected flows of one group from its contractual sums [c, k, t + 1]; and its balance in each bucket [t, state].

    States: those of `clo.behaviour.arrears.STATES`, default left at 0. Source: docs/behaviour.md, arrears.
    """
    assert assumed.arrears is not None
    months = sums.shape[2] - 1
    moves, shares, keep = assumed.arrears.matrix(), Behind(cells, months), hazards.keep
    flows, states = np.zeros((len(Flow), months)), np.zeros((months, len(STATES)))
    interest, principal = _running(sums[:, Column.INTEREST]), _running(sums[:, Column.PRINCIPAL])
    owed = sums[:, Column.OPENING]
    current, defaulted = np.zeros((len(cells), months)), np.zeros((len(CLAIMS), months))
    flows[Flow.opening, 0] = owed[:, 0].sum()
    for t in range(months):
        before, cured = shares.by_months, shares.cured
        into, from_cured = shares.month(moves)
        oldest = np.maximum(t - np.arange(before.shape[1]), 0)  # the oldest unpaid instalment at the start, by m
        gone = into.copy()
        gone[:, 0] += from_cured
        defaulted[:, t] = [(gone * sums[:, column][:, oldest]).sum() for column in CLAIMS]
        staying = before - into
        staying[:, 0] += cured - from_cured
        after = shares.by_months.copy()
        after[:, 0] += shares.cured
        paid = np.maximum(t - np.arange(before.shape[1]), -1) + 1  # instalments paid by then, by m
        had = np.maximum(t - 1 - np.arange(before.shape[1]), -1) + 1
        flows[Flow.interest, t] = (after * interest[:, paid]).sum() - (staying * interest[:, had]).sum()
        flows[Flow.scheduled_principal, t] = (after * principal[:, paid]).sum() - (staying * principal[:, had]).sum()
        current[:, t] = after[:, 0]
        shares.thin(keep[:, t])
        balances = shares.by_months * owed[:, paid]
        states[t, :LAST] = balances[:, :LAST].sum(axis=0)
        states[t, LAST] = balances[:, LAST:].sum()
        states[t, CURED] = (shares.cured * owed[:, t + 1]).sum()
        flows[Flow.closing, t] = states[t].sum()
        flows[Flow.arrears, t] = states[t, 1 : LAST + 1].sum()
    flows[Flow.opening, 1:] = flows[Flow.closing, :-1]
    left = current * owed[:, 1:]
    flows[Flow.interest] += (current * (1.0 - keep) * sums[:, Column.ACCRUED, :-1]).sum(axis=0)
    leave(flows, left, hazards.prepayment * (1.0 - hazards.bought) * left, hazards)
    balance, drawn, setoff, by_loan = defaulted
    due, lost = book(flows, events_of(balance, drawn, setoff, by_loan, assumed), assumed)
    return Thinned(flows, due, lost, 0.0), states


def _running(column: Floats) -> Floats:
    """Sums of the first n instalments [c, n], n from 0."""
    return np.concatenate((np.zeros((len(column), 1)), np.cumsum(column, axis=1)), axis=1)
