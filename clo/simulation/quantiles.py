"""Quantiles and tail means of simulated losses, weighted or not, and how many scenarios they need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import InputError
from clo.scenarios.draws import Draws
from clo.simulation.codes import problem
from clo.simulation.errors import beyond, means
from clo.simulation.intervals import of_mean, ranks, unseen

Floats = NDArray[np.float64]
BEYOND = 100
"""Scenarios beyond a quantile from which on it is told without a warning: about 10 % of relative error in the probability."""


@dataclass(frozen=True, slots=True)
class Tail:
    """var: the least loss that is exceeded with probability 1 - level at most; es: the mean of the worst 1 - level of all.

    var_error, es_error: their standard errors, not numbers where too few scenarios lie beyond; var_interval, es_interval: of
    95 %; beyond: as many scenarios of equal weight would tell as much of the worst 1 - level.
    """

    var: float
    es: float
    var_error: float = math.nan
    es_error: float = math.nan
    var_interval: tuple[float, float] = (math.nan, math.nan)
    es_interval: tuple[float, float] = (math.nan, math.nan)
    beyond: float = math.nan


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


def measured(losses: NDArray[np.floating[Any]], weights: Floats | None, level: float, draws: Draws, most: float) -> Tail:
    """`tail` with its errors and intervals; most: a loss is never greater, or not a number where nobody knows.

    A quantile lies between two of the losses in order, whose ranks are those of independent scenarios; otherwise drawn, of as
    many as would tell the probability of a loss beyond as well.
    """
    found = tail(losses, weights, level)
    independent = _independent(losses, weights, draws, found.var)
    low, high = ranks(independent, level)
    step = math.sqrt(level * (1.0 - level) / independent)
    below, above, before, after = _at(losses, weights, (low, min(high, 1.0), level - step, min(level + step, 1.0)))
    bounded = high <= 1.0 + SLACK
    ends = (below if low > 0.0 else 0.0, above if bounded else most)
    error = (after - before) / 2.0 if level + step <= 1.0 else math.nan
    mean_error, mean_ends = _of_tail_mean(losses, weights, level, draws, found, most)
    if ends[0] != most and (not bounded or found.var == most):
        mean_error, mean_ends = math.nan, ends
    count = len(losses) * (1.0 - level) if weights is None else beyond(losses, weights, found.var)
    return Tail(found.var, found.es, error, mean_error, ends, (max(mean_ends[0], ends[0]), mean_ends[1]), count)


def _of_tail_mean(
    losses: NDArray[np.floating[Any]], weights: Floats | None, level: float, draws: Draws, found: Tail, most: float
) -> tuple[float, tuple[float, float]]:
    """Standard error and interval of an expected shortfall: those of the mean of what exceeds the quantile.

    Where nothing exceeds it, up to what may well be chance then. Source: B. J. Manistre and G. H. Hancock, "Variance of the CTE
    estimator", North American Actuarial Journal 9 (2005).
    """
    if found.var == most:
        return 0.0, (most, most)
    excess = losses - losses.dtype.type(found.var)
    np.maximum(excess, 0.0, out=excess)  # in place: memory is that of one more column of losses
    if not excess.any():
        count = len(losses) / (1.0 if weights is None else float(weights.max()))
        return math.nan, (found.var, found.var + min(unseen(count) / (1.0 - level), 1.0) * (most - found.var))
    excess -= excess.mean(dtype=np.float64) if weights is None else excess @ weights / weights.sum()
    each = means(excess[None, :], weights, draws.errors, draws.groups)
    error = float(each.standard_error[0]) / (1.0 - level)
    lower, upper = of_mean(np.array([found.es]), np.array([error]), each.wide, each.greatest / (1.0 - level))
    return error, (float(lower[0]), float(np.fmin(upper[0], most)))


def _independent(losses: NDArray[np.floating[Any]], weights: Floats | None, draws: Draws, value: float) -> float:
    """As many independent scenarios would tell the probability of a loss from `value` on as well; all where that is 0 or 1."""
    scenarios = len(losses)
    if weights is None and draws.errors == "independent":
        return float(scenarios)
    hit = losses >= value
    found = means((losses > value if hit.all() else hit)[None, :], weights, draws.errors, draws.groups)
    chance, error = float(found.mean[0]), float(found.standard_error[0])
    return chance * (1.0 - chance) / error**2 + 1.0 if 0.0 < chance < 1.0 and error > 0.0 else float(scenarios)


def _at(losses: NDArray[np.floating[Any]], weights: Floats | None, levels: Sequence[float]) -> list[float]:
    """The least losses that shares `levels` of the scenarios do not exceed."""
    n = len(losses)
    if weights is None:
        places = [min(n - 1, max(0, math.ceil(level * n - SLACK) - 1)) for level in levels]
        parted = np.partition(losses, sorted(set(places)))
        return [float(parted[place]) for place in places]
    order = np.argsort(-losses, kind="stable")
    reached = np.cumsum(weights[order])
    at = [int(np.searchsorted(reached / reached[-1], 1.0 - level)) for level in levels]
    return [float(losses[order[min(place, n - 1)]]) for place in at]


def _plain(losses: NDArray[np.floating[Any]], level: float) -> Tail:
    n = len(losses)
    place = min(n - 1, max(0, math.ceil(level * n - SLACK) - 1))
    worst = np.partition(losses, place)[place:]
    var, beyond = float(worst[0]), worst[1:].astype(np.float64)
    share = (1.0 - level) * n
    return Tail(var, (float(np.sort(beyond).sum()) + (share - len(beyond)) * var) / share)


def is_tail_level(level: object) -> bool:
    """Whether a tail can begin there: at a number from 0 to below 1."""
    return isinstance(level, int | float | np.number) and not isinstance(level, bool) and bool(0.0 <= level < 1.0)


def levels_of(levels: Iterable[float]) -> tuple[float, ...]:
    """The levels of quantiles. Raises InputError with each that is none."""
    told = tuple(levels)
    found = [
        problem("E-M024", f"{level!r} is no level", field="levels=", value=str(level)) for level in told if not 0 <= level <= 1
    ]
    if found:
        raise InputError(found)
    return told


def quantiles(values: Floats, weights: Floats | None, levels: Sequence[float]) -> Floats:
    """The least value that a share `level` of the scenarios does not exceed [q, m], of values [m, s] with weights [s]."""
    rows, scenarios = values.shape
    if not scenarios:
        return np.full((len(levels), rows), np.nan)
    order = np.argsort(values, axis=1, kind="stable")
    each = np.ones(scenarios) if weights is None else weights
    reached = np.cumsum(each[order], axis=1) / each.sum()
    at = [np.minimum((reached < level - SLACK).sum(axis=1), scenarios - 1) for level in levels]
    return np.stack([np.take_along_axis(values, order, axis=1)[np.arange(rows), place] for place in at])


def needed(scenarios: int, beyond: float, wanted: float = BEYOND) -> int:
    """Scenarios, drawn as these were, of which as many as are wanted would lie beyond."""
    return math.ceil(scenarios * wanted / beyond - SLACK * scenarios)


SLACK = 1e-9
"""Of a number of scenarios, for rounding."""
