"""Contracts: between whom a `settle` step may be, and what one of the closing date may name."""

from __future__ import annotations

from clo.deal.backing import is_number
from clo.deal.terms import NAMED, Deal, Settle
from clo.expressions import ExpressionError, names, parse
from clo.findings import Finding, nearest

FRACTION = "payment.fraction"
RULE = "what is settled at closing is a number made of .initial of pools, .size of tranches and payment.fraction"


def contract_trouble(deal: Deal, step: Settle) -> tuple[str, str] | None:
    """What is wrong with the two sides of a contract, and what to do about it; None where nothing is."""
    if step.source in deal.accounts and step.to in deal.accounts:
        return f"{step.source!r} and {step.to!r} are both accounts", "use transfer"
    if step.source == step.to:
        return f"{step.source!r} pays itself", "name two parties"
    parties = {*deal.counterparties, *(name for name, pool in deal.pools.items() if pool.reference)}
    entries = {name for section in NAMED for name in getattr(deal, section)} - {*deal.accounts, *parties}
    for name in (step.source, step.to):
        if name in entries or name in ("issuer", "obligors"):
            return f"{name!r} is neither an account nor a party", "name an account, or who pays or is paid"
    return None


def closing_findings(deal: Deal) -> list[Finding]:
    """What is wrong with the contracts of the closing date, before any loan is known."""
    found = []
    known = {f"{name}.initial" for name in ("pool", *deal.pools)} | {f"{name}.size" for name in deal.tranches} | {FRACTION}
    for number, step in enumerate(deal.closing):
        path = f"closing[{number}].settle"
        trouble = contract_trouble(deal, step)
        if trouble is not None:
            found.append(deal.origin.finding("E-D137", path, *trouble))
        if step.condition is not None:
            message = "what is settled at closing has no condition"
            found.append(deal.origin.finding("E-D137", f"{path}.if", message, "remove if:"))
        try:
            expression = parse(step.amount)
        except ExpressionError as error:
            found.append(deal.origin.finding("E-D102", f"{path}.amount", str(error), "see docs/waterfall.md", value=step.amount))
            continue
        for name in dict.fromkeys(names(expression)):
            if name not in known:
                near = nearest(name, known)
                fix = f"did you mean {near!r}?" if near else f"names are {', '.join(sorted(known))}"
                message = f"name {name!r} is not known here"
                found.append(deal.origin.finding("E-D101", f"{path}.amount", message, fix, rule=RULE, value=name))
        if not is_number(expression):
            message = f"a number stands here, and {step.amount!r} is none"
            found.append(deal.origin.finding("E-D104", f"{path}.amount", message, "write an amount", rule=RULE))
    return found
