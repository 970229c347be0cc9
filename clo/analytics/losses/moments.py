"""Mean and variance of the loss of a pool, without a grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from clo.analytics.losses.factors import Floats, Nodes, at_zero, group_nodes, left_of
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.recovery import Recovery

ROUND_OFF = 1e-13
"""Of the square of the mean: as well as a variance is known."""
CHUNK = 1 << 17
"""Numbers in one array."""
STAGE = 3
"""Of the nodes of a group's factor: steps of 1/8."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Obligors of one part that default and recover alike, together: the sum of what they may lose, and of its squares [i]."""

    threshold: Floats
    loading: Floats
    of_group: Floats
    size: Floats
    square: Floats
    parts: tuple[slice, ...]
    recovery: Recovery | None


def moments(pool: Obligors) -> tuple[float, float]:
    """Mean and variance of the loss: to about 1e-12 of them."""
    factors, alike = pool.factors, _alike(pool)
    total, seen = 0.0, []
    for stage in range(factors.last + 1):
        for nodes in factors.added(stage, 0.0).chunks(max(1, CHUNK // len(alike.size))):
            total += float(nodes.weight @ _square(alike, nodes))
        seen.append(np.full(1, total * factors.step(factors.at(stage))))
        if len(seen) > 2 and left_of(seen) <= ROUND_OFF * pool.mean**2:
            break
    return pool.mean, float(seen[-1][0] - pool.mean**2)


def _alike(pool: Obligors) -> Alike:
    part, centre = np.zeros(len(pool.size)), np.zeros(len(pool.size))
    for number, each in enumerate(pool.parts):
        part[each] = number
    if pool.recovery is not None:
        centre = pool.recovery.centre
    kinds, kind = np.unique(np.stack((part, pool.threshold, pool.loading, pool.of_group, centre)), axis=1, return_inverse=True)
    size, square = (np.bincount(kind, weights=each).astype(np.float64) for each in (pool.size, pool.size**2))
    ends = [*(np.flatnonzero(np.diff(kinds[0])) + 1), len(size)]
    parts = tuple(slice(int(a), int(b)) for a, b in pairwise([0, *ends]))
    recovery = None if pool.recovery is None else Recovery(kinds[4], pool.recovery.common, pool.recovery.own)
    return Alike(kinds[1], kinds[2], kinds[3], size, square, parts, recovery)


def _square(pool: Alike, nodes: Nodes) -> Floats:
    """Mean square of the loss given what all share [n]."""
    ones = np.ones((1, len(pool.size)))
    lost = ones if pool.recovery is None else pool.recovery.lost(nodes.factor)
    squared = ones if pool.recovery is None else pool.recovery.squared(nodes.factor)
    given = pool.threshold * nodes.scale[:, None] - pool.loading * nodes.factor[:, None]
    mean, variance = np.zeros(len(nodes.weight)), np.zeros(len(nodes.weight))
    for part in pool.parts:
        first, second = _of_part(pool, part, given[:, part], lost[:, part], squared[:, part])
        mean += first
        variance += second - first * first
    return mean * mean + variance


def _of_part(pool: Alike, part: slice, given: Floats, lost: Floats, squared: Floats) -> tuple[Floats, Floats]:
    """Mean loss and mean square of it, averaged over the factor of a group, if there is one [n]. given, lost, squared: [n, i]."""
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    loading, first, second = pool.of_group[part], np.zeros(len(given)), np.zeros(len(given))
    inner = group_nodes(STAGE, 0.0) if loading.any() else at_zero(1.0)
    for place, weight in zip(inner.factor, inner.weight, strict=True):
        pd = ndtr(given - loading * place)
        mean = (pd * lost) @ pool.size[part]
        first += weight * mean
        second += weight * (mean * mean + (pd * squared - np.square(pd * lost)) @ pool.square[part])
    return first, second
