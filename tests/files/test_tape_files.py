"""Tape files as files: encodings, headers, total lines, damaged rows, columns, compression; and that reading leaves no trace."""

from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tape_rows import BALANCE, COLUMNS, errors, only, table, text, write

import clo
from clo.files.tape.reading import check_tape, read_tape
from clo.findings import TapeError
from clo.schema import TAPE

CLEAN = text(COLUMNS)


def test_clean_tape_has_no_findings(tmp_path):
    path = write(tmp_path, CLEAN)
    loans, findings = check_tape(path)
    assert findings == ()
    assert (len(loans), loans.obligors, loans.balance) == (8, 7, BALANCE)
    assert loans.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loans.source == str(path)
    assert loans.file_rows.tolist() == list(range(2, 10))
    assert clo.read_tape(path).balance == BALANCE


def test_cp932_is_detected_and_said(tmp_path):
    path = write(tmp_path, text(table(x_name="①㈱髙橋商店～")).encode("cp932"))
    loans = read_tape(path)
    found = only(loans.findings, "F-T001")
    assert found.file == str(path)
    assert "CP932 (Windows Japanese)" in found.message
    assert "encoding: cp932" in found.fix
    assert loans.frame["x_name"][0] == "①㈱髙橋商店～"


@pytest.mark.parametrize(("codec", "odd"), [("utf-8", "cp932"), ("cp932", "utf-8")])
def test_the_row_in_the_rarer_encoding_is_named(tmp_path, codec, odd):
    lines = text(table(x_name="㈱髙橋商店")).splitlines(keepends=True)
    found = only(
        check_tape(write(tmp_path, b"".join(x.encode(odd if n == 5 else codec) for n, x in enumerate(lines))))[1], "E-T001"
    )
    assert (found.row, found.column) == (6, 20)
    assert {"utf-8": "not UTF-8", "cp932": "not CP932"}[codec] in found.message


def test_one_id_is_the_same_from_every_codec(tmp_path):
    written = ["A－1", "A−2", "A‐3", "A―4", "A—5", "B〜1", "B～2", "C‖1"]
    loans = read_tape(write(tmp_path, text(table(loan_id=written))))
    assert loans.frame["loan_id"].tolist() == ["A-1", "A-2", "A-3", "A-4", "A-5", "B～1", "B～2", "C∥1"]
    assert only(loans.findings, "F-T002").count == 7


def test_declared_encoding_is_silent(tmp_path):
    path = write(tmp_path, text(table(x_name="㈱髙橋")).encode("cp932"), "encoding: cp932\n")
    assert read_tape(path).findings == ()


def test_byte_order_mark_is_no_part_of_the_header(tmp_path):
    assert read_tape(write(tmp_path, CLEAN.encode("utf-8-sig"))).findings == ()


def test_two_encodings_in_one_file_are_refused_with_the_place(tmp_path):
    lines = text(table(x_name="髙橋商店")).splitlines(keepends=True)
    path = write(tmp_path, b"".join(line.encode("utf-8" if number < 5 else "cp932") for number, line in enumerate(lines)))
    loans, findings = check_tape(path)
    assert loans is None
    found = only(findings, "E-T001")
    assert "may be concatenated from two encodings" in found.message
    assert found.row in (2, 6)  # the first row in either encoding
    lines = text(table(x_name="髙")).splitlines(keepends=True)
    broken = b"".join(line.encode("cp932") for line in lines[:6]) + b"\xff\xfd bad\n"
    found = only(check_tape(write(tmp_path, broken))[1], "E-T001")
    assert (found.row, found.column) == (7, 1)
    assert "row 7 col 1 is not CP932" in found.message


def test_text_decoded_wrongly_before_is_refused(tmp_path):
    wrong = "日本語".encode().decode("cp932", errors="replace")
    _, findings = check_tape(write(tmp_path, text(table({("x_name", 2): "a\ufffdb"}))))
    found = only(findings, "E-T017")
    assert (found.row, found.column, found.value) == (4, 20, "\ufffd")
    assert "export again" in found.fix
    assert errors(check_tape(write(tmp_path, text(table(x_name=wrong))))[1]) == ["E-T017"]


def test_ordinary_japanese_is_not_taken_for_damage(tmp_path):
    assert read_tape(write(tmp_path, text(table(x_name="縺れた糸、繧る、ã")))).findings == ()


