"""Frames and explanations of what only a waterfall spelled out has: facilities, hedges, ledgers, values, bookings, purchases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from by_hand import TAPE_DEFAULTS, TERMS, of, run, spelled, tape

from clo.study import Result

FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
STEPS = (FEE, INTEREST, PRINCIPAL)
NOTES = TERMS["tranches"]


def columns(frame: pd.DataFrame, kind: str, name: str) -> dict[str, list[float]]:
    """The figures of one entry by column."""
    own = frame[frame[kind] == name]
    return {str(column): [float(value) for value in own[column]] for column in own.columns[2:]}


def paid_in(result: Result, *reasons: str) -> list[tuple[str, str, str, str, float]]:
    """Rows of `parties` with these streams: month and day, payer, payee, stream, amount."""
    rows = result.parties[result.parties["stream"].isin(reasons)]
    return [
        (f"{row.payment_date:%m-%d}", row.payer, row.payee, row.stream, float(row.amount)) for row in rows.itertuples(index=False)
    ]


def booked(result: Result) -> list[tuple[str, int, str, str, str, float]]:
    return [(f"{row[0]:%m-%d}", *row[1:]) for row in result.bookings.itertuples(index=False, name=None)]


# ---- facilities

LINE = {"facilities": {"line": {"limit": 5_000, "provider": "bank", "rate": "12%", "commitment_fee": "1.2%"}}}
DRAW = {"draw": {"from": "line", "to": "collections", "amount": "1_000.7", "if": "payment.number <= 2"}}
FOR_IT = ({"pay": {"fee": "line", "from": "collections"}}, {"pay": {"interest": "line", "from": "collections"}})
REPAY = {"pay": {"principal": "line", "from": "collections", "amount": 400}}


def test_a_facility() -> None:
    """Of 1,000.7 whole yen are drawn; 1 % a month on what is drawn, a thousandth on what is not: of 5,000 4,400 3,800 4,200."""
    result = run(spelled(DRAW, FEE, *FOR_IT, INTEREST, REPAY, PRINCIPAL, **LINE))
    assert result.ok
    assert columns(result.facilities, "facility", "line") == {
        "opening": [0, 600, 1200, 800],
        "drawn": [1000, 1000, 0, 0],
        "repaid": [400, 400, 400, 400],
        "closing": [600, 1200, 800, 400],
        "available": [4400, 3800, 4200, 4600],
        "interest_due": [0, 6, 12, 8],
        "interest_paid": [0, 6, 12, 8],
        "interest_unpaid": [0, 0, 0, 0],
        "fee_due": [5, 4, 3, 4],
        "fee_paid": [5, 4, 3, 4],
        "fee_unpaid": [0, 0, 0, 0],
    }
    assert paid_in(result, "line.draw", "line.interest")[:3] == [
        ("05-15", "bank", "issuer", "line.draw", 1000),
        ("06-15", "bank", "issuer", "line.draw", 1000),
        ("06-15", "issuer", "bank", "line.interest", 6),
    ]
    assert set(paid_in(result, "line.fee", "line.principal")) >= {("08-15", "issuer", "bank", "line.principal", 400)}
    drawn = result.ledger[result.ledger["reason"] == "line.draw"]
    assert list(zip(drawn["from"], drawn["to"], drawn["step"], strict=True)) == [("line", "collections", 2)] * 2


def test_a_facility_that_is_not_replenished_lends_its_limit_once() -> None:
    depleting = {"line": LINE["facilities"]["line"] | {"limit": 1_500, "replenished": False}}
    result = run(spelled(DRAW, FEE, *FOR_IT, INTEREST, REPAY, PRINCIPAL, facilities=depleting))
    line = columns(result.facilities, "facility", "line")
    assert (line["drawn"], line["available"], line["closing"]) == ([1000, 500, 0, 0], [500, 0, 0, 0], [600, 700, 300, 0])
    assert result.flows.value("line.drawn").tolist() == [1000, 1500, 1500, 1500]
    why = result.explain("line.draw", 2)
    assert (why.asked, why.available, why.paid, why.shortfall, why.why) == (1000, 500, 500, 500, "no more may be drawn")
    assert result.explain("line.draw", 3).why == "not paid: `payment.number <= 2` is false"


def test_a_facility_that_is_not_paid_carries_interest_and_fee() -> None:
    """With a limit of a date's own: it falls below what is drawn, and nothing may be drawn then."""
    never = {"if": "payment.number == 4"}
    terms_of_it = {"line": LINE["facilities"]["line"] | {"limit": "if(payment.number == 1, 5_000, 100)"}}
    late = [{"pay": step["pay"] | never} for step in (*FOR_IT, REPAY)]
    draw = {"draw": {"from": "line", "to": "collections"}}
    result = run(spelled(draw, FEE, *late, INTEREST, PRINCIPAL, facilities=terms_of_it))
    line = columns(result.facilities, "facility", "line")
    assert line["drawn"] == [5000, 0, 0, 0]
    assert line["available"] == [0, 0, 0, 0]
    assert line["interest_due"] == [0, 50, 50, 50]
    assert line["interest_unpaid"] == [0, 50, 100, 0]
    assert line["fee_unpaid"] == [5, 5, 5, 0]
    assert line["repaid"] == [0, 0, 0, 400]
    assert result.ok


