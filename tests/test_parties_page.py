"""docs/parties.md: its examples are what runs give, and what a reader with a pencil gets; every word of a stream stands in it."""

from __future__ import annotations

from types import ModuleType

import pytest
from pages import ROOT, script

import clo
from clo.analytics.streams import KINDS, PRINCIPAL

DOCS = ROOT / "docs"
TEXT = (DOCS / "parties.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return script(DOCS / "parties.py")


@pytest.fixture(scope="module")
def runs(page: ModuleType) -> dict[str, clo.Result]:
    return page.runs()


def borne(result: clo.Result) -> dict[tuple[str, str], float]:
    frame = result.losses_by_party
    return dict(zip(zip(frame["party"], frame["position"], strict=True), frame["loss"], strict=True))


def test_the_page_shows_what_runs_give(page: ModuleType) -> None:
    made = script(DOCS / "made.py")
    shown = {found[2]: found[3] for found in made.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/parties.py"


def test_the_words_of_each_kind_stand_in_the_table() -> None:
    rows = [
        line.strip("| ").split(" | ") for line in TEXT.partition("| kind | words | |")[2].partition("\n\n")[0].splitlines()[2:]
    ]
    for kind, words, what in rows:
        assert set(KINDS[kind]) <= set(words.replace(",", "").split())
        assert what.strip() == ("principal" if kind in PRINCIPAL else "income")
    assert [row[0] for row in rows] == [*KINDS]


def by_hand(share: float) -> dict[str, float]:
    """The first two examples with a pencil: what notes and junior are short of, the guarantor's cost, and income that covers.

    Loans repay 150,000 a month in all and owe 3% a year; the one of 400,000 pays until April, and a quarter of it in August.
    """
    left = [2_200_000 - 150_000 * month - (400_000 if month >= 4 else 0) for month in range(12)]
    interest = [sum(left[3 * quarter : 3 * quarter + 3]) * 0.03 / 12 for quarter in range(4)]
    interest[1] -= 0.0  # the loan in default pays nothing in May, and stands in `left` no more
    senior, mezzanine, junior, pool = 1_500_000.0, 480_000.0, 220_000.0, 2_200_000.0
    income_paid, given, received = 0.0, 0.0, 0.0
    for quarter in range(4):
        cash = interest[quarter] + 450_000
        pool -= 450_000 + (400_000 if quarter == 1 else 0)
        claim = share * 400_000 if quarter == 1 else 0.0
        back = share * 100_000 if quarter == 2 else 0.0
        cash += claim - back + (100_000 if quarter == 2 else 0)
        given, received = given + claim, received + back
        coupons = [float(int(senior * 0.01 / 4 + 1e-6)), float(int(mezzanine * 0.04 / 4 + 1e-6))]
        cash, income_paid = cash - sum(coupons), income_paid + sum(coupons)
        repaid = float(int(min(cash, max(0.0, senior + mezzanine - max(0.0, pool - 220_000))) + 1e-6))
        cash -= repaid
        senior, mezzanine = senior - min(repaid, senior), mezzanine - max(0.0, repaid - senior)
        left_over = float(int(cash + 1e-6))
        principal = min(left_over, max(0.0, junior - max(0.0, pool - senior - mezzanine)))
        junior, income_paid = junior - principal, income_paid + left_over - principal
    return {
        "senior": senior, "mezzanine": mezzanine, "junior": junior, "guarantee": given - received,
        "excess_spread": sum(interest) - income_paid,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "share"), [("sold", 0.0), ("guaranteed", 0.7)])
def test_the_examples_with_a_pencil(runs: dict[str, clo.Result], name: str, share: float) -> None:
    found = {position: loss for (_, position), loss in borne(runs[name]).items()}
    hand = by_hand(share)
    assert sum(hand.values()) == pytest.approx(300_000)
    assert found == pytest.approx({key: amount for key, amount in hand.items() if key != "guarantee" or share})


def test_what_north_keeps_with_a_pencil(runs: dict[str, clo.Result]) -> None:
    """Its deductible is what the notes leave of its share of the pool: 1,000,000 x 220,000 / 2,200,000."""
    settled, deductible = 0.9 * 400_000, 1_000_000 * 220_000 / 2_200_000
    found = borne(runs["synthetic"])
    assert found["north", "own_loans"] == pytest.approx(400_000 - (settled - deductible))
    assert found["corporation", "junior"] == pytest.approx(settled - deductible)
    assert sum(found.values()) == pytest.approx(400_000)
