"""The priorities of payments in deals/examples do what their documents say: identities that hold on every payment date."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pages import script

import clo

EXAMPLES = Path(__file__).parents[2] / "deals" / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))
Floats = NDArray[np.float64]


@cache
def ran(name: str, scenario: str) -> clo.Result:
    return clo.run(clo.load_deal(EXAMPLES / f"{name}.yaml"), scenario=scenario)


def value(result: clo.Result, name: str) -> Floats:
    """What a name of the deal stands for at the end of each payment date."""
    return result.flows.value(name)


def got(result: clo.Result, tranche: str) -> Floats:
    """Everything a tranche was paid, by payment date."""
    rows = result.tranches[result.tranches["tranche"] == tranche]
    return np.asarray(rows["interest_paid"] + rows["principal_paid"])


RUNS = [(path.stem, scenario) for path in FILES for scenario in clo.load_deal(path).scenarios]


def test_there_are_three_examples() -> None:
    assert [path.stem for path in FILES] == ["amcar-2013-2", "friary-7", "golub-2018"]


@pytest.mark.parametrize(("name", "scenario"), RUNS)
def test_every_check_holds(name: str, scenario: str) -> None:
    result = ran(name, scenario)
    assert result.ok, result.checks[~result.checks["ok"]]
    assert not [finding for finding in result.findings if finding.severity == "error"]
    assert any(finding.code == "W-T083" for finding in result.findings)  # the loans are made up, and every run says so


def test_tapes_are_what_their_script_makes() -> None:
    recipes = script(EXAMPLES / "make_tapes.py")
    for name, (pool, _) in recipes.POOLS.items():
        made = pool().to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")
        assert made == (EXAMPLES / "tapes" / f"{name}.csv").read_text("utf-8")


# ---- Friary No. 7: principal deficiency, swap -------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["base", "stress", "swap_lost"])
def test_the_ledgers_are_what_the_notes_exceed_the_mortgages_by(scenario: str) -> None:
    result = ran("friary-7", scenario)
    notes = value(result, "class_a.balance") + value(result, "class_b.balance")
    deficiency = value(result, "deficiency_a.balance") + value(result, "deficiency_b.balance")
    assert np.abs(notes - value(result, "pool.balance") - deficiency).max() < 1e-11 * value(result, "pool.initial")[0]


def test_losses_stand_with_class_b_first_and_interest_of_class_a_is_paid() -> None:
    result = ran("friary-7", "stress")
    below, above = value(result, "deficiency_b.balance"), value(result, "deficiency_a.balance")
    debited = result.ledgers[(result.ledgers["ledger"] == "deficiency_a")]["debited"].to_numpy()
    full = result.tranches[result.tranches["tranche"] == "class_b"]["closing"].to_numpy()
    assert below.max() > 0.5 * full[0]
    assert debited.max() > 0.0  # class B was lost, so further losses came to class A ...
    assert above.max() < 1.0  # ... and revenue made them good on the same date, before it paid class B
    assert (value(result, "class_a.interest_unpaid") < 1e-3).all()
    assert not result.triggers[result.triggers["trigger"] == "enforced"]["breached"].any()


def test_the_swap_turns_fixed_rates_into_sonia() -> None:
    """First period: 2.2% against 1.3% on the fixed mortgages at the cut-off, over the 123 days to 23 January 2023."""
    result = ran("friary-7", "base")
    fixed = value(result, "fixed.initial")[0]
    swap = result.hedges[result.hedges["hedge"] == "swap"]
    assert swap["received"].iloc[0] == pytest.approx(fixed * (0.022 - 0.013) * 123 / 365, rel=1e-12)
    assert (swap["received"].iloc[:12] > 0.0).all()
    reset = swap["payment_date"] >= "2028-01-01"
    assert (swap.loc[reset, "notional"] == 0.0).all()


def test_a_swap_that_was_lost_pays_nothing_more() -> None:
    swap = ran("friary-7", "swap_lost").hedges
    assert not swap[["accrued", "received", "receivable", "due"]].to_numpy().any()
    assert value(ran("friary-7", "swap_lost"), "swap_settled.balance").tolist()[:3] == [1.0, 1.0, 1.0]  # charged once


# ---- Golub 2018: coverage tests, reinvestment -------------------------------------------------------------------------


def test_principal_buys_loans_while_the_tests_pass() -> None:
    result = ran("golub-2018", "base")
    assert not result.triggers["breached"].any()
    payments = result.timeline.payment_dates <= np.datetime64("2023-01-20")
    for tranche in ("class_a", "class_b", "class_c1", "class_c2", "class_d"):
        paid = result.tranches[result.tranches["tranche"] == tranche]["principal_paid"].to_numpy()
        assert not paid[payments].any()
    book = result.ledger[result.ledger["to"] == "principal"].groupby("payment_date")["amount"].sum()
    principal = result.accounts[result.accounts["account"] == "principal"].set_index("payment_date")
    assert (principal["closing"].abs() < 1e-6).all()
    assert principal.loc[book.index, "outflow"].to_numpy() == pytest.approx(book.to_numpy(), rel=1e-12)


LEVELS = {"to_b": 1.40, "to_c": 1.25, "to_d": 1.15}
CLASSES = {"to_b": "ab", "to_c": "abc", "to_d": "abcd"}
TRANCHES = {"a": ["class_a"], "b": ["class_b"], "c": ["class_c1", "class_c2"], "d": ["class_d"]}


def test_a_test_that_fails_is_cured_or_takes_everything() -> None:
    """After a date on which a test failed either the collateral covers the notes again, or the subordinated notes got nothing."""
    result = ran("golub-2018", "stress")
    collateral = value(result, "pool.balance") + value(result, "defaulted")
    nothing_left = got(result, "subordinated") == 0.0
    for name, level in LEVELS.items():
        notes = sum(value(result, f"{each}.balance") for letter in CLASSES[name] for each in TRANCHES[letter])
        failed = value(result, f"fails_{name}") == 1.0
        assert ((collateral >= level * notes - 1.0) | nothing_left)[failed].all()
        assert failed.any() == (name != "to_b")


def test_what_diverting_is_worth() -> None:
    """The same losses: with the tests class D is repaid, without them it loses everything and the subordinated notes gain."""
    losses = {name: ran("golub-2018", name).summary.set_index("tranche")["loss"] for name in ("stress", "undiverted")}
    assert losses["stress"]["class_d"] < 1.0
    assert losses["undiverted"]["class_d"] == 42_000_000
    early = slice(0, 16)
    assert (
        got(ran("golub-2018", "stress"), "subordinated")[early].sum()
        < got(ran("golub-2018", "undiverted"), "subordinated")[early].sum()
    )


# ---- AmeriCredit 2013-2: parity, turbo, step-down -----------------------------------------------------------------------

NOTES = ("a1", "a2", "a3", "b", "c", "d", "e")


@pytest.mark.parametrize("scenario", ["base", "stress", "prime"])
def test_excess_grows_to_its_target_and_then_shrinks_with_the_pool(scenario: str) -> None:
    result = ran("amcar-2013-2", scenario)
    pool, notes = value(result, "pool.balance"), sum(value(result, f"{name}.balance") for name in NOTES)
    excess, target = pool - notes, value(result, "excess_target")
    outstanding = notes > 1.0
    on_target = (value(result, "on_target") == 1.0) & outstanding
    below = outstanding & ~on_target
    assert np.abs(excess - target)[on_target].max(initial=0.0) < 1.01  # what is beyond it is let go
    assert not got(result, "certificate")[below & (excess < target - 1.0)].any()  # nothing is, before it is reached
    first = int(np.argmax(on_target)) if on_target.any() else len(pool)
    assert (np.diff(excess[:first]) > 0.0).all() or scenario == "stress"
    assert on_target.any() == (scenario != "stress")
    assert result.accounts[result.accounts["account"] == "cash"]["closing"].max() < 1e-3


def test_parity_and_the_reserve_hold_the_notes_to_the_pool() -> None:
    """Notes exceed the pool only once the reserve is empty."""
    result = ran("amcar-2013-2", "stress")
    pool, notes = value(result, "pool.balance"), sum(value(result, f"{name}.balance") for name in NOTES)
    reserve = value(result, "reserve.balance")
    assert reserve[0] == pytest.approx(0.02 * value(result, "pool.initial")[0])
    assert (notes > pool + 1.0).any()
    assert (reserve[notes > pool + 1.0] < 1e-3).all()
    senior_due = sum(value(result, f"{name}.interest_unpaid") for name in NOTES[:5])
    assert (senior_due < 1e-3).all()
