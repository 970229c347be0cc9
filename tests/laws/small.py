"""One small deal by hand, with anything in it changed: four payments, a senior of 6,000 and a residual over 10,000 of loans."""

from __future__ import annotations

from typing import Any

from by_hand import CUTOFF, TERMS

from clo.deal.terms import Deal

__all__ = ["CUTOFF", "LOANS", "a_deal", "loan", "steps"]


def loan(balance: float, kind: str, maturity: str, rate: float = 0.12, **more: Any) -> dict[str, Any]:
    return {
        "current_balance": balance,
        "amortisation_type": kind,
        "maturity_date": maturity,
        "current_rate": rate,
        **more,
    }


def a_deal(**changes: Any) -> Deal:
    """Senior 6,000 and a residual over one pool; monthly on the 15th without holidays; twelfths; rounded down."""
    terms = {key: value for key, value in TERMS.items() if key != "structure"} | {
        "accounts": {"cash": {}},
        "tranches": {"senior": {"size": 6000, "coupon": "6%"}, "junior": {"size": "rest"}},
        "waterfall": [
            {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "cash"}},
            {"pay": {"fee": "servicer", "from": "cash"}},
            {"pay": {"interest": "senior", "from": "cash"}},
            {
                "pay": {
                    "principal": "senior",
                    "from": "cash",
                    "amount": "max(0, senior.balance - max(0, pool.balance - junior.size))",
                }
            },
            {"pay": {"residual": "junior", "from": "cash"}},
        ],
    }
    return Deal(**(terms | changes))


LOANS = {"loans": [loan(10_000, "equal_principal", "2020-07-31")]}
"""Principal 2,500 a month; interest 100, 75, 50, 25."""


def steps(*pays: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "cash"}}, *pays]