def test_header_below_notes_is_found(tmp_path):
    path = write(tmp_path, "債権一覧,,\n2026年3月末,,\n" + CLEAN)
    loans = read_tape(path)
    found = only(loans.findings, "F-T003")
    assert found.message == "header found on row 3; rows 1–2 treated as notes"
    assert loans.file_rows[0] == 4
    assert read_tape(write(tmp_path, "債権一覧,,\n2026年3月末,,\n" + CLEAN, "header_row: 3\n")).findings == ()


def test_rows_count_from_the_top_of_the_file(tmp_path):
    notes = "債権一覧\n\n" + text(table({("maturity_date", 2): "2029-04-31"}))
    _, findings = check_tape(write(tmp_path, notes))
    assert only(findings, "E-T040").row == 6


def total_line(label: str, balance: str) -> str:
    cells = dict.fromkeys(COLUMNS, "") | {"loan_id": label, "current_balance": balance}
    return ",".join(cells.values()) + "\n"


@pytest.mark.parametrize("label", ["合計", "合 計", "Total", ""])
def test_total_line_is_left_out_and_used_as_control(label, tmp_path):
    path = write(tmp_path, CLEAN + total_line(label, "124000000"))
    loans = read_tape(path)
    found = only(loans.findings, "F-T004")
    assert found.message == (
        "row 10 looks like a total (= sum of rows above, 124,000,000); excluded from loans, used as control total"
    )
    assert (len(loans), loans.balance) == (8, BALANCE)


def test_total_that_differs_is_refused_with_both_figures(tmp_path):
    _, findings = check_tape(write(tmp_path, CLEAN + total_line("合計", "125000000")))
    found = only(findings, "E-T004")
    assert found.row == 10
    assert "125,000,000, but the rows above sum to 124,000,000 (+1,000,000)" in found.message
    assert "missing or extra rows" in found.fix


def test_subtotals_are_left_out(tmp_path):
    lines = CLEAN.splitlines(keepends=True)
    content = "".join(lines[:5]) + total_line("小計", "60000000") + "".join(lines[5:]) + total_line("小計", "64000000")
    loans = read_tape(write(tmp_path, content + total_line("合計", "124000000")))
    assert [found.row for found in loans.findings] == [6, 11, 12]
    assert (len(loans), loans.balance) == (8, BALANCE)
    assert loans.file_rows.tolist() == [2, 3, 4, 5, 7, 8, 9, 10]


def test_notes_and_blank_lines_below_are_left_out(tmp_path):
    loans = read_tape(write(tmp_path, CLEAN + "\n※ 単位: 円\n"))
    found = only(loans.findings, "F-T004")
    assert "※ 単位: 円" in found.message
    assert len(loans) == 8


def test_ragged_row_is_refused(tmp_path):
    lines = CLEAN.splitlines(keepends=True)
    lines[3] = lines[3].replace("30000000", "30,000,000")
    path = write(tmp_path, "".join(lines))
    loans, findings = check_tape(path)
    assert loans is None
    found = only(findings, "E-T005")
    assert (found.file, found.row, found.who, found.value) == (str(path), 4, "loan A-3", "21 fields")
    assert found.message == "row 4 has 21 fields, header has 19"
    assert "quote fields" in found.fix


def test_quote_that_never_closes_is_refused(tmp_path):
    _, findings = check_tape(write(tmp_path, CLEAN.replace("A-3", '"A-3')))
    found = only(findings, "E-T006")
    assert found.row == 4
    assert "row 4 opens a quote that does not close" in found.message


def test_quote_that_closes_rows_later_is_refused(tmp_path):
    _, findings = check_tape(write(tmp_path, CLEAN.replace("A-3", '"A-3').replace("B-1", 'B-1"')))
    found = only(findings, "E-T006")
    assert found.row == 4
    assert found.message == "row 4 opens a quote that closes 2 lines below, around whole rows"
    _, findings = check_tape(write(tmp_path, CLEAN.replace("A-3,003", '"A-3,003').replace("A-4,004,", 'A-4",')))
    found = only(findings, "E-T006")
    assert found.row == 4
    _, findings = check_tape(write(tmp_path, CLEAN.replace("A-3,003", '"A-3\n",003,x')))
    found = only(findings, "E-T005")
    assert found.message == "row 4 has 20 fields, header has 19; unclosed quote begins row 4 (the record runs over 2 lines)"


def test_newline_inside_a_closed_quote_is_text(tmp_path):
    loans = read_tape(write(tmp_path, text(table({("purpose", 2): "運転\n資金"}))))
    assert loans.frame["purpose"][2] == "運転\n資金"
    assert loans.file_rows.tolist() == list(range(2, 10))


