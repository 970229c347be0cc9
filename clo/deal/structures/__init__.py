"""The structures: functions from terms to a deal whose priority of payments is spelled out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clo.deal.families import families_filled_in
from clo.deal.structures.cash import purchase_cash
from clo.deal.structures.guarantee_checks import guarantee_findings, unwritten
from clo.deal.structures.guaranteed import guaranteed
from clo.deal.structures.receivables import receivables_bought
from clo.deal.structures.synthetic import purchase_synthetic, synthetic_cbo
from clo.deal.structures.tranche_guarantees import with_claims, with_fees
from clo.deal.terms import Deal
from clo.findings import DealError

SYNTHETIC = ("purchase_synthetic", "synthetic_cbo")
"""Structures of swaps."""
WRITTEN: Mapping[str, tuple[str, ...]] = dict.fromkeys(SYNTHETIC, ("backing", "closing")) | {
    "receivables": ("backing", "triggers")
}
"""Keys that a structure writes beside the waterfall."""


def spelled_out(deal: Deal) -> Deal:
    """The deal with its waterfall filled in by its structure; a deal without one is returned as it is.

    A structure's waterfall follows the terms, so it is written anew each time: set structure=None to change its steps.
    Raises DealError with everything the structure misses.
    """
    deal = families_filled_in(deal)
    if deal.structure is None:
        if findings := list(unwritten(deal)):
            raise DealError(findings)
        return deal
    findings = list(guarantee_findings(deal))
    try:
        written = STRUCTURES[deal.structure](with_fees(deal))
    except DealError as error:
        raise DealError([*findings, *error.findings]) from None
    if findings:
        raise DealError(findings)
    return with_claims(written)


STRUCTURES: Mapping[str, Callable[[Deal], Deal]] = {
    "purchase_cash": purchase_cash,
    "purchase_synthetic": purchase_synthetic,
    "guarantee": guaranteed,
    "synthetic_cbo": synthetic_cbo,
    "receivables": receivables_bought,
}
