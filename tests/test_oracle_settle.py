"""Contracts, reference pools, closing and earlier flows as the slow reading has them, against examples worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from oracle import OracleRun, run_oracle
from oracle_deals import COLLECT, DAYS, TERMS, a_run, cash, loan, moved, paid_until, values
from oracle_expressions import Cash, evaluate
from oracle_parties import between

from clo.deal.terms import Deal

CLOSING = date(2020, 4, 15)
WEEKENDS = {"frequency": "monthly", "day": 15, "calendar": "weekends", "business_day": "following"}


def settle(source: str, to: str, amount: Any, word: str = "premium", **more: Any) -> dict[str, Any]:
    return {"settle": {"from": source, "to": to, "amount": amount, "as": word, **more}}


def let(text: Any, **changes: Any) -> list[float]:
    """What an expression stands for at each payment date."""
    return values(a_run({"let": {"seen": text}}, **changes), "seen")


# settle, in its three forms


def test_out_of_an_account() -> None:
    run = a_run(settle("cash", "agency", "70.6"))
    # 2,600, 2,575, 2,550 and 2,525 come in
    assert cash(run) == [2_530, 5_035, 7_515, 9_970]
    assert moved(run, DAYS[0]) == [(2, "premium", "cash", "agency", 70)]
    assert cash(a_run(settle("cash", "agency", "70.6"), rounding="half_up"))[0] == 2_529
    assert cash(a_run(settle("cash", "agency", "70.25"), rounding="none"))[0] == 2_529.75


def test_out_of_an_account_at_most_the_whole_units_there() -> None:
    half = {"transfer": {"from": "cash", "to": "reserve", "amount": "0.5"}}
    accounts = {"cash": {}, "reserve": {"initial": 10}}
    run = a_run(half, settle("reserve", "agency", 100), accounts=accounts)
    # 10.5, 1, 0.5 and 1
    assert cash(run, "reserve") == [0.5, 0, 0.5, 0]
    assert [row[5] for row in run.ledger if row[2] == "premium"] == [10, 1, 1]
    all_of_it = a_run(half, settle("reserve", "agency", 100), accounts=accounts, rounding="none")
    assert cash(all_of_it, "reserve") == [0] * 4


def test_from_a_party_to_an_account() -> None:
    run = a_run(settle("agency", "reserve", "1_000_000.99", "protection"), settle("agency", "reserve", "pool.interest / 10"))
    # interest 100, 75, 50, 25: rounded down
    assert cash(run, "reserve") == [1_000_010, 2_000_017, 3_000_022, 4_000_024]
    assert moved(run, DAYS[1]) == [
        (2, "protection", "agency", "reserve", 1_000_000),
        (3, "premium", "agency", "reserve", 7),
    ]


def test_from_party_to_party() -> None:
    run, plain = a_run(settle("agency", "bank", "9_999.9", "guarantee")), a_run()
    assert run.accounts == plain.accounts
    assert run.tranches == plain.tranches
    assert moved(run, DAYS[3]) == [(2, "guarantee", "agency", "bank", 9_999)]
    assert between(a_deal(), run)[DAYS[3], "agency", "bank"] == 9_999


def test_a_contract_with_a_condition() -> None:
    inner = settle("agency", "reserve", 2, **{"if": "payment.number > 1"})
    section = {"section": {"name": "s", "if": "payment.number < 3", "steps": [settle("agency", "reserve", 1), inner]}}
    assert cash(a_run(section), "reserve") == [1, 4, 4, 4]


@pytest.mark.parametrize("amount", ["0 - pool.interest", "1 / (pool.initial - 10000)"])
@pytest.mark.parametrize("ends", [("cash", "agency"), ("agency", "cash"), ("agency", "bank")])
def test_an_amount_below_0_or_none_is_a_breach_and_moves_nothing(amount: str, ends: tuple[str, str]) -> None:
    run = a_run(settle(*ends, amount))
    assert [breach[:2] for breach in run.breaches] == [(day, 2) for day in DAYS]
    assert cash(run) == cash(a_run())
    assert moved(run, DAYS[0]) == []


# the closing date


def a_deal(**changes: Any) -> Deal:
    return Deal(**(TERMS | changes), waterfall=[COLLECT])


def closed(*contracts: dict[str, Any], initial: float = 7, **changes: Any) -> OracleRun:
    accounts = {"cash": {}, "reserve": {"initial": initial}}
    seen = {"let": {"first": "reserve.initial", "before": "previous(reserve.balance)", "same": "previous(reserve.initial)"}}
    add = {"transfer": {"from": "cash", "to": "reserve", "amount": 1}}
    return a_run(add, seen, closing=contracts, **({"accounts": accounts} | changes))


def test_the_issue() -> None:
    tranches = {"senior": {"size": 6_000, "issue_price": "99%"}, "junior": {"size": "rest", "holder": "bank"}}
    assert moved(closed(tranches=tranches), CLOSING) == [
        (0, "senior.issue", "investors", "issuer", 5_940),
        (0, "junior.issue", "bank", "issuer", 4_000),
        (0, "reserve.initial", "issuer", "reserve", 7),
        (0, "purchase", "issuer", "sellers", 9_933),
    ]


def test_contracts_are_paid_in_order() -> None:
    run = closed(
        settle("agency", "reserve", "1.259% * pool.initial", "guarantee"),
        settle("reserve", "bank", "1% * junior.size + 0.9"),
        settle("reserve", "bank", "11% * payment.fraction * loans.initial"),
        settle("agency", "bank", "senior.size / 7", "protection"),
    )
    # 7 and 125; 40; 11 % of a twelfth of 10,000: 91.67; 857.14
    assert moved(run, CLOSING)[4:] == [
        (0, "guarantee", "agency", "reserve", 125),
        (0, "premium", "reserve", "bank", 40),
        (0, "premium", "reserve", "bank", 91),
        (0, "protection", "agency", "bank", 857),
    ]
    assert run.started == {"cash": 0, "reserve": 1}
    assert cash(run, "reserve") == [2, 3, 4, 5]
    assert values(run, "first") == values(run, "same") == [1] * 4
    assert values(run, "before") == [1, 2, 3, 4]


def test_an_account_earns_on_what_it_starts_with() -> None:
    accounts = {"cash": {}, "reserve": {"initial": 7, "earns": "12%", "earns_into": "cash"}}
    run = closed(settle("agency", "reserve", "2% * pool.initial"), accounts=accounts)
    assert [row for row in moved(run, DAYS[0]) if row[1] == "reserve.earned"] == [
        (0, "reserve.earned", "deposit_bank", "cash", 2)
    ]


def test_the_first_accrual_period_is_by_the_day_count_of_the_deal() -> None:
    run = closed(settle("agency", "cash", "360 * payment.fraction"), day_count="ACT/360")
    assert run.started["cash"] == 30


def test_what_cannot_be_paid_at_closing() -> None:
    assert closed(settle("reserve", "agency", "0.07% * pool.initial")).started["reserve"] == 0
    with pytest.raises(ValueError, match="holds 7"):
        closed(settle("reserve", "agency", "0.08% * pool.initial"))
    with pytest.raises(ValueError, match="holds 7"):
        closed(settle("reserve", "agency", "0.08% * pool.initial"), settle("agency", "reserve", "pool.initial"))
    with pytest.raises(ValueError, match="is -1"):
        closed(settle("agency", "reserve", "0 - pool.initial"))
    with pytest.raises(ValueError, match="is nan"):
        closed(settle("agency", "reserve", "1 / (pool.initial - 10000)"))
    with pytest.raises(ValueError, match="no condition"):
        closed(settle("agency", "reserve", 1, **{"if": "pool.initial > 0"}))


@pytest.mark.parametrize("name", ["pool.balance", "reserve.initial", "payment.number", "senior.balance"])
def test_names_that_contracts_at_closing_may_not_ask_for(name: str) -> None:
    with pytest.raises(KeyError):
        closed(settle("agency", "reserve", name))


def test_sizes_are_of_what_the_issue_alone_puts_into_accounts() -> None:
    run = closed(settle("agency", "reserve", "2% * junior.size"), backing="pool.initial + reserve.initial")
    assert run.sizes == {"senior": 6_000, "junior": 4_007}
    assert run.started["reserve"] == 87  # 2 % of 4,007 is 80.14


# reference pools


def referring(*steps: Any, **changes: Any) -> OracleRun:
    """1,000 of notes in an account, and the falling loans with whoever made them."""
    synthetic = {
        "pools": {"loans": {"tape": "none.csv", "reference": True}},
        "accounts": {"cash": {"initial": 1_000}},
        "backing": "cash.initial",
        "tranches": {"senior": {"size": 600}, "junior": {"size": "rest"}},
    }
    return a_run(*steps, collects={"let": {"rest": "loans.balance"}}, **(synthetic | changes))


def test_loans_of_others_are_neither_bought_nor_collected() -> None:
    seen = {"of": "pool.initial", "came": "loans.interest + pool.scheduled_principal"}
    run = referring({"let": seen}, settle("cash", "loans", "1% * pool.balance", "protection"))
    assert run.sizes == {"senior": 600, "junior": 400}
    assert moved(run, CLOSING) == [
        (0, "senior.issue", "investors", "issuer", 600),
        (0, "junior.issue", "investors", "issuer", 400),
        (0, "cash.initial", "issuer", "cash", 1_000),
    ]
    assert values(run, "rest") == [7_500, 5_000, 2_500, 0]
    assert values(run, "of") == [10_000] * 4
    assert values(run, "came") == [2_600, 2_575, 2_550, 2_525]
    assert cash(run) == [925, 875, 850, 850]
    assert [row for row in run.elsewhere if row[0] == DAYS[1]] == [
        (DAYS[1], 0, "loans.interest", "obligors", "loans", 75),
        (DAYS[1], 0, "loans.scheduled_principal", "obligors", "loans", 2_500),
        (DAYS[1], 0, "loans.prepayment", "obligors", "loans", 0),
        (DAYS[1], 0, "loans.recovery", "obligors", "loans", 0),
    ]


TWO = {"pools": {"ours": {"tape": "a"}, "theirs": {"tape": "b", "reference": True}}}
TWO_ROWS = {"ours": [loan("bullet", 6_000)], "theirs": [loan("bullet", 4_000)]}
OURS = {"collect": {**COLLECT["collect"], "pool": "ours"}}


def test_some_loans_of_the_deal_and_some_of_others() -> None:
    run = a_run({"let": {"all": "pool.interest"}}, collects=OURS, rows=TWO_ROWS, **TWO)
    assert values(run, "all") == [100, 100, 100, 100]
    assert cash(run) == [60, 120, 180, 6_240]
    assert moved(run, CLOSING)[-1] == (0, "purchase", "issuer", "sellers", 10_000)
    assert sum(row[5] for row in run.elsewhere if row[0] == DAYS[3]) == 4_040


@pytest.mark.parametrize("more", [{}, {"pool": "theirs"}, {"pool": "pool"}])
def test_loans_of_others_cannot_be_collected(more: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="collect themselves"):
        a_run(collects={"collect": COLLECT["collect"] | more}, rows=TWO_ROWS, **TWO)


def test_who_paid_whom() -> None:
    terms = TWO | {
        "accounts": {"cash": {"initial": 500}, "reserve": {"earns": "12%", "bank": "bank"}},
        "tranches": {"senior": {"size": 6_000, "coupon": "12%", "holder": "fund"}, "junior": {"size": "rest"}},
        "fees": {"trustee": {"amount": 3, "payee": "bank"}, "servicer": {"amount": 2}},
        "closing": [settle("agency", "cash", "1% * pool.initial"), settle("theirs", "agency", "1% * senior.size")],
    }
    steps = [
        {"transfer": {"from": "cash", "to": "reserve", "amount": 1_200, "if": "payment.number == 1"}},
        {"pay": {"fee": ["trustee", "servicer"], "from": "cash"}},
        {"pay": {"interest": "senior", "from": "cash", "amount": 1}},
        settle("cash", "theirs", 5, "protection"),
        settle("theirs", "cash", 4),
        settle("bank", "theirs", 6),
    ]
    deal = Deal(**(TERMS | terms), waterfall=[OURS, *steps])
    paid = between(deal, run_oracle(deal, TWO_ROWS))
    assert {ends: amount for (day, *ends), amount in paid.items() if day == CLOSING for ends in [tuple(ends)]} == {
        ("fund", "issuer"): 6_000,
        ("investors", "issuer"): 4_000,
        ("issuer", "sellers"): 9_500,
        ("agency", "issuer"): 100,
        ("theirs", "agency"): 60,
    }
    # all of the 660 there is put aside, and nothing is left to pay with; from then on it earns 1 % a month
    assert {ends: amount for (day, *ends), amount in paid.items() if day == DAYS[0] for ends in [tuple(ends)]} == {
        ("obligors", "issuer"): 60,
        ("obligors", "theirs"): 40,
        ("theirs", "issuer"): 4,
        ("bank", "theirs"): 6,
    }
    assert {ends: amount for (day, *ends), amount in paid.items() if day == DAYS[2] for ends in [tuple(ends)]} == {
        ("obligors", "issuer"): 60,
        ("obligors", "theirs"): 40,
        ("issuer", "bank"): 3,
        ("issuer", "servicer"): 2,
        ("issuer", "fund"): 1,
        ("issuer", "theirs"): 5,
        ("theirs", "issuer"): 4,
        ("bank", "issuer"): 6,
        ("bank", "theirs"): 6,
    }


# earlier flows


def test_lagged_flows() -> None:
    assert let("lagged(pool.interest, 1)") == [0, 100, 75, 50]
    assert let("lagged(loans.interest, 2)") == [0, 0, 100, 75]
    assert let("lagged(pool.scheduled_principal, 120)") == [0] * 4
    assert let("pool.interest - lagged(pool.interest, 1) / 2") == [100, 25, 12.5, 0]


def test_lagged_flows_of_periods_of_several_months() -> None:
    quarterly = {"payments": TERMS["payments"] | {"frequency": "quarterly"}}
    assert let("pool.interest", **quarterly) == [100, 150]  # April; May, June and July
    assert let("lagged(pool.interest, 1)", **quarterly) == [0, 225]
    assert let("lagged(pool.interest, 2)", **quarterly) == [0, 175]
    assert let("lagged(pool.interest, 3)", **quarterly) == [0, 100]
    assert let("lagged(pool.interest, 4)", **quarterly) == [0, 0]
    late = {"dates": TERMS["dates"] | {"first_payment": date(2020, 7, 15), "legal_final": date(2020, 7, 15)}}
    assert let("lagged(pool.interest, 1)", **late) == [175]  # April and May, before May and June


def test_lagged_defaults_of_one_sub_pool() -> None:
    rows = {
        "ours": [loan("bullet", 6_000, default_date="2020-04-20")],
        "theirs": [loan("bullet", 4_000, default_date="2020-05-20")],
    }
    scenarios = {"base": {"defaults": "tape", "cpr": 0, "recovery": 0.25, "recovery_lag": 1}}
    run = a_run(
        {
            "let": {
                "all": "lagged(pool.default, 1)",
                "ours_1": "lagged(ours.default, 1)",
                "theirs_2": "lagged(theirs.default, 2)",
                "back": "lagged(pool.recovery, 1)",
            }
        },
        collects=OURS,
        rows=rows,
        scenarios=scenarios,
        **TWO,
    )
    assert values(run, "all") == [0, 6_000, 4_000, 0]
    assert values(run, "ours_1") == [0, 6_000, 0, 0]
    assert values(run, "theirs_2") == [0, 0, 0, 4_000]
    assert values(run, "back") == [0, 0, 1_500, 1_000]


def test_lagged_flows_are_money_and_of_flows_only() -> None:
    known = {"a.balance": 3.0}
    assert isinstance(evaluate("lagged(pool.default, 3)", known.__getitem__, 0.0, lambda *_: 1.0), Cash)
    for name in ("pool.balance", "pool.opening", "pool.cumulative_default", "senior.interest_due"):
        with pytest.raises(KeyError):
            let(f"lagged({name}, 1)")


def test_lagged_flows_may_accrue() -> None:
    run = a_run({"pay": {"fee": "f", "from": "cash"}}, fees={"f": {"amount": "lagged(pool.interest, 1)"}})
    assert [row[4] for day in DAYS for row in moved(run, day)] == [100, 75, 50]


# the accrual period to come


def test_the_next_accrual_period() -> None:
    assert let("payment.next_fraction") == pytest.approx([1 / 12, 1 / 12, 1 / 12, 0])
    assert let("payment.next_fraction", day_count="ACT/360") == pytest.approx([31 / 360, 30 / 360, 31 / 360, 0])
    short = paid_until(date(2020, 8, 10))
    assert let("payment.next_fraction", day_count="ACT/360", dates=short) == pytest.approx([31 / 360, 30 / 360, 26 / 360, 0])


def test_the_next_accrual_period_where_days_are_moved() -> None:
    terms = {"dates": paid_until(date(2020, 8, 17)), "day_count": "ACT/360"}  # the 15th of August is a Saturday
    found = let("payment.next_fraction", payments=WEEKENDS, **terms)
    assert found == pytest.approx([31 / 360, 30 / 360, 33 / 360, 0])
    found = let("payment.next_fraction", payments=WEEKENDS | {"accrual": "unadjusted"}, **terms)
    assert found == pytest.approx([31 / 360, 30 / 360, 31 / 360, 0])
