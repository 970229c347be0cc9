"""What the slow reading says is owed, against examples worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from oracle import OracleRun
from oracle_deals import DAYS, LEVEL, a_run, cash, column, held, loan, moved, values

INDEX = {"X": [(date(2020, 1, 1), 0.01), (date(2020, 5, 15), 0.03), (date(2020, 6, 15), 0.09)]}
"""1 %, 3 %, 9 %, 9 % where the four accrual periods begin."""
PAID = {"pay": {"interest": "senior", "from": "cash"}}


def interest(**senior: Any) -> list[float]:
    """Interest due on a senior of 6,000 whose balance does not change: 500 for a rate of 1."""
    run = a_run(PAID, tranches={"senior": {"size": 6_000, **senior}, "junior": {"size": "rest"}}, curves=INDEX, rounding="none")
    assert column(run.tranches, "senior", "interest_paid") == column(run.tranches, "senior", "interest_due")
    return column(run.tranches, "senior", "interest_due")


def unpaid(rounding: str = "down", **senior: Any) -> OracleRun:
    return a_run(tranches={"senior": {"size": 6_000, **senior}, "junior": {"size": "rest"}}, rounding=rounding)


# tranches


def test_coupon_terms() -> None:
    coupon = {"index": "X", "multiplier": 2, "margin": "1%"}
    # 2 x index + 1 %: 3 %, 7 %, 19 %, 19 %
    assert interest(coupon=coupon) == pytest.approx([15, 35, 95, 95])
    assert interest(coupon=coupon | {"floor": "4%", "cap": "10%"}) == pytest.approx([20, 35, 50, 50])
    # the period that begins on 15 June is the third
    assert interest(coupon=coupon | {"step_ups": [{"from": "2020-06-15", "add": "2%"}]}) == pytest.approx([15, 35, 105, 105])
    assert interest(coupon=coupon | {"step_ups": [{"from": "2020-06-16", "add": "2%"}]}) == pytest.approx([15, 35, 95, 105])
    stepped = coupon | {"cap": "20%", "step_ups": [{"from": "2020-06-15", "add": "2%"}, {"from": "2020-05-01", "add": "-1%"}]}
    # 3 %, 6 %, 20 %, 20 %: a cap is a bound on all of it
    assert interest(coupon=stepped) == pytest.approx([15, 30, 100, 100])


def test_a_step_up_sees_triggers_as_the_previous_payment_left_them() -> None:
    coupon = {"margin": "6%", "step_ups": [{"when": "early", "add": "6%"}]}
    run = a_run(
        tranches={"senior": {"size": 6_000, "coupon": coupon}, "junior": {"size": "rest"}},
        triggers={"early": {"when": "payment.number <= 2"}},
    )
    assert held(run, "early") == [True, True, False, False]
    assert column(run.tranches, "senior", "interest_due") == [30, 60, 60, 30]


def test_coupon_by_formula() -> None:
    # an inverse floater: 8 % - 2 x index = 6 %, 2 %, and below 0
    assert interest(coupon="max(0, 8% - 2 * index.X)") == pytest.approx([30, 10, 0, 0])


def test_interest_is_not_kept_from_being_negative_and_nobody_can_be_paid_it() -> None:
    tranches = {"senior": {"size": 6_000, "coupon": "4% - index.X"}, "junior": {"size": "rest"}}
    run = a_run(PAID, tranches=tranches, curves=INDEX)
    # 3 %, 1 %, -5 %, -5 %
    assert column(run.tranches, "senior", "interest_due") == [15, 5, -25, -25]
    assert column(run.tranches, "senior", "interest_unpaid") == [0, 0, -25, -50]
    assert [day for day, _, _ in run.breaches] == DAYS[2:]


def test_interest_on_a_notional() -> None:
    tranches = {"strip": {"size": 0, "coupon": "12%", "notional": "pool.balance"}, "junior": {"size": "rest"}}
    run = a_run({"pay": {"interest": "strip", "from": "cash"}}, tranches=tranches)
    assert column(run.tranches, "strip", "interest_paid") == [75, 50, 25, 0]
    assert column(run.tranches, "junior", "opening") == [10_000] * 4


def test_interest_on_interest() -> None:
    own = unpaid(coupon="12%", interest_on_unpaid="coupon")
    # 1 % a month of 6,000; 6,060; 6,120; 6,181
    assert column(own.tranches, "senior", "interest_due") == [60, 60, 61, 61]
    assert column(own.tranches, "senior", "interest_unpaid") == [60, 120, 181, 242]
    other = unpaid("none", coupon="12%", interest_on_unpaid="60%")
    # 60 + 5 % of 60; then of 123; then of 189.15
    assert column(other.tranches, "senior", "interest_due") == pytest.approx([60, 63, 66.15, 69.4575])
    formula = unpaid("none", coupon="12%", interest_on_unpaid="12% * payment.number")
    # 60 + 2 % of 60; + 3 % of 121.2; + 4 % of 184.836
    assert column(formula.tranches, "senior", "interest_due") == pytest.approx([60, 61.2, 63.636, 67.39344])
    assert column(unpaid(coupon="12%").tranches, "senior", "interest_due") == [60] * 4


def test_interest_of_a_note_with_what_is_unpaid_of_it() -> None:
    run = unpaid(coupon="60%", interest_on_unpaid="coupon", denomination=1_000)
    # 6 notes; 5 % a month of 1,000 = 50; of 1,050 = 52.5; of 1,102 = 55.1; of 1,157 = 57.85
    assert column(run.tranches, "senior", "interest_due") == [300, 312, 330, 342]
    odd = unpaid(coupon="60%", notional="1001 + 0 * senior.size", denomination=1_000)
    assert column(odd.tranches, "senior", "interest_due") == [50] * 4  # 50.05, once: not 8 a note


def test_a_day_count_of_its_own() -> None:
    # 30, 31, 30 and 31 days
    assert interest(coupon="6%", day_count="ACT/360") == pytest.approx([30, 31, 30, 31])


def test_sizes_come_out_of_what_backs_them() -> None:
    run = a_run(backing="pool.initial + 2 * reserve.initial", accounts={"cash": {}, "reserve": {"initial": 500}})
    assert run.sizes == {"senior": 6_000, "junior": 5_000}


# fees


def fee(**terms: Any) -> list[float]:
    return column(a_run(fees={"f": terms}).fees, "f", "due")


def test_fees() -> None:
    # pool.opening 10,000, 7,500, 5,000, 2,500
    tiers = [{"up_to": 4_000, "rate": "12%"}, {"up_to": 8_000, "rate": "6%"}, {"rate": "1.2%"}]
    # a year: 480 + 240 + 24; 480 + 210; 480 + 60; 300
    assert fee(tiers=tiers, on="pool.opening") == [62, 57, 45, 25]
    assert fee(rate="1.2%", on="pool.opening - pool.balance + 500") == [3, 3, 3, 3]
    assert fee(rate="12% * payment.number", on="pool.average") == [87, 125, 112, 50]  # 8,750, 6,250, 3,750, 1,250
    assert fee(rate="12%", on="1000 * pool.initial / pool.initial", day_count="ACT/360") == [10, 10, 10, 10]
    assert fee(amount="10% * pool.interest") == [10, 7, 5, 2]
    assert fee(amount="10% * pool.interest", floor=4, cap="0.8 * 10 * pool.initial / pool.initial") == [8, 7, 5, 4]
    assert fee(amount=3, floor=9, cap=6) == [6] * 4  # the floor first, then the cap
    assert fee() == [0] * 4


def test_what_is_charged_joins_what_is_due() -> None:
    run = a_run(
        {"charge": {"fee": "f", "amount": "5.9"}},
        {"pay": {"fee": "f", "from": "cash", "amount": 12}},
        {"let": {"seen": "cumulative(f.due)"}},
        fees={"f": {"amount": 10}},
    )
    assert column(run.fees, "f", "due") == [15] * 4
    assert column(run.fees, "f", "paid") == [12] * 4
    assert column(run.fees, "f", "unpaid") == [3, 6, 9, 12]
    assert values(run, "seen") == [15, 30, 45, 60]
    assert moved(run, DAYS[0], book=True) == [(2, "f.charge", "f", "f", 5)]


# accounts


def test_accounts_earn() -> None:
    accounts = {
        "cash": {},
        "reserve": {"initial": 1_000, "earns": "12%"},
        "float": {"initial": 500, "earns": "2.4%", "earns_into": "cash", "bank": "post", "day_count": "ACT/360"},
    }
    run = a_run(
        {"let": {"got": "float.earned + reserve.earned"}}, accounts=accounts, fees={"f": {"rate": "12%", "on": "cash.balance"}}
    )
    assert cash(run, "reserve") == [1_010, 1_020, 1_030, 1_040]  # 10, 10.1, 10.2, 10.3
    assert cash(run, "float") == [500] * 4
    assert values(run, "got") == [11] * 4
    assert [row for row in moved(run, DAYS[1]) if row[0] == 0] == [
        (0, "reserve.earned", "deposit_bank", "reserve", 10),
        (0, "float.earned", "post", "cash", 1),
    ]
    # cash holds 0, then 2,601, 5,177, 7,728: what it is credited for the period is not in there yet
    assert column(run.fees, "f", "due") == [0, 26, 51, 77]


def test_a_negative_rate_earns_nothing() -> None:
    run = a_run(accounts={"cash": {}, "reserve": {"initial": 1_200, "earns": "index.X - 2%"}}, curves=INDEX)
    assert cash(run, "reserve") == [1_200, 1_201, 1_208, 1_215]  # -1 %, 1 %, 7 %, 7 % of 1,200, 1,200, 1,201, 1,208
    assert [breach[:2] for breach in run.breaches] == [(DAYS[0], 0)]


# facilities


def facility(**terms: Any) -> OracleRun:
    """4,000 and 3,000 are drawn, then 2,000 are repaid, then all that is left is drawn; costs are paid but for the third."""
    provider = {"limit": 10_000, "rate": "12%", "commitment_fee": "1.2%", "provider": "bank"} | terms
    return a_run(
        {"pay": {"fee": "line", "from": "cash", "if": "payment.number != 3"}},
        {"pay": {"interest": "line", "from": "cash", "if": "payment.number != 3"}},
        {"draw": {"from": "line", "to": "cash", "amount": "schedule.draws + 0.9", "if": "schedule.draws > 0"}},
        {"pay": {"principal": "line", "from": "cash", "amount": 2_000, "if": "payment.number == 3"}},
        {"draw": {"from": "line", "to": "cash", "if": "payment.number == 4"}},
        {"let": {"left": "line.available", "ever": "line.drawn"}},
        facilities={"line": provider},
        schedules={"draws": {"payments": [4_000, 3_000, 0]}},
    )


def test_a_facility_that_is_replenished() -> None:
    run = facility()
    lines = run.facilities
    assert column(lines, "line", "opening") == [0, 4_000, 7_000, 5_000]
    assert column(lines, "line", "drawn") == [4_000, 3_000, 0, 5_000]
    assert column(lines, "line", "repaid") == [0, 0, 2_000, 0]
    assert column(lines, "line", "closing") == [4_000, 7_000, 5_000, 10_000]
    assert column(lines, "line", "available") == [6_000, 3_000, 5_000, 0]
    # 1 % a month of what is drawn, 0.1 % of what is not
    assert column(lines, "line", "interest_due") == [0, 40, 70, 50]
    assert column(lines, "line", "interest_paid") == [0, 40, 0, 120]
    assert column(lines, "line", "interest_unpaid") == [0, 0, 70, 0]
    assert column(lines, "line", "fee_due") == [10, 6, 3, 5]
    assert column(lines, "line", "fee_paid") == [10, 6, 0, 8]
    assert column(lines, "line", "fee_unpaid") == [0, 0, 3, 0]
    assert values(run, "left") == [6_000, 3_000, 5_000, 0]
    assert values(run, "ever") == [4_000, 7_000, 7_000, 12_000]
    assert moved(run, DAYS[2]) == [(5, "line.principal", "cash", "line", 2_000)]
    assert moved(run, DAYS[1])[-1] == (4, "line.draw", "line", "cash", 3_000)


def test_a_facility_that_depletes_and_one_whose_limit_falls() -> None:
    run = facility(replenished=False)
    assert column(run.facilities, "line", "drawn") == [4_000, 3_000, 0, 3_000]
    assert column(run.facilities, "line", "fee_due") == [10, 6, 3, 3]
    # 7,500.5, 5,000.5, 2,500.5, 0.5: whole units of 3,500.5, then of 500.5, then of nothing
    run = facility(limit="pool.balance + 0.5")
    assert column(run.facilities, "line", "drawn") == [4_000, 1_000, 0, 0]
    assert column(run.facilities, "line", "fee_due") == [7, 1, 0, 0]
    assert values(run, "left") == [3_500.5, 0.5, 0, 0]


# hedges


def hedge(*steps: Any, **terms: Any) -> OracleRun:
    """On 6,000: 30 a month for 6 %, and for the index 5, 15, 45, 45."""
    swap = {"notional": "senior.balance", "counterparty": "bank", "pay": "6%", "receive": "index.X"} | terms
    return a_run(*steps, hedges={"swap": swap}, curves=INDEX, rows=LEVEL)


def test_a_swap_pays_the_difference() -> None:
    run = hedge({"pay": {"hedge": "swap", "from": "cash", "amount": 20}}, {"draw": {"from": "swap", "to": "cash", "amount": 18}})
    assert column(run.hedges, "swap", "notional") == [6_000] * 4
    assert column(run.hedges, "swap", "due") == [25, 15, 0, 0]
    assert column(run.hedges, "swap", "paid") == [20, 20, 0, 0]
    assert column(run.hedges, "swap", "unpaid") == [5, 0, 0, 0]
    assert column(run.hedges, "swap", "accrued") == [0, 0, 15, 15]
    assert column(run.hedges, "swap", "received") == [0, 0, 15, 15]
    assert column(run.hedges, "swap", "receivable") == [0, 0, 0, 0]
    assert moved(run, DAYS[0]) == [(2, "swap.hedge", "cash", "swap", 20)]
    assert moved(run, DAYS[2]) == [(3, "swap.draw", "swap", "cash", 15)]


def test_a_swap_without_netting_and_with_a_leg_below_zero() -> None:
    run = hedge(net=False)
    assert column(run.hedges, "swap", "due") == [30] * 4
    assert column(run.hedges, "swap", "receivable") == [5, 20, 65, 110]
    run = hedge(net=False, receive="index.X - 2%", receive_day_count="ACT/360")
    # -1 % of 30 days, 1 % of 31, 7 % of 30 and of 31: -5, 5.17, 35, 36.17
    assert column(run.hedges, "swap", "due") == [35, 30, 30, 30]
    assert column(run.hedges, "swap", "accrued") == [0, 5, 35, 36]
    run = hedge(pay="-1 * index.X")
    assert column(run.hedges, "swap", "accrued") == [10, 30, 90, 90]  # both legs come in


def test_a_cap_and_its_end() -> None:
    cap = {"pay": None, "receive": "max(0, index.X - 2%)", "terminated": "payment.number == 4"}
    run = hedge({"draw": {"from": "swap", "to": "cash", "amount": 1}}, **cap)
    assert column(run.hedges, "swap", "accrued") == [0, 5, 35, 0]
    assert column(run.hedges, "swap", "received") == [0, 1, 1, 0]
    assert column(run.hedges, "swap", "receivable") == [0, 4, 38, 0]
    owing = hedge(terminated="payment.number >= 2")
    assert column(owing.hedges, "swap", "due") == [25, 0, 0, 0]
    assert column(owing.hedges, "swap", "unpaid") == [25] * 4


# what accrues sees


def test_what_accrues_sees_balances_and_values_of_the_previous_payment() -> None:
    run = a_run(
        {"pay": {"principal": "senior", "from": "cash", "amount": 1_000}},
        {"let": {"seen": "senior.balance"}},
        fees={"f": {"rate": "12%", "on": "senior.balance"}, "g": {"amount": "1% * seen + 0 * f.due"}},
    )
    assert column(run.fees, "f", "due") == [60, 50, 40, 30]
    assert column(run.fees, "g", "due") == [0, 50, 40, 30]
    assert values(run, "seen") == [5_000, 4_000, 3_000, 2_000]


def test_a_last_payment_at_the_end_of_february_keeps_its_day() -> None:
    dates = {"cutoff": "2020-11-30", "closing": "2020-12-15", "first_payment": "2021-01-31", "legal_final": "2021-02-28"}
    payments = {"frequency": "monthly", "day": 31, "calendar": "none", "business_day": "unadjusted"}
    rows = {"loans": [loan("bullet") | {"maturity_date": "2021-06-30"}]}
    run = a_run(
        fees={name: {"rate": "3.6%", "on": "pool.initial", "day_count": f"30/360 {name}"} for name in ("US", "German")},
        dates=dates,
        payments=payments,
        rows=rows,
    )
    # one a day; 45 days (46 where only the 30th makes the 31st a 30th), then to the 28th from the 30th
    assert column(run.fees, "German", "due") == [45, 28]
    assert column(run.fees, "US", "due") == [46, 28]
    longer = a_run(
        fees={"f": {"rate": "3.6%", "on": "pool.initial", "day_count": "30/360 German"}},
        dates=dates | {"legal_final": "2021-03-31"},
        payments=payments,
        rows=rows,
    )
    assert column(longer.fees, "f", "due") == [45, 30, 30]


def test_force_and_what_accrues_on_the_first_date() -> None:
    coupon = {"margin": "6%", "step_ups": [{"when": "t", "add": "6%"}]}
    calm = {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}
    run = a_run(
        {"let": {"was": "previous(t)"}},
        tranches={"senior": {"size": 6_000, "coupon": coupon}, "junior": {"size": "rest"}},
        triggers={"t": {"when": "payment.number > 9"}},
        scenarios={"base": {**calm, "force": {"t": "fail"}}},
    )
    assert column(run.tranches, "senior", "interest_due") == [60] * 4  # it always holds
    assert values(run, "was") == [1] * 4  # and did before the first
