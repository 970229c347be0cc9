"""Standard errors of means over scenarios that are independent, in strata, or in independent randomisations.

Axes: j tranche, s scenario, g group. Scenario n belongs to group n mod `groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.draws import Errors
from clo.simulation.intervals import NORMAL, of_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """mean, standard_error [j], not a number where every value was 0; plain: the variance of a single scenario of the model [j];
    wide: standard errors to either side of a normal 95 % interval; greatest [j]: what a single scenario adds to the mean at most.
    """

    mean: Floats
    standard_error: Floats
    plain: Floats
    wide: float
    greatest: Floats

    def effective(self, scenarios: int) -> Floats:
        """As many independent scenarios of the model would give the same standard error [j]; all of them where nothing varies,
        not a number where every value was 0."""
        known = (self.standard_error > 0.0) & (self.plain > 0.0)
        everything = np.where(np.isnan(self.standard_error) & (self.mean == 0.0), np.nan, float(scenarios))
        return np.asarray(np.divide(self.plain, self.standard_error**2, out=everything, where=known))

    def interval(self) -> tuple[Floats, Floats]:
        """95 % intervals (lower [j], upper [j]) of means of values that are never below 0; no number where every one was 0."""
        return of_mean(self.mean, self.standard_error, self.wide, self.greatest)


def means(losses: NDArray[np.floating[Any] | np.bool_], weights: Floats | None, errors: Errors, groups: int) -> Means:
    """Of losses [j, s] with weights [s], None where all are 1."""
    scenarios = losses.shape[1]
    groups = 1 if errors == "independent" else groups
    mean, square, error, greatest = np.zeros((4, len(losses)))
    for j, own in enumerate(losses):
        total, squares, plain_squares = np.zeros((3, groups))
        for begin in range(0, scenarios, SLICE):
            part = slice(begin, begin + SLICE)
            value = own[part].astype(np.float64) if weights is None else own[part] * weights[part]
            total += by_group(value, groups, begin)
            squares += by_group(value * value, groups, begin)
            plain_squares += by_group(value * own[part], groups, begin)
            greatest[j] = max(greatest[j], float(value.max(initial=0.0)) / scenarios)
        mean[j], square[j] = total.sum() / scenarios, plain_squares.sum() / scenarios
        error[j] = standard_errors(total, squares, scenarios, errors) if squares.any() else np.nan
    plain = np.maximum(square - mean * mean, 0.0) * scenarios / max(scenarios - 1, 1)
    return Means(mean, error, plain, width(errors, groups), greatest)


SLICE = 2**18
"""Scenarios taken at once: memory does not grow with all of them."""
CONFIDENCE = 0.975
"""Below the upper end of a 95 % interval."""


def standard_errors(total: Floats, squares: Floats, scenarios: int, errors: Errors) -> Floats:
    """Of means over scenarios [...], from sums over each group, of values and of their squares [..., g].

    Source: of strata, W. G. Cochran, Sampling Techniques, 3rd ed., 5.4; of randomisations, A. B. Owen, "Monte Carlo variance of
    scrambled net quadrature", SIAM Journal on Numerical Analysis 34 (1997).
    """
    groups = total.shape[-1]
    count = scenarios // groups + (np.arange(groups) < scenarios % groups).astype(np.float64)
    if scenarios < (groups if errors == "replicates" else 2):
        return np.full(total.shape[:-1], np.nan)
    if errors == "replicates":
        return np.asarray(np.std(total / count, axis=-1, ddof=1) / np.sqrt(groups))
    spread = np.maximum(squares - total * total / count, 0.0) * count / np.maximum(count - 1.0, 1.0)
    return np.asarray(np.sqrt(spread.sum(axis=-1)) / scenarios)


def width(errors: Errors, groups: int) -> float:
    """Standard errors to either side of a 95 % interval: of Student's t where there are few randomisations."""
    from scipy.special import stdtrit  # noqa: PLC0415  (heavy: loaded with the first simulation)

    return float(stdtrit(groups - 1, CONFIDENCE)) if errors == "replicates" else NORMAL


def by_group(values: Floats, groups: int, first: int = 0) -> Floats:
    """Sums [..., g] over the scenarios of each group, of values [..., s] of scenarios first, first + 1, ..."""
    if groups == 1:
        return np.asarray(values.sum(axis=-1, keepdims=True))
    *lead, count = values.shape
    whole = count // groups * groups
    found = values[..., :whole].reshape(*lead, -1, groups).sum(axis=-2)
    found[..., : count - whole] += values[..., whole:]
    return np.asarray(np.roll(found, first % groups, axis=-1))


def centred(values: Floats, groups: int) -> Floats:
    """values [s] less the mean of their group."""
    group = np.arange(len(values)) % groups
    mean = by_group(values, groups) / np.maximum(np.bincount(group, minlength=groups), 1)
    return np.asarray(values - mean[group])


def beyond(losses: NDArray[np.floating[Any]], weights: Floats | None, value: float) -> float:
    """Independent scenarios that would tell the probability of a loss of `value` or more as well. Source: Kish (1965)."""
    hit = losses >= value
    if weights is None:
        return float(np.count_nonzero(hit))
    own = weights[hit]
    return float(own.sum() ** 2 / (own * own).sum()) if len(own) else 0.0
