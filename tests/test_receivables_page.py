"""docs/receivables.md: its example is what a run of its deal gives, what a slow reading gives, and what a pencil gives."""

from __future__ import annotations

import pytest
from pages import ROOT, script
from slow_receivables import agree, slow_receivables

import clo
from clo.deal.receivables import Ratio, Receivables, Revolving, Stops

DOCS = ROOT / "docs"
TEXT = (DOCS / "receivables.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def result() -> clo.Result:
    return clo.run(clo.load_deal(DOCS / "examples" / "two-suppliers.yaml"))


def test_the_page_shows_what_a_run_gives() -> None:
    page, made = script(DOCS / "receivables.py"), script(DOCS / "made.py")
    shown = {found[2]: found[3] for found in made.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/receivables.py"


@pytest.mark.parametrize("terms", [Receivables, Revolving, Stops, Ratio])
def test_every_key_is_explained(terms: type) -> None:
    table = TEXT.partition("| key | meaning |")[2].partition("\n\n")[0]
    assert [key for key in terms.model_fields if key not in table] == []


def test_a_slow_reading_gives_the_same(result: clo.Result) -> None:
    agree(result, slow_receivables(result.deal, result.pool))


def test_a_pencil_gives_the_same(result: clo.Result) -> None:
    """Of each date: cash of debtors, dilution that is lost, interest, purchases, principal; the rest goes to the sellers."""
    loan, told = 1_500_000.0, []
    for collected, lost, bought, stopped in (
        (600_000, 0, 594_000, False), (1_360_000, 50_000, 0, True), (400_000, 0, 0, True), (240_000, 0, 0, True)
    ):  # fmt: skip
        cash = collected - lost - bought - int(loan * 0.02 / 12)
        repaid = min(cash, loan) if stopped else 0.0
        loan -= repaid
        told.append((loan, cash - repaid))
    assert result.quantity("loan.balance").tolist() == [owed for owed, _ in told]
    sellers = result.tranches[result.tranches["tranche"] == "deferred"]
    assert (sellers["principal_paid"] + sellers["interest_paid"]).tolist() == [left for _, left in told]
    assert [left for _, left in told] == [3_500, 0, 207_180, 240_000]


def test_what_is_overdue_is_not_bought(result: clo.Result) -> None:
    assert result.excluded["loan_id"].tolist() == ["invoice-4"]
    assert result.pool["opening"].iloc[0] + result.pool["opening"].iloc[1] == 2_000_000
