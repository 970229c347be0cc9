"""PDs of several classes, such as associations, scores or industries, and how far their obligors move together.

By likelihood, all classes of a year share one factor: one correlation, within a class and between classes.
Source: M. Gordy and E. Heitfield, "Estimating default correlations from short panels of credit rating performance data" (2002).

Of large pools, the factor of a class is a part common to all and a part of its own:
    probit of the rate [year, class] = mu[class] - sigma (sqrt(common) M[year] + sqrt(1 - common) R[year, class])
The two parts are components of variance of a two-way table, found from its mean squares.
Source: S. R. Searle, G. Casella and C. E. McCulloch, Variance Components (1992), chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame
from scipy.special import ndtri
from scipy.stats import norm, t

from clo.findings import Finding
from clo.labels import percent
from clo.scenarios.calibration.codes import CalibrationError, finding
from clo.scenarios.calibration.fitting import highest
from clo.scenarios.calibration.mixture import Floats, binomial_log_likelihood, correlation_of, pd_of
from clo.scenarios.calibration.result import Fit
from clo.scenarios.calibration.series import FEW_YEARS, DefaultSeries, check_words, default_series, number_findings

Method = Literal["likelihood", "large_pool"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassCalibration(Fit):
    """pd [class] with pd_error; correlation of the assets of two obligors of one class, `between` of two of different classes.

    Errors are NaN where the estimate is 0, the boundary. log_likelihood: NaN for large pools.
    """

    method: Method
    pd: Floats
    pd_error: Floats
    between: float
    between_error: float

    @property
    def classes(self) -> tuple[str, ...]:
        return self.series.classes

    def to_frame(self) -> DataFrame:
        """One row a class: class, mean_rate, pd, standard_error, lower, upper; the interval is on the probit scale."""
        tail = (1.0 + self.level) / 2.0
        wide = norm.ppf(tail) if self.method == "likelihood" else t.ppf(tail, self.years - 1)
        middle = ndtri(self.pd)
        reach = wide * self.pd_error / norm.pdf(middle)
        return DataFrame(
            {
                "class": self.classes,
                "mean_rate": self.series.rates.mean(axis=0),
                "pd": self.pd,
                "standard_error": self.pd_error,
                "lower": norm.cdf(middle - reach),
                "upper": norm.cdf(middle + reach),
            }
        )

    def __repr__(self) -> str:
        within, between = (
            f"{percent(value)} ± {percent(error)}"
            for value, error in ((self.correlation, self.correlation_error), (self.between, self.between_error))
        )
        return (
            f"<ClassCalibration by {self.method}, {len(self.classes)} classes, {self.years} years: "
            f"correlation within a class {within}, between classes {between}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{super()._repr_html_()}"


def calibrate_classes(
    defaults: ArrayLike, obligors: ArrayLike | None = None, *, method: Method = "likelihood", level: float = 0.95
) -> ClassCalibration:
    """PDs by class and the correlations within and between classes, in a Gaussian copula.

    defaults: counts [year, class] with obligors [year, class], or without them default rates; a DataFrame names both,
    and two are paired by these names.
    method: `likelihood`, counts under one factor a year; `large_pool`, rates under a common factor and one of each class.
    level: of the intervals of the PDs. Years count as independent.
    Raises CalibrationError with every finding; ValueError for a word that is no method.
    """
    check_words(method=(method, get_args(Method)))
    series = default_series(
        defaults, obligors, counts=method == "likelihood", large_pool=method == "large_pool", several=True,
        others=number_findings(level),
    )  # fmt: skip
    return _by_likelihood(series, level) if method == "likelihood" else _by_components(series, level)


def _by_likelihood(series: DefaultSeries, level: float) -> ClassCalibration:
    assert series.defaults is not None
    assert series.obligors is not None
    defaults, obligors = series.defaults, series.obligors

    def likelihood(mu: Floats, sigma: float) -> float:
        return float(binomial_log_likelihood(defaults, obligors, mu, sigma).sum())

    peak = highest(likelihood, ndtri(defaults.sum(axis=0) / obligors.sum(axis=0)), 0.3)
    if peak is None:
        raise CalibrationError([finding("E-K012", "the likelihood rises up to a correlation of 1", field="defaults")])
    sigma, classes = peak.sigma, len(series.classes)
    density = norm.pdf(peak.mu / np.sqrt(1.0 + sigma**2))
    slope = np.zeros((classes, len(peak.covariance)))
    slope[:, :classes] = np.diag(density / np.sqrt(1.0 + sigma**2))
    if not peak.at_zero:
        slope[:, -1] = -density * peak.mu * sigma**2 / (1.0 + sigma**2) ** 1.5
    pd_error = np.sqrt(np.einsum("ij,jk,ik->i", slope, peak.covariance, slope))
    rho = correlation_of(sigma)
    error = float("nan") if peak.at_zero else float(2.0 * rho * (1.0 - rho) * np.sqrt(peak.covariance[-1, -1]))
    pds, found = pd_of(peak.mu, sigma, None), _warnings(series, rho)
    return ClassCalibration(
        method="likelihood", level=level, pd=pds, pd_error=pd_error, correlation=rho, correlation_error=error, between=rho,
        between_error=error, log_likelihood=peak.log_likelihood, series=series, findings=found,
    )  # fmt: skip


def _by_components(series: DefaultSeries, level: float) -> ClassCalibration:
    probits = ndtri(series.rates)
    years, classes = probits.shape
    middle, by_year = probits.mean(axis=0), probits.mean(axis=1, keepdims=True)
    own = ((probits - middle - by_year + probits.mean()) ** 2).sum() / ((years - 1) * (classes - 1))
    together = classes * float(((by_year - probits.mean()) ** 2).sum()) / (years - 1)
    common = max(0.0, (together - own) / classes)
    sigma2 = own + (together - own) / classes
    freedom = (years - 1) * np.array([classes - 1, 1])
    variances = 2.0 * np.array([own, together]) ** 2 / freedom
    by_square = np.array([[1.0 - 1.0 / classes, 1.0 / classes], [-1.0 / classes, 1.0 / classes]])  # of (sigma2, common)
    slopes = np.array([[1.0 / (1.0 + sigma2) ** 2, 0.0], [-common / (1.0 + sigma2) ** 2, 1.0 / (1.0 + sigma2)]])
    within_error, between_error = np.sqrt((slopes @ by_square) ** 2 @ variances)
    pds = norm.cdf(middle / np.sqrt(1.0 + sigma2))
    of_sigma2 = middle**2 / (4.0 * (1.0 + sigma2) ** 3) * (by_square[0] ** 2 @ variances)
    pd_error = norm.pdf(ndtri(pds)) * np.sqrt(sigma2 / years / (1.0 + sigma2) + of_sigma2)
    between = common / (1.0 + sigma2)
    told = float(between_error) if between else float("nan")
    found = _warnings(series, between)
    rho = sigma2 / (1.0 + sigma2)
    return ClassCalibration(
        method="large_pool", level=level, pd=pds, pd_error=pd_error, correlation=rho, correlation_error=float(within_error),
        between=between, between_error=told, log_likelihood=float("nan"), series=series, findings=found,
    )  # fmt: skip


def _warnings(series: DefaultSeries, correlation: float) -> tuple[Finding, ...]:
    found = []
    if len(series.years) < FEW_YEARS:
        found.append(finding("W-K013", f"{len(series.years)} years say little about a correlation", field="defaults"))
    if correlation == 0.0:
        found.append(finding("W-K014", "the classes do not move together more than at a correlation of 0", field="defaults"))
    return tuple(found)
