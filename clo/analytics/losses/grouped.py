"""Groups that are independent given what all obligors share: each averaged over its own factor, then convolved.

Where the market and the factor G of a group move all its obligors in one proportion, by r M + G, the loss of the group is needed
along that sum alone, and averaged over it for each M: far fewer recursions than one for each M and G.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.analytics.losses import kernel
from clo.analytics.losses.factors import REACH, Floats, Nodes, at_zero, group_nodes
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.spreading import Axis, FixedLosses, VariedLosses
from clo.pool.summing import in_order

CHUNK = 8
"""Nodes of one task: fixed, so that the order of additions does not depend on the number of threads."""
SAME = 1e-12
"""Of two proportions that are one."""


@dataclass(frozen=True, slots=True)
class Inner:
    """How finely the factor of a group is averaged over: steps of 2^-stage, no nodes of a density below `least`."""

    stage: int
    least: float

    @property
    def nodes(self) -> Nodes:
        return group_nodes(self.stage, self.least)


@dataclass(frozen=True, slots=True)
class Along:
    """The loss of a part at places of r M + G [v, cell], and the probability of no default [v]. ratio: r; None without G."""

    places: Floats
    pmf: Floats
    unharmed: Floats
    ratio: float | None

    def averaged(self, market: Floats, inner: Inner) -> tuple[Floats, Floats]:
        """The same given the market [m, cell], [m]."""
        if self.ratio is None:
            return self.pmf, self.unharmed
        weight = np.exp(-0.5 * np.square(self.places - self.ratio * market[:, None])) / np.sqrt(2.0 * np.pi)
        weight = np.where(weight >= inner.least, weight, 0.0) * 0.5**inner.stage
        pmf = np.zeros((len(market), self.pmf.shape[1]))
        kernel.add_averages(weight, self.pmf, pmf)
        return pmf, (weight * self.unharmed).sum(axis=1)


class Parts:
    """Obligors in parts, each on a grid of its own; `axis` is that of all."""

    def __init__(
        self, pool: Obligors, losses: FixedLosses | VariedLosses, axis: Axis, parts: list[tuple[slice, Axis]], inner: Inner
    ) -> None:
        self._pool, self._losses, self._axis, self._parts, self._inner = pool, losses, axis, parts, inner
        self._ratios = [_ratio(pool.loading[part], pool.of_group[part]) for part, _ in parts]
        self._kept: dict[int, Along] = {}

    def mix(self, nodes: Nodes, threads: int) -> tuple[Floats, float]:
        """Sum over the nodes of weight x the probability of each cell, and of no default."""
        from scipy.fft import irfft, next_fast_len  # noqa: PLC0415  (heavy: only groups need it)

        span = next_fast_len(sum(axis.length - axis.floor for _, axis in self._parts), real=True)
        total, unharmed = np.zeros(span // 2 + 1, dtype=np.complex128), 0.0
        if self._nests:
            for _, (transform, spared) in in_order(lambda chunk: self._nested(chunk, span), list(nodes.chunks(CHUNK)), threads):
                total += transform
                unharmed += spared
        else:
            for scale in np.unique(nodes.scale):
                at = nodes.scale == scale
                transform, spared = self._along(nodes.factor[at], float(scale), nodes.weight[at], span, threads)
                total += transform
                unharmed += spared
        begin = (len(self._parts) - 1) * (self._axis.zero - self._axis.floor)
        length = self._axis.length - self._axis.floor
        return np.pad(irfft(total, span)[begin : begin + length], (0, max(0, begin + length - span))), unharmed

    @property
    def _nests(self) -> bool:
        """Whether the market moves the obligors of a group each in its own way, or what they lose."""
        recovery = self._pool.recovery
        return bool(recovery is not None and recovery.common > 0.0) or any(
            each is not None and np.isnan(each) for each in self._ratios
        )

    def _nested(self, nodes: Nodes, span: int) -> tuple[NDArray[np.complex128], float]:
        """A recursion for each node of what all share and each of a group's factor."""
        from scipy.fft import rfft  # noqa: PLC0415  (heavy: only groups need it)

        pool, inner, unharmed = self._pool, self._inner.nodes, 0.0
        total = np.zeros(span // 2 + 1, dtype=np.complex128)
        for factor, scale, weight in zip(nodes.factor, nodes.scale, nodes.weight, strict=True):
            losses = self._losses.given(factor)
            given, product, spared = pool.threshold * scale - pool.loading * factor, np.full(1, weight + 0.0j), weight
            for part, axis in self._parts:
                own = pool.of_group[part]
                pmf, none = losses.told(part, given[part], own, inner if own.any() else at_zero(1.0), axis)
                product, spared = product * rfft(pmf[0], span), spared * float(none[0])
            total += product
            unharmed += spared
        return total, unharmed

    def _along(
        self, market: Floats, scale: float, weight: Floats, span: int, threads: int
    ) -> tuple[NDArray[np.complex128], float]:
        """A recursion for each place of r M + G."""
        from scipy.fft import rfft  # noqa: PLC0415  (heavy: only groups need it)

        product, spared = weight[:, None] + 0.0j, weight
        for each in self._recursions(market, scale, threads):
            pmf, unharmed = each.averaged(market, self._inner)
            product = product * rfft(pmf, span, axis=1, workers=threads)
            spared = spared * unharmed
        return product.sum(axis=0), float(spared.sum())

    def _recursions(self, market: Floats, scale: float, threads: int) -> list[Along]:
        """Of every part. Places of a group that are the same for all nodes, because there is one scale, are kept."""
        step, found = 0.5**self._inner.stage, dict(self._kept)
        places = {}
        for number, ratio in enumerate(self._ratios):
            if number not in found:
                reach = REACH * (1.0 + (ratio or 0.0))
                places[number] = market if ratio is None else np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1) * step
        jobs = [(number, at[first : first + CHUNK]) for number, at in places.items() for first in range(0, len(at), CHUNK)]
        rows: dict[int, list[tuple[Floats, Floats]]] = {number: [] for number in places}
        for (number, _), row in in_order(lambda job: self._row(*job, scale), jobs, threads):
            rows[number].append(row)
        for number, at in places.items():
            pmf, unharmed = (np.ascontiguousarray(np.concatenate(each)) for each in zip(*rows[number], strict=True))
            found[number] = Along(at, pmf, unharmed, self._ratios[number])
            if self._pool.degrees is None and self._ratios[number] is not None:
                self._kept[number] = found[number]
        return [found[number] for number in range(len(self._parts))]

    def _row(self, number: int, places: Floats, scale: float) -> tuple[Floats, Floats]:
        """Probability of each cell, and of no default, of a part at some places."""
        (part, axis), pool = self._parts[number], self._pool
        losses, threshold = self._losses.given(0.0), pool.threshold[part] * scale
        loading = pool.loading[part] if self._ratios[number] is None else pool.of_group[part]
        one = np.ones(len(places))
        return losses.told(part, threshold, loading, Nodes(places, one, one), axis, rows=len(places))


def _ratio(loading: Floats, of_group: Floats) -> float | None:
    """By how much the market moves obligors for each unit that the factor of their group does; NaN where they differ."""
    if not of_group.any():
        return None
    ratio = loading / of_group
    return float(ratio[0]) if bool((np.abs(ratio - ratio[0]) <= SAME * (1.0 + ratio[0])).all()) else np.nan
