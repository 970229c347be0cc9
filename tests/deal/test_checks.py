"""What must agree between the terms, seen without a file."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from by_hand import TERMS, terms

from clo.deal.checks import deal_findings, timeline_of
from clo.deal.terms import Deal
from clo.findings import Finding
from clo.timeline import Timeline


def found(**changes: Any) -> list[Finding]:
    """Findings that are not about marks."""
    data = TERMS | changes
    return [finding for finding in deal_findings(Deal.model_validate(data), data) if finding.code != "E-D031"]


def test_nothing_to_say_of_a_sound_deal() -> None:
    assert found() == []
    line = timeline_of(terms())
    assert isinstance(line, Timeline)
    assert (line.payments, line.months) == (4, 4)


SENIOR = {"size": 15_000, "coupon": "6%"}


@pytest.mark.parametrize(
    ("changes", "code", "path", "message"),
    [
        ({"fees": {"junior": {"amount": 1}}}, "E-D020", "tranches.junior", "entries in fees and tranches"),
        ({"pools": {"senior": {"tape": "x"}}}, "E-D020", "tranches.senior", "entries in pools and tranches"),
        ({"triggers": {"collections": {"when": "1 < 2"}}}, "E-D020", "triggers.collections", "accounts and triggers"),
        ({"tranches": {"a": {"size": "rest"}, "b": {"size": "rest"}}}, "E-D021", "tranches.b.size", "both take the rest"),
        ({"tranches": {"a": {"size": 100, "denomination": 7}, "b": {"size": "rest"}}}, "E-D022", "tranches.a.denomination",
         "100 of 'a' is not a whole number"),
        ({"tranches": {"a": {"size": 0, "denomination": 7}, "b": {"size": "rest"}}}, "E-D022", "tranches.a.denomination",
         "size 0 of 'a'"),
        ({"tranches": {"senior": SENIOR | {"holder": "collections"}, "b": {"size": "rest"}}}, "E-D023",
         "tranches.senior.holder", "'collections' cannot be paid"),
        ({"fees": {"x": {"amount": 1, "payee": "obligors"}}}, "E-D023", "fees.x.payee", "the deal's own"),
        ({"dates": TERMS["dates"] | {"first_payment": date(2020, 5, 16)}}, "E-D050", "dates.first_payment", "gives 2020-05-15"),
        ({"structure": None}, "E-D061", "", "nobody would be paid"),
        ({"waterfall": [{"pay": {"residual": "junior", "from": "collections"}}]}, "E-D062", "waterfall",
         "spells one out as well"),
        ({"scenarios": {"base": {"extends": "bsae"}, "bass": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}}}, "E-D040",
         "scenarios.base.extends", "which is not there"),
        ({"scenarios": {"base": {"cpr": 0}}}, "E-D042", "scenarios.base",
         "does not say cdr (or defaults), recovery, recovery_lag"),
        ({"scenarios": {"base": {"cdr": 0, "cpr": 0, "recovery": "tape", "recovery_lag": 0}}}, "E-D043",
         "scenarios.base.recovery", "recovery comes from the tape, and defaults do not"),
        ({"scenarios": {"base": {"cdr": 0, "defaults": "tape", "cpr": 0, "recovery": 0, "recovery_lag": 0}}}, "E-D043",
         "scenarios.base.defaults", "cdr and defaults both say who defaults"),
        ({"assertions": [{"after_payment": 1, "that": "1 < 2", "scenario": "strss"}]}, "E-D045", "assertions[0]",
         "scenario 'strss' is not there"),
        ({"assertions": [{"after_payment": 5, "that": "1 < 2"}]}, "E-D046", "assertions[0].after_payment",
         "payment 5 does not exist; the deal has 4"),
    ],
)  # fmt: skip
def test_what_does_not_agree(changes: dict[str, Any], code: str, path: str, message: str) -> None:
    (finding,) = found(**changes)
    assert (finding.code, finding.path, finding.severity) == (code, path, "error")
    assert message in finding.message
    assert finding.fix


def test_a_circle_of_scenarios_is_told_for_each_of_them() -> None:
    circle = {"a": {"extends": "b"}, "b": {"extends": "a"}}
    paths = [finding.path for finding in found(scenarios=TERMS["scenarios"] | circle)]
    assert paths == ["scenarios.a.extends", "scenarios.b.extends"]


def test_marks() -> None:
    data = TERMS | {
        "sources": {"paper": {"document": "a paper"}},
        "published": {"tranches.senior.size": "papre", "tranche.senior": "paper"},
        "derived": {"tranches.junior.size": "pool - notes"},
        "assumed": ["dates", "payments", "dates", "tranches", "pools"],
    }
    got = [(f.code, f.path, f.value) for f in deal_findings(Deal.model_validate(data), data)]
    unmarked = ["day_count", "fees", "rounding", "scenarios"]  # the widest place in which nothing is marked, once
    assert got == [
        ("E-D033", "assumed[2]", "dates"),
        ("E-D030", "published.tranche.senior", "tranche.senior"),
        ("E-D032", "published.tranches.senior.size", "papre"),
        *(("E-D031", path, "") for path in unmarked),
    ]
    ranked = data | {"assumed": [*data["assumed"], "tranches.order"]}
    assert [(f.code, f.path, f.value) for f in deal_findings(Deal.model_validate(ranked), ranked)] == got
    fixes = {f.code: f.fix for f in deal_findings(Deal.model_validate(data), data)}
    assert fixes["E-D030"] == "did you mean 'tranches.senior'?"
    assert fixes["E-D032"] == "did you mean 'paper'?"


STEPS = [
    {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
    {"pay": {"residual": "junior", "from": "collections"}},
]


def test_how_a_deal_pays_is_marked_at_will() -> None:
    data = {key: value for key, value in TERMS.items() if key != "structure"} | {"waterfall": STEPS}
    data |= {"assumed": [key for key in data if key not in ("format", "name", "currency", "waterfall", "accounts")]}
    assert [f.code for f in deal_findings(Deal.model_validate(data), data) if f.severity == "error"] == []
    marked = data | {"assumed": [*data["assumed"], "waterfall"]}
    assert [f.code for f in deal_findings(Deal.model_validate(marked), marked) if f.severity == "error"] == []


def test_what_only_a_structure_reads_is_told() -> None:
    data = {key: value for key, value in TERMS.items() if key != "structure"} | {"waterfall": STEPS, "principal": "pro_rata"}
    found = [(f.code, f.path) for f in deal_findings(Deal.model_validate(data), data) if f.code == "W-D063"]
    assert found == [("W-D063", "principal")]
