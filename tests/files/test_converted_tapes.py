"""Tapes written as Parquet: they read back identical, whatever they were before, and a CSV is converted block by block."""

from __future__ import annotations

import pandas as pd
import pytest
from tape_rows import COLUMNS, only, table, text, write

import clo
from clo.files.tape import text_batches
from clo.files.tape.convert import convert_tape, write_tape
from clo.files.tape.reading import read_tape
from clo.files.tape.scan import scan_tape
from clo.findings import TapeError


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(text_batches, "BLOCK", 700)
    monkeypatch.setattr(text_batches, "HEAD", 900)


def same(path, converted) -> None:
    """The converted tape holds the loans of the first, batch by batch and at once."""
    before, after = read_tape(path), read_tape(converted)
    pd.testing.assert_frame_equal(after.frame, before.frame)
    pd.testing.assert_frame_equal(scan_tape(converted, batch=3).loans().frame, before.frame)


def test_loans_read_back_identical(tmp_path):
    loans = read_tape(write(tmp_path, text(table(x_note="備考", region_code=["13", ""] * 4))))
    write_tape(loans, tmp_path / "made.parquet")
    pd.testing.assert_frame_equal(read_tape(tmp_path / "made.parquet").frame, loans.frame)
    assert {path.name for path in tmp_path.iterdir()} == {"pool.csv", "made.parquet"}


def test_a_csv_is_converted_block_by_block(tmp_path):
    path = write(tmp_path, "第8号,,\n" + text(table(x_note='a "quoted"\nnote, of two lines')))
    findings = clo.convert_tape(path, tmp_path / "made.parquet")
    assert only(findings, "F-T003").row == 2
    same(path, tmp_path / "made.parquet")


def test_what_the_sidecar_declares_is_applied_and_what_stays_true_is_kept(tmp_path):
    columns = table(balance=[str(int(value) // 1000) for value in COLUMNS["current_balance"]])
    del columns["current_balance"], columns["current_rate"]
    sidecar = "encoding: cp932\nunits: {columns: {current_balance: thousand}}\ncolumns: {current_balance: balance}\n"
    sidecar += "assumed: {current_rate: {value: 2%, why: none is published}}\nmade_up: for a test\nrealised: [default_date]\n"
    path = write(tmp_path, text({**columns, "x_name": ["㈱髙橋"] * 8}).encode("cp932"), sidecar)
    convert_tape(path, tmp_path / "made.parquet")
    same(path, tmp_path / "made.parquet")
    codes = [found.code for found in read_tape(tmp_path / "made.parquet").findings]
    assert codes == [found.code for found in read_tape(path).findings] == ["W-T083", "W-T082"]


def test_findings_of_a_csv_in_blocks_are_those_of_the_whole(tmp_path):
    wrong = {
        ("x_note", 2): "two\nlines",
        ("current_rate", 6): "x",
        ("maturity_date", 1): "2026-02-30",
        ("current_balance", 7): "-1",
    }
    path = write(tmp_path, text(table(wrong)))
    with pytest.raises(TapeError) as at_once:
        read_tape(path)
    with pytest.raises(TapeError) as in_blocks:
        convert_tape(path, tmp_path / "made.parquet")

    def told(error):
        return sorted((one.code, one.field, one.row, one.message) for one in error.value.findings)

    assert told(in_blocks) == told(at_once)
    assert not (tmp_path / "made.parquet").exists()


def test_a_schedule_is_converted_with_its_tape(tmp_path):
    (tmp_path / "pool.schedule.csv").write_text(
        "originator_id,loan_id,due_date,principal\n0101,A-1,2026-09-30,6000000\n", encoding="utf-8"
    )
    path = write(tmp_path, text(table({("amortisation_type", 0): "schedule"})), "schedule: {}\n")
    convert_tape(path, tmp_path / "made.parquet")
    pd.testing.assert_frame_equal(read_tape(tmp_path / "made.parquet").schedule, read_tape(path).schedule)


def test_other_files_are_read_whole(tmp_path):
    frame = read_tape(write(tmp_path, text(COLUMNS))).frame
    frame.astype(str).to_parquet(tmp_path / "words.parquet")
    convert_tape(tmp_path / "words.parquet", tmp_path / "made.parquet")
    same(tmp_path / "words.parquet", tmp_path / "made.parquet")


def test_cp932_is_found_out_for_the_whole_file(tmp_path):
    names = [""] * 7 + ["㈱髙橋"]
    path = write(tmp_path, text(table(x_name=names)).encode("cp932"))
    convert_tape(path, tmp_path / "made.parquet")
    assert read_tape(tmp_path / "made.parquet").frame["x_name"][7] == "㈱髙橋"
