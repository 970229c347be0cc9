"""The supplied schedule of a tape from a file or a sheet of its own: read as a tape is, refused with file and row."""

from __future__ import annotations

import hashlib

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tape_rows import COLUMNS, errors, only, table, text, write

from clo.files.tape.reading import check_tape, read_tape

HEADER = "originator_id,loan_id,due_date,principal,interest\n"
ROWS = '0101,A-1,2026-09-30,2000000,10000\n0101,A-1,2027-03-31,4000000,8000\n0202,B-2,令和9年3月31日,"13,000,000",\n'
TAPE = table({("amortisation_type", 0): "schedule", ("amortisation_type", 5): "schedule"})


def tape(folder, schedule: str | bytes, declared: str = "{}", name: str = "pool.schedule.csv"):
    (folder / name).write_bytes(schedule.encode() if isinstance(schedule, str) else schedule)
    return write(folder, text(TAPE), f"schedule: {declared}\n")


def test_a_schedule_beside_the_tape(tmp_path):
    path = tape(tmp_path, HEADER + ROWS)
    loans = read_tape(path)
    schedule = loans.schedule
    assert schedule["loan_id"].tolist() == ["A-1", "A-1", "B-2"]
    assert schedule["principal"].tolist() == [2e6, 4e6, 13e6]
    assert schedule["due_date"].tolist() == [pd.Timestamp(day) for day in ("2026-09-30", "2027-03-31", "2027-03-31")]
    assert schedule["interest"].isna().tolist() == [False, False, True]
    assert loans.schedule_sha256 == hashlib.sha256((tmp_path / "pool.schedule.csv").read_bytes()).hexdigest()
    assert only(loans.findings, "F-T043").row == 4
    assert len(loans.where("originator_id == '0202'").schedule) == 1


def test_a_tape_does_not_look_for_a_schedule_nobody_declared(tmp_path):
    (tmp_path / "pool.schedule.csv").write_text(HEADER + ROWS, encoding="utf-8")
    assert read_tape(write(tmp_path, text(TAPE))).schedule is None


def test_headers_units_encoding_and_style_are_declared(tmp_path):
    text_ = "債権番号,約定日,元金(千円)\nA-1,30/09/2026,2000\nA-1,31/03/2027,4000\n"
    declared = "{file: child.txt, encoding: cp932, money: thousand, date_style: dmy, originator_id: '0101', "
    declared += "columns: {loan_id: 債権番号, due_date: 約定日, principal: 元金(千円)}}"
    loans = read_tape(tape(tmp_path, text_.encode("cp932"), declared, "child.txt"))
    assert loans.schedule["principal"].tolist() == [2e6, 4e6]
    assert loans.schedule["due_date"][0] == pd.Timestamp("2026-09-30")
    assert loans.findings == ()


def test_a_schedule_in_parquet_and_in_a_sheet(tmp_path):
    rows = pd.DataFrame(
        {
            "originator_id": "0101",
            "loan_id": "A-1",
            "due_date": pd.to_datetime(["2026-09-30", "2027-03-31"]),
            "principal": [2e6, 4e6],
        }
    )
    rows.to_parquet(tmp_path / "pool.schedule.parquet")
    by_file = read_tape(write(tmp_path, text(TAPE), "schedule: {}\n")).schedule
    book = openpyxl.Workbook()
    for name, lines in (
        ("pool", [list(COLUMNS), *zip(*TAPE.values(), strict=True)]),
        ("schedule", [list(rows), *rows.to_numpy()]),
    ):
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    del book["Sheet"]
    book.save(tmp_path / "pool.xlsx")
    (tmp_path / "pool.xlsx.map.yaml").write_text("format: clo.map/1\nschedule: {sheet: schedule}\n", encoding="utf-8")
    loans = read_tape(tmp_path / "pool.xlsx")
    pd.testing.assert_frame_equal(loans.schedule, by_file)
    assert loans.findings == ()


def test_every_problem_of_a_schedule_is_told_with_its_row(tmp_path):
    bad = (
        "0101,A-1,2026-09-30,2000000,\n"
        "0101,A-1,2026-09-30,1000000,\n"
        "0101,A-9,2026-09-30,1,\n"
        "0202,B-2,,1,\n"
        "0202,B-2,2026-02-30,1,\n"
        "0202,B-2,2027-03-31,-5,-6\n"
        "0202,B-2,2027-04-30,x,\n"
    )
    loans, findings = check_tape(tape(tmp_path, HEADER + bad))
    assert loans is None
    place = str(tmp_path / "pool.schedule.csv")
    told = {(found.code, found.field): found for found in findings if found.severity == "error"}
    assert {key: found.row for key, found in told.items()} == {
        ("E-T131", "due_date"): 3,
        ("E-T130", "loan_id"): 4,
        ("E-T133", "due_date"): 5,
        ("E-T040", "due_date"): 6,
        ("E-T132", "principal"): 7,
        ("E-T132", "interest"): 7,
        ("E-T020", "principal"): 8,
    }
    assert {found.file for found in told.values()} == {place}
    assert told["E-T130", "loan_id"].who == "loan A-9"


def test_problems_of_the_tape_and_of_its_schedule_are_told_together(tmp_path):
    (tmp_path / "pool.schedule.csv").write_text(HEADER + "0101,A-9,2026-09-30,1,\n", encoding="utf-8")
    path = write(tmp_path, text(table({("current_balance", 1): "-5"})), "schedule: {}\n")
    assert set(errors(check_tape(path)[1])) >= {"E-T050", "E-T130"}


def test_a_schedule_that_is_not_there_or_has_other_columns(tmp_path):
    path = write(tmp_path, text(TAPE), "schedule: {file: nowhere.csv}\n")
    found = only(check_tape(path)[1], "E-T135")
    assert (found.line, "nowhere.csv" in found.message) == (2, True)
    found = only(check_tape(tape(tmp_path, "originator_id,loan_id,due,principal\n0101,A-1,2026-09-30,1\n"))[1], "E-T134")
    assert found.field == "due_date"


@pytest.mark.parametrize("declared", ["{columns: {balance: x}}", "{money: dollars}", "{file: 3}", "{date_style: xyz}"])
def test_a_wrong_declaration_has_its_line(tmp_path, declared):
    _, findings = check_tape(tape(tmp_path, HEADER + ROWS, declared))
    assert {found.code for found in findings} == {"E-S003"}
    assert findings[0].line == 2


def test_payments_of_loans_left_out_go_with_them(tmp_path):
    (tmp_path / "pool.schedule.csv").write_text(HEADER + ROWS, encoding="utf-8")
    loans = read_tape(write(tmp_path, text(TAPE), "schedule: {}\nleave_out: [{where: \"loan_id == 'B-2'\", why: disputed}]\n"))
    assert set(loans.schedule["loan_id"]) == {"A-1"}
    assert np.isclose(loans.schedule["principal"].sum(), 6e6)
