"""The command line: exit codes, what goes to which stream, JSON, messages."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from sample_runs import DEAL_FILE, DEALS, sample

from clo import __version__
from clo.cli import console
from clo.labels import LANGUAGES

TAPE = DEALS / "tapes" / "purchase-08.parquet"


def fresh(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `clo` as a process of its own."""
    code = "from clo.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **environment},
    )


@pytest.fixture
def deal_copy(tmp_path: Path) -> Path:
    """A copy of the deal and its tape, free to be spoiled."""
    shutil.copytree(DEALS, tmp_path / "deals", ignore=shutil.ignore_patterns("sba*", "*.py"))
    return tmp_path / "deals" / DEAL_FILE.name


def test_help() -> None:
    done = fresh("--help")
    assert done.returncode == 0
    assert "Exit codes: 0 ok, 1 findings at error level, 2 usage, 3 file not readable or writable" in " ".join(
        done.stdout.split()
    )


def test_help_loads_nothing_heavy() -> None:
    code = "import sys\nfrom clo.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert not any(f"'{name}'" in loaded for name in ("pandas", "numpy", "numba", "plotly", "rich", "jinja2", "pydantic"))


def test_version(clo: Any) -> None:
    done = clo("--version")
    assert (done.code, done.out) == (0, f"clo {__version__}\n")


# ---- run ------------------------------------------------------------------------------------------------------------


def test_run_prints_tables_and_writes_the_outputs(clo: Any, tmp_path: Path) -> None:
    done = clo("run", DEAL_FILE)
    assert done.code == 0
    for text in ("Capital structure (JPY)", "11,900,000,000 p", "1,420,000,000 d", "1.60% a", "WAL (years)", "passed"):
        assert text in done.out
    assert "Written to" not in done.out
    assert "Written to out/purchase-08/base/report.html" in done.err
    place = tmp_path / "out" / "purchase-08" / "base"
    assert pd.read_parquet(place / "tranches.parquet")["tranche"].nunique() == 3
    assert "JASME" in (place / "report.html").read_text(encoding="utf-8")


def test_run_as_json(clo: Any) -> None:
    done = clo("run", DEAL_FILE, "--json", "--no-report", "-o", "elsewhere", "--all-scenarios")
    assert done.code == 0
    told = done.json
    assert [one["scenario"] for one in told["scenarios"]] == ["base", "stress", "new_terms"]
    assert told["ok"] is True
    assert told["page"] is None
    assert told["capital_structure"][0]["size"] == 11_900_000_000
    assert told["capital_structure"][0]["size_mark"]["kind"] == "published"
    assert told["scenarios"][0]["folder"] == str(Path("elsewhere/purchase-08/base"))


def test_all_scenarios_make_one_page(clo: Any, tmp_path: Path) -> None:
    assert clo("run", DEAL_FILE, "--all-scenarios", "--quiet").out == ""
    page = (tmp_path / "out" / "purchase-08" / "report.html").read_text(encoding="utf-8")
    assert page.count('role="tab"') == 3


def test_japanese_tables_are_aligned(clo: Any) -> None:
    from rich.cells import cell_len  # noqa: PLC0415

    done = clo("run", DEAL_FILE, "--lang", "ja", "--no-report")
    lines = done.out.splitlines()
    start = next(number for number, line in enumerate(lines) if "アタッチメント" in line)
    assert {cell_len(line) for line in lines[start : start + 6]} == {cell_len(lines[start])}
    assert "公 公表, 導 導出, 仮 仮定" in done.out
    assert "公庫 仮" in done.out


