"""README and docs show what the program prints, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT, script

show = script(ROOT / "docs" / "show.py")
SHOWN = [block for page in show.PAGES for block in show.shown(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("command", "text"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_page_shows_real_output(command: str, text: str) -> None:
    assert show.output(command) == text, "run python docs/show.py"


def test_something_is_shown() -> None:
    assert SHOWN


PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_every_code_is_documented() -> None:
    """docs/findings.md lists every finding the package can make, and no other."""
    made = set()
    for path in (ROOT / "clo").rglob("*.py"):
        made |= set(re.findall(r'"([EWF]-[A-Z]\d{3})"', path.read_text(encoding="utf-8")))
    listed = re.findall(
        r"^\| ([EWF]-[A-Z]\d{3}) \|", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(listed) == len(set(listed))
    assert set(listed) == made
