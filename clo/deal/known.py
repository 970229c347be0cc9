"""How figures that are computed from a deal's terms are known: no better than the weakest of what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clo.deal.marks import Mark
from clo.deal.terms import Deal


def weakest(basis: Iterable[Mark | None]) -> Mark:
    """Derived, or assumed as soon as one of them is."""
    return Mark("assumed" if any(mark is not None and mark.kind == "assumed" for mark in basis) else "derived", "")


def size_mark(deal: Deal, name: str) -> Mark | None:
    """How the size of a tranche is known; what is left of the pool is derived at best."""
    mark = deal.mark(f"tranches.{name}.size")
    if deal.tranches[name].size == "rest" and (mark is None or mark.kind == "published"):
        return Mark("derived", "pool - other tranches")
    return mark


def figure_mark(deal: Deal, name: str) -> Mark | None:
    """How `amount` or `obligors` is known: as the figure says; without one, as the tape on which it is counted."""
    if deal.figures is not None and getattr(deal.figures, name) is not None:
        return deal.mark(f"figures.{name}")
    return weakest(deal.mark(f"pools.{pool}.tape") for pool in deal.pools)


def structure_marks(deal: Deal, whole: Iterable[Mark | None]) -> dict[str, Mapping[str, Mark | None]]:
    """Marks of size, share, attachment and detachment of each tranche. whole: of what the pool's amount rests on."""
    own, whole = [size_mark(deal, name) for name in deal.tranches], list(whole)
    ranked = [Mark("assumed", "")] if deal.order_assumed else []
    marks = dict[str, Mapping[str, Mark | None]]()
    for number, name in enumerate(deal.tranches):
        bottom = number == len(own) - 1
        marks[name] = {
            "size": own[number],
            "share": weakest([*whole, own[number]]),
            "attachment": weakest(ranked if bottom else [*ranked, *whole, *own[: number + 1]]),
            "detachment": weakest([*ranked, *whole, *own[:number]] if number else ranked),
        }
    return marks
