"""Standard errors of means over scenarios that are independent, in strata, or in independent randomisations.

Axes: j tranche, s scenario, g group. Scenario n belongs to group n mod `groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.draws import Errors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """mean, standard_error [j]; plain: the variance of a single scenario of the model [j]; wide: standard errors to either side
    of the 95 % interval."""

    mean: Floats
    standard_error: Floats
    plain: Floats
    wide: float

    def effective(self, scenarios: int) -> Floats:
        """As many independent scenarios of the model would give the same standard error [j]; all of them where nothing varies."""
        known = (self.standard_error > 0.0) & (self.plain > 0.0)
        everything = np.full(len(self.mean), float(scenarios))
        return np.asarray(np.divide(self.plain, self.standard_error**2, out=everything, where=known))


def means(losses: NDArray[np.floating[Any]], weights: Floats | None, errors: Errors, groups: int) -> Means:
    """Of losses [j, s] with weights [s], None where all are 1.

    Source: of strata, W. G. Cochran, Sampling Techniques, 3rd ed., 5.4; of randomisations, A. B. Owen, "Monte Carlo variance of
    scrambled net quadrature", SIAM Journal on Numerical Analysis 34 (1997).
    """
    from scipy.special import stdtrit  # noqa: PLC0415  (heavy: loaded with the first simulation)

    scenarios = losses.shape[1]
    groups = 1 if errors == "independent" else groups
    count = scenarios // groups + (np.arange(groups) < scenarios % groups).astype(np.float64)
    mean, square, error = np.zeros((3, len(losses)))
    for j, own in enumerate(losses):
        total, squares, plain_squares = np.zeros((3, groups))
        for begin in range(0, scenarios, SLICE):
            part = slice(begin, begin + SLICE)
            value = own[part].astype(np.float64) if weights is None else own[part] * weights[part]
            total += _by_group(value, groups)
            squares += _by_group(value * value, groups)
            plain_squares += _by_group(value * own[part], groups)
        mean[j], square[j] = total.sum() / scenarios, plain_squares.sum() / scenarios
        if errors == "replicates":
            each = total / np.maximum(count, 1.0)
            error[j] = np.std(each, ddof=1) / np.sqrt(groups) if scenarios >= groups else np.nan
        else:
            spread = np.maximum(squares - total * total / count, 0.0) * count / np.maximum(count - 1.0, 1.0)
            error[j] = np.sqrt(spread.sum()) / scenarios if scenarios > 1 else np.nan
    freedom = groups - 1 if errors == "replicates" else np.inf
    wide = float(stdtrit(freedom, CONFIDENCE)) if np.isfinite(freedom) else NORMAL
    plain = np.maximum(square - mean * mean, 0.0) * scenarios / max(scenarios - 1, 1)
    return Means(mean, error, plain, wide)


SLICE = 2**18
"""Scenarios taken at once, a multiple of the groups: memory does not grow with all of them."""
CONFIDENCE, NORMAL = 0.975, 1.959963984540054
"""Of a 95 % interval, and its normal quantile."""


def _by_group(values: Floats, groups: int) -> Floats:
    """Sums [g] over the scenarios of each group."""
    if groups == 1:
        return np.array([values.sum()])
    whole = len(values) // groups * groups
    found = values[:whole].reshape(-1, groups).sum(axis=0)
    found[: len(values) - whole] += values[whole:]
    return np.asarray(found)


def centred(values: Floats, groups: int) -> Floats:
    """values [s] less the mean of their group."""
    group = np.arange(len(values)) % groups
    mean = _by_group(values, groups) / np.maximum(np.bincount(group, minlength=groups), 1)
    return np.asarray(values - mean[group])


def beyond(losses: NDArray[np.floating[Any]], weights: Floats | None, value: float) -> float:
    """Independent scenarios that would tell the probability of a loss of `value` or more as well. Source: Kish (1965)."""
    hit = losses >= value
    if weights is None:
        return float(np.count_nonzero(hit))
    own = weights[hit]
    return float(own.sum() ** 2 / (own * own).sum()) if len(own) else 0.0
