"""The slow reading of a contract is itself held to examples worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from laws.small import CUTOFF, loan
from oracle_loans import Market, Owed, contract, rates, with_new_terms

FIXINGS = {"TIBOR_3M": [(date(2020, 1, 1), 0.01), (date(2020, 5, 1), 0.02), (date(2020, 6, 15), 0.05), (date(2020, 8, 1), 0.00)]}
"""At the month ends: 1 % in April, 2 % in May, 5 % in June and July, 0 % from August on."""
MARKET = Market(FIXINGS)
FLOATING = {"rate_type": "floating", "rate_index": "TIBOR", "rate_index_tenor": "3M", "rate_margin": 0.02}


def principal(months: list[Owed]) -> list[float]:
    return [month.principal for month in months]


def interest(months: list[Owed]) -> list[float]:
    return [month.interest for month in months]


def accrued(months: list[Owed]) -> list[float]:
    return [month.accrued for month in months]


# instalments


def test_monthly_instalments() -> None:
    equal = contract(loan(1200, "equal_principal", "2020-06-30"), CUTOFF)
    assert (principal(equal), interest(equal)) == (pytest.approx([400] * 3), pytest.approx([12, 8, 4]))
    assert equal[-1].closing == 0.0
    bullet = contract(loan(600, "bullet", "2020-05-15"), CUTOFF)
    assert (principal(bullet), interest(bullet)) == ([0, 600], pytest.approx([6, 6]))
    level = contract(loan(1000, "level_payment", "2020-05-31"), CUTOFF)
    # 1000 = x/1.01 + x/1.01^2, so x = 1020.1/2.01
    assert principal(level) == pytest.approx([1020.1 / 2.01 - 10, 1000 - 1020.1 / 2.01 + 10])
    assert interest(level) == pytest.approx([10, (1010 - 1020.1 / 2.01) * 0.01])
    free = contract(loan(900, "level_payment", "2020-06-30", rate=0.0), CUTOFF)
    assert principal(free) == pytest.approx([300] * 3)


def test_an_odd_period_comes_first() -> None:
    quarterly = {"principal_frequency": "quarterly", "interest_frequency": "quarterly"}
    months = contract(loan(900, "equal_principal", "2020-11-30", **quarterly), CUTOFF)
    # months 2, 5 and 8; interest of two months, then of three on 600 and 300
    assert principal(months) == pytest.approx([0, 300, 0, 0, 300, 0, 0, 300])
    assert interest(months) == pytest.approx([0, 18, 0, 0, 18, 0, 0, 9])
    assert accrued(months) == pytest.approx([9, 0, 6, 12, 0, 3, 6, 0])


def test_the_next_payment_date_fixes_the_grid_of_loans_that_pay_both_together() -> None:
    quarterly = {"principal_frequency": "quarterly", "interest_frequency": "quarterly", "next_payment_date": "2020-04-10"}
    months = contract(loan(900, "equal_principal", "2020-08-31", **quarterly), CUTOFF)
    assert principal(months) == pytest.approx([300, 0, 0, 300, 300])  # the last period is a month
    assert interest(months) == pytest.approx([9, 0, 0, 18, 3])
    apart = contract(loan(900, "equal_principal", "2020-08-31", **quarterly | {"interest_frequency": "monthly"}), CUTOFF)
    assert principal(apart) == pytest.approx([0, 450, 0, 0, 450])


def test_principal_and_interest_apart() -> None:
    apart = {"principal_frequency": "quarterly", "interest_frequency": "monthly"}
    months = contract(loan(600, "equal_principal", "2020-09-30", **apart), CUTOFF)
    assert principal(months) == pytest.approx([0, 0, 300, 0, 0, 300])
    assert interest(months) == pytest.approx([6, 6, 6, 3, 3, 3])
    once = {"principal_frequency": "at_maturity", "interest_frequency": "at_maturity"}
    assert interest(contract(loan(100, "bullet", "2020-06-30", **once), CUTOFF)) == pytest.approx([0, 0, 3])
    with pytest.raises(ValueError, match="at maturity alone"):
        contract(loan(100, "equal_principal", "2020-06-30", **once), CUTOFF)


def test_grace_and_balloon() -> None:
    grace = contract(loan(600, "equal_principal", "2020-08-31", grace_end_date="2020-05-31", balloon_amount=300), CUTOFF)
    assert principal(grace) == pytest.approx([0, 0, 100, 100, 400])
    assert interest(grace) == pytest.approx([6, 6, 6, 5, 4])
    level = contract(loan(1000, "level_payment", "2020-06-30", grace_end_date="2020-04-30", balloon_amount=201), CUTOFF)
    # 1000 = x/1.01 + x/1.01^2 + 201/1.01^2, so x = (1020.1 - 201)/2.01
    level_sum = (1020.1 - 201) / 2.01
    assert principal(level) == pytest.approx([0, level_sum - 10, 1000 - level_sum + 10])


def test_a_level_payment_over_unequal_months_is_exact() -> None:
    months = contract(loan(36_500, "level_payment", "2020-05-31", rate=0.1, day_count="ACT/365F"), CUTOFF)
    # interest 36,500 x 10 % x 30/365 = 300, then 31 days: 36,500 = x/(1 + 3/365) + x/((1 + 3/365)(1 + 3.1/365))
    one, two = 1 + 3 / 365, 1 + 3.1 / 365
    level_sum = 36_500 / (1 / one + 1 / (one * two))
    assert months[0].interest == pytest.approx(300)
    assert [month.principal + month.interest for month in months] == pytest.approx([level_sum] * 2)


def test_months_are_equal_under_thirty_day_counts() -> None:
    for day_count in ("30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360"):
        months = contract(loan(600, "bullet", "2020-05-31", day_count=day_count), CUTOFF)
        assert interest(months) == pytest.approx([6, 6])


def test_a_revolving_line_stands_until_maturity() -> None:
    months = contract(loan(600, "revolving", "2020-05-31", credit_limit=1000), CUTOFF)
    assert (principal(months), interest(months)) == ([0, 600], pytest.approx([6, 6]))


def test_a_supplied_schedule() -> None:
    due = [
        {"due_date": "2020-04-15", "principal": 100.0, "interest": None},
        {"due_date": "2020-06-01", "principal": 150.0, "interest": None},
        {"due_date": "2020-06-30", "principal": 350.0, "interest": None},
    ]
    months = contract(loan(600, "schedule", "2020-06-30"), CUTOFF, schedule=due)
    assert (principal(months), interest(months)) == ([100, 0, 500], pytest.approx([6, 5, 5]))
    said = [due[0] | {"interest": 1.5}, due[1] | {"interest": None}, due[2] | {"interest": 7.0}]
    assert interest(contract(loan(600, "schedule", "2020-06-30"), CUTOFF, schedule=said)) == [1.5, 0, 7.0]


# rates


def floating(**more: Any) -> list[float]:
    row = loan(600, "bullet", "2020-09-30", rate=0.03, **FLOATING, next_reset_date="2020-04-20", rate_reset_months=1, **more)
    return rates(row, CUTOFF, 6, MARKET)[1:]


def test_a_reset_takes_the_index_at_the_end_of_its_month() -> None:
    assert floating() == pytest.approx([0.03, 0.03, 0.04, 0.07, 0.07, 0.02])
    two_monthly = loan(600, "bullet", "2020-09-30", 0.03, **FLOATING, next_reset_date="2020-05-31", rate_reset_months=2)
    assert rates(two_monthly, CUTOFF, 6, MARKET)[1:] == pytest.approx([0.03, 0.03, 0.04, 0.04, 0.07, 0.07])


def test_caps_and_floors() -> None:
    assert floating(rate_cap=0.06, rate_floor=0.025) == pytest.approx([0.03, 0.03, 0.04, 0.06, 0.06, 0.025])
    assert floating(rate_periodic_cap=0.02) == pytest.approx([0.03, 0.03, 0.04, 0.06, 0.07, 0.05])
    assert floating(rate_first_cap=0.0, rate_periodic_cap=0.005) == pytest.approx([0.03, 0.03, 0.035, 0.04, 0.045, 0.04])
    below_zero = FLOATING | {"rate_margin": -0.015, "next_reset_date": "2020-04-20", "rate_reset_months": 1}
    with pytest.raises(ValueError, match="negative rate"):
        rates(loan(600, "bullet", "2020-09-30", 0.03, **below_zero), CUTOFF, 6, MARKET)


def test_a_shift_moves_fixings_after_the_cut_off() -> None:
    assert MARKET.index("TIBOR_3M", CUTOFF, CUTOFF) == 0.01
    for shift in (0.01, {"TIBOR_3M": 0.01}):
        shifted = Market(FIXINGS, shift)
        assert shifted.index("TIBOR_3M", CUTOFF, CUTOFF) == 0.01
        assert shifted.index("TIBOR_3M", date(2020, 5, 31), CUTOFF) == 0.03
    assert Market(FIXINGS, {"TONA": 0.01}).index("TIBOR_3M", date(2020, 5, 31), CUTOFF) == 0.02
    with pytest.raises(ValueError, match="no fixing"):
        MARKET.index("TIBOR_3M", date(2019, 12, 31), CUTOFF)


def test_a_level_payment_is_levelled_anew_at_every_reset() -> None:
    row = loan(1000, "level_payment", "2020-06-30", 0.12, **FLOATING, next_reset_date="2020-04-30", rate_reset_months=12)
    months = contract(row, CUTOFF, MARKET)
    # 12 % in April: 1000 = x (1/1.01 + 1/1.01^2 + 1/1.01^3); then 3 %, 0.25 % a month, over two months
    first = 1000 / (1 / 1.01 + 1 / 1.01**2 + 1 / 1.01**3)
    left = 1010 - first
    assert [month.principal + month.interest for month in months] == pytest.approx(
        [first, left / (1 / 1.0025 + 1 / 1.0025**2), left / (1 / 1.0025 + 1 / 1.0025**2)]
    )


def test_interest_owed_at_a_reset_comes_on_top_of_the_new_level() -> None:
    quarterly = {"principal_frequency": "quarterly", "interest_frequency": "quarterly"}
    row = loan(1000, "level_payment", "2020-09-30", 0.12, **FLOATING, **quarterly)
    months = contract(row | {"next_reset_date": "2020-05-31", "rate_reset_months": 12}, CUTOFF, MARKET)
    # two months at 12 % are 20; from June 4 %: a month at 1/300, then a quarter at 1/100
    level_sum = 1000 / (1 / (1 + 1 / 300) + 1 / (1 + 1 / 300) / 1.01)
    assert months[2].interest == pytest.approx(20 + 1000 / 300)
    assert months[2].principal == pytest.approx(level_sum - 1000 / 300)
    assert months[5].principal + months[5].interest == pytest.approx(level_sum)


def test_a_loan_by_performance() -> None:
    row = loan(1200, "bullet", "2020-08-31", 0.004, rate_type="performance", origination_date="2018-05-20")
    row |= {"rate_index": "JFC_CAPITAL_NEW", "rate_index_tenor": "5Y1M"}
    months = contract(row, CUTOFF, Market({}, performance=(0.2, 0.5, 0.3)))
    expected = 0.2 * 0.0425 + 0.5 * 0.0320 + 0.3 * 0.0040  # 2.57 % from June on
    assert interest(months) == pytest.approx([0.4, 0.4, 100 * expected, 100 * expected, 100 * expected])
    with pytest.raises(ValueError, match="does not say how borrowers perform"):
        contract(row, CUTOFF)


# new terms


def test_new_terms() -> None:
    row = loan(900, "equal_principal", "2020-06-30", balloon_amount=0)
    old = contract(row, CUTOFF)
    new = with_new_terms(old, 2, row, CUTOFF, 2, 0.06, MARKET, ())
    assert principal(new) == pytest.approx([300, 150, 150, 150, 150])
    assert interest(new) == pytest.approx([9, 3, 2.25, 1.5, 0.75])
    assert interest(with_new_terms(old, 2, row, CUTOFF, 0, 0.5, MARKET, ())) == pytest.approx([9, 0, 0])


def test_new_terms_keep_the_grid_and_the_interest_owed() -> None:
    quarterly = {"principal_frequency": "quarterly", "interest_frequency": "quarterly"}
    row = loan(600, "equal_principal", "2020-09-30", **quarterly)
    new = with_new_terms(contract(row, CUTOFF), 3, row, CUTOFF, 1, 0.06, MARKET, ())
    # due in months 3, 6 and 7: 12 of interest owed at 12 %, 3 a month at 6 %
    assert principal(new) == pytest.approx([0, 0, 200, 0, 0, 200, 200])
    assert interest(new) == pytest.approx([0, 0, 15, 0, 0, 6, 1])


def test_a_schedule_with_new_terms_is_postponed() -> None:
    due = [{"due_date": f"2020-0{month}-30", "principal": 200.0, "interest": None} for month in (4, 5, 6)]
    row = loan(600, "schedule", "2020-06-30")
    new = with_new_terms(contract(row, CUTOFF, schedule=due), 2, row, CUTOFF, 2, 0.06, MARKET, due)
    assert principal(new) == [200, 0, 0, 200, 200]
    assert interest(new) == pytest.approx([6, 2, 2, 2, 1])
    amounts = [each | {"interest": 1.0} for each in due]
    with pytest.raises(ValueError, match="cannot change"):
        with_new_terms(contract(row, CUTOFF, schedule=amounts), 2, row, CUTOFF, 2, 0.0, MARKET, amounts)
