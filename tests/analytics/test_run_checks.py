"""The checks of a run: each holds on a sound run and fails on what it is about; what a user is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from by_hand import RESERVE, TAPE_DEFAULTS, TRAP, run, tape, terms

import clo
from clo.analytics.checks import Run, run_checks
from clo.analytics.warnings import run_findings

FIGURES = {"month": "2020-04", "institutions": 1, "obligors": 3, "amount": 24_000}
HOLDS = [{"after_payment": 2, "that": "senior.balance == 7_000"}]


@pytest.fixture(scope="module")
def sound() -> clo.Result:
    return run(terms(figures=FIGURES, assertions=HOLDS, accounts=RESERVE, triggers=TRAP))


def test_a_sound_run(sound: clo.Result) -> None:
    assert sound.ok
    assert sound.checks["ok"].dtype == bool
    assert list(sound.checks.columns) == ["check", "largest_residual", "ok"]
    assert sound.checks["check"].is_unique
    assert [finding.code for finding in sound.findings if finding.severity == "error"] == []


def failing(run_: Run) -> list[str]:
    checks = run_checks(run_)
    return list(checks.loc[~checks["ok"], "check"])


def tampered(result: clo.Result, **changes: Any) -> Any:
    """The same run with other frames."""
    parts = ("deal", "scenario_name", "overridden", "pools", "pool_flows", "flows")
    frames = ("tranches", "pool", "ledger", "parties", "accounts", "fees", "facilities", "hedges")
    frames += ("losses_by_party", "sub_pool_flows", "swaps")
    return SimpleNamespace(**{name: getattr(result, name) for name in (*parts, *frames)} | changes)


def changed(frame: pd.DataFrame, column: str, by: float, row: int = 0) -> pd.DataFrame:
    copy = frame.copy()
    copy.loc[row, column] += by
    return copy


@pytest.mark.parametrize(
    ("frame", "column", "row", "expected"),
    [
        ("accounts", "closing", 0, ["parties: issuer's receipts - payments = change in accounts",
         "accounts: opening + inflow - outflow = closing"]),
        ("parties", "amount", 8, ["parties: issuer's receipts - payments = change in accounts", "parties: agree with the ledger",
         "parties: agree with tranches, fees, facilities and hedges"]),
        ("losses_by_party", "loss", 2, ["losses by party: sum = loss of the pool"]),
        ("fees", "paid", 1, ["parties: agree with tranches, fees, facilities and hedges"]),
        ("tranches", "closing", 0, ["tranches: opening - principal - write-down = closing"]),
        ("tranches", "interest_unpaid", 0, ["interest: carried + due - paid = unpaid"]),
        ("pool", "closing", 1, ["pool: opening + in - out = closing",
         "pool: each month opens as the last one closed"]),
        ("pool", "interest", 0, ["parties: what borrowers pay = the pool's cash", "all the pool's cash is collected"]),
        ("ledger", "amount", 6, ["parties: agree with the ledger", "every payment is in whole currency units"]),
    ],
)  # fmt: skip
def test_a_figure_that_is_off_by_half_a_yen_is_seen(
    sound: clo.Result, frame: str, column: str, row: int, expected: list[str]
) -> None:
    changes: dict[str, Any] = {frame: changed(getattr(sound, frame), column, 0.5, row)}
    assert failing(tampered(sound, **changes)) == expected


@pytest.mark.parametrize(
    ("frame", "column", "name"),
    [("accounts", "closing", "accounts never below 0"), ("tranches", "closing", "tranches never below 0")],
)
def test_a_balance_below_nothing_is_seen(sound: clo.Result, frame: str, column: str, name: str) -> None:
    below = changed(getattr(sound, frame), column, -1e9)
    assert name in failing(tampered(sound, **{frame: below}))


def test_what_is_no_number_fails(sound: clo.Result) -> None:
    broken = changed(sound.tranches, "interest_due", float("nan"))
    assert failing(tampered(sound, tranches=broken)) == ["interest: carried + due - paid = unpaid"]


@pytest.mark.parametrize(
    ("figures", "name", "residual"),
    [
        (FIGURES | {"obligors": 4}, "figures: obligors as published", 1),
        (FIGURES | {"amount": 25_000}, "figures: amount as published", 1_000),
        (FIGURES | {"institutions": 3}, "figures: institutions as published", 2),
    ],
)
def test_the_tape_against_the_published_row(figures: dict[str, Any], name: str, residual: float) -> None:
    result = run(terms(figures=figures))
    failed = result.checks[~result.checks["ok"]]
    assert failed[["check", "largest_residual"]].values.tolist() == [[name, residual]]


def test_figures_not_published_are_not_checked() -> None:
    names = list(run(terms(figures={"month": "2020-04"})).checks["check"])
    assert [name for name in names if name.startswith("figures")] == ["figures: month as published"]


def test_the_month_of_the_row_is_that_of_closing() -> None:
    checks = run(terms(figures={"month": "2019-03"})).checks.set_index("check")
    assert checks.loc["figures: month as published", "largest_residual"] == 13
    assert not checks.loc["figures: month as published", "ok"]


def test_the_corporation_is_no_institution() -> None:
    pools = {"own": {"tape": "x"}}
    result = run(terms(pools=pools, figures=FIGURES | {"institutions": 0}))
    assert result.ok


def test_assertions_are_of_a_scenario() -> None:
    wrong = [{"after_payment": 2, "that": "senior.balance == 7_001"}]
    scenarios = {"base": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}, "other": {"extends": "base"}}
    deal = terms(assertions=wrong, scenarios=scenarios)
    result = run(deal)
    assert list(result.checks.loc[~result.checks["ok"], "check"]) == ["assertion after payment 2: senior.balance == 7_001"]
    assert not result.ok
    assert run(deal, scenario="other").ok
    assert run(deal, cpr=0).ok  # a changed scenario is another one


# ---- what a user is told


def codes(result: clo.Result) -> list[str]:
    return [finding.code for finding in run_findings(result)]


def test_unpaid_interest_of_a_deferrable_note_is_no_surprise() -> None:
    loans = tape(defaults={"A": "2020-04-20", "C": "2020-04-20"})
    plain = run(terms(scenarios=TAPE_DEFAULTS), loans)
    messages = {f.path: f.message for f in plain.findings if f.code == "W-R212"}
    assert set(messages) == {"tranches.senior", "tranches.mezzanine"}
    assert messages["tranches.senior"] == "interest of 'senior' is not paid in full on 3 dates, first 2020-05-15 (59 unpaid)"
    notes = {
        name: {"size": size, "coupon": coupon, "deferrable": True}
        for name, size, coupon in (("senior", 15_000, "6%"), ("mezzanine", 5_000, "12%"))
    }
    assert "W-R212" not in codes(run(terms(scenarios=TAPE_DEFAULTS, tranches=notes | {"junior": {"size": "rest"}}), loans))


def test_what_is_left_in_an_account() -> None:
    kept = run(terms(accounts={"collections": {}, "reserve": {"initial": 10, "target": 10}}))
    (found,) = [f for f in kept.findings if f.code == "W-R211"]
    assert found.message == "10.00 is left in account 'reserve' after the last payment: no step pays it out"
    rest = run(terms(), tape((("A", 24_000.0, 0.123456, "bullet"),)))
    assert not [f for f in rest.findings if f.code == "W-R211"]  # less than a unit is what rounding leaves
    assert 0 < rest.accounts.groupby("account")["closing"].last().max() < 1
    assert rest.ok


def test_recoveries_too_late() -> None:
    scenarios = {"base": {"defaults": "tape", "cpr": 0, "recovery": 0.5, "recovery_lag": 9}}
    result = run(terms(scenarios=scenarios), tape(defaults={"C": "2020-06-20"}))
    (found,) = [f for f in result.findings if f.code == "W-R213"]
    assert found.message == "recoveries of 1,000 would come after the last collection before legal final, and are lost"


def test_carry_of_a_year() -> None:
    """Loans earn 1,440 + 480; notes cost 900 + 600 and the fee 288: 132 a year to spare, until the coupon is 8 %."""
    assert "W-R214" not in codes(run(terms()))
    dear = {"senior": {"size": 15_000, "coupon": "8%"}, "mezzanine": {"size": 5_000, "coupon": "12%"}, "junior": {"size": "rest"}}
    (found,) = [f for f in run(terms(tranches=dear)).findings if f.code == "W-R214"]
    assert found.message == (
        "a year of interest on the pool, 1,920, does not cover coupons 1,800 and fees 288: carry -168 at zero loss"
    )
