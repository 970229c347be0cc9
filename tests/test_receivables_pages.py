"""What terms table, term sheet and page show of a deal that buys receivables, in both languages."""

from __future__ import annotations

import re
from functools import cache

import pytest
from sample_runs import DEALS

import clo
from clo.labels import LANGUAGES, WORDS, Lang, party, why
from clo.report import render
from clo.report.terms import terms_table
from clo.report.termsheet import termsheet

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@cache
def ran(scenario: str = "base") -> clo.Result:
    return clo.run(clo.load_deal(DEALS / "receivables-example.yaml"), scenario=scenario)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_terms_are_shares_and_words(lang: Lang) -> None:
    shown = {place: (term, marked.value) for term, marked, place in terms_table(ran().deal, lang).rows}
    assert shown["receivables.advance_rate"][1] == "80%"
    assert shown["receivables.dilution.packaging"][1] == "2%"
    assert shown["receivables.stops.default_ratio.above"][1] == "1%"
    assert shown["receivables.stops.default_ratio.payments"][1] == "3"
    assert shown["pools.parts.seller"][1] == "parts_maker"
    assert not {place for place in shown if place.startswith(("triggers", "backing"))}  # the structure writes them
    if lang == "ja":
        assert all(JAPANESE.search(term) for place, (term, _) in shown.items() if place.startswith("receivables"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sheet_and_page_name_the_terms(lang: Lang) -> None:
    sheet, page = termsheet(ran().deal, lang), render(ran(), lang)
    for key in ("advance_rate", "dilution", "revolving", "stop_deficiency"):
        word = WORDS[key][LANGUAGES.index(lang)]
        assert word in page
        assert word in sheet or key == "stop_deficiency"


def test_what_is_published_is_the_scheme() -> None:
    deal, (scheme,) = (
        ran().deal,
        clo.reference.table("guarantee_programmes_2003").query("programme == 'receivables'").to_dict("records"),
    )
    said = deal.tranche_guarantees["loan_guarantee"]
    assert (said.share, said.fee) == (scheme["cover_pct"] / 100, scheme["fee_pct"] / 100)
    assert deal.tranches["bank_loan"].size == scheme["loan_limit_10k_jpy"] * 10_000
    assert said.share * float(deal.tranches["bank_loan"].size) <= scheme["limit_10k_jpy"] * 10_000
    paths = ("tranches.bank_loan.size", "tranche_guarantees.loan_guarantee.share", "tranche_guarantees.loan_guarantee.fee")
    marks = [deal.mark(path) for path in paths]
    assert {(mark.kind, mark.basis) for mark in marks if mark is not None} == {("published", "sme-2003")}


@pytest.mark.parametrize("scenario", ["base", "seller", "collapse"])
def test_whatever_a_run_says_has_japanese_words(scenario: str) -> None:
    result = ran(scenario)
    told = {text for period in (1, 9, result.timeline.payments) for text in result.waterfall(period)["why"]}
    assert all(JAPANESE.search(why(text, "ja")) for text in told)
    assert {part for stream in result.parties["stream"] for part in stream.split(".")} <= set(WORDS)
    assert all(JAPANESE.search(party(name, "ja")) for name in {*result.parties["payer"], *result.parties["payee"]})
    assert set(result.deal.triggers) <= set(WORDS)
