"""A delimited text file as columns of text: encoding, header row, and rows that do not fit. Cells are not looked at here."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from clo.files.tape.encoding import decoded
from clo.files.tape.sidecar import Source
from clo.files.tape.table import HEADER_SEARCH, NOTE, TOTAL, Table, header_at, known_cells, without_repeated_headers
from clo.findings import Finding, TapeError
from clo.tape.codes import finding, row_finding


def read_delimited(data: bytes, file: str, source: Source, known: set[str]) -> Table:
    """The table in the bytes of a file; `known`: headers it may have. Raises TapeError if it cannot be read as one."""
    text, findings = decoded(data, file, source.encoding)
    if not text.strip():
        raise TapeError([finding("E-T009", "the file is empty", file=file)])
    delimiter = source.delimiter or ","
    header_row, names, skipped = _header(text, file, source, known, findings)
    table = _fast(text, file, names, skipped, delimiter) or _careful(text, file, names, header_row, delimiter)
    table.rows += header_row
    table.header_row = header_row
    table.findings[:0] = findings
    table = without_repeated_headers(table)
    if not len(table):
        raise TapeError([*table.findings, finding("E-T009", "the tape has a header and no loans", file=file, row=header_row)])
    return table


def _header(text: str, file: str, source: Source, known: set[str], findings: list[Finding]) -> tuple[int, list[str], int]:
    """(row of the header from 1, its names, lines up to and including it); says so where it is not row 1."""
    delimiter = source.delimiter or ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[list[str], int]] = []
    try:
        rows.extend((record, reader.line_num) for record in islice(reader, max(HEADER_SEARCH, source.header_row or 0)))
    except csv.Error as error:
        last_row, last_line = (len(rows), rows[-1][1]) if rows else (0, 0)
        findings.append(_unreadable(error, last_row + 1, reader.line_num - last_line, file))
        raise TapeError(findings) from None
    at = header_at([record for record, _ in rows], file, source, known, findings)
    record, lines = rows[at]
    if known_cells(record, known) <= 1:
        wrong = _other_delimiter([one for one, _ in rows], at, delimiter, known, file)
        if wrong is not None:
            raise TapeError([*findings, wrong])
    return at + 1, [name.strip().strip("\ufeff") for name in record], lines


def _other_delimiter(rows: Sequence[list[str]], at: int, delimiter: str, known: set[str], file: str) -> Finding | None:
    """The one finding about a file that another common delimiter divides: one mistake, not one a column.

    Its header is a row that has names of the tape under that delimiter, or, as the header taken is one column, holds most of it.
    """
    texts = [delimiter.join(record) for record in rows]
    others = [mark for mark in ",\t;|" if mark != delimiter]
    named = [(known_cells(text.split(mark), known), -number, mark) for number, text in enumerate(texts) for mark in others]
    most, row, other = max(named, default=(0, 0, ""))
    if most <= 1:
        counts = [(texts[at].count(mark), -at, mark) for mark in others] if len(rows[at]) == 1 else []
        most, row, other = max(counts, default=(0, 0, ""))
    if not most:
        return None
    shown = other.replace("\t", "\\t")
    said = f"with the delimiter {delimiter!r} no column of the tape is found, and the header holds {other!r}: "
    said += f"declare `delimiter: {other!r}` in the sidecar"
    rule, advice = "columns are divided by the delimiter", f'declare `delimiter: "{shown}"` in the sidecar'
    return finding("E-T009", said, file=file, row=1 - row, value=delimiter, rule=rule, fix=advice)


def _unreadable(error: csv.Error, row: int, lines: int, file: str) -> Finding:
    """Why the reader stopped in a row: a quote that runs on over other lines, or one very long cell."""
    if "field larger" in str(error) and lines <= 1:
        return finding("E-T014", f"row {row:,} has a cell of more than {csv.field_size_limit():,} characters", file=file, row=row)
    if "end of data" in str(error) or "field larger" in str(error):
        return finding("E-T006", f"row {row:,} opens a quote that does not close", file=file, row=row)
    return finding("E-T006", f"row {row:,}: {error}", file=file, row=row)


def _fast(text: str, file: str, names: Sequence[str], skipped: int, delimiter: str) -> Table | None:
    """The table by the columnar reader; None wherever anything about the file is out of the ordinary."""
    if '"' in text and any(line.count('"') % 2 for line in text.split("\n")):
        return None
    headers = [f"c{number}" for number in range(len(names))]
    try:
        read = pa_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pa_csv.ReadOptions(column_names=headers, skip_rows=skipped, block_size=1 << 24),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(headers, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    columns = [column.combine_chunks() for column in read.columns]
    rows = np.arange(1, read.num_rows + 1, dtype=np.int64)
    return Table(file, list(names), columns, rows)


def _careful(text: str, file: str, names: Sequence[str], header_row: int, delimiter: str) -> Table:
    """The table row by row: says which rows have the wrong number of fields and where a quote does not close."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines_before = 0
    number = 0
    kept: list[list[str]] = []
    rows: list[int] = []
    ragged: list[tuple[int, list[str], int]] = []
    findings: list[Finding] = []
    try:
        for record in reader:
            number += 1
            spans = reader.line_num - lines_before
            lines_before = reader.line_num
            if number <= header_row or not any(cell.strip() for cell in record):
                continue
            if spans > 1 and any("\n" in cell and cell.count(delimiter) >= len(names) - 1 for cell in record):
                said = f"row {number:,} opens a quote that closes {spans - 1} lines below, around whole rows"
                findings.append(finding("E-T006", said, file=file, row=number))
                continue
            if len(record) != len(names):
                ragged.append((number, record, spans))
                continue
            kept.append(record)
            rows.append(number - header_row)
    except csv.Error as error:
        findings.append(_unreadable(error, number + 1, reader.line_num - lines_before, file))
    findings += _ragged(ragged, names, file, last=rows[-1] + header_row if rows else 0)
    if any(problem.severity == "error" for problem in findings):
        raise TapeError(findings)
    columns = [pa.array(list(column), pa.string()) for column in zip(*kept, strict=True)]
    return Table(
        file, list(names), columns or [pa.array([], pa.string()) for _ in names], np.array(rows, dtype=np.int64), findings
    )


