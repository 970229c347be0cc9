"""Discount and hazard curves: what they are made of, that they give it back, and what they refuse."""

import numpy as np
import pytest

import clo
from clo.timeline import year_fraction

DAY = "2026-11-20"
ENDS = ["2027-12-20", "2029-12-20", "2031-12-20", "2036-12-20"]
YIELDS = clo.DiscountCurve.flat(DAY, 0.012)


def test_a_flat_rate():
    assert YIELDS.at("2028-11-19") == pytest.approx(1.012**-2, rel=1e-14)  # 730 days
    assert YIELDS.at(DAY) == 1.0
    continuous = clo.DiscountCurve.flat(DAY, 0.012, "continuous")
    assert continuous.at("2027-11-20") == pytest.approx(np.exp(-0.012))


def test_zero_rates_come_back_and_forwards_are_constant_between():
    curve = clo.DiscountCurve.from_zeros(DAY, ENDS, [0.01, -0.002, 0.015, 0.02])
    years = (np.array(ENDS, "datetime64[D]") - np.datetime64(DAY)).astype(float) / 365
    assert curve.at(ENDS) == pytest.approx(np.array([1.01, 0.998, 1.015, 1.02]) ** -years, rel=1e-14)
    days = np.arange("2029-12-20", "2040-01-01", dtype="datetime64[D]")
    daily = np.diff(-np.log(curve.at(days)))
    inside = days[:-1] < np.datetime64("2031-12-20")
    assert np.ptp(daily[inside]) < 1e-15
    assert np.ptp(daily[~inside]) < 1e-15  # and on beyond the last date


def test_zero_rates_of_a_curve_that_was_read():
    given = clo.Curve("JGB", np.array(["2020-01-01", *ENDS], "datetime64[D]"), np.array([0.3, 0.01, 0.012, 0.015, 0.02]))
    curve = clo.DiscountCurve.from_curve(DAY, given)
    assert np.array_equal(curve.factors, clo.DiscountCurve.from_zeros(DAY, ENDS, given.values[1:]).factors)


def test_quotes_are_worth_their_rates():
    """A deposit grows by its rate; a swap's fixed payments are worth what lies between its ends."""
    curve = clo.DiscountCurve.from_quotes("2026-11-20", {"6M": 0.004, "12M": 0.006}, {"2Y": 0.008, "5Y": -0.001, "10Y": 0.015})
    spot = "2026-11-24"
    assert curve.at(spot) / curve.at("2027-05-24") == pytest.approx(1 + 0.004 * 181 / 360, rel=1e-14)
    dates = np.array([f"{2026 + (n + 1) // 2}-{'05' if n % 2 else '11'}-24" for n in range(21)], "datetime64[D]")
    paid = np.busday_offset(dates, 0, "modifiedfollowing")
    fixed = float(curve.at(paid[1:]) @ year_fraction("30/360", paid[:-1], paid[1:]))
    assert 0.015 * fixed == pytest.approx(float(curve.at(spot) - curve.at(paid[-1])), rel=1e-12)


def test_quotes_of_another_market():
    """Yen as they were quoted beside TIBOR: fixed payments ACT/365F, business days of Tokyo, where the 23rd is a holiday."""
    yen = clo.RateConventions(deposit_day_count="ACT/365F", fixed_day_count="ACT/365F", calendar="JP")
    curve = clo.DiscountCurve.from_quotes(DAY, {"6M": 0.004}, {"2Y": 0.008}, yen)
    dates = ["2026-11-25", "2027-05-25", "2027-11-25", "2028-05-25", "2028-11-27"]
    assert list(curve.dates.astype(str)) == [DAY, dates[1], dates[-1]]
    assert curve.at(dates[0]) / curve.at(dates[1]) == pytest.approx(1 + 0.004 * 181 / 365, rel=1e-14)
    fixed = float(curve.at(dates[1:]) @ year_fraction("ACT/365F", dates[:-1], dates[1:]))
    assert 0.008 * fixed == pytest.approx(float(curve.at(dates[0]) - curve.at(dates[-1])), rel=1e-12)


