"""The loss distribution by conditional independence: grid and nodes refined until the asked accuracy is reached.

Given the factors obligors default independently, so their losses add up one by one on a grid; the result is averaged over the
factors. Source: L. Andersen, J. Sidenius and S. Basu, All your hedges in one basket, Risk, November 2003; J. Hull and A. White,
Valuation of a CDO and an nth to default CDS without Monte Carlo simulation, Journal of Derivatives 12(2), 2004.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clo.analytics.losses import kernel
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.lattice import MOST_SUBSETS, AnyLattice, Lattice, Mixed, Subsets, common_unit, threads_of_machine
from clo.analytics.losses.pool import Obligors

ROUND_OFF = 1e-13
"""What a grid that holds every loss is averaged to where there is one factor: as far as floats go."""
FADED = 1e-3
"""Nodes whose density is below this share of the accuracy are left out."""
COARSE = 1
"""The stage of nodes on which grids are compared."""
FEW = 100
"""Below so many effective obligors (the inverse of their concentration) the loss is taken to be jagged."""
MOST_CELLS = 1 << 18
MOST_WORK = 1 << 25
"""Cells times obligors of the finest grid tried."""

Figures = Callable[[AnyLattice, Mixed, float], Floats]
"""What must be accurate: of a lattice, the sums over its nodes, and the step they are multiplied by."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The sums of `lattice` over the nodes of the factors, to be multiplied by `step`; error: the estimate for the figures."""

    lattice: AnyLattice
    mixed: Mixed
    nodes: int
    step: float
    error: float


def solve(pool: Obligors, top: float, figures: Figures, accuracy: float, unit: float | None = None) -> Solved:
    """The loss up to `top`, with an estimated error of no figure above `accuracy`, if a grid of bearable size gives that.

    unit: the step of the grid, a share of the exposure, which is then not refined.
    """
    chosen, found = exact_lattice(pool, top) if unit is None else Lattice(pool, unit, top, smooth=True), 0.0
    if chosen is None:
        chosen, found = _fine_enough(pool, top, figures, accuracy / 2.0)
    within = ROUND_OFF if chosen.exact and pool.degrees is None else accuracy / 2.0
    return averaged(pool, chosen, figures, within, least=FADED * within, found=found)


def exact_lattice(pool: Obligors, top: float) -> AnyLattice | None:
    """A grid that holds every loss there is, where there are few enough."""
    if len(pool.size) <= MOST_SUBSETS[pool.factors.count]:
        return Subsets(pool)
    unit = common_unit(pool.size)
    return None if unit is None else Lattice(pool, unit, top, smooth=False)


def averaged(
    pool: Obligors, lattice: AnyLattice, figures: Figures, accuracy: float, *, least: float, found: float = 0.0
) -> Solved:
    """Stages of nodes are added until three rules in a row tell that the last is accurate.

    least: density below which nodes are left out. found: the error of the grid.
    """
    factors, threads = pool.factors, threads_of_machine()
    seen: list[Floats] = []
    first = factors.added(0, least)
    mixed, nodes = lattice.mix(first, threads), len(first.weight)
    stage, error = 0, 0.0
    while True:
        seen.append(figures(lattice, mixed, factors.step(stage)))
        if stage == factors.last:
            error = _left(seen) if stage else 0.0
            break
        if len(seen) > 2:
            error = _left(seen)
            if error <= accuracy:
                break
        stage += 1
        more = factors.added(stage, least)
        mixed, nodes = mixed + lattice.mix(more, threads), nodes + len(more.weight)
    return Solved(lattice, mixed, nodes, factors.step(stage), error + found)


def _fine_enough(pool: Obligors, top: float, figures: Figures, accuracy: float) -> tuple[Lattice, float]:
    """The coarsest of grids, each of half the step of the one before, that is accurate, and the error that is left."""
    factors, threads = pool.factors, threads_of_machine()
    stage = min(COARSE, factors.last)
    defaults = float(pool.pd.sum())
    unit = 4.0 * pool.mean / defaults * (accuracy * 1e6 * max(defaults, 1.0) / 50.0) ** 0.25
    unit = max(unit, 8.0 * top / MOST_CELLS)
    jagged = pool.most**2 < FEW * float(pool.size @ pool.size)
    seen: list[Floats] = []
    while True:
        lattice = Lattice(pool, unit, top, smooth=True)
        parts = [lattice.mix(factors.added(each, FADED * accuracy), threads) for each in range(stage + 1)]
        mixed = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        seen.append(figures(lattice, mixed, factors.step(stage)))
        if len(seen) > 2:
            error, cells = _left_by_order(seen, jagged=jagged), 2.0 * top / unit
            if error <= accuracy or cells > MOST_CELLS or cells * len(pool.size) > MOST_WORK:
                return lattice, error
        unit /= 2.0


def _changes(seen: list[Floats]) -> tuple[float, float]:
    """By how much the last two of three figures changed."""
    before, last = (float(np.abs(seen[at] - seen[at - 1]).max(initial=0.0)) for at in (-2, -1))
    return before, last


def _left(seen: list[Floats]) -> float:
    """The error of the last of three rules, each of half the step: the last change, if it shrinks on as it shrank before."""
    before, last = _changes(seen)
    return last * min(1.0, last / before) if before > 0.0 else last


def _left_by_order(seen: list[Floats], *, jagged: bool) -> float:
    """The error of the last of three grids, each of half the step: a fourth-order error falls to a sixteenth each time.

    Where the loss is jagged a change may be small by chance, so the one before it counts for more.
    """
    before, last = _changes(seen)
    return max(last / 4.0, before / (8.0 if jagged else 256.0))


def moments(pool: Obligors) -> tuple[float, float]:
    """Mean and variance of the loss, without a grid: to about 1e-12 of them."""
    factors, size = pool.factors, pool.size
    sums, pds = np.zeros(3), np.zeros(len(size))
    seen: list[Floats] = []
    for stage in range(factors.last + 1):
        nodes = factors.added(stage, 0.0)
        kernel.add_moments(size, pool.threshold, pool.loading, nodes.factor, nodes.scale, nodes.weight, pds, sums)
        seen.append(sums * factors.step(stage))
        if len(seen) > 2 and _left(seen) <= ROUND_OFF * pool.mean**2:
            break
    _, square, variance = seen[-1]
    return pool.mean, float(square + variance - pool.mean**2)