def test_no_colour_and_no_progress_in_a_pipe(tmp_path: Path) -> None:
    done = fresh("run", str(DEAL_FILE), "--no-report", "-o", str(tmp_path), NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr


def test_compiling_is_said_once_on_a_machine(tmp_path: Path) -> None:
    arguments = ("run", str(DEAL_FILE), "--no-report", "-o", str(tmp_path))
    machine = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_DISABLE_JIT": "0"}
    first, second = (fresh(*arguments, **machine) for _ in range(2))
    assert first.stderr.count("Compiling the kernels") == 1
    assert first.stderr.index("Compiling") < first.stderr.index("Written")
    assert "Compiling" not in second.stderr


def test_a_failed_check_is_said_and_is_exit_code_1(clo: Any, deal_copy: Path, tmp_path: Path) -> None:
    text = deal_copy.read_text(encoding="utf-8").replace("senior.balance < senior.size", "senior.balance > senior.size")
    deal_copy.write_text(text, encoding="utf-8")
    done = clo("run", deal_copy)
    assert done.code == 1
    assert done.out.startswith("NOT OK: checks failed: Base")
    assert "NOT OK: checks failed: Base: assertion after payment 12" in done.err
    page = (tmp_path / "out" / "purchase-08" / "base" / "report.html").read_text(encoding="utf-8")
    assert "NOT OK: checks failed" in page


def test_an_unknown_scenario_is_a_usage_error(clo: Any) -> None:
    done = clo("run", DEAL_FILE, "-s", "stres")
    assert done.code == 2
    assert "it has base, stress, new_terms; did you mean 'stress'?" in " ".join(done.err.split())
    assert clo("run", DEAL_FILE, "-s", "base", "--all-scenarios").code == 2
    assert clo("run").code == 2
    assert clo("fly").code == 2


def test_a_folder_that_cannot_be_written_is_said(clo: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = clo("run", DEAL_FILE, "--no-report", "-o", "taken")
    assert done.code == 3
    assert "cannot write to taken" in done.err
    assert "bug" not in done.err
    checked = clo("check", TAPE, "-o", "taken/list.csv")
    assert checked.code == 3
    assert "cannot write to taken/list.csv: " in checked.err
    assert ".list.csv-" not in checked.err
    for command in (("run", DEAL_FILE, "--no-report", "-o", "taken"), ("check", TAPE, "-o", "taken/list.csv")):
        told = clo(*command, "--json").json
        assert told["ok"] is False
        assert told["findings"][-1]["code"] == "E-R301"


# ---- input that cannot be used --------------------------------------------------------------------------------------


def test_a_missing_file_is_unreadable(clo: Any) -> None:
    for command in (("run", "nowhere.yaml"), ("check", "nowhere.csv"), ("strat", "nowhere.parquet"), ("report", "nowhere")):
        done = clo(*command)
        assert done.code == 3, command
        assert done.out == ""
        assert "nowhere" in done.err
        assert "Traceback" not in done.err


def test_what_is_not_yaml_is_unreadable(clo: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [")
    done = clo("run", "bad.yaml")
    assert done.code == 3
    assert "E-D001  error" in done.err
    assert "bad.yaml:" in done.err
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert clo("check", "binary.yaml").code == 3


def test_a_deal_with_mistakes_says_all_of_them(clo: Any, deal_copy: Path) -> None:
    text = deal_copy.read_text(encoding="utf-8").replace("coupon: 1.6%", "cupon: 1.6%").replace("rounding: down\n", "")
    deal_copy.write_text(text, encoding="utf-8")
    done = clo("run", deal_copy)
    assert done.code == 1
    assert "cupon" in done.err
    assert "rounding is not stated" in done.err
    assert "Fix: choose down" in done.err
    told = clo("run", deal_copy, "--json")
    assert told.code == 1
    assert told.json["ok"] is False
    assert len(told.json["findings"]) >= 2
    (misspelt,) = [finding for finding in told.json["findings"] if finding["value"] or "cupon" in finding["path"]][:1]
    assert misspelt["line"]


def test_an_internal_error_is_short_and_says_where_to_report(clo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("wheel off")

    monkeypatch.setattr("clo.study.run", broken)
    done = clo("run", DEAL_FILE)
    assert done.code == 4
    assert "internal error: RuntimeError: wheel off" in done.err
    assert "please report it" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in clo("run", DEAL_FILE, "--debug").err


# ---- check, strat, schema, explain, report --------------------------------------------------------------------------


def test_check_of_good_inputs(clo: Any) -> None:
    done = clo("check", DEAL_FILE)
    assert done.code == 0
    assert "error" not in done.out
    assert "Assumed: the loans are made up" in done.out
    assert "W-T083" not in done.out
    assert clo("check", TAPE).code == 0


def spoiled_tape(folder: Path) -> Path:
    frame = pd.read_parquet(TAPE)
    frame["current_balance"] = frame["current_balance"].astype(float)
    frame.loc[frame.index[:40], "current_balance"] = -1.0
    path = folder / "spoiled.csv"
    frame.to_csv(path, index=False)
    return path


def test_check_of_a_bad_tape_groups_and_lists_everything(clo: Any, tmp_path: Path) -> None:
    done = clo("check", spoiled_tape(tmp_path))
    assert done.code == 1
    listed = pd.read_csv(tmp_path / "spoiled.findings.csv")
    negative = listed[(listed["severity"] == "error") & (listed["field"] == "current_balance")]
    assert len(negative) >= 40
    assert done.out.count("current_balance = -1") <= 5
    assert "more → spoiled.findings.csv" in done.out
    assert "Full list: spoiled.findings.csv" in done.err
    told = clo("check", "spoiled.csv", "--json").json
    assert told["ok"] is False
    assert max(finding["count"] for finding in told["findings"]) >= 40


def test_check_refuses_what_is_neither(clo: Any, tmp_path: Path) -> None:
    (tmp_path / "pool.docx").write_text("")
    done = clo("check", "pool.docx")
    assert done.code == 2
    assert "neither a deal nor a tape" in " ".join(done.err.split())
    assert clo("check", DEAL_FILE, "--map", "x.yaml").code == 2


def test_check_of_a_deal_looks_at_its_tapes(clo: Any, deal_copy: Path) -> None:
    deal_copy.write_text(deal_copy.read_text(encoding="utf-8").replace("'ehime'", "'nobody'"), encoding="utf-8")
    done = clo("check", deal_copy)
    assert done.code == 1
    assert "holds no loans" in done.out


def test_check_finds_what_a_run_would_report(clo: Any, deal_copy: Path, tmp_path: Path) -> None:
    """Every scenario is run in memory: a failed assertion and the warnings of runs are findings, each once."""
    text = deal_copy.read_text(encoding="utf-8").replace("senior.balance < senior.size", "senior.balance > senior.size")
    deal_copy.write_text(text.replace("recovery_lag: 12", "recovery_lag: 60"), encoding="utf-8")
    done = clo("check", deal_copy, "--json")
    assert done.code == 1
    found = [finding for finding in done.json["findings"] if finding["code"] != "W-T083"]
    (failed,) = [finding for finding in found if finding["code"] == "E-R203"]
    assert "assertion after payment 12" in failed["message"]
    assert "off by 1" in failed["message"]
    assert failed["path"] == "scenarios.base"
    assert failed["line"]
    lost = [finding for finding in found if finding["code"] == "W-R213"]
    who = ["scenario base", "scenario stress", "scenario new_terms"]
    assert [finding["who"] for finding in lost] == who  # their amounts differ
    assert len({json.dumps(finding) for finding in found}) == len(found)
    assert not (tmp_path / "out").exists()


def test_check_collects_what_a_run_refuses(clo: Any, deal_copy: Path) -> None:
    text = deal_copy.read_text(encoding="utf-8").replace("extends: base, cdr: 5%", "extends: base, cdr: 5%, recovery: tape")
    deal_copy.write_text(text, encoding="utf-8")
    done, ran = clo("check", deal_copy, "--json"), clo("run", deal_copy, "--scenario", "stress", "--json")
    assert done.code == ran.code == 1
    codes = {finding["code"] for finding in ran.json["findings"] if finding["severity"] == "error"}
    assert codes
    assert codes <= {finding["code"] for finding in done.json["findings"]}


def test_strat(clo: Any) -> None:
    done = clo("strat", DEAL_FILE)
    assert done.code == 0
    assert "Institutions (loans: 130)" in done.out
    told = clo("strat", TAPE, "--json").json
    assert set(told) == {"purchase-08"}
    assert told["purchase-08"]


def test_the_full_list_holds_no_formula(clo: Any, tmp_path: Path) -> None:
    """A spreadsheet must not compute what a tape's cell says; numbers stay as they are."""
    frame = pd.read_csv(spoiled_tape(tmp_path), dtype=str)
    frame.loc[0, "current_balance"] = "=1+2"
    frame.to_csv(tmp_path / "spoiled.csv", index=False)
    assert clo("check", "spoiled.csv").code == 1
    values = set(pd.read_csv(tmp_path / "spoiled.findings.csv", dtype=str)["value"].dropna())
    assert "'=1+2" in values
    assert values & {"-1", "-1.0"}
    assert not any(value.startswith(("=", "+", "@")) for value in values)


def test_assumed_values_are_notes_not_warnings(clo: Any) -> None:
    done = clo("run", DEAL_FILE, "--all-scenarios", "--no-report")
    notes = [line for line in done.out.splitlines() if line.startswith("Assumed: ")]
    assert len(notes) == 1
    assert "made up" in notes[0]
    assert "W-T083" not in done.out


def test_a_mistake_in_json_mode_is_json(clo: Any) -> None:
    for arguments, code in (
        (("fly",), "E-R302"),
        (("run",), "E-R302"),
        (("run", "tape.csv"), "E-R302"),
        (("run", "x.yaml"), "E-R301"),
    ):
        done = clo(*arguments, "--json")
        assert done.code == (2 if code == "E-R302" else 3)
        assert done.json["ok"] is False
        assert [finding["code"] for finding in done.json["findings"]] == [code]
    assert "needs a deal file" in " ".join(clo("run", "tape.csv").err.split())
    assert clo("run", DEAL_FILE, "--json", "--no-report").json["capital_structure"][-1]["coupon"] is None


def test_a_closed_pipe_is_no_failure() -> None:
    for extra in ([], ["--json"]):
        code = "import sys, time; from clo.cli import main; time.sleep(0.3); main()"
        writer = subprocess.Popen(
            [sys.executable, "-c", code, "strat", str(DEAL_FILE), *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        said = writer.stderr.read()
        writer.stderr.close()
        assert (writer.wait(60), said) == (0, b"")


@pytest.mark.parametrize("columns", [80, 140])
def test_a_narrow_terminal_cuts_no_number_and_no_name(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """At 80 columns a row that does not fit becomes a block of lines; at 140 it is a table."""
    from rich.cells import cell_len  # noqa: PLC0415

    from clo.cli import console  # noqa: PLC0415
    from clo.report import tables  # noqa: PLC0415

    screen = io.StringIO()
    monkeypatch.setattr(console, "out", lambda: Console(file=screen, width=columns, markup=False, highlight=False))
    result = sample()
    for lang in LANGUAGES:
        for table in (tables.capital_structure(result), tables.tranche_summary(result)):
            screen.truncate(screen.seek(0))
            console.show_table(table, "Title", lang)
            text = screen.getvalue()
            assert max(map(cell_len, text.splitlines())) <= columns
            assert "…" not in text
            for row in table.rows:
                for value, column in zip(row, table.columns, strict=True):
                    assert tables.written(value, column.kind, lang) in text
            assert "─" in text or columns == 80


def test_findings_stand_with_their_own_fix(capsys: pytest.CaptureFixture[str]) -> None:
    from clo.cli.console import out  # noqa: PLC0415
    from clo.cli.listing import print_findings  # noqa: PLC0415
    from clo.findings import Finding  # noqa: PLC0415

    ends = [("a", "1"), ("b", "1"), ("a", "2"), *[("c", str(number)) for number in range(3, 9)]]
    findings = [Finding("E-X001", "error", f"says {field}{fix}", "rule", f"fix {fix}", field=field) for field, fix in ends]
    print_findings(findings, out())
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert len([line for line in lines if line.startswith("E-X001")]) == 3  # one group a field
    assert lines[lines.index("says a1") + 1] == "Fix: fix 1"
    assert lines[lines.index("says a2") + 1] == "Fix: fix 2"
    assert "Fix: fix 8" not in lines
    assert "… 1 more" in lines


def test_schema(clo: Any) -> None:
    deal, tape = clo("schema").json, clo("schema", "--tape").json
    assert {"tranches", "dates", "pools"} <= set(deal["properties"])
    assert "current_balance" in [column["name"] for column in tape["columns"]]
    assert clo("schema", "--json").json == deal


def test_explain(clo: Any) -> None:
    done = clo("explain", DEAL_FILE, "mezzanine.interest", "--period", "7")
    assert done.code == 0
    assert "343,232" in done.out
    assert "Why: " in done.out
    told = clo("explain", DEAL_FILE, "senior.principal", "-p", "7", "--json").json
    assert told["payment_date"] == "2008-01-15"
    assert told["shortfall"] == pytest.approx(told["asked"] - told["paid"])
    unknown = clo("explain", DEAL_FILE, "mezzanine.intrest", "--period", "7")
    assert unknown.code == 2
    assert "the claims are" in unknown.err
    assert clo("explain", DEAL_FILE, "senior.interest", "--period", "700").code == 2


def test_report_makes_the_page_again_from_the_same_inputs(clo: Any, deal_copy: Path, tmp_path: Path) -> None:
    clo("run", deal_copy, "--no-report")
    place = tmp_path / "out" / "purchase-08" / "base"
    done = clo("report", place, "--lang", "ja")
    assert done.code == 0
    assert "発行体系" in (place / "report.html").read_text(encoding="utf-8")
    deal_copy.write_text(deal_copy.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    refused = clo("report", place)
    assert refused.code == 1
    assert "SHA-256 differs" in refused.err
    assert "発行体系 <span" in (place / "report.html").read_text(encoding="utf-8")


def test_report_of_a_deal_s_folder_takes_all_its_runs(clo: Any, tmp_path: Path) -> None:
    clo("run", DEAL_FILE, "--all-scenarios", "--no-report")
    assert clo("report", Path("out") / "purchase-08").code == 0
    page = (tmp_path / "out" / "purchase-08" / "report.html").read_text(encoding="utf-8")
    assert page.count('role="tab"') == 3


def test_a_progress_bar_stands_on_a_terminal_and_never_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    with console.progress("loans") as advance:
        assert advance is None  # standard error of a test is no terminal
    terminal = Console(file=written, force_terminal=True, width=60)
    monkeypatch.setattr(console, "err", lambda: terminal)
    with console.progress("loans", quiet=True) as advance:
        assert advance is None
    with console.progress("loans") as advance:
        assert advance is not None
        advance(10, 20)  # a small tape is done before a bar could be read
    assert "10/20" not in written.getvalue()
    with console.progress("loans") as advance:
        assert advance is not None
        advance(50_000, 200_000)
    assert "50000/200000" in written.getvalue()