# ---- hedges

SWAP = {"swap": {"notional": "senior.balance", "counterparty": "bank", "pay": "2.4%", "receive": "schedule.rate * 1"}}
RATES = {"schedules": {"rate": {"payments": [0.012, 0.048, 0.048, 0.0]}}}
SETTLE = ({"draw": {"from": "swap", "to": "collections"}}, {"pay": {"hedge": "swap", "from": "collections"}})


def test_a_net_swap() -> None:
    """On 15,000 11,004 6,977 2,963 a fifth of a percent goes out; a tenth, two fifths, two fifths and nothing comes in."""
    result = run(spelled(SETTLE[0], FEE, SETTLE[1], INTEREST, PRINCIPAL, hedges=SWAP, **RATES))
    assert result.ok
    assert columns(result.hedges, "hedge", "swap") == {
        "notional": [15000, 11004, 6977, 2963],
        "due": [15, 0, 0, 5],
        "paid": [15, 0, 0, 5],
        "unpaid": [0, 0, 0, 0],
        "accrued": [0, 22, 14, 0],
        "received": [0, 22, 14, 0],
        "receivable": [0, 0, 0, 0],
    }
    assert paid_in(result, "swap.draw", "swap.hedge") == [
        ("05-15", "issuer", "bank", "swap.hedge", 15),
        ("06-15", "bank", "issuer", "swap.draw", 22),
        ("07-15", "bank", "issuer", "swap.draw", 14),
        ("08-15", "issuer", "bank", "swap.hedge", 5),
    ]


def test_a_swap_whose_legs_are_paid_apart() -> None:
    gross = {"swap": SWAP["swap"] | {"net": False}}
    result = run(spelled(SETTLE[0], FEE, SETTLE[1], INTEREST, PRINCIPAL, hedges=gross, **RATES))
    swap = columns(result.hedges, "hedge", "swap")
    assert (swap["due"], swap["accrued"]) == ([30, 22, 13, 5], [15, 44, 27, 0])
    assert result.ok


def test_a_hedge_that_is_terminated_keeps_what_is_unpaid() -> None:
    """Nothing is settled before the end; from the third date on nothing accrues, and what the counterparty owed is lost."""
    ended = {"swap": SWAP["swap"] | {"terminated": "payment.number >= 3", "net": False, "notional": 12_000}}
    settle = [{verb: details | {"if": "payment.number == 4"}} for step in SETTLE for verb, details in step.items()]
    result = run(spelled(settle[0], FEE, settle[1], INTEREST, PRINCIPAL, hedges=ended, **RATES))
    swap = columns(result.hedges, "hedge", "swap")
    assert swap["notional"] == [12000] * 4
    assert (swap["due"], swap["accrued"]) == ([24, 24, 0, 0], [12, 48, 0, 0])
    assert (swap["receivable"], swap["received"]) == ([12, 60, 0, 0], [0, 0, 0, 0])
    assert (swap["unpaid"], swap["paid"]) == ([24, 48, 48, 0], [0, 0, 0, 48])
    assert result.explain("swap.draw", 4).why == "nothing is asked"
    assert result.explain("swap.draw", 2).why == "not paid: `payment.number == 4` is false"


