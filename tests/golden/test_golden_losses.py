"""Loss distributions and tranche losses against published tables and another library; sources in losses.json."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import binom, norm

import clo
from clo.analytics.losses.binomial import binomial_losses, industry_score, matched_diversity
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.large_pool import large_pool
from clo.analytics.losses.moments import moments
from clo.analytics.losses.pool import obligors

HERE = Path(__file__).parent
CASES: dict[str, Any] = {case["id"]: case for case in json.loads((HERE / "losses.json").read_text("utf-8"))["cases"]}
OTHER: list[dict[str, Any]] = json.loads((HERE / "ore.json").read_text("utf-8"))["cases"]
QUARTERS = np.arange(1, 21) / 4.0


@pytest.mark.parametrize("name", ["homogeneous-125", "financepy-homogeneous-125", "financepy-uneven-pds"])
def test_tranches_of_equal_loans(name: str) -> None:
    case, given = CASES[name], CASES[name]["inputs"]
    count = given["obligors"]
    pds = np.full(count, given["pd"]) if isinstance(given["pd"], float) else 0.005 + 0.001 * (np.arange(count) % 40)
    told = clo.expected_tranche_loss(
        np.ones(count), pds, 1.0 - given["recovery"], given["attachments"], correlation=given["correlation"]
    )
    assert_allclose(told["expected_loss"], case["expected"], rtol=0, atol=case["tolerance"], err_msg=case["source"])


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["id"], marks=pytest.mark.compiled if "120" in case["id"] else ()) for case in OTHER],
)
def test_open_source_risk_engine(case: dict[str, Any]) -> None:
    """Its error falls with its buckets: they are what keeps it from agreeing further. How the figures are made: make_ore.py."""
    given = case["inputs"]
    exposure, pd, recovery = (np.broadcast_to(given[name], given["obligors"]) for name in ("exposure", "pd", "recovery"))
    told = clo.expected_tranche_loss(
        exposure, pd, 1.0 - recovery, given["attachments"], correlation=given["correlation"], accuracy=1e-9
    )
    fine, coarse = (np.abs(told["expected_loss"] - case[name]).max() for name in ("expected", "coarser"))
    assert fine < case["tolerance"]
    assert coarse > 5.0 * fine


def spreads(given: dict[str, Any], correlation: float, *, accrued: bool) -> Floats:
    """Basis points a year of each tranche, protection over premium. accrued: paid at mid-period with losses, else at its end.

    A tranche pays premium on what it has not lost.
    """
    pds = np.repeat(-np.expm1(-given["hazard"] * QUARTERS)[:, None], given["obligors"], axis=1)
    exposure, lgd = np.ones(given["obligors"]), 1.0 - given["recovery"]
    told = clo.expected_tranche_loss(exposure, pds, lgd, given["attachments"], correlation=correlation)
    lost = told["expected_loss"].to_numpy().reshape(len(QUARTERS), -1)
    ends, middles = np.exp(-given["rate"] * QUARTERS), np.exp(-given["rate"] * (QUARTERS - 0.125))
    new = np.diff(np.vstack((np.zeros(lost.shape[1]), lost)), axis=0)
    protection = (middles if accrued else ends) @ new
    premium = 0.25 * ends @ (1.0 - lost) + (0.125 * middles @ new if accrued else 0.0)
    return np.asarray(1e4 * protection / premium)


@pytest.mark.parametrize("correlation", ["0.1", "0.3"])
def test_hull_and_white_table_7(correlation: str) -> None:
    case = CASES["hull-white-2004-table-7"]
    got = spreads(case["inputs"], float(correlation), accrued=True)
    assert_allclose(got, case["recomputed"][correlation], rtol=0, atol=case["recomputed"]["tolerance"])
    assert_allclose(got, case["expected"][correlation], rtol=case["tolerance"]["rel"], atol=case["tolerance"]["abs"])


def test_gibson_break_even_spreads() -> None:
    """The printed figures are from memory."""
    case = CASES["gibson-2004-break-even"]
    got = spreads(case["inputs"], case["inputs"]["correlation"], accrued=False)
    assert_allclose(got, case["recomputed"]["values"], rtol=0, atol=case["recomputed"]["tolerance"])
    assert_allclose(got, case["expected"], rtol=0, atol=case["tolerance"])


def both_default(pd: float, correlation: float) -> float:
    """P(two obligors default), by Plackett's integral of the bivariate density over the correlation."""
    c = norm.ppf(pd)
    density = lambda r: np.exp(-c * c / (1.0 + r)) / (2.0 * np.pi * np.sqrt(1.0 - r * r))  # noqa: E731
    return float(pd**2 + quad(density, 0.0, correlation, epsabs=1e-15, epsrel=1e-12)[0])


