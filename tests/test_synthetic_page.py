"""docs/synthetic.md: its example is what a run of its deal gives, and what a slow reading of the contract gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import script
from slow_swaps import slow_swaps

import clo
from clo.deal.swaps import CreditEvents, CreditSwap, Deductible, DefaultMix, Premium, Premiums

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")
BANKS, NAMES = (ROOT / "docs" / "examples" / f"{name}.yaml" for name in ("two-banks", "three-names"))


def test_the_page_shows_what_a_run_gives() -> None:
    made, page = script(ROOT / "docs" / "made.py"), script(ROOT / "docs" / "synthetic.py")
    shown = {found[2]: found[3] for found in made.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/synthetic.py"


@pytest.mark.parametrize("name", ["north", "south"])
def test_a_slow_reading_gives_the_same_table(name: str) -> None:
    result = clo.run(clo.load_deal(BANKS))
    slow = slow_swaps(result.deal, result.pool, result.scenario)
    rows = re.findall(rf"<!-- made: {name} -->\n(.*?)<!-- end -->", TEXT, flags=re.DOTALL)[0].splitlines()
    head, cells = rows[0].strip("| ").split(" | "), [row.strip("| ").split(" | ") for row in rows[2:]]
    words = {"reference balance": "reference", "unused deductible": "unused", "passed on": "passed"}
    for (day, told), row in zip(((day, told) for (day, bank), told in slow.progress.items() if bank == name), cells, strict=True):
        assert row[0] == day.isoformat()
        for title, word in words.items():
            assert row[1 + head.index(title)] == f"{told[word]:,.0f}"


def test_the_example_shows_a_loss_above_one_deductible() -> None:
    result = clo.run(clo.load_deal(BANKS))
    assert result.quantity("north_passed").max() > 0
    assert result.quantity("south_unused").nunique() == 1
    assert (result.tranches.groupby("tranche")["writedown"].sum() > 0).to_dict() == {"senior": False, "junior": True}


def quarters(balance: float, repaid: float) -> list[float]:
    """What is outstanding at the start of each quarter and at the end, of what is repaid in equal parts."""
    return [balance - number * repaid for number in range(5)]


def test_the_three_names_by_hand() -> None:
    """Of the bond of 600,000 half of a quarter comes back in July, before settlement in August, and half in October."""
    loan, bond = quarters(800_000, 200_000), [1_000_000.0] * 4 + [0.0]
    senior, mezzanine, deductible, lost = 1_500_000.0, 600_000.0, 300_000.0, 600_000 * (1 - 0.25 / 2)
    told, reference = [], []
    cover = 2_400_000 - deductible
    premiums = [cover * 0.016 / 4]
    for number in range(1, 5):
        earned = (senior + mezzanine) * 0.004 / 4
        interest = (int(senior * 0.01 / 4), int(mezzanine * 0.03 / 4))
        passed = lost - deductible if number == 3 else 0.0
        deductible = 0.0 if number == 3 else deductible
        mezzanine += (600_000 * 0.25 / 2 if number == 4 else 0.0) - passed
        reference.append(loan[number] + bond[number] + (600_000 if number < 3 else 0.0))
        cover = max(0.0, reference[-1] - deductible)
        redeemed = senior + mezzanine - (cover if number < 4 else 0.0)
        paid = (min(redeemed, senior), redeemed - min(redeemed, senior))
        senior, mezzanine = senior - paid[0], mezzanine - paid[1]
        told.append((passed, earned, *interest, *paid, senior, mezzanine))
        premiums.append(cover * 0.016 / 4 if number < 4 else 0.0)
    result = clo.run(clo.load_deal(NAMES))
    notes, ledger = result.tranches.set_index("tranche"), result.ledger
    columns = [result.swaps["passed_on"], ledger.loc[ledger["reason"] == "collateral.earned", "amount"]]
    columns += [
        notes.loc[name, word] for word in ("interest_paid", "principal_paid", "closing") for name in ("senior", "mezzanine")
    ]
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == told
    assert result.swaps["reference_balance"].tolist() == pytest.approx(reference)
    assert ledger.loc[ledger["reason"] == "premiums.premium", "amount"].tolist() == premiums[:4]
    assert result.swaps["returned"].tolist() == [0, 0, 0, 75_000]


@pytest.mark.parametrize("terms", [CreditSwap, DefaultMix, Deductible, CreditEvents, Premiums, Premium])
def test_every_key_of_a_swap_is_explained(terms: type) -> None:
    """In the table of keys."""
    table = TEXT.partition("| key | meaning |")[2].partition("In words,")[0]
    assert [key for key in terms.model_fields if key not in table] == []