def test_a_hedge_is_drawn_in_parts() -> None:
    cap = {"swap": {"notional": 120_000, "counterparty": "bank", "receive": "1%"}}
    part = {"draw": {"from": "swap", "to": "collections", "amount": "if(payment.number == 1, 30, 170)"}}
    result = run(spelled(part, *STEPS, hedges=cap))
    swap = columns(result.hedges, "hedge", "swap")
    assert (swap["received"], swap["receivable"]) == ([30, 170, 100, 100], [70, 0, 0, 0])
    found = result.explain("swap.draw", 3)
    assert (found.asked, found.paid, found.shortfall, found.why) == (170, 100, 70, "no more may be drawn")


# ---- ledgers, bookings, values


def test_ledgers_and_what_is_credited_by_a_transfer() -> None:
    """Losses of 500 a date go to two ledgers, the first up to 700; a transfer of cash credits the second."""
    ledgers = {"small": {"limit": "700"}, "large": {}}
    debit = {"debit": {"ledgers": ["small", "large"], "amount": 500.5}}
    cure = {
        "transfer": {"from": "collections", "to": "collections", "amount": "if(payment.number == 3, 600, 0)", "credits": "large"}
    }
    credit = {"credit": {"ledgers": ["large", "small"], "amount": 100, "if": "payment.number == 4"}}
    result = run(spelled(debit, cure, credit, *STEPS, ledgers=ledgers))
    assert result.ok
    assert columns(result.ledgers, "ledger", "small") == {
        "opening": [0, 500.5, 700, 700],
        "debited": [500.5, 199.5, 0, 0],
        "credited": [0, 0, 0, 0],
        "closing": [500.5, 700, 700, 700],
    }
    assert columns(result.ledgers, "ledger", "large") == {
        "opening": [0, 0, 301, 201.5],
        "debited": [0, 301, 500.5, 500.5],
        "credited": [0, 0, 600, 100],
        "closing": [0, 301, 201.5, 602],
    }
    assert booked(result) == [
        ("05-15", 2, "small.debit", "small", "small", 500.5),
        ("06-15", 2, "small.debit", "small", "small", 199.5),
        ("06-15", 2, "large.debit", "large", "large", 301),
        ("07-15", 2, "large.debit", "large", "large", 500.5),
        ("07-15", 3, "large.credit", "large", "large", 600),
        ("08-15", 2, "large.debit", "large", "large", 500.5),
        ("08-15", 4, "large.credit", "large", "large", 100),
    ]
    assert not set(result.ledger["reason"]) & {"small.debit", "large.credit"}
    assert result.explain("large.credit", 4).why == "step 3: nothing is asked; step 4: in full"


def test_a_credit_beyond_the_ledger() -> None:
    debit = {"debit": {"ledgers": "losses", "amount": "if(payment.number == 1, 50, 0)"}}
    credit = {"credit": {"ledgers": "losses", "amount": 30}}
    result = run(spelled(debit, credit, *STEPS, ledgers={"losses": {}}))
    assert columns(result.ledgers, "ledger", "losses")["closing"] == [20, 0, 0, 0]
    found = result.explain("losses.credit", 2)
    assert (found.available, found.paid) == (20, 20)


