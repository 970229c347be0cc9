"""Grids of losses, and the loss of a pool spread over one: every subset, a common unit, or a grid finer than the losses.

A loss that falls between grid points is split. In two, its mean is kept and no probability is negative. In four by cubic
interpolation, its first three moments are kept: the error of an expected tranche loss falls with the fourth power of the step.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clo.analytics.losses import kernel
from clo.analytics.losses.factors import Floats, Nodes
from clo.analytics.losses.pool import Obligors
from clo.pool.summing import in_order

CHUNK = 8
"""Nodes of one call of the kernel: fixed, so that the order of additions does not depend on the number of threads."""
SMALL = 2_000_000
"""Nodes times obligors times cells that take less time than starting threads."""
MARGIN = 24
"""Cells below loss 0 and above the highest point: interpolation moves a little outside, ever less with each cell."""
WHOLE = 1e-9
"""A loss this close to a grid point, in cells, stands on it."""
MOST_SUBSETS = {0: 16, 1: 16, 2: 12}
"""Obligors of whom every subset is told apart, by the number of factors, which have the more nodes."""
MOST_COMMON = 8_192
"""Cells of a grid in a unit that all losses share."""


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

    def __init__(self, pool: Obligors) -> None:
        self._pool = pool
        self.losses = np.zeros(1)
        for size in pool.size:
            self.losses = np.concatenate((self.losses, self.losses + size))

    def mix(self, nodes: Nodes, threads: int) -> Mixed:
        pmf, pds = np.zeros(len(self.losses)), np.zeros(len(self._pool.size))
        unharmed = 0.0
        for factor, scale, weight in zip(nodes.factor, nodes.scale, nodes.weight, strict=True):
            kernel.conditional_pds(self._pool.threshold, self._pool.loading, scale, factor, pds)
            each = np.full(1, weight)
            for pd in pds:
                each = np.concatenate((each * (1.0 - pd), each * pd))
            pmf += each
            unharmed += float(each[0])
        return Mixed(pmf, unharmed)

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

    def __init__(self, pool: Obligors, unit: float, top: float, *, smooth: bool) -> None:
        position = pool.size / unit
        whole = np.abs(position - np.rint(position)) <= WHOLE * np.maximum(position, 1.0)
        shift = np.where(whole, np.rint(position), np.floor(position))
        part = np.where(whole, 0.0, position - shift)
        self._pool, self.unit = pool, unit
        self.exact = bool(whole.all())
        self.smooth = smooth and not self.exact
        self._shift = shift.astype(np.int64)
        self._taps = _four(part) if self.smooth else _two(part)
        margin = MARGIN if self.smooth else 0
        self._floor = int(self._shift.max(initial=0)) + 4
        self._zero = self._floor + margin
        most = float(shift.sum()) + len(shift)
        self._length = self._zero + int(np.ceil(min(top / unit, most))) + 3 + margin

    @cached_property
    def losses(self) -> Floats:
        """The loss of each cell."""
        return np.asarray((np.arange(self._floor, self._length) - self._zero) * self.unit, dtype=np.float64)

    @property
    def added_variance(self) -> float:
        """What splitting in two adds to the variance of the loss: nothing for splits in four."""
        part = self._taps[:, 2]
        return 0.0 if self.smooth else float(self._pool.pd @ (part * (1.0 - part))) * self.unit**2

    def mix(self, nodes: Nodes, threads: int) -> Mixed:
        chunks = list(nodes.chunks(CHUNK))
        small = len(nodes.weight) * len(self._shift) * self._length < SMALL
        total, unharmed = np.zeros(self._length), 0.0
        for _, (pmf, spared) in in_order(self._mix, chunks, 1 if small else threads):
            total += pmf
            unharmed += spared
        return Mixed(total[self._floor :], unharmed)

    def _mix(self, nodes: Nodes) -> tuple[Floats, float]:
        pmf, one, two = (np.zeros(self._length + 2) for _ in range(3))
        pds = np.zeros(len(self._shift))
        pool = self._pool
        unharmed = kernel.add_losses(
            self._shift, self._taps, pool.threshold, pool.loading, nodes.factor, nodes.scale, nodes.weight,
            self._zero, self._floor, pds, one, two, pmf,
        )  # fmt: skip
        return pmf[: self._length], unharmed

    def shortfall(self, points: Floats) -> Floats:
        """(K - loss)+ [point K, cell], averaged over the cells that interpolation joins."""
        if not self.smooth:
            return np.maximum(points[:, None] - self.losses, 0.0)
        return self.unit * _ramp((points[:, None] - self.losses) / self.unit)

    def reached(self, points: Floats) -> Floats:
        """1 where the loss is at most K [point K, cell], averaged as in `shortfall`."""
        if not self.smooth:
            return (self.losses <= points[:, None] + WHOLE * self.unit).astype(np.float64)
        return _step((points[:, None] - self.losses) / self.unit)


AnyLattice = Subsets | Lattice


def common_unit(size: Floats) -> float | None:
    """The largest unit of which every loss is a multiple, if the pool's greatest loss is at most MOST_COMMON of them."""
    unit, least = float(size.max()), float(size.sum()) / MOST_COMMON
    for other in np.unique(size):
        a, b = unit, float(other)
        while b > 0.5 * least:
            a, b = b, a - b * round(a / b)
            b = abs(b)
        unit = a
        if unit < least:
            return None
    units = size / unit
    return unit if bool((np.abs(units - np.rint(units)) <= WHOLE * np.maximum(units, 1.0)).all()) else None


def threads_of_machine() -> int:
    return os.cpu_count() or 1


def _two(part: Floats) -> NDArray[np.float64]:
    zero = np.zeros(len(part))
    return np.stack((zero, 1.0 - part, part, zero), axis=1)


def _four(part: Floats) -> NDArray[np.float64]:
    """Lagrange's weights of the points -1, 0, 1, 2 at `part`, which reproduce cubics: the moments up to the third are kept."""
    left, right = 1.0 - part, 2.0 - part
    return np.stack(
        (-part * left * right / 6.0, (1.0 + part) * left * right / 2.0, (1.0 + part) * part * right / 2.0,
         -part * left * (1.0 + part) / 6.0),
        axis=1,
    )  # fmt: skip


def _ramp(x: Floats) -> Floats:
    """Integral of (x - t)+ psi(t), psi the function that cubic interpolation makes of 1 at 0 and 0 at every other point.

    A kink between grid points would cost an error of the second power of the step; averaged so, it does not.
    Source: H.-O. Kreiss, V. Thomee and O. Widlund, Smoothing of initial data and rates of convergence for parabolic
    difference equations, 1970.
    """
    away = np.abs(x)
    far, near = np.maximum(2.0 - away, 0.0), 1.0 - np.minimum(away, 1.0)
    outer = far**5 / 120.0 - far**3 / 36.0
    inner = -7.0 / 360.0 - near / 24.0 + near**3 / 6.0 + near**4 / 24.0 - near**5 / 40.0
    return np.asarray(np.maximum(x, 0.0) + np.where(away < 1.0, inner, outer))


def _step(x: Floats) -> Floats:
    """The derivative of `_ramp`: a step at 0, averaged in the same way."""
    away = np.abs(x)
    far, near = np.maximum(2.0 - away, 0.0), 1.0 - np.minimum(away, 1.0)
    outer = far**4 / 24.0 - far**2 / 12.0
    inner = -1.0 / 24.0 + near**2 / 2.0 + near**3 / 6.0 - near**4 / 8.0
    tail = np.where(away < 1.0, inner, outer)
    return np.asarray(np.where(x >= 0.0, 1.0 - tail, tail))
