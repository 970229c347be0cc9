"""95 % intervals of what cannot be below 0: means of rare losses, probabilities, and ranks of a quantile.

Axes: j tranche.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL, LEFT = 1.959963984540054, 0.025
"""Of a 95 % interval: its normal quantile, and what it leaves out on either side."""
UNSEEN = 0.05
"""The chance of having seen nothing, at the upper end of an interval that begins at 0."""


def of_mean(mean: Floats, error: Floats, wide: float, greatest: Floats) -> tuple[Floats, Floats]:
    """(lower [j], upper [j]) of means that are not below 0; not numbers where `error` is none.

    A gamma distribution with the mean and the error, for the upper end as if one more scenario had added `greatest`: exact for a
    count of rare losses, normal for many of them. wide: how many standard errors a normal interval would reach.
    Source: M. P. Fay and E. J. Feuer, "Confidence intervals for directly standardized rates", Statistics in Medicine 16 (1997).
    """
    square = (error * wide / NORMAL) ** 2
    return _gamma(mean, square, LEFT), _gamma(mean + greatest, square + greatest**2, 1.0 - LEFT)


def _gamma(mean: Floats, square: Floats, level: float) -> Floats:
    """Quantiles of gamma distributions by mean and variance [j]; the mean itself where it has no spread, or next to none."""
    from scipy.special import gammaincinv  # noqa: PLC0415  (heavy: loaded with the first simulation)

    spread = (square > TINY * mean**2) & (mean > 0.0)
    shape = np.divide(mean**2, square, out=np.ones_like(mean), where=spread)
    found = gammaincinv(shape, level) * mean / shape
    return np.asarray(np.where(spread, found, np.where(np.isnan(square), np.nan, mean)))


TINY = 1e-20
"""Of a squared mean: a variance below is rounding."""


def of_probability(chance: Floats, error: Floats, wide: float, scenarios: int, heaviest: float = 1.0) -> tuple[Floats, Floats]:
    """(lower [j], upper [j]) of probabilities: exact binomial ones of as many scenarios as have the standard error.

    Where none hit, [0, 1 - 0.05^(1/n)]: about 3 / n, n the scenarios over the `heaviest` weight. Source: C. J. Clopper and
    E. S. Pearson, Biometrika 26 (1934); of effective numbers, E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998).
    """
    from scipy.special import betaincinv  # noqa: PLC0415  (heavy: loaded with the first simulation)

    p = np.clip(chance, 0.0, 1.0)
    square = (error * wide / NORMAL) ** 2
    told = (square > 0.0) & (p > 0.0) & (p < 1.0)
    n = np.divide(p * (1.0 - p), square, out=np.full_like(p, scenarios / heaviest - 1.0), where=told) + 1.0
    with np.errstate(invalid="ignore"):
        lower = np.where(p > 0.0, betaincinv(np.maximum(n * p, TINY), n * (1.0 - p) + 1.0, LEFT), 0.0)
        upper = np.where(p < 1.0, betaincinv(n * p + 1.0, np.maximum(n * (1.0 - p), TINY), 1.0 - LEFT), 1.0)
    lower = np.where(p == 1.0, 1.0 - unseen(scenarios / heaviest), lower)
    return np.asarray(lower), np.asarray(np.where(p == 0.0, unseen(scenarios / heaviest), upper))


def unseen(scenarios: float) -> float:
    """The probability up to which what no scenario showed may well be chance: with a confidence of 95 %."""
    return float(1.0 - UNSEEN ** (1.0 / scenarios))


def ranks(scenarios: float, level: float) -> tuple[float, float]:
    """Shares of the scenarios, in order, between which the quantile of a level lies; the upper one above 1 where none is.

    Source: H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., 7.1; of effective numbers of scenarios as for a
    probability, R. S. Woodruff, Journal of the American Statistical Association 47 (1952).
    """
    from scipy.special import bdtrik  # noqa: PLC0415  (heavy: loaded with the first simulation)

    below, above = (np.ceil(bdtrik(q, scenarios, level)) if level > 0.0 else 0.0 for q in (LEFT, 1.0 - LEFT))
    return float(below / scenarios), float((above + 1.0) / scenarios)
