"""A deal as the library holds it: what its file states, and what its loans and tranches come to."""

from __future__ import annotations

from dataclasses import dataclass

from clo.analytics.enhancement import attachment_points
from clo.analytics.figures import PoolFigures, pool_figures
from clo.deal.terms import Deal
from clo.study import resolve_pools
from clo.waterfall.binding import tranche_sizes

DEDUCTIBLE = "deductible"
"""The first loss that institutions keep under a swap: no note is issued on it."""


@dataclass(frozen=True, slots=True)
class Model:
    """A deal with its loans counted. sizes: of each tranche in yen, senior first, what `rest` comes to included; last, under a
    swap, what the institutions keep."""

    deal: Deal
    figures: PoolFigures
    sizes: dict[str, float]

    def amount_sold_by(self, seller: str) -> float:
        """Cut-off balance of the sub-pools that the institutions, or the corporation, sold."""
        return sum(amount for name, amount in self.figures.amounts.items() if self.deal.seller(name) == seller)

    @property
    def attachments(self) -> dict[str, float]:
        """What stands below each tranche, as a share of the pool in percent."""
        points = attachment_points(list(self.sizes.values()), self.figures.amount)
        return {name: 100.0 * attachment for name, (attachment, _) in zip(self.sizes, points, strict=True)}


def modelled(deal: Deal) -> Model:
    """The deal with the loans of its tape. Raises DealError or TapeError with every finding."""
    figures = pool_figures(deal, resolve_pools(deal, None).loans)
    sizes = tranche_sizes(deal, figures.amounts)
    if deal.swap is not None:
        sizes[DEDUCTIBLE] = figures.amount - sum(sizes.values())
    return Model(deal, figures, sizes)
