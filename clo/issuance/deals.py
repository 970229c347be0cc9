"""Deals one by one: month, institutions, firms, amount, sub-pools, dates, tranches, coupons and attachment points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from clo.issuance.comparison import Comparison, Unit, month_number
from clo.issuance.model import DEDUCTIBLE, Model
from clo.issuance.published import Published, PublishedTranche
from clo.issuance.stated import coupon, dates, marks

ALL_NOTES = "notes"
"""In the table of tranches: all notes together."""


def absent(published: Published) -> Comparison:
    """A published deal that the library has no file of."""
    return Comparison(published.name, "deal_file", "flag", 1.0, None, 0.0, 0.0, published.source)


def compared(name: str, model: Model, published: Published, tranches: Sequence[PublishedTranche]) -> Iterator[Comparison]:
    """Every published figure of a deal."""
    yield from _figures(name, model, published)
    yield from dates(name, model.deal, published)
    for tranche in tranches:
        yield from _tranche(name, model, tranche)
        yield from coupon(name, model.deal, tranche)
    yield from marks(name, model.deal, tranches)
    yield from _attachments(name, model, {tranche.tranche: tranche for tranche in tranches})


def _figures(name: str, model: Model, published: Published) -> Iterator[Comparison]:
    figures, found = model.deal.figures, model.figures

    def compare(item: str, unit: Unit, printed: float | None, stated: float | None, modelled: float) -> Iterator[Comparison]:
        if printed is not None:
            said = math.nan if stated is None else stated  # a deal file states what is published of it
            bound = published.amount_step / 2 if item == "amount" else 0.0
            yield Comparison(name, item, unit, printed, said, modelled, bound, published.source)

    closing = model.deal.dates.closing
    closed = month_number(f"{closing.year}-{closing.month:02d}")
    yield from compare("month", "month", month_number(published.month), month_number(figures.month) if figures else None, closed)
    counted = figures.institutions if figures else None
    yield from compare("institutions", "count", published.institutions, counted, found.institutions)
    yield from compare("obligors", "count", published.obligors, figures.obligors if figures else None, found.obligors)
    yield from compare("amount", "money", published.amount, figures.amount if figures else None, found.amount)
    if published.joint is not None:
        both = float(model.amount_sold_by("corporation") > 0 and model.amount_sold_by("institutions") > 0)
        yield Comparison(name, "joint", "flag", float(published.joint), None, both, 0.0, published.source)


def _tranche(name: str, model: Model, published: PublishedTranche) -> Iterator[Comparison]:
    """Size of a tranche against its published amount, and its share of the pool."""
    tranche, source = published.tranche, published.source
    notes = sum(size for one, size in model.sizes.items() if one != DEDUCTIBLE)
    size = notes if tranche == ALL_NOTES else model.sizes.get(tranche)
    terms = model.deal.tranches.get(tranche)
    stated = terms.size if terms is not None and terms.size != "rest" else None
    if stated is None and terms is not None and not published.derived:
        stated = math.nan  # a deal file states what is published of it
    if published.amount is not None:
        amount = Comparison(name, f"tranche.{tranche}", "money", published.amount, stated, size, 0.0, source)
        yield replace(amount, known="derived") if published.derived else amount
    if published.share is not None:
        found = None if size is None else 100.0 * size / model.figures.amount
        bound, item = published.share_step / 2, f"share.{tranche}"
        yield Comparison(name, item, "percent", published.share, None, found, bound, source, known="derived")


def _attachments(name: str, model: Model, published: dict[str, PublishedTranche]) -> Iterator[Comparison]:
    """Attachment points above the lowest tranche, where the shares of everything below are published."""
    below = bound = 0.0
    for tranche in reversed(model.sizes):
        if below:
            item, source = f"attachment.{tranche}", next(iter(published.values())).source
            yield Comparison(name, item, "percent", below, None, model.attachments[tranche], bound, source, known="derived")
        if tranche not in published or published[tranche].share is None:
            return
        below += published[tranche].share or 0.0
        bound += published[tranche].share_step / 2
