"""Random contracts beside the notes: loans that others keep, what the issue funds for them, and what is paid at closing."""

from __future__ import annotations

from random import Random
from typing import Any

from laws.comparison import DRAWN
from laws.language_owed import Plan
from laws.language_words import Words

OTHERS = ("guarantor", "agency", "bank", "investors")
"""Parties; some are also known from the notes and fees."""


def own(plan: Plan) -> None:
    """Which sub-pools the deal owns, and whose earlier flows may be asked for: none that is bought for, nor of a pool sold."""
    names, rng = plan.names, plan.rng("reference")
    count = rng.randint(1, len(names.pools)) if plan.on("reference") else 0
    kept = rng.sample(names.pools, count)
    names.owned = [name for name in names.pools if name not in kept]
    if not plan.on("lagged") or (plan.on("sell") and not kept):
        return
    bought = renewed(plan) if plan.on("buy") else []
    names.lagging = [name for name in names.pools if name not in bought] + ["pool"] * (not bought)


def renewed(plan: Plan) -> list[str]:
    """Sub-pools that may be bought for: not all of them where lagged flows are asked for."""
    return plan.names.owned[:1] if plan.on("lagged") else plan.names.owned


def referred(plan: Plan, pool: str) -> dict[str, Any]:
    return {} if pool in plan.names.owned else {"reference": True}


def funded(plan: Plan) -> None:
    """Where nothing is bought, what the notes bring in is what accounts start with."""
    accounts, terms = plan.terms["accounts"], plan.terms
    others = sum(account.get("initial", 0.0) for name, account in accounts.items() if name != "collateral")
    if plan.rng("funded").random() < 0.3 and plan.money >= plan.issued:
        accounts["collateral"]["initial"] = plan.money - others
        return
    accounts["collateral"]["initial"] = plan.issued - others
    terms["backing"] = " + ".join(f"{name}.initial" for name in accounts)


def parties(plan: Plan) -> list[str]:
    return [*OTHERS, *plan.names.parties, *(name for name in plan.names.pools if name not in plan.names.owned)]


def between(plan: Plan, rng: Random, account: str) -> dict[str, Any]:
    """The ends of a contract, and what it pays."""
    one, other = rng.sample(parties(plan), 2)
    ends = rng.choice([(account, one), (account, one), (one, account), (one, account), (one, other)])
    return {"from": ends[0], "to": ends[1], "as": rng.choice(DRAWN)}


def closing(plan: Plan) -> list[dict[str, Any]]:
    """Contracts of the closing date: an account pays no more than it was paid before."""
    rng = plan.rng("closing")
    names, words = plan.names, Words(plan.names, rng, "safe")
    steps: list[dict[str, Any]] = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        account = rng.choice(names.accounts)
        one, other = rng.sample(parties(plan), 2)
        base = rng.choice([f"{rng.choice(['pool', *names.pools])}.initial", f"{rng.choice(names.tranches)}.size"])
        amount = f"{words.level(1, 9)} * {base}" + rng.choice(["", " * payment.fraction", " / 3"])
        kind = rng.choice(["in", "in and out", "in and out", "between"])
        ends = {"from": one, "to": other if kind == "between" else account, "as": rng.choice(DRAWN)}
        steps.append({"settle": ends | {"amount": amount}})
        names.started += [] if kind == "between" else [account]
        if kind == "in and out":
            paid = rng.choice([amount, f"({amount}) / 2", f"min({amount}, 0.3717% * pool.initial)", "0"])
            steps.append({"settle": {"from": account, "to": other, "as": rng.choice(DRAWN), "amount": paid}})
    return steps
