"""Tapes in workbooks: the same loans as from a CSV of the same content, and what a spreadsheet hides or loses is said."""

from __future__ import annotations

import datetime
import io
import random
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tape_rows import BALANCE, COLUMNS, errors, only, table, text

import clo
from clo.files.tape.reading import check_tape, read_tape
from clo.schema import NUMERIC, kind_of

AS_TEXT = ("originator_id", "loan_id", "obligor_id")


def cell(name: str, word: str) -> object:
    """A value as a bank would enter it: dates and numbers typed, ids as text."""
    if word == "" or name in AS_TEXT:
        return word or None
    if kind_of(name) == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        return datetime.date.fromisoformat(word)
    return float(word) if kind_of(name) in NUMERIC and re.fullmatch(r"-?[\d.]+", word) else word


def book(columns: dict[str, list[str]], *, above: int = 0, title: str = "pool") -> openpyxl.Workbook:
    """A workbook of one sheet with the columns, some lines below the top."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = title
    for at, (name, values) in enumerate(columns.items(), start=1):
        sheet.cell(above + 1, at, name)
        for row, word in enumerate(values, start=above + 2):
            sheet.cell(row, at, cell(name, word))
    return made


def saved(made: openpyxl.Workbook, folder: Path, sidecar: str = "") -> Path:
    path = folder / "pool.xlsx"
    made.save(path)
    if sidecar:
        (folder / "pool.xlsx.map.yaml").write_text("format: clo.map/1\n" + sidecar, encoding="utf-8")
    return path


def patched(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The workbook with some bytes of one of its parts replaced."""
    with zipfile.ZipFile(path) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for name, content in parts.items():
            after.writestr(name, content)
    return path


def test_a_workbook_gives_the_loans_of_the_csv(tmp_path):
    columns = table(x_note="備考 ①㈱髙", default_date=["", "", "", "", "", "", "", ""], x_part=["0.5", "", "1"] * 2 + ["", "2"])
    (tmp_path / "pool.csv").write_text(text(columns), encoding="utf-8")
    loans, plain = read_tape(saved(book(columns), tmp_path)), read_tape(tmp_path / "pool.csv")
    pd.testing.assert_frame_equal(loans.frame, plain.frame)
    assert loans.findings == plain.findings == ()
    assert (loans.file_rows == plain.file_rows).all()
    assert clo.read_tape(tmp_path / "pool.xlsx").balance == BALANCE


def test_notes_above_the_header_and_a_total_below(tmp_path):
    made = book(COLUMNS, above=2)
    sheet = made.active
    sheet["A1"] = "第8号 買取債権一覧"
    sheet.cell(12, 1, "合計")
    sheet.cell(12, list(COLUMNS).index("current_balance") + 1, BALANCE)
    loans = read_tape(saved(made, tmp_path))
    assert len(loans) == 8
    assert only(loans.findings, "F-T003").row == 3
    assert "used as control total" in only(loans.findings, "F-T004").message
    assert loans.file_rows.tolist() == list(range(4, 12))


def test_the_sheet_with_the_headers_of_a_tape_is_chosen_and_the_others_named(tmp_path):
    made = book(COLUMNS)
    made.create_sheet("説明")["A1"] = "説明書"
    made.create_sheet("empty")
    found = only(read_tape(saved(made, tmp_path)).findings, "W-T120")
    assert "'pool'" in found.message
    assert "'説明'" in found.message
    assert "'empty'" not in found.message


def test_two_sheets_that_may_be_the_tape_ask_for_a_declaration(tmp_path):
    made = book(COLUMNS)
    second = made.create_sheet("202602")
    for row in made["pool"].iter_rows(values_only=True):
        second.append(row)
    loans, findings = check_tape(saved(made, tmp_path))
    assert loans is None
    found = only(findings, "E-T120")
    assert "'pool', '202602' may each be the tape" in found.message
    assert "sheet" in found.fix
    assert read_tape(saved(made, tmp_path, "sheet: '202602'\n")).findings == ()


def test_a_declared_sheet_that_is_not_there_suggests_the_nearest(tmp_path):
    _, findings = check_tape(saved(book(COLUMNS), tmp_path, "sheet: poool\n"))
    assert "did you mean 'pool'?" in only(findings, "E-T120").message


def test_a_sheet_declared_for_a_csv_is_refused(tmp_path):
    (tmp_path / "pool.csv").write_text(text(COLUMNS), encoding="utf-8")
    (tmp_path / "pool.csv.map.yaml").write_text("format: clo.map/1\nsheet: pool\n", encoding="utf-8")
    assert only(check_tape(tmp_path / "pool.csv")[1], "E-S006").value == "pool"


