"""A pool of very many small obligors: only the factors move its loss. With the first correction for their finite number.

Source: O. Vasicek, The distribution of loan portfolio value, Risk 15(12), 2002; for the correction, M. Gordy, A risk-factor model
foundation for ratings-based bank capital rules, Journal of Financial Intermediation 12(3), 2003, and R. Martin and T. Wilde,
Unsystematic credit risk, Risk, November 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clo.analytics.losses.factors import REACH, Factors, Floats
from clo.analytics.losses.pool import Obligors

POINTS, WIDTH = 16, 2.0
"""Gauss-Legendre points in each panel of the market, and its width; narrower where the loss changes faster than the market."""
STAGE = 3
"""Of the nodes of the common scale of Student-t: steps of 1/8."""
STEPS = 80
"""Halvings that find that market: an interval of 18 shrinks to 1e-23."""
BEYOND = REACH + 1.0


@dataclass(frozen=True, slots=True)
class LargePool:
    """excess: E(L - K)+ and above: P(L > K), for each point K (shares of the exposure)."""

    excess: Floats
    above: Floats


@dataclass(frozen=True, slots=True)
class Alike:
    """Obligors with one threshold and loading together: the sum of their sizes, and of the squares."""

    threshold: Floats
    loading: Floats
    size: Floats
    square: Floats


def large_pool(pool: Obligors, points: Floats) -> LargePool:
    """Limit and granularity adjustment. Where the common scale of Student-t varies, both are averaged over it."""
    scales = Factors(market=False, degrees=pool.degrees)
    stage = 0 if pool.degrees is None else STAGE
    nodes = [scales.added(each, 1e-16) for each in range(stage + 1)]
    kinds, number = np.unique(np.stack((pool.threshold, pool.loading)), axis=1, return_inverse=True)
    sums = np.stack([np.bincount(number, weights=weights) for weights in (pool.size, pool.size**2)]).astype(np.float64)
    alike = Alike(kinds[0], kinds[1], sums[0], sums[1])
    excess, above = np.zeros(len(points)), np.zeros(len(points))
    for part in nodes:
        for scale, weight in zip(part.scale, part.weight * scales.step((0, stage)), strict=True):
            for at, point in enumerate(points):
                one, two = _at(alike, float(point), float(scale))
                excess[at] += weight * one
                above[at] += weight * two
    return LargePool(excess, above)


def _losses(pool: Alike, market: Floats, scale: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Of the loss given the market [m]: mean, its first and second derivative, variance and its derivative."""
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    z = pool.threshold * scale - pool.loading * market[:, None]
    p, density = ndtr(z), np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    slope = -pool.loading * density
    bend = -(pool.loading**2) * np.where(np.isfinite(z), z, 0.0) * density
    size, square = pool.size, pool.square
    return p @ size, slope @ size, bend @ size, (p * (1.0 - p)) @ square, (slope * (1.0 - 2.0 * p)) @ square


def _at(pool: Alike, point: float, scale: float) -> tuple[float, float]:
    """E(L - K)+ and P(L > K) at one common scale.

    With l(m) the mean loss, falling in m, and l(m*) = K: E(l - K)+ = integral of (l - K) phi up to m*, P(l > K) = Phi(m*). The
    variance v(m) that obligors of finite size leave adds half of v(m*) x the density of l at K, and to the probability minus
    half the derivative of that in K.
    """
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    worst, best = (float(_losses(pool, np.full(1, end), scale)[0][0]) for end in (-BEYOND, BEYOND))
    if point >= worst:
        return 0.0, 0.0
    if point <= best:
        market, weight = _panels(pool, -BEYOND, BEYOND)
        return float(weight @ _losses(pool, market, scale)[0]) - point, 1.0
    low, high = -BEYOND, BEYOND
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if float(_losses(pool, np.full(1, middle), scale)[0][0]) > point:
            low = middle
        else:
            high = middle
    market, weight = _panels(pool, -BEYOND, high)
    limit = float(weight @ (_losses(pool, market, scale)[0] - point))
    _, slope, bend, variance, rise = (float(each[0]) for each in _losses(pool, np.full(1, high), scale))
    density = np.exp(-0.5 * high * high) / np.sqrt(2.0 * np.pi) / -slope
    adjustment = 0.5 * variance * density
    change = 0.5 * density * (rise - variance * (high + bend / slope)) / slope
    return limit + adjustment, float(ndtr(high)) - change


def _panels(pool: Alike, low: float, high: float) -> tuple[Floats, Floats]:
    """Points, and weights with the normal density in them."""
    x, w = np.polynomial.legendre.leggauss(POINTS)
    count = int(np.ceil((high - low) / WIDTH * max(1.0, float(pool.loading.max()))))
    ends = np.linspace(low, high, count + 1)
    half = 0.5 * np.diff(ends)[:, None]
    market = (0.5 * (ends[1:] + ends[:-1])[:, None] + half * x).ravel()
    return market, (half * w).ravel() * np.exp(-0.5 * market**2) / np.sqrt(2.0 * np.pi)
