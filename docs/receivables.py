"""Writes the example of docs/receivables.md: each block after `<!-- made: NAME -->` is made of the deal file and its run.

python docs/receivables.py
"""

from __future__ import annotations

from pathlib import Path

from made import deal_file, moved, of_names, parties, write

import clo

PAGE = Path(__file__).with_name("receivables.md")
DEAL = PAGE.parent / "examples" / "two-suppliers.yaml"
BASE = {
    "maker eligible": "maker_pool_eligible",
    "smith eligible": "smith_pool_eligible",
    "borrowing base": "borrowing_base",
    "loan after": "loan.balance",
    "deferred price after": "deferred.balance",
}
"""Before anything is repaid or bought, but for the last two."""
ACCOUNT = {
    "collected": ("pool.scheduled_principal", "obligors"),
    "dilution": ("debtors.dilution", "collections"),
    "made good by maker": ("collections.deemed_collection", "maker"),
    "made good by smith": ("collections.deemed_collection", "smith"),
    "interest": ("loan.interest", "collections"),
    "principal": ("loan.principal", "collections"),
    "bought of maker": ("maker_pool.purchase", "collections"),
    "deferred price": ("deferred.residual_principal", "collections"),
    "beyond it": ("deferred.residual_interest", "collections"),
}


def ran() -> clo.Result:
    result = clo.run(clo.load_deal(DEAL))
    if not result.ok:
        raise ValueError(result.checks[~result.checks["ok"]].to_string())
    return result


def blocks() -> dict[str, str]:
    """What each block of the page shows, from one run of the deal file."""
    result = ran()
    return {
        "deal": deal_file(DEAL),
        "base": of_names(result, BASE),
        "account": moved(result, ACCOUNT),
        "parties": parties(result),
    }


if __name__ == "__main__":
    write(PAGE, blocks())