def test_what_is_charged_capitalised_and_written() -> None:
    """Mezzanine interest of 50 becomes balance on the first two dates, up to 60 a date; losses are written down and up again."""
    fees = TERMS["fees"] | {"late": {}}
    steps = (
        {"charge": {"fee": "late", "amount": "7.9", "if": "payment.number <= 2"}},
        {"pay": {"fee": ["servicer", "late"], "from": "collections", "if": "payment.number > 1"}},
        {"pay": {"interest": "senior", "from": "collections"}},
        {"capitalise": {"interest": "mezzanine", "amount": 60, "if": "payment.number <= 2"}},
        {"pay": {"interest": "mezzanine", "from": "collections", "if": "payment.number > 2"}},
        {"write_down": {"tranches": ["mezzanine", "junior"], "amount": "if(payment.number == 2, 6_000, 0)"}},
        {"write_up": {"tranches": "mezzanine", "amount": "if(payment.number == 3, 9_999, 0)"}},
        PRINCIPAL,
    )
    result = run(spelled(*steps, fees=fees))
    assert result.ok
    assert columns(result.fees, "fee", "late") == {"due": [7, 7, 0, 0], "paid": [0, 14, 0, 0], "unpaid": [7, 0, 0, 0]}
    mezzanine = columns(result.tranches, "tranche", "mezzanine")
    assert mezzanine["capitalised"][:2] == [50, 50]  # 1 % of 5,000, and of 5,050 rounded down
    assert mezzanine["writedown"] == [0, 5100, 0, 0]
    assert mezzanine["writeup"] == [0, 0, 5100, 0]
    assert mezzanine["interest_due"] == [50, 50, 0, 51]
    assert of(result, "junior", "writedown") == [0, 900, 0, 0]
    assert booked(result) == [
        ("05-15", 2, "late.charge", "late", "late", 7),
        ("05-15", 5, "mezzanine.capitalise", "mezzanine", "mezzanine", 50),
        ("06-15", 2, "late.charge", "late", "late", 7),
        ("06-15", 5, "mezzanine.capitalise", "mezzanine", "mezzanine", 50),
        ("06-15", 7, "mezzanine.write_down", "mezzanine", "mezzanine", 5100),
        ("06-15", 7, "junior.write_down", "junior", "junior", 900),
        ("07-15", 8, "mezzanine.write_up", "mezzanine", "mezzanine", 5100),
    ]
    assert result.explain("late.charge", 3).why == "not done: `payment.number <= 2` is false"
    table = result.waterfall(2)
    charge = table[table["claim"] == "late.charge"].iloc[0]
    assert (charge["step"], charge["asked"], charge["paid"], charge["why"]) == (2, 7, 7, "in full")


@pytest.mark.parametrize(
    ("step", "claim", "asked", "paid", "why"),
    [
        ({"capitalise": {"interest": "mezzanine", "amount": 60}}, "mezzanine.capitalise", 60, 50, "no more is unpaid"),
        ({"write_down": {"tranches": "mezzanine", "amount": 6_000}}, "mezzanine.write_down", 6_000, 5_000,
        "nothing is left to write down"),
        ({"write_up": {"tranches": "mezzanine", "amount": 9}}, "mezzanine.write_up", 9, 0, "no more was written down"),
        ({"debit": {"ledgers": "losses", "amount": 900}}, "losses.debit", 900, 700, "the ledger is at its limit"),
        ({"credit": {"ledgers": "losses", "amount": 30}}, "losses.credit", 30, 0, "the ledger is at 0"),
    ],
)  # fmt: skip
def test_why_less_was_booked_than_the_step_says(step: Any, claim: str, asked: float, paid: float, why: str) -> None:
    result = run(spelled(FEE, step, INTEREST, PRINCIPAL, ledgers={"losses": {"limit": "700"}}))
    found = result.explain(claim, 1)
    assert found.paid == paid
    assert (found.asked, found.shortfall, found.why) == (asked, asked - paid, why)


def test_values() -> None:
    """Numbers as they are, conditions as 1 and 0; a value in a section that is not run is computed all the same."""
    section = {
        "section": {"name": "s", "if": "payment.number > 9", "steps": [{"let": {"here": "2 * n", "odd": "n == 1 or n == 3"}}]}
    }
    result = run(spelled({"let": {"n": "payment.number"}}, section, *STEPS))
    frame = result.values
    assert list(frame.columns) == ["payment_date", "name", "value"]
    assert list(frame["name"]) == ["n", "here", "odd"] * 4
    assert list(frame["value"]) == [1, 2, 1, 2, 4, 0, 3, 6, 1, 4, 8, 0]


