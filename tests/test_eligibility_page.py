"""docs/eligibility.md: its examples give what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, examples_hold

from clo.files.criteria import read_criteria
from clo.tape.criteria import Criteria, criteria_from

PAGE = (ROOT / "docs" / "eligibility.md").read_text(encoding="utf-8")


def test_examples_give_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, ROOT / "docs" / "eligibility.md") > 8


def test_the_file_it_shows_is_one(tmp_path: Path) -> None:
    shown = PAGE.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "shown.yaml"
    path.write_text(shown, encoding="utf-8")
    assert len(read_criteria(path).limits) == 6
    assert criteria_from({}) == Criteria()
