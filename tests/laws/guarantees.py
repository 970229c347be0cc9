"""Random guarantees of loans and of tranches, sound or in default, on random deals of any structure."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from oracle_dates import payment_dates

from laws.borrowers import Draw, percents
from laws.receivables import bought
from laws.strategies import Case, structured
from laws.swaps import synthetic

KINDS = ("loans", "tranches", "both", "synthetic", "receivables")
GUARANTORS = ("corporation", "agency")
PAID = {"fee_payable": st.sampled_from(["in_arrears", "in_advance"]), "first_fee_by": st.just("seller")}


@st.composite
def of_loans(draw: Draw) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "share": draw(percents(0, 0.7)),
        "waiting": draw(st.integers(0, 5)),
        "lag": draw(st.integers(0, 3)),
        "fee": draw(percents(0, 0.03)),
        "recoveries": draw(st.sampled_from(["pro_rata", "guarantor_last"])),
    }
    if draw(st.booleans()):
        months = draw(st.integers(1, 12))
        terms |= {"covers": "principal_and_interest", "interest_rate": draw(percents(0.001, 0.1)), "interest_months": months}
    return terms | {key: draw(value) for key, value in PAID.items()}


@st.composite
def of_tranches(draw: Draw, tranches: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One to three, of which those of one tranche cover no more than all of it."""
    found: dict[str, dict[str, Any]] = {}
    free = dict.fromkeys(tranches, 1.0)
    for name in ("wrap", "backing", "third")[: draw(st.integers(1, 3))]:
        note = draw(st.sampled_from([each for each, left in free.items() if left > 0]))
        share = draw(st.sampled_from([0.0, 0.5, 1.0]) | percents(0, 1)) * free[note]
        free[note] -= share
        covers = ["principal", "interest", "principal_and_interest"] if "coupon" in tranches[note] else ["principal"]
        found[name] = {
            "tranche": note,
            "covers": draw(st.sampled_from(covers)),
            "share": share,
            "guarantor": draw(st.sampled_from(GUARANTORS)),
            "fee": draw(st.just(0.0) | percents(0, 0.03)),
            "subrogation": draw(st.booleans()),
        } | {key: draw(value) for key, value in PAID.items()}
        if not any(left > 0 for left in free.values()):
            break
    return found


@st.composite
def rated(draw: Draw, case: Case) -> dict[str, Any]:
    """Counterparties for some of those who guarantee, some of them in default from one of the payment dates on."""
    named = {terms["guarantor"] for terms in case.terms.get("tranche_guarantees", {}).values()}
    named |= {"corporation"} if "guarantee" in case.terms else set()
    days = [paid for _, paid in payment_dates(case.deal)]
    found = {}
    for name in sorted(named):
        if draw(st.booleans()):
            ratings: dict[date, str] = {case.deal.dates.closing: "A"}
            for _ in range(draw(st.integers(0, 2))):
                ratings[draw(st.sampled_from(days))] = draw(st.sampled_from(["D", "D", "BB-", "C"]))
            found[name] = {"ratings": ratings}
    return found


@st.composite
def guaranteed(draw: Draw, kinds: tuple[str, ...] = KINDS) -> Case:
    """kinds: what is guaranteed: loans, tranches of a cash deal, both, or tranches of another structure."""
    kind = draw(st.sampled_from(kinds))
    case = draw({"synthetic": synthetic(), "receivables": bought()}.get(kind, structured()))
    if kind in ("loans", "both"):
        case = case.changed(structure="guarantee", guarantee=draw(of_loans()))
    if kind != "loans":
        case = case.changed(tranche_guarantees=draw(of_tranches(case.terms["tranches"])))
    return case.changed(counterparties=case.terms.get("counterparties", {}) | draw(rated(case)))
