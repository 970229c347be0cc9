"""The guarantee-type (保証型): a cash deal of loans of which a guarantor pays a share of what defaults."""

from __future__ import annotations

from clo.deal.guarantees import Guarantee
from clo.deal.structures.cash import COLLECTIONS, cash_findings, purchase_cash
from clo.deal.structures.guarantors import closing_with, first_fees, running_fee, while_sound
from clo.deal.terms import Collect, Deal, Let, Settle, Step
from clo.deal.vocabulary import lagged
from clo.findings import DealError

FEE = "guarantee"
"""The fee that the structure adds: what the guarantor is paid."""


def guaranteed(deal: Deal) -> Deal:
    """`purchase_cash` with claims on the guarantor coming in, and its share of recoveries and its fee going out, before anything
    else is paid. Raises DealError with everything the terms miss.
    """
    terms = deal.guarantee
    if terms is None:
        rule, message = "structure guarantee: as purchase_cash, and a guarantee", "the deal says no guarantee"
        missing = deal.origin.finding("E-D060", "guarantee", message, "add guarantee: {share: 70%}", rule=rule)
        raise DealError([missing, *cash_findings(deal)])
    share = f"{terms.share:.12g}"
    fee = running_fee(deal, terms, arrears=f"{share} * pool.opening", advance=f"{share} * pool.balance")
    written = purchase_cash(deal if fee is None else deal.model_copy(update={"fees": {**deal.fees, FEE: fee}}))
    first = sum(isinstance(step, Collect) for step in written.waterfall)
    steps = (*written.waterfall[:first], *_steps(deal, terms), *written.waterfall[first:])
    closing = closing_with(deal.closing, first_fees(terms, f"{share} * pool.initial"))
    return written.model_copy(update={"waterfall": steps, "closing": closing})


def _steps(deal: Deal, terms: Guarantee) -> tuple[Step, ...]:
    default = f"{terms.share:.12g} * {lagged('pool.default', terms.waiting + terms.lag)}"
    claims = {"guarantee": default}
    if terms.covers == "principal_and_interest":
        claims["guaranteed_interest"] = f"{terms.covered - 1.0:.12g} * {default}"
    before = "previous(guarantor_recovered)"
    values = {
        "guarantee_claim": " + ".join(claims.values()),
        "guarantee_paid": while_sound(deal, terms.guarantor, "guarantee_claim"),
        "guarantee_unpaid": "guarantee_claim - guarantee_paid",
        "guarantor_paid": "cumulative(guarantee_paid)",
        "guarantor_recovery": f"min({_share_of_recoveries(deal, terms, before)}, max(0, guarantor_paid - {before}))",
        "guarantor_recovered": f"{before} + guarantor_recovery",
        "guarantor_outstanding": "guarantor_paid - guarantor_recovered",
    }
    return (
        Let(values=values),
        *(
            Settle(source=terms.guarantor, to=COLLECTIONS, amount=while_sound(deal, terms.guarantor, claim), paid_as=word)
            for word, claim in claims.items()
        ),
        Settle(source=COLLECTIONS, to=terms.guarantor, amount="guarantor_recovery", paid_as="recovery"),
    )


def _share_of_recoveries(deal: Deal, terms: Guarantee, before: str) -> str:
    """What comes back to the guarantor: its share, but none of what it did not pay for; or what exceeds the holder's loss."""
    if terms.recoveries == "guarantor_last":
        kept = f"{terms.covered * (1.0 - terms.share):.12g} * pool.cumulative_default"
        return f"max(0, cumulative(pool.recovery) - {kept} - cumulative(guarantee_unpaid) - {before})"
    share, claims = f"{terms.share:.12g} * pool.recovery", "cumulative(guarantee_claim)"
    return f"{share} * if({claims} > 0, guarantor_paid / {claims}, 1)" if terms.guarantor in deal.counterparties else share
