"""The slow reading is itself held to examples worked out by hand."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from laws.small import CUTOFF, LOANS, a_deal, loan, steps
from oracle import OracleRun, run_oracle
from oracle_dates import adjusted, collection_months, month_of, payment_dates, year_fraction
from oracle_expressions import evaluate, selected

Q10 = 1 - 0.9**12
"""The annual rate whose monthly rate is 10 %."""


def of(run: OracleRun, tranche: str, column: str) -> list[float]:
    return [payment[tranche][column] for payment in run.tranches.values()]


# expressions


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 - 3 - 4", -5.0),
        ("12 / 3 / 2", 2.0),
        ("-2 * 3", -6.0),
        ("8% * a.balance", 8.0),
        ("50bp * 13_500_000_000", 67_500_000.0),
        ("1e3 + .5", 1000.5),
        ("min(3, max(1, 2), 4)", 2.0),
        ("if(a.balance > 99, 1, 2)", 1.0),
        ("if (not a.balance == 100, 1, 2)", 2.0),
        ("1 < 2 and 2 < 1 or 3 >= 3", 1.0),
        ("not 1 == 1", 0.0),
        ("not (flag and a.balance != 100)", 1.0),
        ("a.balance - 1 <= 99", 1.0),
    ],
)
def test_expressions(text: str, value: float) -> None:
    assert evaluate(text, {"a.balance": 100.0, "flag": 1.0}.__getitem__) == value


def test_amounts_are_equal_to_within_the_smallest_and_numbers_exactly() -> None:
    names = {"a.balance": 1 + 1e-9, "b.balance": 1.0}.__getitem__
    assert evaluate("a.balance == b.balance", names, 1e-8) == 1.0
    assert evaluate("a.balance - 1 == 0", names, 1e-8) == 1.0
    assert evaluate("a.balance != 2 * b.balance / 2", names, 1e-8) == 0.0
    assert evaluate("a.balance == b.balance", names) == 0.0
    assert evaluate("a.balance > b.balance", names, 1e-8) == 1.0
    assert evaluate("a.balance / b.balance == 1", names, 1e-8) == 0.0
    assert evaluate("1 + 1e-9 == 1", names, 1e-8) == 0.0
    assert math.isnan(evaluate("0 / 0 == 1", names, 1e-8))


def test_what_is_no_number_stays_none() -> None:
    for text in ("0 / 0", "min(1, 0 / 0)", "max(0 / 0, 1)", "2 * max(0, 0 / 0)"):
        assert math.isnan(evaluate(text, {}.__getitem__))
    assert math.isnan(evaluate("1 / 0", {}.__getitem__))
    assert math.isnan(evaluate("not 1 / 0 > 1", {}.__getitem__))
    assert evaluate("1 / 0 > 1 or 2 > 1", {}.__getitem__) == 1.0
    assert evaluate("1 / 0 > 1 and 1 > 2", {}.__getitem__) == 0.0
    assert evaluate("if(1 > 0, 2, 0 / 0)", {}.__getitem__) == 2.0


@pytest.mark.parametrize("text", ["", "1 +", "1 2", "(1", "min(1, 2", "1 < 2 < 3", "a ? b", "a.balance )"])
def test_expressions_refused(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        evaluate(text, {"a.balance": 1.0, "a": 1.0, "b": 1.0}.__getitem__)


def test_rows_selected_by_where() -> None:
    rows = [{"bank": "ehime", "n": 1}, {"bank": "jasme", "n": 2}]
    assert selected(rows, "bank == 'ehime'") == rows[:1]
    assert selected(rows, 'bank != "ehime" and n > 1') == rows[1:]
    assert selected(rows, None) == rows


# dates


def test_business_days_in_japan() -> None:
    assert adjusted(date(2007, 7, 15), "JP", "following") == date(2007, 7, 17)  # Sunday; Monday is Marine Day
    assert adjusted(date(2007, 7, 15), "weekends", "following") == date(2007, 7, 16)
    assert adjusted(date(2007, 7, 15), "none", "following") == date(2007, 7, 15)
    assert adjusted(date(2013, 7, 15), "JP", "following") == date(2013, 7, 16)
    assert adjusted(date(2008, 12, 31), "JP", "following") == date(2009, 1, 5)
    assert adjusted(date(2008, 12, 31), "JP", "modified_following") == date(2008, 12, 30)
    assert adjusted(date(2010, 1, 2), "JP", "preceding") == date(2009, 12, 30)
    assert adjusted(date(2019, 4, 30), "JP", "following") == date(2019, 5, 7)  # ten days of holidays
    assert adjusted(date(2019, 4, 30), "JP", "unadjusted") == date(2019, 4, 30)


def test_collection_months() -> None:
    assert collection_months(date(2020, 1, 31), date(2020, 4, 30)) == [
        date(2020, 2, 29),
        date(2020, 3, 31),
        date(2020, 4, 30),
    ]
    assert collection_months(date(2020, 2, 29), date(2020, 4, 29)) == [date(2020, 3, 31)]
    assert collection_months(date(2019, 1, 30), date(2019, 3, 30)) == [date(2019, 2, 28), date(2019, 3, 30)]
    assert [month_of(date(2020, *day), date(2020, 1, 20)) for day in ((1, 21), (2, 20), (2, 21))] == [1, 1, 2]


def test_payment_dates_with_a_short_last_period() -> None:
    quarterly = {"frequency": "quarterly", "day": 31, "calendar": "weekends", "business_day": "following"}
    deal = a_deal(
        dates={
            "cutoff": date(2020, 1, 31),
            "closing": date(2020, 2, 10),
            "first_payment": date(2020, 4, 30),
            "legal_final": date(2021, 3, 1),  # the 28th of February is a Sunday
        },
        payments=quarterly,
    )
    assert payment_dates(deal) == [
        (date(2020, 4, 30), date(2020, 4, 30)),
        (date(2020, 7, 31), date(2020, 7, 31)),
        (date(2020, 10, 31), date(2020, 11, 2)),
        (date(2021, 1, 31), date(2021, 2, 1)),
        (date(2021, 2, 28), date(2021, 3, 1)),
    ]
    legal_final = deal.dates.model_copy(update={"legal_final": date(2021, 2, 10)})
    assert payment_dates(deal.model_copy(update={"dates": legal_final}))[-1] == (date(2021, 2, 10), date(2021, 2, 10))


@pytest.mark.parametrize(
    ("start", "end", "day_count", "expected"),
    [
        ((2007, 6, 28), (2007, 7, 17), "ACT/365F", 19 / 365),
        ((2007, 6, 28), (2007, 7, 17), "ACT/360", 19 / 360),
        ((2020, 1, 31), (2020, 3, 31), "30/360", 60 / 360),
        ((2020, 1, 30), (2020, 3, 31), "30/360", 60 / 360),
        ((2020, 1, 29), (2020, 3, 31), "30/360", 62 / 360),
        ((2020, 1, 29), (2020, 3, 31), "30E/360", 61 / 360),
        ((2020, 2, 29), (2020, 3, 31), "30E/360", 31 / 360),
        ((2020, 2, 29), (2020, 3, 31), "1/12", 1 / 12),
        ((2020, 4, 15), (2020, 7, 15), "1/12", 0.25),
        ((2020, 4, 15), (2020, 7, 17), "1/12", 92 / 360),
        ((2019, 2, 28), (2020, 2, 29), "30/360", 361 / 360),
        ((2019, 2, 28), (2020, 2, 29), "30/360 US", 1.0),
        ((2019, 2, 28), (2019, 3, 31), "30/360 US", 30 / 360),  # the 28th counts as 30, so the 31st does
        ((2019, 1, 31), (2019, 2, 28), "30/360 US", 28 / 360),
        ((2019, 2, 28), (2019, 3, 31), "30/360 German", 30 / 360),
        ((2019, 1, 31), (2019, 2, 28), "30/360 German", 30 / 360),
        ((2019, 1, 30), (2019, 3, 31), "30E+/360", 61 / 360),  # to 1 April
        ((2019, 1, 31), (2019, 3, 30), "30E+/360", 60 / 360),
        ((2019, 12, 31), (2020, 1, 31), "ACT/365L", 31 / 366),
        ((2020, 12, 31), (2021, 1, 31), "ACT/365L", 31 / 365),
        ((2020, 2, 28), (2020, 3, 1), "NL/365", 1 / 365),
        ((2020, 2, 29), (2020, 3, 1), "NL/365", 1 / 365),
        ((2020, 2, 27), (2020, 2, 29), "NL/365", 1 / 365),
        ((2019, 12, 22), (2020, 1, 21), "ACT/ACT ISDA", 10 / 365 + 20 / 366),
        ((2019, 7, 1), (2021, 7, 1), "ACT/ACT ISDA", 184 / 365 + 1 + 181 / 365),
    ],
)
def test_year_fractions(start: Any, end: Any, day_count: str, expected: float) -> None:
    assert year_fraction(date(*start), date(*end), day_count) == pytest.approx(expected, abs=1e-15)


def test_only_a_german_termination_in_february_keeps_its_day() -> None:
    start, end = date(2019, 1, 31), date(2019, 2, 28)
    assert year_fraction(start, end, "30/360 German", termination=end) == pytest.approx(28 / 360)


# priority of payments


def test_sequential_deal() -> None:
    run = run_oracle(a_deal(), LOANS)
    assert list(run.tranches) == [date(2020, 5, 15), date(2020, 6, 15), date(2020, 7, 15), date(2020, 8, 15)]
    assert list(run.pool) == [date(2020, 4, 30), date(2020, 5, 31), date(2020, 6, 30), date(2020, 7, 31)]
    assert [fee["servicer"]["paid"] for fee in run.fees.values()] == [10, 7, 5, 2]
    assert of(run, "senior", "interest_paid") == [30, 17, 5, 0]
    assert of(run, "senior", "principal_paid") == [2500, 2500, 1000, 0]
    assert of(run, "junior", "interest_paid") == [60, 51, 40, 23]
    assert of(run, "junior", "interest_due") == [60, 51, 40, 23]
    assert of(run, "junior", "principal_paid") == [0, 0, 1500, 2500]
    assert of(run, "junior", "closing") == [4000, 4000, 2500, 0]
    assert [account["cash"] for account in run.accounts.values()] == [0, 0, 0, 0]
    assert [row[1:] for row in run.ledger if row[0] == date(2020, 7, 15)] == [
        (1, "collect", "pool", "cash", 2550),
        (2, "servicer.fee", "cash", "servicer", 5),
        (3, "senior.interest", "cash", "senior", 5),
        (4, "senior.principal", "cash", "senior", 1000),
        (5, "junior.residual_principal", "cash", "junior", 1500),
        (5, "junior.residual_interest", "cash", "junior", 40),
    ]


def test_fractions_stay_in_the_account() -> None:
    run = run_oracle(a_deal(), {"loans": [loan(10_000, "equal_principal", "2020-07-31", rate=0.1)]})
    # interest 83.33, 62.50, 41.67, 20.83
    assert of(run, "junior", "interest_paid") == [43, 38, 32, 19]
    assert [account["cash"] for account in run.accounts.values()] == pytest.approx([1 / 3, 5 / 6, 1 / 2, 1 / 3], abs=1e-9)
    half_up = run_oracle(a_deal(rounding="half_up"), LOANS)
    assert [fee["servicer"]["due"] for fee in half_up.fees.values()] == [10, 8, 5, 3]
    assert of(half_up, "senior", "interest_due") == [30, 18, 5, 0]
    exact = run_oracle(a_deal(rounding="none"), LOANS)
    assert of(exact, "senior", "interest_due") == pytest.approx([30, 17.5, 5, 0])
    assert of(exact, "junior", "interest_paid") == pytest.approx([60, 50, 40, 22.5])


def test_loss_falls_on_the_junior_first_and_interest_is_carried() -> None:
    defaulted = loan(8_000, "bullet", "2020-07-31", default_date="2020-04-20", allocated_loss=7000)
    good = loan(2_000, "bullet", "2020-07-31")
    deal = a_deal(scenarios={"base": {"defaults": "tape", "recovery": "tape", "recovery_lag": 1}}, fees={})
    deal = deal.model_copy(update={"waterfall": deal.waterfall[:1] + deal.waterfall[2:]})
    run = run_oracle(deal, {"loans": [defaulted, good]})
    # collected: 20; 1,020; 20; 2,020. The senior is owed max(0, 6000 - max(0, 2000 - 4000)) = everything.
    assert of(run, "senior", "interest_due") == [30, 30, 25, 25]
    assert of(run, "senior", "interest_paid") == [20, 40, 20, 30]
    assert of(run, "senior", "interest_unpaid") == [10, 0, 5, 0]
    assert of(run, "senior", "principal_paid") == [0, 980, 0, 1990]
    assert of(run, "senior", "closing")[-1] == 3030
    assert of(run, "junior", "principal_paid") == [0, 0, 0, 0]
    assert of(run, "junior", "closing")[-1] == 4000
    assert run.lost_recoveries["pool"] == 0.0


def test_amount_of_a_step_is_a_cap_on_all_it_pays() -> None:
    fees = {"a": {"amount": 50}, "b": {"amount": 30.7}, "c": {"amount": 9}}
    run = run_oracle(
        a_deal(
            fees=fees,
            waterfall=steps(
                {"pay": {"fee": ["b", "a", "c"], "from": "cash", "amount": "60.9"}},
                {"pay": {"residual": "junior", "from": "cash", "amount": "25.5 * 2"}},
            ),
        ),
        LOANS,
    )
    first, second = list(run.fees.values())[:2]
    assert {name: fee["paid"] for name, fee in first.items()} == {"b": 30, "a": 30, "c": 0}
    assert {name: fee["unpaid"] for name, fee in first.items()} == {"b": 0, "a": 20, "c": 9}
    assert {name: fee["paid"] for name, fee in second.items()} == {"b": 30, "a": 30, "c": 0}
    assert second["a"] == {"due": 50, "paid": 30, "unpaid": 40}
    assert of(run, "junior", "principal_paid")[0] == 51


def test_pro_rata_remainder_goes_to_the_first_named() -> None:
    tranches = {"x": {"size": 1000}, "y": {"size": 1000}, "z": {"size": 1000}, "junior": {"size": "rest"}}
    pay = {"principal": ["y", "x", "z"], "how": "pro_rata", "from": "cash", "amount": "1000"}
    run = run_oracle(a_deal(tranches=tranches, waterfall=steps({"pay": pay})), LOANS)
    assert [of(run, name, "principal_paid") for name in "xyz"] == [
        [333, 333, 334, 0],
        [334, 334, 332, 0],
        [333, 333, 334, 0],
    ]
    exact = run_oracle(a_deal(tranches=tranches, waterfall=steps({"pay": pay}), rounding="none"), LOANS)
    assert of(exact, "z", "closing") == pytest.approx([1000 - 1000 / 3, 1000 - 2000 / 3, 0, 0], abs=1e-9)


def test_pro_rata_interest_when_cash_is_short() -> None:
    tranches = {"x": {"size": 6000, "coupon": "60%"}, "y": {"size": 3000, "coupon": "60%"}, "junior": {"size": "rest"}}
    pay = {"interest": ["x", "y"], "how": "pro_rata", "from": "cash"}
    run = run_oracle(a_deal(tranches=tranches, waterfall=steps({"pay": pay})), {"loans": [loan(10_000, "bullet", "2020-07-31")]})
    # due 300 and 150 a month, 100 collected: 66.67 and 33.33; the yen left over goes to x. Then 533 and 267 are owed.
    assert of(run, "x", "interest_paid")[:2] == [67, 67]
    assert of(run, "y", "interest_paid")[:2] == [33, 33]
    assert of(run, "x", "interest_unpaid")[:2] == [233, 466]


def test_interest_of_one_note_times_notes() -> None:
    tranches = {"senior": {"size": 6000, "coupon": "2.5%", "denomination": 1000}, "junior": {"size": "rest"}}
    run = run_oracle(a_deal(tranches=tranches), LOANS)
    # 6 notes of 1,000: 2.0833 a note; then 3,500 / 6 a note: 1.2153; then 1,000 / 6 a note: 0.347
    assert of(run, "senior", "interest_due") == [12, 6, 0, 0]


def test_reserve_is_filled_to_its_live_target_and_released() -> None:
    waterfall = steps(
        {"transfer": {"from": "reserve", "to": "cash", "amount": "reserve.balance"}},
        {"pay": {"principal": "senior", "from": "cash", "amount": "2000"}},
        {"transfer": {"from": "cash", "to": "reserve", "amount": "max(0, reserve.target - reserve.balance)"}},
        {"pay": {"residual": "junior", "from": "cash"}},
    )
    accounts = {"cash": {}, "reserve": {"initial": 300, "target": "10% * senior.balance + 0.25"}}
    run = run_oracle(a_deal(accounts=accounts, waterfall=waterfall, fees={}), LOANS)
    # 2,600 and 300 in; 2,000 to senior; target 400.25 after that; 499.75 left, 499 paid
    assert [account["reserve"] for account in run.accounts.values()] == [400.25, 200.25, 0.25, 0.25]
    assert run.accounts[date(2020, 5, 15)]["cash"] == 0.75
    # excess of the junior 4,000 - (7,500 - 4,000) = 500 takes all 499; then 3,501 - (5,000 - 2,000) = 501 of 775; ...
    assert of(run, "junior", "principal_paid") == [499, 501, 500, 2500]
    assert of(run, "junior", "interest_paid") == [0, 274, 250, 25]


def test_triggers_are_read_before_anything_is_paid_and_do_not_latch() -> None:
    waterfall = steps(
        {"pay": {"principal": "senior", "from": "cash", "if": "early"}},
        {"pay": {"residual": "junior", "from": "cash", "if": "not early or senior.balance == 0"}},
    )
    triggers = {"early": {"when": "senior.balance > 3500 or pool.balance == 0"}}
    run = run_oracle(a_deal(triggers=triggers, waterfall=waterfall, fees={}), LOANS)
    assert [held["early"] for held in run.triggers.values()] == [True, False, False, True]
    assert of(run, "senior", "principal_paid") == [2600, 0, 0, 2525]


def test_residual_is_principal_up_to_the_excess_of_its_tranche() -> None:
    waterfall = steps({"pay": {"residual": "junior", "from": "cash"}})
    run = run_oracle(a_deal(waterfall=waterfall, fees={}), LOANS)
    # others hold 6,000: the junior may fall to 1,500, then to 0 and no further; 2,600 and 2,575 come in
    assert of(run, "junior", "principal_paid") == [2500, 1500, 0, 0]
    assert of(run, "junior", "interest_paid") == [100, 1075, 2550, 2525]
    assert of(run, "junior", "closing") == [1500, 0, 0, 0]


def test_quarterly_payment_of_two_sub_pools() -> None:
    deal = a_deal(
        dates={
            "cutoff": CUTOFF,
            "closing": date(2020, 4, 15),
            "first_payment": date(2020, 5, 15),
            "legal_final": date(2020, 8, 15),
        },
        payments={"frequency": "quarterly", "day": 15, "calendar": "none", "business_day": "following"},
        pools={"one": {"tape": "a"}, "two": {"tape": "b"}},
        fees={"f": {"rate": "12%", "on": "pool.average"}},
        scenarios={"base": {"cdr": 0}, "bad": {"cdr": Q10, "recovery": 0.5, "recovery_lag": 2}},
        waterfall=[
            {"collect": {"from": ["interest", "recovery"], "to": "cash", "pool": "one"}},
            {"collect": {"from": ["scheduled_principal", "prepayment"], "to": "cash", "pool": "one"}},
            {
                "collect": {
                    "from": ["interest", "scheduled_principal", "prepayment", "recovery"],
                    "to": "cash",
                    "pool": "two",
                }
            },
            {"pay": {"fee": "f", "from": "cash"}},
            {"pay": {"residual": "junior", "from": "cash", "amount": "two.scheduled_principal + one.interest"}},
        ],
    )
    rows = {"one": [loan(6000, "bullet", "2020-07-31")], "two": [loan(4000, "equal_principal", "2020-07-31")]}
    run = run_oracle(deal, rows)
    assert list(run.tranches) == [date(2020, 5, 15), date(2020, 8, 15)]
    # first: one month, 9,500 x 12 % / 12 = 95 of fee; then three months, (9,000 + 0) / 2 x 12 % / 4 = 135
    assert [payment["f"]["paid"] for payment in run.fees.values()] == [95, 135]
    assert of(run, "junior", "interest_due")[0] + of(run, "junior", "principal_paid")[0] == 1005  # all there is of 1,060
    assert of(run, "junior", "principal_paid")[1] + of(run, "junior", "interest_due")[1] == 3180
    bad = run_oracle(deal, rows, "bad")
    assert bad.pool[date(2020, 4, 30)]["pool"]["default"] == pytest.approx(1000)
    assert bad.pool[date(2020, 6, 30)]["one"]["recovery"] == pytest.approx(300)
    # defaults of months 3 and 4 of `one`, 486 and 437.4, come back too late by half
    assert bad.lost_recoveries["one"] == pytest.approx((486 + 437.4) / 2)


def test_a_negative_amount_is_a_breach_and_moves_nothing() -> None:
    waterfall = steps({"transfer": {"from": "cash", "to": "reserve", "amount": "senior.balance - 6001"}})
    run = run_oracle(a_deal(accounts={"cash": {}, "reserve": {}}, waterfall=waterfall), LOANS)
    assert len(run.breaches) == 4
    assert all(account["reserve"] == 0 for account in run.accounts.values())
