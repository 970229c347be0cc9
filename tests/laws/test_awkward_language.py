"""Corners of the language that random deals seldom reach: what is no number, or negative, where something is asked of it."""

from __future__ import annotations

from typing import Any

import pytest

from laws.small import a_deal, steps
from laws.test_awkward import found

NONE = "1 / (pool.initial - pool.initial)"
FEE = {"pay": {"fee": "servicer", "from": "cash"}}
RESIDUAL = {"pay": {"residual": "junior", "from": "cash"}}
FALLING = "6% - 10% * payment.number"


def numbers(deal: Any) -> list[Any]:
    """In which numbers the two readings differ: that nobody asks for a due that is no number makes no breach, nor a sound run."""
    return [each for each in found(deal) if each[0] != "breach"]


def notes(coupon: str, **more: Any) -> dict[str, Any]:
    """A senior class with a plain coupon, and a mezzanine class with this one."""
    mezzanine = {"size": 2000, "coupon": coupon, **more}
    return {"senior": {"size": 4000, "coupon": "6%"}, "mezzanine": mezzanine, "junior": {"size": "rest"}}


def pays(**more: Any) -> list[dict[str, Any]]:
    principal = {"pay": {"principal": ["senior", "mezzanine"], "from": "cash", "amount": 100}}
    return [FEE, {"pay": {"interest": ["senior", "mezzanine"], "from": "cash", **more}}, principal, RESIDUAL]


@pytest.mark.parametrize("rounding", ["down", "none"])
@pytest.mark.parametrize("coupon", [f"6% * {NONE}", FALLING])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"how": "pro_rata"},
        {"from": ["cash", "spare"]},
        {"if": "payment.number > 99"},
        {"how": "pro_rata", "if": "1 > payment.number"},
    ],
    ids=["in order", "pro rata", "two accounts", "never", "never, pro rata"],
)
def test_a_claim_that_is_no_amount_stops_nobody_else(rounding: str, coupon: str, more: dict[str, Any]) -> None:
    accounts = {"cash": {}, "spare": {}}
    back = {"transfer": {"from": "cash", "to": "spare", "amount": 0}}
    forth = {"transfer": {"from": "spare", "to": "cash", "amount": "spare.balance"}}
    *first, last = pays(**more)
    full = {"pay": {"interest": ["senior", "mezzanine"], "from": "cash", "if": "payment.number > 98"}}
    waterfall = steps(*first, full, back, forth, last)
    assert numbers(a_deal(rounding=rounding, accounts=accounts, tranches=notes(coupon), waterfall=waterfall)) == []


@pytest.mark.parametrize("more", [{}, {"how": "pro_rata"}, {"if": "payment.number > 99"}])
def test_who_breaches_with_a_claim_below_0(more: dict[str, Any]) -> None:
    *first, last = pays(**more)
    assert found(a_deal(tranches=notes(FALLING), waterfall=steps(*first, last))) == []


@pytest.mark.parametrize("coupon", [f"6% * {NONE}", FALLING])
@pytest.mark.parametrize("amount", [{}, {"amount": 5}, {"if": "payment.number > 99"}])
def test_capitalising_what_is_no_amount(coupon: str, amount: dict[str, Any]) -> None:
    capitalise = {"capitalise": {"interest": "mezzanine", **amount}}
    waterfall = steps(*pays(**{"if": "payment.number > 99"})[:2], capitalise, *pays()[2:])
    assert numbers(a_deal(rounding="none", tranches=notes(coupon), waterfall=waterfall)) == []


@pytest.mark.parametrize("limit", [NONE, "0 - pool.balance", "pool.balance / 100"])
@pytest.mark.parametrize("condition", [{}, {"if": "payment.number > 2"}])
def test_facilities_and_ledgers_with_odd_limits(limit: str, condition: dict[str, Any]) -> None:
    line = {"line": {"limit": limit, "provider": "bank", "rate": "1%"}}
    draw = {"draw": {"from": "line", "to": "cash", "amount": 100, **condition}}
    repay = [{"pay": {"interest": "line", "from": "cash"}}, {"pay": {"principal": "line", "from": "cash"}}]
    debit = {"debit": {"ledgers": "count", "amount": 100, **condition}}
    waterfall = steps(FEE, draw, debit, *repay, *pays()[1:])
    assert found(a_deal(tranches=notes("6%"), facilities=line, ledgers={"count": {"limit": limit}}, waterfall=waterfall)) == []


@pytest.mark.parametrize("rate", [NONE, "5% * (2 - payment.number)"])
def test_a_hedge_with_an_odd_rate(rate: str) -> None:
    swap = {"swap": {"notional": "pool.balance", "counterparty": "bank", "pay": "1%", "receive": rate}}
    settle = [{"draw": {"from": "swap", "to": "cash", "amount": 7}}, {"pay": {"hedge": "swap", "from": "cash"}}]
    assert found(a_deal(tranches=notes("6%"), hedges=swap, waterfall=steps(FEE, *settle, *pays()[1:]))) == []


@pytest.mark.parametrize(
    "trigger",
    [
        {"when": "1 / max(0, payment.number - 1) > 0", "after": 3},
        {"when": "1 / max(0, payment.number - 2) > 0", "cure": "never"},
        {"when": "payment.number > 1", "cure": "1 / max(0, payment.number - 3) > 0", "cure_after": 2},
        {"when": "1 / max(0, payment.number - 1) > 0"},
    ],
)
@pytest.mark.parametrize("tested", [False, True])
def test_a_trigger_that_at_times_reads_no_number(trigger: dict[str, Any], tested: bool) -> None:
    test = [{"section": {"name": "late", "if": "payment.number > 1", "steps": [{"test": "odd"}]}}] if tested else []
    gated = {"pay": {"principal": "senior", "from": "cash", "amount": 50, "if": "payment.number > 2 and odd"}}
    waterfall = steps(FEE, *test, gated, *pays()[1:])
    assert found(a_deal(tranches=notes("6%"), triggers={"odd": trigger}, waterfall=waterfall)) == []
