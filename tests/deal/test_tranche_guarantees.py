"""Guarantees of tranches: what is short is paid, by whom, and who is paid back, worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from by_hand import TERMS, of, tape, terms

import clo
from clo.deal.structures import spelled_out
from clo.deal.terms import Credit, Pay, Settle

BULLETS = (("A", 12_000.0, 0.12, "bullet"), ("B", 12_000.0, 0.12, "bullet"))
"""Interest of 120 a month each, principal at the end. B defaults in May: 240, 120, 120, 120 of interest come in."""
DEAR: dict[str, Any] = {
    "fees": {},
    "rounding": "none",
    "tranches": {
        "senior": {"size": 15_000, "coupon": "6%"},
        "mezzanine": {"size": 5_000, "coupon": "24%"},
        "junior": {"size": "rest", "holder": "seller"},
    },
    "scenarios": {"base": {"defaults": "tape", "cpr": 0, "recovery": 0, "recovery_lag": 0}},
}
"""Interest of 75 and 100 a month."""
BOTH = {"covers": "principal_and_interest"}


def ran(changes: dict[str, Any] | None = None, **guarantees: dict[str, Any]) -> clo.Result:
    deal = terms(**(DEAR | {"tranche_guarantees": guarantees} | (changes or {})))
    result = clo.run(deal, tape(BULLETS, defaults={"B": "2020-05-20"}))
    assert result.ok, result.checks[~result.checks["ok"]]
    return result


def ledger(result: clo.Result, name: str) -> list[float]:
    return result.ledgers.loc[result.ledgers["ledger"] == f"{name}_claims", "closing"].tolist()


def test_without_a_guarantee() -> None:
    """What the others are compared with: 65 is left in April, then the mezzanine tranche gets 45 of 100."""
    result = ran()
    assert of(result, "mezzanine", "interest_paid") == [100, 45, 45, 210]
    assert of(result, "senior", "closing")[-1] == pytest.approx(15_000 - (12_120 - 75 - 210))


def test_interest_that_is_short_is_paid_and_taken_over() -> None:
    result = ran(wrap={"tranche": "mezzanine", "covers": "interest"})
    assert of(result, "mezzanine", "interest_paid") == [100] * 4
    assert of(result, "mezzanine", "interest_unpaid") == [0] * 4
    assert ledger(result, "wrap") == [0, 55, 110, 0]
    assert result.quantity("wrap_reimbursed1").tolist() == [0, 0, 0, 110]
    assert of(result, "senior", "closing")[-1] == pytest.approx(15_000 - (12_120 - 75 - 100 - 110))


def test_without_subrogation_nothing_is_paid_back() -> None:
    result = ran(wrap={"tranche": "mezzanine", "covers": "interest", "subrogation": False})
    assert ledger(result, "wrap") == [0, 55, 110, 110]
    assert of(result, "senior", "closing")[-1] == pytest.approx(15_000 - (12_120 - 75 - 100))


def test_of_half_the_rest_stays_owed_and_is_not_claimed_again() -> None:
    result = ran(wrap={"tranche": "mezzanine", "covers": "interest", "share": 0.5})
    assert result.quantity("wrap_interest").tolist() == [0, 27.5, 27.5, 0]
    assert of(result, "mezzanine", "interest_unpaid") == [0, 27.5, 55, 0]


def test_principal_is_paid_at_legal_final() -> None:
    result = ran(wrap={"tranche": "senior", "covers": "principal", "share": 0.6})
    left = 15_000 - (12_120 - 75 - 210)
    assert result.quantity("wrap_principal").tolist() == pytest.approx([0, 0, 0, 0.6 * left])
    assert of(result, "senior", "closing")[-1] == pytest.approx(0.4 * left)
    assert of(result, "mezzanine", "closing")[-1] == 5_000


def test_two_guarantors_of_one_tranche_share_each_claim() -> None:
    wrap = {"tranche": "mezzanine", **BOTH, "subrogation": False}
    result = ran(one=wrap | {"share": 0.6}, two=wrap | {"share": 0.4, "guarantor": "agency"})
    paid = {
        name: result.parties[(result.parties["payer"] == name) & (result.parties["payee"] == "issuer")]["amount"].sum()
        for name in ("corporation", "agency")
    }
    assert paid == pytest.approx({"corporation": 0.6 * (110 + 5_000), "agency": 0.4 * (110 + 5_000)})
    assert of(result, "mezzanine", "closing")[-1] == 0


def test_a_guarantor_in_default_leaves_the_holder_alone() -> None:
    rated = {"counterparties": {"corporation": {"ratings": {date(2020, 4, 15): "A", date(2020, 7, 15): "D"}}}}
    result = ran(rated, wrap={"tranche": "mezzanine", **BOTH, "fee": "12%"})
    # of 120 in May the fee takes 50 and the senior tranche 70 of 75; of 120 in June it takes 80, and there is no fee
    assert result.quantity("wrap_paid").tolist() == [0, 100, 0, 0]
    assert result.quantity("wrap_unpaid").tolist() == [0, 0, 60, 5_000]
    assert result.fees["due"].tolist() == [50, 50, 0, 0]


def test_fees_are_on_the_share_of_the_balance() -> None:
    wrap = {"tranche": "senior", "covers": "principal", "share": 0.5, "fee": "1.2%"}
    late, early = ran(wrap=wrap), ran(wrap=wrap | {"fee_payable": "in_advance"})
    assert late.fees["due"].tolist() == pytest.approx([7.5] * 4)
    assert early.fees["due"].tolist() == pytest.approx([7.5] * 3 + [0])
    first = early.parties[early.parties["stream"] == "corporation.guarantee_fee"]
    assert first[["payer", "payee", "amount"]].to_numpy().tolist() == [["institutions", "corporation", 7.5]]


def test_whole_notes_get_whole_amounts_and_the_rest_goes_back() -> None:
    tranches = DEAR["tranches"] | {
        "senior": {"size": 15_000, "coupon": "6%", "denomination": 1_000, "principal_per_note": True},
    }
    result = ran({"tranches": tranches}, wrap={"tranche": "senior", "covers": "principal", "share": 0.7})
    rows = result.ledger[result.ledger["reason"] == "corporation.refund"]
    assert 0 < rows["amount"].sum() < 15
    assert of(result, "senior", "principal_paid")[-1] % 15 == 0


def test_what_is_paid_back_stands_in_the_place_of_the_tranche() -> None:
    deferrable = TERMS["tranches"] | {"mezzanine": {"size": 5_000, "coupon": "12%", "deferrable": True}}
    traps = {"bad": {"when": "pool.cumulative_default > 10% * pool.initial", "effect": "trap_excess"}}
    deal = terms(tranches=deferrable, triggers=traps, tranche_guarantees={"wrap": {"tranche": "mezzanine", **BOTH}})
    steps = spelled_out(deal).waterfall
    said = []
    for step in steps:
        match step:
            case Pay():
                said.append(f"{step.kind} {'+'.join(step.names)}")
            case Settle():
                said.append(f"{step.source} > {step.to} {step.paid_as} {step.condition or ''}".strip())
            case Credit():
                said.append("credit")
    assert said == [
        "fee servicer",
        "interest senior",
        "interest mezzanine",
        "collections > corporation reimbursed_interest not bad",
        "credit",
        "principal senior+mezzanine",
        "interest mezzanine",
        "collections > corporation reimbursed_interest",
        "credit",
        "residual junior",
        "corporation > wrap guaranteed_interest",
        "interest mezzanine",
        "corporation > wrap guarantee",
        "principal mezzanine",
        "wrap > corporation refund",
    ]
