"""What must hold of every run, told by its frames alone: cash that is conserved, balances that follow, limits that are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

import clo
from laws.comparison import DRAWN, SMALL, movements

Broken = tuple[str, float]
"""What does not hold, and by how much."""
SHARE = re.compile(r"^([\d.]+)% \* pool\.initial$")
"""A limit that stays as it is."""


class Grid:
    """A frame of one row a payment date and name, as arrays [t, name]."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.names = list(dict.fromkeys(frame.iloc[:, 1]))
        self.frame = frame

    def __getitem__(self, column: str) -> Any:
        values = self.frame[column].to_numpy(dtype=float)
        return values.reshape(-1, len(self.names)) if self.names else np.zeros((0, 0))

    def sums(self, *columns: str) -> Any:
        """The sum over names and columns, by payment date; 0 where there are no names."""
        return sum(self[column].sum(axis=1) for column in columns) if self.names else 0.0

    def off(self, opening: str, plus: Sequence[str], minus: Sequence[str], closing: str) -> float:
        """How far opening + plus - minus is from closing, and each opening from the closing before."""
        ends = self[opening] + sum(self[column] for column in plus) - sum(self[column] for column in minus)
        return max(largest(ends - self[closing]), largest(self[opening][1:] - self[closing][:-1]))

    def carried(self, plus: str, minus: Sequence[str], left: str, names: Sequence[str] | None = None) -> float:
        """How far what was left before + plus - minus is from what is left, of some of the names."""
        before = np.vstack([np.zeros((1, len(self.names))), self[left][:-1]]) if self.names else self[left]
        apart = before + self[plus] - sum(self[column] for column in minus) - self[left]
        return largest(apart[:, [n for n, name in enumerate(self.names) if names is None or name in names]])


def largest(values: Any) -> float:
    return float(np.abs(np.asarray(values, dtype=float)).max(initial=0.0))


def above(values: Any) -> float:
    """How far the highest value is above 0."""
    return float(np.asarray(values, dtype=float).max(initial=0.0))


def broken(result: clo.Result) -> list[Broken]:
    """Every law that the run breaks by more than the last bits."""
    initial = sum(loans.balance for loans in result.pools.values())
    little = SMALL * initial * max(1, len(result.pool))
    accounts = Grid(result.accounts)
    laws = {
        "cash is conserved": cash(result, accounts),
        "accounts roll": accounts.off("opening", ["inflow"], ["outflow"], "closing"),
        **liabilities(result),
        **limits(result, initial),
    }
    found = [(law, amount) for law, amount in laws.items() if not amount <= little]
    overdrawn = 1e-4 if result.deal.rounding != "none" else 0.0  # paying a whole unit may overdraw an account
    below = above(-accounts["closing"])
    return found + ([("no account below 0", below)] if below > overdrawn + little else [])


def cash(result: clo.Result, accounts: Grid) -> float:
    """What accounts gain is what comes in less what is paid, as the frames of each tell."""
    gained = dict.fromkeys(result.accounts["payment_date"].dt.date, 0.0)
    for day, _, reason, source, to, amount in movements(result.ledger):
        settled = reason.rpartition(".")[2] in DRAWN
        if day not in gained:
            continue
        if source == "obligors" or reason.endswith((".earned", ".sale")) or (settled and to in accounts.names):
            gained[day] += amount
        elif reason.endswith(".purchase") or (settled and source in accounts.names):
            gained[day] -= amount
    facilities, hedges = Grid(result.facilities), Grid(result.hedges)
    change = accounts.sums("closing") - accounts.sums("opening") - np.array(list(gained.values()))
    change = change - facilities.sums("drawn") + facilities.sums("repaid", "interest_paid", "fee_paid")
    change = change - hedges.sums("received") + hedges.sums("paid") + Grid(result.fees).sums("paid")
    return largest(change + Grid(result.tranches).sums("interest_paid", "principal_paid"))


def liabilities(result: clo.Result) -> dict[str, float]:
    """Balances and what is unpaid follow from what moved, and nobody is paid more than what is owed."""
    notes, lent, swaps, fees = (Grid(frame) for frame in (result.tranches, result.facilities, result.hedges, result.fees))
    counted = Grid(result.ledgers)
    up, down = ("capitalised", "writeup"), ("principal_paid", "writedown")
    owed = notes["opening"] + notes["capitalised"] + notes["writeup"]
    kept = [name for name, hedge in result.deal.hedges.items() if hedge.terminated is None]
    paid = ("interest_paid", *up, *down)
    return {
        "tranches roll": notes.off("opening", up, down, "closing"),
        "interest is carried": notes.carried("interest_due", ("interest_paid", "capitalised"), "interest_unpaid"),
        "fees are carried": fees.carried("due", ("paid",), "unpaid"),
        "facilities roll": lent.off("opening", ("drawn",), ("repaid",), "closing"),
        "interest of facilities is carried": lent.carried("interest_due", ("interest_paid",), "interest_unpaid"),
        "fees of facilities are carried": lent.carried("fee_due", ("fee_paid",), "fee_unpaid"),
        "hedges are carried": swaps.carried("due", ("paid",), "unpaid"),
        "receivables are carried": swaps.carried("accrued", ("received",), "receivable", kept),
        "ledgers roll": counted.off("opening", ("debited",), ("credited",), "closing"),
        "principal within the balance": above(notes["principal_paid"] - owed),
        "balances of 0 or more": max(above(-grid["closing"]) for grid in (notes, lent, counted)),
        "paid is 0 or more": max(above(-notes[column]) for column in paid),
    }


def limits(result: clo.Result, initial: float) -> dict[str, float]:
    """Ledgers and facilities keep to limits that are numbers."""
    found = {}
    counted, lent = Grid(result.ledgers), Grid(result.facilities)
    for n, (name, ledger) in enumerate(result.deal.ledgers.items()):
        if said := SHARE.match(ledger.limit or ""):
            found[f"limit of {name}"] = above(counted["closing"][:, n] - float(said[1]) / 100 * initial)
    for n, (name, facility) in enumerate(result.deal.facilities.items()):
        if not isinstance(facility.limit, str):
            most = lent["closing"] if facility.replenished else lent["drawn"].cumsum(axis=0)
            found[f"limit of {name}"] = above(most[:, n] - facility.limit)
    return found
