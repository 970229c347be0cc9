"""What the structure of receivables needs and a deal does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from clo.deal.receivables import Receivables
from clo.deal.structures.cash import COLLECTIONS
from clo.deal.terms import Deal
from clo.findings import Finding, nearest

RULE = "structure receivables: sub-pools with sellers, loans with coupons, then the deferred price; an account named collections"


def receivables_findings(deal: Deal, own: Collection[str]) -> list[Finding]:
    """Everything that is missing or in the way. own: names of the structure's triggers, which a deal that is spelled out has."""
    troubles = [*_terms(deal), *_sold(deal), *_accounts(deal), *_tranches(deal)]
    for name in deal.triggers.keys() - set(own):
        message = f"no step of the structure reads trigger {name!r}"
        troubles.append((f"triggers.{name}", message, "say stops: in receivables, or remove it"))
    return [deal.origin.finding("E-D060", path, message, fix, rule=RULE) for path, message, fix in troubles]


def _terms(deal: Deal) -> Iterator[tuple[str, str, str]]:
    """Path, message and fix of each, as below."""
    terms = deal.receivables
    if terms is None:
        yield "receivables", "the deal does not say what is lent on its receivables", "add receivables: {advance_rate: 85%}"
        return
    named = terms.dilution if isinstance(terms.dilution, dict) else {}
    for name in named.keys() - deal.pools.keys():
        yield f"receivables.dilution.{name}", f"{name!r} is no sub-pool", f"name one of {', '.join(deal.pools)}"
    if terms.stops.dilution_ratio is not None and not any(any(terms.dilution_of(name)) for name in deal.pools):
        yield "receivables.stops.dilution_ratio", "nothing is diluted, so the ratio is always 0", "add dilution:, or remove it"
    if terms.revolving is not None:
        yield from _until(deal, terms)


def _until(deal: Deal, terms: Receivables) -> Iterator[tuple[str, str, str]]:
    assert terms.revolving is not None  # asked by who calls
    until, path = terms.revolving.until, "receivables.revolving.until"
    if until >= deal.dates.legal_final:
        message = f"receivables are bought until {until}, and the deal ends on {deal.dates.legal_final}"
        yield path, message, "end the revolving period before legal_final"
    if until < deal.dates.first_payment:
        message = f"receivables are bought until {until}, before the first payment on {deal.dates.first_payment}"
        yield path, message, "give a date from first_payment on, or remove revolving:"


def _sold(deal: Deal) -> Iterator[tuple[str, str, str]]:
    for name, pool in deal.pools.items():
        if pool.reference:
            yield f"pools.{name}.reference", f"the receivables of {name!r} are bought", "remove reference:"
        if pool.seller is None:
            yield f"pools.{name}", f"nobody is named who sells the receivables of {name!r}", "add seller:, a counterparty"
        elif pool.seller not in deal.counterparties:
            message = f"seller {pool.seller!r} is no counterparty, whose rating would say that it has defaulted"
            close = nearest(pool.seller, deal.counterparties)
            fix = f"did you mean {close!r}?" if close else f"add {pool.seller}: {{ratings: ...}} to counterparties"
            yield f"pools.{name}.seller", message, fix


def _accounts(deal: Deal) -> Iterator[tuple[str, str, str]]:
    if COLLECTIONS not in deal.accounts:
        yield "accounts", f"no account is named {COLLECTIONS!r}", f"add `{COLLECTIONS}: {{}}` to accounts"
    for name, account in deal.accounts.items():
        if name != COLLECTIONS:
            yield f"accounts.{name}", f"no step of the structure uses account {name!r}", "remove it"
        elif account.initial:
            yield f"accounts.{name}.initial", "all that the issue brings in buys receivables", "remove initial:"


def _tranches(deal: Deal) -> Iterator[tuple[str, str, str]]:
    *loans, deferred = deal.tranches
    if not loans:
        yield "tranches", "only one tranche: nobody funds the receivables", "give the loans first and the deferred price last"
    for name in loans:
        if deal.tranches[name].coupon is None:
            yield f"tranches.{name}", f"loan {name!r} has no coupon", "add a coupon, or move it to the end as the deferred price"
    if deal.tranches[deferred].coupon is not None:
        message = f"the last tranche {deferred!r} is the deferred price, and has a coupon"
        yield f"tranches.{deferred}.coupon", message, "remove the coupon"
