"""What a calibration comes to: what all have in common, and that of one series."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike
from pandas import DataFrame

from clo.findings import Finding
from clo.labels import Lang, label, number, percent
from clo.scenarios.calibration.mixture import Floats, rate_quantiles
from clo.scenarios.calibration.moments import joint_default
from clo.scenarios.calibration.series import DefaultSeries, probabilities

Method = Literal["likelihood", "large_pool", "moments"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit(ABC):
    """What every calibration says. level: confidence of its intervals; correlation: of the assets of two obligors, of one class
    where there are several; correlation_error: NaN where it is 0, the boundary. findings: warnings."""

    method: str
    level: float
    correlation: float
    correlation_error: float
    log_likelihood: float
    series: DefaultSeries
    findings: tuple[Finding, ...] = ()

    @property
    def years(self) -> int:
        return len(self.series.years)

    @abstractmethod
    def to_frame(self) -> DataFrame:
        """Estimates, a row each; every column but the first holds shares."""

    def table(self, lang: Lang = "en") -> DataFrame:
        """The same to be read: words in the language, per cents."""
        return in_words(self.to_frame(), lang)

    def _repr_html_(self) -> str:
        warned = "".join(f"<p>{found.code} {found.message}</p>" for found in self.findings)
        return str(self.table().to_html(index=False)) + warned


def in_words(frame: DataFrame, lang: Lang) -> DataFrame:
    """Headings in the language, and per cents in every column but the first."""
    written = {column: [percent(value, 3) for value in frame[column]] for column in frame.columns[1:]}
    return frame.assign(**written).rename(columns=lambda name: label(name, lang))


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration(Fit):
    """PD and asset correlation with standard errors and intervals of confidence `level`.

    degrees: of the Student-t copula, None for the Gaussian. log_likelihood: of the counts, or of the rates of a large pool; NaN
    for moments.
    """

    method: Method
    degrees: float | None
    pd: float
    pd_error: float
    pd_interval: tuple[float, float]
    correlation_interval: tuple[float, float]

    @property
    def joint_default(self) -> float:
        """Probability that two obligors default in the same year."""
        return joint_default(self.pd, self.correlation, self.degrees)

    @property
    def default_correlation(self) -> float:
        """Correlation of the defaults of two obligors, which is far below that of their assets."""
        return (self.joint_default - self.pd**2) / (self.pd * (1.0 - self.pd))

    def rate_quantiles(self, levels: ArrayLike) -> Floats:
        """Quantiles of the default rate of a year in a large pool, of the fitted model. Raises CalibrationError for a level that
        is no probability.
        """
        return rate_quantiles(probabilities(levels), self.pd, self.correlation, self.degrees)

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
        return in_words(frame.assign(parameter=[label(name, lang) for name in frame["parameter"]]), lang)

    def __repr__(self) -> str:
        copula = "Gaussian" if self.degrees is None else f"Student-t with {number(self.degrees, 0)} degrees"
        return (
            f"<Calibration by {self.method}, {copula}, {self.years} years: PD {percent(self.pd)} ± {percent(self.pd_error)}, "
            f"correlation {percent(self.correlation)} ± {percent(self.correlation_error)}>"
        )
