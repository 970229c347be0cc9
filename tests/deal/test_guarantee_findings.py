"""What is wrong with guarantees, each problem told once, where the file says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_hand import CUTOFF, DEALS, TERMS, edited, refused, spelled, tape, terms
from pydantic import ValidationError

import clo
from clo.deal.checks import deal_findings
from clo.deal.guarantees import Guarantee, TrancheGuarantee
from clo.deal.hedges import RATINGS
from clo.deal.ratings import MOODYS, rank
from clo.deal.structures import spelled_out
from clo.findings import DealError, Finding

WRAP: dict[str, Any] = {"tranche": "senior", "covers": "principal_and_interest"}
RATED = TERMS["tranches"] | {"senior": {"size": 15_000, "coupon": "6%", "rating": "AA"}}


def found(**changes: Any) -> list[Finding]:
    """What keeps the deal from being spelled out."""
    with pytest.raises(DealError) as caught:
        spelled_out(terms(**changes))
    return list(caught.value.findings)


def wrapped(**changes: Any) -> dict[str, Any]:
    return {"tranche_guarantees": {"wrap": WRAP | changes}}


@pytest.mark.parametrize(
    ("changes", "code", "path", "message"),
    [
        (wrapped(tranche="senoir"), "E-D025", "tranche_guarantees.wrap.tranche", "tranche 'senoir' is not in the deal"),
        (wrapped(tranche="junior"), "E-D065", "tranche_guarantees.wrap.covers", "'junior' has no coupon"),
        (wrapped(guarantor="collections"), "E-D023", "tranche_guarantees.wrap.guarantor", "'collections' cannot pay"),
        (wrapped(guarantor="issuer"), "E-D023", "tranche_guarantees.wrap.guarantor", "'issuer' cannot pay"),
        (wrapped(fee="1%", fee_payable="in_advance", first_fee_by="mezzanine"), "E-D023",
         "tranche_guarantees.wrap.first_fee_by", "'mezzanine' cannot pay"),
        ({"tranche_guarantees": {"loans": WRAP}}, "E-D020", "tranche_guarantees.loans", "is the name of pools.loans already"),
        ({"tranche_guarantees": {"wrap": WRAP}, "fees": {"wrap_fee": {"amount": 1}}}, "E-D020", "tranche_guarantees.wrap",
         "'wrap_fee', which guarantee 'wrap' needs, is the name of fees.wrap_fee already"),
        (wrapped() | {"tranches": RATED}, "E-D067", "tranche_guarantees.wrap.guarantor",
         "'senior' is rated AA and rests on 'corporation', whose rating is not said"),
        ({"tranche_guarantees": {"one": WRAP | {"share": 0.6}, "two": WRAP | {"share": 0.5, "covers": "interest"}}}, "E-D066",
         "tranche_guarantees.two.share", "with 'two', guarantees cover 110.00% of the interest of 'senior'"),
        ({"structure": "guarantee", "guarantee": {"share": 0.5, "guarantor": "senior"}}, "E-D023", "guarantee.guarantor",
         "'senior' cannot pay"),
        ({"structure": "guarantee", "guarantee": {"share": 0.5, "fee": "1%"}, "fees": {"guarantee": {"amount": 1}}}, "E-D020",
         "fees.guarantee", "the fee of the guarantor is called 'guarantee'"),
        ({"structure": "guarantee"}, "E-D060", "guarantee", "the deal says no guarantee"),
    ],
)  # fmt: skip
def test_what_is_wrong(changes: dict[str, Any], code: str, path: str, message: str) -> None:
    (finding,) = found(**changes)
    assert (finding.code, finding.path) == (code, path)
    assert message in finding.message
    assert finding.fix


def test_shares_of_one_claim_that_come_to_all_of_it_are_right() -> None:
    halves = {"one": WRAP | {"share": 0.6}, "two": WRAP | {"share": 0.4}, "three": WRAP | {"tranche": "mezzanine"}}
    assert spelled_out(terms(tranche_guarantees=halves)).waterfall


def test_loans_that_are_guaranteed_already_are_not_guaranteed_twice() -> None:
    deal = terms(structure="guarantee", guarantee={"share": 0.7})
    assert clo.run(deal, tape(guarantee_ratio=[0.3, 0.0, 0.2])).ok
    with pytest.raises(DealError) as caught:
        clo.run(deal, tape(guarantee_ratio=[0.8, 0.0, 0.31]))
    (finding,) = caught.value.findings
    assert (finding.code, finding.path, finding.value) == ("E-R125", "guarantee.share", "70.00%")
    assert "more than all of 2 loans of pool 'loans'" in finding.message


def test_everything_at_once_with_what_the_structure_misses() -> None:
    wrong = {"wrap": WRAP | {"tranche": "nobody", "guarantor": "obligors"}, "loans": WRAP}
    codes = [finding.code for finding in found(tranche_guarantees=wrong, accounts={"cash": {"target": 1}})]
    assert sorted(codes) == ["E-D020", "E-D023", "E-D025", "E-D060"]


def test_findings_stand_where_the_file_says_it(tmp_path: Path) -> None:
    text = (DEALS / "guarantee-06.yaml").read_text(encoding="utf-8")
    words = "tranche: mezzanine, covers: principal_and_interest"
    path = edited(tmp_path, (words, "tranche: mezanine, covers: interest, guarantor: collections"), text=text)
    line = text.partition(words)[0].count("\n") + 1
    found = [(finding.code, finding.line, finding.value) for finding in refused(path)]
    assert found == [("E-D023", line, "collections"), ("E-D025", line, "mezanine")]


def test_a_waterfall_spelled_out_takes_no_guarantee_of_a_tranche() -> None:
    pay = [{"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}]
    with pytest.raises(DealError) as caught:
        clo.run(spelled(*pay, tranche_guarantees={"wrap": WRAP}), tape())
    (finding,) = caught.value.findings
    assert (finding.code, finding.path) == ("E-D065", "tranche_guarantees")
    assert "only a structure writes the steps" in finding.message


def test_the_steps_of_a_structure_may_be_changed_and_keep_their_guarantees() -> None:
    deal = spelled_out(terms(tranche_guarantees={"wrap": WRAP}))
    changed = deal.model_copy(update={"structure": None})
    assert clo.run(changed, tape()).ok


def test_spelling_out_twice_changes_nothing() -> None:
    advance = {"fee": "1%", "fee_payable": "in_advance"}
    deal = terms(structure="guarantee", guarantee={"share": 0.5} | advance, tranche_guarantees={"wrap": WRAP | advance})
    once = spelled_out(deal)
    assert spelled_out(once) == once
    assert len(once.closing) == 2


def test_a_guarantee_of_loans_needs_its_structure() -> None:
    deal = terms(guarantee={"share": 0.5})
    findings = [each for each in deal_findings(deal, {}) if each.path == "guarantee"]
    assert [each.code for each in findings] == ["W-D063"]


@pytest.mark.parametrize(
    ("rating", "guarantor", "warned"), [("AA", "A+", True), ("Aa2", "AA-", True), ("AA", "Aa2", None), ("A", "A+", False)]
)
def test_a_rating_above_that_of_the_guarantor_is_worth_a_look(rating: str, guarantor: str, warned: bool | None) -> None:
    tranches = TERMS["tranches"] | {"senior": {"size": 15_000, "coupon": "6%", "rating": rating}}
    parties = {"corporation": {"ratings": {CUTOFF: guarantor}}}
    changes = {"tranches": tranches, "tranche_guarantees": {"wrap": WRAP}, "counterparties": parties}
    if warned is None:  # a counterparty is rated on one scale
        with pytest.raises(ValidationError, match="is not a rating"):
            terms(**changes)
        return
    codes = [each.code for each in deal_findings(terms(**changes), {})]
    assert codes == ["W-D068"] * warned


def test_ratings_of_both_scales_have_one_order() -> None:
    assert [rank(rating) for rating in RATINGS] == list(range(22))
    assert [rank(rating) for rating in MOODYS] == list(range(1, 22))


@pytest.mark.parametrize(
    ("terms_of", "data", "message"),
    [
        (Guarantee, {"share": 0.8}, "80.00% is above the cap of 70.00%"),
        (Guarantee, {"share": -0.1}, "not a share between 0 and 1"),
        (Guarantee, {"share": 1.1, "cap": 1}, "not a share between 0 and 1"),
        (Guarantee, {"share": 0.5, "fee": "-1%"}, "below 0"),
        (Guarantee, {"share": 0.5, "waiting": -1}, "greater than or equal to 0"),
        (Guarantee, {"share": 0.5, "waiting": 61}, "less than or equal to 60"),
        (Guarantee, {"share": 0.5, "interest_rate": "3%"}, "a guarantee of principal covers no interest"),
        (Guarantee, {"share": 0.5, "covers": "principal_and_interest"}, "rate of the interest that is covered is not stated"),
        (Guarantee, {"share": 0.5, "covers": "principal_and_interest", "interest_rate": "3%"}, "comes to nothing"),
        (Guarantee, {"share": 0.5, "fee": "1%", "fee_payable": "in_advance", "first_fee_by": "corporation"}, "pay itself"),
        (TrancheGuarantee, {"tranche": "a", "covers": "interest", "share": "110%"}, "not a share|is 110 % a year"),
        (TrancheGuarantee, {"tranche": "a", "covers": "both"}, "'principal', 'interest' or 'principal_and_interest'"),
        (TrancheGuarantee, {"tranche": "a"}, "Field required"),
    ],
)
def test_terms_that_are_refused(terms_of: type[Guarantee] | type[TrancheGuarantee], data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        terms_of(**data)
