"""The highest likelihood, what it says of its own precision, and intervals by profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2

from clo.scenarios.calibration.mixture import Floats

LogLikelihood = Callable[[Floats, float], float]
"""(mu [class], sigma) to the log-likelihood of all years."""
LOWEST, HIGHEST = np.log(1e-3), np.log(20.0)
"""Of log sigma: correlations of a millionth and of 0.9975."""
FLAT = 1e-6
"""A likelihood that rises by less than this from the lowest sigma has its maximum at correlation 0."""
STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Peak:
    """mu [class] and sigma of the highest likelihood; covariance of (mu, log sigma), of mu alone where sigma is 0."""

    mu: Floats
    sigma: float
    log_likelihood: float
    covariance: Floats

    @property
    def at_zero(self) -> bool:
        return self.sigma == 0.0


def highest(likelihood: LogLikelihood, mu: Floats, sigma: float) -> Peak | None:
    """The maximum, from a start; None where it lies at a correlation of 1."""

    def loss(at: Floats) -> float:
        return -likelihood(at[:-1], float(np.exp(np.clip(at[-1], LOWEST, HIGHEST))))

    bounds = [(None, None)] * len(mu) + [(LOWEST, HIGHEST)]
    start = np.append(mu, np.clip(np.log(max(sigma, 0.05)), LOWEST, HIGHEST))
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-7}).x
    if found[-1] > HIGHEST - 0.05:
        return None
    floor = _on_floor(loss, found[:-1])
    if -loss(found) < -loss(np.append(floor, LOWEST)) + FLAT:
        return Peak(floor, 0.0, likelihood(floor, float(np.exp(LOWEST))), _inverse(loss, np.append(floor, LOWEST), len(floor)))
    for _ in range(3):
        slope, curve = _derivatives(loss, found)
        step = np.linalg.solve(curve, slope)
        if not np.all(np.isfinite(step)) or np.abs(step).max() > 0.1:
            break
        found = found - step
    return Peak(found[:-1], float(np.exp(found[-1])), -loss(found), _inverse(loss, found, len(found)))


def _on_floor(loss: Callable[[Floats], float], mu: Floats) -> Floats:
    """mu of the highest likelihood at the lowest sigma."""
    found: Floats = minimize(lambda at: loss(np.append(at, LOWEST)), mu, method="L-BFGS-B", options={"ftol": 1e-13}).x
    return found


def _derivatives(loss: Callable[[Floats], float], at: Floats) -> tuple[Floats, Floats]:
    """(slope, matrix of second derivatives), by central differences."""
    size = len(at)
    steps = np.eye(size) * STEP
    here = loss(at)
    up, down = np.array([loss(at + step) for step in steps]), np.array([loss(at - step) for step in steps])
    curve = np.diag((up - 2.0 * here + down) / STEP**2)
    for row in range(size):
        for column in range(row):
            both = loss(at + steps[row] + steps[column]) + loss(at - steps[row] - steps[column])
            mixed = both - up[row] - up[column] - down[row] - down[column] + 2.0 * here
            curve[row, column] = curve[column, row] = mixed / (2.0 * STEP**2)
    return (up - down) / (2.0 * STEP), curve


def _inverse(loss: Callable[[Floats], float], at: Floats, size: int) -> Floats:
    """Covariance of the first so many parameters: the inverse of the observed information."""
    return np.asarray(np.linalg.inv(_derivatives(loss, at)[1][:size, :size]), dtype=np.float64)


def profile_interval(
    profile: Callable[[float], float], peak: float, top: float, level: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Where twice the fall of the profiled log-likelihood stays below the quantile of chi-squared with 1 degree of freedom.

    peak: where the profile is highest, `top` its height. An end that lies beyond `bounds` is the bound.
    Source: D. R. Cox and D. V. Hinkley, Theoretical Statistics (1974), 9.3.
    """
    least = top - chi2.ppf(level, 1) / 2.0

    def end(bound: float) -> float:
        if peak == bound or profile(bound) >= least:
            return bound
        return float(brentq(lambda at: profile(at) - least, *sorted((peak, bound)), xtol=1e-5, rtol=1e-8))

    return end(bounds[0]), end(bounds[1])


def best(value: Callable[[float], float], low: float, high: float) -> float:
    """The highest value of a function with one peak between low and high."""
    return -float(minimize_scalar(lambda at: -value(at), bounds=(low, high), method="bounded", options={"xatol": 1e-4}).fun)
