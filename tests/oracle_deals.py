"""A deal in a few lines, for the hand examples of the slow reading: four payments on the 15th, from May to August 2020."""

from __future__ import annotations

from datetime import date
from typing import Any

from oracle import OracleRun, run_oracle

from clo.deal.terms import Deal

CUTOFF = date(2020, 3, 31)
DAYS = [date(2020, 5, 15), date(2020, 6, 15), date(2020, 7, 15), date(2020, 8, 15)]
COLLECT = {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "cash"}}


def loan(kind: str, balance: float = 10_000, **more: Any) -> dict[str, Any]:
    return {
        "current_balance": balance,
        "amortisation_type": kind,
        "maturity_date": "2020-07-31",
        "current_rate": 0.12,
        **more,
    }


FALLING = {"loans": [loan("equal_principal")]}
"""Principal 2,500 a month; interest 100, 75, 50, 25; so 2,600, 2,575, 2,550 and 2,525 come in; balance 7,500, 5,000, 2,500, 0."""
LEVEL = {"loans": [loan("bullet")]}
"""Interest 100 a month; 10,000 in the fourth."""

TERMS: dict[str, Any] = {
    "format": "clo.deal/1",
    "name": "by hand",
    "currency": "JPY",
    "dates": {
        "cutoff": CUTOFF,
        "closing": date(2020, 4, 15),
        "first_payment": date(2020, 5, 15),
        "legal_final": date(2020, 8, 15),
    },
    "payments": {"frequency": "monthly", "day": 15, "calendar": "none", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {"loans": {"tape": "none.csv"}},
    "accounts": {"cash": {}, "reserve": {}},
    "tranches": {"senior": {"size": 6_000}, "junior": {"size": "rest"}},
    "scenarios": {"base": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}},
}


def a_run(*steps: Any, rows: Any = None, curves: Any = None, collects: Any = COLLECT, **changes: Any) -> OracleRun:
    """The deal with sections replaced; its waterfall collects, then takes the steps. Falling loans unless said."""
    deal = Deal(**(TERMS | changes), waterfall=[collects, *steps])
    return run_oracle(deal, rows or FALLING, curves=curves)


def paid_until(last: date) -> dict[str, Any]:
    """Dates of the deal with another legal final."""
    return TERMS["dates"] | {"legal_final": last}


def column(frames: Any, name: str, what: str) -> list[float]:
    """A column of one name, by payment date."""
    return [names[name][what] for names in frames.values()]


def values(run: OracleRun, name: str) -> list[float]:
    return [names[name] for names in run.values.values()]


def cash(run: OracleRun, account: str = "cash") -> list[float]:
    return [accounts[account] for accounts in run.accounts.values()]


def held(run: OracleRun, trigger: str) -> list[bool]:
    return [names[trigger] for names in run.triggers.values()]


def moved(run: OracleRun, day: date, *, book: bool = False) -> list[tuple[Any, ...]]:
    """(step, reason, from, to, amount) of a payment date, what is collected left out."""
    rows = run.bookings if book else run.ledger
    return [row[1:] for row in rows if row[0] == day and row[2] != "collect"]
