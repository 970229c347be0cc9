"""The term sheet: every value with how it is known, nothing assumed shown as a fact, no network, no loan read."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from sample_runs import DEAL_FILE, DEALS

import clo
from clo.deal.terms import Deal
from clo.labels import LANGUAGES, Lang, label
from clo.report.terms import scenario_mark, scenario_table
from clo.report.termsheet import known, termsheet

LIBRARY = sorted(DEALS.glob("*.yaml"))
TEXT = DEAL_FILE.read_text(encoding="utf-8")


def written(folder: Path, *changes: tuple[str, str]) -> Deal:
    """No. 8 with changes to its file, and no tape beside it."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "deal.yaml"
    file.write_text(text, encoding="utf-8")
    return clo.load_deal(file)


def cells(page: str) -> dict[str, list[tuple[str, str]]]:
    """Of each tranche the texts of its cells, each with the kind of its mark."""
    table = re.search(r'<table class="structure">(.*?)</table>', page, re.DOTALL)
    assert table
    rows = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", table.group(1), re.DOTALL)[1:]]
    told = {}
    for row in rows:
        kinds = [re.search(r'class="mark (published|derived|assumed)"', cell) for cell in row]
        texts = [unescape(re.sub(r"<(a|span) class=\"mark.*", "", cell, flags=re.DOTALL)) for cell in row]
        plain = [re.sub(r"<.*?>", "", text).strip() for text in texts]
        told[plain[0]] = list(zip(plain[1:], [kind.group(1) if kind else "" for kind in kinds[1:]], strict=True))
    return told


def body(page: str) -> str:
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<.*?>", " ", text, flags=re.DOTALL)).split())


def test_every_cell_of_the_capital_structure_says_how_it_is_known() -> None:
    told = cells(termsheet(clo.load_deal(DEAL_FILE)))
    assert told["Senior"] == [
        ("11,900,000,000", "published"), ("88.15%", "derived"), ("11.85%", "derived"), ("100.00%", "derived"),
        ("1.60%", "assumed"), ("Investors", "assumed"),
    ]  # fmt: skip
    assert told["Mezzanine"][:4] == [
        ("180,000,000", "published"), ("1.33%", "derived"), ("10.52%", "derived"), ("11.85%", "derived"),
    ]  # fmt: skip
    assert told["Subordinated"][0] == ("1,420,000,000", "derived")
    assert told["Subordinated"][4][0] == "–"
    assert told["Total"][0] == ("13,500,000,000", "derived")


def test_marks_are_letters_as_well_as_colours() -> None:
    deal = clo.load_deal(DEAL_FILE)
    english, japanese = termsheet(deal), termsheet(deal, "ja")
    for page, letters in ((english, "PDA"), (japanese, "公導仮")):
        for kind, letter in zip(("published", "derived", "assumed"), letters, strict=True):
            assert re.search(rf'class="mark {kind}"[^>]*>{letter}<', page)
    assert 'href="#source-moodys-2011" title="Published: moodys-2011">P<sup>2</sup></a>' in english
    assert "2. moodys-2011" in body(english)


def test_a_figure_computed_from_an_assumed_size_is_assumed(tmp_path: Path) -> None:
    sizes = "tranches.senior.size: moodys-2011, tranches.mezzanine.size: moodys-2011"
    deal = written(
        tmp_path, (sizes, "tranches.mezzanine.size: moodys-2011"), ("fees, accounts,", "tranches.senior.size, fees, accounts,")
    )
    told = cells(termsheet(deal))
    assert [kind for _, kind in told["Senior"][:4]] == ["assumed", "assumed", "assumed", "derived"]
    assert [kind for _, kind in told["Mezzanine"][:4]] == ["published", "derived", "assumed", "assumed"]
    assert told["Subordinated"][2] == ("0.00%", "derived")
    assert known(deal).sizes == 1
    assert not known(deal).outline


def test_the_rest_of_a_pool_that_nobody_published(tmp_path: Path) -> None:
    figures = "figures: {month: 2007-06, institutions: 1, obligors: 355, amount: 13_500_000_000}"
    deal = written(tmp_path, (figures, "figures: {month: 2007-06}"))
    told = cells(termsheet(deal))
    assert told["Subordinated"][0] == ("Rest of the pool", "derived")
    assert told["Senior"][1:4] == [("–", "")] * 3
    assert told["Total"][0] == ("–", "")
    text = body(termsheet(deal))
    assert "the terms alone do not say how much that is" in text
    assert "Obligors – " in text
    assert "条件のみからは金額は定まらない" in body(termsheet(deal, "ja"))


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "Known in outline only: no size of a tranche is published."), ("ja", "概要のみ判明")]
)
def test_a_deal_known_in_outline_says_so(tmp_path: Path, lang: Lang, said: str) -> None:
    sizes = ", tranches.senior.size: moodys-2011, tranches.mezzanine.size: moodys-2011"
    deal = written(tmp_path, (sizes, ""), ("fees, accounts,", "tranches.senior.size, tranches.mezzanine.size, fees, accounts,"))
    assert known(deal).outline
    assert said in body(termsheet(deal, lang))
    assert said not in body(termsheet(clo.load_deal(DEAL_FILE), lang))


def test_a_deal_of_which_nothing_is_published_is_not_called_known() -> None:
    text = body(termsheet(clo.load_deal(DEALS / "sba-2006.yaml")))
    assert "No value of this deal is published." in text
    assert "Known in outline" not in text


