"""What credit default swaps are worth: laws, an integral day by day, and everything that is refused."""

import math

import numpy as np
import pytest

import clo
from clo.analytics.valuation.schedule import CdsConventions, premium_schedule

DAY = "2026-11-20"
END = np.datetime64("2031-12-20")
YIELDS = clo.DiscountCurve.from_zeros(DAY, ["2027-11-20", "2029-03-31", "2036-11-20"], [0.005, 0.011, 0.019])
RISKY = clo.HazardCurve(["2026-11-20", "2027-06-30", "2030-01-31", "2032-01-31"], [0.01, 0.03, 0.02])
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)


def worth(premium=0.01, maturity=END, **changed):
    given = {"recovery": 0.4, "hazard": RISKY, "discount": YIELDS, "notional": 1e8} | changed
    return clo.value_cds(maturity, premium, **given)


def grown(curve, days, share):
    """The exponent of a curve within each day [day, share]."""
    at, after = curve.decay.exponent(days)[..., None], curve.decay.exponent(days + 1)[..., None]
    return at + (after - at) * share


def by_day(premium, maturity, recovery, conventions, start=None):
    """Both legs for a notional of 1: within every day by itself, by numerical integration."""
    today, share = np.datetime64(DAY), (NODES + 1) / 2
    plan = premium_schedule(today, maturity, conventions, start)
    protection = premiums = 0.0
    for begins, ends, paid, fraction in zip(plan.begins, plan.ends, plan.paid, plan.fractions, strict=True):
        seen = max(begins - 1, today) if conventions.paid == "advance" else ends - 1
        premiums += fraction * float(YIELDS.at(paid) * RISKY.survival(seen))
        days = np.arange(max(begins - 1, plan.protected_from), ends - 1)
        rate = RISKY.decay.exponent(days + 1) - RISKY.decay.exponent(days)
        density = rate[:, None] * np.exp(-grown(YIELDS, days, share) - grown(RISKY, days, share)) * WEIGHTS / 2
        protection += float(density.sum())
        if conventions.paid == "arrears" and conventions.accrued_on_default:
            since = (days - begins + 1).astype(float)[:, None] + share + 0.5  # the half day of the ISDA model
            premiums += float((density * since).sum()) / 360
    return (1 - recovery) * protection, premium * premiums


@pytest.mark.parametrize(
    "conventions",
    [
        CdsConventions(),
        CdsConventions(paid="advance"),
        CdsConventions(accrued_on_default=False),
        CdsConventions(last_day=False, months=6, calendar="JP", business_day="modified_following"),
    ],
)
@pytest.mark.parametrize(
    ("start", "maturity"),
    [(None, "2031-12-20"), ("2026-11-21", "2027-01-31"), ("2026-10-05", "2031-12-20"), ("2027-03-01", "2031-12-20")],
)
def test_both_legs_day_by_day(conventions, start, maturity):
    protection, premiums = by_day(0.05, np.datetime64(maturity), 0.3, conventions, start)
    ours = worth(0.05, maturity, recovery=0.3, notional=1.0, conventions=conventions, start=start)
    assert ours.protection_leg == pytest.approx(protection, rel=1e-12)
    assert ours.premium_leg == pytest.approx(premiums, rel=1e-12)


@pytest.mark.parametrize("conventions", [CdsConventions(), CdsConventions(paid="advance"), CdsConventions(default_time="middle")])
def test_the_fair_premium_makes_the_legs_equal(conventions):
    fair = worth(conventions=conventions).fair_premium
    at_fair = worth(fair, conventions=conventions)
    paid_for = at_fair.premium_leg - at_fair.accrued * YIELDS.at("2026-11-25")
    assert at_fair.protection_leg == pytest.approx(paid_for, rel=1e-14)
    assert at_fair.upfront == pytest.approx(0.0, abs=1e-14 * 1e8)
    assert at_fair.clean_price == pytest.approx(100.0, abs=1e-12)


def test_no_hazard_no_protection():
    safe = worth(hazard=clo.HazardCurve.flat(DAY, 0.0))
    assert safe.protection_leg == 0.0
    assert safe.accrual_on_default == 0.0
    assert safe.fair_premium == 0.0
    plan = premium_schedule(np.datetime64(DAY), END)
    assert safe.premium_leg == pytest.approx(1e8 * 0.01 * plan.fractions @ YIELDS.at(plan.paid), rel=1e-14)


def test_the_credit_triangle():
    """Premiums paid every month, no interest: the fair premium is hazard x loss, but for days counted over 360."""
    monthly = CdsConventions(months=1, calendar="none", settlement_days=0)
    none = clo.DiscountCurve.flat(DAY, 0.0)
    for hazard in (1e-4, 0.01, 0.2):
        fair = worth(
            hazard=clo.HazardCurve.flat(DAY, hazard), discount=none, conventions=monthly, start="2026-11-21"
        ).fair_premium
        assert fair * 365 / 360 == pytest.approx(hazard * 0.6, rel=0.004)


def test_what_accrued_comes_back_and_prices_add_up():
    value = worth()
    days = (np.datetime64(DAY) + 1 - np.datetime64("2026-09-21")).astype(int)  # 20 September is a Sunday
    assert value.accrued == pytest.approx(1e8 * 0.01 * days / 360)
    paid = YIELDS.at("2026-11-25")  # a Monday is no holiday of the calendar of weekends
    assert value.value == pytest.approx((value.upfront - value.accrued) * paid)
    assert value.clean_price == pytest.approx(100 - value.upfront / 1e6)
    assert value.dirty_price == pytest.approx(value.clean_price + value.accrued / 1e6)


