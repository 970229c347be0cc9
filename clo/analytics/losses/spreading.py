"""By how many cells of a grid a default moves the pool's loss: a fixed number, or one that varies with market and obligor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.analytics.losses import kernel
from clo.analytics.losses.factors import Floats, Nodes
from clo.analytics.losses.pool import Ints, Obligors
from clo.analytics.losses.recovery import Recovery
from clo.analytics.losses.splitting import WHOLE, in_four, in_two

MARGIN = 24
"""Cells below loss 0 and above the highest point: interpolation moves a little outside, ever less with each cell."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Cells of a grid: loss 0 stands at `zero`; cells from `floor` to below `length` are told, those below `floor` are room."""

    zero: int
    floor: int
    length: int

    @property
    def told(self) -> slice:
        return slice(self.floor, self.length)


def axis_of(widest: int, cells: float, *, smooth: bool) -> Axis:
    """For losses of at most `widest` cells, up to so many cells."""
    margin, floor = MARGIN if smooth else 0, widest + 4
    return Axis(floor + margin, floor, floor + margin + int(np.ceil(cells)) + 3 + margin)


class FixedLosses:
    """Each obligor loses what it loses: shift[i] whole cells, and the rest of a cell split by taps[i, 4]."""

    def __init__(self, pool: Obligors, unit: float, *, smooth: bool) -> None:
        position = pool.size / unit
        whole = np.abs(position - np.rint(position)) <= WHOLE * np.maximum(position, 1.0)
        shift = np.where(whole, np.rint(position), np.floor(position))
        part = np.where(whole, 0.0, position - shift)
        self.exact = bool(whole.all())
        self.smooth = smooth and not self.exact
        self.cells = shift + 1.0
        self._shift = shift.astype(np.int64)
        self._taps = in_four(part) if self.smooth else in_two(part)
        added = 0.0 if self.smooth else float(pool.pd @ (self._taps[:, 2] * (1.0 - self._taps[:, 2]))) * unit**2
        self.added_variance: float | None = added

    @property
    def widest(self) -> int:
        return int(self._shift.max(initial=0))

    @property
    def moves(self) -> int:
        """Of a cell for all obligors, by four taps each, on a grid of half the step."""
        return len(self.cells)

    def given(self, market: float) -> FixedLosses:
        """The same for any market."""
        return self

    def told(
        self, part: slice, threshold: Floats, loading: Floats, nodes: Nodes, axis: Axis, rows: int = 1
    ) -> tuple[Floats, Floats]:
        """Weight x the probability of each cell [r, k], and of no default [r]: a row for all nodes, or one for each."""
        pmf, unharmed, (one, two) = np.zeros((rows, axis.length + 2)), np.zeros(rows), np.empty((2, axis.length + 2))
        kernel.add_losses(
            self._shift[part], self._taps[part], threshold, loading, nodes.factor, nodes.scale, nodes.weight,
            axis.zero, axis.floor, np.empty(len(threshold)), one, two, pmf, unharmed,
        )  # fmt: skip
        return pmf[:, axis.told], unharmed


@dataclass(frozen=True, slots=True)
class Taps:
    """Obligor i loses first[i], first[i] + 1, ... cells with probabilities weight[begin[i]:end[i]]."""

    first: Ints
    begin: Ints
    end: Ints
    weight: Floats

    def told(
        self, part: slice, threshold: Floats, loading: Floats, nodes: Nodes, axis: Axis, rows: int = 1
    ) -> tuple[Floats, Floats]:
        """As FixedLosses.told, of nodes that all have a scale of 1."""
        pmf, unharmed, (one, two) = np.zeros((rows, axis.length + 2)), np.zeros(rows), np.empty((2, axis.length + 2))
        kernel.add_varied_losses(
            self.first[part], self.begin[part], self.end[part], self.weight, threshold, loading, nodes.factor, nodes.weight,
            axis.zero, axis.floor, np.empty(len(threshold)), one, two, pmf, unharmed,
        )  # fmt: skip
        return pmf[:, axis.told], unharmed


class VariedLosses:
    """What an obligor loses is spread over the cells from 0 to what it owes; how, the market says."""

    exact = False
    added_variance: float | None = None

    def __init__(self, pool: Obligors, recovery: Recovery, unit: float, *, smooth: bool) -> None:
        self._recovery, self.smooth = recovery, smooth
        self._size = pool.size / unit
        self.cells = np.ceil(self._size) + 1.0
        self._step = recovery.steps(self._size)
        self._room = np.concatenate(([0], np.cumsum(self.cells.astype(np.int64) + 4)))
        self._last = (0.0, self._taps(0.0))

    @property
    def widest(self) -> int:
        return int(self.cells.max(initial=0.0)) + 4

    @property
    def moves(self) -> int:
        """As of FixedLosses, where an obligor has as many taps as what it owes has cells."""
        return int(self.cells.sum()) // 2 + len(self.cells)

    def given(self, market: float) -> Taps:
        """Nodes of one market come one after the other, so the last is kept."""
        at, taps = self._last
        if self._recovery.common == 0.0 or at == market:
            return taps
        taps = self._taps(market)
        self._last = (market, taps)
        return taps

    def _taps(self, market: float) -> Taps:
        centre, count = self._recovery.given(np.full(1, market))[0], len(self._size)
        first, begin, end = (np.zeros(count, dtype=np.int64) for _ in range(3))
        weight: NDArray[np.float64] = np.empty(int(self._room[-1]))
        kernel.fill_taps(self._size, centre, self._recovery.own, self._step, self.smooth, self._room, first, begin, end, weight)
        return Taps(first, begin, end, weight)


def losses_of(pool: Obligors, unit: float, *, smooth: bool) -> FixedLosses | VariedLosses:
    if pool.recovery is None:
        return FixedLosses(pool, unit, smooth=smooth)
    return VariedLosses(pool, pool.recovery, unit, smooth=smooth)
