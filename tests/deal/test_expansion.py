"""Sections opened and macros filled in: which steps come out, in which order, with which number and place; and what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from by_hand import terms
from pydantic import ValidationError

from clo.deal.expansion import Branch, Item, PlacedStep, SectionStart, expanded, placed_steps
from clo.deal.terms import Deal, Pay, Transfer
from clo.findings import Finding
from clo.waterfall.compile import compiled

ACCOUNTS = {"collections": {}, "spare": {}}


def move(amount: Any, **more: Any) -> dict[str, Any]:
    return {"transfer": {"from": "collections", "to": "spare", "amount": amount, **more}}


def section(name: str, *steps: Any, **more: Any) -> dict[str, Any]:
    return {"section": {"name": name, "steps": list(steps), **more}}


def deal(*steps: Any, **macros: Any) -> Deal:
    return terms(structure=None, accounts=ACCOUNTS, waterfall=list(steps), macros=macros)


def items(*steps: Any, **macros: Any) -> list[Item]:
    result = expanded(deal(*steps, **macros))
    found, findings = result.items, result.findings
    assert findings == []
    return found


def wrong(*steps: Any, **macros: Any) -> list[Finding]:
    return expanded(deal(*steps, **macros)).findings


def said(found: list[Item]) -> list[str]:
    """Each item in short: `3 amount @path`, or `[name] @path`."""
    lines = []
    for item in found:
        if isinstance(item, SectionStart):
            lines.append(f"[{item.name}] @{item.path}")
        else:
            amount = item.step.amount if isinstance(item.step, (Transfer, Pay)) else item.step.verb
            lines.append(f"{item.number} {amount} @{item.path}")
    return lines


# ---- sections


def test_steps_alone_are_numbered_as_they_stand() -> None:
    assert said(items(move(1), move(2))) == ["1 1 @waterfall[0].transfer", "2 2 @waterfall[1].transfer"]


def test_a_section_and_its_else_are_numbered_through_and_have_no_number_themselves() -> None:
    found = items(move(1), section("late", move(2), move(3), **{"if": "1 < 2", "else": [move(4)]}), move(5))
    assert said(found) == [
        "1 1 @waterfall[0].transfer",
        "[late] @waterfall[1].section",
        "2 2 @waterfall[1].section.steps[0].transfer",
        "3 3 @waterfall[1].section.steps[1].transfer",
        "4 4 @waterfall[1].section.else[0].transfer",
        "5 5 @waterfall[2].transfer",
    ]
    inside = [item.within for item in found if isinstance(item, PlacedStep)]
    assert inside == [(), (Branch(0, True),), (Branch(0, True),), (Branch(0, False),), ()]
    start = found[1]
    assert isinstance(start, SectionStart)
    assert (start.key, start.condition, start.within) == (0, "1 < 2", ())


def test_sections_within_sections_know_every_branch_around_them() -> None:
    inner = section("inner", move(1), **{"if": "1 < 2", "else": [section("innermost", move(2))]})
    found = items(section("outer", inner, **{"if": "2 < 3", "else": [section("other", move(3), **{"if": "3 < 4"})]}))
    steps = [item for item in found if isinstance(item, PlacedStep)]
    assert [step.titles for step in steps] == [("outer", "inner"), ("outer", "inner", "innermost"), ("outer", "other")]
    assert [step.within for step in steps] == [
        (Branch(0, True), Branch(1, True)),
        (Branch(0, True), Branch(1, False)),  # a section without a condition is no branch
        (Branch(0, False), Branch(3, True)),
    ]
    assert steps[1].path == "waterfall[0].section.steps[0].section.else[0].section.steps[0].transfer"
    starts = [item for item in found if isinstance(item, SectionStart)]
    assert [start.key for start in starts] == [0, 1, 2, 3]
    assert starts[2].within == (Branch(0, True), Branch(1, False))


def test_a_section_may_have_no_steps() -> None:
    assert said(items(section("nothing"), move(1))) == ["[nothing] @waterfall[0].section", "1 1 @waterfall[1].transfer"]


def test_two_sections_of_one_name_are_two() -> None:
    found = items(section("same", move(1), **{"if": "1 < 2"}), section("same", move(2), **{"if": "2 < 1"}))
    assert [item.within[0].section for item in found if isinstance(item, PlacedStep)] == [0, 1]


# ---- macros

ASIDE = {"parameters": ["x"], "steps": [move("{x}"), move("{x} * 2", **{"if": "{x} > 0"})]}


def test_a_macro_is_filled_in_where_it_is_used() -> None:
    found = items(move(1), {"use": {"macro": "aside", "with": {"x": "7"}}}, move(9), aside=ASIDE)
    assert said(found) == [
        "1 1 @waterfall[0].transfer",
        "2 7 @macros.aside.steps[0].transfer",
        "3 7 * 2 @macros.aside.steps[1].transfer",
        "4 9 @waterfall[2].transfer",
    ]
    third = found[2]
    assert isinstance(third, PlacedStep)
    assert isinstance(third.step, Transfer)
    assert third.step.condition == "7 > 0"


def test_a_list_of_arguments_uses_it_once_each() -> None:
    found = items({"use": {"macro": "aside", "with": [{"x": "1"}, {"x": "2"}, {"x": "3"}]}}, aside=ASIDE)
    assert [line.split(" @")[0] for line in said(found)] == ["1 1", "2 1 * 2", "3 2", "4 2 * 2", "5 3", "6 3 * 2"]


def test_an_empty_list_of_arguments_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        items({"use": {"macro": "aside", "with": []}}, aside=ASIDE)


def test_macros_fill_in_no_more_than_so_many_steps() -> None:
    tenfold = {f"m{n}": {"steps": [{"use": f"m{n + 1}"}] * 10} for n in range(6)} | {"m6": {"steps": [move(1)]}}
    found = wrong({"use": "m0"}, **tenfold)
    assert {finding.code for finding in found} == {"E-D132"}
    assert "more than 10,000 steps" in found[0].message


def test_a_macro_without_parameters_is_used_by_its_name() -> None:
    assert [step.number for step in placed_steps(deal({"use": "twice"}, {"use": "twice"}, twice={"steps": [move(1)]}))] == [1, 2]


def test_every_text_of_a_macro_is_filled_in() -> None:
    """Names, lists, keys of `let`, nested steps; a text may hold several, and part of a name."""
    macro = {
        "parameters": ["note", "n"],
        "steps": [
            {"let": {"owed_{note}": "{note}.balance"}},
            section("{note}", {"pay": {"interest": ["{note}"], "from": "collections", "amount": "{n} * {note}.size"}}),
        ],
    }
    found = items({"use": {"macro": "pay_note", "with": {"note": "senior", "n": "1%"}}}, pay_note=macro)
    assert said(found) == [
        "1 let @macros.pay_note.steps[0].let",
        "[senior] @macros.pay_note.steps[1].section",
        "2 1% * senior.size @macros.pay_note.steps[1].section.steps[0].pay",
    ]
    last = found[2]
    assert isinstance(last, PlacedStep)
    assert isinstance(last.step, Pay)
    assert (last.step.names, last.titles) == (("senior",), ("senior",))


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    found = items(
        {"use": {"macro": "swap", "with": {"a": "{b}", "b": "2"}}}, swap={"parameters": ["a", "b"], "steps": [move("{a}")]}
    )
    assert said(found) == ["1 {b} @macros.swap.steps[0].transfer"]


def test_a_macro_in_a_macro_in_a_section_in_a_macro() -> None:
    outer = {"parameters": ["y"], "steps": [section("s", {"use": {"macro": "aside", "with": {"x": "{y}"}}}, **{"if": "{y} > 1"})]}
    found = items({"use": {"macro": "outer", "with": [{"y": "4"}, {"y": "5"}]}}, outer=outer, aside=ASIDE)
    assert said(found) == [
        "[s] @macros.outer.steps[0].section",
        "1 4 @macros.aside.steps[0].transfer",
        "2 4 * 2 @macros.aside.steps[1].transfer",
        "[s] @macros.outer.steps[0].section",
        "3 5 @macros.aside.steps[0].transfer",
        "4 5 * 2 @macros.aside.steps[1].transfer",
    ]
    starts = [item for item in found if isinstance(item, SectionStart)]
    assert [(start.key, start.condition) for start in starts] == [(0, "4 > 1"), (1, "5 > 1")]
    assert [item.within for item in found if isinstance(item, PlacedStep)] == [(Branch(n, True),) for n in (0, 0, 1, 1)]


def test_macros_nest_as_deep_as_they_are_written() -> None:
    chain: dict[str, Any] = {f"m{n}": {"steps": [{"use": f"m{n + 1}"}]} for n in range(30)}
    chain["m30"] = {"steps": [move(1)]}
    assert said(items({"use": "m0"}, **chain)) == ["1 1 @macros.m30.steps[0].transfer"]


def test_an_argument_may_be_a_list() -> None:
    pay = {"pay": {"principal": ["{who}", "junior"], "from": "{where}", "if": "{who} == 0"}}
    found = items({"use": {"macro": "m", "with": {"who": ["a", "b"], "where": ["x", "y"]}}}, m={
        "parameters": ["who", "where"], "steps": [pay],
    })  # fmt: skip
    (placed,) = [item for item in found if isinstance(item, PlacedStep)]
    step: Any = placed.step
    assert (step.names, step.sources, step.condition) == (("a", "b", "junior"), ("x", "y"), "a, b == 0")


# ---- what is wrong


@pytest.mark.parametrize(
    ("use", "code", "message", "fix"),
    [
        ({"macro": "asied", "with": {"x": "1"}}, "E-D130", "macro 'asied' is not in the deal", "did you mean 'aside'?"),
        ({"macro": "zzz"}, "E-D130", "macro 'zzz' is not in the deal", "macros: aside"),
        ({"macro": "aside"}, "E-D131", "macro 'aside' is not given 'x'", "its parameters are x"),
        ({"macro": "aside", "with": {"x": "1", "y": "2"}}, "E-D131", "macro 'aside' has no parameter 'y'", "parameters are x"),
        ({"macro": "aside", "with": {"X": "1"}}, "E-D131", "macro 'aside' is not given 'x'", "its parameters are x"),
    ],
)  # fmt: skip
def test_a_use_that_makes_no_sense(use: dict[str, Any], code: str, message: str, fix: str) -> None:
    found = wrong(move(1), section("s", {"use": use}), aside=ASIDE)[0]
    assert (found.code, found.path, found.severity) == (code, "waterfall[1].section.steps[0].use", "error")
    assert message in found.message
    assert str(use["macro"]) in found.message
    assert fix in found.fix


def test_macros_where_there_are_none() -> None:
    (found,) = wrong({"use": "aside"})
    assert (found.code, found.fix) == ("E-D130", "macros: none")


@pytest.mark.parametrize(
    ("macros", "name"),
    [
        ({"a": {"steps": [{"use": "a"}]}}, "a"),
        ({"a": {"steps": [move(1), {"use": "b"}]}, "b": {"steps": [section("s", {"use": "a"})]}}, None),
    ],
    ids=["itself", "each other"],
)
def test_a_macro_that_uses_itself_is_told_once(macros: dict[str, Any], name: str | None) -> None:
    (found,) = wrong({"use": "a"}, **macros)
    assert found.code == "E-D130"
    assert "uses itself" in found.message
    assert found.path.startswith("macros.")
    assert name is None or found.message == f"macro {name!r} uses itself: {name} -> {name}"


FORKED = """
import sys
sys.path.insert(0, sys.argv[1])
from by_hand import terms
from clo.deal.expansion import expanded
macros = {"a": {"steps": [{"use": "a"}] * 4}}
findings = expanded(terms(structure=None, waterfall=[{"use": "a"}], macros=macros)).findings
print({finding.code for finding in findings}, len(findings) <= 4)
"""


def test_a_macro_that_uses_itself_many_times_is_told_soon() -> None:
    """Four uses in each of twenty levels would be a million million."""
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(tests.parent)}
    command = [sys.executable, "-c", FORKED, str(tests)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout.strip() == "{'E-D130'} True", done.stderr


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (move("1") | {"pay": {}}, "a step is one verb with its details"),
        ({"send": {}}, "a step is one verb with its details"),
        ({"transfer": {"from": "collections", "to": "{x}"}}, "it is not stated"),
        ({"pay": {"{x}": "senior", "from": "collections"}}, "a pay step pays one of fee, interest, principal, hedge, residual"),
        (move(1, how="{x}"), "it is not known here"),
        ("{x}", "a step is one verb with its details"),
    ],
)
def test_a_macro_that_makes_no_step(step: Any, message: str) -> None:
    found = wrong({"use": {"macro": "odd", "with": {"x": "spare"}}}, odd={"parameters": "x", "steps": [move(1), step]})
    assert {each.code for each in found} == {"E-D132"}
    assert found[0].path == "macros.odd.steps[1]"
    assert message in found[0].message
    assert "used by waterfall[0].use" in found[0].message
    assert found[0].fix


def test_a_macro_that_makes_no_step_is_told_once_for_all_uses_in_one_step() -> None:
    odd = {"parameters": "x", "steps": [{"send": {}}]}
    assert len(wrong({"use": {"macro": "odd", "with": [{"x": "1"}, {"x": "2"}]}}, odd=odd)) == 1


def test_a_parameter_that_is_not_filled_in_is_a_name_that_is_not_known() -> None:
    """`{y}` of a macro without parameter y stays as it is, and no expression can be read with it."""
    macro = {"parameters": "x", "steps": [move("{y} + {x}")]}
    (found,) = [f for f in _compiled(deal({"use": {"macro": "m", "with": {"x": "1"}}}, m=macro)) if f.path.startswith("macros")]
    assert found.path == "macros.m.steps[0].transfer"
    assert found.code.startswith("E-D10")


def _compiled(given: Deal) -> list[Finding]:
    return compiled(given)[1]


def test_findings_of_a_macro_come_with_the_deal() -> None:
    found = _compiled(deal({"use": {"macro": "asied", "with": {}}}, {"use": {"macro": "aside"}}, aside=ASIDE))
    assert {"E-D130", "E-D131"} <= {each.code for each in found}
