"""From contracts to expected flows: the sums of each cell, thinned by default, repurchase, prepayment and new terms.

Axis key: h cohort (0 keeps its terms, the others got new ones in their month), c cell, k column, t month.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import scaled
from clo.pool.flows import Flow
from clo.pool.hazards import Hazards
from clo.pool.kernel import Column

Floats = NDArray[np.float64]


class Thinned(NamedTuple):
    """Flow columns [k, t]; what is to be recovered of each month's defaults, net of cost [t]; recoveries too late for the last
    month; amounts that found no balance to default."""

    flows: Floats
    due: Floats
    lost: float
    short: float


class Paid(NamedTuple):
    """What contracts give, [h cohort, c cell, t month]: interest, principal, what is prepaid, what the instalment leaves."""

    interest: Floats
    principal: Floats
    prepaid: Floats
    left: Floats


class Events(NamedTuple):
    """What defaults, by month [t]: balance, drawn at default, set off, and what is to be recovered of it before cost."""

    balance: Floats
    drawn: Floats
    setoff: Floats
    recoverable: Floats


def thin(sums: Floats, hazards: Hazards, assumed: Behaviour, cohorts: Sequence[int]) -> Thinned:
    """Expected flows of one group from its contractual sums [h, c, k, t + 1].

    cohorts: the month (1-based) of the new terms of each cohort but the first.
    Source: the order of a month in docs/behaviour.md; survival as in SIFMA Standard Formulas, factor (1 - q)(1 - SMM).
    """
    months = sums.shape[3] - 1
    start, q, short = _weights(sums, hazards, hazards.keep, assumed, cohorts)
    now, later = sums[..., :-1], sums[:, :, Column.OPENING, 1:]
    paying = start * (1.0 - q)
    flows = np.zeros((len(Flow), months))
    flows[Flow.opening] = _total(start, now[:, :, Column.OPENING])
    paid = payments(sums, paying, hazards, assumed)
    flows[Flow.interest] = paid.interest.sum(axis=(0, 1))
    flows[Flow.scheduled_principal] = paid.principal.sum(axis=(0, 1))
    leave(flows, paid.left.sum(axis=0), paid.prepaid.sum(axis=0), hazards)
    flows[Flow.closing, :-1] = flows[Flow.opening, 1:]
    flows[Flow.closing, -1] = (paying * hazards.keep * later)[..., -1].sum()
    for cohort, month in enumerate(cohorts, start=1):
        flows[Flow.restructured, month - 1] = (start[cohort, :, month - 1] * now[cohort, :, Column.OPENING, month - 1]).sum()
    due, lost = book(flows, _events(now, start, q, hazards.known, assumed), assumed)
    return Thinned(flows, due, lost, short)


def payments(sums: Floats, paying: Floats, hazards: Hazards, assumed: Behaviour) -> Paid:
    """What contracts [h, c, k, t + 1] give of which the share `paying` [h, c, t] has not defaulted."""
    now, later = sums[..., :-1], sums[:, :, Column.OPENING, 1:]
    bought = hazards.bought
    if assumed.order == "prepayment_first":
        leaving = paying * hazards.prepayment
        staying = paying - leaving
        owed = np.concatenate((np.zeros_like(later[..., :1]), now[:, :, Column.ACCRUED, :-1]), axis=2)
        prepaid = leaving * now[:, :, Column.OPENING]
        early = leaving * owed + staying * bought * now[:, :, Column.ACCRUED]
        left = staying * later
    else:
        staying = paying
        left = staying * later
        prepaid = hazards.prepayment * (1.0 - bought) * left
        early = staying * (1.0 - hazards.keep) * now[:, :, Column.ACCRUED]
    return Paid(staying * now[:, :, Column.INTEREST] + early, staying * now[:, :, Column.PRINCIPAL], prepaid, left)


def leave(flows: Floats, left: Floats, prepaid: Floats, hazards: Hazards) -> None:
    """Write what is prepaid, and bought back of the balance left after the instalment, [c, t] each, into the flows [k, t]."""
    flows[Flow.prepayment] = prepaid.sum(axis=0)
    flows[Flow.prepayment_fee] = (prepaid * hazards.fee).sum(axis=0)
    flows[Flow.repurchase] = (hazards.repurchase * left).sum(axis=0)
    flows[Flow.substitution] = ((hazards.repurchase - hazards.bought) * left).sum(axis=0)


def _total(weight: Floats, column: Floats) -> Floats:
    return np.asarray((weight * column).sum(axis=(0, 1)))


def _weights(
    sums: Floats, hazards: Hazards, keep: Floats, assumed: Behaviour, cohorts: Sequence[int]
) -> tuple[Floats, Floats, float]:
    """Share of the contract still there at the start of each month, new terms given [h, c, t]; q [h, c, t]; see Thinned.short."""
    months = sums.shape[3] - 1
    changed = np.zeros(months) if assumed.restructuring is None else assumed.restructuring.shares(months)
    unchanged = np.cumprod(np.concatenate(([1.0], 1.0 - changed)))
    multiplier = 1.0 if assumed.restructuring is None else assumed.restructuring.default_multiplier
    first, short = hazards.default, 0.0
    if hazards.amounts is not None:
        first, short = _share_of_amounts(sums, hazards.amounts, keep, changed, cohorts)
    after = first if multiplier == 1.0 else scaled(first, multiplier)
    alive = _survival((1.0 - first) * keep)[:, :-1]
    start = np.zeros((len(cohorts) + 1, *first.shape))
    start[0] = alive * unchanged[1:]
    stays = (1.0 - after) * keep
    for cohort, month in enumerate(cohorts, start=1):
        u = month - 1
        begun = alive[:, u] * unchanged[u] * changed[u]
        start[cohort, :, u:] = begun[:, None] * _survival(stays[:, u:])[:, :-1]
    q = np.stack([first, *[after] * len(cohorts)])
    return start, q, short


def _survival(stays: Floats) -> Floats:
    """[c, t + 1], 1 at the beginning."""
    return np.concatenate((np.ones((len(stays), 1)), np.cumprod(stays, axis=1)), axis=1)


def _share_of_amounts(
    sums: Floats, amounts: Floats, keep: Floats, changed: Floats, cohorts: Sequence[int]
) -> tuple[Floats, float]:
    """q [c, t] that makes the amounts default, the same for all cells; and what exceeds the balance that is there."""
    opening = sums[:, :, Column.OPENING]
    weight = np.zeros(opening.shape[:2])
    weight[0] = 1.0
    q, short = np.zeros_like(keep), 0.0
    for t, amount in enumerate(amounts):
        for cohort, month in enumerate(cohorts, start=1):
            if month == t + 1:
                weight[cohort] = weight[0] * changed[t]
                weight[0] = weight[0] - weight[cohort]
        balance = float((weight * opening[:, :, t]).sum())
        q[:, t] = min(1.0, amount / balance) if balance > 0.0 else 0.0
        if amount > balance:
            short += amount - balance
        weight = weight * ((1.0 - q[:, t]) * keep[:, t])
    return q, short


def _events(now: Floats, start: Floats, q: Floats, known: NDArray[np.bool_], assumed: Behaviour) -> Events:
    """What defaults in each month, or stops paying in it where it defaults later."""
    on_tape = known[None, :, None]
    hit = np.where(on_tape, start, start * q)
    balance = np.where(on_tape, now[:, :, Column.DEFAULT], now[:, :, Column.OPENING])
    if assumed.recovery == "tape":
        by_loan = _total(start, now[:, :, Column.SALVAGE])
    else:
        by_loan = _total(hit, now[:, :, Column.RECOVERABLE])
    drawn, setoff = _total(hit, now[:, :, Column.DRAWN]), _total(hit, now[:, :, Column.SETOFF])
    return events_of(_total(hit, balance), drawn, setoff, by_loan, assumed)


def events_of(balance: Floats, drawn: Floats, setoff: Floats, by_loan: Floats, assumed: Behaviour) -> Events:
    """Events with what is to be recovered [t]: a share of the claim less what is set off, or what it comes to loan by loan."""
    if assumed.recovery is None or isinstance(assumed.recovery, float):
        return Events(balance, drawn, setoff, np.asarray((assumed.recovery or 0.0) * (balance + drawn - setoff)))
    return Events(balance, drawn, setoff, by_loan)


def book(flows: Floats, events: Events, assumed: Behaviour) -> tuple[Floats, float]:
    """Write arrears, defaults and recoveries into the flows [k, t]; returns Thinned.due and Thinned.lost."""
    months = flows.shape[1]
    lag = 0 if assumed.arrears is None else assumed.arrears.lag or 0
    if lag:
        stopped = np.cumsum(events.balance) - np.cumsum(_delayed(events.balance, lag))
        flows[Flow.opening, 1:] += stopped[:-1]
        flows[Flow.closing] += stopped
        flows[Flow.arrears] = stopped
        events = Events(*(_delayed(event, lag) for event in events))
    flows[Flow.default] = events.balance + events.drawn
    flows[Flow.drawing] = events.drawn
    flows[Flow.setoff] = events.setoff
    return _book_recovery(flows, events, assumed, months)


def _book_recovery(flows: Floats, events: Events, assumed: Behaviour, months: int) -> tuple[Floats, float]:
    """Recoveries net of cost into the flows; returns what they come to by month of default, and after the last month."""
    cost = assumed.recovery_cost or 0.0
    spread = np.convolve(events.recoverable, np.asarray(assumed.recovery_timing or (1.0,)))
    received = np.concatenate((np.zeros(assumed.recovery_lag or 0), spread))
    flows[Flow.recovery] = received[:months] * (1.0 - cost)
    flows[Flow.recovery_cost] = received[:months] * cost
    if assumed.setoff == "recovered":
        flows[Flow.recovery] += events.setoff
    return events.recoverable * (1.0 - cost), float(received[months:].sum()) * (1.0 - cost)


def _delayed(amounts: Floats, months: int) -> Floats:
    """Amounts some months later, in as many months: the last ones drop out."""
    kept = max(0, len(amounts) - months)
    return np.concatenate((np.zeros(len(amounts) - kept), amounts[:kept]))
