"""docs/losses.md: its examples are what the functions give."""

from __future__ import annotations

import re
from typing import Any

import pytest
from numpy.testing import assert_allclose
from pages import ROOT, examples_hold

import clo
from clo.analytics.losses.settings import METHODS

pytestmark = pytest.mark.compiled

PAGE = ROOT / "docs" / "losses.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, PAGE) >= 15


@pytest.mark.parametrize("method", METHODS)
def test_the_methods_side_by_side(method: Any) -> None:
    row = re.findall(rf"^\| `{method}` \| (\d.*) \|$", TEXT, flags=re.MULTILINE)[0]
    shown = [float(cell.strip("% ")) / 100 for cell in row.split("|")]
    points = (0, 0.03, 0.06, 0.09, 0.12, 0.22, 1)
    told = clo.expected_tranche_loss([1] * 125, 0.05, 0.6, points, correlation=0.1, method=method)
    assert_allclose(shown, told["expected_loss"], rtol=1e-3)
