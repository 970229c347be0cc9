"""Movements of a run: the ledger of cash, what parties pay each other, and bookings of what is not cash."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from clo.deal.terms import Deal
from clo.pool.flows import Flow, PoolFlows
from clo.waterfall.allocation import DealFlows
from clo.waterfall.closing import settled_at_closing
from clo.waterfall.deal_pool import BOUGHT, DealPool
from clo.waterfall.frames import payment_dates
from clo.waterfall.program import Movement

ISSUER, OBLIGORS = "issuer", "obligors"
BORROWERS = (Flow.interest, Flow.prepayment_fee, Flow.scheduled_principal, Flow.prepayment, Flow.recovery)
"""Columns of cash that come from borrowers."""
COLUMNS = ["step", "reason", "from", "to", "amount"]


def ledger(flows: DealFlows, pool: PoolFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, step, reason, from, to, amount: every movement of cash; step 0 is closing, and what accounts earn."""
    frame = pd.DataFrame(_at_closing(flows, pool), columns=COLUMNS)
    frame.insert(0, "payment_date", np.datetime64(flows.timeline.closing, "s"))
    cash = (movement for movement in flows.program.symbols.movements if movement.cash)
    return pd.concat([frame, _entries(flows, cash, scenario)], ignore_index=True)


def bookings(flows: DealFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, step, reason, from, to, amount: what was charged, capitalised, written or entered in a ledger."""
    return _entries(flows, (movement for movement in flows.program.symbols.movements if not movement.cash), scenario)


def _entries(flows: DealFlows, movements: Iterable[Movement], scenario: int) -> pd.DataFrame:
    """Movements that are not 0, one row for each date, step, reason and pair."""
    rows: dict[tuple[int, int, str, str, str], float] = {}
    for movement in movements:
        moved = flows.slot(movement.moved, scenario)
        reason = _reason(movement)
        for t in np.flatnonzero(moved):
            key = (int(t), movement.step, reason, movement.source, movement.to)
            rows[key] = rows.get(key, 0.0) + float(moved[t])
    order = sorted(rows, key=lambda key: key[:2])
    body = pd.DataFrame([(*key[1:], rows[key]) for key in order], columns=COLUMNS)
    body = body.astype({"step": "int64", "amount": "float64"})  # also where nothing moved
    body.insert(0, "payment_date", payment_dates(flows)[[key[0] for key in order]])
    return body


def _reason(movement: Movement) -> str:
    owner = movement.claim.partition(".")[0]
    return movement.claim if movement.reason in ("collect", "settle") else f"{owner}.{movement.reason}"


def _at_closing(flows: DealFlows, pool: PoolFlows) -> list[tuple[int, str, str, str, float]]:
    """Notes are issued; the proceeds fund the accounts and buy the loans, each sub-pool in proportion to its balance; contracts
    of the closing date are paid."""
    deal = flows.deal
    issued = [(name, flows.parameter(f"{name}.size") * tranche.issue_price) for name, tranche in deal.tranches.items()]
    rows = [(0, f"{name}.issue", deal.tranches[name].holder, ISSUER, price) for name, price in issued if price]
    settled = settled_at_closing(deal, flows.closing)
    funded = {name: amount for name in deal.accounts if (amount := flows.parameter(f"{name}.initial") - settled[name])}
    rows += [(0, f"{name}.initial", ISSUER, name, amount) for name, amount in funded.items()]
    left = sum(price for _, price in issued) - sum(funded.values())
    opening = {group: float(pool.amounts[Flow.opening, g, 0, 0]) for g, group in enumerate(pool.groups)}
    bought = {group: part for group, part in opening.items() if not deal.pools[group].reference}
    total = sum(bought.values())
    rows += [(0, f"{group}.purchase", ISSUER, deal.seller(group), left * part / total) for group, part in bought.items()]
    names = [(f"{step.to}.{step.paid_as}", step.source, step.to) for step in deal.closing]
    return rows + [(0, *name, amount) for name, amount in zip(names, flows.closing, strict=True) if amount]


def parties(flows: DealFlows, pool: DealPool, book: pd.DataFrame) -> pd.DataFrame:
    """payment_date, payer, payee, stream, amount: what parties pay each other; accounts are the issuer's.

    Collections are told by sub-pool: what its borrowers paid in the months that the payment date distributes.
    """
    who = parties_behind(flows.deal)
    told = book[book["from"] != OBLIGORS]
    settled = pd.DataFrame(
        {
            "payment_date": told["payment_date"],
            "payer": told["from"].replace(who),
            "payee": told["to"].replace(who),
            "stream": told["reason"],
            "amount": told["amount"],
        }
    )
    settled = settled[settled["payer"] != settled["payee"]]
    collected = _collected(flows, pool)
    parts = [part for part in (collected, settled) if len(part)]
    if not parts:
        return settled
    together = pd.concat(parts, ignore_index=True)
    return together.sort_values("payment_date", kind="stable", ignore_index=True)


def parties_behind(deal: Deal) -> dict[str, str]:
    """The party behind each account, facility, hedge and sub-pool of the ledger; a party stands behind itself."""
    found = dict.fromkeys(deal.accounts, ISSUER)
    found |= {name: facility.provider for name, facility in deal.facilities.items()}
    found |= {name: hedge.counterparty for name, hedge in deal.hedges.items()}
    return found | {name: maker(deal, name) for name, pool in deal.pools.items() if pool.reference}


def maker(deal: Deal, pool: str) -> str:
    """Who keeps the loans of a reference sub-pool: the corporation those of its own, else the party of the sub-pool's name."""
    return "corporation" if deal.seller(pool) == "corporation" else pool


def _collected(flows: DealFlows, pool: DealPool) -> pd.DataFrame:
    """Each column of cash that is not 0, by date and group; the seller of a sub-pool pays for what it buys back, less what it
    puts in its place. Who keeps the loans has nobody to buy them back from.
    """
    deal, groups = flows.deal, pool.flows.groups
    names = [group.removesuffix(BOUGHT) for group in groups]
    kept = np.array([deal.pools[name].reference for name in names])
    owners = np.array([maker(deal, name) if deal.pools[name].reference else ISSUER for name in names], dtype=object)
    received = [pool.flows.received(flow) for flow in BORROWERS]
    repurchased = pool.flows.received(Flow.repurchase) - pool.flows.received(Flow.substitution)
    monthly = np.stack([*received, np.where(kept[:, None, None], 0.0, repurchased)])[..., 0]  # [column, group, month]
    first = np.asarray(flows.timeline.first_month)
    amounts = np.stack([monthly[:, :, a:b].sum(axis=2) for a, b in itertools.pairwise(first)])  # [date, column, group]
    date, group, column = np.nonzero(amounts.transpose(0, 2, 1))
    words = np.array([*(flow.name for flow in BORROWERS), "repurchase"], dtype=object)
    sellers = np.array([deal.seller(name) for name in names], dtype=object)
    return pd.DataFrame(
        {
            "payment_date": payment_dates(flows)[date],
            "payer": np.where(column == len(BORROWERS), sellers[group], OBLIGORS),
            "payee": owners[group],
            "stream": np.array(groups, dtype=object)[group] + "." + words[column],
            "amount": amounts[date, column, group],
        }
    )
