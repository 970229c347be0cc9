"""Calibration against published moments, closed forms, slow quadrature, other optimisers, and the truth of simulated series."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri
from scipy.stats import binom, binomtest, chi2, multivariate_normal, multivariate_t, norm, t
from statsmodels.regression.mixed_linear_model import MixedLM

import clo
from clo.scenarios.calibration.mixture import binomial_log_likelihood, large_pool_log_likelihood, sigma_of
from clo.scenarios.calibration.moments import joint_default, raw_moments

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "sp_defaults.json").read_text(encoding="utf-8"))
DEFAULTS, OBLIGORS = (np.array(GOLDEN["data"][name], dtype=np.float64) for name in ("defaults", "obligors"))


def simulated(years: int, pd: float, rho: float, obligors: int | None, seed: int, degrees: float | None = None) -> np.ndarray:
    """Defaults [year] of the model, or the rates of a large pool, drawn with other code than the package's."""
    rng = np.random.default_rng(seed)
    scale = 1.0 if degrees is None else np.sqrt(rng.chisquare(degrees, years) / degrees)
    edge = (norm if degrees is None else t(degrees)).ppf(pd) * scale
    rates = norm.cdf((edge - np.sqrt(rho) * rng.standard_normal(years)) / np.sqrt(1.0 - rho))
    return rates if obligors is None else rng.binomial(obligors, rates)


def slow_probability(defaults: int, obligors: int, mu: float, sigma: float) -> float:
    def integrand(x: float) -> float:
        return float(binom.pmf(defaults, obligors, norm.cdf(mu - sigma * x)) * norm.pdf(x))

    places = np.linspace(-10, 10, 2001)
    top = places[np.argmax([integrand(x) for x in places])]
    return float(quad(integrand, -12, 12, points=[top - 0.3, top, top + 0.3], epsabs=0, epsrel=1e-11, limit=500)[0])


# ---- likelihood -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defaults", "obligors", "mu", "sigma"),
    [(0, 81, -1.65, 0.25), (69, 961, -1.65, 0.25), (0, 100_000, -2.3, 0.5), (3000, 100_000, -2.0, 0.3), (10, 10, -2.0, 1.0)],
)
def test_probability_of_defaults_against_adaptive_quadrature(defaults: int, obligors: int, mu: float, sigma: float) -> None:
    found = binomial_log_likelihood(np.array([[float(defaults)]]), np.array([[float(obligors)]]), np.array([mu]), sigma)
    assert_allclose(np.exp(found), slow_probability(defaults, obligors, mu, sigma), rtol=1e-9)


@pytest.mark.parametrize(("defaults", "obligors", "degrees"), [(3, 100, 5.0), (300, 10_000, 8.0)])
def test_probability_under_a_student_copula(defaults: int, obligors: int, degrees: float) -> None:
    scale, factor = np.linspace(0.01, 4.0, 3001)[:, None], np.linspace(-9.0, 9.0, 1501)
    given = binom.pmf(defaults, obligors, ndtr(-2.0 * scale - 0.3 * factor)) * norm.pdf(factor)
    over_factor = given.sum(axis=1) * (factor[1] - factor[0])
    slow = (over_factor * chi2.pdf(degrees * scale[:, 0] ** 2, degrees) * 2.0 * degrees * scale[:, 0]).sum() * (4.0 - 0.01) / 3000
    found = binomial_log_likelihood(np.array([[float(defaults)]]), np.array([[float(obligors)]]), np.array([-2.0]), 0.3, degrees)
    assert_allclose(np.exp(found), slow, rtol=1e-7)


@pytest.mark.parametrize("degrees", [None, 1.0, 4.0, 30.0])
def test_probabilities_of_all_counts_add_up_to_one(degrees: float | None) -> None:
    defaults = np.arange(41.0)[:, None]
    found = binomial_log_likelihood(defaults, np.full((41, 1), 40.0), np.array([-1.2]), 0.4, degrees)
    assert_allclose(np.exp(found).sum(), 1.0, rtol=3e-7)


