"""Both legs, fair premium and upfront of standard swaps against QuantLib's two engines, on the same curves."""

from itertools import product

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (its own name for itself)

import clo
from clo.analytics.valuation.schedule import CdsConventions

DAYS = ["2009-05-21", "2012-02-29", "2023-12-19", "2024-03-20", "2025-06-20", "2026-09-21"]
DAY_BEFORE = "2023-12-19"
"""Trade dates, among them premium dates, the days beside them and a leap day."""
YEARS = [1, 3, 5, 10]
SPREADS = [0.0005, 0.01, 0.08]
RECOVERIES = [0.0, 0.2, 0.4]
COUPONS = [0.0025, 0.01, 0.05]
NOTIONAL = 1e7
CANCELS = 1e-7
ISDA = CdsConventions()
MIDDLE = CdsConventions(default_time="middle")
FIXED_CURVE = [(0.5, 0.03), (1.0, 0.028), (2.0, 0.02), (5.0, -0.002), (12.0, 0.031)]
"""Years and continuous zero rates: forwards that rise, fall and are negative in between."""


def to_ql(day):
    return ql.Date(str(np.datetime64(day, "D")), "%Y-%m-%d")


def curves(day, spread):
    """Discount and hazard rates of ours and of QuantLib, both with three steps or more."""
    start = np.datetime64(day, "D")
    ends = start + np.array([int(365 * years) for years, _ in FIXED_CURVE])
    discount = clo.DiscountCurve.from_zeros(day, ends, [rate for _, rate in FIXED_CURVE], "continuous")
    theirs = ql.DiscountCurve([to_ql(each) for each in discount.dates], list(discount.factors), ql.Actual365Fixed())
    steps = start + np.array([0, 400, 1500, 4000])
    levels = np.array([0.6, 1.0, 1.7]) * spread / 0.6
    hazard = clo.HazardCurve(steps, levels)
    living = ql.HazardRateCurve([to_ql(each) for each in steps], [levels[0], *levels], ql.Actual365Fixed())
    for curve in (theirs, living):
        curve.enableExtrapolation()
    return discount, hazard, ql.YieldTermStructureHandle(theirs), ql.DefaultProbabilityTermStructureHandle(living)


def theirs(day, maturity, coupon, engine):
    ql.Settings.instance().evaluationDate = to_ql(day)
    swap = ql.MakeCreditDefaultSwap(to_ql(maturity), coupon, nominal=NOTIONAL)
    swap.setPricingEngine(engine)
    return swap


@pytest.fixture(autouse=True)
def _evaluation_date():
    before = ql.Settings.instance().evaluationDate
    yield
    ql.Settings.instance().evaluationDate = before


def saturday(day):
    """QuantLib asks whether the name lives on the day before the last payment: the Sunday, which the swap no longer covers."""
    return np.is_busday(day, weekmask="0000010")


def compare(day, conventions, engine_of, near):
    """Every point of the grid; near: relative, of each leg, and of the notional where legs cancel."""
    for spread, recovery in product(SPREADS, RECOVERIES):
        discount, hazard, rates, lives = curves(day, spread)
        maturities = np.array([end for years in YEARS if not saturday(end := clo.cds_maturity(day, years))])
        ours = clo.value_cds(
            maturities[:, None], COUPONS, recovery=recovery, hazard=hazard, discount=discount, notional=NOTIONAL,
            conventions=conventions,
        )  # fmt: skip
        for (m, maturity), (c, coupon) in product(enumerate(maturities), enumerate(COUPONS)):
            ql.Settings.instance().evaluationDate = to_ql(day)
            swap = theirs(day, maturity, coupon, engine_of(lives, recovery, rates))
            told = f"{day} {maturity} {spread} {recovery} {coupon}"
            assert ours.protection_leg[m, c] == pytest.approx(swap.defaultLegNPV(), rel=near), told
            assert ours.premium_leg[m, c] == pytest.approx(-swap.couponLegNPV(), rel=near), told
            assert ours.fair_premium[m, c] == pytest.approx(swap.fairSpread(), rel=2 * near), told
            assert ours.upfront[m, c] / NOTIONAL == pytest.approx(swap.fairUpfront(), abs=near), told
            assert ours.accrued[m, c] == pytest.approx(swap.accrualRebateNPV() / discount.at(settlement(day)), abs=1e-6), told


def settlement(day):
    calendar = ql.WeekendsOnly()
    return np.datetime64(calendar.advance(to_ql(day), 3, ql.Days).ISO(), "D")


@pytest.mark.parametrize("day", DAYS)
def test_isda_engine(day):
    """Where a rate times the time between two nodes is just above 1e-4, QuantLib's closed form of what accrues loses digits;
    test_cds.py holds ours against an integral within every day, to 1e-12."""
    compare(day, ISDA, lambda lives, recovery, rates: ql.IsdaCdsEngine(lives, recovery, rates, False), CANCELS)


@pytest.mark.parametrize("day", [day for day in DAYS if day != DAY_BEFORE])
def test_mid_point_engine(day):
    """Not on the day before a premium date: QuantLib then counts that premium, and gives none of it back."""
    compare(day, MIDDLE, ql.MidPointCdsEngine, 1e-11)


@pytest.mark.parametrize("day", DAYS)
def test_standard_maturities(day):
    for years in range(1, 11):
        expected = ql.cdsMaturity(to_ql(day), ql.Period(years, ql.Years), ql.DateGeneration.CDS2015)
        assert str(clo.cds_maturity(day, years)) == expected.ISO()


def test_standard_maturities_of_every_day_of_a_year():
    days = np.arange("2024-01-01", "2025-01-01", dtype="datetime64[D]")
    for day in days[1:]:
        expected = ql.cdsMaturity(to_ql(day), ql.Period(5, ql.Years), ql.DateGeneration.CDS2015)
        assert str(clo.cds_maturity(day, 5)) == expected.ISO(), day


@pytest.mark.parametrize("day", DAYS)
def test_bootstrapped_survival(day):
    """A curve through six par spreads, as QuantLib's bootstrap finds it with its ISDA helpers."""
    ql.Settings.instance().evaluationDate = to_ql(day)
    discount, _, rates, _ = curves(day, 0.01)
    years, quoted = [1, 2, 3, 5, 7, 10], [0.004, 0.006, 0.0075, 0.011, 0.0125, 0.014]
    maturities = [clo.cds_maturity(day, each) for each in years]
    ours = clo.HazardCurve.from_spreads(maturities, quoted, recovery=0.4, discount=discount)
    worth = [
        theirs(day, end, spread, ql.IsdaCdsEngine(flat_steps(ours), 0.4, rates, False))
        for end, spread in zip(maturities, quoted, strict=True)
    ]
    assert [swap.fairSpread() for swap in worth] == pytest.approx(quoted, rel=2 * CANCELS)


def flat_steps(hazard):
    rates = [hazard.hazards[0], *hazard.hazards]
    curve = ql.HazardRateCurve([to_ql(each) for each in hazard.dates], rates, ql.Actual365Fixed())
    curve.enableExtrapolation()
    return ql.DefaultProbabilityTermStructureHandle(curve)
