"""The slow reading of the pool's rows, month by month: loans that were there, loans that were bought, and none after a sale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from oracle_pool import collected

Flow = dict[str, float]
COLLECTED = ("interest", "scheduled_principal", "prepayment", "default", "recovery")
"""Sums of a period that a waterfall may ask for."""
PAID = ("interest", "scheduled_principal", "prepayment", "recovery")
"""Those of them that borrowers pay."""


@dataclass(frozen=True)
class Purchase:
    """Loans bought: they are a month old in month `first` (the first month of all is 0)."""

    pool: str
    first: int
    balance: float


class Portfolio:
    """own: of each sub-pool its flows in every month; initial: its cut-off balance; renewed: sub-pools that may be bought."""

    def __init__(self, own: Mapping[str, list[Flow]], initial: Mapping[str, float], renewed: Iterable[str]) -> None:
        self.own = own
        self.initial = initial
        self.renewed = list(renewed)
        self.purchases: list[Purchase] = []
        self.sold_in: int | None = None
        """The month, from 0, in which the pool is no longer there."""

    def buy(self, pool: str, month: int, balance: float) -> None:
        self.purchases.append(Purchase(pool, month, balance))

    def parts(self) -> list[str]:
        """All groups that the pool is made of."""
        return [*self.own, *(f"{name}.bought" for name in self.own if name in self.renewed)]

    def rows(self, month: int) -> dict[str, Flow]:
        """A month's row of every group: the pool, its sub-pools, and what was bought as if of a sub-pool."""
        rows = {name: self.own_row(name, month) for name in self.own}
        rows |= {f"{name}.bought": self.bought_row(name, month) for name in self.own if name in self.renewed}
        groups = {name: self.after_sale(month, row) for name, row in rows.items()}
        columns = next(iter(groups.values()))
        return {"pool": {column: math.fsum(row[column] for row in groups.values()) for column in columns}, **groups}

    def own_row(self, name: str, month: int) -> Flow:
        return self.own[name][month] | {"bought": 0.0, "sold": 0.0}

    def bought_row(self, name: str, month: int) -> Flow:
        """What was bought does in its n-th month what the sub-pool's loans did in theirs, a unit of cut-off balance."""
        row = dict.fromkeys(self.own_row(name, 0), 0.0)
        for purchase in self.purchases:
            if purchase.pool != name or month < purchase.first:
                continue
            flow = self.own[name][month - purchase.first]
            for column, amount in flow.items():
                if column != "opening":
                    row[column] += purchase.balance * amount / self.initial[name]
            if month == purchase.first:
                row["bought"] += purchase.balance
            else:
                row["opening"] += purchase.balance * flow["opening"] / self.initial[name]
        return row

    def after_sale(self, month: int, row: Flow) -> Flow:
        """The row as it is, or what is left of it: in the first month all that is there goes, and nothing follows."""
        if self.sold_in is None or month < self.sold_in:
            return row
        kept = dict.fromkeys(row, 0.0)
        if month == self.sold_in:
            kept |= {"opening": row["opening"], "bought": row["bought"], "sold": row["opening"] + row["bought"]}
        return kept


def cash_of(rows: Mapping[str, Flow], groups: Iterable[str]) -> Flow:
    """What some groups bring in a month, as a waterfall sees it."""
    parts = [collected(rows[group]) for group in groups]
    return {column: math.fsum(part[column] for part in parts) for column in COLLECTED}