def test_other_delimiters_are_declared(tmp_path):
    content = CLEAN.replace(",", ";")
    _, findings = check_tape(write(tmp_path, content))
    assert "declare `delimiter: ';'`" in only(findings, "E-T009").message
    assert read_tape(write(tmp_path, content, 'delimiter: ";"\n')).balance == BALANCE


@pytest.mark.parametrize("content", ["", "\n\n", CLEAN.splitlines()[0] + "\n"])
def test_tape_without_loans_is_refused(content, tmp_path):
    loans, findings = check_tape(write(tmp_path, content))
    assert loans is None
    assert errors(findings) == ["E-T009"]


def test_missing_column_names_the_likeliest_header(tmp_path):
    path = write(tmp_path, text(COLUMNS, {"current_balance": "現在残高(千円)", "current_rate": "curent_rate"}))
    _, findings = check_tape(path)
    found = only(findings, "E-T011")
    assert (found.file, found.row, found.field) == (str(path), 1, "")
    assert (
        "current_balance (closest header: '現在残高(千円)'), current_rate (closest header: 'curent_rate') not found"
        in found.message
    )
    assert "  current_balance: '現在残高(千円)'\n  current_rate: 'curent_rate'" in found.fix
    _, findings = check_tape(write(tmp_path, text(COLUMNS, {"current_rate": "curent_rate"})))
    found = only(findings, "E-T011", "current_rate")
    assert (found.message, found.value) == (
        "required column current_rate (closest header: 'curent_rate') not found", "curent_rate",
    )  # fmt: skip


JAPANESE = {name: TAPE[name].label_ja for name in COLUMNS}


def test_japanese_labels_are_headers(tmp_path):
    loans = read_tape(write(tmp_path, text(COLUMNS, JAPANESE)))
    assert loans.balance == BALANCE
    found = only(loans.findings, "F-T018")
    assert found.message.startswith(
        "Japanese headers read as cutoff_date (基準日), originator_id (金融機関コード), loan_id (債権番号)"
    )
    mapped = "columns:\n" + "".join(f"  {name}: {header}\n" for name, header in JAPANESE.items())
    assert read_tape(write(tmp_path, text(COLUMNS, JAPANESE), mapped)).findings == ()


def test_a_label_is_no_header_where_something_else_is_the_column(tmp_path):
    content = text(table(purpose="x", 資金使途="y", 地域="z"))
    loans = read_tape(write(tmp_path, content, "constants: {region_code: '13'}\n"))
    assert loans.frame[["purpose", "x_資金使途", "region_code", "x_地域"]].iloc[0].tolist() == ["x", "y", "13", "z"]
    loans = read_tape(write(tmp_path, content, "kinds: {x_地域: text}\n"))
    assert "region_code" not in loans.frame


def fixed_by(folder, content):
    """The findings of a tape once the block of its first error is in its sidecar, beside it or the whole of it."""
    path = write(folder, content)
    first = next(found for found in check_tape(path)[1] if found.severity == "error")
    assert first.fix.startswith("write pool.csv.map.yaml\nformat: clo.map/1\n")
    (folder / "pool.csv.map.yaml").write_text(first.fix.partition("\n")[2] + "\n", encoding="utf-8")
    return path, check_tape(path)[1]


def test_missing_columns_are_one_block_to_paste(tmp_path):
    renamed = {name: f"{header} (円)'s" if name != "loan_id" else header for name, header in JAPANESE.items()}
    path, findings = fixed_by(tmp_path, text(COLUMNS, renamed))
    assert errors(findings) == []
    assert read_tape(path).balance == BALANCE


WORDS = {
    "equal_principal": "元金均等",
    "monthly": "毎月",
    "corp": "法人",
    "sole_prop": "個人事業主",
    "fixed": "固定",
    "loan": "貸付",
}


def test_words_of_categories_are_one_block_to_paste(tmp_path):
    columns = {name: [WORDS.get(value, value) for value in values] for name, values in COLUMNS.items()}
    columns["obligor_type"][0] = "corp"  # a word of the tape among the others stays one
    (plain := tmp_path / "plain").mkdir()
    path, findings = fixed_by(tmp_path, text(columns, JAPANESE))
    assert errors(findings) == []
    assert read_tape(path).frame[list(COLUMNS)].equals(read_tape(write(plain, text(COLUMNS))).frame)


def test_words_of_mapped_columns_are_derived_beside_their_mapping(tmp_path):
    columns = {name: [WORDS.get(value, value) for value in values] for name, values in COLUMNS.items()}
    mapped = "columns:\n" + "".join(f"  {name}: {header}\n" for name, header in JAPANESE.items())
    path = write(tmp_path, text(columns, JAPANESE), mapped)
    offered = [found for found in check_tape(path)[1] if found.code == "E-T032"]
    assert offered[0].fix.startswith("add to the sidecar\nderive:\n")
    assert {found.fix for found in offered[1:]} == {"as said for obligor_type"}
    write(tmp_path, text(columns, JAPANESE), mapped + offered[0].fix.partition("\n")[2] + "\n")
    assert read_tape(path).findings == ()


