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

from clo.cli import main
from clo.files.library import load_library
from clo.findings import DealError
from clo.reference import packaged


class Done:
    """What a command left: exit code, stdout, stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def clo(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `clo` in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Done:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return call


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
    assert "Reconciles: " in done.out
    assert "0 outside the bound" in done.out
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


def test_json_holds_every_comparison(clo: Any, spoilt: Path) -> None:
    found = json.loads(clo("reconcile", "--deals", spoilt, "--json", "--no-report").out)
    assert found["ok"] is False
    wrong = [(row["deal"], row["item"]) for part in ("deals", "totals") for row in found[part] if row["gating"] and not row["ok"]]
    assert wrong == [("purchase-02", "obligors"), ("total.purchase", "obligors"), ("total.all", "obligors")]
    assert all(row["ok"] for row in found["tables"])


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


def test_break_even_of_each_tranche_and_of_one(clo: Any) -> None:
    done = clo("break-even", DEALS / "purchase-08.yaml")
    assert done.code == 0
    assert all(name in done.out for name in ("Senior", "Mezzanine", "Subordinated"))
    (row,) = json.loads(clo("break-even", DEALS / "purchase-08.yaml", "mezzanine", "--loss", "25%", "--json").out)
    assert row["tranche"] == "mezzanine"
    assert row["loss_allowed"] == 0.25
    assert row["tranche_loss"] == pytest.approx(0.25, abs=1e-3)


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
