"""`clo check TAPE --criteria FILE` and `clo strat TAPE --by ... --across ...`: what is printed, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from files.tape_rows import table, text, write
from sample_runs import DEAL_FILE, DEALS

from clo.files.tape.convert import convert_tape

TAPE = DEALS / "tapes" / "purchase-08.parquet"
CRITERIA = """format: clo.criteria/1
criteria:
  - {name: amount, that: current_balance <= 70_000_000, says: at most 70 million a loan}
  - {name: term, that: remaining_term <= 60}
limits:
  - {name: single, by: obligor_id, max: 5%}
  - {name: banks, by: originator_id, min_count: 5, severity: warning}
"""


@pytest.fixture
def clo(clo: Any, tmp_path: Path) -> Any:
    """Run `clo` in a folder with criteria."""
    (tmp_path / "pool.criteria.yaml").write_text(CRITERIA, encoding="utf-8")
    return clo


def test_check_holds_a_tape_against_criteria(clo: Any, tmp_path: Path) -> None:
    code, out, _ = clo("check", TAPE, "--criteria", "pool.criteria.yaml")
    assert code == 1
    assert "amount: 25 loans not eligible, 13.9% of the balance" in out
    assert "Eligibility: 330 of 355 loans eligible, balance 11,619,000,000" in out
    assert "largest share by obligor_id" in out
    assert "banks: number of originator_id is 2, below 5" in out
    listed = pd.read_csv(tmp_path / "purchase-08.findings.csv")
    assert (listed["code"] == "E-L020").sum() == 25
    assert listed[listed["code"] == "E-L020"]["value"].str.startswith("current_balance = ").all()


def test_check_with_criteria_as_json(clo: Any) -> None:
    code, out, _ = clo("check", TAPE, "--criteria", "pool.criteria.yaml", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["ok"] is False
    assert told["eligible"] == {"loans": 330, "obligors": 330, "balance": 11_619_000_000.0}
    assert [row["first_loans"] for row in told["eligibility"]] == [25, 0]
    assert [row["ok"] for row in told["limits"]] == [True, False]
    assert told["limits"][1]["remove"] is None


def test_check_of_criteria_that_are_kept_is_exit_code_0(clo: Any, tmp_path: Path) -> None:
    text = CRITERIA.replace("70_000_000", "100_000_000").replace("min_count: 5", "min_count: 2")
    (tmp_path / "pool.criteria.yaml").write_text(text, encoding="utf-8")
    code, out, _ = clo("check", TAPE, "--criteria", "pool.criteria.yaml", "--lang", "ja")
    assert code == 0
    assert "適格要件: 適格債権 355件／355件、残高 13,500,000,000" in out
    assert "債務者番号別の最大構成比" in out
    assert "合計" in out


def test_check_with_criteria_that_cannot_be_used(clo: Any, tmp_path: Path) -> None:
    path = tmp_path / "pool.criteria.yaml"
    path.write_text(
        CRITERIA.replace("current_balance", "curent_balance").replace("by: originator_id", "by: bank"), encoding="utf-8"
    )
    code, out, _ = clo("check", TAPE, "--criteria", "pool.criteria.yaml")
    assert code == 1
    assert "pool.criteria.yaml:3:20" in out
    assert "did you mean 'current_balance'?" in out
    assert "no column 'bank' on the tape" in out
    path.write_text("criteria: [", encoding="utf-8")
    assert clo("check", TAPE, "--criteria", "pool.criteria.yaml")[0] == 3
    assert clo("check", TAPE, "--criteria", "none.yaml")[0] == 3
    assert clo("check", DEAL_FILE, "--criteria", "pool.criteria.yaml")[0] == 2


def test_strat_by_a_column_and_across_another(clo: Any) -> None:
    code, out, _ = clo("strat", TAPE, "--by", "current_rate", "--bands", "2.5%,3%")
    assert code == 0
    assert "2.5% to 3%" in out
    assert "Original balance" not in out
    code, out, _ = clo("strat", TAPE, "--by", "remaining_term", "--bands", "36,48", "--across", "originator_id")
    assert code == 0
    assert "Remaining term × Originator (balance)" in out
    assert "13,500,000,000" in out
    assert "\n Total " in out
    code, out, _ = clo("strat", TAPE, "--by", "originator_id", "--across", "vintage", "--measure", "loans", "--json")
    assert json.loads(out) == {
        "purchase-08": {
            "originator_id × vintage": [
                {"stratum": "jasme", "2007": 225, "total": 225},
                {"stratum": "ehime", "2007": 130, "total": 130},
                {"stratum": "total", "2007": 355, "total": 355},
            ]
        }
    }


def test_strat_of_a_deal_has_a_table_a_sub_pool(clo: Any) -> None:
    code, out, _ = clo("strat", DEAL_FILE, "--by", "current_balance", "--across", "vintage", "--measure", "share", "--lang", "ja")
    assert code == 0
    assert out.count("現在残高 × 実行年 (構成比)") == 2
    assert "以上" in out
    assert "100.00%" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--across", "vintage"), "--across and --bands go with --by"),
        (("--by", "nothing"), "no column 'nothing'"),
        (("--by", "current_rate", "--bands", "3%,2%"), "must ascend"),
        (("--by", "current_rate", "--bands", "a"), "'a' is not a number"),
        (("--by", "region_code", "--bands", "1"), "bands are for numbers"),
        (
            ("--by", "region_code", "--across", "vintage", "--measure", "rate"),
            "--measure is one of balance, loans, obligors, share",
        ),
    ],
)
def test_strat_that_cannot_be_understood(clo: Any, options: tuple[str, ...], words: str) -> None:
    code, _, err = clo("strat", TAPE, *options)
    assert code == 2
    assert words in " ".join(err.split())


@pytest.mark.parametrize(
    "command",
    [
        ("strat",),
        ("strat", "--by", "vintage", "--across", "industry_code"),
        ("check", "--criteria", "pool.criteria.yaml", "--json"),
        ("check",),
    ],
)
def test_a_large_tape_is_read_in_batches_and_says_the_same(
    clo: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    arguments = (command[0], TAPE, *command[1:])
    whole = clo(*arguments)
    monkeypatch.setattr("clo.files.tape.scan.LARGE", 100)
    assert clo(*arguments) == whole


def test_a_workbook_is_a_tape(clo: Any, tmp_path: Path) -> None:
    frame = pd.read_parquet(TAPE)
    for name in frame.columns[frame.dtypes.astype(str).str.startswith("datetime")]:
        frame[name] = frame[name].dt.date
    frame.to_excel(tmp_path / "pool.xlsx", index=False)
    assert clo("check", "pool.xlsx")[:2] == (0, "pool.xlsx: No findings\n")


SCHEDULE = """originator_id,loan_id,due_date,principal,interest
0101,A-1,2027-03-31,5990000,
"""


@pytest.mark.parametrize("large", [False, True])
def test_check_finds_what_a_run_would_refuse_in_the_terms(
    clo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    columns = table({("amortisation_type", 0): "schedule"})
    write(tmp_path, text(columns), "schedule: {file: pool.schedule.csv}\n")
    (tmp_path / "pool.schedule.csv").write_text(SCHEDULE, encoding="utf-8")
    tape = "pool.csv"
    if large:
        convert_tape("pool.csv", tape := "pool.parquet")
        (tmp_path / "pool.schedule.parquet").unlink(missing_ok=True)
        (tmp_path / "pool.parquet.map.yaml").write_text("format: clo.map/1\nschedule: {file: pool.schedule.csv}\n")
        monkeypatch.setattr("clo.files.tape.scan.LARGE", 1)
    code, out, _ = clo("check", tape)
    assert code == 1
    assert "E-P066" in out
    assert "the schedule of loan A-1 repays 5990000.0, which is not its balance" in out


def test_the_advice_about_a_loan_past_its_maturity_can_be_followed(clo: Any, tmp_path: Path) -> None:
    columns = table({("maturity_date", 3): "2026-02-28"})
    write(tmp_path, text(columns))
    code, out, _ = clo("check", "pool.csv")
    assert code == 1
    assert "correct it, or add it to `leave_out` in the sidecar" in out
    write(tmp_path, text(columns), "leave_out: [{where: maturity_date <= cutoff_date, why: past maturity}]\n")
    assert clo("check", "pool.csv")[0] == 0


def test_no_list_is_written_where_nothing_is_found(clo: Any, tmp_path: Path) -> None:
    write(tmp_path, text(table()))
    list_of = tmp_path / "list.csv"
    code, _, err = clo("check", "pool.csv", "-o", list_of)
    assert (code, list_of.exists(), "Full list" in err) == (0, False, False)
    write(tmp_path, text(table({("current_rate", 0): "x", ("loan_id", 2): ""})))
    code, _, err = clo("check", "pool.csv", "-o", list_of)
    assert (code, len(pd.read_csv(list_of)), "Full list" in err) == (1, 2, True)
    write(tmp_path, text(table()))
    assert clo("check", "pool.csv", "-o", list_of)[0] == 0
    assert len(pd.read_csv(list_of)) == 0  # what was found before is mended


def test_a_loan_without_an_id_has_no_name(clo: Any, tmp_path: Path) -> None:
    columns = table({("current_rate", 1): "x"})
    del columns["loan_id"]
    write(tmp_path, text(columns))
    code, out, _ = clo("check", "pool.csv")
    assert code == 1
    assert "row 3  current_rate = x" in out
    assert "None" not in out