@pytest.mark.parametrize(("sigma", "degrees"), [(0.3, None), (0.3, 4.0), (0.02, 10.0), (0.3, 1.0)])
def test_the_density_of_a_large_pool_is_one(sigma: float, degrees: float | None) -> None:
    probits = np.linspace(-36.0, 2.0, 40_001)
    density = np.exp(large_pool_log_likelihood(ndtr(probits), -2.0, sigma, degrees) + norm.logpdf(probits))
    assert_allclose(density.sum() * (probits[1] - probits[0]), 1.0, rtol=1e-6)


# ---- estimates ------------------------------------------------------------------------------------------------------


def test_moments_of_published_defaults() -> None:
    pd, joint = raw_moments(DEFAULTS / OBLIGORS, DEFAULTS, OBLIGORS)
    told = GOLDEN["moments"]
    assert pd == pytest.approx(told["pd"], abs=5e-6)
    assert joint == pytest.approx(told["joint_default"], abs=5e-8)
    assert (joint - pd**2) / (pd - pd**2) == pytest.approx(told["default_correlation"], abs=5e-7)


def test_the_highest_likelihood_found_another_way() -> None:
    """In terms of PD and correlation, on a plain grid over the factor, by a search without slopes."""
    x, step = np.linspace(-9.0, 9.0, 3001, retstep=True)

    def loss(at: np.ndarray) -> float:
        p, rho = ndtr(at[0]), 1.0 / (1.0 + np.exp(-at[1]))
        given = ndtr((ndtri(p) - np.sqrt(rho) * x) / np.sqrt(1.0 - rho))
        each = (binom.pmf(DEFAULTS[:, None], OBLIGORS[:, None], given) * norm.pdf(x)).sum(axis=1) * step
        return -float(np.log(each).sum())

    slow = minimize(loss, [-1.6, -3.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000})
    found = clo.calibrate_correlation(DEFAULTS, OBLIGORS)
    assert found.log_likelihood == pytest.approx(-slow.fun, abs=1e-9)
    assert found.pd == pytest.approx(ndtr(slow.x[0]), abs=1e-7)
    assert found.correlation == pytest.approx(1.0 / (1.0 + np.exp(-slow.x[1])), abs=1e-6)


def test_an_end_of_an_interval_is_where_the_likelihood_has_fallen_enough() -> None:
    """With the correlation held at either end, the best PD leaves a likelihood lower by half the quantile of chi-squared."""
    found = clo.calibrate_correlation(DEFAULTS, OBLIGORS, level=0.9)
    for end in found.correlation_interval:
        sigma = sigma_of(end)
        values = [
            binomial_log_likelihood(DEFAULTS[:, None], OBLIGORS[:, None], np.array([mu]), sigma).sum()
            for mu in np.linspace(-2.2, -1.2, 1001)
        ]
        assert found.log_likelihood - max(values) == pytest.approx(chi2.ppf(0.9, 1) / 2.0, abs=1e-3)


def test_a_large_pool_has_closed_forms() -> None:
    """Probits are normal: their mean and standard deviation, and errors of the theory of normal samples."""
    rates = np.array([0.011, 0.034, 0.018, 0.022, 0.051, 0.013, 0.027])
    probits, years = ndtri(rates), len(rates)
    mu, sigma = probits.mean(), probits.std()
    found = clo.calibrate_correlation(rates, method="large_pool")
    rho = sigma**2 / (1.0 + sigma**2)
    assert found.pd == pytest.approx(ndtr(mu / np.sqrt(1.0 + sigma**2)), rel=1e-9)
    assert found.correlation == pytest.approx(rho, rel=1e-8)
    assert found.correlation_error == pytest.approx(2.0 * rho * (1.0 - rho) / np.sqrt(2.0 * years), rel=1e-5)
    by_mu, by_sigma = 1.0 / np.sqrt(1.0 + sigma**2), mu * sigma / (1.0 + sigma**2) ** 1.5
    variance = by_mu**2 * sigma**2 / years + by_sigma**2 * sigma**2 / (2.0 * years)
    assert found.pd_error == pytest.approx(norm.pdf(mu * by_mu) * np.sqrt(variance), rel=1e-5)
    ends = [end / (1.0 - end) for end in found.correlation_interval]
    assert_allclose(years * sigma**2 / np.array(ends), chi2.ppf([0.975, 0.025], years - 1), rtol=1e-7)


