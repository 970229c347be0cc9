"""The guarantee-type (保証型): a cash deal of loans of which a guarantor pays a share of what defaults."""

from __future__ import annotations

from collections.abc import Callable

from clo.deal.fees import Fee
from clo.deal.guarantees import Guarantee
from clo.deal.terms import Collect, Deal, Let, Settle, Step
from clo.findings import DealError

FEE = "guarantee"
"""The fee that the structure adds: what the guarantor is paid."""


def guaranteed(deal: Deal, cash: Callable[[Deal], Deal], collections: str) -> Deal:
    """The cash deal with claims on the guarantor coming in, and its share of recoveries and its fee going out, before anything
    else is paid. cash: the structure underneath. Raises DealError where the terms miss something.
    """
    terms = deal.guarantee
    rule = "structure guarantee: as purchase_cash, and a guarantee"
    if terms is None:
        message = "the deal says no guarantee"
        raise DealError([deal.origin.finding("E-D060", "guarantee", message, "add guarantee: {share: 70%}", rule=rule)])
    fees = {**deal.fees, FEE: Fee(rate=terms.fee, on=f"{terms.share:.12g} * pool.opening", payee=terms.guarantor)}
    written = cash(deal.model_copy(update={"fees": fees if terms.fee else deal.fees}))
    first = sum(isinstance(step, Collect) for step in written.waterfall)
    steps = (*written.waterfall[:first], *_steps(terms, collections), *written.waterfall[first:])
    return written.model_copy(update={"waterfall": steps})


def _steps(terms: Guarantee, collections: str) -> tuple[Step, ...]:
    months = terms.waiting + terms.lag
    default = f"lagged(pool.default, {months})" if months else "pool.default"
    before = "previous(guarantor_recovered)"
    owed = f"max(0, cumulative(guarantee_claim) - {before})"
    if terms.recoveries == "pro_rata":
        share = f"{terms.share:.12g} * pool.recovery"
    else:
        kept = f"{1.0 - terms.share:.12g} * pool.cumulative_default"
        share = f"max(0, cumulative(pool.recovery) - {kept} - {before})"
    values = {
        "guarantee_claim": f"{terms.share:.12g} * {default}",
        "guarantor_recovery": f"min({share}, {owed})",
        "guarantor_recovered": f"{before} + guarantor_recovery",
    }
    return (
        Let(values=values),
        Settle(source=terms.guarantor, to=collections, amount="guarantee_claim", paid_as="guarantee"),
        Settle(source=collections, to=terms.guarantor, amount="guarantor_recovery", paid_as="recovery"),
    )
