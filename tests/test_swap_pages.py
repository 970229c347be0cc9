"""What terms table, term sheet and page show of a deal of swaps: a family of sub-pools as one, and words in both languages."""

from __future__ import annotations

import re
from functools import cache

import pytest
from sample_runs import DEALS

import clo
from clo import plots
from clo.deal.families import written_pools
from clo.labels import LANGUAGES, WORDS, Lang, party, why
from clo.report import render, tables
from clo.report.terms import step_lines, terms_table
from clo.report.termsheet import termsheet
from clo.study import Result

FIVE, EIGHTEEN = "clover-2011", "clover-2017"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@cache
def ran(name: str) -> Result:
    return clo.run(clo.load_deal(DEALS / f"{name}.yaml"))


def rows(name: str, lang: Lang = "en") -> dict[str, tuple[str, str]]:
    """Place -> term and value."""
    return {place: (term, marked.value) for term, marked, place in terms_table(ran(name).deal, lang).rows}


def test_the_terms_of_the_swap_are_shares_and_words() -> None:
    shown = rows(FIVE)
    assert shown["swap.credit_events.bankruptcy"] == ("Credit default swaps › Credit events › Bankruptcy", "40%")
    assert shown["swap.premium.institutions.rate"] == ("Credit default swaps › Premium › Institutions › Rate", "1.7%")
    assert shown["swap.deductible.share"][1] == "rest"
    japanese = rows(FIVE, "ja")
    assert all(JAPANESE.search(term) for place, (term, _) in japanese.items() if place.startswith("swap"))
    assert japanese["swap.deductible.share"][0] == "クレジット・デフォルト・スワップ › 免責金額 › 構成比"


def test_a_family_is_shown_as_the_file_says_it() -> None:
    assert set(written_pools(ran(EIGHTEEN).deal)) == {"institutions"}
    assert [place for place in rows(EIGHTEEN) if place.startswith("pools")] == [
        "pools.institutions.tape", "pools.institutions.by", "pools.institutions.of", "pools.institutions.reference",
    ]  # fmt: skip
    assert rows(EIGHTEEN)["pools.institutions.of"][1].endswith("bank-06, … (18)")
    assert not {"backing"} & rows(EIGHTEEN).keys()  # the structure writes it


def test_marks_of_a_family_are_its_own() -> None:
    marks = {place: marked.mark for _, marked, place in terms_table(ran(EIGHTEEN).deal, "en").rows}
    assert marks["pools.institutions.tape"] is not None


def test_steps_that_differ_in_the_institution_only_are_one_line() -> None:
    """A let step for each institution, the first of which starts the sums; protection and premiums; the rest is said once."""
    deal = ran(EIGHTEEN).deal
    lines = step_lines(deal, "en")
    assert len(deal.waterfall) + len(deal.closing) > 70
    assert len(lines) < 25
    together = [line for line in lines if "for each of" in line.text]
    assert [line.number for line in together] == ["1-18", "2-18", "22-39", "40-57"]
    assert together[0].section == "at_closing"
    assert "for each of 17 sub-pools, such as bank_02" in together[1].text
    assert [line.number for line in step_lines(clo.load_deal(DEALS / "purchase-08.yaml"), "en")][:2] == ["1", "2"]


def test_a_large_family_is_one_line_a_year_and_one_party() -> None:
    result = ran(EIGHTEEN)
    years = tables.pool_by_year(result).rows
    assert {row[1] for row in years} == {"institutions", "total"}
    assert years[0][2] == pytest.approx(result.pool.groupby("period_end")["opening"].sum().iloc[0])
    told = {row[:3]: row[3] for row in tables.parties(result).rows}
    premiums = result.parties[result.parties["stream"] == "corporation.premium"]["amount"].sum()
    assert told["institutions", "corporation", "corporation.premium"] == premiums
    assert not any("bank_" in str(part) for row in told for part in row)


def test_the_chart_of_cash_leaves_out_what_borrowers_pay_others() -> None:
    """Above the line is what the corporation pays in, below it what is paid to it and to holders."""
    result = ran(EIGHTEEN)
    bars = {trace.name: sum(trace.y) for trace in plots.figure(result, "flows").data}
    assert not any(name.startswith("Pool") for name in bars)
    after = result.parties[result.parties["payment_date"] > str(result.deal.dates.closing)]
    premiums = after.loc[after["stream"] == "premiums.premium", "amount"].sum()
    protection = after.loc[after["stream"].isin(["corporation.protection", "corporation.surplus"]), "amount"].sum()
    scale = sum(result.tranches.loc[result.tranches["tranche"] == "class_a", "principal_paid"]) / -bars["Class A principal"]
    assert bars["Received under contracts"] * scale == pytest.approx(premiums, rel=1e-4)  # bars are rounded
    assert -bars["Paid under contracts"] * scale == pytest.approx(protection, rel=1e-4)


def test_a_small_family_is_shown_one_by_one() -> None:
    assert {row[1] for row in tables.pool_by_year(ran(FIVE)).rows} == {*ran(FIVE).deal.pools, "total"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_term_sheet_shows_the_swap(lang: Lang) -> None:
    sheet = termsheet(ran(EIGHTEEN).deal, lang)
    for key in ("swap", "deductible", "credit_events", "premium", "at_closing"):
        assert WORDS[key][LANGUAGES.index(lang)] in sheet
    assert "closing[" not in sheet
    assert "bank_09" not in sheet


def test_the_page_is_made_in_both_languages() -> None:
    for lang in LANGUAGES:
        assert WORDS["swap"][LANGUAGES.index(lang)] in render(ran(FIVE), lang)


def test_whatever_a_run_of_swaps_says_has_japanese_words() -> None:
    result = ran(FIVE)
    told = {text for period in (1, 3, result.timeline.payments) for text in result.waterfall(period)["why"]}
    assert "paid under a contract" in told
    assert all(JAPANESE.search(why(text, "ja")) for text in told)
    streams = {part for stream in result.parties["stream"] for part in stream.split(".")} - result.deal.pools.keys()
    assert streams <= set(WORDS)
    outside = {*result.parties["payer"], *result.parties["payee"]} - result.deal.pools.keys()
    assert all(JAPANESE.search(party(name, "ja")) for name in outside)
