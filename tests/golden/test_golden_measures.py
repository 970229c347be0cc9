"""Average life, yield, price, duration and convexity against other people's numbers; sources in measures.json."""

import json
from pathlib import Path

import numpy as np
import pytest

from clo.analytics import measures

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("measures.json").read_text("utf-8"))["cases"]}


def flows(pairs):
    dates, amounts = zip(*pairs, strict=True)
    return list(dates), list(amounts)


def agrees(case, name, got):
    expected = case["expected"][name] if name else case["expected"]
    assert got == pytest.approx(expected, abs=case["tolerance"]), case["source"]


def test_average_life_in_30_day_months():
    case = CASES["wal-month"]
    dates, principal = flows(case["inputs"]["payments"])
    years = measures.wal_years(dates, principal, case["inputs"]["date"])
    agrees(case, None, years * 365 / 30)


@pytest.mark.parametrize("name", ["duration-macaulay-1", "duration-macaulay-2"])
def test_macaulay_duration(name):
    case = CASES[name]
    dates, amounts = flows(case["inputs"]["cashflows"])
    rate = case["inputs"]["flat_rate"]
    agrees(case, "value", measures.macaulay_duration(dates, amounts, case["inputs"]["date"], rate))


def test_convexity_of_one_flow():
    case = CASES["convexity-single-cashflow"]
    dates, amounts = flows(case["inputs"]["cashflows"])
    agrees(case, None, measures.convexity(dates, amounts, case["inputs"]["date"], case["inputs"]["flat_rate"]))


def test_future_value():
    case = CASES["fv-1y"]
    given = case["inputs"]
    agrees(case, None, measures.future_value(given["amount"], given["rate"], given["start"], given["end"]))


@pytest.mark.parametrize("name", ["irr-1", "irr-2"])
def test_irr(name):
    case = CASES[name]
    dates, amounts = flows(case["inputs"]["cashflows"])
    agrees(case, None, measures.irr(dates, amounts, dates[0]))


def test_present_value_on_the_last_point_of_a_curve():
    case = CASES["pv-last-point"]
    given = case["inputs"]
    last_rate = given["curve"][-1][1]  # flat beyond the last point
    agrees(case, None, measures.present_value([given["pay_date"]], [given["amount"]], given["pv_date"], last_rate))


def test_bond_on_a_zero_curve():
    case = CASES["bond-price-1"]
    given = case["inputs"]
    dates = [flow["date"] for flow in given["flows"]]
    cash = [flow["interest"] + flow["principal"] for flow in given["flows"]]
    principal = [flow["principal"] for flow in given["flows"]]
    knots, rates = flows(given["curve"])
    as_number = np.array(knots, "datetime64[D]").astype(float)
    zero = np.interp(np.array(dates, "datetime64[D]").astype(float), as_number, rates)
    day0 = given["pricing_date"]
    worth = measures.present_value(dates, cash, day0, zero)
    agrees(case, "pv", worth)
    agrees(case, "price_per_100", worth / given["original_balance"] * 100)
    agrees(case, "duration", measures.macaulay_duration(dates, cash, day0, zero))
    agrees(case, "wal", measures.wal_years(dates, principal, day0))


def test_interest_only_loan():
    case = CASES["asset-pv-wal-accrued"]
    given = case["inputs"]
    dates = np.arange("2024-11", "2025-08", dtype="datetime64[M]").astype("datetime64[D]")
    cash = np.full(len(dates), given["current"] * given["annual_rate"] / 12)
    cash[-1] += given["current"]
    day0, rate = given["pricing_date"], given["discount_rate"]
    agrees(case, "pv", measures.present_value(dates, cash, day0, rate))
    agrees(case, "wal", measures.wal_years(dates, cash, day0))
    agrees(case, "duration", measures.macaulay_duration(dates, cash, day0, rate))
