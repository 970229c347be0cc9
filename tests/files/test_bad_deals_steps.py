"""Everything wrong with a priority of payments that is spelled out: steps, names of steps, money that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_deals import FOURTH, SPELLED, Case, check
from by_hand import edited, the

from clo.files.deal import check_deal

CASES: dict[str, Case] = {
    "unknown account": (
        (("fee: [trustee, servicer], from: collections", "fee: [trustee, servicer], from: colections"),), "E-D101",
        "pay:      {fee", "waterfall[2].pay",
        "colections", "account 'colections' is not in the deal; did you mean 'collections'?", "", "a known account",
    ),
    "unknown fee": (
        (("[trustee, servicer], from", "[trustee, server], from"), ), "E-D101", "pay:      {fee", "waterfall[2].pay", "server",
        "fee 'server' is not in the deal; did you mean 'servicer'?", "", "a known fee",
    ),
    "unknown tranche": (
        (("interest: [senior, mezzanine]", "interest: [senior, TrancheB]"),), "E-D101", "pay:      {interest",
        "waterfall[3].pay", "TrancheB",
        "tranche 'TrancheB' is not in the deal", "", "a known tranche",
    ),
    "unknown column of the pool": (
        (("prepayment, recovery]", "prepayments, recovery]"),), "E-D101", "collect:", "waterfall[0].collect", "prepayments",
        "did you mean 'prepayment'?", "",
        "a known column of the pool",
    ),
    "unknown sub-pool": (
        (("to: collections}\n", "to: collections, pool: bank}\n"),), "E-D101", "collect:", "waterfall[0].collect", "bank",
        "pool 'bank' is not in the deal", "",
        "a known pool",
    ),
    "unknown name in a condition": (
        (('"not cumulative_default"', '"not cumulative_defaults"'),), "E-D101", "pay:      {interest", "waterfall[3].pay",
        "cumulative_defaults",
        "did you mean 'cumulative_default'?", "", "a name of the deal",
    ),
    "target of an account that has none": (
        (('amount: "reserve.balance"', 'amount: "collections.target"'),), "E-D110", "transfer: {from: reserve",
        "waterfall[1].transfer", "collections",
        "account 'collections' has no target", "", "add target: to accounts.collections",
    ),
    "no residual step": (
        (("  - pay:      {residual: subordinated, from: collections}\n",
        "  - pay:      {principal: subordinated, from: collections}\n"),), "E-D126",
        "collections: {}", "accounts.collections", "", "money never leaves account 'collections'", "",
        "residual: ..., from: collections",
    ),
    "account that is never emptied": (
        (("  - transfer: {from: reserve, to: collections, amount: \"reserve.balance\"}\n", ""),), "E-D126", "reserve: {initial",
        "accounts.reserve", "",
        "money never leaves account 'reserve'", "", "transfer what is left",
    ),
    "column not collected": (
        ((", recovery], to", "], to"),), "E-D123", "waterfall:", "waterfall", "",
        "no step collects recovery of pool 'institutions': the money would never enter", "", "add recovery to a collect step",
    ),
    "column collected twice": (
        (("  - transfer: {from: reserve, to",
        "  - collect: {from: recovery, to: collections, pool: own}\n  - transfer: {from: reserve, to"),), "E-D124",
        "waterfall:", "waterfall", "", "recovery of pool 'own' is collected 2 times", "", "once",
    ),
    "tranche that is never repaid": (
        (("principal: [senior, mezzanine]", "principal: senior"),), "E-D120", "mezzanine:    {", "tranches.mezzanine", "",
        "no step pays principal to tranche 'mezzanine'", "", "principal: mezzanine",
    ),
    "interest that is never paid": (
        (("interest: [senior, mezzanine]", "interest: senior"),), "E-D121", "mezzanine:    {", "tranches.mezzanine", "",
        "no step pays the interest of tranche 'mezzanine'", "", "interest: mezzanine",
    ),
    "fee that is never paid": (
        (("fee: [trustee, servicer]", "fee: trustee"),), "E-D122", "servicer: {", "fees.servicer", "",
        "no step pays fee 'servicer'", "", "fee: servicer",
    ),
    "interest of a residual": (
        (("interest: [senior, mezzanine]", "interest: [senior, mezzanine, subordinated]"),), "E-D108", "pay:      {interest",
        "waterfall[3].pay", "subordinated",
        "tranche 'subordinated' has no coupon", "", "pay it a residual",
    ),
    "residual of two": (
        (("residual: subordinated", "residual: [subordinated, mezzanine]"),), "E-D109", "pay:      {residual",
        "waterfall[6].pay", "subordinated, mezzanine",
        "a residual goes to one tranche", "", "name one tranche",
    ),
    "verb unknown": (
        (("  - pay:      {residual", "  - give: {}\n  - pay:      {residual"),), "E-D013", "give:", "waterfall[6]", "",
        "a step is one verb with its details", "",
        "write - pay: {...}",
    ),
    "step that pays two kinds": (
        (("{residual: subordinated,", "{residual: subordinated, fee: trustee,"),), "E-D013", "pay:      {residual",
        "waterfall[6].pay", "",
        "a pay step pays one of fee, interest, principal, hedge, residual", "", "name one",
    ),
    "key misspelt in a step": (
        (("{residual: subordinated, from", "{residual: subordinated, form"),), "E-D011", "form:", "waterfall[6].pay.form", "",
        "key 'form' is not known here", "",
        "did you mean 'from'?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message_about_a_waterfall_spelled_out(name: str, tmp_path: Path) -> None:
    check(CASES[name], SPELLED, tmp_path)


# ---- warnings of a deal that can be run


def test_a_trigger_that_changes_nothing_is_told(tmp_path: Path) -> None:
    """Reading it in an assertion does not make it act."""
    idle = (FOURTH + "\n", FOURTH + '\n  idle: {when: "pool.default > 5"}\n')
    asserted = ("senior.balance < senior.size", "senior.balance < senior.size or idle")
    for edits in ((idle,), (idle, asserted)):
        deal, findings = check_deal(edited(tmp_path, *edits, text=SPELLED))
        assert deal is not None
        found = the(findings, "W-D125")
        assert (found.severity, found.path, found.column) == ("warning", "triggers.idle", 3)
        assert found.message == "trigger 'idle' changes nothing: no condition reads it"


def test_an_account_that_no_step_uses_is_told(tmp_path: Path) -> None:
    deal, findings = check_deal(edited(tmp_path, ("  collections: {}", "  collections: {}\n  spare: {}"), text=SPELLED))
    assert deal is not None
    assert the(findings, "W-D127").path == "accounts.spare"