def test_a_book_is_worth_what_each_swap_is():
    draw = np.random.default_rng(1)
    ends = clo.cds_maturity(DAY, 1) + np.sort(draw.integers(0, 1500, 12))
    premiums, recoveries, sizes = draw.random(12) / 20, draw.random(12) * 0.9, draw.integers(1, 100, 12) * 1e6
    hazards = draw.random((12, 3)) / 10
    book = clo.HazardCurve(RISKY.dates, hazards)
    together = clo.value_cds(ends, premiums, recovery=recoveries, hazard=book, discount=YIELDS, notional=sizes)
    frame = together.to_frame()
    for n in range(12):
        own = clo.HazardCurve(RISKY.dates, hazards[n])
        alone = clo.value_cds(
            ends[n], premiums[n], recovery=recoveries[n], hazard=own, discount=YIELDS, notional=sizes[n]
        ).to_frame()  # fmt: skip
        assert frame.iloc[n].to_list() == pytest.approx(alone.iloc[0].to_list(), rel=1e-13)


def test_protection_of_two_stretches_is_that_of_both():
    middle = np.datetime64("2029-12-20")
    early, late = worth(maturity=middle), worth(start=middle + 1)
    assert early.protection_leg + late.protection_leg == pytest.approx(worth().protection_leg, rel=1e-14)


def test_more_recovery_is_less_protection_in_proportion():
    assert worth(recovery=0.9).protection_leg == pytest.approx(worth(recovery=0.0).protection_leg / 10, rel=1e-14)
    assert worth(recovery=0.9).premium_leg == worth(recovery=0.0).premium_leg


def test_who_defaults_at_once_pays_nothing_and_gets_everything():
    doomed = worth(hazard=clo.HazardCurve.flat(DAY, 1e6))
    assert doomed.protection_leg == pytest.approx(0.6e8, rel=1e-6)
    assert doomed.upfront == pytest.approx(0.6e8, rel=1e-3)


def test_any_day_and_any_maturity_day_by_day():
    draw = np.random.default_rng(7)
    for _ in range(40):
        maturity = np.datetime64(DAY) + int(draw.integers(1, 900))
        conventions = CdsConventions(
            months=int(draw.integers(1, 13)),
            business_day=str(draw.choice(["following", "preceding", "modified_following", "unadjusted"])),
            paid=str(draw.choice(["arrears", "advance"])),
            last_day=bool(draw.integers(2)),
        )
        start = None if draw.random() < 0.5 else min(np.datetime64(DAY) + int(draw.integers(-200, 200)), maturity - 1)
        protection, premiums = by_day(0.05, maturity, 0.3, conventions, start)
        ours = worth(0.05, maturity, recovery=0.3, notional=1.0, conventions=conventions, start=start)
        told = f"{maturity} {start} {conventions}"
        assert ours.protection_leg == pytest.approx(protection, rel=1e-12, abs=1e-18), told
        assert ours.premium_leg == pytest.approx(premiums, rel=1e-12, abs=1e-18), told


def test_on_the_last_day_but_one_only_the_last_premium_is_left():
    value = worth(maturity="2026-11-21", start="2026-10-21", conventions=CdsConventions(last_day=False))
    assert value.protection_leg == 0.0
    assert value.premium_leg == pytest.approx(1e8 * 0.01 * 31 / 360 * YIELDS.at("2026-11-23"))  # the 21st is a Saturday


def test_shapes_broadcast():
    grid = worth(np.array([[0.0], [0.01]]), np.array([END, END + 366, END + 731]))
    assert grid.fair_premium.shape == (2, 3)
    assert np.all(grid.premium_leg[0] == 0.0)
    assert grid.protection_leg[1, 2] == worth(0.01, END + 731).protection_leg
    assert isinstance(worth().upfront, float)


def test_premiums_in_advance_are_paid_from_the_valuation_date_on():
    plan = premium_schedule(np.datetime64(DAY), np.datetime64("2027-11-20"), CdsConventions(paid="advance"), DAY)
    assert plan.paid[0] == np.datetime64(DAY)
    assert plan.accrued == 0.0
    running = premium_schedule(np.datetime64(DAY), np.datetime64("2027-12-20"), CdsConventions(paid="advance"))
    assert running.fractions[0] == 0.0  # paid in September
    assert np.all(running.fractions[1:] > 0.0)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"recovery": 1.0}, "E-V010"),
        ({"recovery": -0.1}, "E-V010"),
        ({"recovery": math.nan}, "E-V010"),
        ({"premium": -0.01}, "E-V012"),
        ({"premium": math.inf}, "E-V012"),
        ({"maturity": "2026-11-20"}, "E-V011"),
        ({"maturity": "NaT"}, "E-V011"),
        ({"start": "2031-12-20"}, "E-V011"),
        ({"start": "NaT"}, "E-V011"),
        ({"notional": 0.0}, "E-V013"),
        ({"hazard": clo.HazardCurve.flat("2026-11-19", 0.01)}, "E-V014"),
        ({"premium": [0.01, 0.02], "recovery": [0.1, 0.2, 0.3]}, "E-V015"),
        ({"conventions": CdsConventions(months=0)}, "E-V016"),
        ({"conventions": CdsConventions(day_count="ACT/366")}, "E-V016"),
        ({"conventions": CdsConventions(paid="never")}, "E-V016"),
    ],
)
def test_a_swap_that_cannot_be_valued(given, code):
    with pytest.raises(clo.ValuationError) as caught:
        worth(**given)
    assert [finding.code for finding in caught.value.findings] == [code]


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(clo.ValuationError) as caught:
        worth(-0.01, "2020-01-01", recovery=2.0, notional=-1.0)
    assert [finding.code for finding in caught.value.findings] == ["E-V012", "E-V010", "E-V013", "E-V011"]
