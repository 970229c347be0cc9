"""Where money comes from and goes: what a deal collects twice or never, never pays, never draws, or cannot let go."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import COLLECT, RESIDUAL, TERMS, spelled, terms

from clo.deal.terms import Deal
from clo.findings import Finding
from clo.waterfall.compile import compiled

FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
STEPS = (FEE, INTEREST, PRINCIPAL)
NOTES = TERMS["tranches"]


def findings(deal: Deal) -> list[Finding]:
    return compiled(deal)[1]


def said(*steps: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """(code, path) of every finding about a deal of these steps between collection and residual."""
    return [(each.code, each.path) for each in findings(spelled(*steps, **changes))]


def message(*steps: dict[str, Any], **changes: Any) -> str:
    (found,) = findings(spelled(*steps, **changes))
    assert found.fix
    return found.message


# ---- what is owed must be paid


def test_groups_stand_for_their_tranches() -> None:
    group = {"groups": {"notes": {"tranches": ["senior", "mezzanine"]}}}
    pays = [{"pay": {kind: "notes", "from": "collections"}} for kind in ("interest", "principal")]
    assert said(FEE, *pays, **group) == []
    assert said(FEE, pays[0], **group) == [("E-D120", "tranches.senior"), ("E-D120", "tranches.mezzanine")]


def test_interest_that_is_always_capitalised_is_paid_in_its_way() -> None:
    accretion = {"capitalise": {"interest": "mezzanine"}}
    only = {"pay": {"interest": "senior", "from": "collections"}}
    assert said(FEE, only, PRINCIPAL) == [("E-D121", "tranches.mezzanine")]
    assert said(FEE, only, accretion, PRINCIPAL) == []


def test_a_class_of_interest_only_has_no_principal() -> None:
    strip = {"strip": {"size": 0, "coupon": "1%", "notional": "senior.balance"}}
    pay = {"pay": {"interest": "strip", "from": "collections"}}
    assert said(*STEPS, pay, tranches=NOTES | strip) == []
    assert said(*STEPS, tranches=NOTES | strip) == [("E-D121", "tranches.strip")]
    bare = {"strip": {"size": 0, "coupon": "1%"}}
    assert said(*STEPS, pay, tranches=NOTES | bare) == [("E-D120", "tranches.strip")]


def test_a_write_down_is_no_payment() -> None:
    down = {"write_down": {"tranches": "mezzanine", "amount": 1}}
    only = {"pay": {"principal": "senior", "from": "collections"}}
    assert said(FEE, INTEREST, only, down) == [("E-D120", "tranches.mezzanine")]


# ---- fees that only steps make due


def test_a_fee_with_neither_rate_nor_amount_is_charged_or_never_due() -> None:
    fees = TERMS["fees"] | {"once": {}}
    pay = {"pay": {"fee": ["servicer", "once"], "from": "collections"}}
    charge = {"charge": {"fee": "once", "amount": 5}}
    assert said(pay, INTEREST, PRINCIPAL, fees=fees) == [("E-D129", "fees.once")]
    assert message(pay, INTEREST, PRINCIPAL, fees=fees) == "fee 'once' never becomes due: it has neither a rate nor an amount"
    assert said(charge, pay, INTEREST, PRINCIPAL, fees=fees) == []
    assert said(charge, *STEPS, fees=fees) == [("E-D122", "fees.once")]
    assert said(pay, INTEREST, PRINCIPAL, fees=TERMS["fees"] | {"once": {"tiers": [{"rate": "1%"}], "on": "pool.opening"}}) == []


def test_a_structure_pays_every_fee_but_charges_none() -> None:
    assert [(f.code, f.path) for f in findings(terms(fees=TERMS["fees"] | {"once": {}}))] == [("E-D129", "fees.once")]


# ---- facilities and hedges

DRAW = {"draw": {"from": "line", "to": "collections", "amount": 5}}
REPAY = {"pay": {"principal": "line", "from": "collections"}}
LINE_INTEREST = {"pay": {"interest": "line", "from": "collections"}}
LINE_FEE = {"pay": {"fee": "line", "from": "collections"}}


def line(**more: Any) -> dict[str, Any]:
    return {"facilities": {"line": {"limit": 500, "provider": "bank", **more}}}


@pytest.mark.parametrize(
    ("terms_of_it", "steps", "missing"),
    [
        ({}, [DRAW, REPAY], []),
        ({}, [REPAY], ["draws on"]),
        ({}, [DRAW], ["repays"]),
        ({}, [], ["draws on", "repays"]),
        ({"rate": "3%"}, [DRAW, REPAY], ["pays the interest of"]),
        ({"rate": "3%"}, [DRAW, REPAY, LINE_INTEREST], []),
        ({"rate": "max(0, 3%)"}, [DRAW, REPAY], ["pays the interest of"]),
        ({"commitment_fee": "3%"}, [DRAW, REPAY], ["pays the commitment fee of"]),
        ({"commitment_fee": "3%"}, [DRAW, REPAY, LINE_FEE], []),
        (
            {"rate": "3%", "commitment_fee": "3%"},
            [],
            ["draws on", "repays", "pays the interest of", "pays the commitment fee of"],
        ),
    ],
)
def test_a_facility_is_drawn_repaid_and_paid_for(terms_of_it: dict[str, Any], steps: list[Any], missing: list[str]) -> None:
    found = findings(spelled(*steps, *STEPS, **line(**terms_of_it)))
    assert {f.code for f in found} <= {"E-D133"}
    assert [f.message for f in found] == [f"no step {what} facility 'line'" for what in missing]
    assert {f.path for f in found} <= {"facilities.line"}
    assert all("line" in f.fix for f in found)


SWAP_PAY = {"pay": {"hedge": "swap", "from": "collections"}}
SWAP_DRAW = {"draw": {"from": "swap", "to": "collections"}}


@pytest.mark.parametrize(
    ("legs", "steps", "missing"),
    [
        ({"pay": "1%", "receive": "2%"}, [SWAP_PAY, SWAP_DRAW], []),
        ({"pay": "1%", "receive": "2%"}, [SWAP_PAY], ["no step draws what the counterparty of hedge 'swap' owes"]),
        ({"pay": "1%", "receive": "2%"}, [SWAP_DRAW], ["no step pays hedge 'swap'"]),
        ({"pay": "1%"}, [SWAP_PAY], []),
        ({"pay": "1%"}, [], ["no step pays hedge 'swap'"]),
        ({"receive": "1%"}, [SWAP_DRAW], []),
        ({"receive": "1%"}, [], ["no step draws what the counterparty of hedge 'swap' owes"]),
    ],
)
def test_both_sides_of_a_hedge_are_settled(legs: dict[str, Any], steps: list[Any], missing: list[str]) -> None:
    hedge = {"swap": {"notional": "senior.balance", "counterparty": "bank", **legs}}
    found = findings(spelled(*steps, *STEPS, hedges=hedge))
    assert [(f.code, f.path) for f in found] == [("E-D134", "hedges.swap")] * len(missing)
    assert all(f.message.startswith(words) for f, words in zip(found, missing, strict=True))


# ---- what cannot happen


def after(*steps: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """Findings about a deal whose steps after collection are these."""
    return [(f.code, f.path) for f in findings(terms(structure=None, waterfall=[COLLECT, *steps], **changes))]


LATE = {"pay": {"fee": "servicer", "from": "collections"}}


def test_nothing_is_left_after_a_residual() -> None:
    (found,) = findings(terms(structure=None, waterfall=[COLLECT, INTEREST, PRINCIPAL, RESIDUAL, LATE]))
    assert (found.code, found.path, found.severity) == ("E-D128", "waterfall[4].pay", "error")
    assert found.message == "step 5 is never reached: step 4 pays everything out of 'collections'"
    assert found.fix == "move the residual to the end, or limit it"


@pytest.mark.parametrize("step", [
    {"transfer": {"from": "collections", "to": "spare", "amount": 5}},
    {"buy": {"pool": "loans", "from": "collections", "amount": 5}},
    LATE,
])  # fmt: skip
def test_no_step_finds_anything_after_a_residual(step: dict[str, Any]) -> None:
    two = {"collections": {}, "spare": {}}
    back = {"transfer": {"from": "spare", "to": "collections", "amount": "spare.balance"}}
    assert after(back, *STEPS, RESIDUAL, step, accounts=two) == [("E-D128", "waterfall[6]." + next(iter(step)))]


def test_what_fills_the_account_again_or_leaves_something_in_it() -> None:
    refill = {"transfer": {"from": "spare", "to": "collections", "amount": "spare.balance"}}
    two = {"collections": {}, "spare": {"initial": 10}}
    assert after(*STEPS, RESIDUAL, refill, LATE, RESIDUAL, accounts=two) == []
    assert after(*STEPS, RESIDUAL, DRAW, LATE, REPAY, RESIDUAL, **line()) == []
    assert after(*STEPS, RESIDUAL, {"sell": {"to": "collections", "if": "payment.number == 2"}}, RESIDUAL) == []
    for some in ({"amount": 5}, {"if": "pool.default > 5"}):
        assert after(*STEPS, {"pay": RESIDUAL["pay"] | some}, LATE, RESIDUAL) == []
    either = {"pay": {"fee": "servicer", "from": ["collections", "spare"]}}
    assert after(refill, *STEPS, RESIDUAL, either, accounts=two) == []


def test_a_residual_in_a_branch_leaves_the_other_branch_its_money() -> None:
    branch = {"section": {"name": "s", "if": "pool.default > 5", "steps": [RESIDUAL], "else": list(STEPS)}}
    assert after(branch, RESIDUAL) == []


def test_a_residual_in_a_branch_leaves_nothing_to_the_steps_after_it_there() -> None:
    inner = {"section": {"name": "t", "if": "pool.default > 6", "steps": [LATE]}}
    for late, place in ((LATE, "steps[1].pay"), (inner, "steps[1].section.steps[0].pay")):
        branch = {"section": {"name": "s", "if": "pool.default > 5", "steps": [RESIDUAL, late]}}
        assert after(*STEPS, branch, RESIDUAL) == [("E-D128", f"waterfall[4].section.{place}")]
    always = {"section": {"name": "s", "steps": [RESIDUAL]}}
    assert after(*STEPS, always, LATE) in ([("E-D128", "waterfall[5].pay")], [])  # a section without a condition always runs


# ---- money that cannot leave


def test_a_sale_a_draw_and_earnings_feed_an_account() -> None:
    two = {"collections": {}, "proceeds": {}}
    sell = {"sell": {"to": "proceeds", "if": "payment.number == 4"}}
    out = {"transfer": {"from": "proceeds", "to": "collections", "amount": "proceeds.balance"}}
    assert said(*STEPS, sell, accounts=two) == [("E-D126", "accounts.proceeds")]
    assert said(*STEPS, sell, out, accounts=two) == []
    into = {"draw": {"from": "line", "to": "proceeds", "amount": 5}}
    assert said(into, REPAY, *STEPS, accounts=two, **line()) == [("E-D126", "accounts.proceeds")]
    earning = {"collections": {"earns": "1%", "earns_into": "proceeds"}, "proceeds": {}}
    assert said(*STEPS, accounts=earning) == [("E-D126", "accounts.proceeds")]
    assert said(*STEPS, out, accounts=earning) == []


def test_an_account_that_only_buys_or_pays_keeps_what_is_left() -> None:
    """Buying loans takes money out, and not all of it."""
    two = {"collections": {}, "purchases": {}}
    aside = {"transfer": {"from": "collections", "to": "purchases", "amount": 5}}
    buy = {"buy": {"pool": "loans", "from": "purchases", "amount": 5}}
    assert said(aside, buy, *STEPS, accounts=two) == [("E-D126", "accounts.purchases")]


def test_an_account_that_is_paid_from_second_is_used() -> None:
    two = {"collections": {}, "reserve": {"initial": 5}}
    pay = {"pay": {"fee": "servicer", "from": ["collections", "reserve"]}}
    back = {"transfer": {"from": "reserve", "to": "collections", "amount": "reserve.balance"}}
    assert said(pay, INTEREST, PRINCIPAL, back, accounts=two) == []
    assert said(pay, INTEREST, PRINCIPAL, accounts=two) == [("E-D126", "accounts.reserve")]


# ---- what changes nothing


def test_entries_that_nobody_asks_for() -> None:
    idle: dict[str, Any] = {
        "ledgers": {"losses": {}},
        "schedules": {"pac": {"payments": [1]}},
        "counterparties": {"bank": {"ratings": {"2020-01-01": "A"}}},
        "triggers": {"bad": {"when": "pool.default > 5"}},
    }
    told = [
        ("W-D125", "triggers.bad"),
        ("W-D136", "ledgers.losses"),
        ("W-D136", "schedules.pac"),
        ("W-D136", "counterparties.bank"),
    ]
    assert said(*STEPS, **idle) == told
    used = (
        {"debit": {"ledgers": "losses", "amount": "pool.default"}},
        {"let": {"x": "schedule.pac + previous(schedule.pac)", "y": "bank.rating < 'A' or bad"}},
    )
    assert said(*used, *STEPS, **idle) == []


def test_a_ledger_that_is_only_credited_stays_at_nothing() -> None:
    credit = {"credit": {"ledgers": "losses", "amount": 5}}
    assert said(credit, *STEPS, ledgers={"losses": {}}) == [("W-D136", "ledgers.losses")]


def test_a_tested_trigger_that_nobody_reads_changes_nothing() -> None:
    idle = {"bad": {"when": "pool.default > 5"}}
    assert said({"test": "bad"}, *STEPS, triggers=idle) == [("W-D125", "triggers.bad")]
    remembered = {"let": {"x": "previous(bad)"}}
    assert said({"test": "bad"}, remembered, *STEPS, triggers=idle) == []


def test_one_mistake_is_told_once() -> None:
    """Where a step does not compile, nothing is said of who is not paid."""
    wrong = {"pay": {"interest": ["senoir", "mezzanine"], "from": "collections"}}
    assert [code for code, _ in said(FEE, wrong, PRINCIPAL)] == ["E-D101"]
