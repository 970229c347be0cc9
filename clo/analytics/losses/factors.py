"""What all obligors share: a market factor and, for Student-t, a common scale, as nodes of a trapezoid rule refined in stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REACH = 8
"""Nodes lie between -8 and 8 standard deviations; 1e-15 of a normal variate is beyond."""
FINEST = {0: 0, 1: 8, 2: 4}
"""The last stage by the number of factors: steps of 1/256 for one, 1/16 for two."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """factor[n]: the market; scale[n]: what a threshold is multiplied by; weight[n]: the joint density, times the step."""

    factor: Floats
    scale: Floats
    weight: Floats

    def chunks(self, size: int) -> Iterator[Nodes]:
        for first in range(0, len(self.weight), size):
            part = slice(first, first + size)
            yield Nodes(self.factor[part], self.scale[part], self.weight[part])


@dataclass(frozen=True, slots=True)
class Factors:
    """market: whether anything depends on it. degrees: of Student-t, None for the Gaussian copula."""

    market: bool
    degrees: float | None

    @property
    def count(self) -> int:
        return int(self.market) + int(self.degrees is not None)

    @property
    def last(self) -> int:
        """The finest stage."""
        return FINEST[self.count]

    def step(self, stage: int) -> float:
        """The weight of a node of the rule of a stage, as a multiple of the density: the step for each factor."""
        return float(0.5 ** (stage * self.count))

    def added(self, stage: int, least: float) -> Nodes:
        """The nodes that a stage has and the one before has not, weighted by density alone. Stage 0 has steps of 1.

        So the rule of stage s is step(s) x the sum over the nodes of all stages up to s. The trapezoid rule converges
        exponentially for a smooth integrand that vanishes at both ends. Nodes of a density below `least` are left out.
        Source: L. N. Trefethen and J. A. C. Weideman, The exponentially convergent trapezoidal rule, SIAM Review 56(3), 2014.
        """
        return _added(self.market, self.degrees, stage, least)


@lru_cache(maxsize=64)
def _added(market: bool, degrees: float | None, stage: int, least: float) -> Nodes:
    places = np.arange(-REACH * 2**stage, REACH * 2**stage + 1)
    single = np.zeros(1, dtype=np.int64)
    grid = np.meshgrid(places if market else single, single if degrees is None else places, indexing="ij")
    one, two = (each.ravel() for each in grid)
    density = np.ones(len(one))
    for held, used in ((one, market), (two, degrees is not None)):
        if used:
            density *= np.exp(-0.5 * np.square(held * 0.5**stage)) / np.sqrt(2.0 * np.pi)
    kept = density >= least
    if stage:
        kept &= ((one % 2) != 0) | ((two % 2) != 0)
    factor, common = one[kept] * 0.5**stage, two[kept] * 0.5**stage
    scale = np.ones(len(factor)) if degrees is None else student_scale(common, degrees)
    return Nodes(factor, scale, density[kept])


def student_scale(normal: Floats, degrees: float) -> Floats:
    """sqrt(W / degrees) of the chi-squared W with the probability that a standard normal has at `normal`."""
    from scipy.special import gammainccinv, gammaincinv, ndtr  # noqa: PLC0415  (heavy, and only Student-t needs it)

    half = degrees / 2.0
    below = np.minimum(normal, 0.0)
    w = np.where(normal < 0.0, gammaincinv(half, ndtr(below)), gammainccinv(half, ndtr(-np.maximum(normal, 0.0))))
    return np.asarray(np.sqrt(w / half), dtype=np.float64)