def _ragged(ragged: list[tuple[int, list[str], int]], names: Sequence[str], file: str, last: int) -> list[Finding]:
    """Rows that are not as long as the header: notes and totals below the loans are let go, all others refuse the file."""
    below = [entry for entry in ragged if entry[0] > last and _is_footer(entry[1])]
    bad = [entry for entry in ragged if entry not in below]
    found = []
    if below:
        first = next(cell for cell in below[0][1] if cell.strip())
        said = f"row {below[0][0]:,} is below the loans and no loan ({first!r}); left out"
        if len(below) > 1:
            said = f"{len(below):,} rows are below the loans and no loans; left out"
        numbers = np.array([entry[0] for entry in below], dtype=np.int64)
        texts = [next(cell for cell in entry[1] if cell.strip()) for entry in below]
        nobody = np.full(len(below), None, dtype=object)
        found.append(row_finding("F-T004", said, field="", file=file, rows=numbers, who=nobody, values=texts))
    if bad:
        number, record, spans = bad[0]
        said = f"row {number:,} has {len(record)} fields, header has {len(names)}"
        if len(bad) > 1:
            said = f"{len(bad):,} rows have more or fewer fields than the header, which has {len(names)}"
        elif spans > 1 or any("\n" in cell for cell in record):
            said += f"; unclosed quote begins row {number:,} (the record runs over {spans} lines)"
        at = names.index("loan_id") if "loan_id" in names else -1
        who = [(entry[1][at].strip() or "blank") if 0 <= at < len(entry[1]) else None for entry in bad]
        values = [f"{len(entry[1])} fields" for entry in bad]
        numbers = np.array([entry[0] for entry in bad], dtype=np.int64)
        found.append(row_finding("E-T005", said, field="", file=file, rows=numbers, who=who, values=values))
    return found


def _is_footer(record: Sequence[str]) -> bool:
    filled = [cell for cell in record if cell.strip()]
    return bool(filled) and (len(filled) == 1 or any(TOTAL.match(cell) for cell in filled[:2]) or bool(NOTE.match(filled[0])))
