"""The slow reading of what borrowers do is itself held to examples worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from laws.small import CUTOFF, loan
from oracle_hazards import hazard, prepaid
from oracle_loans import CALM, Market
from oracle_pool import collected, pool_flows

Q10 = 1 - 0.9**12
"""The annual rate whose monthly rate is 10 %."""
S50 = 1 - 0.5**12
BULLET = loan(1000, "bullet", "2020-06-30")
QUARTERLY = {"principal_frequency": "quarterly", "interest_frequency": "quarterly"}
TWELFTHS = [1.0 - 0.5 * month / 12.0 for month in range(1, 13)]


def table(rows: Any, scenario: dict[str, Any], months: int = 3, **more: Any) -> tuple[dict[str, list[float]], float]:
    """Columns of the flows of one loan or of several, and what is recovered too late."""
    flows, lost = pool_flows(rows if isinstance(rows, list) else [rows], CUTOFF, months, scenario, **more)
    return {column: [flow[column] for flow in flows] for column in flows[0]}, lost


def holds(found: dict[str, list[float]], **expected: list[float]) -> None:
    for column, values in expected.items():
        assert found[column] == pytest.approx(values, abs=1e-9), column


# a month


def test_default_prepayment_and_lagged_recovery() -> None:
    found, lost = table(BULLET, {"cdr": Q10, "cpr": S50, "recovery": 0.4, "recovery_lag": 1})
    holds(
        found,
        opening=[1000, 450, 202.5],
        default=[100, 45, 20.25],
        interest=[9, 4.05, 1.8225],
        scheduled_principal=[0, 0, 182.25],
        prepayment=[450, 202.5, 0],
        recovery=[0, 40, 18],
        closing=[450, 202.5, 0],
    )
    assert lost == pytest.approx(8.1)


def test_prepayment_before_interest_and_principal() -> None:
    row = loan(900, "equal_principal", "2020-06-30")
    found, _ = table(row, {"cdr": Q10, "smm": 0.5, "order": "prepayment_first"})
    # 810 survive, 405 prepay, interest and a third are due on the other 405
    holds(found, default=[90, 27, 6.075], prepayment=[405, 121.5, 27.3375], interest=[4.05, 1.215, 0.273375])
    holds(found, scheduled_principal=[135, 60.75, 27.3375], closing=[270, 60.75, 0])


def test_who_leaves_pays_the_interest_owed_so_far() -> None:
    row = loan(1000, "bullet", "2020-06-30", **QUARTERLY)
    holds(table(row, {"smm": 0.5})[0], interest=[5, 5, 7.5], prepayment=[500, 250, 0])
    holds(table(row, {"smm": 0.5, "order": "prepayment_first"})[0], interest=[0, 2.5, 2.5 + 3.75], prepayment=[500, 250, 125])
    holds(table(row, {"cdr": Q10})[0], interest=[0, 0, 0.729 * 30])
    bought = {"repurchase": {"rate": Q10, "substitution": 0.5}}
    # a tenth is bought back, half of it replaced: 5 % leave and bring 10 a thousand and month; the replaced still owe theirs
    holds(table(row, bought)[0], repurchase=[100, 95, 0], substitution=[50, 47.5, 0], interest=[0.5, 0.95, 0.9025 * 30])


def test_a_revolving_line_is_drawn_before_it_defaults() -> None:
    row = loan(1000, "revolving", "2020-06-30", credit_limit=1400)
    found, _ = table(row, {"cdr": Q10, "drawn_at_default": 0.75, "recovery": 0.5})
    holds(found, drawing=[30, 27, 24.3], default=[130, 117, 105.3], recovery=[65, 58.5, 52.65], closing=[900, 810, 0])


# defaults


def test_annual_rates_by_month() -> None:
    holds(table(BULLET, {"cdr": (0.0, Q10)})[0], default=[0, 100, 90])


def test_defaults_of_the_tape() -> None:
    scenario = {"defaults": "tape", "cpr": S50, "recovery": "tape", "recovery_lag": 1}
    defaulted = loan(1000, "equal_principal", "2020-07-31", default_date="2020-05-10", allocated_loss=700)
    holds(table(defaulted, scenario)[0], default=[0, 750, 0], prepayment=[0, 0, 0], interest=[10, 0, 0], recovery=[0, 0, 50])
    good = loan(1000, "bullet", "2020-06-30", default_date=None)
    holds(table(good, scenario)[0], prepayment=[500, 250, 0])
    late = loan(1000, "equal_principal", "2020-04-30", default_date=date(2020, 9, 1), allocated_loss=2000)
    holds(table(late, scenario)[0], default=[1000, 0, 0], recovery=[0, 0, 0])


def hazards(model: dict[str, Any], *months: int, **row: Any) -> list[float]:
    return [hazard(model, loan(1, "bullet", "2020-06-30", **row), CUTOFF, month) for month in months]


def test_a_cumulative_curve_of_loans() -> None:
    front = {"defaults": {"cumulative": 0.36, "timing": "front", "years": 2}}
    # years 2/3 and 1/3 of 36 %: 2 % of all loans a month, then 1 %
    assert hazards(front, 1, 2, 12, 13, 24, 25) == pytest.approx([0.02, 0.02 / 0.98, 0.02 / 0.78, 0.01 / 0.76, 0.01 / 0.65, 0])
    back = {"defaults": {"cumulative": 0.36, "timing": "back", "years": 2}}
    assert hazards(back, 1, 13) == pytest.approx([0.01, 0.02 / 0.88])
    even = {"defaults": {"cumulative": 0.6, "timing": "even"}}  # five years
    assert hazards(even, 1, 60, 61) == pytest.approx([0.01, 0.01 / 0.41, 0])
    shares = {"defaults": {"cumulative": 0.12, "timing": [0.5, 0.0, 0.5]}}
    assert hazards(shares, 1, 13, 25) == pytest.approx([0.005, 0, 0.005 / 0.94])


def test_a_cumulative_amount_of_the_balance() -> None:
    rows = [loan(900, "equal_principal", "2020-06-30"), loan(300, "bullet", "2020-05-31")]
    found, _ = table(rows, {"defaults": {"cumulative": 0.6, "timing": [1.0], "of": "balance"}})
    # 60 of 1,200 a month: 5 % of what is left, then 60 of 570 + 285, then of 570 x 795/855 / 2 = 265
    holds(found, default=[60, 60, 60], opening=[1200, 855, 265])
    much, _ = table(rows, {"defaults": {"cumulative": 1.0, "timing": [1.0], "of": "balance"}, "smm": 0.9})
    assert much["default"][2] == pytest.approx(much["opening"][2])
    assert much["opening"][2] < 100


def test_pds_and_term_structures() -> None:
    assert hazards({"defaults": {"pd": "tape"}}, 1, 99, pd_1y=Q10) == pytest.approx([0.1, 0.1])
    by = {"by": "internal_rating", "curves": {"A": [0.1, 0.19], "B": Q10}}
    a = 1 - 0.9 ** (1 / 12)
    assert hazards({"defaults": by}, 1, 12, 13, 24, 25, internal_rating="A") == pytest.approx([a] * 5)
    assert hazards({"defaults": by | {"other": 0.19}}, 1, internal_rating="C") == pytest.approx([1 - 0.81 ** (1 / 12)])
    assert hazards({"defaults": by}, 40, internal_rating="B") == pytest.approx([0.1])
    with pytest.raises(ValueError, match="not among"):
        hazards({"defaults": by}, 1, internal_rating="C")
    by_month = {"by": "internal_rating", "curves": {"A": [0.1, 0.28]}, "every": "month"}
    assert hazards({"defaults": by_month}, 1, 2, 3, internal_rating="A") == pytest.approx([0.1, 0.2, 0.15])
    uneven = {"by": "internal_rating", "curves": {"A": [0.0, 0.19]}, "since": "origination"}
    # seven calendar months old: month 5 is the twelfth of its life, month 6 the first of its second year
    made = {"internal_rating": "A", "origination_date": "2019-08-30"}
    assert hazards({"defaults": uneven}, 5, 6, **made) == pytest.approx([0, 1 - 0.81 ** (1 / 12)])


def test_survival_by_month() -> None:
    assert hazards({"defaults": {"survival": [0.9, 0.72]}}, 1, 2, 3) == pytest.approx([0.1, 0.2, 0.15])
    # half die over a year, then its mean hazard holds on
    mean = sum(1 / (24 - month) for month in range(12)) / 12
    assert hazards({"defaults": {"survival": [1.0, *TWELFTHS]}}, 14, 40) == pytest.approx([mean, mean])
    made = {"origination_date": "2020-03-01"}
    assert hazards({"defaults": {"survival": [0.9, 0.72], "since": "origination"}}, 1, **made) == pytest.approx([0.1])


def test_hazards_scaled_by_a_column_or_by_vintage() -> None:
    sector = {"by": "industry_code", "factors": {"41": 2}, "other": 1}
    assert hazards({"cdr": Q10, "default_scale": sector}, 1, industry_code="41") == pytest.approx([0.19])
    assert hazards({"cdr": Q10, "default_scale": sector}, 1, industry_code="42") == pytest.approx([0.1])
    vintage = {"by": "vintage", "factors": {"2019": 0.5}}
    half = hazards({"cdr": Q10, "default_scale": vintage}, 1, origination_date="2019-12-31")
    assert half == pytest.approx([1 - 0.9**0.5])


# arrears


def test_a_lag_between_the_last_payment_and_the_default() -> None:
    row = loan(1000, "revolving", "2020-06-30", credit_limit=1100)
    scenario = {"cdr": Q10, "arrears": {"lag": 2}, "recovery": 0.5, "drawn_at_default": 1.0}
    found, lost = table(row, scenario, 4)
    holds(found, opening=[1000, 1000, 1000, 171], arrears=[100, 190, 171, 81], interest=[9, 8.1, 7.29, 0])
    holds(found, default=[0, 0, 110, 99], drawing=[0, 0, 10, 9], recovery=[0, 0, 55, 49.5], closing=[1000, 1000, 171, 81])
    assert lost == 0.0


BEHIND = {
    "current": {"current": 0.5, "1-29": 0.5},
    "1-29": {"current": 0.25, "1-29": 0.25, "30-59": 0.5},
    "30-59": {"default": 1.0},
}


def rolls(row: dict[str, Any], months: int, **scenario: Any) -> dict[str, list[float]]:
    return table(row, {"arrears": {"roll_rates": BEHIND}} | scenario, months)[0]


def test_roll_rates() -> None:
    found = rolls(loan(900, "equal_principal", "2020-06-30"), 3)
    # April: half pays 300 + 9, half falls behind.
    # May: half of the current half pays 300 + 6; of those behind a quarter pays 600 + 15, a quarter April's 300 + 9.
    # June: 3/8 are current or cured and half of them pays 300 + 3; 3/8 are one behind, of which a quarter pays 600 + 9 and
    # a quarter 300 + 6; the quarter that is two behind defaults with all its 900.
    holds(found, opening=[900, 750, 562.5], default=[0, 0, 225])
    holds(found, scheduled_principal=[150, 75 + 75 + 37.5, 56.25 + 56.25 + 28.125])
    holds(found, interest=[4.5, 1.5 + 1.875 + 1.125, 0.5625 + 0.84375 + 0.5625])
    holds(found, arrears=[450, 225 + 225, 56.25 + 28.125 + 112.5])


def test_in_the_worst_state_a_loan_falls_further_behind_every_month() -> None:
    stay = {"current": {"current": 1.0}, "180+": {"180+": 0.5, "150-179": 0.25, "current": 0.25}, "150-179": {"150-179": 1.0}}
    row = loan(1200, "equal_principal", "2021-03-31", days_in_arrears=400)
    found, _ = table(row, {"arrears": {"roll_rates": stay}}, 8)
    # 7 behind: nothing was due that long ago. A quarter pays up to month t: 100; then 8 behind and 200 ...
    assert found["scheduled_principal"][:2] == pytest.approx([25, 25 + 0.5 * 0.25 * 200])
    # the quarter now 6 behind pays instalment t - 6, so the first in month 7
    quarter = 0.25 * (1 + 0.5 + 0.25 + 0.125 + 0.0625 + 0.03125)
    current = 100 * 0.25 * sum(0.5**month for month in range(6)) + 0.25 * 0.5**6 * 700
    assert found["scheduled_principal"][6] == pytest.approx(100 * (quarter + 0.25 * 0.5**6) + current)


def test_cured_loans_have_a_row_of_their_own() -> None:
    rates = {"current": {"current": 1.0}, "1-29": {"current": 1.0}, "cured": {"current": 0.9, "default": 0.1}}
    row = loan(1000, "bullet", "2020-07-31", days_in_arrears=10)
    found, _ = table(row, {"arrears": {"roll_rates": rates}}, 4)
    holds(found, default=[0, 100, 90, 81], scheduled_principal=[0, 0, 0, 729])
    clean, _ = table(row | {"days_in_arrears": 0}, {"arrears": {"roll_rates": rates}}, 4)
    assert sum(clean["default"]) == 0.0


def test_only_current_and_cured_loans_prepay() -> None:
    found = rolls(loan(1000, "bullet", "2020-07-31"), 1, smm=0.5)
    holds(found, prepayment=[250], arrears=[500], closing=[750])


# recovery


def test_set_off_comes_first() -> None:
    row = BULLET | {"deposit_setoff": 300}
    scenario = {"cdr": Q10, "recovery": 0.5, "recovery_lag": 1}
    recovered, lost = table(row, scenario | {"setoff": "recovered"})
    holds(recovered, setoff=[30, 27, 24.3], recovery=[30, 27 + 35, 24.3 + 31.5])
    assert lost == pytest.approx(0.5 * 0.7 * 81)
    gone, _ = table(row, scenario | {"setoff": "lost"})
    holds(gone, setoff=[30, 27, 24.3], recovery=[0, 35, 31.5])
    covered, _ = table(BULLET | {"deposit_setoff": 5000}, scenario | {"setoff": "recovered"})
    holds(covered, recovery=[100, 90, 81])


def test_recovery_over_time_and_at_a_cost() -> None:
    scenario = {"cdr": (Q10, 0), "recovery": 0.5, "recovery_lag": 1, "recovery_timing": [0.5, 0.3], "recovery_cost": 0.1}
    found, lost = table(BULLET, scenario, 2)
    holds(found, recovery=[0, 22.5], recovery_cost=[0, 2.5])
    assert lost == pytest.approx(13.5)


def test_recovery_of_each_loan() -> None:
    holds(table(BULLET | {"lgd": 0.2}, {"cdr": Q10, "recovery": "lgd"})[0], recovery=[80, 72, 64.8])
    by = {"by": "secured_flag", "rates": {"Y": 0.6}, "other": 0.2}
    holds(table(BULLET | {"secured_flag": "Y"}, {"cdr": Q10, "recovery": by})[0], recovery=[60, 54, 48.6])
    holds(table(BULLET | {"secured_flag": None}, {"cdr": Q10, "recovery": by})[0], recovery=[20, 18, 16.2])


# prepayment


def test_a_ramp_by_the_age_of_the_loan() -> None:
    psa = {"prepayment_ramp": {"to": 0.06, "months": 30, "speed": 1.65}}
    row = loan(1, "bullet", "2030-03-31", origination_date="2019-12-15")  # three months old
    cprs = [1 - (1 - prepaid(psa, row, CUTOFF, month, CALM)) ** 12 for month in (1, 26, 27, 90)]
    assert cprs == pytest.approx([1.65 * 0.06 * 4 / 30, 1.65 * 0.06 * 29 / 30, 1.65 * 0.06, 1.65 * 0.06])


def test_prepayment_follows_the_index() -> None:
    market = Market({"TONA": [(date(2020, 1, 1), 0.01), (date(2020, 5, 1), 0.03), (date(2020, 6, 1), 0.0)]})
    row = loan(1, "bullet", "2030-03-31", rate_type="floating", rate_index="TONA")
    terms = {"cpr": 0.1, "prepayment_incentive": {"sensitivity": 20}}
    cprs = [1 - (1 - prepaid(terms, row, CUTOFF, month, market)) ** 12 for month in (1, 2, 3)]
    assert cprs == pytest.approx([0.1, 0.14, 0.08])
    assert prepaid(terms, row | {"rate_type": "fixed"}, CUTOFF, 2, market) == pytest.approx(1 - 0.9 ** (1 / 12))
    assert prepaid(terms | {"prepayment_incentive": {"sensitivity": 101}}, row, CUTOFF, 3, market) == 0.0
    with pytest.raises(ValueError, match="would prepay"):
        prepaid({"cpr": 0.8, "prepayment_incentive": {"sensitivity": 20}}, row, CUTOFF, 2, market)


def test_a_fee_by_the_year_of_the_age() -> None:
    row = BULLET | {"origination_date": "2018-05-10"}  # 22 months old: April is its 23rd, June its 25th
    scenario = {"smm": 0.5, "prepayment_fee": [0.03, 0.02]}
    holds(table(row | {"maturity_date": "2020-07-31"}, scenario)[0], prepayment=[500, 250, 125], prepayment_fee=[10, 5, 0])
    holds(table(BULLET, {"smm": 0.5, "prepayment_fee": 0.01})[0], prepayment_fee=[5, 2.5, 0])


# changes


def test_new_terms_for_a_share_of_loans() -> None:
    row = loan(900, "equal_principal", "2020-06-30")
    change = {"share": 0.4, "month": 2, "extension": 2, "rate_cut": 0.06, "default_multiplier": 2}
    found, _ = table(row, {"restructuring": change, "cdr": (0, Q10)}, 5)
    # at the start of May 600 are left: 240 with new terms lose 19 % a month and repay a quarter, 360 lose 10 % and repay half
    holds(found, restructured=[0, 240, 0, 0, 0], default=[0, 36 + 45.6, 16.2 + 0.19 * 145.8, 0.19 * 78.732, 0.19 * 31.88646])
    holds(found, scheduled_principal=[300, 162 + 48.6, 145.8 + 39.366, 31.88646, 31.88646 * 0.81])
    holds(found, interest=[9, 3.24 + 0.972, 1.458 + 0.59049, 0.3188646, 0.1291401630])


def test_new_terms_at_a_rate_only_once_a_loan() -> None:
    found, _ = table(BULLET, {"restructuring": {"rate": S50, "extension": 1}}, 4)
    holds(found, restructured=[500, 250, 125, 0], scheduled_principal=[0, 0, 125, 875])


def test_all_of_some_loans_bought_back() -> None:
    rows = [BULLET | {"x_kind": "bad"}, BULLET | {"x_kind": "good"}]
    found, _ = table(rows, {"repurchase": {"where": "x_kind == 'bad'", "month": 2, "substitution": 0.25}})
    holds(found, repurchase=[0, 1000, 0], substitution=[0, 250, 0], scheduled_principal=[0, 0, 1250])
    some, _ = table(BULLET, {"repurchase": {"rate": Q10, "months": 1}})
    holds(some, repurchase=[100, 0, 0], closing=[900, 900, 0])


def test_what_is_lost_with_the_servicer() -> None:
    scenario = {"servicer_failure": {"month": 2, "months": 2, "share": 0.5}, "smm": 0.5, "prepayment_fee": 0.1}
    found, _ = table(BULLET, scenario)
    holds(found, commingling_loss=[280, 140, 0], interest=[10, 5, 2.5], prepayment=[500, 250, 0])
    flows, _ = pool_flows([BULLET], CUTOFF, 3, scenario | {"repurchase": {"rate": Q10, "substitution": 0.5}})
    # 100 bought back for 50 in cash, of the 950 left half prepays, with a tenth of that as fee
    first = collected(flows[0])
    assert first == pytest.approx(
        {"interest": (10 + 47.5) / 2, "scheduled_principal": 0, "prepayment": (475 + 50) / 2, "recovery": 0, "default": 0}
    )