def test_header_with_a_unit_waits_for_a_declaration(tmp_path):
    thousand = {name: [value.removesuffix("000") for value in COLUMNS[name]] for name in ("current_balance", "original_balance")}
    content = text(table(**thousand), {"current_balance": "残高(千円)", "original_balance": "当初(千円)"})
    mapped = "columns: {current_balance: 残高(千円), original_balance: 当初(千円)}\n"
    _, findings = check_tape(write(tmp_path, content, mapped))
    found = only(findings, "E-T023", "current_balance")
    assert "names the unit 千円" in found.message
    assert "units: {columns: {current_balance: thousand}}" in found.fix
    assert read_tape(write(tmp_path, content, mapped + "units: {money: thousand}\n")).balance == BALANCE


def test_doubled_column_is_refused(tmp_path):
    _, findings = check_tape(write(tmp_path, text(COLUMNS, {"arrears_balance": "current_balance"})))
    found = only(findings, "E-T012")
    assert (found.field, found.row) == ("current_balance", 1)
    assert "stands 2 times" in found.message


def test_unknown_column_is_kept_and_a_misspelt_one_is_said(tmp_path):
    loans = read_tape(write(tmp_path, text(table(branch="007", grace_end_dat=""))))
    assert loans.frame["x_branch"].tolist() == ["007"] * 8
    found = only(loans.findings, "W-T013")
    assert "did you mean 'grace_end_date'?" in found.message


def test_gzip_and_parquet_read_the_same(tmp_path):
    plain = read_tape(write(tmp_path, CLEAN))
    packed = tmp_path / "pool.csv.gz"
    packed.write_bytes(gzip.compress(CLEAN.encode(), mtime=0))
    stored = tmp_path / "pool.parquet"
    plain.frame.to_parquet(stored, index=False)
    for path in (packed, stored):
        loans = read_tape(path)
        pd.testing.assert_frame_equal(loans.frame, plain.frame)
        assert loans.findings == ()


def test_parquet_of_text_is_read_like_a_csv(tmp_path):
    path = tmp_path / "pool.parquet"
    pd.DataFrame(table({("current_balance", 1): "12,000,000", ("maturity_date", 1): "R11.3.31"})).to_parquet(path, index=False)
    loans = read_tape(path)
    assert [found.code for found in loans.findings] == ["F-T043", "F-T025"]
    assert loans.balance == BALANCE


def test_parquet_of_numbers_goes_through_the_sidecar(tmp_path):
    path = tmp_path / "pool.parquet"
    frame = read_tape(write(tmp_path, CLEAN)).frame
    frame["current_rate"] = frame["current_rate"] * 100
    frame.to_parquet(path, index=False)
    assert errors(check_tape(path)[1]) == ["E-T021"]
    (tmp_path / "m.yaml").write_text("format: clo.map/1\nunits: {rate: percent}\n")
    loans = read_tape(path, map=tmp_path / "m.yaml")
    np.testing.assert_allclose(loans.column("current_rate")[:2], [0.018, 0.021], rtol=1e-15)


def test_damaged_files_are_findings_and_missing_ones_oserror(tmp_path):
    for name, content in {"a.csv.gz": b"\x1f\x8bjunk", "b.parquet": b"PAR1junk"}.items():
        (tmp_path / name).write_bytes(content)
        assert "damaged" in only(check_tape(tmp_path / name)[1], "E-T009").message
    with pytest.raises(FileNotFoundError):
        check_tape(tmp_path / "absent.csv")


def test_a_damaged_container_has_its_own_rule(tmp_path):
    wrong = {
        "a.csv.gz": (b"\x1f\x8bjunk", "gzip"),
        "b.parquet": (b"PAR1junk", "Parquet"),
        "c.csv.gz": (CLEAN.encode(), "gzip"),
        "d.parquet": (CLEAN.encode(), "Parquet"),
    }
    for name, (content, kind) in wrong.items():
        (tmp_path / name).write_bytes(content)
        _, findings = check_tape(tmp_path / name)
        assert errors(findings) == ["E-T009"]
        assert findings[0].rule == f"the file is a readable {kind} file"
        assert findings[0].fix.startswith("export it again")


