"""docs/language.md: every example runs and prints what the page shows, and every word of the language has one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, script

import clo
from clo.deal.steps import VERBS
from clo.deal.terms import (
    Account,
    Assertion,
    Counterparty,
    Coupon,
    Facility,
    Fee,
    Group,
    Hedge,
    IndexCurve,
    Ledger,
    Macro,
    Pool,
    Schedule,
    StepUp,
    Tier,
    Tranche,
    Trigger,
)
from clo.files.deal import check_deal
from clo.quantities import Terms

pages = script(ROOT / "docs" / "examples.py")
PAGE = pages.PAGE.read_text(encoding="utf-8")
EXAMPLES = pages.examples(PAGE)
ENTRIES: dict[str, type[Terms]] = {
    "pools": Pool, "curves": IndexCurve, "schedules": Schedule, "counterparties": Counterparty, "accounts": Account,
    "ledgers": Ledger, "facilities": Facility, "hedges": Hedge, "fees": Fee, "tranches": Tranche,
    "groups": Group, "triggers": Trigger, "macros": Macro,
}  # fmt: skip
NOT_SHOWN = {"triggers.effect", "pools.criteria"}
"""Keys that only a structure reads, or that need a file of their own."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example as a file, beside the tape."""
    place = tmp_path_factory.mktemp("language")
    pages.write(place, EXAMPLES)
    return place


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_and_prints_what_the_page_shows(example: Any, folder: Path) -> None:
    deal, findings = check_deal(folder / f"{example.name}.yaml")
    assert deal is not None, findings
    assert not findings
    assert example.shown
    for scenario, what, shown in example.shown:
        result = clo.run(deal, scenario=scenario)
        assert result.ok, result.checks[~result.checks["ok"]]
        assert pages.output(result, what) == shown, "run python docs/examples.py"


def test_headings_are_told_apart() -> None:
    names = [pages.anchor(title) for title in re.findall(r"^##+ (.+)$", PAGE, flags=re.M)]
    assert len(names) == len(set(names))


def test_contents_and_index_are_current() -> None:
    made = {found[2]: found[3] for found in pages.MADE.finditer(PAGE)}
    assert made == {"contents": pages.contents(PAGE), "index": pages.index(EXAMPLES)}, "run python docs/examples.py"


def test_every_word_has_an_example() -> None:
    """A verb, function or quantity that is new needs one."""
    written = set().union(*(pages.words(example) for example in EXAMPLES))
    assert set(pages.vocabulary()) <= written, sorted(set(pages.vocabulary()) - written)


def _keys(terms: type[Terms]) -> set[str]:
    return {field.alias or name for name, field in terms.model_fields.items()}


def _steps(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every verb with its details, inside sections and macros too."""
    if isinstance(value, Mapping):
        if len(value) == 1 and (verb := next(iter(value))) in VERBS and isinstance(value[verb], Mapping):
            yield verb, value[verb]
        for inner in value.values():
            yield from _steps(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _steps(inner)


def test_every_key_of_an_entry_has_an_example() -> None:
    used = set()
    for changes in (example.changes for example in EXAMPLES):
        for section in ENTRIES:
            entries = [entry for entry in changes.get(section, {}).values() if entry is not None]
            used |= {f"{section}.{key}" for entry in entries for key in entry}
            coupons = [entry["coupon"] for entry in entries if isinstance(entry.get("coupon"), Mapping)]
            used |= {f"coupon.{key}" for coupon in coupons for key in coupon}
            used |= {f"step_ups.{key}" for coupon in coupons for step in coupon.get("step_ups", ()) for key in step}
            used |= {f"tiers.{key}" for entry in entries for tier in entry.get("tiers", ()) for key in tier}
        used |= {f"assertions.{key}" for assertion in changes.get("assertions", ()) for key in assertion}
    known: dict[str, type[Terms]] = {**ENTRIES, "coupon": Coupon, "step_ups": StepUp, "tiers": Tier, "assertions": Assertion}
    every = {f"{section}.{key}" for section, terms in known.items() for key in _keys(terms)}
    assert every - used == NOT_SHOWN


def test_every_key_of_a_step_has_an_example() -> None:
    used = {f"{verb}.{key}" for example in EXAMPLES for verb, details in _steps(example.changes) for key in details}
    plain = {"let", "test"}
    every = {f"{verb}.{key}" for verb, terms in VERBS.items() if verb not in plain for key in _keys(terms)}
    every -= {"pay.kind", "pay.names", *(f"{verb}.if" for verb in VERBS if verb != "pay")}  # `if` is the same for all
    every |= {f"pay.{kind}" for kind in pages.PAY_KINDS}
    assert every <= used, sorted(every - used)


def test_the_script_writes_every_example_as_a_file(tmp_path: Path) -> None:
    subprocess.run([sys.executable, pages.__file__, "--write", str(tmp_path)], check=True)
    assert {file.stem for file in tmp_path.glob("*.yaml")} >= {example.name for example in EXAMPLES}
    for example in EXAMPLES[:3]:
        command = f"from clo.cli import main; main(['check', '{example.name}.yaml'])"
        done = subprocess.run([sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_deal_is_a_deal() -> None:
    assert EXAMPLES[0].terms == (pages.FILES / "base.yaml").read_text(encoding="utf-8"), "the page shows the file"
    deal, findings = check_deal(pages.FILES / "base.yaml")
    assert deal is not None
    assert not findings
    assert clo.run(deal).ok