def test_what_is_hidden_is_read_and_said(tmp_path):
    made = book(COLUMNS)
    for row in (3, 4, 7):
        made.active.row_dimensions[row].hidden = True
    made.active.column_dimensions["D"].hidden = True
    made.create_sheet("z")["A1"] = 1
    made["pool"].sheet_state = "hidden"
    made.active = 1
    loans = read_tape(saved(made, tmp_path))
    said = [found.message for found in loans.findings if found.code == "W-T121"]
    assert "sheet 'pool' has 3 hidden rows – included" in said
    assert "sheet 'pool' has 1 hidden column – included: obligor_id" in said
    assert "sheet 'pool' is hidden – read all the same" in said
    rows = next(found.occurrences.rows for found in loans.findings if "hidden rows" in found.message)
    assert rows.tolist() == [3, 4, 7]
    assert len(loans) == 8


def test_errors_in_cells_are_refused_by_name(tmp_path):
    made = book(COLUMNS)
    place = made.active.cell(4, list(COLUMNS).index("current_balance") + 1)
    place.value, place.data_type = "#REF!", "e"
    found = only(check_tape(saved(made, tmp_path))[1], "E-T008")
    assert (found.row, found.who, found.field) == (4, "loan A-3", "current_balance")
    assert "#REF!" in found.message


def test_a_formula_is_read_as_its_stored_value(tmp_path):
    made = book(COLUMNS)
    made.active["J2"] = "=2*3000000"
    path = saved(made, tmp_path)
    found = only(check_tape(path)[1], "E-T122")
    assert (found.row, found.column) == (2, 10)
    stored = patched(path, "xl/worksheets/sheet1.xml", b"<f>2*3000000</f><v />", b"<f>2*3000000</f><v>6000000</v>")
    assert read_tape(stored).balance == BALANCE


def test_ids_that_came_as_numbers_are_warned_of(tmp_path):
    made = book(COLUMNS)
    for row in range(2, 10):
        made.active.cell(row, 4).value = int(made.active.cell(row, 4).value)
    loans = read_tape(saved(made, tmp_path))
    found = only(loans.findings, "W-T007")
    assert (found.field, found.count) == ("obligor_id", 8)
    assert loans.frame["obligor_id"][0] == "1"


def test_an_id_longer_than_a_spreadsheet_keeps_is_refused(tmp_path):
    made = book(COLUMNS)
    made.active.cell(2, 3).value = 12345678901234567
    found = only(check_tape(saved(made, tmp_path))[1], "E-T007")
    assert (found.row, found.field) == (2, "loan_id")


def test_numbers_in_a_date_column_are_serials(tmp_path):
    made = book(COLUMNS)
    at = list(COLUMNS).index("maturity_date") + 1
    made.active.cell(2, at).value = 47208
    made.active.cell(2, at).number_format = "General"
    loans = read_tape(saved(made, tmp_path))
    assert loans.frame["maturity_date"][0] == pd.Timestamp("2029-03-31")
    assert "47208 read as Excel serial (2029-03-31)" in only(loans.findings, "F-T044").message


def test_a_workbook_that_counts_from_1904_is_read_so(tmp_path):
    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    made.active.title = "pool"
    for at, (name, values) in enumerate(COLUMNS.items(), start=1):
        for row, value in enumerate([name, *(cell(name, word) for word in values)], start=1):
            made.active.cell(row, at, value)
    place = made.active.cell(2, list(COLUMNS).index("maturity_date") + 1)
    place.value, place.number_format = 47208 - 1462, "General"
    loans = read_tape(saved(made, tmp_path))
    assert (loans.frame["maturity_date"] == pd.Timestamp("2029-03-31")).all()
    assert (loans.frame["cutoff_date"] == pd.Timestamp("2026-03-31")).all()
    assert only(loans.findings, "F-T120").field == "maturity_date"


def test_merged_headers(tmp_path):
    made = book(COLUMNS, above=1)
    sheet = made.active
    sheet["A1"], sheet["A2"] = "cutoff_date", None
    sheet.merge_cells("A1:A2")
    assert read_tape(saved(made, tmp_path, "header_row: 2\n")).findings == ()
    sheet.merge_cells("I2:J2")
    found = only(check_tape(saved(made, tmp_path, "header_row: 2\n"))[1], "E-T121")
    assert found.message == "header 'original_balance' is merged over 2 columns"


def test_merged_cells_among_the_loans_are_warned_of(tmp_path):
    made = book(table(region_code="13"))
    last = len(COLUMNS) + 1
    made.active.merge_cells(start_row=2, end_row=5, start_column=last, end_column=last)
    loans = read_tape(saved(made, tmp_path))
    assert "1 merged cell below the header" in only(loans.findings, "W-T122").message
    assert loans.frame["region_code"].isna().sum() == 3


