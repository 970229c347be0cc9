"""Method of moments: the PD and the joint default probability of two obligors, and the correlation that gives both.

Of a year with D defaults among n obligors, D (D - 1) / (n (n - 1)) estimates the probability that two obligors default without
bias, and products of the rates of different years estimate the square of the PD without bias. The difference is the variance of
the conditional PD, with no binomial noise in it.
Source: McNeil, Frey and Embrechts (2005), 8.6.2; M. Gordy, "A comparative anatomy of credit risk models", JBF 24 (2000).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t
from scipy.stats import t

from clo.scenarios.calibration.codes import CalibrationError, finding
from clo.scenarios.calibration.mixture import Floats, mixing

HIGHEST = 0.9999


def raw_moments(rates: Floats, defaults: Floats | None = None, obligors: Floats | None = None) -> tuple[float, float]:
    """(PD, joint default probability of two obligors): means over the years. Without counts the pool counts as large."""
    if defaults is None or obligors is None:
        return float(rates.mean()), float((rates**2).mean())
    return float(rates.mean()), float((defaults * (defaults - 1.0) / (obligors * (obligors - 1.0))).mean())


def moments(rates: Floats, defaults: Floats | None, obligors: Floats | None, degrees: float | None = None) -> tuple[float, float]:
    """(PD, correlation); a correlation of 0 where the rates differ by no more than chance.

    Raises CalibrationError where they differ more than under any correlation.
    """
    pd, joint = raw_moments(rates, defaults, obligors)
    years = len(rates)
    square = (rates.sum() ** 2 - (rates**2).sum()) / (years * (years - 1))
    wanted = joint - square
    if wanted <= joint_default(pd, 0.0, degrees) - pd**2:
        return pd, 0.0
    if wanted >= joint_default(pd, HIGHEST, degrees) - pd**2:
        raise CalibrationError([finding("E-K012", "the rates vary as if all obligors were one", field="defaults")])
    found = brentq(lambda rho: joint_default(pd, rho, degrees) - pd**2 - wanted, 0.0, HIGHEST, xtol=1e-14, rtol=1e-13)
    return pd, float(found)


def joint_default(pd: float, correlation: float, degrees: float | None = None) -> float:
    """Probability that two obligors default: both below c, with the correlation between them.

    Source: D. B. Owen, "Tables for computing bivariate normal probabilities", Annals of Mathematical Statistics 27 (1956).
    """
    s, weights = mixing(degrees)
    c = (ndtri(pd) if degrees is None else t.ppf(pd, degrees)) * s
    both = ndtr(c) - 2.0 * owens_t(c, np.sqrt((1.0 - correlation) / (1.0 + correlation)))
    return float((weights * both).sum())
