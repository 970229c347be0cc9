"""`clo reference`, `clo reconcile`, `clo break-even`: what they print, where it goes, and how they refuse."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sample_runs import DEALS

from clo.files.library import load_library
from clo.findings import DealError
from clo.reference import packaged


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with one figure changed."""
    folder = shutil.copytree(DEALS, tmp_path_factory.mktemp("library") / "deals")
    file = folder / "purchase-02.yaml"
    file.write_text(file.read_text("utf-8").replace("obligors: 507", "obligors: 508"), "utf-8")
    return folder


# ---- reference ------------------------------------------------------------------------------------------------------


def test_the_list_names_every_table_in_both_languages(clo: Any) -> None:
    english, japanese = clo("reference"), clo("reference", "--lang", "ja")
    assert english.code == japanese.code == 0
    assert all(name in english.out and name in japanese.out for name in packaged().names)
    assert "公表資料の表" in japanese.out


def test_a_table_is_shown_as_printed_with_document_and_meaning(clo: Any) -> None:
    done = clo("reference", "issuance")
    assert re.search(r"purchase\s+5\s+2006-09\s+8\s+338\s+12\.1", done.out)
    assert "JASME presentation" in done.out
    assert "Source id: 000" in done.out


def test_csv_and_json_give_the_figures_back(clo: Any) -> None:
    expected = packaged().table("issuance")
    read = pd.read_csv(io.StringIO(clo("reference", "issuance", "--csv").out), dtype={"source_id": "str"})
    assert read["amount_bn_jpy"].tolist() == expected["amount_bn_jpy"].tolist()
    rows = json.loads(clo("reference", "issuance", "--json").out)
    assert [row["smes"] for row in rows] == expected["smes"].tolist()
    assert rows[11]["banks"] is None
    assert len(json.loads(clo("reference", "--json").out)) == len(packaged().names)


def test_columns_of_a_table_keep_their_names_in_both_languages_and_small_steps_are_written_out(clo: Any) -> None:
    heads = [clo("reference", "issuance", *lang).out.splitlines()[2].split() for lang in ((), ("--lang", "ja"))]
    assert heads[0] == heads[1] == [column.name for column in packaged().columns("issuance")]
    shown = clo("reference", "clover").out
    assert "0.000001" in shown
    assert "e-06" not in shown


def test_an_unknown_table_is_a_finding_and_two_formats_a_usage_error(clo: Any) -> None:
    done = clo("reference", "isuance")
    assert done.code == 1
    assert "E-N001" in done.err
    assert "did you mean 'issuance'" in done.err
    assert clo("reference", "--csv", "--json").code == 2


# ---- reconcile ------------------------------------------------------------------------------------------------------


def test_the_library_reconciles_and_the_page_says_so(clo: Any, tmp_path: Path) -> None:
    done = clo("reconcile", "--deals", DEALS)
    assert done.code == 0
    assert re.search(r"Reconciles: \d+ published and 35 derived figures, \d+ identities in the tables; 0 outside", done.out)
    page = (tmp_path / "out" / "reconcile.html").read_text("utf-8")
    assert "banner passed" in page
    assert "clover-2017" in page
    assert "129,700,000,000" in page
    assert not re.search(r"<(script|link|img)", page)


def test_what_does_not_agree_is_named_on_terminal_and_page(clo: Any, tmp_path: Path, spoilt: Path) -> None:
    done = clo("reconcile", "--deals", spoilt, "-q", "--lang", "ja")
    assert done.code == 1
    assert "purchase-02" in done.out
    assert "508" in done.out
    assert "照合不一致" in done.out
    page = (tmp_path / "out" / "reconcile.html").read_text("utf-8")
    assert "banner failed" in page
    assert 'class=" bad"' in page


def test_the_terminal_is_brief_unless_all_is_asked_for(clo: Any) -> None:
    brief, whole = (clo("reconcile", "--deals", DEALS, "--no-report", *every).out for every in ((), ("--all",)))
    for part in ("Totals", "Where a source itself does not add up", "Reconciles: "):
        assert part in brief
        assert part in whole
    for part in ("purchase-06", "What the published tables must add up to"):
        assert part not in brief
        assert part in whole
    assert re.search(r"purchase-08\s+Share › Senior\s+Derived\s+88", whole)
    assert re.search(r"purchase-08\s+Dates › Closing\s+Published\s+2007-06-28", whole)


