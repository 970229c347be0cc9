"""What purchase_cash writes, and what it needs."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from by_hand import RESERVE, TERMS, TRAP, spelled, terms

from clo.deal.structures import STRUCTURES, spelled_out
from clo.deal.terms import Collect, Deal, Pay, Transfer
from clo.findings import DealError
from clo.labels import WORDS

DEFERRABLE = TERMS["tranches"] | {"mezzanine": {"size": 5_000, "coupon": "12%", "deferrable": True}}


def said(deal: Any) -> list[str]:
    """Each step in short."""
    lines = []
    for step in spelled_out(deal).waterfall:
        match step:
            case Collect():
                lines.append(f"collect to {step.to}")
            case Transfer():
                lines.append(f"{step.source} > {step.to}: {step.amount}")
            case Pay():
                condition = f" if {step.condition}" if step.condition else ""
                lines.append(f"{step.kind} {'+'.join(step.names)} {step.how}{condition}")
    return lines


def test_everything() -> None:
    deal = terms(accounts=RESERVE, triggers=TRAP, tranches=DEFERRABLE)
    assert said(deal) == [
        "collect to collections",
        "reserve > collections: reserve.balance",
        "fee servicer sequential",
        "interest senior sequential",
        "interest mezzanine sequential if not bad",
        "principal senior+mezzanine sequential",
        "interest mezzanine sequential",
        "collections > reserve: max(0, reserve.target - reserve.balance)",
        "residual junior sequential if not bad or senior.balance + mezzanine.balance == 0",
    ]


def test_the_least() -> None:
    assert said(terms(fees={})) == [
        "collect to collections",
        "interest senior sequential",
        "interest mezzanine sequential",
        "principal senior+mezzanine sequential",
        "residual junior sequential",
    ]


def test_two_triggers_trap_together_and_principal_may_be_pro_rata() -> None:
    two = TRAP | {"late": {"when": "pool.default > 5", "effect": "trap_excess"}}
    lines = said(terms(triggers=two, principal="pro_rata", tranches=DEFERRABLE))
    assert "interest mezzanine sequential if not (bad or late)" in lines
    assert "principal senior+mezzanine pro_rata" in lines


def test_principal_goes_down_to_what_the_pool_supports() -> None:
    (principal,) = [step for step in spelled_out(terms()).waterfall if isinstance(step, Pay) and step.kind == "principal"]
    assert principal.amount == "max(0, senior.balance + mezzanine.balance - max(0, pool.balance - junior.size))"


def test_spelling_out_twice_changes_nothing() -> None:
    deal = spelled()
    assert spelled_out(deal) is deal
    once = spelled_out(terms())
    assert spelled_out(once).waterfall == once.waterfall


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"accounts": {"cash": {"target": 1}}}, "accounts", "no account is named 'collections'"),
        ({"tranches": {"junior": {"size": "rest"}}}, "tranches", "only one tranche"),
        ({"tranches": {"senior": {"size": 1}, "junior": {"size": "rest"}}}, "tranches.senior", "note 'senior' has no coupon"),
        ({"tranches": {"a": {"size": 1, "coupon": "1%"}, "b": {"size": "rest", "coupon": "1%"}}}, "tranches.b.coupon",
         "is the residual and has a coupon"),
        ({"accounts": {"collections": {}, "spare": {}}}, "accounts.spare", "no step of the structure uses it"),
        ({"triggers": {"t": {"when": "pool.default > 1"}}}, "triggers.t", "trigger 't' has no effect"),
    ],
)  # fmt: skip
def test_what_is_missing(changes: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(DealError) as caught:
        spelled_out(terms(**changes))
    (finding,) = caught.value.findings
    assert (finding.code, finding.path) == ("E-D060", path)
    assert message in finding.message
    assert "structure purchase_cash" in finding.rule
    assert finding.fix


def test_every_structure_writes_a_priority_of_payments() -> None:
    named = set(get_args(get_args(Deal.model_fields["structure"].annotation)[0]))
    assert named == STRUCTURES.keys()
    assert named <= WORDS.keys()


def test_everything_missing_at_once() -> None:
    with pytest.raises(DealError) as caught:
        spelled_out(terms(accounts={"cash": {}}, tranches={"a": {"size": 1}, "b": {"size": 1, "coupon": "1%"}}))
    assert len(caught.value.findings) == 4
