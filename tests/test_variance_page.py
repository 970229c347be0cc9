"""docs/variance.md: its examples give what the page shows."""

from __future__ import annotations

import pytest
from pages import ROOT, examples_hold

pytestmark = pytest.mark.compiled


def test_the_page_shows_what_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, ROOT / "docs" / "variance.md") > 6
