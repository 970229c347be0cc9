"""docs/history.md: its tapes are read and its examples give what the page shows."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")
UNUSABLE = """
leave_out:
  - {missing: [account_status, origination_date, originator_id], why: required}
  - {where: x_Term == 0, why: no term}
  - {missing: [default_date], where: account_status == 'DFLT', why: charge-off undated}
  - {where: origination_date < '1996-01-01', why: in the file because they were charged off}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files the page speaks of, as it shows them, and the deals of the repository."""
    (tmp_path / "tapes").mkdir()
    blocks = re.findall(r"```csv\n(.*?)```", PAGE, flags=re.DOTALL)
    for month, block in enumerate(blocks, start=1):
        (tmp_path / "tapes" / f"2026-0{month}.csv").write_text(block, encoding="utf-8")
    (sidecar,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "tapes.map.yaml").write_text(sidecar, encoding="utf-8")
    published = (ROOT / "deals" / "tapes" / "sba_7a_loans.csv.gz.map.yaml").read_text(encoding="utf-8")
    (tmp_path / "sba.map.yaml").write_text(published.replace("controls: {count: 22427}\n", "") + UNUSABLE, encoding="utf-8")
    (tmp_path / "deals").symlink_to(ROOT / "deals")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_what_comes_out(folder):
    examples = doctest.DocTestParser().get_doctest(PAGE, {}, "history.md", "docs/history.md", 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(examples, out=said.append)
    assert runner.tries > 10
    assert not said, "\n".join(said)
