"""What all obligors share: a market factor and, for Student-t, a common scale, as nodes of a trapezoid rule refined in stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REACH = 8
"""Nodes lie between -8 and 8 standard deviations; 1e-15 of a normal variate is beyond."""
FINEST = {0: 0, 1: 8, 2: 5}
"""The last stage by the number of factors: steps of 1/256 for one, 1/32 and 1/16 for two."""
COARSEST = (1.0, 2.0)
"""Steps of stage 0 over the market, and over the common scale where there is a market as well: losses change less with that."""
Stage = tuple[int, int]
"""Of the rules over the market and over the common scale."""


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

    def at(self, stage: int) -> Stage:
        """The same stage for each factor."""
        return (stage if self.market else 0, stage if self.degrees is not None else 0)

    def step(self, stage: Stage) -> float:
        """The weight of a node of a rule, as a multiple of the density: the product of the steps of the factors."""
        market, common = (coarse * 0.5**each for coarse, each in zip(self._coarsest, stage, strict=True))
        return float((market if self.market else 1.0) * (common if self.degrees is not None else 1.0))

    def block(self, stage: Stage, least: float) -> Nodes:
        """The nodes whose places each factor's stage has and the one before has not, weighted by density alone.

        So a rule is step(stage) x the sum over the nodes of all blocks up to its stages. The trapezoid rule converges
        exponentially for a smooth integrand that vanishes at both ends. Nodes of a density below `least` are left out.
        Source: L. N. Trefethen and J. A. C. Weideman, The exponentially convergent trapezoidal rule, SIAM Review 56(3), 2014.
        """
        return _block(self.market, self.degrees, self._coarsest, stage, least)

    def added(self, stage: int, least: float) -> Nodes:
        """What the rule of one stage for all factors has, and that of the stage before has not."""
        market, common = self.at(stage)
        return together([self.block(each, least) for each in blocks_of((market, common)) if stage in each])

    @property
    def _coarsest(self) -> tuple[float, float]:
        return COARSEST if self.count == 2 else (1.0, 1.0)


def at_zero(weight: float) -> Nodes:
    """One node at the middle, of that weight: where a factor moves nothing, or is in the thresholds already."""
    return Nodes(np.zeros(1), np.ones(1), np.full(1, weight))


@lru_cache(maxsize=64)
def group_nodes(stage: int, least: float) -> Nodes:
    """The whole rule of a stage for one normal factor, weighted by density times step."""
    factor = Factors(market=True, degrees=None)
    nodes = together([factor.block((each, 0), least) for each in range(stage + 1)])
    return Nodes(nodes.factor, nodes.scale, nodes.weight * factor.step((stage, 0)))


def blocks_of(stage: Stage) -> list[Stage]:
    """Of the blocks that a rule is made of, the coarsest first."""
    return [(market, common) for market in range(stage[0] + 1) for common in range(stage[1] + 1)]


def together(parts: Sequence[Nodes]) -> Nodes:
    factor, scale, weight = (np.concatenate([getattr(part, name) for part in parts]) for name in ("factor", "scale", "weight"))
    return Nodes(factor, scale, weight)


def changes(seen: Sequence[Floats]) -> tuple[float, float]:
    """By how much the last two of three figures changed."""
    before, last = (float(np.abs(seen[at] - seen[at - 1]).max(initial=0.0)) for at in (-2, -1))
    return before, last


def left_of(seen: Sequence[Floats]) -> float:
    """The error of the last of three rules, each of half the step: the last change, if it shrinks on as it shrank before."""
    before, last = changes(seen)
    return last * min(1.0, last / before) if before > 0.0 else last


@lru_cache(maxsize=256)
def _block(market: bool, degrees: float | None, coarsest: tuple[float, float], stage: Stage, least: float) -> Nodes:
    places = [_places(*each) for each in zip((market, degrees is not None), coarsest, stage, strict=True)]
    factor, common = (each.ravel() for each in np.meshgrid(*places, indexing="ij"))
    density = np.ones(len(factor))
    for place, used in ((factor, market), (common, degrees is not None)):
        if used:
            density *= np.exp(-0.5 * np.square(place)) / np.sqrt(2.0 * np.pi)
    kept = density >= least
    scale = np.ones(int(kept.sum())) if degrees is None else student_scale(common[kept], degrees)
    return Nodes(factor[kept], scale, density[kept])


def _places(used: bool, coarsest: float, stage: int) -> Floats:
    """Multiples of the step of a stage within reach that the stage before has not."""
    if not used:
        return np.zeros(1)
    step = coarsest * 0.5**stage
    count = int(REACH / step)
    number = np.arange(-count, count + 1)
    return np.asarray(number[(number % 2 != 0) | (stage == 0)] * step, dtype=np.float64)


def student_scale(normal: Floats, degrees: float) -> Floats:
    """sqrt(W / degrees) of the chi-squared W with the probability that a standard normal has at `normal`."""
    from scipy.special import gammainccinv, gammaincinv, ndtr  # noqa: PLC0415  (heavy, and only Student-t needs it)

    half = degrees / 2.0
    below = np.minimum(normal, 0.0)
    w = np.where(normal < 0.0, gammaincinv(half, ndtr(below)), gammainccinv(half, ndtr(-np.maximum(normal, 0.0))))
    return np.asarray(np.sqrt(w / half), dtype=np.float64)
