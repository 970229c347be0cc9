"""What is kept of all scenarios: sums, added up chunk by chunk in order, and the losses themselves, for quantiles.

Axes: j tranche, s scenario, g group of the draws, m what is summed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.draws import Draws
from clo.simulation.blocks import Outcomes
from clo.simulation.errors import by_group

Floats = NDArray[np.float64]
EXACTLY = 2_000_000
"""Up to so many scenarios losses are kept in double precision, beyond them in single: 6e-8 of each loss, in half the memory."""
HIT, UNPAID, UNPAID_HIT, LIFE, LIVED = range(5)
"""Whether there was a loss; interest never paid, whether there was some; average life, and whether there was one."""


class Tally:
    """Sums over scenarios, weighted; the loss of each tranche in each, as a share of its size [j, s]; the loss of the pool [s].

    sums, squares [m, j, g]: of what is summed, and of its squares; products [j, g]: of lives and whether there was one;
    greatest_unpaid [j]: the most that a scenario added to the interest never paid; pool [2]: defaulted, recovered.
    """

    def __init__(self, scenarios: int, sizes: Floats, draws: Draws) -> None:
        tranches, groups = len(sizes), 1 if draws.errors == "independent" else draws.groups
        kept: Any = np.float64 if scenarios <= EXACTLY else np.float32
        self.scenarios, self.sizes, self.groups = scenarios, sizes, groups
        self.losses: NDArray[np.floating[Any]] = np.empty((tranches, scenarios), dtype=kept)
        self.pool_losses: NDArray[np.floating[Any]] = np.empty(scenarios, dtype=kept)
        self.log_weights = np.zeros(0)
        self.sums, self.squares = np.zeros((2, LIVED + 1, tranches, groups))
        self.products = np.zeros((tranches, groups))
        self.greatest_unpaid = np.zeros(tranches)
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
        values = np.stack((found.loss > HALF, found.unpaid, found.unpaid > HALF, np.where(lived, found.life, 0.0), lived))
        values *= weight
        self.sums += by_group(values, self.groups, first)
        self.products += by_group(values[LIFE] * values[LIVED], self.groups, first)
        self.greatest_unpaid = np.maximum(self.greatest_unpaid, values[UNPAID].max(axis=1))
        values *= values
        self.squares += by_group(values, self.groups, first)
        self.pool += (found.pool * weight).sum(axis=1)
        if found.breached.any():
            self.breached += int(found.breached.sum())
            if self.first_breach < 0:
                self.first_breach = first + int(np.flatnonzero(found.breached)[0])

    @property
    def hits(self) -> Floats:
        """Weight of the scenarios in which a tranche loses [j]."""
        return np.asarray(self.sums[HIT].sum(axis=1))

    @property
    def losing(self) -> Floats:
        """As many scenarios of equal weight would tell the probability of a loss as well [j]. Source: Kish (1965)."""
        square = self.squares[HIT].sum(axis=1)
        return np.asarray(np.divide(self.hits**2, square, out=np.zeros_like(square), where=square > 0.0))

    @property
    def heaviest(self) -> float:
        """The greatest weight of a scenario."""
        return float(np.exp(self.log_weights.max())) if len(self.log_weights) else 1.0


HALF = 0.5
"""Of a currency unit: what rounding may leave is no loss."""