@pytest.mark.parametrize("rho", [0.0, 0.05, 0.4, 0.9])
def test_joint_default_is_the_bivariate_normal(rho: float) -> None:
    edge = norm.ppf(0.03)
    expected = multivariate_normal.cdf([edge, edge], cov=[[1.0, rho], [rho, 1.0]], abseps=1e-12, releps=1e-12)
    assert joint_default(0.03, rho) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("degrees", [1, 6])
def test_joint_default_is_the_bivariate_student(degrees: int) -> None:
    edge = t.ppf(0.03, degrees)
    expected = multivariate_t.cdf([edge, edge], shape=[[1.0, 0.2], [0.2, 1.0]], df=degrees, random_state=1, maxpts=2_000_000)
    assert joint_default(0.03, 0.2, float(degrees)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("degrees", [None, 6.0])
def test_moments_give_back_the_moments(degrees: float | None) -> None:
    """Rates whose mean and variance are those of a PD of 10% and a correlation of 12%."""
    variance = joint_default(0.1, 0.12, degrees) - 0.1**2
    rates = 0.1 + np.sqrt(variance) * np.array([1.0, 0.0, -1.0])
    assert np.var(rates, ddof=1) == pytest.approx(variance)
    found = clo.calibrate_correlation(rates, method="moments", degrees=degrees)
    assert found.pd == pytest.approx(0.1)
    assert found.correlation == pytest.approx(0.12, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "degrees"), [("likelihood", None), ("moments", None), ("moments", 6.0), ("large_pool", None), ("large_pool", 6.0)]
)
def test_long_series_give_back_what_they_were_drawn_under(method: str, degrees: float | None) -> None:
    years, obligors = 1000, None if method == "large_pool" else 400
    defaults = simulated(years, 0.03, 0.08, obligors, 11, degrees)
    given = (defaults,) if obligors is None else (defaults, np.full(years, obligors))
    found = clo.calibrate_correlation(*given, method=method, degrees=degrees)
    assert abs(found.pd - 0.03) < 3.3 * found.pd_error < 0.008
    assert abs(found.correlation - 0.08) < 3.3 * found.correlation_error < 0.09


