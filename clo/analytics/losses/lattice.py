"""The loss of a pool on a grid, mixed over nodes of the factors: every subset, a common unit, or a grid finer than the losses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clo.analytics.losses.factors import Floats, Nodes, at_zero
from clo.analytics.losses.grouped import CHUNK, Inner, Parts
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.splitting import WHOLE, ramp, step
from clo.analytics.losses.spreading import Axis, FixedLosses, axis_of, losses_of
from clo.pool.summing import in_order

SMALL = 2_000_000
"""Nodes times obligors times cells that take less time than starting threads."""
MOST_SUBSETS = {0: 16, 1: 16, 2: 12}
"""Obligors of whom every subset is told apart, by the number of factors, which have the more nodes."""


FIRST = Inner(1, 0.0)
"""On which grids are compared."""


@dataclass(frozen=True)
class Mixed:
    """pmf[k]: sum over nodes of weight x the probability of the loss of cell k. unharmed: the same of no default at all."""

    pmf: Floats
    unharmed: float

    def __add__(self, other: Mixed) -> Mixed:
        return Mixed(self.pmf + other.pmf, self.unharmed + other.unharmed)


class Subsets:
    """Every sum of losses there is: for few obligors."""

    unit: float | None = None
    exact = True

    def __init__(self, pool: Obligors, inner: Inner = FIRST) -> None:
        self._pool, self._inner = pool, inner
        self.losses = np.zeros(1)
        for size in pool.size:
            self.losses = np.concatenate((self.losses, self.losses + size))

    def refined(self, inner: Inner) -> Subsets:
        """The same with other nodes of the groups' factors."""
        return Subsets(self._pool, inner)

    def mix(self, nodes: Nodes, threads: int) -> Mixed:
        pmf, unharmed = np.zeros(len(self.losses)), 0.0
        for factor, scale, weight in zip(nodes.factor, nodes.scale, nodes.weight, strict=True):
            each = np.full(1, weight)
            for part in self._pool.parts or (slice(None),):
                each = (self._of_part(part, factor, scale)[:, None] * each).ravel()
            pmf += each
            unharmed += float(each[0])
        return Mixed(pmf, unharmed)

    def _of_part(self, part: slice, factor: float, scale: float) -> Floats:
        """Probability of each subset of some obligors, averaged over the factor of their group, if they have one."""
        from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

        pool = self._pool
        inner = self._inner.nodes if pool.of_group[part].any() else at_zero(1.0)
        given = pool.threshold[part] * scale - pool.loading[part] * factor - pool.of_group[part] * inner.factor[:, None]
        chance = inner.weight[:, None]
        for pd in np.asarray(ndtr(given)).T:
            chance = np.concatenate((chance * (1.0 - pd[:, None]), chance * pd[:, None]), axis=1)
        return np.asarray(chance.sum(axis=0))

    def shortfall(self, points: Floats) -> Floats:
        """(K - loss)+ [point K, cell]."""
        return np.maximum(points[:, None] - self.losses, 0.0)

    def reached(self, points: Floats) -> Floats:
        """1 where the loss is at most K [point K, cell]."""
        return (self.losses <= points[:, None] + WHOLE * 1e-3).astype(np.float64)


class Lattice:
    """Losses in multiples of `unit`, up to `top` (a share of the exposure, inf for all); what is beyond is not told.

    smooth: losses that fall between points are split in four, else in two.
    """

    def __init__(self, pool: Obligors, unit: float, top: float, *, smooth: bool, inner: Inner = FIRST) -> None:
        self._pool, self.unit, self._top, self._inner = pool, unit, top, inner
        self._losses = losses_of(pool, unit, smooth=smooth)
        self.exact, self.smooth = self._losses.exact, self._losses.smooth
        self.added_variance, self.moves = self._losses.added_variance, self._losses.moves
        self._axis = self._axis_of(slice(None))
        parts = [(part, self._axis_of(part)) for part in pool.parts]
        self._parts = Parts(pool, self._losses, self._axis, parts, inner) if parts else None

    def _axis_of(self, part: slice) -> Axis:
        most = float(self._losses.cells[part].sum())
        return axis_of(self._losses.widest, min(self._top / self.unit, most), smooth=self.smooth)

    def refined(self, inner: Inner) -> Lattice:
        """The same with other nodes of the groups' factors."""
        return Lattice(self._pool, self.unit, self._top, smooth=self.smooth, inner=inner)

    @cached_property
    def losses(self) -> Floats:
        """The loss of each cell."""
        axis = self._axis
        return np.asarray((np.arange(axis.floor, axis.length) - axis.zero) * self.unit, dtype=np.float64)

    def mix(self, nodes: Nodes, threads: int) -> Mixed:
        if self._parts is not None:
            return Mixed(*self._parts.mix(nodes, threads))
        chunks, axis = list(nodes.chunks(CHUNK)), self._axis
        small = len(nodes.weight) * len(self._pool.size) * axis.length < SMALL
        total, unharmed = np.zeros(axis.length - axis.floor), 0.0
        for _, (pmf, spared) in in_order(self._mix, chunks, 1 if small else threads):
            total += pmf
            unharmed += spared
        return Mixed(total, unharmed)

    def _mix(self, nodes: Nodes) -> tuple[Floats, float]:
        pool, axis, everyone = self._pool, self._axis, slice(None)
        if isinstance(self._losses, FixedLosses):
            pmf, unharmed = self._losses.told(everyone, pool.threshold, pool.loading, nodes, axis)
            return pmf[0], float(unharmed[0])
        total, spared = np.zeros(axis.length - axis.floor), 0.0
        for factor, scale, weight in zip(nodes.factor, nodes.scale, nodes.weight, strict=True):
            given, losses = pool.threshold * scale - pool.loading * factor, self._losses.given(factor)
            pmf, unharmed = losses.told(everyone, given, pool.loading, at_zero(weight), axis)
            total += pmf[0]
            spared += float(unharmed[0])
        return total, spared

    def shortfall(self, points: Floats) -> Floats:
        """(K - loss)+ [point K, cell], averaged over the cells that interpolation joins."""
        if not self.smooth:
            return np.maximum(points[:, None] - self.losses, 0.0)
        return self.unit * ramp((points[:, None] - self.losses) / self.unit)

    def reached(self, points: Floats) -> Floats:
        """1 where the loss is at most K [point K, cell], averaged as in `shortfall`."""
        if not self.smooth:
            return (self.losses <= points[:, None] + WHOLE * self.unit).astype(np.float64)
        return step((points[:, None] - self.losses) / self.unit)


AnyLattice = Subsets | Lattice


def threads_of_machine() -> int:
    return os.cpu_count() or 1
