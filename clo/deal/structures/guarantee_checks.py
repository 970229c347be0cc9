"""What is wrong with the guarantees of a deal, beside the terms of each: names, parties, stacked support, ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from clo.deal.guarantees import Guarantor, TrancheGuarantee
from clo.deal.ratings import rank
from clo.deal.structures.guaranteed import FEE as LOANS_FEE
from clo.deal.structures.tranche_guarantees import CLAIMS, FEE, PAID
from clo.deal.terms import NAMED, Deal, Let
from clo.findings import Finding, nearest

RULE = "a guarantee of a tranche stands on a structure, and covers what the tranche is to pay"
STACKED = "what guarantees cover of one claim is at most all of it"


def guarantee_findings(deal: Deal) -> Iterator[Finding]:
    """Everything that keeps the guarantees of a deal from being written as steps."""
    for path, terms in _guarantors(deal):
        yield from _party(deal, path, terms)
    if not deal.waterfall:  # a deal that is spelled out has the entries of its guarantees already
        yield from _names(deal)
    for name, guarantee in deal.tranche_guarantees.items():
        yield from _of_tranche(deal, name, guarantee)
    yield from _stacked(deal)


def rating_warnings(deal: Deal) -> Iterator[Finding]:
    """Tranches that are rated above who guarantees them, by the first rating of each."""
    for terms in deal.tranche_guarantees.values():
        tranche, guarantor = deal.tranches.get(terms.tranche), deal.counterparties.get(terms.guarantor)
        if tranche is None or tranche.rating is None or guarantor is None:
            continue
        own = guarantor.ratings[min(guarantor.ratings)]
        if rank(tranche.rating) > rank(own):
            message = f"{terms.tranche!r} is rated {tranche.rating} and rests on {terms.guarantor!r}, which is rated {own}"
            rule = "the rating of a guarantor caps that of a tranche that rests on it"
            fix = "check the ratings, or what else supports the tranche"
            yield deal.origin.finding("W-D068", f"tranches.{terms.tranche}.rating", message, fix, rule=rule, value=tranche.rating)


def unwritten(deal: Deal) -> Iterator[Finding]:
    """Guarantees of tranches that the steps of a waterfall, which no structure writes, do not have."""
    defined = {name for step in deal.waterfall if isinstance(step, Let) for name in step.values}
    if any(name + PAID not in defined for name in deal.tranche_guarantees):
        message = "the waterfall is spelled out, and only a structure writes the steps of these guarantees"
        fix = "name a structure:, or settle the claims in steps of the waterfall and remove it"
        yield deal.origin.finding("E-D065", "tranche_guarantees", message, fix, rule=RULE)


def _guarantors(deal: Deal) -> Iterator[tuple[str, Guarantor]]:
    if deal.guarantee is not None:
        yield "guarantee", deal.guarantee
    for name, terms in deal.tranche_guarantees.items():
        yield f"tranche_guarantees.{name}", terms


def _party(deal: Deal, path: str, terms: Guarantor) -> Iterator[Finding]:
    parties = {*deal.counterparties, *(name for name, pool in deal.pools.items() if pool.reference)}
    entries = {name for section in NAMED for name in getattr(deal, section)} - parties
    sides = {"guarantor": terms.guarantor}
    if terms.fee and terms.fee_payable == "in_advance":
        sides["first_fee_by"] = terms.first_fee_by
    for key, name in sides.items():
        if name in entries or name in ("issuer", "obligors"):
            message = f"{name!r} cannot pay as a party: it is the deal's own"
            yield deal.origin.finding("E-D023", f"{path}.{key}", message, "name who pays", value=name)


def _names(deal: Deal) -> Iterator[Finding]:
    """The account, ledger and fee of a guarantee share one name space with everything else."""
    homes = {name: f"{section}.{name}" for section in NAMED for name in getattr(deal, section)}
    if deal.guarantee is not None:
        homes |= {"guarantee": "guarantee", "guarantor": "guarantee"}
        if LOANS_FEE in deal.fees and deal.guarantee.fee:
            message = f"the fee of the guarantor is called {LOANS_FEE!r}, and so is another"
            yield deal.origin.finding("E-D020", f"fees.{LOANS_FEE}", message, "rename it", value=LOANS_FEE)
    for name in deal.tranche_guarantees:
        for taken in (name, name + CLAIMS, name + FEE):
            if taken in homes:
                message = f"{taken!r}, which guarantee {name!r} needs, is the name of {homes[taken]} already"
                fix = "rename the guarantee"
                yield deal.origin.finding("E-D020", f"tranche_guarantees.{name}", message, fix, value=taken)


def _of_tranche(deal: Deal, name: str, terms: TrancheGuarantee) -> Iterator[Finding]:
    path = f"tranche_guarantees.{name}"
    tranche = deal.tranches.get(terms.tranche)
    if tranche is None:
        close = nearest(terms.tranche, deal.tranches)
        fix = f"did you mean {close!r}?" if close else f"there are {', '.join(deal.tranches)}"
        message = f"tranche {terms.tranche!r} is not in the deal"
        yield deal.origin.finding("E-D025", f"{path}.tranche", message, fix, value=terms.tranche)
        return
    if terms.interest and tranche.coupon is None:
        message = f"{terms.tranche!r} has no coupon, and its interest is guaranteed"
        fix = "say covers: principal, or add a coupon"
        yield deal.origin.finding("E-D065", f"{path}.covers", message, fix, rule=RULE, value=terms.covers)
    if tranche.rating is not None and terms.guarantor not in deal.counterparties:
        message = f"{terms.tranche!r} is rated {tranche.rating} and rests on {terms.guarantor!r}, whose rating is not said"
        fix = f"add counterparties: {{{terms.guarantor}: {{ratings: {{{deal.dates.closing}: ...}}}}}}"
        yield deal.origin.finding("E-D067", f"{path}.guarantor", message, fix, value=terms.guarantor)


def _stacked(deal: Deal) -> Iterator[Finding]:
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    for name, terms in deal.tranche_guarantees.items():
        over = []
        for claim, covered in (("interest", terms.interest), ("principal", terms.principal)):
            total[terms.tranche, claim] += terms.share if covered else 0.0
            if covered and total[terms.tranche, claim] > 1.0 + 1e-12:
                over.append(f"{total[terms.tranche, claim]:.2%} of the {claim}")
        if over:
            message = f"with {name!r}, guarantees cover {' and '.join(over)} of {terms.tranche!r}"
            path = f"tranche_guarantees.{name}.share"
            value = f"{terms.share:.2%}"
            yield deal.origin.finding("E-D066", path, message, "reduce the shares", rule=STACKED, value=value)
