"""Opening a workbook: the one sheet that is the tape, with its cells and what is known of them; a damaged file is a finding."""

from __future__ import annotations

import datetime
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from clo.files.tape.sheet_xml import SheetFacts, counts_from_1904, sheet_facts
from clo.files.tape.sidecar import Source
from clo.files.tape.table import HEADER_SEARCH, known_cells
from clo.findings import Finding, TapeError, nearest
from clo.tape.codes import finding

ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ZIPPED = b"PK\x03\x04"
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""The first bytes of an XLS file, and of a workbook that is locked by a password."""
LARGEST_UNPACKED = 4 * 2**30
"""Bytes the parts of a workbook may unpack to."""
EXACT = 1e15
"""From here on a spreadsheet has rounded a number: it keeps 15 digits."""
DAMAGED = (
    CalamineError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, UnicodeDecodeError,
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A sheet. rows: its cells from A1 on, "" where empty, all of one length. merged: (top, left), (bottom, right), from 0.

    facts: what the file says of it besides. from_1904: days that stand as numbers are counted from 1904.
    """

    name: str
    rows: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]
    facts: SheetFacts
    from_1904: bool


def is_workbook(data: bytes, file: str) -> bool:
    """Whether the bytes of a file, or else its name, are those of a spreadsheet."""
    return data[:4] == ZIPPED or data[:8] == COMPOUND or file.lower().endswith(ENDINGS)


def sheet_of_tape(
    data: bytes, file: str, source: Source, known: set[str], others: Sequence[str], findings: list[Finding]
) -> Sheet:
    """The sheet that holds the tape: the one declared, or the only one with the headers of a tape; says so in `findings`.

    known: headers it may have. others: sheets that hold something else. Raises TapeError where no sheet is the tape, two may be,
    or the file is no readable workbook.
    """
    with _readable(file):
        book = _opened(data, file)
        name = _declared(book, file, source)
        read = {each: book.get_sheet_by_name(each) for each in ([name] if name else _worksheets(book)) if each not in others}
        cells = {each: list(sheet.to_python(skip_empty_area=False)) for each, sheet in read.items()}
        name = name or _chosen(cells, file, source, known, findings)
        if _worksheets(book)[name].visible != SheetVisibleEnum.Visible:
            findings.append(finding("W-T121", f"sheet {name!r} is hidden – read all the same", file=file, value=name))
        rows, merged = cells[name], list(read[name].merged_cell_ranges or [])
        facts = sheet_facts(data, name)
        for row, column, word in facts.errors:  # blank to the reader of values
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = word
        return Sheet(name, rows, merged, facts, counts_from_1904(data))


def searched(source: Source) -> int:
    """How many rows of a sheet are searched for its header."""
    return max(HEADER_SEARCH, source.header_row or 0)


def text_of(cell: Any) -> str:
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


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """What goes wrong in reading a workbook as a finding."""
    rule = "the file is a readable workbook"
    try:
        yield
    except PasswordError:
        raise TapeError([_locked(file)]) from None
    except DAMAGED as error:
        advice = "save it again in the spreadsheet program, or export it as CSV"
        raise TapeError([finding("E-T009", f"damaged workbook: {error}", file=file, rule=rule, fix=advice)]) from None


def _locked(file: str) -> Finding:
    rule, advice = "the file is a readable workbook", "save it without one"
    return finding("E-T009", "the workbook is locked by a password", file=file, rule=rule, fix=advice)


def _opened(data: bytes, file: str) -> CalamineWorkbook:
    if data[:4] != ZIPPED and data[:8] != COMPOUND:
        said, rule = "named as a workbook, and does not begin as one", "the file is a readable workbook"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="name it by what it is, or save it again")])
    if data[:8] == COMPOUND and "EncryptedPackage".encode("utf-16-le") in data:
        raise TapeError([_locked(file)])
    if data[:4] == ZIPPED:
        size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist())
        if size > LARGEST_UNPACKED:
            said, rule = f"unpacks to {size:,} bytes", f"a workbook unpacks to at most {LARGEST_UNPACKED:,} bytes"
            raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="export it as CSV or Parquet")])
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def _worksheets(book: CalamineWorkbook) -> dict[str, SheetMetadata]:
    """Sheets of cells by name; charts and macros are none."""
    return {sheet.name: sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet}


def _declared(book: CalamineWorkbook, file: str, source: Source) -> str | None:
    """The sheet that is declared, if it is there; None where none is. Raises TapeError with the nearest name."""
    sheets = _worksheets(book)
    if source.sheet is None or source.sheet in sheets:
        return source.sheet
    close = nearest(source.sheet, list(sheets))
    said = f"no sheet {source.sheet!r}" + (f"; did you mean {close!r}?" if close else "")
    rule = f"the workbook has the sheets {', '.join(sheets)}"
    raise TapeError([finding("E-T120", said, file=file, value=source.sheet, rule=rule)])


def _chosen(cells: dict[str, list[list[Any]]], file: str, source: Source, known: set[str], findings: list[Finding]) -> str:
    """The one sheet whose headers are those of a tape: at least twice as many as on any other."""
    filled = {name: rows for name, rows in cells.items() if any(cell != "" for row in rows for cell in row)}
    if not filled:
        raise TapeError([finding("E-T009", "the workbook is empty", file=file)])
    score = {
        name: max(known_cells([text_of(cell) for cell in row], known) for row in rows[: searched(source)])
        for name, rows in filled.items()
    }
    best = max(score, key=lambda name: score[name])
    rivals = [name for name in filled if name != best and 2 * score[name] >= score[best]]
    if rivals:
        said = f"sheets {', '.join(repr(name) for name in [best, *rivals])} may each be the tape"
        raise TapeError([finding("E-T120", said, file=file, value=best)])
    left = [name for name in filled if name != best]
    if left:
        said = f"sheet {best!r} has the headers of a tape and is read; not read: {', '.join(repr(name) for name in left)}"
        findings.append(finding("W-T120", said, file=file, value=best))
    return best
