"""What the structures of swaps need and a deal does not have, before any loan is known."""

from __future__ import annotations

from collections.abc import Iterator

from clo.deal.terms import Deal
from clo.findings import Finding

COLLATERAL, PREMIUMS = "collateral", "premiums"
"""The accounts of the issuer: what the notes bring in, and what pays fees and interest."""

Trouble = tuple[str, str, str]
"""Place, what is wrong, what to do."""


def swap_findings(deal: Deal, structure: str) -> Iterator[Finding]:
    """Everything that is missing or does not agree."""
    rule = f"structure {structure}: reference pools, notes with coupons, a swap, accounts named collateral and premiums"
    for path, message, fix in (*_swap_troubles(deal, structure), *_pool_troubles(deal), *_account_troubles(deal)):
        yield deal.origin.finding("E-D060", path, message, fix, rule=rule)
    yield from _note_findings(deal, rule)


def _swap_troubles(deal: Deal, structure: str) -> Iterator[Trouble]:
    if deal.swap is None:
        yield "swap", "the deal says no swap", "add swap: {deductible: ..., premium: ...}"
        return
    bought = deal.swap.premium.institutions is not None
    if structure == "purchase_synthetic" and not bought:
        yield "swap.premium", "what the institutions pay the corporation is not said", "add institutions: {rate: ...}"
    if structure == "synthetic_cbo" and bought:
        yield "swap.premium.institutions", "no institution buys protection of its own bonds", "remove institutions:"
    if not deal.swap.kinds(deal.default_mix):
        fix = "give default_mix: a share of an event that is on, or set the event to true"
        yield "swap.credit_events", "no default is assumed to come as an event that is on: nothing is ever covered", fix
    if deal.swap.deductible.amounts is not None:
        given, path = deal.swap.deductible.amounts, "swap.deductible.amounts"
        for name in deal.pools.keys() - given.keys():
            yield path, f"no deductible is given for {name!r}", "give one for each institution"
        for name in given.keys() - deal.pools.keys():
            yield f"{path}.{name}", f"{name!r} is no institution of the deal", "name a sub-pool"


def _pool_troubles(deal: Deal) -> Iterator[Trouble]:
    for name, pool in deal.pools.items():
        if not pool.reference:
            message = f"{name!r} is no reference pool, and its loans stay with the institution"
            yield f"pools.{name}", message, "add reference: true"


def _account_troubles(deal: Deal) -> Iterator[Trouble]:
    for name in (COLLATERAL, PREMIUMS):
        if name not in deal.accounts:
            yield "accounts", f"no account is named {name!r}", f"add `{name}: {{}}` to accounts"
    for name in deal.accounts:
        if name not in (COLLATERAL, PREMIUMS):
            yield f"accounts.{name}", f"no step of the structure uses account {name!r}", "remove it"


def _note_findings(deal: Deal, rule: str) -> Iterator[Finding]:
    for name, tranche in deal.tranches.items():
        if tranche.coupon is None:
            message, fix = f"note {name!r} has no coupon", "add a coupon; the deductible is no note"
            yield deal.origin.finding("E-D060", f"tranches.{name}", message, fix, rule=rule)
    held = () if deal.swap is None else deal.swap.redeemed_at_end
    for name in held:
        if name not in deal.tranches:
            message, fix = f"{name!r} is no note of the deal", f"notes are {', '.join(deal.tranches)}"
            yield deal.origin.finding("E-D101", "swap.redeemed_at_end", message, fix, rule=rule, value=name)
    if deal.tranches.keys() <= set(held):
        message, fix = "every note is redeemed at the end, and none by what loans repay", "leave out the senior note"
        yield deal.origin.finding("E-D060", "swap.redeemed_at_end", message, fix, rule=rule)
    yield from _collateral_findings(deal)


def _collateral_findings(deal: Deal) -> Iterator[Finding]:
    """What notes bring in lies in the collateral, all of it and nothing else."""
    sizes = [tranche.size for tranche in deal.tranches.values() if not isinstance(tranche.size, str)]
    if COLLATERAL not in deal.accounts or len(sizes) < len(deal.tranches):
        return
    held, notes = deal.accounts[COLLATERAL].initial, sum(sizes)
    if held != notes:
        word = "smaller" if held < notes else "larger"
        message = f"collateral of {held:,.0f} is {word} than the notes of {notes:,.0f} by {abs(notes - held):,.0f}"
        path, fix = f"accounts.{COLLATERAL}.initial", f"write initial: {notes:_.0f}, or correct the notes"
        rule = "what the notes bring in is the collateral"
        yield deal.origin.finding("E-D141", path, message, fix, rule=rule, value=f"{held:,.0f}")
