"""docs/valuation.md: its examples are what a run gives, and what plain arithmetic gives."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import Any

import pytest
from pages import ROOT, examples_hold, script

import clo
from clo.analytics.streams import LEGS

TEXT = (ROOT / "docs" / "valuation.md").read_text(encoding="utf-8")
CLOSING = date(2024, 1, 15)


@pytest.fixture(scope="module")
def made() -> Any:
    """The script of the page and what it shares with others."""
    return script(ROOT / "docs" / "valuation.py"), script(ROOT / "docs" / "made.py")


def rows(name: str) -> list[list[str]]:
    """The cells of a table of the page, without its head."""
    block = re.findall(rf"<!-- made: {name} -->\n(.*?)<!-- end -->", TEXT, flags=re.DOTALL)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block[2:]]


def test_the_page_shows_what_a_run_gives(made: Any) -> None:
    page, blocks = made
    shown = {found[2]: found[3] for found in blocks.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/valuation.py"


def test_its_examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples_hold(monkeypatch, ROOT / "docs" / "valuation.md") >= 6


def test_every_word_of_a_leg_is_on_the_page() -> None:
    table = TEXT.partition("| leg | streams")[2].partition("\n\n")[0]
    assert [word for words in LEGS.values() for word in words if f"`{word}`" not in table] == []


def discounted(day: str) -> float:
    return 1.02 ** -((date.fromisoformat(day) - CLOSING).days / 365)


def test_the_contract_by_plain_arithmetic() -> None:
    """Of what the swaps come to on each date, as docs/synthetic.md says it, and not of the frame of parties."""
    result = clo.run(clo.load_deal(ROOT / "docs" / "examples" / "two-banks.yaml"))
    covered, passed = result.quantity("covered"), result.quantity("passed_on")
    at_closing = 1_980_000
    premiums, claims = [math.floor(0.018 * at_closing / 4 + 1e-4)], [0.0]
    for number, _ in enumerate(covered.index):
        last = number == len(covered) - 1
        premiums.append(0 if last else math.floor(0.018 * covered.iloc[number] / 4 + 1e-4))
        claims.append(math.floor(passed.iloc[number] + 1e-4))
    days = ["2024-01-15", *(f"{day:%Y-%m-%d}" for day in covered.index)]
    told = {row[0]: row for row in rows("contract")}
    for day, premium, claim in zip(days, premiums, claims, strict=True):
        if premium or claim:
            factor = discounted(day)
            shown = [f"{premium:,.0f}", f"{claim:,.0f}", f"{factor:.6f}", f"{premium * factor:,.0f}", f"{claim * factor:,.0f}"]
            assert told[day][1:] == shown
    worth = sum(p * discounted(day) for day, p in zip(days, premiums, strict=True))
    paid = sum(c * discounted(day) for day, c in zip(days, claims, strict=True))
    assert told["sum"][4:] == [f"{worth:,.0f}", f"{paid:,.0f}"]
    own = rows("contracts")[-1]
    assert own[2:] == [f"{worth:,.0f}", f"{paid:,.0f}", f"{paid - worth:,.0f}", f"{paid / worth:.4f}", "1.80%",
                       f"{0.018 * paid / worth:.4%}"]  # fmt: skip


def test_the_swap_by_plain_arithmetic() -> None:
    """Loops over days, with exp and nothing else."""
    day, maturity = date(2026, 11, 20), date(2027, 9, 20)
    borders = [date(2026, 9, 21), date(2026, 12, 21), date(2027, 3, 22), date(2027, 6, 21), maturity]
    survives, accrues = 0.0, 0.0
    shown = rows("swap")
    for begins, paid, row in zip(borders, borders[1:], shown, strict=False):
        ends = paid + timedelta(paid == maturity)
        amount = 0.01 * 1e6 * (ends - begins).days / 360
        factor, living = (math.exp(-0.01 * (paid - day).days / 365), math.exp(-0.02 * ((ends - day).days - 1) / 365))
        survives += amount * factor * living
        assert row == [str(begins), str(paid), str((ends - begins).days), f"{amount:,.2f}", f"{factor:.6f}", f"{living:.6f}",
                       f"{amount * factor * living:,.2f}"]  # fmt: skip
        today = max(begins - timedelta(1), day)
        while today < ends - timedelta(1):
            t = (today - day).days / 365
            dies = math.exp(-0.02 * t) - math.exp(-0.02 * (t + 1 / 365))
            since = (today - begins).days + 1 + 0.5 + 0.5
            accrues += 0.01 * 1e6 * since / 360 * dies * math.exp(-0.01 * (t + 0.5 / 365))
            today += timedelta(1)
    years = (maturity - day).days / 365
    protection = 1e6 * 0.02 / 0.03 * (1 - math.exp(-0.03 * years))
    accrued = 0.01 * 1e6 * (day + timedelta(1) - borders[0]).days / 360
    settles = math.exp(-0.01 * 5 / 365)  # Wednesday the 25th
    upfront = (protection - survives - accrues) / settles + accrued
    fair = 0.01 * protection / (survives + accrues - accrued * settles)
    amounts = [survives, accrues, survives + accrues, protection, accrued, upfront]
    told = [row[1] for row in rows("swap_worth")]
    assert told == [*(f"{amount:,.2f}" for amount in amounts), f"{fair:.4%}", f"{100 - upfront / 1e4:.4f}"]
