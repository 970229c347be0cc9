"""What a calibration of one series comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from clo.findings import Finding
from clo.labels import Lang, label, number, percent
from clo.scenarios.calibration.mixture import Floats, mixing, quantile, sigma_of
from clo.scenarios.calibration.moments import joint_default
from clo.scenarios.calibration.series import DefaultSeries

Method = Literal["likelihood", "large_pool", "moments"]


@dataclass(frozen=True, eq=False)
class Calibration:
    """PD and asset correlation with standard errors and intervals of confidence `level`.

    degrees: of the Student-t copula, None for the Gaussian. correlation_error: NaN where the correlation is 0, the boundary.
    log_likelihood: of the counts, or of the rates of a large pool; NaN for moments. findings: warnings.
    """

    method: Method
    degrees: float | None
    level: float
    pd: float
    correlation: float
    pd_error: float
    correlation_error: float
    pd_interval: tuple[float, float]
    correlation_interval: tuple[float, float]
    log_likelihood: float
    series: DefaultSeries
    findings: tuple[Finding, ...] = ()

    @property
    def years(self) -> int:
        return len(self.series.years)

    @property
    def joint_default(self) -> float:
        """Probability that two obligors default in the same year."""
        return joint_default(self.pd, self.correlation, self.degrees)

    @property
    def default_correlation(self) -> float:
        """Correlation of the defaults of two obligors, which is far below that of their assets."""
        return (self.joint_default - self.pd**2) / (self.pd * (1.0 - self.pd))

    def rate_quantiles(self, levels: ArrayLike) -> Floats:
        """Quantiles of the default rate of a year in a large pool, of the fitted model.

        Source: Vasicek (2002); under a Student-t copula the mixture over its chi-squared variable, solved.
        """
        wanted = np.asarray(levels, dtype=np.float64)
        sigma = sigma_of(self.correlation)
        mu = float(quantile(self.pd, self.degrees)) * np.sqrt(1.0 + sigma**2)
        if self.degrees is None:
            return np.asarray(ndtr(mu + sigma * ndtri(wanted)), dtype=np.float64)
        s, weights = mixing(self.degrees)

        def below(probit: float) -> float:
            return float((weights * norm.cdf(probit, mu * s, max(sigma, 1e-9))).sum())

        found = [brentq(lambda probit, q=q: below(probit) - q, -60.0, 60.0) for q in wanted.ravel()]
        return np.asarray(ndtr(np.reshape(found, wanted.shape)), dtype=np.float64)

    def to_frame(self) -> DataFrame:
        """parameter (pd, correlation), estimate, standard_error, lower, upper."""
        rows = [
            ("pd", self.pd, self.pd_error, *self.pd_interval),
            ("correlation", self.correlation, self.correlation_error, *self.correlation_interval),
        ]
        return DataFrame(rows, columns=["parameter", "estimate", "standard_error", "lower", "upper"])

    def table(self, lang: Lang = "en") -> DataFrame:
        """The same to be read: words in the language, per cents."""
        frame = self.to_frame()
        shown = frame.assign(parameter=[label(name, lang) for name in frame["parameter"]])
        for column in frame.columns[1:]:
            shown[column] = [percent(value, 3) for value in frame[column]]
        return shown.rename(columns=lambda name: label(name, lang))

    def __repr__(self) -> str:
        copula = "Gaussian" if self.degrees is None else f"Student-t with {number(self.degrees, 0)} degrees"
        return (
            f"<Calibration by {self.method}, {copula}, {self.years} years: PD {percent(self.pd)} ± {percent(self.pd_error)}, "
            f"correlation {percent(self.correlation)} ± {percent(self.correlation_error)}>"
        )

    def _repr_html_(self) -> str:
        warned = "".join(f"<p>{found.code} {found.message}</p>" for found in self.findings)
        return str(self.table().to_html(index=False)) + warned
