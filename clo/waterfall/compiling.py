"""What every part of a compilation shares: rounding as the deal rounds, who is paid, the tally of what came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clo.deal.terms import Deal
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op

TALLY = "came in"
"""The slot that counts what borrowers and other parties paid in: the other side of everything that comes from outside."""
BUYER = "buyer"
"""Who pays for a pool that is sold."""
_ROUND = {"down": Op.ROUND_DOWN, "half_up": Op.ROUND_HALF_UP, "none": Op.COPY}


def rounded(code: Assembler, deal: Deal, slot: int, out: int | None = None) -> int:
    """A slot with the amount rounded as the deal rounds, free to be counted down."""
    return code.apply(_ROUND[deal.rounding], slot, out=out)


def summed(code: Assembler, slots: Sequence[int]) -> int:
    """The slot of the sum of some slots."""
    total = slots[0]
    for slot in slots[1:]:
        total = code.apply(Op.ADD, total, slot)
    return total


def payee(deal: Deal, name: str) -> str:
    """Who receives what is paid on an entry."""
    if name in deal.tranches:
        return deal.tranches[name].holder
    if name in deal.facilities:
        return deal.facilities[name].provider
    if name in deal.hedges:
        return deal.hedges[name].counterparty
    return deal.fees[name].payee or name


def members(deal: Deal, names: Sequence[str]) -> list[str]:
    """The names, each group replaced by those of its tranches that are there."""
    found: list[str] = []
    for name in names:
        group = deal.groups.get(name)
        found += [name] if group is None else [each for each in group.tranches if each in deal.tranches]
    return found


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a step moves anything: the slot of its truth, and its words."""

    slot: int
    text: str


def where(code: Assembler, condition: Condition | None, slot: int) -> int:
    """The slot's value where the condition holds, else 0; the slot itself without a condition."""
    return slot if condition is None else code.apply(Op.SELECT, condition.slot, slot, code.constant(0.0))