def test_frames_of_what_a_deal_does_not_have_are_empty_with_columns() -> None:
    result = run(spelled(*STEPS))
    for name, first in (("facilities", "facility"), ("hedges", "hedge"), ("ledgers", "ledger"), ("values", "name")):
        frame = getattr(result, name)
        assert len(frame) == 0
        assert list(frame.columns)[:2] == ["payment_date", first]
        assert frame["payment_date"].dtype == "datetime64[s]"
    assert list(result.bookings.columns) == ["payment_date", "step", "reason", "from", "to", "amount"]
    assert len(result.bookings) == 0


# ---- what accounts earn


def test_an_account_earns_on_what_it_held() -> None:
    """1 % a month on 3,000 of the reserve into collections, from a bank that is no account; nothing on an empty account."""
    accounts = {
        "collections": {},
        "reserve": {"initial": 3_000, "earns": "12%", "earns_into": "collections", "bank": "trust_bank"},
    }
    out = {"transfer": {"from": "reserve", "to": "collections", "amount": "reserve.balance", "if": "payment.number == 3"}}
    result = run(spelled(out, *STEPS, accounts=accounts))
    assert result.ok
    assert result.flows.value("reserve.earned").tolist() == [30, 30, 30, 0]
    assert columns(result.accounts, "account", "reserve")["closing"] == [3000, 3000, 0, 0]
    earned = result.ledger[result.ledger["reason"] == "reserve.earned"]
    assert (
        list(zip(earned["step"], earned["from"], earned["to"], earned["amount"], strict=True))
        == [(0, "trust_bank", "collections", 30)] * 3
    )
    assert paid_in(result, "reserve.earned")[0] == ("05-15", "trust_bank", "issuer", "reserve.earned", 30)
    assert result.explain("reserve.earned", 1).why == "earned on what the account held"
    assert result.explain("reserve.earned", 4).why == "nothing is asked"
    assert columns(result.accounts, "account", "collections")["inflow"][0] == 4_160 + 30


# ---- loans bought, and the pool sold

BUY = {"buy": {"pool": "loans", "from": "collections", "amount": "if(payment.number == 1, 980.9, 0)", "price": "98%"}}
POOL = ("opening", "bought", "interest", "scheduled_principal", "prepayment", "default", "closing", "sold")


def pool_of(result: Result, group: str) -> dict[str, list[float]]:
    frame = result.pool[result.pool["group"] == group]
    return {column: [float(value) for value in frame[column]] for column in POOL}


def test_loans_bought_do_what_the_loans_of_the_pool_did_from_the_cutoff() -> None:
    """980 buys 1,000 on the first date: a 24th of what the pool did in April, May and June comes in May, June and July."""
    result = run(spelled(FEE, INTEREST, BUY, PRINCIPAL))
    assert result.ok
    share = 1_000 / 24_000
    own, bought = pool_of(result, "loans"), pool_of(result, "loans.bought")
    assert own["closing"] == [20_000, 16_000, 12_000, 0]
    assert own["bought"] == own["sold"] == bought["sold"] == [0, 0, 0, 0]
    assert bought["bought"] == [0, 1_000, 0, 0]
    assert bought["opening"] == pytest.approx([0, 0, 20_000 * share, 16_000 * share])
    assert bought["interest"] == pytest.approx([0, 160 * share, 130 * share, 100 * share])
    assert bought["scheduled_principal"] == pytest.approx([0, *[4_000 * share] * 3])
    assert bought["closing"] == pytest.approx([0, 20_000 * share, 16_000 * share, 12_000 * share])
    purchase = result.ledger[result.ledger["reason"] == "loans.purchase"]
    assert list(zip(purchase["step"], purchase["from"], purchase["to"], purchase["amount"], strict=True)) == [
        (0, "issuer", "institutions", 24_000),
        (4, "collections", "institutions", 980),
    ]
    collected = result.parties[result.parties["stream"] == "loans.bought.interest"]
    assert list(collected["amount"]) == pytest.approx([160 * share, 130 * share, 100 * share])
    assert set(collected["payer"]) == {"obligors"}
    assert result.flows.value("pool.balance").tolist() == pytest.approx([
        21_000, 16_000 + 20_000 * share, 12_000 + 16_000 * share, 12_000 * share,
    ])  # fmt: skip
    assert result.flows.value("pool.opening").tolist() == pytest.approx([
        24_000, 21_000, 16_000 + 20_000 * share, 12_000 + 16_000 * share,
    ])  # fmt: skip


