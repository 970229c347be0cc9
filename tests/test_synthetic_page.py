"""docs/synthetic.md: its example is what a run of its deal gives, and what a slow reading of the contract gives."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from slow_swaps import slow_swaps

import clo
from clo.deal.swaps import CreditEvents, CreditSwap, Deductible, Premium, Premiums

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")
SPEC = importlib.util.spec_from_file_location("synthetic_page", ROOT / "docs" / "synthetic.py")
assert SPEC is not None
assert SPEC.loader is not None
page = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(page)


def test_the_page_shows_what_a_run_gives() -> None:
    shown = {found[2]: found[3] for found in page.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/synthetic.py"


@pytest.mark.parametrize("name", ["north", "south"])
def test_a_slow_reading_gives_the_same_table(name: str) -> None:
    result = clo.run(clo.load_deal(page.DEAL))
    slow = slow_swaps(result.deal, result.pool)
    rows = re.findall(rf"<!-- made: {name} -->\n(.*?)<!-- end -->", TEXT, flags=re.DOTALL)[0].splitlines()
    head, cells = rows[0].strip("| ").split(" | "), [row.strip("| ").split(" | ") for row in rows[2:]]
    words = {"reference balance": "reference", "unused deductible": "unused", "passed on": "passed"}
    for (day, told), row in zip(((day, told) for (day, bank), told in slow.progress.items() if bank == name), cells, strict=True):
        assert row[0] == day.isoformat()
        for title, word in words.items():
            assert row[1 + head.index(title)] == f"{told[word]:,.0f}"


def test_the_example_shows_a_loss_above_one_deductible() -> None:
    result = clo.run(clo.load_deal(page.DEAL))
    assert result.quantity("north_passed").max() > 0
    assert result.quantity("south_unused").nunique() == 1
    assert (result.tranches.groupby("tranche")["writedown"].sum() > 0).to_dict() == {"senior": False, "junior": True}


@pytest.mark.parametrize("terms", [CreditSwap, Deductible, CreditEvents, Premiums, Premium])
def test_every_key_of_a_swap_is_explained(terms: type) -> None:
    """In the table of keys."""
    table = TEXT.partition("| key | meaning |")[2].partition("\n\n")[0]
    assert [key for key in terms.model_fields if key not in table] == []