def test_booleans(tmp_path):
    made = book(table(secured_flag="Y", x_seen="TRUE"))
    width = len(COLUMNS)
    for row in range(2, 10):
        made.active.cell(row, width + 1).value = row % 2 == 0
        made.active.cell(row, width + 2).value = True
    frame = read_tape(saved(made, tmp_path)).frame
    assert frame["secured_flag"].tolist() == ["Y", "N"] * 4
    assert set(frame["x_seen"]) == {"TRUE"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 and then nothing", "damaged workbook"),
        (b"cutoff_date,loan_id\n", "does not begin as one"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "damaged workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "locked by a password"),
    ],
)
def test_files_that_are_no_workbooks(tmp_path, data, said):
    path = tmp_path / "pool.xlsx"
    path.write_bytes(data)
    loans, findings = check_tape(path)
    assert loans is None
    assert said in only(findings, "E-T009").message


def test_cut_off_workbooks_are_refused_and_nothing_else(tmp_path):
    whole = saved(book(COLUMNS), tmp_path).read_bytes()
    for size in range(0, len(whole), 397):
        path = tmp_path / "cut.xlsx"
        path.write_bytes(whole[:size])
        assert errors(check_tape(path)[1]) == ["E-T009"]


def test_a_workbook_with_damaged_parts_is_refused_or_read_and_nothing_else(tmp_path):
    whole, draw = saved(book(COLUMNS), tmp_path).read_bytes(), random.Random(7)
    path = tmp_path / "hurt.xlsx"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(bytes(data))
        loans, findings = check_tape(path)
        assert loans is not None or errors(findings)


def test_an_empty_workbook_and_one_with_headers_only(tmp_path):
    assert only(check_tape(saved(openpyxl.Workbook(), tmp_path))[1], "E-T009").message == "the workbook is empty"
    headers = book({name: [] for name in COLUMNS})
    assert "a header and no loans" in only(check_tape(saved(headers, tmp_path))[1], "E-T009").message


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("clo.files.tape.sheets.LARGEST_UNPACKED", 1000)
    assert "unpacks to" in only(check_tape(saved(book(COLUMNS), tmp_path))[1], "E-T009").message


def test_headers_and_cells_in_japanese(tmp_path):
    made = book(COLUMNS)
    made.active.cell(1, 10).value = "現在残高(千円)"
    for row in range(2, 10):
        made.active.cell(row, 10).value = f"{made.active.cell(row, 10).value / 1000:,.0f}".translate(
            {ord("0") + n: ord("０") + n for n in range(10)}
        )
    sidecar = "columns: {current_balance: 現在残高(千円)}\nunits: {columns: {current_balance: thousand}}\n"
    loans = read_tape(saved(made, tmp_path, sidecar))
    assert loans.balance == BALANCE
    assert only(loans.findings, "F-T025").count == 8


def test_an_opendocument_sheet_is_read_like_any_other(tmp_path):
    def made(name: str, word: str) -> str:
        value = cell(name, word)
        if isinstance(value, datetime.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{word}</text:p></table:table-cell>'

    lines = [list(COLUMNS), *zip(*COLUMNS.values(), strict=True)]
    rows = "".join(
        f"<table:table-row>{''.join(map(made, COLUMNS if at else [''] * 99, line))}</table:table-row>"
        for at, line in enumerate(lines)
    )
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "manifest")
    )
    content = f'<office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name="pool">{rows}'
    content += "</table:table></office:spreadsheet></office:body></office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(tmp_path / "pool.ods", "w") as parts:
        parts.writestr("mimetype", kind)
        parts.writestr("content.xml", content)
        entry = f'<manifest:file-entry manifest:media-type="{kind}" manifest:full-path="/"/>'
        parts.writestr("META-INF/manifest.xml", f"<manifest:manifest{spaces}>{entry}</manifest:manifest>")
    (tmp_path / "pool.csv").write_text(text(COLUMNS), encoding="utf-8")
    loans = read_tape(tmp_path / "pool.ods")
    assert loans.findings == ()
    pd.testing.assert_frame_equal(loans.frame, read_tape(tmp_path / "pool.csv").frame)


def test_reading_from_memory_leaves_the_file(tmp_path):
    path = saved(book(COLUMNS), tmp_path)
    before = path.read_bytes()
    read_tape(path)
    assert path.read_bytes() == before
    assert zipfile.ZipFile(io.BytesIO(before)).testzip() is None
