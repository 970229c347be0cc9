"""What only the deal file says, and the loans do not show: closing and legal final, coupons, which sizes are published."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from clo.deal.terms import Deal
from clo.issuance.comparison import Comparison
from clo.issuance.published import Published, PublishedTranche


def dates(name: str, deal: Deal, published: Published) -> Iterator[Comparison]:
    """The days of closing and of legal final that are printed in full."""
    for printed in published.days:
        stated = deal.dates.closing if printed.item == "closing" else deal.dates.legal_final
        day = float(printed.day.toordinal())
        yield Comparison(name, f"dates.{printed.item}", "day", day, float(stated.toordinal()), None, 0.0, printed.source)


def coupon(name: str, deal: Deal, published: PublishedTranche) -> Iterator[Comparison]:
    """A fixed coupon in percent; NaN where the file has none, or a formula."""
    if published.coupon is not None:
        terms = deal.tranches.get(published.tranche)
        stated = 100.0 * terms.coupon if terms is not None and isinstance(terms.coupon, float) else math.nan
        yield Comparison(name, f"coupon.{published.tranche}", "percent", published.coupon, stated, None, 0.0, published.source)


def marks(name: str, deal: Deal, published: Sequence[PublishedTranche]) -> Iterator[Comparison]:
    """Tranches whose size is published and not marked so in the file, or marked so and not published; none where they agree."""
    printed = {one.tranche: one.source for one in published if one.amount is not None and not one.derived}
    for tranche in deal.tranches:
        mark = deal.mark(f"tranches.{tranche}.size")
        marked = mark is not None and mark.kind == "published"
        if marked != (tranche in printed):
            source = printed.get(tranche, "tranches")
            yield Comparison(name, f"mark.{tranche}", "flag", float(not marked), float(marked), None, 0.0, source)
