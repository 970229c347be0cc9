"""The README shows what the program prints, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"<!-- output of: clo (.+?) -->\n```\n(.*?)```", README, flags=re.DOTALL)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_real_output(command: str, shown: str, tmp_path: Path) -> None:
    arguments = [*command.split(), "--out", str(tmp_path)]
    code = f"from clo.cli import main; main({arguments!r})"
    environment = {"COLUMNS": "140", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
        env={**__import__("os").environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == lines(shown)


def test_something_is_shown() -> None:
    assert SHOWN


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing
