"""Whole numbers that add up to a total exactly: amounts of loans within their limits, firms of each institution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clo.builder.streams import Draws, normals

Whole = NDArray[np.int64]
HALVINGS = 80
"""Of an interval of logarithms of a few dozen at most: more than a double can tell apart."""


def within_limits(draws: Draws, total: int, smallest: int, largest: int, spread: float, known: tuple[int, ...] = ()) -> Whole:
    """Lognormal amounts [count], each from smallest to largest, that add up to the total.

    What a limit cuts off stands at the limit, as loans at the ceiling of a programme do. spread: standard deviation of the
    logarithm. known: amounts of the largest, which the largest draws get. The caller has made sure that the limits leave room.
    """
    quantiles = spread * normals(draws)
    amounts = np.empty(len(draws), dtype=np.int64)
    order = np.argsort(-quantiles, kind="stable")
    first, rest = order[: len(known)], order[len(known) :]
    amounts[first] = sorted(known, reverse=True)
    rest = np.sort(rest)
    if len(rest):
        top = min(largest, *known) if known else largest
        amounts[rest] = _scaled(quantiles[rest], total - sum(known), smallest, top)
    return amounts


def _scaled(quantiles: Draws, total: int, smallest: int, largest: int) -> Whole:
    """exp(quantiles) times the factor at which they add up to the total once they are cut off at the limits, rounded."""
    low, high = np.log(smallest) - quantiles.max() - 1.0, np.log(largest) - quantiles.min() + 1.0

    def at(level: float) -> Draws:
        return np.clip(np.exp(quantiles + level), smallest, largest)

    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if at(middle).sum() < total else (low, middle)
    return rounded(at(high), total, smallest, largest)


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
