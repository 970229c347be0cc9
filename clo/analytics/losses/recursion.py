"""The loss distribution by conditional independence: grid and nodes refined until the asked accuracy is reached.

Given the factors obligors default independently, so their losses add up one by one on a grid; the result is averaged over the
factors. Source: L. Andersen, J. Sidenius and S. Basu, All your hedges in one basket, Risk, November 2003; J. Hull and A. White,
Valuation of a CDO and an nth to default CDS without Monte Carlo simulation, Journal of Derivatives 12(2), 2004.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np

from clo.analytics.losses.factors import FINEST, Factors, Floats, Stage, blocks_of, changes, left_of, together
from clo.analytics.losses.grouped import Inner
from clo.analytics.losses.lattice import MOST_SUBSETS, AnyLattice, Lattice, Mixed, Subsets, threads_of_machine
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.splitting import common_unit

ROUND_OFF = 1e-13
"""What a grid that holds every loss is averaged to where there is one factor: as far as floats go."""
FADED = 1e-3
"""Nodes whose density is below this share of the accuracy are left out."""
RULES = 3
"""In a row, by which the error of the last is told."""
COARSE = 1
"""The stage of nodes on which grids are compared."""
FEW = 100
"""Below so many effective obligors (the inverse of their concentration) the loss is taken to be jagged."""
MOST_CELLS = 1 << 18
MOST_WORK = 1 << 25
"""Cells of the finest grid tried, times obligors (more where an obligor's loss is spread over many)."""

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
    if pool.recovery is not None:
        return None
    if len(pool.size) <= MOST_SUBSETS[2 if pool.parts else pool.factors.count]:
        return Subsets(pool)
    unit = common_unit(pool.size)
    return None if unit is None else Lattice(pool, unit, top, smooth=False)


def averaged(
    pool: Obligors, lattice: AnyLattice, figures: Figures, accuracy: float, *, least: float, found: float = 0.0
) -> Solved:
    """Each factor has its own stage, raised until three rules in a row tell that the last is accurate.

    least: density below which nodes are left out. found: the error of the grid.
    """
    if pool.parts:
        lattice, within_groups = _of_groups(pool, lattice, figures, accuracy, least)
        found += within_groups
    factors = pool.factors
    rules, stage = _Rules(factors, lattice, figures, least), factors.at(min(RULES - 1, factors.last))
    while True:
        market, common = rules.left(stage)
        raised = (stage[0] + 1, stage[1]) if market >= common else (stage[0], stage[1] + 1)
        if market + common <= accuracy or max(raised) > factors.last:
            return Solved(lattice, rules.mixed(stage), rules.nodes, factors.step(stage), market + common + found)
        stage = raised


@dataclass(slots=True)
class _Rules:
    """Rules of any stage for each factor, of blocks of nodes that are mixed once."""

    factors: Factors
    lattice: AnyLattice
    figures: Figures
    least: float
    nodes: int = 0
    blocks: dict[Stage, Mixed] = field(default_factory=dict)

    def mixed(self, stage: Stage) -> Mixed:
        """The sum over the nodes, to be multiplied by the step of the stage."""
        blocks = blocks_of(stage)
        for block in blocks:
            if block not in self.blocks:
                added = self.factors.block(block, self.least)
                self.blocks[block] = self.lattice.mix(added, threads_of_machine())
                self.nodes += len(added.weight)
        return reduce(add, (self.blocks[block] for block in blocks))

    def left(self, stage: Stage) -> tuple[float, float]:
        """What the rules of the market and of the common scale are off by."""
        market, common = stage
        of_market = [(each, common) for each in range(max(0, market - RULES + 1), market + 1)]
        of_common = [(market, each) for each in range(max(0, common - RULES + 1), common + 1)]
        return self._left(of_market), self._left(of_common)

    def _left(self, stages: list[Stage]) -> float:
        """One rule is all there is of a factor that nothing depends on."""
        if len(stages) < RULES:
            return 0.0
        return left_of([self.figures(self.lattice, self.mixed(each), self.factors.step(each)) for each in stages])


def _of_groups(pool: Obligors, lattice: AnyLattice, figures: Figures, accuracy: float, least: float) -> tuple[AnyLattice, float]:
    """The lattice with as few nodes of the groups' factors as are accurate, and the error left: on few nodes of the rest."""
    outer, step = pool.factors.added(0, least), pool.factors.step(pool.factors.at(0))
    seen: list[Floats] = []
    for stage in range(FINEST[1] + 1):
        lattice = lattice.refined(Inner(stage, least))
        seen.append(figures(lattice, lattice.mix(outer, threads_of_machine()), step))
        if len(seen) > 2 and left_of(seen) <= accuracy:
            break
    missed = [float(np.abs(each - seen[-1]).max(initial=0.0)) for each in seen[:-1]]
    enough = next((at for at, each in enumerate(missed) if each <= accuracy), len(missed))
    return lattice.refined(Inner(enough, least)), max([*missed[enough:], left_of(seen)])


def _fine_enough(pool: Obligors, top: float, figures: Figures, accuracy: float) -> tuple[Lattice, float]:
    """The coarsest of grids, each of half the step of the one before, that is accurate, and the error that is left."""
    factors, threads = pool.factors, threads_of_machine()
    coarse = factors.at(min(COARSE, factors.last))
    nodes = together([factors.block(each, FADED * accuracy) for each in blocks_of(coarse)])
    defaults = float(pool.pd.sum())
    unit = 4.0 * pool.mean / defaults * (accuracy * 1e6 * max(defaults, 1.0) / 50.0) ** 0.25
    unit = max(unit, 8.0 * top / MOST_CELLS)
    jagged = pool.most**2 < FEW * float(pool.size @ pool.size)
    seen: list[Floats] = []
    while True:
        lattice = Lattice(pool, unit, top, smooth=True, inner=Inner(COARSE, FADED * accuracy))
        seen.append(figures(lattice, lattice.mix(nodes, threads), factors.step(coarse)))
        if len(seen) > 2:
            error, cells = _left_by_order(seen, jagged=jagged), 2.0 * top / unit
            if error <= accuracy or cells > MOST_CELLS or cells * lattice.moves > MOST_WORK:
                return lattice, error
        unit /= 2.0


def _left_by_order(seen: list[Floats], *, jagged: bool) -> float:
    """The error of the last of three grids, each of half the step: a fourth-order error falls to a sixteenth each time.

    Where the loss is jagged a change may be small by chance, so the one before it counts for more.
    """
    before, last = changes(seen)
    return max(last / 4.0, before / (8.0 if jagged else 256.0))
