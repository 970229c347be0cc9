"""Many deals side by side: the figures of their runs, in order, the same for any number of workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import helped
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sample_runs import DEAL_FILE, DEALS, sample

import clo
from clo.deal.terms import Deal
from clo.findings import Finding
from clo.labels import LANGUAGES, Lang
from clo.programme import Programme, run_programme, workers
from clo.report import programme_page
from clo.report.programme import programme_table


def deal(**terms: Any) -> Deal:
    return clo.load_deal(DEAL_FILE).model_copy(update=terms)


@pytest.fixture(scope="module")
def three() -> Programme:
    """One deal that runs under two scenarios, one that lacks one of them, one whose tape is not there."""
    pools = {name: pool.model_copy(update={"tape": "gone.parquet"}) for name, pool in deal().pools.items()}
    deals = {
        "runs": clo.load_deal(DEAL_FILE),
        "half": deal(scenarios={"base": deal().scenarios["base"]}),
        "broken": deal(pools=pools),
    }
    return run_programme(deals, ["base", "stress"], workers=1)


def test_a_row_is_what_the_run_says(three: Programme) -> None:
    row, result = three.table.iloc[0], sample()
    summary = result.summary.set_index("tranche")
    assert (row["deal"], row["scenario"], row["status"], row["month"]) == ("runs", "base", "ran", "2007-06")
    assert row["obligors"] == 355
    assert row["pool_size"] == 13_500_000_000
    assert (row["sizes_published"], row["tranches"]) == (2, 3)
    assert row["senior_enhancement"] == pytest.approx(1 - 11.9 / 13.5)
    assert row[["obligors_known", "pool_size_known", "enhancement_known"]].tolist() == ["published", "published", "derived"]
    assert row["senior_wal"] == summary.loc["senior", "wal_years"]
    notes = summary.loc[["senior", "mezzanine"]]
    assert row["notes_wal"] == pytest.approx((notes["wal_years"] * notes["original"]).sum() / notes["original"].sum())
    assert row["loss_rate"] == pytest.approx((result.pool["default"] - result.pool["recovery"]).sum() / 13_500_000_000)
    assert row["loss_investors"] == notes["loss"].sum()
    assert row["loss_corporation"] == summary.loc["subordinated", "loss"] > 0
    assert row[["loss_institutions", "loss_guarantor", "loss_others"]].isna().all()
    assert (row["checks_passed"], row["checks"], row["ok"]) == (len(result.checks), len(result.checks), True)
    assert three.results == {}


def test_rows_stand_in_the_order_of_deals_and_scenarios(three: Programme) -> None:
    told = three.table[["deal", "scenario", "status"]].to_numpy().tolist()
    assert told == [
        ["runs", "base", "ran"],
        ["runs", "stress", "ran"],
        ["half", "base", "ran"],
        ["half", "stress", "refused"],
        ["broken", "base", "refused"],
        ["broken", "stress", "refused"],
    ]


def test_why_a_deal_was_not_run(three: Programme) -> None:
    assert {finding.code for finding in three.refused["half"]} == {"E-R101"}
    assert {finding.code for finding in three.refused["broken"]} == {"E-R117"}
    idle = three.table.set_index(["deal", "scenario"]).loc["half", "stress"]
    assert "stress" in idle["reason"]
    assert idle["senior_enhancement"] == pytest.approx(1 - 11.9 / 13.5)
    assert pd.isna(idle["ok"])
    assert not three.ok
    assert repr(three) == "<Programme: 3 deals, 3 runs, 2 not run, NOT OK>"


def test_what_an_assumed_pool_gives_is_assumed() -> None:
    """Of the deal of March 2008 two classes are published; obligors, pool and the enhancement come of a tape that is made up."""
    (row,) = run_programme({"march": clo.load_deal(DEALS / "purchase-2008-03.yaml")}).table.to_dict("records")
    assert [row[key] for key in ("obligors_known", "pool_size_known", "enhancement_known")] == ["assumed"] * 3


def test_an_assumed_order_makes_the_enhancement_assumed() -> None:
    plain = run_programme({"eight": deal(assumed=(*deal().assumed, "tranches.order"))}).table
    assert plain["enhancement_known"].tolist() == ["assumed"]
    assert plain["pool_size_known"].tolist() == ["published"]


def test_a_file_that_is_no_deal_keeps_its_row(three: Programme) -> None:
    unread = {"torn": (Finding("E-D001", "error", "not YAML", "a deal is YAML"),)}
    told = three.with_unread(unread, ["runs", "torn", "half", "broken"])
    assert told.table["deal"].tolist() == ["runs", "runs", "torn", "half", "half", "broken", "broken"]
    assert told.table.loc[2, ["status", "reason"]].tolist() == ["not_read", "not YAML"]
    assert told.table.dtypes.equals(three.table.dtypes)
    for lang in LANGUAGES:
        shown = programme_table(told, lang)
        assert shown.rows[2][-1] == {"en": "not read", "ja": "読込不可"}[lang]
        assert "torn" in programme_page(told, lang)


def test_a_failed_check_is_not_ok(tmp_path: Path) -> None:
    wrong = tuple(one.model_copy(update={"that": "senior.balance > senior.size"}) for one in deal().assertions)
    programme = run_programme({"wrong": deal(assertions=wrong)})
    assert not programme.ok
    assert not programme.refused
    assert programme.table["checks_passed"][0] == programme.table["checks"][0] - 1


def test_a_scenario_that_a_deal_lacks_refuses_that_deal() -> None:
    programme = run_programme({"eight": deal(), "sba": clo.load_deal(DEALS / "sba-2006.yaml")}, "stress")
    assert programme.table["status"].tolist() == ["ran", "refused"]
    assert [finding.code for finding in programme.refused["sba"]] == ["E-R101"]


def test_what_it_does_not_take() -> None:
    with pytest.raises(TypeError, match="'eight' is not a Deal"):
        run_programme({"eight": DEAL_FILE})  # type: ignore[dict-item]
    nothing = run_programme({})
    assert nothing.ok
    assert nothing.table.empty


def test_results_are_kept_where_they_are_asked_for() -> None:
    told: list[tuple[int, int]] = []
    programme = run_programme({"eight": deal()}, None, keep=True, progress=lambda done, total: told.append((done, total)))
    assert list(programme.results) == [("eight", name) for name in deal().scenarios]
    assert programme.results["eight", "base"].summary.equals(sample().summary)
    assert told == [(1, 1)]


def test_any_number_of_workers_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(helped.OWN, str(os.getpid()))
    monkeypatch.setattr(workers, "SECONDS_A_HELPER", 1e-9)
    deals = {f"copy-{number}": deal() for number in range(8)}
    alone = run_programme(deals, ["base", "stress"], workers=1)
    together = run_programme(deals, ["base", "stress"], workers=2, finish=helped.process)
    assert len(set(together.finished.values())) == 2
    assert_frame_equal(alone.table, together.table, check_exact=True)
    assert_frame_equal(alone.tranches, together.tranches, check_exact=True)
    first = alone.table[alone.table["deal"] == "copy-0"].drop(columns="deal").reset_index(drop=True)
    last = alone.table[alone.table["deal"] == "copy-7"].drop(columns="deal").reset_index(drop=True)
    assert_frame_equal(first, last, check_exact=True)


# ---- pages and charts -----------------------------------------------------------------------------------------------


def test_losses_of_the_page_are_shares_of_the_pool(three: Programme) -> None:
    table = programme_table(three, "en")
    keys = [column.key for column in table.columns]
    assert "currency" not in keys
    assert "loss_institutions" not in keys
    row = dict(zip(keys, table.rows[0], strict=True))
    assert row["loss_corporation"] == pytest.approx(three.table["loss_corporation"][0] / 13_500_000_000)
    assert row["sizes_published"] == "2/3"
    assert [line[-1] for line in table.rows[3:]] == ["errors", "errors", "errors"]
    brief = programme_table(three, "ja", brief=True)
    told = dict(zip([column.key for column in brief.columns], brief.rows[0], strict=True))
    assert told["loss_borne_by"].startswith("公庫 ")
    assert brief.rows[-1][-1] == "エラー"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_chart_shows_every_tranche_and_what_it_loses(three: Programme, lang: Lang) -> None:
    chart = three.plot(lang)
    bars = [trace for trace in chart.data if trace.type == "bar" and trace.base is not None]
    drawn = {name: [trace for trace in bars if trace.name == name] for name in dict.fromkeys(trace.name for trace in bars)}
    lost = drawn.pop("Loss of tranches" if lang == "en" else "トランシェの損失")[0]
    assert sum(len(trace.x) for (trace,) in drawn.values()) == len(three.tranches)
    for row in dict.fromkeys(bars[0].y):
        shares = [share for (trace,) in drawn.values() for y, share in zip(trace.y, trace.x, strict=True) if y == row]
        assert sum(shares) == pytest.approx(1.0, abs=1e-5)
    investors = drawn["Investors" if lang == "en" else "投資家"][0]
    assert set(investors.marker.pattern.shape) == {""}  # published
    assert set(drawn["Corporation" if lang == "en" else "公庫"][0].marker.pattern.shape) == {"/"}
    assert lost.x[0] == pytest.approx(three.table["loss_corporation"][0] / 13_500_000_000, abs=1e-6)
    (pool,) = (trace for trace in chart.data if trace.type == "scatter")
    assert_allclose(pool.x, three.table["loss_rate"].dropna(), atol=1e-6)
    words = [trace.name for trace in chart.data] + [chart.layout.xaxis.title.text]
    assert all(word.isascii() for word in words) is (lang == "en")


def test_the_axis_ends_where_little_but_senior_notes_follow(three: Programme) -> None:
    assert three.plot().layout.xaxis.range[1] == 0.2
    clover = run_programme({"clover": clo.load_deal(DEALS / "clover-2011.yaml")})
    assert 0.45 < clover.plot().layout.xaxis.range[1] < 0.55


def test_enhancement_on_an_assumed_size_is_not_shown_as_a_fact() -> None:
    programme = run_programme({"guarantee": clo.load_deal(DEALS / "guarantee-02.yaml")})
    assert programme.table["enhancement_known"].tolist() == ["assumed"]
    (point,) = programme.table["senior_enhancement"]
    assert f'{point:.2%}&#160;<span class="mark assumed"' in programme_page(programme)


def test_the_page_stands_alone_and_escapes_names(three: Programme) -> None:
    nasty = "</script><script>alert(1)</script>"
    page = programme_page(run_programme({nasty: deal(), "other": deal(name=nasty)}))
    assert "alert(1)</script>" not in page
    assert "<script src" not in page
    assert "<link" not in page
    assert "Deals side by side" in page
    assert "href=" not in page.partition("<main>")[2].partition('<script type="application/json"')[0]
    linked = programme_page(three, "ja", sheets={"runs": "runs/termsheet.html"}, pages={("runs", "stress"): "runs/report.html"})
    assert '<a href="runs/termsheet.html">runs</a>' in linked
    assert '<a href="runs/report.html">ストレス</a>' in linked
    assert "案件名はタームシート" in linked


def test_a_programme_in_a_notebook(three: Programme) -> None:
    told = three._repr_html_()
    assert "has no scenario" not in told
    assert "&lt;Programme: 3 deals" in told
    assert "13,500,000,000" in told
