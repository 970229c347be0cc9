"""The loss distribution by conditional independence: grid and nodes refined until the asked accuracy is reached.

Given the factors obligors default independently, so their losses add up one by one on a grid; the result is averaged over the
factors. Source: L. Andersen, J. Sidenius and S. Basu, All your hedges in one basket, Risk, November 2003; J. Hull and A. White,
Valuation of a CDO and an nth to default CDS without Monte Carlo simulation, Journal of Derivatives 12(2), 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np

from clo.analytics.losses.factors import FINEST, Factors, Floats, Nodes, Stage, blocks_of, changes, left_of, together
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
ROUGH = 4.0
"""A grid whose step is given, and a probability where the loss is jagged, may be off by so much more than other grids differ."""
FINER = 3.0
"""A grid whose step is given is compared with one so much finer: half the step may miss the losses in the same way."""
MOST_CELLS = 1 << 18
MOST_WORK = 1 << 25
"""Cells of the finest grid tried, times obligors (more where an obligor's loss is spread over many)."""

Figures = Callable[[AnyLattice, Mixed, float], Floats]
"""Of a lattice, the sums over its nodes, and the step they are multiplied by."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """figures: what must be accurate. beside: what is told with it as accurately as it comes."""

    figures: Figures
    beside: Figures | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """The largest of the figures that must be accurate, and of those told beside them."""

    figures: float = 0.0
    beside: float = 0.0

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.figures + other.figures, self.beside + other.beside)


NONE = Errors()


@dataclass(frozen=True, slots=True)
class Solved:
    """The sums of `lattice` over the nodes of the factors, to be multiplied by `step`, with the estimated errors of figures.

    of_grid: whether most of that is the grid's.
    """

    lattice: AnyLattice
    mixed: Mixed
    nodes: int
    step: float
    error: Errors
    of_grid: bool


def solve(pool: Obligors, top: float, wanted: Wanted, accuracy: float, unit: float | None = None) -> Solved:
    """The loss up to `top`, with an estimated error of no figure above `accuracy`, if a grid of bearable size gives that.

    unit: the step of the grid, a share of the exposure, which is then not refined.
    """
    exact = exact_lattice(pool, top) if unit is None else None
    if exact is not None:
        chosen, found = exact, Errors()
    elif unit is None:
        chosen, found = _fine_enough(pool, top, wanted, accuracy / 2.0)
    else:
        chosen, found = _of_unit(pool, unit, top, wanted, accuracy / 2.0)
    within = ROUND_OFF if chosen.exact and pool.degrees is None else accuracy / 2.0
    return averaged(pool, chosen, wanted, within, least=FADED * within, found=found)


def exact_lattice(pool: Obligors, top: float) -> AnyLattice | None:
    """A grid that holds every loss there is, where there are few enough."""
    if pool.recovery is not None:
        return None
    if len(pool.size) <= MOST_SUBSETS[2 if pool.parts else pool.factors.count]:
        return Subsets(pool)
    unit = common_unit(pool.size)
    return None if unit is None else Lattice(pool, unit, top, smooth=False)


def averaged(
    pool: Obligors, lattice: AnyLattice, wanted: Wanted, accuracy: float, *, least: float, found: Errors = NONE
) -> Solved:
    """Each factor has its own stage, raised until three rules in a row tell that the last is accurate.

    least: density below which nodes are left out. found: the errors of the grid.
    """
    if pool.parts:
        lattice, within_groups = _of_groups(pool, lattice, wanted, accuracy, least)
        found += within_groups
    factors = pool.factors
    rules, stage = _Rules(factors, lattice, least), factors.at(min(RULES - 1, factors.last))
    while True:
        market, common = rules.left(stage, wanted.figures)
        raised = (stage[0] + 1, stage[1]) if market >= common else (stage[0], stage[1] + 1)
        if market + common <= accuracy or max(raised) > factors.last:
            left = market + common if market + common <= accuracy else sum(rules.left(stage, wanted.figures, converging=False))
            beside = 0.0 if wanted.beside is None else sum(rules.left(stage, wanted.beside))
            error = found + Errors(left, beside)
            return Solved(lattice, rules.mixed(stage), rules.nodes, factors.step(stage), error, found.figures >= left)
        stage = raised


@dataclass(slots=True)
class _Rules:
    """Rules of any stage for each factor, of blocks of nodes that are mixed once."""

    factors: Factors
    lattice: AnyLattice
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

    def left(self, stage: Stage, figures: Figures, *, converging: bool = True) -> tuple[float, float]:
        """What the rules of the market and of the common scale are off by; converging: whether that still shrinks as it did."""
        market, common = stage
        of_market = [(each, common) for each in range(max(0, market - RULES + 1), market + 1)]
        of_common = [(market, each) for each in range(max(0, common - RULES + 1), common + 1)]
        first, second = (self._left(each, figures, converging) for each in (of_market, of_common))
        return first, second

    def _left(self, stages: list[Stage], figures: Figures, converging: bool) -> float:
        """One rule is all there is of a factor that nothing depends on."""
        if len(stages) < RULES:
            return 0.0
        seen = [figures(self.lattice, self.mixed(each), self.factors.step(each)) for each in stages]
        return left_of(seen) if converging else max(changes(seen))


def _of_groups(pool: Obligors, lattice: AnyLattice, wanted: Wanted, accuracy: float, least: float) -> tuple[AnyLattice, Errors]:
    """The lattice with as few nodes of the groups' factors as are accurate, and the errors left: on few nodes of the rest."""
    outer, step = pool.factors.added(0, least), pool.factors.step(pool.factors.at(0))
    mixed: list[Mixed] = []
    seen: list[Floats] = []
    for stage in range(FINEST[1] + 1):
        lattice = lattice.refined(Inner(stage, least))
        mixed.append(lattice.mix(outer, threads_of_machine()))
        seen.append(wanted.figures(lattice, mixed[-1], step))
        if len(seen) > 2 and left_of(seen) <= accuracy:
            break
    missed = [float(np.abs(each - seen[-1]).max(initial=0.0)) for each in seen[:-1]]
    enough = next((at for at, each in enumerate(missed) if each <= accuracy), len(missed))
    beside = 0.0
    if wanted.beside is not None:
        compared = [wanted.beside(lattice, mixed[at], step) for at in (min(enough, len(missed) - 1), -1)]
        beside = float(np.abs(compared[0] - compared[1]).max(initial=0.0))
    return lattice.refined(Inner(enough, least)), Errors(max([*missed[enough:], left_of(seen)]), beside)


def _compared(pool: Obligors, accuracy: float) -> tuple[Nodes, float]:
    """The nodes on which grids are compared, and their step."""
    factors = pool.factors
    coarse = factors.at(min(COARSE, factors.last))
    return together([factors.block(each, FADED * accuracy) for each in blocks_of(coarse)]), factors.step(coarse)


def _fine_enough(pool: Obligors, top: float, wanted: Wanted, accuracy: float) -> tuple[Lattice, Errors]:
    """The coarsest of grids, each of half the step of the one before, that is accurate, and the errors that are left."""
    (nodes, step), threads, defaults = _compared(pool, accuracy), threads_of_machine(), float(pool.pd.sum())
    unit = 4.0 * pool.mean / defaults * (accuracy * 1e6 * max(defaults, 1.0) / 50.0) ** 0.25
    unit = max(unit, 8.0 * top / MOST_CELLS)
    jagged = pool.most**2 < FEW * float(pool.size @ pool.size)
    seen: list[Floats] = []
    before: list[tuple[Lattice, Mixed]] = []
    while True:
        lattice = Lattice(pool, unit, top, smooth=True, inner=Inner(COARSE, FADED * accuracy))
        mixed = lattice.mix(nodes, threads)
        before = [*before[-2:], (lattice, mixed)]
        seen.append(wanted.figures(lattice, mixed, step))
        if len(seen) > 2:
            error, cells = _left_by_order(seen, jagged=jagged), 2.0 * top / unit
            if error <= accuracy or cells > MOST_CELLS or cells * lattice.moves > MOST_WORK:
                return lattice, Errors(error, _apart(before, wanted.beside, step) * (ROUGH if jagged else 1.0))
        unit /= 2.0


def _of_unit(pool: Obligors, unit: float, top: float, wanted: Wanted, accuracy: float) -> tuple[Lattice, Errors]:
    """A grid of that step, and its errors against a finer one."""
    inner = Inner(COARSE, FADED * accuracy)
    chosen = Lattice(pool, unit, top, smooth=True, inner=inner)
    if chosen.exact:
        return chosen, Errors()
    (nodes, step), threads = _compared(pool, accuracy), threads_of_machine()
    finer = Lattice(pool, unit / FINER, top, smooth=True, inner=inner)
    pairs = [(each, each.mix(nodes, threads)) for each in (chosen, finer)]
    return chosen, Errors(*(ROUGH * _apart(pairs, each, step) for each in (wanted.figures, wanted.beside)))


def _apart(grids: Sequence[tuple[Lattice, Mixed]], figures: Figures | None, step: float) -> float:
    """By how much grids differ at most from the last."""
    if figures is None:
        return 0.0
    seen = [figures(*each, step) for each in grids]
    return max(float(np.abs(each - seen[-1]).max(initial=0.0)) for each in seen)


def _left_by_order(seen: list[Floats], *, jagged: bool) -> float:
    """The error of the last of three grids, each of half the step: a fourth-order error falls to a sixteenth each time.

    Where the loss is jagged a change may be small by chance, so the one before it counts for more.
    """
    before, last = changes(seen)
    return max(last / 4.0, before / (8.0 if jagged else 256.0))
