"""Contracts: between whom a `settle` step may be, and what one of the closing date may name."""

from __future__ import annotations

from clo.deal.at_closing import number_findings
from clo.deal.terms import NAMED, Deal, Settle
from clo.findings import Finding

FRACTION = "payment.fraction"
OF_BORROWERS = ("interest", "prepayment_fee", "scheduled_principal", "prepayment", "recovery", "repurchase")
"""What is told of a sub-pool's borrowers and sellers: a contract that pays its maker has a word of its own."""
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
    if step.to in deal.pools and step.paid_as in OF_BORROWERS:
        return f"'{step.to}.{step.paid_as}' is what the borrowers of {step.to!r} pay it", "give as: another word"
    return None


def closing_findings(deal: Deal) -> list[Finding]:
    """What is wrong with the contracts of the closing date, before any loan is known."""
    found = []
    known = [*(f"{name}.initial" for name in ("pool", *deal.pools)), *(f"{name}.size" for name in deal.tranches), FRACTION]
    for number, step in enumerate(deal.closing):
        path = f"closing[{number}].settle"
        trouble = contract_trouble(deal, step)
        if trouble is not None:
            found.append(deal.origin.finding("E-D137", path, *trouble))
        if step.condition is not None:
            message = "what is settled at closing has no condition"
            found.append(deal.origin.finding("E-D137", f"{path}.if", message, "remove if:"))
        found += number_findings(deal, f"{path}.amount", step.amount, known, RULE)
    return found