def test_default_probabilities_come_back():
    pds = np.array([[0.01, 0.03, 0.05, 0.1], [0.0, 0.0, 0.2, 0.2]])
    curve = clo.HazardCurve.from_pds(DAY, ENDS, pds)
    assert curve.names == (2,)
    np.testing.assert_allclose(curve.default_probability(ENDS), pds, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(curve.survival(ENDS), 1 - pds, rtol=1e-14)
    assert curve.hazards[1] == pytest.approx([0.0, 0.0, -np.log(0.8) / (731 - 1) * 365, 0.0], abs=1e-15)


def test_hazards_by_hand():
    curve = clo.HazardCurve([DAY, "2027-11-20", "2029-11-19"], [0.02, 0.05])
    assert curve.survival("2029-11-19") == pytest.approx(np.exp(-0.02 - 0.1))
    assert curve.survival("2030-11-19") == pytest.approx(np.exp(-0.02 - 0.15))
    assert clo.HazardCurve.flat(DAY, 0.03).survival("2027-11-20") == pytest.approx(np.exp(-0.03))


@pytest.mark.parametrize("paid", ["arrears", "advance"])
def test_spreads_come_back(paid):
    """To 1e-12, of names that differ in spread and recovery, all at once; a distressed name among them."""
    conventions = clo.CdsConventions(paid=paid)
    spreads = np.array([[1e-6, 2e-6, 2e-6, 3e-6], [0.01, 0.012, 0.011, 0.015], [0.3, 0.2, 0.17, 0.15], [0.0, 0.0, 0.01, 0.01]])
    recovery = np.array([0.4, 0.0, 0.7, 0.25])
    curve = clo.HazardCurve.from_spreads(ENDS, spreads, recovery=recovery, discount=YIELDS, conventions=conventions)
    for n, end in enumerate(ENDS):
        fair = clo.value_cds(
            end, 0.01, recovery=recovery, hazard=curve, discount=YIELDS, conventions=conventions
        ).fair_premium  # fmt: skip
        np.testing.assert_allclose(fair, spreads[:, n], rtol=0, atol=1e-12)
    assert np.all(curve.hazards >= 0.0)


def test_one_spread_is_a_flat_curve():
    curve = clo.HazardCurve.from_spreads(ENDS[2], 0.01, recovery=0.4, discount=YIELDS)
    assert curve.names == ()
    assert curve.hazards[0] == pytest.approx(0.01 / 0.6, rel=0.02)


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda: clo.DiscountCurve([DAY, DAY], [1.0, 0.9]), "E-V001", "2026-11-20"),
        (lambda: clo.DiscountCurve.from_zeros(DAY, [ENDS[1], ENDS[0]], [0.01, 0.01]), "E-V001", "2029-12-20"),
        (lambda: clo.DiscountCurve([DAY, ENDS[0]], [1.0, 0.9, 0.8]), "E-V002", "3 values for 2 dates"),
        (lambda: clo.DiscountCurve([DAY, ENDS[0]], [1.0, np.nan]), "E-V002", "finite"),
        (lambda: clo.DiscountCurve([DAY, ENDS[0]], [0.99, 0.9]), "E-V003", "0.99"),
        (lambda: clo.DiscountCurve([DAY, ENDS[0]], [1.0, -0.9]), "E-V003", "-0.9"),
        (lambda: clo.DiscountCurve.flat(DAY, -1.0), "E-V008", "-1"),
        (lambda: clo.DiscountCurve.flat(DAY, 0.01, "monthly"), "E-V008", "monthly"),
        (lambda: clo.DiscountCurve.from_quotes(DAY, {"3W": 0.01}, {"2Y": 0.01}), "E-V007", "3W"),
        (lambda: clo.DiscountCurve.from_quotes(DAY, {}, {"2Y": 0.01}), "E-V007", "no deposits"),
        (lambda: clo.DiscountCurve.from_quotes(DAY, {"3M": 0.01}, {"6M": 0.01}), "E-V007", "6M"),
        (lambda: clo.HazardCurve.flat(DAY, -0.01), "E-V004", "-0.01"),
        (lambda: clo.HazardCurve([ENDS[0], DAY], [0.01]), "E-V001", "2027-12-20"),
        (lambda: clo.HazardCurve.from_pds(DAY, ENDS[:2], [0.1, 0.05]), "E-V005", "below an earlier"),
        (lambda: clo.HazardCurve.from_pds(DAY, ENDS[:1], [1.0]), "E-V005", "1 is not"),
        (lambda: spreads([-0.01]), "E-V012", "-0.01"),
        (lambda: spreads([0.01], recovery=1.0), "E-V010", "1"),
        (lambda: spreads([0.01, 0.02], ends=[ENDS[1], ENDS[0]]), "E-V001", "2029-12-20"),
        (lambda: spreads([[0.01], [0.01]], recovery=[0.1, 0.2, 0.3]), "E-V015", "recovery (3,)"),
        (lambda: spreads([0.05, 0.001]), "E-V006", "below 0"),
        (lambda: spreads([0.0001, 3.0]), "E-V006", "without limit"),
    ],
)
def test_a_curve_that_cannot_be(make, code, said):
    with pytest.raises(clo.ValuationError, match=code) as caught:
        make()
    assert len(caught.value.findings) == 1
    assert said in caught.value.findings[0].message


def spreads(given, recovery=0.4, ends=None):
    return clo.HazardCurve.from_spreads(ends or ENDS[: np.shape(given)[-1]], given, recovery=recovery, discount=YIELDS)
