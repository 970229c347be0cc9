"""A spreadsheet (XLSX, and XLSB, XLS, ODS) as columns of text, as a CSV of the same content would give them.

Formulas are read as their stored values. What a spreadsheet hides or loses is said: other sheets, hidden rows and columns, merged
cells, errors, formulas without a value, days counted from 1904.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from clo.files.sheet_xml import SheetFacts, counts_from_1904, sheet_facts
from clo.files.sidecar import Source
from clo.files.table import HEADER_SEARCH, Table, header_at, known_cells, without_repeated_headers
from clo.findings import Finding, TapeError, nearest
from clo.schema import kind_of
from clo.tape.codes import finding, row_finding

ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""The first bytes of an XLS file, and of a workbook that is locked by a password."""
LARGEST_UNPACKED = 4 * 2**30
"""Bytes the parts of a workbook may unpack to."""
EXACT = 1e15
"""From here on a spreadsheet has rounded a number: it keeps 15 digits."""


@dataclass(frozen=True)
class Sheet:
    """A sheet. rows: its cells from A1 on, "" where empty, all of one length. merged: (top, left), (bottom, right), from 0."""

    name: str
    rows: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]


def is_workbook(data: bytes, file: str) -> bool:
    """Whether the bytes of a file, or else its name, are those of a spreadsheet."""
    return data[:4] == b"PK\x03\x04" or data[:8] == COMPOUND or file.lower().endswith(ENDINGS)


def read_workbook(data: bytes, file: str, source: Source, known: set[str], others: Sequence[str] = ()) -> Table:
    """The table on one sheet of a workbook.

    known: headers it may have. others: sheets that hold something else. Raises TapeError if no sheet can be read as the tape.
    """
    book = _opened(data, file)
    findings: list[Finding] = []
    sheet = _chosen(book, file, source, known, others, findings)
    name, rows, facts = sheet.name, sheet.rows, sheet_facts(data, sheet.name)
    for row, column, word in facts.errors:  # blank to the reader of values
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = word
    at = header_at([[_text(cell) for cell in row] for row in rows[: _searched(source)]], file, source, known, findings)
    names = _names(sheet, at, file, findings)
    findings += _hidden(name, facts, at, names, file)
    table = without_repeated_headers(_table(names, rows[at + 1 :], file, at + 1, source, findings))
    if not len(table):
        raise TapeError([*table.findings, finding("E-T009", f"sheet {name!r} has a header and no loans", file=file, row=at + 1)])
    table.from_1904 = counts_from_1904(data)
    return table


def _table(
    names: Sequence[str], records: list[list[Any]], file: str, header_row: int, source: Source, findings: list[Finding]
) -> Table:
    """The cells below the header as columns of text; columns that have neither a header nor a value are left out."""
    rows = np.arange(header_row + 1, header_row + 1 + len(records), dtype=np.int64)
    table = Table(file, [], [], rows, findings, header_row)
    mapped = {header: ours for ours, header in source.columns.items()}
    for at, header in enumerate(names):
        cells = [record[at] for record in records]
        if not header and all(cell == "" for cell in cells):
            continue
        column, numeric = _column(cells, flag=kind_of(mapped.get(header, header)) == "flag")
        if numeric.any():
            table.numbers[len(table.names)] = numeric
        table.names.append(header)
        table.columns.append(column)
    return table


def _searched(source: Source) -> int:
    return max(HEADER_SEARCH, source.header_row or 0)


def _opened(data: bytes, file: str) -> CalamineWorkbook:
    rule, advice = "the file is a readable workbook", "save it again in the spreadsheet program, or export it as CSV"
    if data[:4] != b"PK\x03\x04" and data[:8] != COMPOUND:
        said = "named as a workbook, and does not begin as one"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="name it by what it is, or save it again")])
    if data[:8] == COMPOUND and "EncryptedPackage".encode("utf-16-le") in data:
        raise TapeError(
            [finding("E-T009", "the workbook is locked by a password", file=file, rule=rule, fix="save it without one")]
        )
    try:
        if data[:2] == b"PK":
            size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
            if size > LARGEST_UNPACKED:
                said, rule = f"unpacks to {size:,} bytes", f"a workbook unpacks to at most {LARGEST_UNPACKED:,} bytes"
                raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="export it as CSV or Parquet")])
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        said = "the workbook is locked by a password"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="save it without one")]) from None
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise TapeError([finding("E-T009", f"damaged workbook: {error}", file=file, rule=rule, fix=advice)]) from None


