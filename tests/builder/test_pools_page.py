"""docs/pools.md: its recipe can be drawn, its examples give what is shown, and it names every distribution with its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, examples_hold, script

import clo
from clo.builder.profiles import DISTRIBUTIONS
from clo.builder.recipe import PoolRecipe, Recipe

TEXT = (ROOT / "docs" / "pools.md").read_text(encoding="utf-8")
page = script(ROOT / "docs" / "profiles.py")


def test_the_page_names_every_distribution_with_its_source() -> None:
    found = page.MADE.search(TEXT)
    assert found is not None
    assert found[2] == page.tables(), "run python docs/profiles.py"


def test_every_key_is_explained() -> None:
    before = TEXT.partition("<!-- profiles -->")[0]
    assert not [key for key in (*Recipe.model_fields, *PoolRecipe.model_fields) if key not in before and key != "says"]
    assert not [kind for kind in DISTRIBUTIONS if f"`{kind}`" not in before]


def test_the_recipe_it_shows_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(TEXT.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    frame = clo.build_pool(clo.read_recipe(path))
    largest = frame.loc[frame["originator_id"] == "jasme", "current_balance"].nlargest(2)
    assert list(largest) == [70_000_000, 65_500_000]


def test_examples_give_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, ROOT / "docs" / "pools.md") == 4
