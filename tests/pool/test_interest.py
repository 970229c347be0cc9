"""Rates that change: indices, resets and their limits, and what is refused or doubted about them."""

import numpy as np
import pytest
from contract_frames import CUTOFF, ENDS, FLOATING, PLAIN, codes, read, tape

from clo.curves import Curve, Curves
from clo.pool.columns import Columns
from clo.pool.contracts import read_contracts
from clo.pool.interest import index_paths, reset_path
from clo.pool.rate_checks import rate_findings
from clo.pool.summing import contractual_sums
from clo.reference import CAPITAL_SOURCE, capital_rates
from clo.timeline import as_days

CAPITAL = PLAIN | {
    "rate_type": "performance", "amortisation_type": "bullet", "rate_index": "JFC_CAPITAL_NEW", "rate_index_tenor": "10Y",
    "current_rate": 0.004,
}  # fmt: skip


def curve(name="TIBOR_3M", points=(("2020-01-31", 0.01), ("2026-08-31", 0.02)), **options):
    return Curve(name, as_days([date for date, _ in points]), np.array([rate for _, rate in points]), **options)


FLAT = Curves([curve(extrapolation="flat")])


def paths(indices, curves=FLAT, **options):
    return index_paths(indices, curves, ENDS, CUTOFF, **options)


def only(findings):
    (finding,) = findings
    return finding


# what a loan follows ---------------------------------------------------------------------------------------------------


def test_each_loan_follows_its_index():
    prime = FLOATING | {"rate_index": "SHORT_PRIME", "rate_index_tenor": None}
    loans, findings = read(PLAIN, FLOATING, prime, CAPITAL, FLOATING | {"next_reset_date": "2026-09-10"})
    assert not findings
    names = np.array([*loans.indices, "fixed"])[loans.index]
    assert list(names) == ["fixed", "TIBOR_3M", "SHORT_PRIME", "JFC_CAPITAL_NEW_10Y", "TIBOR_3M"]
    own = dict(
        zip(
            names[1:], zip(loans.terms["first_reset"], loans.terms["reset_step"], loans.terms["margin"], strict=True), strict=True
        )
    )
    assert own["SHORT_PRIME"] == (3, 3, 0.01)
    assert own["JFC_CAPITAL_NEW_10Y"] == (2, 12, 0.0)  # made on 20 May
    last = dict(zip(loans.indices, loans.resets[:, 1], strict=True))
    assert last == {"TIBOR_3M": 21, "SHORT_PRIME": 21, "JFC_CAPITAL_NEW_10Y": 14}


def test_a_loan_bears_its_rate_until_the_first_reset_and_its_index_from_the_month_after():
    loans, _ = read(FLOATING | {"amortisation_type": "bullet", "current_rate": 0.012})
    fixings, findings = paths(loans.indices)
    assert not findings
    interest = contractual_sums(loans, 60, index=fixings)[0, 0, 1]
    np.testing.assert_allclose(interest[:8] * 12, [12, 12, 12, 20, 20, 20, 30, 30])  # resets in months 3 (1%) and 6 (2%)


def test_five_years_fixed_at_a_time():
    loans, findings = read(FLOATING | {"rate_reset_months": 60, "maturity_date": "2036-03-31", "amortisation_type": "bullet"})
    assert codes(findings) == ["W-P030"]
    assert loans.resets[0, 1] == 3


def test_a_rate_by_results_is_the_expected_one_from_the_anniversary():
    loans, _ = read(CAPITAL)
    fixings, findings = paths(loans.indices, performance=(0.2, 0.5, 0.3))
    assert not findings
    expected = 0.2 * 0.051 + 0.5 * 0.0385 + 0.3 * 0.004
    interest = contractual_sums(loans, 60, index=fixings)[0, 0, 1] * 12 / 1000
    np.testing.assert_allclose(interest[:24], [0.004] * 2 + [expected] * 22)


def test_the_published_rates_fall_with_results():
    assert len(capital_rates()) == 8
    assert all(high > middle > low == 0.004 for high, middle, low in capital_rates().values())
    assert capital_rates()["JFC_CAPITAL_REVIVAL_5Y1M"] == (0.057, 0.0405, 0.004)
    assert "挑戦支援資本強化特例制度" in CAPITAL_SOURCE


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("E-P050", {"rate_index": None, "rate_index_tenor": None}),
        ("E-P051", {"rate_margin": None}),
        ("E-P052", {"rate_reset_months": None}),
        ("E-P052", {"rate_reset_months": 0}),
        ("E-P052", {"next_reset_date": None}),
        ("E-P053", {"next_reset_date": "2026-03-31"}),
        ("W-P054", {"next_reset_date": "2028-06-30"}),
        ("E-P055", {"rate_cap": 0.01, "rate_floor": 0.02}),
        ("E-P055", {"rate_floor": -0.01}),
        ("E-P055", {"rate_first_cap": -0.01}),
        ("E-P055", {"rate_periodic_cap": -0.01}),
    ],
)
def test_what_a_floating_loan_lacks_is_named(code, change):
    finding = only(read(FLOATING, FLOATING | change)[1])
    assert (finding.code, finding.who) == (code, "2")


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("E-P060", {"rate_index_tenor": "12Y"}),
        ("E-P060", {"rate_index": None}),
        ("E-P061", {"amortisation_type": "equal_principal"}),
        ("E-P077", {"origination_date": None}),
    ],
)
def test_what_a_capital_loan_lacks_is_named(code, change):
    finding = only(read(CAPITAL, CAPITAL | change)[1])
    assert (finding.code, finding.who) == (code, "2")


