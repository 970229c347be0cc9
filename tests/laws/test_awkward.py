"""Corners of a deal that random draws seldom reach: engine and slow reading agree there too."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from oracle import run_oracle

from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from laws.comparison import Difference, differences, engine
from laws.small import CUTOFF, a_deal, loan, steps
from laws.strategies import Case, Row

LOANS = [loan(10_000, "equal_principal", "2020-07-31", loan_id="1", obligor_id="1", default_date=None, allocated_loss=None)]
FEE = {"pay": {"fee": "servicer", "from": "cash"}}
INTEREST = {"pay": {"interest": "senior", "from": "cash"}}
PRINCIPAL = {"pay": {"principal": "senior", "from": "cash"}}
RESIDUAL = {"pay": {"residual": "junior", "from": "cash"}}


def found(deal: Deal, loans: list[Row] = LOANS) -> list[Difference]:
    rows = {"loans": loans}
    case = Case({}, rows)
    case.__dict__["deal"] = deal
    return differences(engine(case), deal, run_oracle(deal, rows))


def principal(amount: str | None = None, **more: Any) -> list[dict[str, Any]]:
    details = PRINCIPAL["pay"] | ({} if amount is None else {"amount": amount}) | more
    return steps(FEE, INTEREST, {"pay": details}, RESIDUAL)


def dates(closing: date, first: date, last: date) -> dict[str, date]:
    return {"cutoff": CUTOFF, "closing": closing, "first_payment": first, "legal_final": last}


NO_NUMBER = "0 / (senior.balance * 0)"
UNLIMITED = "1 / (senior.balance * 0)"
PRO_RATA = {"how": "pro_rata"}


@pytest.mark.parametrize(
    ("rounding", "amount", "more"),
    [
        ("down", NO_NUMBER, {}),
        ("down", NO_NUMBER, PRO_RATA),
        ("down", f"min({NO_NUMBER}, 1000)", {}),
        ("down", f"max(0, {NO_NUMBER})", {}),
        ("none", NO_NUMBER, {}),
        ("none", NO_NUMBER, PRO_RATA),
        ("none", f"min({NO_NUMBER}, 1000)", {}),
        ("none", f"max(0, {NO_NUMBER})", {}),
        ("down", "9e17", {}),
        ("down", UNLIMITED, {}),
        ("down", UNLIMITED, PRO_RATA),
        ("none", UNLIMITED, {}),
        ("none", UNLIMITED, PRO_RATA),
    ],
)
def test_amounts_without_a_number_or_a_limit(rounding: str, amount: str, more: dict[str, Any]) -> None:
    assert found(a_deal(rounding=rounding, waterfall=principal(amount, **more))) == []


@pytest.mark.parametrize("rounding", ["down", "half_up", "none"])
@pytest.mark.parametrize(
    ("amount", "more"),
    [
        (f"if({NO_NUMBER} > 1, 1000, 2000)", {}),
        ("0 - 5", {}),
        ("0 - 5", PRO_RATA),
        ("0 - 5", {"if": "senior.balance < 0"}),
        ("if(senior.balance > 0, 100_000 / senior.balance, 0)", {}),
        ("1000", {"if": "senior.balance == 6000.00005 or senior.balance == 1000 or pool.balance != 10_000"}),
        ("1000", {"if": "(senior.balance > 0 and 1 > 2) or pool.balance > 0"}),
        ("1000", {"if": f"{NO_NUMBER} > 1"}),
        ("1000", {"if": f"{NO_NUMBER} > 1 or senior.balance > 0"}),
        ("loans.interest + pool.recovery + loans.initial / 100", {}),
    ],
)
def test_amounts_and_conditions(rounding: str, amount: str, more: dict[str, Any]) -> None:
    assert found(a_deal(rounding=rounding, waterfall=principal(amount, **more))) == []


def test_a_residual_of_less_than_nothing() -> None:
    less = {"pay": {"residual": "junior", "from": "cash", "amount": "0 - 5"}}
    assert found(a_deal(waterfall=steps(FEE, INTEREST, PRINCIPAL, less, RESIDUAL))) == []


def test_a_first_payment_date_before_anything_is_collected() -> None:
    assert found(a_deal(dates=dates(date(2020, 4, 1), date(2020, 4, 15), date(2020, 8, 15)))) == []


@pytest.mark.parametrize(("cutoff", "maturity"), [((2020, 8, 30), (2020, 12, 31)), ((2020, 1, 30), (2020, 5, 31))])
def test_months_of_a_loan_follow_the_cutoff(cutoff: tuple[int, int, int], maturity: tuple[int, int, int]) -> None:
    """The one month collected ends on the 30th of September, or the 29th of February; the months of the loan do not follow."""
    start, end = date(*cutoff), date(*maturity)
    first, last = (date(start.year, start.month + months, 15) for months in (1, 2))
    days = {"cutoff": start, "closing": start, "first_payment": first, "legal_final": last}
    assert found(a_deal(dates=days), [LOANS[0] | {"maturity_date": end}]) == []


def test_a_ledger_without_movements_holds_numbers() -> None:
    deal = a_deal(
        fees={},
        dates=dates(date(2020, 4, 1), date(2020, 4, 15), date(2020, 5, 15)),
        tranches={"junior": {"size": "rest"}},
        waterfall=steps(RESIDUAL),
    )
    case = Case({}, {"loans": [LOANS[0] | {"amortisation_type": "bullet", "current_rate": 0.0}]})
    case.__dict__["deal"] = deal
    assert engine(case).ledger["amount"].dtype == float


def test_a_deal_that_ends_before_its_loans() -> None:
    assert found(a_deal(dates=dates(date(2020, 4, 15), date(2020, 5, 15), date(2020, 6, 15)))) == []


@pytest.mark.parametrize("size", [0, 10_000])
def test_a_tranche_of_nothing(size: int) -> None:
    assert found(a_deal(tranches={"senior": {"size": size, "coupon": "6%"}, "junior": {"size": "rest"}})) == []


def test_a_tranche_of_no_notes() -> None:
    tranches = {
        "senior": {"size": 10_000, "coupon": "6%"},
        "junior": {"size": "rest", "coupon": "1%", "denomination": 1000},
    }
    both = {"pay": {"interest": ["senior", "junior"], "from": "cash"}}
    assert found(a_deal(tranches=tranches, waterfall=steps(FEE, both, PRINCIPAL, RESIDUAL))) == []


def test_two_residuals_one_of_them_bearing_interest() -> None:
    tranches = {
        "senior": {"size": 6000, "coupon": "6%"},
        "middle": {"size": 1000, "coupon": "5%"},
        "junior": {"size": "rest", "coupon": "1%"},
    }
    waterfall = steps(
        {"pay": {"interest": ["senior", "middle", "junior"], "from": "cash"}},
        FEE,
        {"pay": {"principal": "senior", "from": "cash", "amount": "1000"}},
        {"pay": {"residual": "middle", "from": "cash", "amount": "cash.balance / 2"}},
        RESIDUAL,
    )
    assert found(a_deal(tranches=tranches, waterfall=waterfall)) == []


def test_nothing_is_owed_and_less_than_nothing_is_asked_pro_rata() -> None:
    less = {"pay": {"interest": ["senior", "senior_too"], "how": "pro_rata", "from": "cash", "amount": "0 - pool.balance"}}
    tranches = {name: {"size": 3000, "coupon": "6%"} for name in ("senior", "senior_too")} | {"junior": {"size": "rest"}}
    paid = [{"pay": {kind: ["senior", "senior_too"], "from": "cash"}} for kind in ("interest", "principal")]
    for rounding in ("down", "none"):
        assert found(a_deal(rounding=rounding, tranches=tranches, waterfall=steps(FEE, *paid, less, RESIDUAL))) == []


def test_a_trigger_that_reads_another() -> None:
    triggers = {"low": {"when": "pool.balance < 5000"}, "both": {"when": "not low and senior.balance < 4000"}}
    assert found(a_deal(triggers=triggers, waterfall=principal("1000", **{"if": "not both"}))) == []


def test_a_target_that_reads_another() -> None:
    accounts = {
        "cash": {},
        "one": {"initial": 10, "target": "2% * senior.balance + two.target"},
        "two": {"target": "cash.balance / 10"},
    }
    waterfall = steps(
        FEE,
        INTEREST,
        {"transfer": {"from": "cash", "to": "two", "amount": "max(0, two.target - two.balance)"}},
        {"transfer": {"from": "cash", "to": "one", "amount": "max(0, one.target - one.balance)"}},
        PRINCIPAL,
        {"transfer": {"from": "one", "to": "cash", "amount": "one.balance"}},
        {"transfer": {"from": "two", "to": "one", "amount": "two.balance"}},
        RESIDUAL,
    )
    assert found(a_deal(accounts=accounts, waterfall=waterfall)) == []


def test_cash_collected_between_payments() -> None:
    waterfall = [
        {"collect": {"from": "interest", "to": "cash"}},
        FEE,
        {"collect": {"from": ["scheduled_principal", "prepayment", "recovery"], "to": "cash"}},
        INTEREST,
        PRINCIPAL,
        RESIDUAL,
    ]
    assert found(a_deal(waterfall=waterfall)) == []


def test_a_whole_unit_paid_out_of_a_little_less() -> None:
    """101 out of 100.99995 leaves -0.00005, which is no amount to transfer and no breach."""
    waterfall = steps(
        {"transfer": {"from": "reserve", "to": "cash", "amount": "0.00005"}},
        {"pay": {"fee": "servicer", "from": "reserve"}},
        {"transfer": {"from": "reserve", "to": "cash", "amount": "reserve.balance"}},
        INTEREST,
        PRINCIPAL,
        RESIDUAL,
    )
    accounts = {"cash": {}, "reserve": {"initial": 101}}
    assert found(a_deal(accounts=accounts, fees={"servicer": {"amount": 101}}, waterfall=waterfall)) == []


@pytest.mark.parametrize("how", ["sequential", "pro_rata"])
def test_a_trap_opens_once_the_notes_are_paid(how: str) -> None:
    """Unrounded balances may end a last bit above 0; the residual is released all the same."""
    draw = random.Random(1)
    stuck = 0
    for _ in range(200):
        kinds = [draw.choice(["equal_principal", "level_payment", "bullet"]) for _ in range(4)]
        rows = {"loans": [loan(draw.uniform(1000, 9000), kind, "2020-07-31") for kind in kinds]}
        initial = sum(row["current_balance"] for row in rows["loans"])
        deal = a_deal(
            structure="purchase_cash",
            principal=how,
            rounding="none",
            accounts={"collections": {}},
            fees={},
            tranches={
                "a": {"size": draw.uniform(0.1, 0.5) * initial, "coupon": 0.01},
                "b": {"size": draw.uniform(0.01, 0.3) * initial, "coupon": 0.02},
                "c": {"size": "rest"},
            },
            triggers={"bad": {"when": "pool.balance < 90% * pool.initial", "effect": "trap_excess"}},
            waterfall=[],
            scenarios={"base": {"cdr": 0.2, "cpr": 0, "recovery": 0.95, "recovery_lag": 0}},
        )
        stuck += list(run_oracle(spelled_out(deal), rows).accounts.values())[-1]["collections"] > 1.0
    assert stuck == 0
