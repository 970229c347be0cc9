"""What each stream of money between parties is: principal, which a loss diminishes, or income, which makes up for it.

A stream is named `owner.word`: `senior.interest`, `bank_01.protection`. docs/parties.md defines the kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clo.deal.structures.guaranteed import FEE
from clo.deal.structures.tranche_guarantees import FEE as TRANCHE_FEE
from clo.deal.terms import Deal

KINDS: Mapping[str, tuple[str, ...]] = {
    "funding": ("issue", "purchase", "sale"),
    "repayment": (
        "scheduled_principal", "prepayment", "repurchase", "recovery", "principal", "residual_principal", "draw", "dilution",
    ),
    "cover": ("protection", "guarantee", "refund", "settlement", "deemed_collection"),
    "interest": ("interest", "prepayment_fee", "residual_interest", "earned", "guaranteed_interest", "reimbursed_interest"),
    "fees": ("fee", "premium", "guarantee_fee"),
    "hedge": ("hedge",),
    "surplus": ("surplus",),
}  # fmt: skip
"""The words of each kind. A word that is in none is `other`: it counts as income, and the run says so."""
OTHER = "other"
PRINCIPAL = ("funding", "repayment", "cover")
"""Kinds that are of principal; every other is income."""
DILUTION = "dilution"
"""What the issuer gives back to debtors of what they paid: it was never owed."""
CONTRACT = {"recovery": "guarantee", "refund": "guarantee", "settlement": "protection", "deemed_collection": DILUTION}
"""Words of a contract that are part of what another word promises: a guarantor's recoveries diminish what its guarantee costs."""
LEGS: Mapping[str, tuple[str, ...]] = {
    "premium": ("premium", "guarantee_fee"),
    "claims": ("protection", "settlement", "guarantee", "guaranteed_interest"),
    "returned": ("recovery", "reimbursed_interest", "refund"),
}
"""The words of what is paid for protection, of what protection pays, and of what comes back of that (docs/valuation.md)."""
_KIND = {word: kind for kind, words in KINDS.items() for word in words}
_LEG = {word: leg for leg, words in LEGS.items() for word in words}


def kinds(deal: Deal, streams: Iterable[str]) -> dict[str, str]:
    """The kind of each stream."""
    return {stream: _kind(deal, stream) for stream in dict.fromkeys(streams)}


def unknown(deal: Deal, streams: Iterable[str]) -> list[str]:
    """Streams of no known kind, in order."""
    return [stream for stream, kind in kinds(deal, streams).items() if kind == OTHER]


def legs(deal: Deal, streams: Iterable[str]) -> dict[str, str]:
    """The leg of each stream that a contract of protection may have; the fees of guarantees are premiums."""
    fees = {name + TRANCHE_FEE for name in deal.tranche_guarantees} | ({FEE} if deal.guarantee is not None else set())
    found = {
        stream: "premium" if word_of(stream) == "fee" and owner_of(stream) in fees else _LEG.get(word_of(stream))
        for stream in dict.fromkeys(streams)
    }
    return {stream: leg for stream, leg in found.items() if leg is not None}


def word_of(stream: str) -> str:
    return stream.rpartition(".")[2]


def owner_of(stream: str) -> str:
    return stream.rpartition(".")[0]


def _kind(deal: Deal, stream: str) -> str:
    if owner_of(stream) in deal.hedges:
        return "hedge"
    return _KIND.get(word_of(stream), OTHER)