def _chosen(
    book: CalamineWorkbook, file: str, source: Source, known: set[str], others: Sequence[str], findings: list[Finding]
) -> Sheet:
    """The sheet that holds the tape: the one declared, or the only one with the headers of a tape."""
    sheets = {sheet.name: sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet}
    if source.sheet is not None:
        if source.sheet not in sheets:
            close = nearest(source.sheet, list(sheets))
            said = f"no sheet {source.sheet!r}" + (f"; did you mean {close!r}?" if close else "")
            rule = f"the workbook has the sheets {', '.join(sheets)}"
            raise TapeError([finding("E-T120", said, file=file, value=source.sheet, rule=rule)])
        _hidden_sheet(source.sheet, sheets, file, findings)
        return _sheet(book, source.sheet, file)
    read = {name: _sheet(book, name, file) for name in sheets if name not in others}
    filled = {name: sheet for name, sheet in read.items() if any(cell != "" for row in sheet.rows for cell in row)}
    if not filled:
        raise TapeError([finding("E-T009", "the workbook is empty", file=file)])
    score = {
        name: max(known_cells([_text(cell) for cell in row], known) for row in sheet.rows[: _searched(source)])
        for name, sheet in filled.items()
    }
    best = max(score, key=lambda name: score[name])
    rivals = [name for name in filled if name != best and 2 * score[name] >= score[best]]
    if rivals:
        said = f"sheets {', '.join(repr(name) for name in [best, *rivals])} may each be the tape"
        raise TapeError([finding("E-T120", said, file=file, value=best)])
    _hidden_sheet(best, sheets, file, findings)
    left = [name for name in filled if name != best]
    if left:
        said = f"sheet {best!r} has the headers of a tape and is read; not read: {', '.join(repr(name) for name in left)}"
        findings.append(finding("W-T120", said, file=file, value=best))
    return filled[best]


def _hidden_sheet(name: str, sheets: dict[str, Any], file: str, findings: list[Finding]) -> None:
    if sheets[name].visible != SheetVisibleEnum.Visible:
        findings.append(finding("W-T121", f"sheet {name!r} is hidden – read all the same", file=file, value=name))


def _sheet(book: CalamineWorkbook, name: str, file: str) -> Sheet:
    try:
        sheet = book.get_sheet_by_name(name)
        return Sheet(name, list(sheet.to_python(skip_empty_area=False)), list(sheet.merged_cell_ranges or []))
    except CalamineError as error:
        rule, advice = "the file is a readable workbook", "save it again in the spreadsheet program, or export it as CSV"
        said = f"sheet {name!r} is damaged: {error}"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix=advice)]) from None


def _names(sheet: Sheet, at: int, file: str, findings: list[Finding]) -> list[str]:
    """The headers in a row; one that is merged with cells above it takes their text. One over several columns is refused."""
    names = [_text(cell).strip().strip("\ufeff") for cell in sheet.rows[at]]
    below = 0
    for (top, left), (bottom, right) in sheet.merged:
        if top <= at <= bottom and left < len(names):
            if right > left and names[left]:
                said = f"header {names[left]!r} is merged over {right - left + 1} columns"
                findings.append(finding("E-T121", said, file=file, row=at + 1, column=left + 1, value=names[left]))
            elif right == left and top < at:
                names[left] = _text(sheet.rows[top][left]).strip()
        below += top > at
    if below:
        said = f"{below:,} merged cell{'s' if below > 1 else ''} below the header: only the first of each holds the value"
        findings.append(finding("W-T122", said, file=file))
    return names


def _hidden(name: str, facts: SheetFacts, header: int, names: Sequence[str], file: str) -> list[Finding]:
    """What of a sheet is read and not seen, and formulas that were never calculated."""
    found = []
    rows = [row for row in facts.hidden_rows if row > header + 1]
    if rows:
        said = f"sheet {name!r} has {len(rows):,} hidden row{'s' if len(rows) > 1 else ''} – included"
        numbers, nobody = np.array(rows, dtype=np.int64), np.full(len(rows), None, dtype=object)
        found.append(
            row_finding("W-T121", said, field="", file=file, rows=numbers, who=nobody, values=np.full(len(rows), "hidden"))
        )
    columns = [names[at] or f"column {at + 1}" for at in facts.hidden_columns if at < len(names)]
    if columns:
        several = "s" if len(columns) > 1 else ""
        said = f"sheet {name!r} has {len(columns):,} hidden column{several} – included: {', '.join(columns[:5])}"
        found.append(finding("W-T121", said, file=file, value=", ".join(columns)))
    empty = [place for place in facts.uncalculated if place[0] >= header]
    if empty:
        row, column = empty[0]
        said = f"{len(empty):,} formulas have no stored value, the first in row {row + 1:,} col {column + 1}"
        found.append(finding("E-T122", said, file=file, row=row + 1, column=column + 1))
    return found


def _column(cells: list[Any], *, flag: bool) -> tuple[pa.Array, NDArray[np.bool_]]:
    """(a column of cells as text, which of them are numbers). Booleans of a flag are Y and N, others TRUE and FALSE."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return pa.array(cells, pa.string()), np.zeros(len(cells), dtype=bool)
    if kinds <= {float, int}:
        values = np.array(cells, dtype=np.float64)
        if (np.abs(values) < EXACT).all() and (values == np.floor(values)).all():
            return pa.array(values.astype(np.int64)).cast(pa.string()), np.ones(len(cells), dtype=bool)
    yes_no = {True: "Y", False: "N"} if flag else {True: "TRUE", False: "FALSE"}
    texts = [yes_no[cell] if isinstance(cell, bool) else _text(cell) for cell in cells]
    numeric = np.array([isinstance(cell, float | int) and not isinstance(cell, bool) for cell in cells], dtype=bool)
    return pa.array(texts, pa.string()), numeric


def _text(cell: Any) -> str:
    """A cell as a CSV would hold it: whole numbers without a point, dates YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            return format(cell, ".16e")
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ")
    return str(cell)