def test_a_wrong_deal_file_shows_how_far_it_is_off(clo: Any, spoilt: Path) -> None:
    done = clo("reconcile", "purchase-02", "--deals", spoilt, "--no-report")
    assert re.search(r"Obligors\s+Published\s+507\s+508\s+507\s+1\s+0\s+FAILED", done.out)


def test_json_holds_every_comparison(clo: Any, spoilt: Path) -> None:
    found = json.loads(clo("reconcile", "--deals", spoilt, "--json", "--no-report").out)
    assert found["ok"] is False
    wrong = [(row["deal"], row["item"]) for part in ("deals", "totals") for row in found[part] if row["gating"] and not row["ok"]]
    assert wrong == [("purchase-02", "obligors"), ("total.purchase", "obligors"), ("total.all", "obligors")]
    assert all(row["ok"] for row in found["tables"])
    rows = {(row["deal"], row["item"]): row for row in found["deals"]}
    assert rows["purchase-01", "month"]["published"] == rows["purchase-01", "month"]["modelled"] == "2004-09"
    assert rows["purchase-05", "joint"]["modelled"] is True
    assert rows["purchase-01", "joint"]["published"] is False
    assert rows["purchase-08", "dates.closing"]["stated"] == "2007-06-28"
    assert (rows["purchase-08", "share.senior"]["known"], rows["purchase-01", "amount"]["known"]) == ("derived", "published")
    assert found["refused"] == []


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The library with a deal file that is no deal, and one without its tape."""
    folder = shutil.copytree(DEALS, tmp_path / "broken")
    (folder / "purchase-03.yaml").write_text("nothing\n", "utf-8")
    (folder / "tapes" / "clover-2017.parquet").unlink()
    return folder


def test_a_deal_that_cannot_be_used_does_not_stop_the_others(clo: Any, broken: Path, tmp_path: Path) -> None:
    done = clo("reconcile", "--deals", broken)
    assert done.code == 3
    assert "E-D001" in done.err
    assert "clover-2017.parquet" in done.err
    for name in ("purchase-03", "clover-2017"):
        assert f"{name}: cannot be used" in done.out
        assert f"{name} · Deal file" in done.out
    assert "Totals" in done.out
    assert "purchase-03: cannot be used" in (tmp_path / "out" / "reconcile.html").read_text("utf-8")


def test_a_deal_that_cannot_be_used_is_told_in_json(clo: Any, broken: Path) -> None:
    done = clo("reconcile", "purchase-03", "purchase-04", "--deals", broken, "--json", "--no-report")
    found = json.loads(done.out)
    assert (done.code, found["ok"]) == (3, False)
    assert {row["deal"] for row in found["deals"] if row["ok"]} == {"purchase-04"}
    ((refused,),) = ([each["findings"] for each in found["refused"]],)
    assert [finding["code"] for finding in refused] == ["E-D001"]


def test_a_deal_with_findings_only_exits_with_one(clo: Any, broken: Path) -> None:
    file = broken / "purchase-03.yaml"
    file.write_text((DEALS / "purchase-03.yaml").read_text("utf-8").replace("coupon: 1.6%", "coupn: 1.6%"), "utf-8")
    done = clo("reconcile", "purchase-03", "--deals", broken, "--no-report")
    assert done.code == 1
    assert "did you mean" in done.err


def test_a_path_is_that_file(clo: Any, spoilt: Path) -> None:
    done = clo("reconcile", spoilt / "purchase-02.yaml", "purchase-05.yaml", "--deals", DEALS, "--no-report")
    assert done.code == 1
    assert "purchase-02 · Obligors" in done.out
    assert "purchase-05" in done.out
    assert clo("reconcile", spoilt / "purchase-02.yaml", "purchase-02", "--deals", DEALS, "--no-report").code == 2
    assert clo("reconcile", DEALS / "no-such.yaml", "--no-report").code == 3


def test_a_folder_without_deals_says_what_to_do(clo: Any, tmp_path: Path) -> None:
    done = clo("reconcile", "--deals", tmp_path)
    assert done.code == 1
    assert "E-N012" in done.err
    assert "the folder of the library holds deal files" in done.err
    assert "`--deals`" in done.err


def test_named_deals_only(clo: Any) -> None:
    done = clo("reconcile", "purchase-05", "clover-2017", "--deals", DEALS, "--no-report")
    assert done.code == 0
    assert "clover-2017" in done.out
    assert "purchase-06" not in done.out
    assert "Totals" not in done.out


@pytest.mark.parametrize(("name", "code"), [("purchase-99", "E-N011"), ("sba-2006", "E-N010")])
def test_a_name_that_cannot_be_reconciled_is_a_finding(clo: Any, name: str, code: str) -> None:
    done = clo("reconcile", name, "--deals", DEALS)
    assert done.code == 1
    assert code in done.err


def test_a_library_tells_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    with pytest.raises(DealError, match="E-N012"):
        load_library(tmp_path)
    (tmp_path / "a.yaml").write_text("format: clo.deal/9\n", "utf-8")
    (tmp_path / "b.yaml").write_text("nothing\n", "utf-8")
    with pytest.raises(DealError) as caught:
        load_library(tmp_path)
    assert [finding.code for finding in caught.value.findings] == ["E-D004", "E-D001"]


# ---- break-even -----------------------------------------------------------------------------------------------------


@pytest.mark.compiled
def test_break_even_of_each_tranche_and_of_one(clo: Any) -> None:
    done = clo("break-even", DEALS / "purchase-08.yaml")
    assert done.code == 0
    assert all(name in done.out for name in ("Senior", "Mezzanine", "Subordinated"))
    (row,) = json.loads(clo("break-even", DEALS / "purchase-08.yaml", "mezzanine", "--loss", "25%", "--json").out)
    assert row["tranche"] == "mezzanine"
    assert row["loss_allowed"] == 0.25
    assert row["tranche_loss"] == pytest.approx(0.25, abs=1e-3)
    assert {key: row[key] for key in ("years", "timing", "of", "scenario")} == {
        "years": 5, "timing": "even", "of": "loans", "scenario": "base",
    }  # fmt: skip
    assert row["findings"] == []
    assert "Years 5 · Timing Even · Of loans that did not repay before · Scenario Base" in done.out


@pytest.mark.compiled
def test_break_even_leaves_a_rate_empty_that_there_is_not(clo: Any) -> None:
    """Class A of the wide-area CBO is repaid whatever defaults; the others have their rates all the same."""
    done = clo("break-even", DEALS / "wide-area-cbo-2006.yaml", "--json")
    assert done.code == 0
    rates = {row["tranche"]: row["cumulative_default"] for row in json.loads(done.out)}
    assert rates.pop("class_a") is None
    assert all(0.0 < rate < 1.0 for rate in rates.values())
    assert [row["findings"][0]["code"] for row in json.loads(done.out)][:2] == ["W-R133", "W-R132"]
    alone = clo("break-even", DEALS / "wide-area-cbo-2006.yaml", "class_a")
    assert (alone.code, "E-R131" in alone.err) == (1, True)


@pytest.mark.compiled
def test_break_even_tells_of_defaults_that_never_happen(clo: Any) -> None:
    """Bonds of two years, and defaults over five: a little more than two fifths of them."""
    done = clo("break-even", DEALS / "tokyo-4-c.yaml", "mezzanine")
    assert done.code == 0
    assert "W-R132" in done.err
    (row,) = json.loads(clo("break-even", DEALS / "tokyo-4-c.yaml", "mezzanine", "--json").out)
    assert row["not_reached"] == pytest.approx(0.6, abs=0.02)
    assert [finding["code"] for finding in row["findings"]] == ["W-R132"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("mezanine",), 1, "did you mean 'mezzanine'"),
        (("senior", "--loss", "5"), 2, "not a share"),
        (("senior", "--timing", "never"), 1, "front"),
        (("senior", "--scenario", "bse"), 1, "did you mean 'base'"),
    ],
)
def test_break_even_refuses_what_cannot_be_asked(clo: Any, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = clo("break-even", DEALS / "purchase-08.yaml", *arguments)
    assert done.code == code
    assert told in done.err