def test_why_a_purchase_was_no_larger() -> None:
    greedy = {"buy": {"pool": "loans", "from": "collections", "amount": 50_000}}
    result = run(spelled(FEE, INTEREST, greedy, PRINCIPAL))
    found = result.explain("loans.purchase", 1)
    assert (found.asked, found.paid, found.shortfall) == (50_000, 4_011, 45_989)
    assert found.why == "collections ran out after servicer.fee 24, senior.interest 75, mezzanine.interest 50"


SELL = {"sell": {"to": "collections", "amount": "90% * pool.balance", "if": "payment.number >= 2"}}


def test_a_pool_that_is_sold_gives_nothing_more() -> None:
    """On the second date 16,000 bring 14,400; the borrowers' money of June and July is the buyer's."""
    result = run(spelled(SELL, *STEPS))
    assert result.ok
    pool = pool_of(result, "loans")
    assert pool["opening"] == [24_000, 20_000, 16_000, 0]
    assert pool["sold"] == [0, 0, 16_000, 0]
    assert pool["interest"] == [160, 130, 0, 0]
    assert pool["closing"] == [20_000, 16_000, 0, 0]
    assert result.flows.value("pool.balance").tolist() == [20_000, 0, 0, 0]
    assert paid_in(result, "pool.sale") == [("06-15", "buyer", "issuer", "pool.sale", 14_400)]
    assert result.explain("pool.sale", 2).why == "paid for the pool"
    assert result.explain("pool.sale", 2).available == float("inf")  # a buyer outside the deal
    assert result.explain("pool.sale", 1).why == "not paid: `payment.number >= 2` is false"
    assert result.explain("pool.sale", 3).why == "nothing is asked"
    assert columns(result.fees, "fee", "servicer")["due"] == [24, 20, 0, 0]
    assert set(result.parties.loc[result.parties["payer"] == "obligors", "payment_date"].dt.month) == {5, 6}
    assert [int(value) for value in of(result, "senior", "closing")] == [10_989, 0, 0, 0]


def test_what_was_bought_is_sold_with_the_pool() -> None:
    """Bought on the first date, bought and sold on the second: what is bought last never pays the deal anything."""
    more = {"buy": BUY["buy"] | {"amount": "if(payment.number <= 2, 980, 0)"}}
    sell = {"sell": {"to": "collections", "if": "payment.number == 2"}}
    result = run(spelled(FEE, INTEREST, more, sell, PRINCIPAL))
    assert result.ok
    share = 1_000 / 24_000
    bought = pool_of(result, "loans.bought")
    assert bought["bought"] == [0, 1_000, 1_000, 0]
    assert bought["sold"] == pytest.approx([0, 0, 20_000 * share + 1_000, 0])
    assert bought["closing"] == pytest.approx([0, 20_000 * share, 0, 0])
    assert bought["interest"] == pytest.approx([0, 160 * share, 0, 0])
    sale = paid_in(result, "pool.sale")[0][-1]
    assert sale == int(16_000 + 20_000 * share + 1_000)


def test_defaults_and_recoveries_of_what_was_bought() -> None:
    """C defaults in April: a sixth of what is bought in May does so in May; half of it comes back a month later."""
    scenarios = {"base": TAPE_DEFAULTS["base"] | {"recovery": 0.5, "recovery_lag": 1}}
    named = {"let": {"lost": "pool.cumulative_default"}}
    result = run(spelled(FEE, INTEREST, BUY, PRINCIPAL, named, scenarios=scenarios), tape(defaults={"C": "2020-04-20"}))
    assert result.ok
    frame = result.pool[result.pool["group"] == "loans.bought"]
    assert list(frame["default"]) == pytest.approx([0, 1_000 / 6, 0, 0])
    assert list(frame["recovery"]) == pytest.approx([0, 0, 1_000 / 12, 0])
    own = result.pool[result.pool["group"] == "loans"]
    assert list(own["recovery"]) == pytest.approx([0, 2_000, 0, 0])
    assert list(result.values["value"]) == pytest.approx([4_000, *[4_000 + 1_000 / 6] * 3])