def test_counts_are_those_of_the_deal_file(tmp_path: Path) -> None:
    before = known(clo.load_deal(DEAL_FILE))
    assert before == known(written(tmp_path))
    published = "published: {figures: issuance-000, "
    moved = written(tmp_path, (published, "published: {"), ("assumed:   [", "assumed:   [figures, "))
    assert known(moved) == before._replace(published=before.published - 4, assumed=before.assumed + 4)
    page = termsheet(clo.load_deal(DEAL_FILE))
    assert f'aria-label="Published {before.published}, Derived {before.derived}, Assumed {before.assumed}"' in page


def test_everything_agreed_is_there_in_both_languages() -> None:
    deal = clo.load_deal(DEAL_FILE)
    english, japanese = body(termsheet(deal)), body(termsheet(deal, "ja"))
    for text in (english, japanese):
        assert "JASME purchase-type No. 8" in text
        assert "中小企業金融公庫 買取型 第8号" in text
        assert "13,500,000,000" in text
        assert "min(1% * pool.initial, senior.balance + mezzanine.balance)" in text
        assert "https://www.moodys.com/research/" in text
    headings = (("Capital structure", "発行体系"), ("Parties", "当事者"), ("Fees", "手数料"), ("Scenarios", "シナリオ"))
    assert all(f"{first} {second}" in english and f"{second} {first}" in japanese for first, second in headings)
    assert "Written by the structure “Cash, sequential (as purchase-type)” from the terms above" in english
    assert "Pay · Interest: Senior · From: Collections" in english
    assert "支払 · 利息: 優先 · 出金元: 回収金口座" in japanese
    assert "pool - senior - mezzanine" in english
    assert "Restructuring › Rate 3%" in english


def test_text_of_the_deal_is_escaped_everywhere(tmp_path: Path) -> None:
    nasty = "</style><script>alert(1)</script>&\"'"
    deal = clo.load_deal(DEAL_FILE)
    tranche = deal.tranches["senior"].model_copy(update={"holder": nasty})
    source = deal.sources["moodys-2011"].model_copy(update={"document": nasty, "url": "javascript:alert(1)", "says": nasty})
    changed = deal.model_copy(
        update={
            "name": nasty,
            "name_ja": nasty,
            "tranches": {**deal.tranches, "senior": tranche},
            "sources": {**deal.sources, "moodys-2011": source},
            "derived": {"tranches.subordinated.size": nasty},
        }
    )
    for lang in LANGUAGES:
        page = termsheet(changed, lang)
        assert "<script" not in page
        assert 'href="javascript' not in page
        assert page.count("</style>") == 1


def test_an_order_that_is_assumed_makes_attachment_assumed_and_says_so() -> None:
    deal = clo.load_deal(DEAL_FILE)
    ranked = deal.model_copy(update={"assumed": (*deal.assumed, "tranches.order")})
    assert "Order of classes assumed." in body(termsheet(ranked))
    assert "優先順位は仮定。" in body(termsheet(ranked, "ja"))
    assert "Order of classes assumed." not in body(termsheet(deal))
    plain, told = cells(termsheet(deal)), cells(termsheet(ranked))
    for name in deal.tranches:
        texts, other = plain[label(name)], told[label(name)]
        assert texts[:2] == other[:2]
        assert {kind for _, kind in texts[2:4]} == {"derived"}
        assert {kind for _, kind in other[2:4]} == {"assumed"}


def test_a_value_inside_a_scenario_is_marked_where_it_stands() -> None:
    deal = clo.load_deal(DEALS / "wide-area-cbo-2006.yaml")
    path = "scenarios.realised.defaults.cumulative"
    derived = deal.model_copy(update={"derived": {path: "solved"}})
    for of, kind in ((deal, "assumed"), (derived, "derived")):
        marks = {key: scenario_mark(of, "realised", key) for key in ("defaults.cumulative", "defaults.years", "recovery_lag")}
        assert {key: mark.kind for key, mark in marks.items() if mark is not None} == {
            "defaults.cumulative": kind, "defaults.years": "assumed", "recovery_lag": "assumed",
        }  # fmt: skip
        rows = dict(scenario_table(of, "realised", of.scenario("realised"), "en").rows)
        assert rows[label("defaults")].mark.kind == "assumed"


def test_a_waterfall_spelled_out_is_told_as_the_file_says_it() -> None:
    text = body(termsheet(clo.load_deal(DEALS / "examples" / "golub-2018.yaml")))
    assert "Spelled out in the deal file. A" in text
    assert "priority of interest proceeds" in text
    assert "LIBOR_3M + 1.48%, floor 0.00%" in text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.stem)
def test_every_deal_of_the_library_has_a_sheet(file: Path, lang: Lang) -> None:
    deal = clo.load_deal(file)
    page = termsheet(deal, lang)
    assert f'<html lang="{lang}">' in page
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(address.startswith(("#source-", "https://", "http://")) for address in addresses)
    sources = {address.removeprefix("#source-") for address in addresses if address.startswith("#")}
    assert sources <= set(deal.sources)
    assert "<script" not in page
    assert len(page.encode()) < 100_000
    assert len(cells(page)) == len(deal.tranches) + 1
    assert not re.search(r"\[\d\]|(?<!Rounding )None\b|nan\b", body(page).partition("Sources")[0].partition("出典")[0])
