"""What a deal that buys receivables may not say: one clear finding each, all of them at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from by_hand import refused, the
from by_hand import terms as cash_terms
from laws.comparison import engine
from laws.receivables import AGREED, ROWS, TERMS, UNTIL, case, receivable
from laws.strategies import Case

from clo.deal.name_checks import name_findings
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from clo.files.deal import check_deal
from clo.findings import DealError

EXAMPLE = Path(__file__).parents[2] / "deals" / "receivables-example.yaml"


def changed(**terms: Any) -> Deal:
    return Deal.model_validate(TERMS | {"receivables": AGREED | UNTIL} | terms)


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"receivables": None}, "receivables", "does not say what is lent"),
        ({"receivables": AGREED | {"dilution": {"cloth": "1%"}}}, "receivables.dilution.cloth", "is no sub-pool"),
        ({"receivables": AGREED | {"dilution": 0, "stops": {"dilution_ratio": {"above": "1%"}}}},
         "receivables.stops.dilution_ratio", "nothing is diluted"),
        ({"receivables": AGREED | {"revolving": {"until": date(2026, 2, 15)}}}, "receivables.revolving.until",
         "and the deal ends on 2026-02-15"),
        ({"receivables": AGREED | {"revolving": {"until": date(2025, 5, 14)}}}, "receivables.revolving.until",
         "before the first payment"),
        ({"pools": TERMS["pools"] | {"tools": {"tape": "none.csv"}}}, "pools.tools", "nobody is named who sells"),
        ({"pools": TERMS["pools"] | {"tools": {"tape": "none.csv", "seller": "smit"}}}, "pools.tools.seller",
         "'smit' is no counterparty"),
        ({"pools": TERMS["pools"] | {"tools": {"tape": "none.csv", "seller": "smith", "reference": True}}},
         "pools.tools.reference", "are bought"),
        ({"accounts": {"cash": {}}}, "accounts", "no account is named 'collections'"),
        ({"accounts": {"collections": {}, "reserve": {"target": 5}}}, "accounts.reserve", "no step of the structure uses"),
        ({"accounts": {"collections": {"initial": 5}}}, "accounts.collections.initial", "buys receivables"),
        ({"triggers": {"late": {"when": "pool.default > 5"}}}, "triggers.late", "no step of the structure reads"),
        ({"tranches": {"deferred": {"size": "rest"}}}, "tranches", "nobody funds"),
        ({"tranches": {"loan": {"size": 5}, "deferred": {"size": "rest"}}}, "tranches.loan", "has no coupon"),
        ({"tranches": {"loan": {"size": 5, "coupon": 0}, "deferred": {"size": "rest", "coupon": 0}}},
         "tranches.deferred.coupon", "is the deferred price, and has a coupon"),
    ],
)  # fmt: skip
def test_what_is_missing_or_in_the_way(changes: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(DealError) as caught:
        spelled_out(changed(**changes))
    found = [finding for finding in caught.value.findings if finding.path == path]
    assert [finding.code for finding in found] == ["E-D060"]
    assert message in found[0].message
    assert found[0].fix
    assert {finding.path for finding in caught.value.findings} - {path} <= {"accounts.cash"}


def test_all_of_it_at_once() -> None:
    wrong = {
        "pools": {"parts": {"tape": "none.csv"}, "tools": {"tape": "none.csv", "seller": "nobody"}},
        "accounts": {"spare": {}},
        "tranches": {"deferred": {"size": "rest", "coupon": "1%"}},
        "receivables": AGREED | {"revolving": {"until": date(2030, 1, 1)}},
    }
    with pytest.raises(DealError) as caught:
        spelled_out(changed(**wrong))
    assert len(caught.value.findings) == 7
    assert {finding.code for finding in caught.value.findings} == {"E-D060"}


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("advance_rate: 80%", "advance_rate: 120%", "receivables.advance_rate", "is not a share between 0 and 1"),
        ("advance_rate: 80%", "advance_rate: 99.5%", "receivables", "an advance rate of 99.50% is above the price of 99.00%"),
        ("price: 99%", "price: 101%", "receivables", "a price of 101.00% is above what debtors pay"),
        ("packaging: 2%}", "packaging: 200%}", "receivables.dilution.packaging", "is not a share between 0 and 1"),
        ("packaging: 2%}", "packaging: [2%, 200%]}", "receivables.dilution.packaging[1]", "is not a share between 0 and 1"),
        ("above: 1%", "above: 101%", "receivables.stops.default_ratio.above", "is not a share between 0 and 1"),
        ("above: 4%, payments: 3", "above: 4%, payments: 0", "receivables.stops.dilution_ratio.payments", "0 is below 1"),
        ("  revolving: {until: 2005-07-31}\n", "", "receivables", "there is nothing to stop"),
    ],
)
def test_terms_that_cannot_be(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("deferred: covered", "deferred: repaid")
    assert text.count(old) == 1
    file = tmp_path / "deal.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    finding = the(refused(file), "E-D013")
    assert finding.path == path
    assert message in finding.message


def test_a_deal_that_writes_what_the_structure_writes(tmp_path: Path) -> None:
    file = tmp_path / "deal.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    file.write_text(
        text.replace("scenarios:", "backing: pool.initial\ntriggers: {bad: {when: pool.default > 5}}\nscenarios:", 1),
        encoding="utf-8",
    )
    assert {finding.path for finding in refused(file) if finding.code == "E-D062"} == {"backing", "triggers"}


def test_terms_that_no_structure_reads(tmp_path: Path) -> None:
    file = tmp_path / "deal.yaml"
    file.write_text(
        EXAMPLE.read_text(encoding="utf-8").replace("structure: receivables", "structure: purchase_cash", 1), encoding="utf-8"
    )
    _, findings = check_deal(file)
    assert the(findings, "W-D063").path == "receivables"


def test_a_trigger_that_a_scenario_forces_is_one_of_the_structure(tmp_path: Path) -> None:
    file, text = tmp_path / "deal.yaml", EXAMPLE.read_text(encoding="utf-8")
    file.write_text(text.replace("cdr: 95%,", "cdr: 95%, force: {stop_deficiency: pass, stop_it: pass},", 1), encoding="utf-8")
    assert the(refused(file), "E-D044").value == "stop_it"


def test_more_is_lent_than_the_receivables_bear() -> None:
    much = TERMS["tranches"] | {"loan": TERMS["tranches"]["loan"] | {"size": 2_080_001}}
    with pytest.raises(DealError) as caught:
        engine(case(terms={"tranches": much}))
    finding = the(caught.value.findings, "E-D150")
    assert "loans of 2,080,001 are more than 80.00% of the 2,600,000 that is bought, 2,080,000" in finding.message
    assert engine(case(terms={"tranches": much | {"loan": much["loan"] | {"size": 2_080_000}}})).ok


def test_a_deferred_price_is_not_paid_in_fractions() -> None:
    rows = ROWS | {"tools": [receivable("c", 900_001.0, date(2025, 4, 30))]}
    with pytest.raises(DealError) as caught:
        engine(Case(case(terms={"rounding": "half_up"}).terms, rows))
    assert the(caught.value.findings, "E-D024").path == "tranches.deferred.size"


def test_a_seller_that_nobody_knows() -> None:
    """Of a structure that names sellers only to pay them."""
    deal = cash_terms(pools={"loans": {"tape": "none.csv", "seller": "institution"}})
    finding = the(name_findings(deal), "E-D025")
    assert (finding.path, finding.fix) == ("pools.loans.seller", "did you mean 'institutions'?")
    assert not name_findings(cash_terms(pools={"loans": {"tape": "none.csv", "seller": "corporation"}}))
