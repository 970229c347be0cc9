"""The words of the language: what an expression may ask of each kind of entry, and what its functions are.

The compiler resolves names by it, `clo check` suggests from it, and docs/waterfall.md lists it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clo.deal.verbs import COLLECTED

POOL_FLOWS = (*COLLECTED, "default")
"""What a pool gives in a collection period."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a name stands for. money: an amount, compared to within what counts; kept: `previous` may ask for it;
    settled: known once a payment date, so `cumulative` and `rolling_...` may add it up; accrues: known once it has accrued."""

    money: bool = True
    kept: bool = True
    settled: bool = False
    accrues: bool = False


AMOUNT = Quantity()
COMPUTED = Quantity(kept=False)
SETTLED = Quantity(settled=True)
DUE = Quantity(settled=True, accrues=True)
NUMBER = Quantity(money=False, settled=True)

QUANTITIES: Mapping[str, Mapping[str, Quantity]] = {
    "pool": {"initial": AMOUNT, "opening": SETTLED, "balance": AMOUNT, "closing": AMOUNT, "average": COMPUTED}
    | dict.fromkeys(POOL_FLOWS, SETTLED)
    | {"cumulative_default": AMOUNT, "arrears": SETTLED},
    "tranche": {"balance": AMOUNT, "size": AMOUNT, "interest_due": DUE, "interest_unpaid": AMOUNT, "written_down": AMOUNT},
    "group": dict.fromkeys(("balance", "size", "interest_due", "interest_unpaid", "written_down"), COMPUTED),
    "account": {"balance": AMOUNT, "initial": AMOUNT, "target": COMPUTED, "earned": DUE},
    "facility": {
        "balance": AMOUNT,
        "limit": COMPUTED,
        "available": COMPUTED,
        "drawn": AMOUNT,
        "interest_due": DUE,
        "interest_unpaid": AMOUNT,
        "due": DUE,
        "unpaid": AMOUNT,
    },
    "ledger": {"balance": AMOUNT, "limit": COMPUTED},
    "hedge": {"notional": DUE, "due": DUE, "unpaid": AMOUNT, "receivable": AMOUNT},
    "fee": {"due": DUE, "unpaid": AMOUNT},
    "counterparty": {"rating": Quantity(money=False)},
    "payment": dict.fromkeys(("number", "left", "date", "start", "fraction", "next_fraction", "days", "month", "year"), NUMBER),
}
"""By kind of entry, then by the word after the dot."""

OWNERS: Mapping[str, str] = {
    "pools": "pool",
    "tranches": "tranche",
    "groups": "group",
    "accounts": "account",
    "facilities": "facility",
    "ledgers": "ledger",
    "hedges": "hedge",
    "fees": "fee",
    "counterparties": "counterparty",
}
"""The kind of the entries of each section of a deal."""
DATES = ("payment.date", "payment.start")
"""Names that are compared with dates in quotes."""
LONGEST_MEMORY = 60
"""Payment dates that rolling_sum and rolling_average may look back."""
LONGEST_LAG = 120
"""Months that `lagged` may look back."""
RECOVERED = ("recovered_by", "recovered_after")
"""Functions of defaults: what has come back so many months after them, and what comes back later."""


def added(terms: Sequence[str]) -> str:
    """Their sum, in pairs of pairs: a sum of one after the other would be too deep."""
    half = len(terms) // 2
    return f"({added(terms[:half])} + {added(terms[half:])})" if half else terms[0]


def lagged(flow: str, months: int) -> str:
    """What a flow of the pool was so many months ago."""
    return f"lagged({flow}, {months})" if months else flow
