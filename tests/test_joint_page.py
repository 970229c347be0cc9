"""docs/joint.md: its example is what a run of its deal gives, and what a reader with a pencil gets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pages import ROOT, script

import clo

DOCS = ROOT / "docs"
TEXT = (DOCS / "joint.md").read_text(encoding="utf-8")


def test_the_page_shows_what_a_run_gives() -> None:
    made, page = script(DOCS / "made.py"), script(DOCS / "joint.py")
    shown = {found[2]: found[3] for found in made.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/joint.py"


def test_the_joint_deal_by_hand() -> None:
    """Instalments of 50,000, 100,000 and 66,667 a month; bullets of 400,000 at 3% until April and of 1,000,000 and 600,000."""
    monthly = [0.03 / 12 * (1_800_000 - 150_000 * month + (400_000 if month < 4 else 0)) for month in range(12)]
    loans = [0.03 / 12 * 800_000 * (1 - month / 12) for month in range(12)]
    coupons = [1_000_000 * 0.02 / 4 + (600_000 * 0.024 / 4 if quarter == 0 else 0) for quarter in range(4)]
    interest = [sum(monthly[start : start + 3]) + sum(loans[start : start + 3]) for start in (0, 3, 6, 9)]
    interest = [one + other for one, other in zip(interest, coupons, strict=True)]
    balance = [4_600_000, 3_950_000, 2_300_000, 1_650_000, 0]
    defaulted, recovered = [0, 1_000_000, 0, 0], [0, 0, 250_000, 0]
    principal = [start - end - gone for (start, end), gone in zip(pairwise(balance), defaulted, strict=True)]
    senior, mezzanine, cash, told = 3_200_000.0, 900_000.0, 0.0, []
    for date in range(4):
        cash += interest[date] + principal[date] + recovered[date]
        due = (int(senior * 0.01 / 4 + 1e-6), int(mezzanine * 0.03 / 4 + 1e-6))
        cash -= sum(due)
        asked = max(0.0, senior + mezzanine - max(0.0, balance[date + 1] - 500_000))
        paid = min(asked, int(cash + 1e-6))
        first = min(paid, senior)
        senior, mezzanine, cash = senior - first, mezzanine - (paid - first), cash - paid
        left = int(cash + 1e-6)
        cash -= left
        told.append((*due, first, paid - first, left))
    result = clo.run(clo.load_deal(DOCS / "examples" / "joint.yaml"))
    notes = result.tranches.set_index("tranche")
    columns = [notes.loc[name, word] for word in ("interest_paid", "principal_paid") for name in ("senior", "mezzanine")]
    junior = notes.loc["subordinated", "interest_paid"] + notes.loc["subordinated", "principal_paid"]
    assert [column.tolist() for column in (*columns, junior)] == [list(column) for column in zip(*told, strict=True)]
    losses = result.losses_by_sub_pool.groupby("group")["loss"].sum()
    assert losses.to_dict() == pytest.approx({"institutions": 300_000, "own": 450_000})
