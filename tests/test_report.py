"""The page: self-contained, escaped, says first when a run failed, shows how every value is known."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re

import pandas as pd
import pytest
from html_text import body, read
from sample_runs import changed, failed, sample

import clo
from clo.deal.terms import Deal, Mark
from clo.labels import LANGUAGES, Lang, label
from clo.report import render, tables, terms
from clo.report.terms import terms_table
from clo.study import Result


def with_terms(result: Result, **terms: object) -> Result:
    deal = result.deal.model_copy(update=terms)
    return dataclasses.replace(result, deal=deal)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_stands_alone_and_is_not_too_big(lang: Lang) -> None:
    page = render(sample(), lang)
    assert all(address.startswith(("#", "https://", "http://")) for address in read(page).addresses)
    assert "<script src" not in page
    assert "<link" not in page
    assert f'<html lang="{lang}">' in page
    assert len(page.encode()) < 6_000_000


def test_names_and_words_of_both_languages() -> None:
    english, japanese = body(render(sample())), body(render(sample(), "ja"))
    for text in (english, japanese):
        assert "JASME purchase-type No. 8" in text
        assert "中小企業金融公庫 買取型 第8号" in text
        assert "11,900,000,000" in text
    assert "Capital structure 発行体系" in english
    assert "発行体系 Capital structure" in japanese
    assert "135.0億円" in japanese


def test_a_failed_run_says_so_first() -> None:
    said = read(render(failed(sample()))).said
    start = said.index("NOT OK: checks failed")
    assert start < said.index("JASME purchase-type No. 8", 1)
    assert start <= 2
    assert any(sample().checks["check"][0] in text for text in said[start : start + 5])
    assert "All checks passed" not in body(render(failed(sample())))


def test_a_good_run_says_so() -> None:
    assert "All checks passed" in body(render(sample()))


def test_every_value_of_the_deal_shows_its_mark() -> None:
    text = body(render(sample()))
    for mark in ("Published", "Derived", "Assumed"):
        assert mark in text
    table = terms_table(sample().deal, "en")
    marked = [row for row in table.rows if row[1].mark is not None]
    assert len(marked) > 30
    sizes = {row[2]: row[1] for row in table.rows}
    assert sizes["tranches.senior.size"].value == "11,900,000,000"
    assert sizes["tranches.senior.size"].mark.kind == "published"
    assert sizes["tranches.senior.coupon"].value == "1.6%"
    assert sizes["tranches.senior.coupon"].mark.kind == "assumed"


def test_what_a_run_was_given_is_not_the_deals() -> None:
    deal = sample().deal.model_copy(update={"published": {"scenarios.base": "a source"}, "assumed": ()})
    given = terms.scenario_table(deal, "base", sample().scenario, "en", ("cdr",))
    marks = {term: value.mark for term, value in given.rows}
    assert marks[label("cdr")] == Mark("assumed", "given to this run")
    assert marks[label("cpr")] == Mark("published", "a source")
    told = clo.page(clo.run(sample().deal, cpr=0.07))
    assert re.search(r'<strong>7%</strong> <span class="mark assumed" title="given to this run">', told)


def test_text_of_the_deal_is_escaped_everywhere() -> None:
    nasty = "</script><script>alert(1)</script>&\"'"
    page = render(with_terms(sample(), name=nasty))
    assert "alert(1)</script>&" not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page


def test_the_waterfall_of_every_date_is_in_the_page() -> None:
    page = render(sample())
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    (data,) = json.loads(found.group(1))
    waterfall = data["waterfall"]
    assert len(waterfall["periods"]) == sample().timeline.payments
    expected = sample().waterfall(7)
    rows = waterfall["periods"][6]
    assert len(rows) == len(expected)
    assert [row[3] for row in rows] == pytest.approx(expected["paid"].tolist(), abs=0.005)
    assert waterfall["steps"][rows[-1][0]][1] == "Subordinated residual interest"
    assert set(data["charts"]) == {"balances", "flows", "enhancement", "losses", "who_paid_whom", "who_bears_the_loss"}


def test_several_scenarios_share_one_page() -> None:
    page = render([sample(), failed(sample("stress"))])
    text = body(page)
    assert page.count('role="tab"') == 2
    assert "Scenarios side by side" in text
    assert "NOT OK: checks failed" in text
    assert "Stress: " in text


def test_one_page_shows_one_deal() -> None:
    with pytest.raises(ValueError, match="one page shows one deal"):
        render([sample(), with_terms(sample("stress"), name="another")])
    with pytest.raises(ValueError, match="no run"):
        render([])


def test_published_and_modelled_charge_offs() -> None:
    columns = ["group", "charge_offs", "modelled", "charged_off", "default", "loss", "excess", "beyond_horizon"]
    frame = pd.DataFrame([("institutions", 3, 2, 3.5e6, 3.25e6, 3.2e6, 0.3e6, 0)], columns=columns)
    flows = dataclasses.replace(sample().pool_flows, realised=frame)
    table = tables.realised(dataclasses.replace(sample(), pool_flows=flows))
    assert table is not None
    told = [tables.written(value, column.kind, "en") for value, column in zip(table.rows[0], table.columns, strict=True)]
    assert told == ["Institutions", "3", "2", "3,500,000", "3,250,000", "3,200,000", "300,000", "0"]
    assert "Published charge-offs against the model" in body(render(dataclasses.replace(sample(), pool_flows=flows)))
    assert [label(column.key) for column in table.columns] == [
        "Sub-pool", "Published charge-offs (count)", "Modelled defaults (count)", "Published charged off", "Modelled default",
        "Modelled loss", "Excess", "Beyond horizon",
    ]  # fmt: skip
    assert tables.realised(sample()) is None


BESIDE = ("Pool by year", "Who bears the loss", "Sub-pools", "Who paid whom")
"""Headings of what follows from the loans."""


def test_what_is_assumed_of_the_loans_is_said_first_and_beside_the_pool() -> None:
    said = read(render([sample(), sample("stress")])).said
    (note,) = [finding.message for finding in sample().findings if finding.code == "W-T083"]
    places = [number for number, text in enumerate(said) if text == note]
    assert places[0] < said.index("Capital structure")
    beside = [said.index("Pool at cut-off"), *(n for n, text in enumerate(said) if text in BESIDE)]
    assert len(places) == 1 + len(beside)
    for place in beside:
        assert any(place < number <= place + 3 for number in places)
    assert "W-T083" not in " ".join(said)


def test_no_none_and_no_powers_of_ten() -> None:
    text = body(render(sample()))
    assert "If: None" not in text
    assert "None ·" not in text
    assert "10,500,000,000" in text
    assert not re.search(r"\de\+\d", text.split("How this was computed")[1].split("Pool at cut-off")[0])


def test_attachment_and_detachment_by_hand() -> None:
    rows = {row[0]: row for row in tables.capital_structure(sample()).rows}
    assert rows["senior"][3:5] == pytest.approx((1 - 11.9 / 13.5, 1.0))
    assert rows["mezzanine"][3:5] == pytest.approx((1.42 / 13.5, 1.6 / 13.5))
    assert rows["subordinated"][3:5] == pytest.approx((0.0, 1.42 / 13.5))
    assert rows["total"][1] == 13_500_000_000


def test_pool_by_year_foots() -> None:
    table = tables.pool_by_year(sample())
    keys = [column.key for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    life = rows[-1]
    assert life["opening"] - life["default"] - life["scheduled_principal"] == pytest.approx(life["closing"], abs=0.01)
    totals = [row for row in rows[:-1] if row["group"] == "total"]
    assert sum(row["interest"] for row in totals) == pytest.approx(sample().pool["interest"].sum())
    for before, after in itertools.pairwise(totals):
        assert before["closing"] == pytest.approx(after["opening"])


def test_a_page_names_no_borrower_and_no_folder() -> None:
    page = render(sample())
    obligors = sample().pools["own"].frame["obligor_id"].astype(str)
    text = body(page)
    assert not any(obligor in text for obligor in obligors if len(obligor) > 3)
    assert str(sample().deal.origin.file) not in text


def test_a_deal_without_sources_or_triggers_has_a_page() -> None:
    result = with_terms(changed(sample()), sources={}, published={}, derived={}, assumed=(), figures=None)
    assert isinstance(result.deal, Deal)
    assert "Sources 出典 None" in body(render(result))
