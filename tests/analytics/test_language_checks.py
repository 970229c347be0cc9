"""Checks and warnings about what only a waterfall spelled out has: facilities, hedges, ledgers, backing, a pool that is sold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from by_hand import TERMS, run, spelled

import clo
from clo.analytics.checks import run_checks

FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
STEPS = (
    {"draw": {"from": "line", "to": "collections", "amount": "if(payment.number == 1, 100, 0)"}},
    {"draw": {"from": "swap", "to": "collections"}},
    {"debit": {"ledgers": "losses", "amount": 40.5}},
    {"credit": {"ledgers": "losses", "amount": 30}},
    FEE,
    {"pay": {"hedge": "swap", "from": "collections", "if": "payment.number > 1"}},
    INTEREST,
    {"pay": {"principal": "line", "from": "collections", "amount": 40}},
    PRINCIPAL,
    {"transfer": {"from": "reserve", "to": "collections", "amount": "reserve.balance", "if": "payment.left == 0"}},
)
SECTIONS: dict[str, Any] = {
    "backing": "pool.initial + reserve.initial",
    "accounts": {"collections": {}, "reserve": {"initial": 1_000}},
    "facilities": {"line": {"limit": 500, "provider": "bank"}},
    "hedges": {"swap": {"notional": "senior.balance", "counterparty": "bank", "pay": "2.4%", "receive": "schedule.rate + 0"}},
    "schedules": {"rate": {"payments": [0.012, 0.048]}},
    "ledgers": {"losses": {}},
}


@pytest.fixture(scope="module")
def sound() -> clo.Result:
    return run(spelled(*STEPS, **SECTIONS))


def test_a_sound_run(sound: clo.Result) -> None:
    assert sound.ok
    assert sound.findings == ()
    added = {
        "tranches: sizes = backing",
        "facilities: opening + drawn - repaid = closing",
        "ledgers: opening + debited - credited = closing",
        "ledgers never below 0",
        "hedges: carried + due - paid = unpaid",
        "hedges: carried + coming in - received = receivable",
    }
    names = set(sound.checks["check"])
    assert added <= names
    plain = set(run(spelled(FEE, INTEREST, PRINCIPAL)).checks["check"])
    assert names - plain == added
    assert plain - names == {"tranches: sizes = pool"}


def failing(result: clo.Result, **changes: Any) -> list[str]:
    """The checks that fail where some frames are others."""
    parts = ("deal", "scenario_name", "overridden", "pools", "pool_flows", "flows")
    frames = ("tranches", "pool", "ledger", "parties", "accounts", "ledgers", "facilities", "hedges", "fees")
    frames += ("losses_by_party", "sub_pool_flows", "swaps")
    checks = run_checks(SimpleNamespace(**{name: getattr(result, name) for name in (*parts, *frames)} | changes))
    return list(checks.loc[~checks["ok"], "check"])


def changed(frame: pd.DataFrame, column: str, by: float, row: int) -> pd.DataFrame:
    copy = frame.copy()
    copy.loc[row, column] += by
    return copy


@pytest.mark.parametrize(
    ("frame", "column", "expected"),
    [
        ("facilities", "drawn", "facilities: opening + drawn - repaid = closing"),
        ("facilities", "repaid", "facilities: opening + drawn - repaid = closing"),
        ("facilities", "closing", "facilities: opening + drawn - repaid = closing"),
        ("ledgers", "debited", "ledgers: opening + debited - credited = closing"),
        ("ledgers", "credited", "ledgers: opening + debited - credited = closing"),
        ("hedges", "due", "hedges: carried + due - paid = unpaid"),
        ("hedges", "paid", "hedges: carried + due - paid = unpaid"),
        ("hedges", "unpaid", "hedges: carried + due - paid = unpaid"),
        ("tranches", "capitalised", "tranches: opening - principal - write-down = closing"),
        ("tranches", "writeup", "tranches: opening - principal - write-down = closing"),
        ("pool", "bought", "pool: opening + in - out = closing"),
        ("pool", "sold", "pool: opening + in - out = closing"),
    ],
)
@pytest.mark.parametrize("row", [0, 2])
def test_a_figure_that_is_off_by_half_a_yen_is_seen(sound: clo.Result, frame: str, column: str, expected: str, row: int) -> None:
    changes: dict[str, Any] = {frame: changed(getattr(sound, frame), column, 0.5, row)}
    assert expected in failing(sound, **changes)


def test_a_ledger_below_nothing_is_seen(sound: clo.Result) -> None:
    below = changed(changed(sound.ledgers, "closing", -1e6, 1), "credited", 1e6, 1)
    assert "ledgers never below 0" in failing(sound, ledgers=below)


def test_what_the_counterparty_owes_rolls_forward(sound: clo.Result) -> None:
    """What accrued comes in or stays receivable, as long as the hedge lasts."""
    for column in ("accrued", "received", "receivable"):
        assert failing(sound, hedges=changed(sound.hedges, column, 0.5, 1)) != []


# ---- a pool that is sold, and loans bought

SHORT = {"dates": TERMS["dates"] | {"legal_final": "2020-07-15"}}
SELL = {"sell": {"to": "collections", "if": "payment.left == 0"}}


def told(*steps: dict[str, Any], **changes: Any) -> list[str]:
    result = run(spelled(FEE, INTEREST, *steps, PRINCIPAL, **changes))
    assert result.ok
    return [finding.code for finding in result.findings]


def test_a_pool_that_is_sold_leaves_nothing_outstanding() -> None:
    """12,000 are due after the last collection, and are the buyer's where the pool is sold before."""
    assert "W-R215" in told(**SHORT)
    assert "W-R215" not in told(SELL, **SHORT)


def test_recoveries_after_a_sale_are_the_buyers() -> None:
    late = {"scenarios": {"base": {"cdr": 0.3, "cpr": 0, "recovery": 0.5, "recovery_lag": 9}}}
    assert "W-R213" in told(**late)
    assert "W-R213" not in told({"sell": {"to": "collections", "if": "payment.number == 1"}}, **late)


def test_loans_bought_that_are_not_repaid_are_outstanding() -> None:
    """What is bought in May lasts a month longer than the deal: half of it is due at the end."""
    buy = {"buy": {"pool": "loans", "from": "collections", "amount": "if(payment.number == 1, 4_000, 0)"}}
    assert "W-R215" not in told()
    assert "W-R215" in told(buy)
