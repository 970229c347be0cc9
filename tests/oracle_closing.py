"""The slow reading of the closing date: the issue, what accounts start with, what is bought, and contracts paid that day."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from oracle_expressions import evaluate

from clo.deal.terms import Deal, Settle

Movement = tuple[date, int, str, str, str, float]
ISSUER = "issuer"
SELLERS = "sellers"
"""All who sell the loans at closing."""


def issue(deal: Deal, size: Mapping[str, float]) -> list[Movement]:
    """What notes bring in, what of it accounts start with, and what buys the sub-pools that are not reference, all in one."""
    rows: list[Movement] = []
    day, proceeds = deal.dates.closing, 0.0
    for name, tranche in deal.tranches.items():
        price = size[name] * tranche.issue_price
        rows.append((day, 0, f"{name}.issue", tranche.holder, ISSUER, price))
        proceeds += price
    for name, account in deal.accounts.items():
        rows.append((day, 0, f"{name}.initial", ISSUER, name, float(account.initial)))
    if not all(pool.reference for pool in deal.pools.values()):
        left = proceeds - math.fsum(float(account.initial) for account in deal.accounts.values())
        rows.append((day, 0, "purchase", ISSUER, SELLERS, left))
    return [row for row in rows if row[-1] != 0.0]


def contracts(
    deal: Deal, held: dict[str, float], names: Mapping[str, float], rounded: Callable[[float], float], smallest: float
) -> list[Movement]:
    """The settlements of the closing date, in order; `held` changes with them. Raises ValueError where one cannot be paid."""
    rows: list[Movement] = []
    for settle in deal.closing:
        amount = _amount(settle, names, rounded, smallest)
        if settle.source in held:
            if held[settle.source] < amount - smallest:
                raise ValueError(f"{settle.source} holds {held[settle.source]}, not {amount}")
            held[settle.source] -= amount
        if settle.to in held:
            held[settle.to] += amount
        if amount != 0.0:
            rows.append((deal.dates.closing, 0, settle.paid_as, settle.source, settle.to, amount))
    return rows


def _amount(settle: Settle, names: Mapping[str, float], rounded: Callable[[float], float], smallest: float) -> float:
    if settle.condition is not None:
        raise ValueError("what is settled at closing has no condition")
    found: Any = evaluate(settle.amount, names.__getitem__, smallest)
    if not -smallest <= found < math.inf:
        raise ValueError(f"{settle.amount} is {found}")
    return rounded(max(0.0, float(found)))
