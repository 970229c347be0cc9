"""docs/simulation.md: its example is what a simulation gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import examples_hold

pytestmark = pytest.mark.compiled

PAGE = Path(__file__).parents[1] / "docs" / "simulation.md"


def test_the_page_shows_what_a_simulation_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, PAGE) == 26