# fixings ---------------------------------------------------------------------------------------------------------------


def test_fixings_are_shifted_after_the_cutoff():
    fixings, _ = paths(("TIBOR_3M",), shift=0.005)
    np.testing.assert_allclose(fixings[0, [0, 1, 4, 5, 60]], [0.01, 0.015, 0.015, 0.025, 0.025])
    np.testing.assert_array_equal(paths(("TIBOR_3M",), shift={"TIBOR_3M": 0.005})[0], fixings)
    np.testing.assert_array_equal(paths(("TIBOR_3M",), shift={"TONA": 0.005})[0], paths(("TIBOR_3M",))[0])


def test_a_missing_curve_suggests_the_nearest():
    finding = only(paths(("TIBOR_6M",))[1])
    assert finding.code == "E-P057"
    assert "TIBOR_3M" in finding.fix


def test_a_curve_need_only_cover_the_resets():
    short = Curves([curve()])
    assert paths(("TIBOR_3M",), short, needed=[(1, 5)])[1] == []
    finding = only(paths(("TIBOR_3M",), short, needed=[(1, 9)])[1])
    assert finding.code == "E-P058"
    assert "needed on 2026-09-30" in finding.message
    assert "2026-08-31" in finding.message
    assert codes(paths(("TIBOR_3M",), short)[1]) == ["E-P058"]


def test_rates_by_results_need_the_shares():
    assert codes(paths(("JFC_CAPITAL_NEW_7Y",))[1]) == ["E-P062"]


# a path of resets ------------------------------------------------------------------------------------------------------


def test_limits_of_a_change_hold_both_ways():
    path = reset_path(0.05, 0.01, [0.01, 0.01, 0.09], first_cap=0.015, periodic_cap=0.02)
    np.testing.assert_allclose(path, [0.05, 0.035, 0.02, 0.04])
    path = reset_path(0.05, 0.01, [0.01, 0.01, 0.09], first_cap=0.015, periodic_cap=0.02, limit_falls=False)
    np.testing.assert_allclose(path, [0.05, 0.02, 0.02, 0.04])


def test_life_cap_and_floor_come_last():
    np.testing.assert_allclose(reset_path(0.05, 0.0, [0.2, -0.1], first_cap=0.01, cap=0.055), [0.05, 0.055, -0.1])
    np.testing.assert_allclose(reset_path(0.05, 0.0, [-0.1], first_cap=0.01, floor=0.045), [0.05, 0.045])
    np.testing.assert_allclose(reset_path(0.05, 0.0, [0.0199, 0.02], round_down_to=0.005), [0.05, 0.015, 0.02])


# rates and their curves ------------------------------------------------------------------------------------------------


def found(row, curves, **options):
    loans = tape(PLAIN, row)
    contracts, _ = read_contracts(loans, ENDS, CUTOFF)
    fixings, _ = index_paths(contracts.indices, curves, ENDS, CUTOFF, **options)
    return rate_findings(Columns.of(loans).with_balance(), contracts, curves, fixings, CUTOFF)


def test_a_rate_below_zero_needs_a_floor():
    finding = only(found(FLOATING, FLAT, shift=-0.03))
    assert (finding.code, finding.who) == ("E-P056", "2")
    assert not found(FLOATING, FLAT, shift=-0.019)
    assert not found(FLOATING | {"rate_floor": 0.0}, FLAT, shift=-0.03)
    assert not found(FLOATING | {"rate_first_cap": 0.0, "rate_periodic_cap": 0.0}, FLAT, shift=-0.03)
    assert not found(FLOATING | {"maturity_date": "2026-06-30"}, FLAT, shift=-0.03)  # repaid before its first reset


def test_a_rate_out_of_line_with_its_index_is_doubted():
    assert not found(FLOATING, FLAT)
    finding = only(found(FLOATING | {"current_rate": 0.0202}, FLAT))
    assert (finding.code, finding.who) == ("W-P059", "2")
    assert "2.0200% instead of 2.0000%" in finding.message
    assert not found(FLOATING | {"current_rate": 0.0201}, FLAT)
    assert not found(FLOATING | {"current_rate": 0.03, "rate_floor": 0.03}, FLAT)
    assert not found(FLOATING | {"current_rate": 0.05, "rate_periodic_cap": 0.01}, FLAT)  # depends on the rate before
    assert not found(FLOATING | {"current_rate": 0.05, "rate_type": "fixed_then_floating"}, FLAT)
    young = Curves([curve(points=(("2026-04-30", 0.01),), extrapolation="flat")])
    assert not found(FLOATING | {"current_rate": 0.05}, young)  # the curve does not reach back


def test_the_index_at_the_last_reset_is_that_of_the_end_of_its_month():
    curves = Curves([curve(points=(("2025-12-31", 0.005), ("2026-02-28", 0.007)), extrapolation="flat")])
    next_in_april = FLOATING | {"next_reset_date": "2026-04-30", "current_rate": 0.015}  # the last one in January
    assert not found(next_in_april, curves)
    assert codes(found(next_in_april | {"current_rate": 0.017}, curves)) == ["W-P059"]
