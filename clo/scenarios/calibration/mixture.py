"""Likelihood of yearly defaults under one factor: given the factor x of a year, and the mixing s of a Student-t copula (1 for the
Gaussian), obligors default independently with probability Phi(mu s - sigma x).

mu = c / sqrt(1 - rho) and sigma = sqrt(rho / (1 - rho)), where c is the quantile of the PD. In these terms the rates of a large
pool have probits that are normal with mean mu and standard deviation sigma.
Source: O. Vasicek, "The Distribution of Loan Portfolio Value", Risk 15 (2002); A. McNeil, R. Frey and P. Embrechts, Quantitative
Risk Management (2005), chapter 8, on Bernoulli mixtures; Q. Liu and D. A. Pierce, "A note on Gauss-Hermite quadrature",
Biometrika 81 (1994), for nodes placed about the peak of the integrand.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, log_ndtr, logsumexp, ndtr, ndtri
from scipy.stats import chi2, norm, t

Floats = NDArray[np.float64]

FACTOR_NODES, FACTOR_NODES_MIXED, MIXING_NODES = 64, 16, 4096
"""Nodes over the factor of a year, fewer where they stand under every node of the mixing; of the mixing by itself."""
MIXING_SPAN, MIXING_STEP = (-18.0, 8.0), 0.5
SLOW = 4.0
"""Nodes of the mixing of a year about its peak, in widths of the peak: its left tail falls slowly, the more so where degrees of
freedom are below SLOW."""
NEWTON_STEPS = 30
FAR, NARROW = 40.0, 1e-9
"""A probit beyond which a rate is 0 or 1 as far as floats go; the least sigma under a mixing, where 0 would have no density."""


def quantile(probability: Floats | float, degrees: float | None) -> Floats:
    """Quantile of an asset value: normal, or Student-t."""
    return np.asarray(ndtri(probability) if degrees is None else t.ppf(probability, degrees), dtype=np.float64)


def probability(value: Floats | float, degrees: float | None) -> Floats:
    """Probability that an asset value lies below."""
    return np.asarray(norm.cdf(value) if degrees is None else t.cdf(value, degrees), dtype=np.float64)


def pd_of(mu: Floats | float, sigma: float, degrees: float | None) -> Floats:
    return probability(np.asarray(mu) / np.sqrt(1.0 + sigma**2), degrees)


def correlation_of(sigma: float) -> float:
    return sigma**2 / (1.0 + sigma**2)


def sigma_of(correlation: float) -> float:
    return float(np.sqrt(correlation / (1.0 - correlation)))


@cache
def mixing(degrees: float | None) -> tuple[Floats, Floats]:
    """(s, weights) of sqrt(W / degrees), W chi-squared: the trapezoid in log s. One node of 1 for the Gaussian copula."""
    if degrees is None:
        return np.ones(1), np.ones(1)
    ends = np.log(np.sqrt(np.array([chi2.ppf(1e-14, degrees), chi2.isf(1e-16, degrees)]) / degrees))
    points = np.linspace(ends[0], ends[1], MIXING_NODES)
    weights = np.exp(_log_density(points, degrees))
    return np.exp(points), weights / weights.sum()


def _log_density(points: Floats, degrees: float) -> Floats:
    """Of log s."""
    half = degrees / 2.0 * np.exp(2.0 * points)
    return np.asarray(np.log(2.0) + degrees / 2.0 * np.log(half) - half - gammaln(degrees / 2.0), dtype=np.float64)


def rate_quantiles(levels: Floats, pd: float, correlation: float, degrees: float | None) -> Floats:
    """Quantiles of the rate of a year in a large pool.

    Source: Vasicek (2002); under a Student-t copula the mixture over its chi-squared variable, solved.
    """
    if degrees is None and correlation == 0.0:
        return np.full(levels.shape, pd)
    sigma = sigma_of(correlation)
    mu = float(quantile(pd, degrees)) * np.sqrt(1.0 + sigma**2)
    inside = (levels > 0.0) & (levels < 1.0)
    if degrees is None:
        probits = mu + sigma * ndtri(levels[inside])
    else:
        s, weights = mixing(degrees)

        def below(probit: float) -> float:
            return float((weights * norm.cdf(probit, mu * s, max(sigma, NARROW))).sum())

        def solved(level: float) -> float:
            if below(-FAR) >= level or below(FAR) <= level:
                return -FAR if below(-FAR) >= level else FAR
            return float(brentq(lambda probit: below(probit) - level, -FAR, FAR))

        probits = np.array([solved(level) for level in levels[inside].tolist()])
    found = levels.copy()
    found[inside] = ndtr(probits)
    return found


def _mixing_of_years(probit: Floats, mu: float, spread: Floats, degrees: float | None) -> tuple[Floats, Floats]:
    """(s, log weights) [year, node] for years whose probit is known to `spread`: about the peak of its normal density times
    the density of log s, which is the positive root of a quadratic."""
    if degrees is None:
        return np.ones((len(probit), 1)), np.zeros((len(probit), 1))
    steep, middle = mu**2 / spread**2 + degrees, probit * mu / spread**2
    peak = (middle + np.sqrt(middle**2 + 4.0 * steep * degrees)) / (2.0 * steep)
    width = 1.0 / np.sqrt(2.0 * steep * peak**2 - middle * peak)
    first = MIXING_SPAN[0] * max(1.0, SLOW / degrees)
    steps = np.arange(first, MIXING_SPAN[1] + MIXING_STEP / 2.0, MIXING_STEP)
    points = np.log(peak)[:, None] + width[:, None] * steps
    return np.exp(points), _log_density(points, degrees) + np.log(width * MIXING_STEP)[:, None]


def binomial_log_likelihood(defaults: Floats, obligors: Floats, mu: Floats, sigma: float, degrees: float | None = None) -> Floats:
    """Log probability of the defaults of each year (shape: years).

    defaults, obligors: [year, class]; mu: [class]. The classes of a year share its factor and its mixing.
    """
    ways = (gammaln(obligors + 1.0) - gammaln(defaults + 1.0) - gammaln(obligors - defaults + 1.0)).sum(axis=1)
    bad, good = defaults[:, None, :], (obligors - defaults)[:, None, :]
    level, informed = _observed(defaults[:, 0], obligors[:, 0])
    blind = (defaults[:, 0] == 0) | (defaults[:, 0] == obligors[:, 0])
    spread = np.sqrt(sigma**2 + np.where(blind, 1.0, 1.0 / informed))
    s, log_weight = _mixing_of_years(level, float(mu[0]), spread, degrees)
    centre = s[..., None] * mu  # [year, mixing, class]
    peak, width = _peak(bad, good, centre, sigma)
    points, weights = _nodes(FACTOR_NODES if degrees is None else FACTOR_NODES_MIXED)
    x = peak[..., None] + np.sqrt(2.0) * width[..., None] * points  # [year, mixing, node]
    height = -(x**2) / 2.0 + points**2 + np.log(weights / np.sqrt(np.pi))
    for each in range(len(mu)):
        z = centre[..., each, None] - sigma * x
        height = height + bad[:, :, each, None] * log_ndtr(z) + good[:, :, each, None] * log_ndtr(-z)
    inner = logsumexp(height, axis=2) + np.log(width)
    return np.asarray(ways + logsumexp(inner + log_weight, axis=1), dtype=np.float64)


@cache
def _nodes(count: int) -> tuple[Floats, Floats]:
    """Points and weights of Gauss and Hermite."""
    points, weights = np.polynomial.hermite.hermgauss(count)
    return np.asarray(points), np.asarray(weights)


def _observed(bad: Floats, obligors: Floats) -> tuple[Floats, Floats]:
    """(probit of the rate, how much a year tells of it: the inverse of its variance)."""
    seen = (bad + 0.5) / (obligors + 1.0)
    level = ndtri(seen)
    return level, obligors * norm.pdf(level) ** 2 / (seen * (1.0 - seen))


def _peak(bad: Floats, good: Floats, centre: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Where the integrand over the factor peaks, and how wide it is there (both [year, mixing]).

    The integrand is log-concave, so Newton's steps, never longer than 1, lead to its one peak.
    """
    level, informed = _observed(bad, bad + good)
    x = sigma * (informed * (centre - level)).sum(axis=2) / (1.0 + sigma**2 * informed.sum(axis=2))
    curve = np.ones_like(x)
    for _ in range(NEWTON_STEPS):
        z = centre - sigma * x[..., None]
        density = -(z**2) / 2.0 - np.log(2.0 * np.pi) / 2.0
        below, above = np.exp(density - log_ndtr(z)), np.exp(density - log_ndtr(-z))
        slope = -sigma * (bad * below - good * above).sum(axis=2) - x
        curve = 1.0 + sigma**2 * (bad * below * (z + below) + good * above * (above - z)).sum(axis=2)
        step = slope / curve
        x = x + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
    return x, 1.0 / np.sqrt(curve)


def large_pool_log_likelihood(rates: Floats, mu: float, sigma: float, degrees: float | None = None) -> Floats:
    """Log density of the rate of each year where the pool is so large that the rate is the conditional PD (shape: years)."""
    probit = ndtri(rates)
    s, log_weight = _mixing_of_years(probit, mu, np.full(len(rates), sigma), degrees)
    normal = norm.logpdf(probit[:, None], mu * s, sigma) + log_weight
    return np.asarray(logsumexp(normal, axis=1) - norm.logpdf(probit), dtype=np.float64)
