"""Credit default swaps against other people's numbers; sources in cds.json."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import clo
from clo.analytics.valuation.schedule import CdsConventions

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("cds.json").read_text("utf-8"))["cases"]}


def markit():
    """(term, spread, recovery, upfront) of each printed number."""
    case = CASES["markit-upfronts"]
    given = case["inputs"]
    grid = product(given["terms"], given["quoted_spreads"], given["recoveries"])
    return [(*point, upfront) for point, upfront in zip(grid, case["expected"], strict=True)]


@pytest.fixture(scope="module")
def discount():
    given = CASES["markit-upfronts"]["inputs"]
    return clo.DiscountCurve.from_quotes(given["trade_date"], given["deposits"], given["swaps"])


@pytest.mark.parametrize(("term", "spread", "recovery", "upfront"), markit())
def test_markit_upfronts(discount, term, spread, recovery, upfront):
    case = CASES["markit-upfronts"]
    given = case["inputs"]
    hazard = clo.HazardCurve.from_spreads(term, spread, recovery=recovery, discount=discount)
    worth = clo.value_cds(term, given["coupon"], recovery=recovery, hazard=hazard, discount=discount, notional=given["notional"])
    assert worth.upfront == pytest.approx(upfront, rel=case["tolerance"]["rel"]), case["source"]


def test_markit_upfronts_all_at_once(discount):
    """A portfolio of twenty names is worth what each of them is."""
    case = CASES["markit-upfronts"]
    terms, spreads, recoveries, upfronts = map(np.array, zip(*markit(), strict=True))
    for term in np.unique(terms):
        own = terms == term
        hazard = clo.HazardCurve.from_spreads(term, spreads[own][:, None], recovery=recoveries[own], discount=discount)
        worth = clo.value_cds(term, 0.01, recovery=recoveries[own], hazard=hazard, discount=discount, notional=1e7)
        np.testing.assert_allclose(worth.upfront, upfronts[own], rtol=case["tolerance"]["rel"])


def test_textbook_legs():
    """Five years without a 29 February, so that a year is one of 365 days throughout."""
    case = CASES["hull-five-years"]
    given, expected, near = case["inputs"], case["expected"], case["tolerance"]
    day, end = "2097-01-01", "2102-01-01"
    discount = clo.DiscountCurve.flat(day, given["riskfree_cc"], "continuous")
    hazard = clo.HazardCurve.flat(day, given["hazard_cc"])
    yearly = CdsConventions(months=12, day_count="ACT/365F", calendar="none", last_day=False, default_time="middle")
    worth = clo.value_cds(end, 1.0, recovery=given["recovery"], hazard=hazard, discount=discount, start=day, conventions=yearly)
    assert worth.premium_leg - worth.accrual_on_default == pytest.approx(expected["pv_payments"], abs=near["abs"])
    assert worth.accrual_on_default == pytest.approx(expected["pv_accrual"], abs=near["abs"] + worth.accrual_on_default / 365)
    assert worth.protection_leg == pytest.approx(expected["pv_payoff"], abs=near["abs"])
    assert worth.protection_leg / worth.premium_leg * 1e4 == pytest.approx(expected["spread_bp"], abs=near["spread_bp"])
