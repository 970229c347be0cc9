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
from clo.report.waterfalls import waterfalls
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
    assert shown["swap.credit_events.bankruptcy"] == ("Credit default swaps › Credit events › Bankruptcy", "true")
    assert shown["default_mix.bankruptcy"] == ("How defaults come › Bankruptcy", "40%")
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
    assert len(lines) < 35
    together = [line for line in lines if "for each of" in line.text]
    assert [line.number for line in together] == ["1-18", "3-19", "23-40", "41-58"]
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


def test_the_steps_of_a_large_family_are_one_line_of_a_payment_date() -> None:
    shown = waterfalls(ran(EIGHTEEN), "en")
    frame = ran(EIGHTEEN).waterfall(2)
    lines = {shown["steps"][row[0]][1:4]: (shown["steps"][row[0]][0], *row[1:]) for row in shown["periods"][1]}
    premium = lines["Corporation premium", "Institutions", "Corporation"]
    steps = frame.index[(frame["claim"] == "corporation.premium") & frame["from"].str.startswith("bank")]
    own = frame.loc[steps]
    assert len(own) == 18
    assert premium[0] == f"{own['step'].iloc[0]}–{own['step'].iloc[-1]}"
    assert (premium[1], premium[3]) == (own["asked"].sum(), own["paid"].sum())
    assert sum(row[3] for row in shown["periods"][1]) == pytest.approx(frame["paid"].sum())
    assert len(shown["periods"][1]) == len(frame) - 2 * 17
    five = waterfalls(ran(FIVE), "en")
    assert len(five["periods"][1]) == len(ran(FIVE).waterfall(2))


def test_the_chart_of_cash_leaves_out_what_borrowers_pay_others() -> None:
    """Above the line is what the corporation pays in, below it what is paid to it and to holders."""
    result = ran(EIGHTEEN)
    bars = {trace.name: sum(trace.y) for trace in plots.figure(result, "flows").data}
    assert not any(name.startswith("Pool") for name in bars)
    after = result.parties[result.parties["payment_date"] > str(result.deal.dates.closing)]
    premiums = after.loc[after["stream"].isin(["premiums.premium", "class_c_guarantee.guarantee"]), "amount"].sum()
    protection = after.loc[after["stream"].isin(["corporation.protection", "corporation.surplus"]), "amount"].sum()
    scale = sum(result.tranches.loc[result.tranches["tranche"] == "class_a", "principal_paid"]) / -bars["Class A principal"]
    assert bars["Received under contracts"] * scale == pytest.approx(premiums, rel=1e-4)  # bars are rounded
    assert -bars["Paid under contracts"] * scale == pytest.approx(protection, rel=1e-4)


def test_swaps_by_year_add_up_to_the_frame() -> None:
    """A large family as one, a small one bank by bank with a total for each year."""
    for name, institutions in ((EIGHTEEN, {"institutions"}), (FIVE, {*ran(FIVE).deal.pools, "total"})):
        result, table = ran(name), tables.swaps_by_year(ran(name))
        assert table is not None
        assert {row[1] for row in table.rows} == institutions
        keys = [column.key for column in table.columns]
        own = [row for row in table.rows if row[1] != "total"]
        for word, how in tables.SWAPS.items():
            told = sum(row[keys.index(word)] for row in own if how == "sum" or row[0] == own[-1][0])
            days = result.swaps["payment_date"] == result.swaps["payment_date"].max()
            wanted = result.swaps[word].sum() if how == "sum" else result.swaps[word][days].sum()
            assert told == pytest.approx(wanted, abs=1e-3), word


def test_large_names_are_told_without_names() -> None:
    table = tables.large_names(ran(FIVE))
    assert table is not None
    assert [row[0] for row in table.rows] == ["class_a", "class_b", "class_c"]
    assert tables.large_names(clo.run(clo.load_deal(DEALS / "purchase-08.yaml"))) is None


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
        page = render(ran(FIVE), lang)
        assert all(WORDS[key][LANGUAGES.index(lang)] in page for key in ("swap", "swaps", "large_names", "under_determination"))


def test_whatever_a_run_of_swaps_says_has_japanese_words() -> None:
    result = ran(FIVE)
    told = {text for period in (1, 3, result.timeline.payments) for text in result.waterfall(period)["why"]}
    assert "paid under a contract" in told
    assert all(JAPANESE.search(why(text, "ja")) for text in told)
    streams = {part for stream in result.parties["stream"] for part in stream.split(".")} - result.deal.pools.keys()
    assert streams <= set(WORDS)
    outside = {*result.parties["payer"], *result.parties["payee"]} - result.deal.pools.keys()
    assert all(JAPANESE.search(party(name, "ja")) for name in outside)
