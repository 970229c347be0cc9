"""`clo run DEAL...` and `clo termsheet DEAL...`: what is printed and written, exit codes, one wrong deal among good ones."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Any

import helped
import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console
from sample_runs import DEAL_FILE, DEALS, sample

from clo.cli import console, programme
from clo.programme import workers

SBA = DEALS / "sba-2006.yaml"


@pytest.fixture
def spoiled(tmp_path: Path) -> Any:
    """A copy of No. 8 under another name, beside its tape, with changes to its text."""

    def make(name: str, *changes: tuple[str, str]) -> Path:
        folder = tmp_path / "deals"
        (folder / "tapes").mkdir(parents=True, exist_ok=True)
        for tape in DEALS.glob("tapes/purchase-08.*"):
            shutil.copy(tape, folder / "tapes")
        text = DEAL_FILE.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return make


@pytest.fixture
def another(spoiled: Any) -> Path:
    """The same deal under another name."""
    file: Path = spoiled("another.yaml")
    return file


# ---- run ------------------------------------------------------------------------------------------------------------


def test_deals_are_run_written_and_put_side_by_side(clo: Any, tmp_path: Path, another: Path) -> None:
    done = clo("run", DEAL_FILE, SBA, another)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "Deals side by side: Base"
    assert any(line.split()[:3] == ["purchase-08", "2007-06", "JPY"] for line in lines)
    out = tmp_path / "out"
    assert pd.read_parquet(out / "purchase-08" / "base" / "tranches.parquet")["tranche"].nunique() == 3
    page = (out / "programme.html").read_text(encoding="utf-8")
    for deal in ("purchase-08", "sba-2006", "another"):
        assert f'<a href="{deal}/termsheet.html">' in page
        assert (out / deal / "termsheet.html").exists()
    assert '<a href="purchase-08/base/report.html">Base</a>' in page
    assert (out / "purchase-08" / "base" / "report.html").exists()
    assert (out / "another" / "base").exists()
    for kind in ("csv", "parquet", "html"):
        assert f"Written to out/programme.{kind}" in done.err


def test_the_table_is_the_same_in_every_form(clo: Any, tmp_path: Path, another: Path) -> None:
    told = clo("run", DEAL_FILE, another, "--all-scenarios", "--no-report", "--json", "-o", "here").json
    parquet = pd.read_parquet(tmp_path / "here" / "programme.parquet")
    csv = pd.read_csv(tmp_path / "here" / "programme.csv", keep_default_na=False)
    assert parquet["scenario"].tolist() == csv["scenario"].tolist() == ["base", "stress", "new_terms"] * 2
    assert [row["scenario"] for row in told["deals"]] == parquet["scenario"].tolist()
    assert told["deals"][0]["loss_corporation"] == parquet["loss_corporation"][0] == float(csv["loss_corporation"][0])
    assert parquet["loss_corporation"][0] == sample().summary["loss"].iloc[-1]
    assert told["ok"] is True
    assert told["refused"] == []
    assert set(told["written"]) == {"csv", "parquet"}
    assert not list((tmp_path / "here").rglob("*.html"))


def test_one_deal_is_no_programme(clo: Any, tmp_path: Path) -> None:
    done = clo("run", DEAL_FILE, "--no-report")
    assert "Capital structure (JPY)" in done.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["purchase-08"]
    assert [path.name for path in (tmp_path / "out" / "purchase-08").iterdir()] == ["base"]


def test_a_deal_with_mistakes_is_told_and_the_others_run(clo: Any, spoiled: Any, tmp_path: Path) -> None:
    wrong = spoiled("wrong.yaml", ("coupon: 1.6%", "cupon: 1.6%"), ("rounding: down\n", ""))
    done = clo("run", wrong, DEAL_FILE, "--no-report")
    assert done.code == 1
    assert "cupon" in done.err
    assert "rounding is not stated" in done.err
    assert "purchase-08" in done.out
    assert (tmp_path / "out" / "purchase-08" / "base" / "manifest.json").exists()
    told = clo("run", wrong, DEAL_FILE, "--no-report", "--json")
    assert told.code == 1
    assert told.json["ok"] is False
    assert [Path(each["file"]).name for each in told.json["refused"]] == ["wrong.yaml"]
    assert len(told.json["refused"][0]["findings"]) >= 2
    assert [(row["deal"], row["status"]) for row in told.json["deals"]] == [
        ("wrong", "not_read"), *[("purchase-08", "ran")] * (len(told.json["deals"]) - 1)
    ]  # fmt: skip
    assert "not read" in done.out
    assert "wrong: not read: " in done.out
    assert (told.json["deals"][0]["loss_rate"], told.json["deals"][0]["ok"]) == (None, None)
    table = pd.read_csv(tmp_path / "out" / "programme.csv")
    assert table["deal"][0] == "wrong"
    assert table["reason"][0]


def test_a_deal_that_cannot_be_read_is_exit_code_3(clo: Any, spoiled: Any) -> None:
    wrong = spoiled("wrong.yaml", ("coupon: 1.6%", "cupon: 1.6%"))
    done = clo("run", "nowhere.yaml", wrong, DEAL_FILE, "--no-report")
    assert done.code == 3
    assert "nowhere.yaml" in done.err
    assert "purchase-08" in done.out
    alone = clo("run", "nowhere.yaml", "neither.yaml", "-o", "nothing")
    assert (alone.code, alone.out) == (3, "")
    assert not Path("nothing").exists()


def test_a_tape_that_is_not_there_refuses_one_deal(clo: Any, spoiled: Any) -> None:
    gone = spoiled("gone.yaml", ("tapes/purchase-08.parquet", "tapes/none.parquet"))
    done = clo("run", gone, DEAL_FILE, "--no-report")
    assert done.code == 1
    assert "E-R117" in done.err
    assert "gone: errors: tape 'tapes/none.parquet'" in done.out


def test_a_failed_check_is_said_and_is_exit_code_1(clo: Any, spoiled: Any) -> None:
    failing = spoiled("failing.yaml", ("senior.balance < senior.size", "senior.balance > senior.size"))
    done = clo("run", failing, DEAL_FILE)
    assert done.code == 1
    assert "NOT OK: checks failed: failing: Base" in done.err
    assert "FAILED" in done.out
    assert "NOT OK: checks failed" in Path("out/programme.html").read_text(encoding="utf-8")


def test_deals_of_one_name_would_overwrite_each_other(clo: Any, spoiled: Any) -> None:
    twin = spoiled("Purchase-08.yaml")
    for command in ("run", "termsheet"):
        done = clo(command, DEAL_FILE, twin)
        assert done.code == 2
        assert "would both go to the folder" in " ".join(done.err.split())
        assert "rename one of them" in " ".join(done.err.split())
        assert "name it once" in " ".join(clo(command, DEAL_FILE, DEAL_FILE).err.split())
    assert not Path("out").exists()


def test_scenarios_of_several_deals(clo: Any) -> None:
    nobody = clo("run", DEAL_FILE, SBA, "-s", "stres")
    assert nobody.code == 2
    assert "is in no deal" in " ".join(nobody.err.split())
    assert "did you mean 'stress'?" in " ".join(nobody.err.split())
    some = clo("run", DEAL_FILE, SBA, "-s", "stress", "--no-report", "--json")
    assert some.code == 1
    assert [row["status"] for row in some.json["deals"]] == ["ran", "refused"]
    assert [finding["code"] for finding in some.json["refused"][0]["findings"]] == ["E-R101"]
    assert clo("run", DEAL_FILE, "tape.csv").code == 2


def test_a_folder_that_cannot_be_written_is_said(clo: Any, tmp_path: Path, another: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for command in (("run", "--no-report"), ("termsheet",)):
        done = clo(*command, DEAL_FILE, another, "-o", "taken")
        assert done.code == 3
        assert "cannot write to taken" in done.err
    assert clo("run", DEAL_FILE, another, "-o", "taken", "--json").json["findings"][0]["code"] == "E-R301"


def test_helpers_write_what_this_process_would(clo: Any, spoiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [spoiled(f"copy-{number}.yaml") for number in range(6)]
    clo("run", *files, "--quiet", "-o", "alone")
    monkeypatch.setenv(helped.OWN, str(os.getpid()))
    monkeypatch.setattr(programme, "_finish", helped.written)
    monkeypatch.setattr(workers, "SECONDS_A_HELPER", 1e-9)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    assert clo("run", *files, "--quiet", "-o", "together").code == 0
    alone, together = (sorted(path.relative_to(name) for path in Path(name).rglob("*")) for name in ("alone", "together"))
    assert alone == together
    assert helped.ARRIVED.exists()
    for name in ("programme.csv", "programme.html", "copy-5/termsheet.html"):
        assert (Path("alone") / name).read_bytes() == (Path("together") / name).read_bytes()


def test_a_terminal_of_a_hundred_columns_has_room_for_the_table(clo: Any, monkeypatch: pytest.MonkeyPatch, another: Path) -> None:
    monkeypatch.setattr(console, "PIPE_WIDTH", 100)
    for lang in ("en", "ja"):
        done = clo("run", DEAL_FILE, DEALS / "purchase-2008-03.yaml", another, "--no-report", "--lang", lang)
        (row,) = (line for line in done.out.splitlines() if line.startswith("purchase-2008-03"))
        assert "9,900,000,000" in row
        assert cell_len(row) <= 100


def test_a_bar_counts_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(console, "err", lambda: Console(file=written, force_terminal=True, width=60))
    with console.progress("deals", least=2) as advance:
        assert advance is not None
        advance(1, 3)
    assert "1/3" in written.getvalue()


# ---- termsheet ------------------------------------------------------------------------------------------------------


def test_term_sheets_need_no_loans(clo: Any, spoiled: Any, tmp_path: Path, another: Path) -> None:
    gone = spoiled("gone.yaml", ("tapes/purchase-08.parquet", "tapes/none.parquet"))
    done = clo("termsheet", gone, another)
    assert done.code == 0
    assert any(line.split() == ["gone", "8", "1", "41", "2/3"] for line in done.out.splitlines())
    assert "Written to out/gone/termsheet.html" in done.err
    assert "Term sheet" in (tmp_path / "out" / "another" / "termsheet.html").read_text(encoding="utf-8")


def test_term_sheets_as_json_and_in_japanese(clo: Any, tmp_path: Path) -> None:
    told = clo("termsheet", DEAL_FILE, DEALS / "guarantee-02.yaml", "--json", "--lang", "ja", "-o", "sheets").json
    assert told["ok"] is True
    assert [(deal["deal"], deal["outline"]) for deal in told["deals"]] == [("purchase-08", False), ("guarantee-02", True)]
    assert told["deals"][0]["known"]["sizes"] == 2
    assert told["deals"][1]["page"] == str(Path("sheets/guarantee-02/termsheet.html"))
    assert "概要のみ判明" in (tmp_path / "sheets" / "guarantee-02" / "termsheet.html").read_text(encoding="utf-8")
    assert clo("termsheet", DEAL_FILE, "--quiet")[1:] == ("", "")


def test_a_wrong_deal_does_not_stop_the_other_sheets(clo: Any, spoiled: Any) -> None:
    wrong = spoiled("wrong.yaml", ("coupon: 1.6%", "cupon: 1.6%"))
    done = clo("termsheet", wrong, DEAL_FILE)
    assert done.code == 1
    assert "cupon" in done.err
    assert Path("out/purchase-08/termsheet.html").exists()
    assert not Path("out/wrong").exists()
    assert clo("termsheet", "nowhere.yaml", "--json").json["refused"][0]["findings"][0]["code"] == "E-R301"
    assert clo("termsheet").code == 2