@pytest.mark.parametrize("odd", [[[1]] * 8, [{"a": 1}] * 8, [b"\xff"] * 8])
def test_a_parquet_column_that_is_no_text_is_refused(odd, tmp_path):
    path = tmp_path / "pool.parquet"
    pd.DataFrame(table() | {"purpose": odd}).to_parquet(path, index=False)
    (found,) = check_tape(path)[1]
    assert (found.code, found.field) == ("E-T009", "purpose")
    assert found.fix == "export the column as text, or without it"


@pytest.mark.parametrize("typed", [True, False])
def test_a_doubled_parquet_column_is_said(typed, tmp_path):
    path = tmp_path / "pool.parquet"
    frame = read_tape(write(tmp_path, CLEAN)).frame if typed else pd.DataFrame(table())
    twice = pa.Table.from_pandas(frame, preserve_index=False).append_column("loan_id", pa.array(["a"] * 8))
    pq.write_table(twice, path)
    assert errors(check_tape(path)[1]) == ["E-T012"]


def test_rows_of_a_parquet_tape_count_from_one(tmp_path):
    path = tmp_path / "pool.parquet"
    frame = read_tape(write(tmp_path, CLEAN)).frame
    frame.to_parquet(path, index=False)
    assert read_tape(path).file_rows.tolist() == list(range(1, 9))
    pd.DataFrame(table({("current_balance", 1): "-1"})).to_parquet(path, index=False)
    assert only(check_tape(path)[1], "E-T050").row == 2
    pd.DataFrame(table()).drop(columns="current_rate").to_parquet(path, index=False)
    assert only(check_tape(path)[1], "E-T011").row is None


@pytest.mark.parametrize("notes", ["", "loans of March\n\n"])
@pytest.mark.parametrize(("mark", "shown"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_a_wrong_delimiter_is_one_finding(tmp_path, mark, shown, notes):
    _, findings = check_tape(write(tmp_path, notes + CLEAN.replace(",", mark)))
    (found,) = findings
    assert (found.code, found.row, found.value) == ("E-T009", 3 if notes else 1, ",")
    assert found.fix == f'declare `delimiter: "{shown}"` in the sidecar'


def test_a_wrong_delimiter_is_seen_behind_decimal_commas_and_declarations(tmp_path):
    decimal = "loans of March\n" + CLEAN.replace(",", ";").replace("0.0", "0,0")
    assert [found.code for found in check_tape(write(tmp_path, decimal))[1]] == ["E-T009"]
    (found,) = check_tape(write(tmp_path, CLEAN, 'delimiter: ";"\n'))[1]
    assert found.fix == 'declare `delimiter: ","` in the sidecar'


def test_headers_repeated_between_loans_are_one_finding(tmp_path):
    lines = CLEAN.splitlines(keepends=True)
    loans = read_tape(write(tmp_path, "".join([*lines[:4], lines[0], *lines[4:], lines[0]])))
    found = only(loans.findings, "F-T004")
    assert (found.message, found.row, found.count) == ("2 rows repeat the header; left out", 5, 2)
    assert (len(loans.findings), loans.balance) == (1, BALANCE)


def test_a_long_cell_is_no_open_quote(tmp_path):
    path = write(tmp_path, CLEAN.replace("A-3", '"A-3') + CLEAN * 100)
    found = only(check_tape(path)[1], "E-T006")
    assert (found.row, found.message) == (4, "row 4 opens a quote that does not close")
    long = "x" * 140_000
    header = "note," + CLEAN.splitlines()[0]
    rows = [f"{long if number == 3 else ''},{line}" for number, line in enumerate(CLEAN.splitlines()[1:])]
    found = only(check_tape(write(tmp_path, "\n".join([header, *rows]) + "\n"))[1], "E-T014")
    assert (found.row, found.message) == (5, "row 5 has a cell of more than 131,072 characters")


def test_rows_of_another_length_are_counted(tmp_path):
    _, findings = check_tape(write(tmp_path, CLEAN.replace("A-2,", "A-2,9,").replace("B-1,", "B-1,9,")))
    found = only(findings, "E-T005")
    assert found.message == "2 rows have more or fewer fields than the header, which has 19"
    assert (found.row, found.count) == (3, 2)


def test_reading_writes_nothing(tmp_path):
    path = write(tmp_path, text(table({("current_balance", 0): "-1"})))
    before = {entry: (entry.read_bytes(), entry.stat().st_mtime_ns) for entry in tmp_path.iterdir()}
    with pytest.raises(TapeError):
        read_tape(path)
    assert {entry: (entry.read_bytes(), entry.stat().st_mtime_ns) for entry in tmp_path.iterdir()} == before