def test_the_pool_frame_rolls_forward_and_is_what_was_collected() -> None:
    """Opening and bought less sold and what leaves is closing; its cash is the ledger's, date by date."""
    more = {"buy": BUY["buy"] | {"amount": "50% * collections.balance"}}
    scenarios = {"base": {"cdr": 0.3, "cpr": 0.3, "recovery": 0.4, "recovery_lag": 1}}
    sell = {"sell": {"to": "collections", "amount": "pool.balance / 2", "if": "payment.number == 3"}}
    for steps in ((FEE, INTEREST, more, PRINCIPAL), (FEE, INTEREST, more, PRINCIPAL, sell)):
        result = run(spelled(*steps, scenarios=scenarios))
        assert result.ok
        pool = result.pool
        left = (
            pool["opening"] + pool["bought"] - pool["sold"] - pool["scheduled_principal"] - pool["prepayment"] - pool["default"]
        )
        np.testing.assert_allclose(left, pool["closing"], atol=1e-8)
        cash = pool[["interest", "scheduled_principal", "prepayment", "recovery"]].sum(axis=1).groupby(pool["period_end"]).sum()
        booked_in = result.ledger[result.ledger["from"] == "obligors"].groupby("payment_date")["amount"].sum()
        dates = pd.to_datetime(result.timeline.payment_dates)
        np.testing.assert_allclose(booked_in.reindex(dates, fill_value=0.0), cash, rtol=1e-12)
        parties = result.parties[result.parties["payer"] == "obligors"].groupby("payment_date")["amount"].sum()
        np.testing.assert_allclose(parties.reindex(dates, fill_value=0.0), cash, rtol=1e-12)


# ---- explanations of sections, groups and several accounts


def test_why_a_step_of_a_section_did_nothing() -> None:
    inner = {"section": {"name": "inner", "if": "payment.number > 2", "steps": [INTEREST], "else": [FEE]}}
    outer = {"section": {"name": "outer", "if": "pool.balance > 0", "steps": [inner], "else": [FEE, INTEREST, PRINCIPAL]}}
    result = run(spelled(outer))
    assert result.ok
    why = result.explain("senior.interest", 1).why
    assert "step 2: not paid: `pool.balance > 0` and `payment.number > 2` is false" in why
    assert "step 5: not paid: `not (pool.balance > 0)` is false" in why
    fee = result.waterfall(3)
    told = list(fee.loc[fee["claim"] == "servicer.fee", "why"])
    assert told[0] == "not paid: `pool.balance > 0` and `not (payment.number > 2)` is false"
    assert result.waterfall(1)["step"].is_monotonic_increasing


def test_a_claim_paid_out_of_two_accounts() -> None:
    accounts = {"collections": {}, "reserve": {"initial": 100}}
    pay = {"pay": {"interest": ["senior", "mezzanine"], "from": ["reserve", "collections"]}}
    back = {"transfer": {"from": "reserve", "to": "collections", "amount": "reserve.balance"}}
    result = run(spelled(FEE, pay, PRINCIPAL, back, accounts=accounts))
    assert result.ok
    table = result.waterfall(1)
    rows = table[table["claim"].isin(["senior.interest", "mezzanine.interest"])]
    assert list(zip(rows["claim"], rows["from"], rows["asked"], rows["paid"], strict=True)) == [
        ("senior.interest", "reserve", 75, 75),
        ("senior.interest", "collections", 0, 0),
        ("mezzanine.interest", "reserve", 50, 25),
        ("mezzanine.interest", "collections", 25, 25),
    ]
    found = result.explain("mezzanine.interest", 1)
    assert (found.asked, found.paid, found.shortfall) == (50, 50, 0)
    assert "reserve ran out after senior.interest 75" in found.why
