"""What a deal's pools are by count and amount, as an issuance table says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from clo.deal.terms import Deal
from clo.tape.batches import AnyLoans, fingerprints, words
from clo.timeline.months import as_days, month_index


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """obligors and institutions: counts, the institutions without the corporation; amounts: cut-off balance by sub-pool."""

    obligors: int
    institutions: int
    amounts: Mapping[str, float]

    @property
    def amount(self) -> float:
        return float(sum(self.amounts.values()))


def pool_figures(deal: Deal, pools: Mapping[str, AnyLoans]) -> PoolFigures:
    """Counts and amounts of the loans by sub-pool. A borrower in two sub-pools counts once."""
    obligors = np.unique(np.concatenate([fingerprints(loans, "obligor_id") for loans in pools.values()]))
    sold = [loans for name, loans in pools.items() if deal.seller(name) == "institutions"]
    institutions = set().union(*(words(loans, "originator_id") for loans in sold))
    return PoolFigures(len(obligors), len(institutions), {name: loans.balance for name, loans in pools.items()})


def months_between(month: str, day: date) -> int:
    """Months from `month` (YYYY-MM) to the month of a day."""
    return int(month_index(as_days(day)) - month_index(as_days(month)))