def test_the_exact_interval_holds_as_often_as_it_says() -> None:
    """Of 60 series of 8 years of a large pool, the share whose 80% interval holds the correlation is no more off than chance."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(60):
        rates = ndtr((ndtri(0.02) - np.sqrt(0.1) * rng.standard_normal(8)) / np.sqrt(0.9))
        low, high = clo.calibrate_correlation(rates, method="large_pool", level=0.8).correlation_interval
        held += low <= 0.1 <= high
    assert binomtest(held, 60, 0.8).pvalue > 0.001


@pytest.mark.parametrize("degrees", [None, 5.0])
def test_quantiles_of_the_rate_are_those_of_simulated_large_pools(degrees: float | None) -> None:
    rates = simulated(40_000, 0.03, 0.1, None, 3, degrees)
    fitted = clo.calibrate_correlation(rates[:100], method="large_pool", degrees=degrees)
    at = replace(fitted, pd=0.03, correlation=0.1).rate_quantiles([0.1, 0.5, 0.9, 0.99])
    assert_allclose([np.mean(rates <= value) for value in at], [0.1, 0.5, 0.9, 0.99], atol=0.007)


# ---- boundaries -----------------------------------------------------------------------------------------------------

CALM = ([20, 18, 19, 21, 17, 20, 19, 22, 18, 20, 21], [1000] * 11)


@pytest.mark.parametrize("method", ["likelihood", "moments"])
def test_years_alike_have_a_correlation_of_zero_and_say_so(method: str) -> None:
    found = clo.calibrate_correlation(*CALM, method=method)
    assert found.correlation == 0.0
    assert np.isnan(found.correlation_error)
    assert found.correlation_interval[0] == 0.0
    assert [one.code for one in found.findings] == ["W-K014"]
    assert found.pd == pytest.approx(np.sum(CALM[0]) / np.sum(CALM[1]), rel=1e-5)


def test_few_years_are_a_warning() -> None:
    found = clo.calibrate_correlation([0.01, 0.03, 0.02], method="large_pool")
    assert [one.code for one in found.findings] == ["W-K013"]
    assert "W-K013" in found._repr_html_()


def test_all_or_nothing_is_refused() -> None:
    with pytest.raises(clo.CalibrationError) as caught:
        clo.calibrate_correlation([0, 50, 0, 50, 50, 0], [50] * 6)
    assert [one.code for one in caught.value.findings] == ["E-K012"]


# ---- classes --------------------------------------------------------------------------------------------------------


def two_classes(years: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal(years)
    obligors = pd.DataFrame({"good": np.full(years, 300), "bad": np.full(years, 200)})
    pds = {"good": 0.01, "bad": 0.06}
    given = {name: norm.cdf((norm.ppf(p) - np.sqrt(0.1) * factor) / np.sqrt(0.9)) for name, p in pds.items()}
    return pd.DataFrame({name: rng.binomial(obligors[name], given[name]) for name in pds}), obligors


def test_classes_under_one_factor_against_a_plain_grid() -> None:
    defaults, obligors = two_classes(15, 4)
    x, step = np.linspace(-9.0, 9.0, 2001, retstep=True)

    def loss(at: np.ndarray) -> float:
        rho = 1.0 / (1.0 + np.exp(-at[2]))
        each = norm.pdf(x) * np.ones((15, 1))
        for number, name in enumerate(defaults):
            given = ndtr((at[number] - np.sqrt(rho) * x) / np.sqrt(1.0 - rho))
            each = each * binom.pmf(defaults[[name]].to_numpy(), obligors[[name]].to_numpy(), given)
        return -float(np.log(each.sum(axis=1) * step).sum())

    slow = minimize(loss, [-2.3, -1.5, -2.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000})
    found = clo.calibrate_classes(defaults, obligors)
    assert found.log_likelihood == pytest.approx(-slow.fun, abs=1e-8)
    assert_allclose(found.pd, ndtr(slow.x[:2]), rtol=1e-5)
    assert found.correlation == found.between == pytest.approx(1.0 / (1.0 + np.exp(-slow.x[2])), rel=1e-5)
    assert found.classes == ("good", "bad")


def test_many_years_of_classes_give_back_the_truth() -> None:
    found = clo.calibrate_classes(*two_classes(800, 9))
    assert np.all(np.abs(found.pd - [0.01, 0.06]) < 3.3 * found.pd_error)
    assert abs(found.correlation - 0.1) < 3.3 * found.correlation_error < 0.04


def test_components_of_variance_are_those_of_a_mixed_model() -> None:
    """statsmodels, restricted likelihood: a level for each class, a random effect for each year."""
    rng = np.random.default_rng(2)
    probits = np.linspace(-2.3, -1.6, 8) - 0.25 * rng.standard_normal((6, 1)) - 0.15 * rng.standard_normal((6, 8))
    found = clo.calibrate_classes(pd.DataFrame(ndtr(probits)), method="large_pool")
    design = np.tile(np.eye(8), (6, 1))
    fit = MixedLM(probits.ravel(), design, groups=np.repeat(np.arange(6), 8)).fit(reml=True)
    common, own = float(fit.cov_re[0, 0]), float(fit.scale)
    assert found.correlation == pytest.approx((common + own) / (1.0 + common + own), rel=1e-3)
    assert found.between == pytest.approx(common / (1.0 + common + own), rel=1e-3)
    assert_allclose(found.pd, ndtr(probits.mean(axis=0) / np.sqrt(1.0 + common + own)), rtol=1e-4)


def test_errors_of_components_are_the_spread_of_the_estimates() -> None:
    rng, within, between, told = np.random.default_rng(8), [], [], []
    for _ in range(400):
        probits = -2.0 - 0.2 * rng.standard_normal((12, 1)) - 0.2 * rng.standard_normal((12, 10))
        found = clo.calibrate_classes(ndtr(probits), method="large_pool")
        within.append(found.correlation)
        between.append(found.between)
        told.append((found.correlation_error, found.between_error))
    assert_allclose(np.nanmean(told, axis=0), [np.std(within), np.std(between)], rtol=0.15)


# ---- what is refused and shown --------------------------------------------------------------------------------------

BAD = [
    (([1, 2], [50, 50]), {}, ["E-K001"]),
    (([1, 2, 3], [50, 50]), {}, ["E-K002"]),
    (([1, 2],), {}, ["E-K001", "E-K009"]),
    (([1.0, float("nan"), "many"], [50, 50, 50]), {}, ["E-K003"]),
    (([0.1, 1.2, -0.1],), {"method": "moments"}, ["E-K004"]),
    (([1, 2.5, -1], [50, 50, 50]), {}, ["E-K005"]),
    (([1, 51, 2], [50, 50, 1]), {}, ["E-K006", "E-K010"]),
    (([0.0, 0.1, 0.2],), {"method": "large_pool"}, ["E-K007"]),
    (([0, 0, 0], [50, 50, 50]), {}, ["E-K008"]),
    (([50, 50, 50], [50, 50, 50]), {}, ["E-K008"]),
    (([1, 2, 3], [50, 50, 50]), {"level": 1.0, "degrees": 0.9}, ["E-K011", "E-K017"]),
    (([[1, 2], [2, 3], [3, 4]], [[50, 50]] * 3), {}, ["E-K002"]),
    (([1, 2, 3], 100), {}, ["E-K016"]),
    ((np.ones((3, 2, 2)), None), {"level": "a", "degrees": "6"}, ["E-K011", "E-K017", "E-K016"]),
    (
        ([np.ones((2, 2)), np.ones((2, 3))], "many"),
        {"level": True, "degrees": float("inf")},
        ["E-K011", "E-K017", "E-K016", "E-K016"],
    ),
    (([[], [], []],), {"method": "moments"}, ["E-K016"]),
    (([True, "2", pd.Timestamp(2001, 1, 1)], [50, 50, 50]), {}, ["E-K003"]),
    (([1, 60, 10**400], [50, 50, 0]), {}, ["E-K003", "E-K006", "E-K010"]),
]


@pytest.mark.parametrize(("given", "words", "codes"), BAD, ids=[" ".join(codes) for _, _, codes in BAD])
def test_what_is_wrong_is_told_all_at_once(given: tuple, words: dict, codes: list[str]) -> None:
    with pytest.raises(clo.CalibrationError) as caught:
        clo.calibrate_correlation(*given, **words)
    assert [one.code for one in caught.value.findings] == codes


def test_a_finding_names_the_year() -> None:
    given = pd.Series([1, 60, 2], index=[2001, 2002, 2003])
    with pytest.raises(clo.CalibrationError) as caught:
        clo.calibrate_correlation(given, [50, 50, 50])
    (found,) = caught.value.findings
    assert (found.who, found.field, found.value) == ("year 2002", "defaults", "60")


def test_a_value_that_is_no_number_is_shown_as_it_was_given() -> None:
    with pytest.raises(clo.CalibrationError) as caught:
        clo.calibrate_correlation(pd.Series(["1.2%", 0.01, None], index=[2001, 2002, 2003]), method="large_pool")
    (found,) = caught.value.findings
    assert (found.value, found.count, found.occurrences.values.tolist()) == ("1.2%", 2, ["1.2%", None])
    assert "1.2% is 0.012" in found.fix


SERIES = pd.Series([5, 2, 9, 4], index=[2001, 2002, 2003, 2004])


def test_years_of_two_series_are_paired_by_their_labels() -> None:
    obligors = pd.Series([100, 80, 400, 150], index=SERIES.index)
    straight = clo.calibrate_correlation(SERIES, obligors, method="moments")
    assert clo.calibrate_correlation(SERIES, obligors[::-1], method="moments").pd == straight.pd
    assert straight.pd == pytest.approx(np.mean(SERIES / obligors))
    assert clo.calibrate_correlation(SERIES, obligors.tolist(), method="moments").pd == straight.pd


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ([2002, 2003, 2004, 2005], "2001 only in defaults; 2005 only in obligors"),
        (
            ["2001", "2002", "2003", "2004"],
            "2001, 2002, 2003, 2004 only in defaults; '2001', '2002', '2003', '2004' only in obligors",
        ),
        ([2001, 2002, 2003], "2004 only in defaults"),
        ([2001, 2001, 2003, 2004], "2002 only in defaults"),
        ([2001, 2002, 2003, 2004, 2004], "some stand there twice"),
    ],
)
def test_two_series_of_other_years_are_refused(index: list, words: str) -> None:
    with pytest.raises(clo.CalibrationError) as caught:
        clo.calibrate_correlation(SERIES, pd.Series(100, index=index), level=2)
    assert [one.code for one in caught.value.findings] == ["E-K011", "E-K002"]
    assert caught.value.findings[1].message.endswith(words)


def test_classes_of_two_tables_are_paired_by_their_names() -> None:
    defaults, obligors = two_classes(12, 1)
    straight = clo.calibrate_classes(defaults, obligors)
    assert_allclose(clo.calibrate_classes(defaults, obligors[["bad", "good"]]).pd, straight.pd, rtol=1e-12)
    with pytest.raises(clo.CalibrationError, match="other classes: 'bad' only in defaults; 'fair' only in obligors"):
        clo.calibrate_classes(defaults, obligors.rename(columns={"bad": "fair"}))


@pytest.mark.parametrize("levels", [[1.5, -1], "99%", None, [0.5, "a"], float("nan")])
def test_a_quantile_has_a_level_from_0_to_1(levels: object) -> None:
    fitted = clo.calibrate_correlation([0.01, 0.03, 0.02], method="large_pool")
    with pytest.raises(clo.CalibrationError) as caught:
        fitted.rate_quantiles(levels)
    assert [one.code for one in caught.value.findings] == ["E-K011"]


@pytest.mark.parametrize(("correlation", "degrees"), [(0.1, None), (0.1, 5.0), (0.1, 1.0), (0.0, 1.0), (0.9, 1.0)])
def test_quantiles_rise_from_0_to_1(correlation: float, degrees: float | None) -> None:
    """Also where half of the years have rates too small for a float: few degrees of freedom, and a small PD."""
    fitted = replace(clo.calibrate_correlation([0.01, 0.03, 0.02], method="large_pool"), pd=0.001, correlation=correlation)
    found = replace(fitted, degrees=degrees).rate_quantiles([[0.0, 0.3, 0.5], [0.9999, 0.999999, 1.0]])
    assert found[0, 0] == 0.0
    assert found[1, 2] == 1.0
    assert np.all(np.diff(found.ravel()) >= 0.0)
    assert found[1, 0] > 0.004


def test_without_correlation_every_year_is_like_the_other() -> None:
    found = clo.calibrate_correlation(*CALM)
    assert found.rate_quantiles([0.0, 0.5, 1.0]).tolist() == [found.pd] * 3


def test_one_class_is_no_classes_and_a_method_is_a_word() -> None:
    with pytest.raises(clo.CalibrationError, match="calibrate_correlation"):
        clo.calibrate_classes([1, 2, 3], [50, 50, 50])
    with pytest.raises(ValueError, match="'guess'"):
        clo.calibrate_correlation([1, 2, 3], [50, 50, 50], method="guess")


def test_tables_read_in_both_languages() -> None:
    found = clo.calibrate_correlation(DEFAULTS, OBLIGORS)
    assert found.table("ja").columns.tolist() == ["母数", "推定値", "標準誤差", "下限", "上限"]
    assert found.table("ja")["母数"].tolist() == ["デフォルト確率", "相関"]
    assert "4.92%" in repr(found)
    assert "Standard error" in found._repr_html_()
    classes = clo.calibrate_classes(*two_classes(12, 1))
    assert classes.table("ja").columns.tolist() == ["区分", "平均デフォルト率", "デフォルト確率", "標準誤差", "下限", "上限"]
    assert "&lt;ClassCalibration" in classes._repr_html_()
