"""Writes the examples of docs/guarantee.md: each block after `<!-- made: NAME -->` is made of the deal files and their runs.

python docs/guarantee.py
"""

from __future__ import annotations

from pathlib import Path

from made import deal_file, moved, of_names, parties, write

import clo

PAGE = Path(__file__).with_name("guarantee.md")
ONCE, TWICE = (PAGE.parent / "examples" / f"{name}.yaml" for name in ("guaranteed", "guaranteed-twice"))
GUARANTOR = {
    "claim": "guarantee_claim",
    "paid": "guarantee_paid",
    "its share of recoveries": "guarantor_recovery",
    "recovered so far": "guarantor_recovered",
    "not recovered": "guarantor_outstanding",
}
ISSUER = {
    "interest collected": ("pool.interest", "obligors"),
    "principal collected": ("pool.scheduled_principal", "obligors"),
    "recovered": ("pool.recovery", "obligors"),
    "claim: principal": ("collections.guarantee", "corporation"),
    "claim: interest": ("collections.guaranteed_interest", "corporation"),
    "recovery to the guarantor": ("corporation.recovery", "collections"),
    "guarantee fee": ("guarantee.fee", "collections"),
    "senior interest": ("senior.interest", "collections"),
    "mezzanine interest": ("mezzanine.interest", "collections"),
    "senior principal": ("senior.principal", "collections"),
    "mezzanine principal": ("mezzanine.principal", "collections"),
    "to the junior": ("junior.residual_interest", "collections"),
}
MEZZANINE = {
    "fee": ("mezzanine_guarantee_fee.fee", "collections"),
    "interest, from collections": ("mezzanine.interest", "collections"),
    "interest, from the guarantor": ("mezzanine.interest", "mezzanine_guarantee"),
    "reimbursed": ("corporation.reimbursed_interest", "collections"),
    "principal, from collections": ("mezzanine.principal", "collections"),
    "principal, from the guarantor": ("mezzanine.principal", "mezzanine_guarantee"),
}
UNPAID = {
    "claim on loans": "guarantee_claim",
    "of it unpaid": "guarantee_unpaid",
    "claim on interest": "mezzanine_guarantee_interest",
    "claim on principal": "mezzanine_guarantee_principal",
    "of both unpaid": "mezzanine_guarantee_unpaid",
}


def ran(path: Path, scenario: str = "base") -> clo.Result:
    result = clo.run(clo.load_deal(path), scenario=scenario)
    if not result.ok:
        raise ValueError(result.checks[~result.checks["ok"]].to_string())
    return result


def blocks() -> dict[str, str]:
    """What each block of the page shows, from runs of the deal files."""
    once, twice, failed = ran(ONCE), ran(TWICE), ran(TWICE, "guarantor_fails")
    return {
        "deal": deal_file(ONCE),
        "guarantor": of_names(once, GUARANTOR),
        "issuer": moved(once, ISSUER),
        "parties": parties(once),
        "both": deal_file(TWICE, "tranche_guarantees:"),
        "mezzanine": moved(twice, MEZZANINE),
        "failed": of_names(failed, UNPAID),
    }


if __name__ == "__main__":
    write(PAGE, blocks())
