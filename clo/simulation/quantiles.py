"""Quantiles and tail means of simulated losses, weighted or not, and how many scenarios they need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BEYOND = 100
"""Scenarios beyond a quantile from which on it is told without a warning: about 10 % of relative error in the probability."""


@dataclass(frozen=True, slots=True)
class Tail:
    """var: the least loss that is exceeded with probability 1 - level at most; es: the mean of the worst 1 - level of all."""

    var: float
    es: float


def tail(losses: NDArray[np.floating[Any]], weights: Floats | None, level: float) -> Tail:
    """Quantile and expected shortfall of losses [s]; weights [s] with mean about 1, None where all are 1.

    Source: Acerbi and Tasche (2002), On the coherence of expected shortfall, definition 2.6.
    """
    if weights is None:
        return _plain(losses, level)
    order = np.argsort(-losses, kind="stable")
    beyond = np.cumsum(weights[order]) / weights.sum()
    share = 1.0 - level
    at = min(int(np.searchsorted(beyond, share)), len(order) - 1)
    var = float(losses[order[at]])
    before = beyond[at - 1] if at else 0.0
    worse = float((losses[order[:at]] * weights[order[:at]]).sum() / weights.sum())
    return Tail(var, (worse + max(0.0, share - before) * var) / share)


def _plain(losses: NDArray[np.floating[Any]], level: float) -> Tail:
    n = len(losses)
    place = min(n - 1, max(0, math.ceil(level * n - SLACK) - 1))
    worst = np.partition(losses, place)[place:]
    var, beyond = float(worst[0]), worst[1:].astype(np.float64)
    share = (1.0 - level) * n
    return Tail(var, (float(np.sort(beyond).sum()) + (share - len(beyond)) * var) / share)


def needed(level: float) -> int:
    """Scenarios of which BEYOND lie beyond a quantile."""
    return math.ceil(BEYOND / (1.0 - level) - SLACK)


SLACK = 1e-9
"""Of a number of scenarios, for rounding."""
