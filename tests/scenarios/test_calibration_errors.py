"""Standard errors and likelihoods of calibrations against plain quadrature in the terms a user reads: PD and correlation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import binom, norm, t

import clo

OBLIGORS = np.full(14, 800)
DEFAULTS = np.array([9, 14, 30, 12, 7, 21, 55, 18, 11, 8, 26, 33, 16, 10])


def likelihood(pd: float, correlation: float) -> float:
    """Of the counts of all years: obligors default alone once the factor of their year is known; a plain sum over the factor."""
    factor = np.linspace(-9.0, 9.0, 4_001)
    given = ndtr((ndtri(pd) - np.sqrt(correlation) * factor) / np.sqrt(1.0 - correlation))
    chance = binom.pmf(DEFAULTS[:, None], OBLIGORS[:, None], given) @ norm.pdf(factor) * (factor[1] - factor[0])
    return float(np.log(chance).sum())


def errors_of(of: Callable[[float, float], float], pd: float, correlation: float) -> np.ndarray:
    """Roots of the diagonal of the inverse of the observed information, by differences of PD and correlation themselves."""
    at, steps = np.array([pd, correlation]), np.array([pd, correlation]) * 1e-3
    information = np.empty((2, 2))
    for row in range(2):
        for column in range(2):
            one, two = np.eye(2)[row] * steps, np.eye(2)[column] * steps
            corners = [of(*(at + a * one + b * two)) * a * b for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
            information[row, column] = -sum(corners) / (4.0 * steps[row] * steps[column])
    return np.sqrt(np.diag(np.linalg.inv(information)))


def test_a_likelihood_and_the_errors_it_tells() -> None:
    found = clo.calibrate_correlation(DEFAULTS, OBLIGORS)
    assert found.log_likelihood == pytest.approx(likelihood(found.pd, found.correlation), abs=1e-8)
    assert likelihood(found.pd, found.correlation) > max(
        likelihood(found.pd * up, found.correlation * more) for up in (0.98, 1.02) for more in (0.95, 1.05)
    )
    told = errors_of(likelihood, found.pd, found.correlation)
    assert [found.pd_error, found.correlation_error] == pytest.approx(told, rel=2e-3)


def test_the_interval_of_the_pd_of_a_large_pool_is_as_wide_as_estimates_spread() -> None:
    """On the probit scale, where both ends are as far from the estimate; 200 years, of which estimates are near normal."""
    years = 200
    probits = np.random.default_rng(8).normal(-2.5, 0.6, (4_000, years))
    spread = (probits.mean(axis=1) / np.sqrt(1.0 + probits.var(axis=1))).std()
    ends = [clo.calibrate_correlation(ndtr(each), method="large_pool").pd_interval for each in probits[:25]]
    reach = np.diff(ndtri(ends), axis=1).mean() / 2.0
    assert reach / t.ppf(0.975, years - 1) == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_errors_of_classes_are_the_spread_of_estimates_that_vary_widely(share: float) -> None:
    """Where the error of sigma is as much of that of a PD as the error of the mean probit is. No error is told of a zero."""
    draw, years = np.random.default_rng(3), 100
    found = []
    for _ in range(300):
        common, own = draw.standard_normal((years, 1)), draw.standard_normal((years, 2))
        probits = np.array([-3.0, -2.4]) - np.sqrt(share) * common - np.sqrt(1.0 - share) * own
        found.append(clo.calibrate_classes(ndtr(probits), method="large_pool"))
    spread = np.std([each.pd for each in found], axis=0, ddof=1)
    assert np.mean([each.pd_error for each in found], axis=0) == pytest.approx(spread, rel=0.12)
    told = np.nanmean([[each.correlation_error, each.between_error] for each in found], axis=0)
    apart = np.std([[each.correlation, each.between] for each in found], axis=0, ddof=1)
    assert told == pytest.approx(apart, rel=0.12)


def test_intervals_of_pds_of_classes_are_by_student_s_t_of_the_years() -> None:
    """As wide on the probit scale as the standard error there says, with one degree of freedom fewer than years."""
    rates = ndtr(np.random.default_rng(4).normal(-2.0, 0.3, (6, 3)))
    frame = clo.calibrate_classes(rates, method="large_pool").to_frame()
    reach = (ndtri(frame["upper"]) - ndtri(frame["lower"])) / 2.0
    assert reach.to_numpy() == pytest.approx(t.ppf(0.975, 5) * frame["standard_error"] / norm.pdf(ndtri(frame["pd"])))