@pytest.mark.parametrize("name", CASES["vasicek-2002-percentiles"]["expected"])
def test_vasicek_percentiles(name: str) -> None:
    """The printed figures are from memory. A pool of very many obligors has the limit's quantiles."""
    case, words = CASES["vasicek-2002-percentiles"], name.split()
    pd, rho, tail, count = float(words[1]), float(words[3]), np.asarray(case["inputs"]["tail"]), 40_000
    s = np.sqrt(both_default(pd, rho) - pd**2)
    quantiles = norm.cdf((norm.ppf(pd) - np.sqrt(rho) * norm.ppf(tail)) / np.sqrt(1.0 - rho))
    assert_allclose((quantiles - pd) / s, case["expected"][name], rtol=0, atol=case["tolerance"])
    pool = obligors(np.full(count, 1.0 / count), np.full(count, pd), np.full(count, rho), None)
    assert_allclose(large_pool(pool, quantiles).above, tail, rtol=0.02)
    assert moments(pool)[1] == pytest.approx(s**2 + (pd - both_default(pd, rho)) / count, rel=1e-9)


def supervisory_correlation(column: dict[str, Any], pd: float) -> float:
    """Source: Basel II (2006), paragraphs 272, 273 (small firms), 328, 329 and 330."""
    if column["class"] in ("mortgage", "revolving"):
        return {"mortgage": 0.15, "revolving": 0.04}[column["class"]]
    low, high, fall = (0.12, 0.24, 50.0) if column["class"] == "corporate" else (0.03, 0.16, 35.0)
    weight = np.expm1(-fall * pd) / np.expm1(-fall)
    small = 0.04 * (1.0 - (column["turnover"] - 5.0) / 45.0) if "turnover" in column else 0.0
    return float(low * weight + high * (1.0 - weight) - small)


@pytest.mark.parametrize("percent", CASES["basel-annex-5"]["expected"])
def test_risk_weights_of_basel_are_quantiles_of_the_large_pool(percent: str) -> None:
    """The loss beyond the expected one that is exceeded once in 1,000 years, x 12.5, and for firms an adjustment to maturity."""
    case, pd = CASES["basel-annex-5"], float(percent)
    for column, weight in zip(case["inputs"]["columns"], case["expected"][percent], strict=True):
        slope = (0.11852 - 0.05478 * np.log(pd)) ** 2
        longer = 1.0 / (1.0 - 1.5 * slope) if column["class"] == "corporate" else 1.0
        printed = np.array([weight - case["tolerance"], weight + case["tolerance"]]) / 100.0
        defaulted = printed / (12.5 * longer * column["lgd"]) + pd
        rho = supervisory_correlation(column, pd)
        one, two = (
            large_pool(obligors(np.full(count, 1.0 / count), np.full(count, pd), np.full(count, rho), None), defaulted).above
            for count in (1, 2)
        )
        above, below = 2.0 * two - one  # without the correction for the number, which falls as one over it
        assert above > case["inputs"]["tail"] > below, column


@pytest.mark.parametrize("rho", CASES["jorion-2008-table-5"]["expected"])
def test_jorion_binomial_expansion(rho: str) -> None:
    case = CASES["jorion-2008-table-5"]
    score, *expected = case["expected"][rho]
    given = case["inputs"]
    assert given["obligors"] / (1.0 + float(rho) * (given["obligors"] - 1)) == pytest.approx(score, abs=0.06)
    exact = given["obligors"] / (1.0 + float(rho) * (given["obligors"] - 1))
    pool = obligors(np.full(1, 1.0), np.full(1, given["pd"]), np.zeros(1), None)
    defaulted, pmf = binomial_losses(pool, exact)  # the share that defaults
    cumulative = np.cumsum(pmf)
    at = [int(np.searchsorted(cumulative, level - 1e-12)) for level in (0.95, 0.999)]
    lost = [-(given["loss_of_one"] * defaulted[each] + given["profit_of_one"] * (1.0 - defaulted[each])) for each in at]
    assert_allclose([*lost, 100.0 * cumulative[at[1]]], expected, rtol=0, atol=case["tolerance"])


def test_the_matched_score_of_equal_obligors_is_jorion_s_formula() -> None:
    count, pd, rho = 30, 0.15, 0.2
    default_correlation = (both_default(pd, rho) - pd**2) / (pd * (1.0 - pd))
    pool = obligors(np.full(count, 1.0 / count), np.full(count, pd), np.full(count, rho), None)
    assert matched_diversity(pool) == pytest.approx(count / (1.0 + default_correlation * (count - 1)), rel=1e-9)
    told = clo.expected_tranche_loss(np.ones(count), pd, 1.0, (0.0, 0.5, 1.0), correlation=rho, method="binomial")
    whole = int(told.attrs["diversity"])
    losses = np.arange(whole + 1) / whole
    mezzanine = np.maximum(losses - 0.5, 0.0) / 0.5 @ binom.pmf(np.arange(whole + 1), whole, pd)
    assert told["expected_loss"][1] == pytest.approx(mezzanine, rel=1e-12)


def test_moody_s_table_of_industry_scores() -> None:
    with (HERE / "moody_diversity_table.csv").open() as file:
        rows = [(float(row["unit_score"]), float(row["diversity_score"])) for row in csv.DictReader(file)]
    assert len(rows) == 201
    for units, score in rows:
        assert industry_score(units) == pytest.approx(score, abs=1.1e-4)
        assert industry_score(units + 0.02) == industry_score(units)  # the highest row that is at most the count
