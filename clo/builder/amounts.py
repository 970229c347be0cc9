"""Amounts within limits that add up to a total, and firms of each institution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clo.builder.streams import Draws, normals

Whole = NDArray[np.int64]
HALVINGS = 80
"""Of an interval of logarithms of a few dozen at most: more than a double can tell apart."""
BEYOND = 30.0
"""Standard deviations by which the location may lie beyond a limit: the mean is then within a thirtieth of one of that limit."""
NARROWEST = 1e-9
"""In place of a spread of exactly 0, of which no quantile can be scaled."""


def within_limits(draws: Draws, total: float, smallest: float, largest: float, spread: float) -> Draws:
    """Quantiles of a lognormal distribution truncated to the limits [count], at the location at which they add up to the total.

    So none stands at a limit, unless the mean does. spread: standard deviation of the logarithm before the limits cut it off.
    The caller has made sure that the limits leave room.
    """
    low, high, spread = np.log(smallest), np.log(largest), max(spread, NARROWEST)

    def at(location: float) -> Draws:
        return np.clip(np.exp(_truncated(draws, location, low, high, spread)), smallest, largest)

    left, right = low - BEYOND * spread, high + BEYOND * spread
    for _ in range(HALVINGS):
        middle = (left + right) / 2.0
        left, right = (middle, right) if at(middle).sum() < total else (left, middle)
    return _filled(at(right), total, smallest, largest)


def _truncated(draws: Draws, location: float, low: float, high: float, spread: float) -> Draws:
    """Quantiles of a normal distribution between two limits, from the tail in which differences keep their digits."""
    first, last = (low - location) / spread, (high - location) / spread
    if first > 0.0:
        above, beyond = ndtr(-first), ndtr(-last)
        scores = -ndtri(above - draws * (above - beyond))
    else:
        below, up_to = ndtr(first), ndtr(last)
        scores = ndtri(below + draws * (up_to - below))
    return np.asarray(np.clip(location + spread * scores, low, high))


def _filled(amounts: Draws, total: float, smallest: float, largest: float) -> Draws:
    """Amounts that add up to the total: what is short or over is shared in proportion to the room up to the limit."""
    short = total - amounts.sum()
    room = largest - amounts if short > 0.0 else amounts - smallest
    return amounts + short * room / room.sum() if room.sum() else amounts


def rounded(exact: Draws, total: int, smallest: int, largest: int) -> Whole:
    """Whole numbers within the limits that add up to the total: those with the largest fractions are rounded up."""
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    while left := int(total - whole.sum()):
        open_to = order[whole[order] < largest] if left > 0 else order[::-1][whole[order[::-1]] > smallest]
        whole[open_to[: abs(left)]] += 1 if left > 0 else -1
    return whole


def firms_of_each(draws: Draws, firms: int, spread: float) -> Whole:
    """How many firms each institution lends to [institutions]: at least one, unevenly, together all firms."""
    weights = np.exp(spread * normals(draws))
    spare = firms - len(draws)
    return 1 + rounded(spare * weights / weights.sum(), spare, 0, spare)
