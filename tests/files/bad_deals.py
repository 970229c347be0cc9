"""Deal texts with words replaced, and what must be said of each: file, line, column, path, value, rule and fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_hand import PURCHASE_08, edited, refused

from clo.files.deal import load_deal
from clo.findings import DealError

TRIGGER = 'when: "pool.cumulative_default > 8% * pool.initial"'
FOURTH = "effect: trap_excess}"
WATERFALL = """waterfall:
  - collect:  {from: [interest, scheduled_principal, prepayment, recovery], to: collections}
  - transfer: {from: reserve, to: collections, amount: "reserve.balance"}
  - pay:      {fee: [trustee, servicer], from: collections}
  - pay:      {interest: [senior, mezzanine], from: collections, if: "not cumulative_default"}
  - pay:      {principal: [senior, mezzanine], from: collections}
  - transfer: {from: collections, to: reserve, amount: "max(0, reserve.target - reserve.balance)"}
  - pay:      {residual: subordinated, from: collections}
"""
SPELLED = PURCHASE_08.replace("structure: purchase_cash            # or `waterfall:` below, spelled out\n", WATERFALL).replace(
    "fees, accounts, triggers", "fees, accounts, triggers, waterfall"
)


Edits = tuple[tuple[str, str], ...]
Case = tuple[Edits, str, str, str, str, str, str, str]
"""Edits, code, words pointed at, path, value, words of the message, of the rule, of the fix."""


def place(text: str, words: str) -> tuple[int, int]:
    """(line, column) of the first occurrence, 1-based."""
    before = text[: text.index(words)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def line_of(words: str) -> int:
    return place(PURCHASE_08, words)[0]


def check(case: Case, text: str, folder: Path) -> None:
    """The finding is there and says everything, and so does the error of whoever loads the file."""
    edits, code, words, path, value, message, rule, fix = case
    file = edited(folder, *edits, text=text)
    findings = refused(file)
    matching = [f for f in findings if f.code == code and f.path == path and message in f.message]
    assert matching, [str(f) for f in findings]
    found = matching[0]
    changed = text
    for old, new in edits:
        changed = changed.replace(old, new, 1)
    assert (found.line, found.column) == (place(changed, words) if words else (None, None)), str(found)
    if value:
        assert found.value == value
    assert rule in found.rule
    assert fix in found.fix
    with pytest.raises(DealError) as caught:
        load_deal(file)
    shown = str(caught.value)
    assert all(part in shown for part in (code, found.where, found.message, found.rule, found.fix))
