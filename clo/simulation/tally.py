"""What is kept of all scenarios: sums, added up chunk by chunk in order, and the losses themselves, for quantiles.

Axes: j tranche, s scenario.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.simulation.blocks import Outcomes

Floats = NDArray[np.float64]
EXACTLY = 2_000_000
"""Up to so many scenarios losses are kept in double precision, beyond them in single: 6e-8 of each loss, in half the memory."""


class Tally:
    """Sums over scenarios, weighted; the loss of each tranche in each, as a share of its size [j, s]; the loss of the pool [s].

    hits [j]: weight of scenarios with a loss; life, lived [j]: sums of average lives, and the weight of scenarios that have one;
    unpaid, unpaid_hits [j]: interest never paid, and the weight of scenarios with some; pool [2]: defaulted, recovered.
    """

    def __init__(self, scenarios: int, sizes: Floats) -> None:
        tranches = len(sizes)
        kept: Any = np.float64 if scenarios <= EXACTLY else np.float32
        self.scenarios, self.sizes = scenarios, sizes
        self.losses: NDArray[np.floating[Any]] = np.empty((tranches, scenarios), dtype=kept)
        self.pool_losses: NDArray[np.floating[Any]] = np.empty(scenarios, dtype=kept)
        self.log_weights = np.zeros(0)
        self.life, self.lived = np.zeros((2, tranches))
        self.hits, self.unpaid, self.unpaid_hits = np.zeros((3, tranches))
        self.pool = np.zeros(2)
        self.breached = 0
        self.first_breach = -1

    def add(self, first: int, found: Outcomes) -> None:
        """The next chunk. Called in order."""
        count = found.loss.shape[1]
        part = slice(first, first + count)
        if found.log_weight.any() and not len(self.log_weights):
            self.log_weights = np.zeros(self.scenarios)
        if len(self.log_weights):
            self.log_weights[part] = found.log_weight
        weight = np.exp(found.log_weight)
        sizes = np.where(self.sizes > 0.0, self.sizes, 1.0)
        self.losses[:, part] = found.loss / sizes[:, None]
        self.pool_losses[part] = found.pool[0] - found.pool[1]
        lived = ~np.isnan(found.life)
        self.life += (np.where(lived, found.life, 0.0) * weight).sum(axis=1)
        self.lived += (lived * weight).sum(axis=1)
        self.hits += ((found.loss > HALF) * weight).sum(axis=1)
        self.unpaid += (found.unpaid * weight).sum(axis=1)
        self.unpaid_hits += ((found.unpaid > HALF) * weight).sum(axis=1)
        self.pool += (found.pool * weight).sum(axis=1)
        if found.breached.any():
            self.breached += int(found.breached.sum())
            if self.first_breach < 0:
                self.first_breach = first + int(np.flatnonzero(found.breached)[0])


HALF = 0.5
"""Of a currency unit: what rounding may leave is no loss."""
