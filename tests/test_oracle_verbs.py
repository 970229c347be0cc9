"""What the slow reading says each verb moves, against examples worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from oracle import OracleRun, run_oracle
from oracle_deals import COLLECT, DAYS, FALLING, LEVEL, TERMS, a_run, cash, column, loan, moved, values

from clo.deal.terms import Deal


def pay(kind: str, names: Any, source: Any = "cash", **more: Any) -> dict[str, Any]:
    return {"pay": {kind: names, "from": source, **more}}


def principal(run: OracleRun, *names: str) -> list[float]:
    """What each was paid on the first payment date."""
    return [column(run.tranches, name, "principal_paid")[0] for name in names]


def sized(**sizes: Any) -> dict[str, Any]:
    """Tranches by size or terms, and a junior."""
    terms = {name: size if isinstance(size, dict) else {"size": size} for name, size in sizes.items()}
    return {**terms, "junior": {"size": "rest"}}


# transfer and ledgers


def test_transfer_credits_a_ledger_down_to_nothing() -> None:
    run = a_run(
        {"debit": {"ledgers": "short", "amount": "100.5", "if": "payment.number == 1"}},
        {"transfer": {"from": "cash", "to": "reserve", "amount": "60.25", "credits": "short"}},
        ledgers={"short": {}},
    )
    assert cash(run, "reserve") == [60.25, 120.5, 180.75, 241]
    assert column(run.ledgers, "short", "opening") == [0, 40.25, 0, 0]
    assert column(run.ledgers, "short", "debited") == [100.5, 0, 0, 0]
    assert column(run.ledgers, "short", "credited") == [60.25, 40.25, 0, 0]
    assert column(run.ledgers, "short", "closing") == [40.25, 0, 0, 0]
    assert moved(run, DAYS[1], book=True) == [(3, "short.credit", "short", "short", 40.25)]


def test_debit_and_credit_in_order_and_within_limits() -> None:
    run = a_run(
        {"debit": {"ledgers": ["low", "high"], "amount": 700}},
        {"let": {"low_at": "low.balance", "high_at": "high.balance", "most": "low.limit"}},
        {"credit": {"ledgers": ["high", "low"], "amount": 250}},
        ledgers={"low": {"limit": "0.1 * pool.balance"}, "high": {"limit": "600"}},
    )
    assert values(run, "most") == [750, 500, 250, 0]
    # low 700 of 750, high 0; then 250 to high (0) and low: 450. low has room for 50, high 600 of 650.
    # then 250 from high: 350, low 500. low is above its limit of 250, and stays; high 250 of 700.
    assert values(run, "low_at") == [700, 500, 500, 500]
    assert values(run, "high_at") == [0, 600, 600, 600]
    assert column(run.ledgers, "low", "closing") == [450, 500, 500, 500]
    assert column(run.ledgers, "high", "closing") == [0, 350, 350, 350]


# paying out of accounts


def test_claims_are_paid_out_of_one_account_after_the_other() -> None:
    accounts = {"cash": {}, "reserve": {"initial": 30}, "other": {"initial": 500}}
    half = {"transfer": {"from": "reserve", "to": "other", "amount": "0.5"}}
    run = a_run(
        half,
        pay("fee", ["a", "b"], ["reserve", "other"]),
        accounts=accounts,
        fees={"a": {"amount": 20}, "b": {"amount": 40}},
    )
    assert moved(run, DAYS[0])[1:] == [
        (3, "a.fee", "reserve", "a", 20),
        (3, "b.fee", "reserve", "b", 9),  # whole units of 9.5
        (3, "b.fee", "other", "b", 31),
    ]


def test_a_limit_is_on_what_is_asked() -> None:
    fees = {"a": {"amount": 300}, "b": {"amount": 300}}
    accounts = {"cash": {}, "reserve": {"initial": 100}}
    run = a_run(pay("fee", ["a", "b"], "reserve", amount=350), accounts=accounts, fees=fees)
    assert column(run.fees, "a", "paid")[0] == 100
    assert column(run.fees, "b", "paid")[0] == 0
    run = a_run(pay("fee", ["a", "b"], amount="350.9"), fees=fees)
    assert [column(run.fees, name, "paid")[0] for name in "ab"] == [300, 50]


def test_principal_in_a_whole_amount_a_note() -> None:
    a = {"size": 6_000, "denomination": 1_000, "principal_per_note": True}
    # 2,600 / 6 notes is 433.3 a note: 2,598; two are left for b
    assert principal(a_run(pay("principal", ["a", "b"]), tranches=sized(a=a, b=1_000)), "a", "b") == [2_598, 2]
    # asked for 1,000 and paid 996: four are b's
    limited = a_run(pay("principal", ["a", "b"], amount=1_000), tranches=sized(a=a, b=1_000))
    assert principal(limited, "a", "b") == [996, 4]
    # 6,000 asked, 2,600 in cash: what a cannot take is b's
    limited = a_run(pay("principal", ["a", "b"], amount=6_000), tranches=sized(a=a, b=1_000))
    assert principal(limited, "a", "b") == [2_598, 2]
    # 2,600.5 and 2,599.5 in two accounts: 5,199 in all are 866 a note
    two = a_run(
        {"transfer": {"from": "reserve", "to": "cash", "amount": "0.5"}},
        pay("principal", "a", ["reserve", "cash"]),
        tranches=sized(a=a),
        accounts={"cash": {}, "reserve": {"initial": 2_600}},
    )
    assert moved(two, DAYS[0])[1:] == [(3, "a.principal", "reserve", "a", 2_599), (3, "a.principal", "cash", "a", 2_597)]
    # however the deal rounds
    exact = a_run(pay("principal", "a"), tranches=sized(a=a), rounding="none")
    assert principal(exact, "a") == [2_598]


def test_shares_in_a_whole_amount_a_note() -> None:
    a = {"size": 6_000, "denomination": 1_000, "principal_per_note": True}
    # 2,600: 1,950 and 650. a: 325 a note.
    run = a_run(pay("principal", ["a", "b"], how="pro_rata"), tranches=sized(a=a, b=2_000))
    assert principal(run, "a", "b") == [1_950, 650]
    # 1,000: 857 and 142, one more to a: 143 a note, with none over; then to b first: a keeps 142 a note
    run = a_run(pay("principal", ["a", "b"], how="pro_rata", amount=1_000), tranches=sized(a=a, b=1_000))
    assert principal(run, "a", "b") == [858, 142]
    run = a_run(pay("principal", ["b", "a"], how="pro_rata", amount=1_000), tranches=sized(a=a, b=1_000))
    assert principal(run, "b", "a") == [143, 852]
    # 857 of 1,000 leave five of a's share of 857 to b
    run = a_run(pay("principal", ["a", "b"], how="pro_rata", amount=999), tranches=sized(a=a, b=1_000))
    assert principal(run, "a", "b") == [852, 147]


def test_groups() -> None:
    tranches = sized(a=1_000, b=500, c=3_000)
    groups = {"both": {"tranches": ["a", "b"]}, "ordered": {"tranches": ["b", "a"], "how": "sequential"}}

    def paid(*names: str, **more: Any) -> list[float]:
        return principal(a_run(pay("principal", list(names), **more), tranches=tranches, groups=groups), "a", "b", "c")

    # 2,600 of cash
    assert paid("both", "c") == [1_000, 500, 1_100]
    assert paid("both", "c", amount=1_000) == [667, 333, 0]  # 666.7 and 333.3; the unit over goes to a
    assert paid("ordered", "c", amount=1_000) == [500, 500, 0]
    assert paid("c", "both") == [0, 0, 2_600]
    assert paid("c", "both", amount=2_000) == [0, 0, 2_000]
    # in a pro-rata step they share with all others: 222.2, 111.1 and 666.7 of 1,000
    assert paid("both", "c", how="pro_rata", amount=1_000) == [223, 111, 666]
    assert paid("c", "ordered", how="pro_rata", amount=1_000) == [222, 111, 667]


def test_names_of_a_group_are_sums() -> None:
    run = a_run(
        {"write_down": {"tranches": "both", "amount": 300}},
        pay("interest", "both", amount=3),
        {
            "let": {
                "at": "both.balance",
                "of": "both.size",
                "due": "both.interest_due",
                "left": "both.interest_unpaid",
                "lost": "both.written_down",
            }
        },
        tranches=sized(a={"size": 1_000, "coupon": "6%"}, b={"size": 500, "coupon": "12%"}),
        groups={"both": {"tranches": ["a", "b"]}},
    )
    assert [values(run, name)[0] for name in ("at", "of", "due", "left", "lost")] == [1_200, 1_500, 10, 7, 300]


def test_residual_out_of_one_account() -> None:
    run = a_run(pay("residual", "junior", amount=2_000))
    # the others hold 6,000: 7,500 - 6,000 = 1,500 support the junior, 2,500 of its 4,000 are over
    assert principal(run, "junior") == [2_000]
    assert column(run.tranches, "junior", "closing") == [2_000, 0, 0, 0]
    assert column(run.tranches, "junior", "interest_paid") == [0, 0, 2_000, 2_000]


def test_residual_principal_is_in_a_whole_amount_a_note_too() -> None:
    junior = {"size": "rest", "denomination": 1_000, "principal_per_note": True}
    run = a_run(pay("residual", "junior", amount=2_001), tranches={"senior": {"size": 7_000}, "junior": junior})
    # three notes; 7,500 - 7,000 = 500 support the junior, 2,500 are over: 2,001 are 667 a note; then 999 are left
    assert column(run.tranches, "junior", "principal_paid")[:2] == [2_001, 999]
    run = a_run(pay("residual", "junior", amount=2_000), tranches={"senior": {"size": 7_000}, "junior": junior})
    assert column(run.tranches, "junior", "principal_paid")[0] == 1_998
    assert column(run.tranches, "junior", "interest_paid")[0] == 2


def test_shares_out_of_several_accounts() -> None:
    accounts = {"cash": {}, "reserve": {"initial": 10}, "other": {"initial": 20}}
    fees = {"a": {"amount": 30}, "b": {"amount": 15}}
    half = {"transfer": {"from": "reserve", "to": "cash", "amount": "0.5"}}
    run = a_run(half, pay("fee", ["a", "b"], ["reserve", "other"], how="pro_rata"), accounts=accounts, fees=fees)
    # whole units of 9.5 and 20: 29, of which 19.33 and 9.67; one over, to a
    assert moved(run, DAYS[0])[1:] == [
        (3, "a.fee", "reserve", "a", 9),
        (3, "a.fee", "other", "a", 11),
        (3, "b.fee", "other", "b", 9),
    ]


def test_a_claim_that_is_no_number_is_a_breach_and_others_are_paid() -> None:
    run = a_run(pay("fee", ["a", "b"]), fees={"a": {"amount": "1 / (pool.initial - 10000)"}, "b": {"amount": 4}})
    assert column(run.fees, "b", "paid") == [4] * 4
    assert [breach[:2] for breach in run.breaches] == [(day, 2) for day in DAYS]


# buying and selling


def bought(*steps: Any, **changes: Any) -> OracleRun:
    """980 at 98 % buy 1,000, a tenth of the cut-off balance, on the first payment date; June is its second month."""
    buy = {"buy": {"pool": "loans", "from": "cash", "amount": "980.7", "price": "98%", "if": "payment.number == 1"}}
    return a_run(buy, *steps, **changes)


def test_what_is_bought_behaves_as_the_sub_pool_does() -> None:
    seen = {"at": "loans.balance", "start": "pool.opening", "of": "pool.initial", "mean": "pool.average"}
    run = bought({"let": seen})
    months = list(run.pool)
    rows = [run.pool[month]["loans.bought"] for month in months]
    assert [row["opening"] for row in rows] == [0, 0, 750, 500]
    assert [row["bought"] for row in rows] == [0, 1_000, 0, 0]
    assert [row["scheduled_principal"] for row in rows] == [0, 250, 250, 250]
    assert [row["interest"] for row in rows] == [0, 10, 7.5, 5]
    assert [row["closing"] for row in rows] == [0, 750, 500, 250]
    assert [run.pool[month]["loans"]["closing"] for month in months] == [7_500, 5_000, 2_500, 0]
    assert [run.pool[month]["pool"]["closing"] for month in months] == [7_500, 5_750, 3_000, 250]
    assert run.pool[months[0]]["pool"]["sold"] == 0
    assert values(run, "at") == [8_500, 5_750, 3_000, 250]
    assert values(run, "start") == [10_000, 8_500, 5_750, 3_000]
    assert values(run, "mean") == [9_250, 7_125, 4_375, 1_625]
    assert values(run, "of") == [10_000] * 4
    # 2,600 less 980; 2,575 and 260; 2,550 and 257.5; 2,525 and 255
    assert cash(run) == [1_620, 4_455, 7_262.5, 10_042.5]
    assert moved(run, DAYS[0]) == [(2, "loans.purchase", "cash", "institutions", 980)]


def test_what_is_bought_defaults_too_and_its_recovery_comes_later() -> None:
    rows = {"loans": [loan("bullet", 5_000, default_date="2020-04-20"), loan("bullet", 5_000)]}
    scenarios = {"base": {"defaults": "tape", "cpr": 0, "recovery": 0.4, "recovery_lag": 1}}
    accounts = {"cash": {"initial": 1_000}}
    run = bought({"let": {"lost": "pool.cumulative_default"}}, rows=rows, scenarios=scenarios, accounts=accounts)
    # the half that defaults in April: of 1,000 bought, 500 in May, and 200 back in June
    assert values(run, "lost") == [5_000, 5_500, 5_500, 5_500]
    assert [row["loans.bought"]["recovery"] for row in run.pool.values()] == [0, 0, 200, 0]
    assert [row["loans.bought"]["closing"] for row in run.pool.values()] == [0, 500, 500, 500]


def test_only_a_sub_pool_that_is_bought_has_bought_rows() -> None:
    two = {"one": {"tape": "a"}, "own": {"tape": "b"}}
    rows = {"one": [loan("bullet", 6_000)], "own": [loan("bullet", 4_000)]}
    buy = {"buy": {"pool": "own", "from": "cash", "amount": 5_000, "if": "payment.number == 2"}}
    run = a_run(buy, {"let": {"at": "own.balance", "all": "pool.balance"}}, pools=two, rows=rows)
    assert set(next(iter(run.pool.values()))) == {"pool", "one", "own", "own.bought"}
    # 200 of cash, at most, all to the corporation; 2 of interest a month
    assert values(run, "at") == [4_000, 4_200, 4_200, 200]
    assert values(run, "all") == [10_000, 10_200, 10_200, 200]
    assert moved(run, DAYS[1]) == [(2, "own.purchase", "cash", "corporation", 200)]
    assert cash(run) == [100, 0, 102, 10_204]


def test_a_sale_ends_the_pool() -> None:
    sell = {"sell": {"to": "cash", "if": "payment.number >= 3"}}
    buy = {"buy": {"pool": "loans", "from": "cash", "amount": 100, "if": "payment.number == 3"}}
    run = bought(buy, sell, {"let": {"at": "loans.balance", "closing": "pool.closing"}})
    # 2,500 of its own; 500 and 100 bought
    assert [row[1:] for row in moved(run, DAYS[2]) if row[1] == "pool.sale"] == [("pool.sale", "buyer", "cash", 3_100)]
    assert values(run, "at") == values(run, "closing") == [8_500, 5_750, 0, 0]
    july = run.pool[date(2020, 7, 31)]
    assert (july["loans"]["opening"], july["loans"]["sold"], july["loans"]["closing"]) == (2_500, 2_500, 0)
    assert july["loans"]["interest"] == july["loans"]["scheduled_principal"] == 0
    assert [july["loans.bought"][name] for name in ("opening", "bought", "sold", "closing")] == [500, 100, 600, 0]
    assert july["pool"]["sold"] == 3_100
    assert not [row for row in run.ledger if row[0] == DAYS[3]]
    assert run.breaches == []


def test_a_sale_for_another_price_and_the_months_after_it() -> None:
    run = a_run({"sell": {"to": "reserve", "amount": "90.01% * pool.balance", "if": "payment.number == 1"}})
    assert cash(run, "reserve") == [6_750] * 4  # 6,750.75
    assert cash(run) == [2_600] * 4
    assert [row["pool"]["sold"] for row in run.pool.values()] == [0, 7_500, 0, 0]
    assert [row["pool"]["opening"] for row in run.pool.values()] == [10_000, 7_500, 0, 0]
    assert run.breaches == []


def test_a_sale_for_less_than_nothing_sells_nothing() -> None:
    run = a_run({"sell": {"to": "cash", "amount": "pool.balance - 7000"}})
    # 500 on the first date, at which it is gone; on others it does nothing
    assert cash(run) == [3_100] * 4
    run = a_run({"sell": {"to": "cash", "amount": "4000 - pool.balance"}})
    # -3,500 and -1,000; 1,500 on the third
    assert len(run.breaches) == 2
    assert [row["pool"]["sold"] for row in run.pool.values()] == [0, 0, 0, 2_500]


def test_a_sold_pool_in_a_quarterly_deal_pays_nothing_from_the_month_after() -> None:
    dates = TERMS["dates"] | {"first_payment": date(2020, 5, 15)}
    payments = TERMS["payments"] | {"frequency": "quarterly"}
    deal = Deal(**(TERMS | {"dates": dates, "payments": payments}), waterfall=[COLLECT, {"sell": {"to": "cash"}}])
    run = run_oracle(deal, FALLING)
    assert [row["pool"]["closing"] for row in run.pool.values()] == [7_500, 0, 0, 0]
    assert cash(run) == [10_100, 10_100]


# what is no cash


def test_capitalise() -> None:
    tranches = sized(a={"size": 6_000, "coupon": "12%"}, b={"size": 1_200, "coupon": "12%"})
    run = a_run({"capitalise": {"interest": ["a", "b"], "amount": "65.5", "if": "payment.number < 3"}}, tranches=tranches)
    # 60 and 12 are due: all of a's and 5 of b's. Then 60.6 and 12.05: 60 and 5 more of 19.
    assert column(run.tranches, "a", "capitalised") == [60, 60, 0, 0]
    assert column(run.tranches, "b", "capitalised") == [5, 5, 0, 0]
    assert column(run.tranches, "b", "interest_unpaid") == [7, 14, 26, 38]
    assert column(run.tranches, "a", "closing") == [6_060, 6_120, 6_120, 6_120]
    assert moved(run, DAYS[0], book=True) == [(2, "a.capitalise", "a", "a", 60), (2, "b.capitalise", "b", "b", 5)]
    every = a_run({"capitalise": {"interest": ["a", "b"]}}, tranches=tranches)
    assert column(every.tranches, "a", "capitalised") == [60, 60, 61, 61]


def test_write_down_and_write_up() -> None:
    run = a_run(
        {"write_down": {"tranches": ["a", "b"], "amount": "500.9", "if": "payment.number == 1"}},
        {"write_up": {"tranches": ["b", "a"], "amount": 350, "if": "payment.number == 2"}},
        {"write_up": {"tranches": ["b", "a"], "amount": 350, "if": "payment.number == 3"}},
        {"let": {"a_lost": "a.written_down", "b_lost": "b.written_down"}},
        tranches=sized(a=300, b=1_000),
    )
    assert column(run.tranches, "a", "writedown") == [300, 0, 0, 0]
    assert column(run.tranches, "b", "writedown") == [200, 0, 0, 0]
    assert column(run.tranches, "a", "writeup") == [0, 150, 150, 0]
    assert column(run.tranches, "b", "writeup") == [0, 200, 0, 0]
    assert column(run.tranches, "a", "closing") == [0, 150, 300, 300]
    assert values(run, "a_lost") == [300, 150, 0, 0]
    assert values(run, "b_lost") == [200, 0, 0, 0]
    assert moved(run, DAYS[1], book=True) == [(3, "b.write_up", "b", "b", 200), (3, "a.write_up", "a", "a", 150)]


def test_write_down_and_write_up_by_share() -> None:
    run = a_run(
        {"write_down": {"tranches": ["a", "b"], "amount": 500, "how": "pro_rata", "if": "payment.number == 1"}},
        {"write_up": {"tranches": ["a", "b"], "amount": 100, "how": "pro_rata", "if": "payment.number == 2"}},
        tranches=sized(a=300, b=1_000),
    )
    # 115.4 and 384.6: one over, to a; of 116 and 384 then 23.2 and 76.8
    assert column(run.tranches, "a", "writedown")[0] == 116
    assert column(run.tranches, "b", "writedown")[0] == 384
    assert [column(run.tranches, name, "writeup")[1] for name in "ab"] == [24, 76]


def test_a_tranche_closes_with_what_moved() -> None:
    run = a_run(
        {"capitalise": {"interest": "a"}},
        {"write_down": {"tranches": "a", "amount": 100}},
        {"write_up": {"tranches": "a", "amount": 40}},
        pay("principal", "a", amount=500),
        tranches=sized(a={"size": 6_000, "coupon": "12%"}),
    )
    for row in (names["a"] for names in run.tranches.values()):
        risen, fallen = row["capitalised"] + row["writeup"], row["principal_paid"] + row["writedown"]
        assert row["closing"] == row["opening"] + risen - fallen
    assert column(run.tranches, "a", "closing") == [5_500, 4_995, 4_484, 3_968]


def test_the_pool_in_arrears() -> None:
    scenarios = {"base": {"defaults": "tape", "cpr": 0, "recovery": 0, "recovery_lag": 0, "arrears": {"lag": 2}}}
    rows = {"loans": [loan("bullet", 3_000, default_date="2020-04-20"), loan("bullet", 7_000)]}
    run = a_run({"let": {"late": "pool.arrears"}}, rows=rows, scenarios=scenarios)
    assert values(run, "late") == pytest.approx([row["pool"]["arrears"] for row in run.pool.values()])
    assert max(values(run, "late")) == 3_000
    assert values(a_run({"let": {"late": "pool.arrears"}}, rows=LEVEL), "late") == [0] * 4
