"""PD and asset correlation of one series of default rates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri
from scipy.stats import chi2, norm, t

from clo.findings import Finding
from clo.scenarios.calibration.codes import CalibrationError, finding
from clo.scenarios.calibration.fitting import (
    HIGHEST,
    LOWEST,
    LogLikelihood,
    Peak,
    best,
    highest,
    profile_interval,
)
from clo.scenarios.calibration.mixture import (
    Floats,
    binomial_log_likelihood,
    correlation_of,
    large_pool_log_likelihood,
    pd_of,
    quantile,
)
from clo.scenarios.calibration.moments import moments
from clo.scenarios.calibration.result import Calibration, Method
from clo.scenarios.calibration.series import FEW_YEARS, DefaultSeries, check_words, default_series, number_findings


def calibrate_correlation(
    defaults: ArrayLike,
    obligors: ArrayLike | None = None,
    *,
    method: Method = "likelihood",
    degrees: float | None = None,
    level: float = 0.95,
) -> Calibration:
    """PD and asset correlation of the one-factor model from the defaults of one pool of like obligors, year by year.

    defaults: counts [year] with obligors [year], or without them the default rates; a Series names its years, and two are
    paired by these names.
    method: `likelihood`, counts as a binomial mixture; `large_pool`, rates as the conditional PDs themselves; `moments`, by mean
    and variance of the rates. degrees: of a Student-t copula, 1 or more, given, not estimated; None for the Gaussian. level: of
    intervals.

    Errors: by likelihood from the observed information, intervals by profile; of a large Gaussian pool the interval of the
    correlation is exact; by moments from the jackknife over years. Years count as independent.
    Raises CalibrationError with every finding; ValueError for a word that is no method.
    """
    check_words(method=(method, get_args(Method)))
    series = default_series(
        defaults, obligors, counts=method == "likelihood", large_pool=method == "large_pool", several=False,
        others=number_findings(level, degrees),
    )  # fmt: skip
    return _by_moments(series, degrees, level) if method == "moments" else _by_likelihood(series, method, degrees, level)


def warnings(years: int, correlation: float, errors: tuple[float, ...]) -> Iterator[Finding]:
    if years < FEW_YEARS:
        yield finding("W-K013", f"{years} years say little about a correlation", field="defaults")
    if correlation == 0.0:
        yield finding("W-K014", "the years differ by no more than at a correlation of 0", field="defaults")
    elif not np.all(np.isfinite(errors)):
        yield finding("W-K015", "leaving out a year leaves nothing to estimate from", field="defaults")


def _by_likelihood(series: DefaultSeries, method: Method, degrees: float | None, level: float) -> Calibration:
    def likelihood(mu: Floats, sigma: float) -> float:
        if series.defaults is not None and series.obligors is not None and method == "likelihood":
            return float(binomial_log_likelihood(series.defaults, series.obligors, mu, sigma, degrees).sum())
        return float(large_pool_log_likelihood(series.rates[:, 0], float(mu[0]), sigma, degrees).sum())

    start = np.clip(series.rates.mean(), 1e-6, 1.0 - 1e-6)
    spread = float(np.std(ndtri(np.clip(series.rates, 1e-4, 1.0 - 1e-4))))
    peak = highest(likelihood, quantile(np.array([start]), degrees) * np.sqrt(1.0 + spread**2), spread)
    if peak is None:
        raise CalibrationError([finding("E-K012", "the likelihood rises up to a correlation of 1", field="defaults")])
    pd_error, correlation_error = _errors(peak, degrees)
    one = float(pd_of(peak.mu, peak.sigma, degrees)[0])
    if method == "large_pool" and degrees is None:
        intervals = _exact(series.rates[:, 0], peak, level)
    else:
        intervals = _profiled(likelihood, peak, degrees, level, pd_error)
    correlation = correlation_of(peak.sigma)
    found = tuple(warnings(len(series.years), correlation, (pd_error, correlation_error)))
    return Calibration(
        method=method, degrees=degrees, level=level, pd=one, pd_error=pd_error, pd_interval=intervals[0],
        correlation=correlation, correlation_error=correlation_error, correlation_interval=intervals[1],
        log_likelihood=peak.log_likelihood, series=series, findings=found,
    )  # fmt: skip


def _errors(peak: Peak, degrees: float | None) -> tuple[float, float]:
    """Standard errors of PD and correlation: those of (mu, log sigma) by the delta method."""
    mu, sigma = float(peak.mu[0]), peak.sigma
    at = mu / np.sqrt(1.0 + sigma**2)
    density = norm.pdf(at) if degrees is None else t.pdf(at, degrees)
    by_mu = density / np.sqrt(1.0 + sigma**2)
    if peak.at_zero:
        return float(by_mu * np.sqrt(peak.covariance[0, 0])), float("nan")
    slope = np.array([by_mu, -density * mu * sigma**2 / (1.0 + sigma**2) ** 1.5])
    correlation = correlation_of(sigma)
    of_correlation = 2.0 * correlation * (1.0 - correlation) * np.sqrt(peak.covariance[1, 1])
    return float(np.sqrt(slope @ peak.covariance @ slope)), float(of_correlation)


Intervals = tuple[tuple[float, float], tuple[float, float]]


def _profiled(likelihood: LogLikelihood, peak: Peak, degrees: float | None, level: float, pd_error: float) -> Intervals:
    """Intervals of PD and correlation by profile likelihood."""
    top = peak.log_likelihood
    at = float(peak.mu[0]) / np.sqrt(1.0 + peak.sigma**2)

    def of_sigma(log_sigma: float) -> float:
        sigma = float(np.exp(log_sigma))
        centre, reach = at * np.sqrt(1.0 + sigma**2), 2.0 * sigma + 0.5
        return best(lambda mu: likelihood(np.array([mu]), sigma), centre - reach, centre + reach)

    def of_quantile(value: float) -> float:
        def joined(log_sigma: float) -> float:
            sigma = float(np.exp(log_sigma))
            return likelihood(np.array([value * np.sqrt(1.0 + sigma**2)]), sigma)

        return best(joined, LOWEST, HIGHEST)

    log_sigma = float(np.log(peak.sigma)) if peak.sigma else float(LOWEST)
    low, high = profile_interval(of_sigma, log_sigma, top, level, (float(LOWEST), float(HIGHEST)))
    density = norm.pdf(at) if degrees is None else t.pdf(at, degrees)
    reach = 10.0 * pd_error / density + 0.1
    left, right = profile_interval(of_quantile, at, top, level, (at - reach, at + reach))
    correlations = (0.0 if low == LOWEST else correlation_of(float(np.exp(low))), correlation_of(float(np.exp(high))))
    return (float(pd_of(left, 0.0, degrees)), float(pd_of(right, 0.0, degrees))), correlations


def _exact(rates: Floats, peak: Peak, level: float) -> Intervals:
    """Probits of a large pool are normal: years x their variance over sigma^2 is chi-squared with one degree fewer.

    The PD is taken on its probit scale, with Student's t of as many degrees.
    """
    years = len(rates)
    tails = np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    total = years * float(np.var(ndtri(rates)))
    low, high = (correlation_of(float(np.sqrt(total / chi2.ppf(tail, years - 1)))) for tail in tails[::-1])
    mu, rest = float(peak.mu[0]), 1.0 + peak.sigma**2
    error = peak.sigma * np.sqrt((1.0 + (mu * peak.sigma / rest) ** 2 / 2.0) / rest / (years - 1))
    ends = ndtr(mu / np.sqrt(rest) + t.ppf(tails, years - 1) * error)
    return (float(ends[0]), float(ends[1])), (low, high)


def _by_moments(series: DefaultSeries, degrees: float | None, level: float) -> Calibration:
    def estimate(kept: NDArray[np.int64]) -> tuple[float, float]:
        defaults = None if series.defaults is None else series.defaults[kept, 0]
        obligors = None if series.obligors is None else series.obligors[kept, 0]
        return moments(series.rates[kept, 0], defaults, obligors, degrees)

    years = len(series.years)
    everything = np.arange(years)
    one, correlation = estimate(everything)
    left_out = np.array([estimate(np.delete(everything, year)) for year in everything])
    pd_error, correlation_error = np.sqrt((years - 1) / years * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    wide = t.ppf((1.0 + level) / 2.0, years - 1)
    sides = np.array([-wide, wide])
    pds = ndtr(ndtri(one) + sides * pd_error / norm.pdf(ndtri(one)))
    if correlation > 0.0:
        correlations = expit(logit(correlation) + sides * correlation_error / (correlation * (1.0 - correlation)))
    else:
        correlation_error, correlations = float("nan"), np.array([0.0, float("nan")])
    found = tuple(warnings(years, correlation, (float(pd_error), float(correlation_error))))
    return Calibration(
        method="moments", degrees=degrees, level=level, pd=one, pd_error=float(pd_error),
        pd_interval=(float(pds[0]), float(pds[1])), correlation=correlation, correlation_error=float(correlation_error),
        correlation_interval=(float(correlations[0]), float(correlations[1])), log_likelihood=float("nan"), series=series,
        findings=found,
    )  # fmt: skip
