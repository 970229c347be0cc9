"""Measures of a stream of payments: definitions, derivatives by difference, and streams without an answer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clo.analytics import measures

DAY0 = "2026-04-01"
DATES = ["2027-04-01", "2028-04-01", "2031-04-01", "2036-04-01"]
COUPONS = [4.0, 4.0, 4.0, 104.0]


def test_average_life():
    assert measures.wal_years(["2027-04-01", "2028-03-31"], [1.0, 3.0], DAY0) == pytest.approx((1 + 3 * 2) / 4)
    assert math.isnan(measures.wal_years([DAY0], [0.0], DAY0))
    assert math.isnan(measures.wal_years([], [], DAY0))


def test_values_in_time():
    assert measures.future_value(100, 0.05, DAY0, "2028-03-31") == pytest.approx(100 * 1.05**2)
    worth = measures.present_value(DATES, COUPONS, DAY0, 0.03)
    assert measures.yield_at_price(worth, DATES, COUPONS, DAY0) == pytest.approx(0.03, abs=1e-12)
    per_flow = measures.present_value(DATES, COUPONS, DAY0, [0.03] * 4)
    assert per_flow == pytest.approx(worth, rel=1e-15)


def test_duration_and_convexity_are_derivatives_of_price():
    """Over all flows: the second difference of the price is the convexity, not that of the first flow."""
    y, h = 0.04, 1e-4
    down, here, up = (measures.present_value(DATES, COUPONS, DAY0, y + step) for step in (-h, 0, h))
    assert measures.modified_duration(DATES, COUPONS, DAY0, y) == pytest.approx((down - up) / (2 * h) / here, rel=1e-5)
    assert measures.convexity(DATES, COUPONS, DAY0, y) == pytest.approx((down - 2 * here + up) / h**2 / here, rel=1e-5)
    macaulay = measures.macaulay_duration(DATES, COUPONS, DAY0, y)
    assert macaulay == pytest.approx(measures.modified_duration(DATES, COUPONS, DAY0, y) * (1 + y))
    assert math.isnan(measures.macaulay_duration(DATES, [0.0] * 4, DAY0, y))
    assert math.isnan(measures.convexity(DATES, [0.0] * 4, DAY0, y))


@given(st.floats(-0.9, 3.0), st.lists(st.floats(0.1, 100), min_size=1, max_size=30))
def test_irr_finds_the_rate_the_price_was_made_with(rate, amounts):
    months = np.arange("2026-05", len(amounts) + 676, dtype="datetime64[M]")[: len(amounts)]
    price = measures.present_value(months, amounts, DAY0, rate)
    found = measures.irr(np.concatenate(([DAY0], months.astype(str))).astype("datetime64[D]"), [-price, *amounts], DAY0)
    assert measures.present_value(months, amounts, DAY0, found) == pytest.approx(price, rel=1e-9)


def test_a_yield_of_nothing():
    """A root on the point where the search starts, whose sign is a matter of rounding."""
    dates = [DAY0, "2026-05-01", "2026-06-01", "2026-07-01"]
    assert measures.irr(dates, [-79.82634200860012, 1.0, 1.0, 77.82634200860012], DAY0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("dates", "amounts"),
    [
        ([], []),
        ([DAY0], [-100.0]),
        (["2027-04-01"], [100.0]),
        ([DAY0, "2027-04-01"], [-100.0, 0.0]),
        ([DAY0, DAY0], [-100.0, 100.0]),
        ([DAY0, "2027-04-01", "2028-04-01"], [-100.0, 150.0, -100.0]),  # changes sign twice, worth less than 0 at any rate
    ],
)
def test_no_rate_is_nan(dates, amounts):
    assert math.isnan(measures.irr(np.asarray(dates, dtype="datetime64[D]"), amounts, DAY0))


def test_extreme_yields():
    assert measures.irr([DAY0, "2027-04-01"], [-100.0, 100.0], DAY0) == pytest.approx(0.0, abs=1e-14)
    assert measures.irr([DAY0, "2027-04-01"], [-100.0, 1e-6], DAY0) == pytest.approx(1e-8 - 1, rel=1e-12)
    assert measures.irr([DAY0, "2027-04-01"], [-1.0, 1e6], DAY0) == pytest.approx(1e6 - 1, rel=1e-9)


def test_many_streams_are_each_what_they_are_alone():
    """Streams that end on different dates, pay nothing, cost nothing, or have two rates; more than are searched at once."""
    rng = np.random.default_rng(4)
    dates = np.datetime64("2026-04-01") + 31 * np.arange(25)
    amounts = np.where(rng.random((600, 25)) < 0.8, rng.exponential(8.0, (600, 25)), 0.0)
    amounts[:, 0] = -100.0
    amounts[np.arange(25) > rng.integers(1, 25, (600, 1))] = 0.0
    amounts[1], amounts[2, 1:], amounts[3, 0] = 0.0, 0.0, 0.0
    amounts[4, :3] = -100.0, 230.0, -132.0
    many = measures.irrs(dates, amounts, dates[0])
    alone = np.array([measures.irr(dates, own, dates[0]) for own in amounts])
    assert np.isnan(many[1:4]).all()
    np.testing.assert_allclose(many, alone, rtol=0, atol=1e-13)
    lives = measures.average_lives(dates, abs(amounts), dates[0])
    alone = np.array([measures.wal_years(dates, abs(own), dates[0]) for own in amounts])
    assert np.isnan(lives[1])
    np.testing.assert_array_equal(lives, alone)


def test_of_two_rates_the_one_nearest_to_0():
    """-100, 230, -132 is worth 0 at 10% and at 20%."""
    dates = np.array([DAY0, "2027-04-01", "2028-03-31"], dtype="datetime64[D]")
    assert measures.irr(dates, [-100.0, 230.0, -132.0], DAY0) == pytest.approx(0.1, abs=1e-10)
