"""What a workbook knows about a sheet and a reader of values does not tell: hidden rows and columns, errors, missing results.

Only XLSX says so in a form read here; of other kinds of workbook nothing is known.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

PIECE = 8 * 2**20
"""Bytes of a sheet looked at in one go."""
LARGEST_PART = 64 * 2**20
"""Bytes of a small part (the list of sheets); a larger one is none."""

_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ROW_HIDDEN = re.compile(rb"<(?:\w+:)?row\s[^>]*?hidden=[\"'](?:1|true)[\"'][^>]*>")
_ROW_NUMBER = re.compile(rb"\sr=[\"'](\d+)[\"']")
_COLUMN = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_CELL_ERROR = re.compile(rb"<(?:\w+:)?c\s([^>]*?t=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_TEXT_RESULT = re.compile(rb"t=[\"']str[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)</")
_PLACE = re.compile(rb"r=[\"']([A-Z]+)(\d+)[\"']")


@dataclass(frozen=True)
class SheetFacts:
    """hidden_rows: as numbered in the sheet, from 1. hidden_columns, and the (row, column) of cells: from 0.

    errors: (row, column, error as shown). uncalculated: formulas whose result was never stored.
    """

    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)


def counts_from_1904(data: bytes) -> bool:
    """Whether a workbook counts its days from 1904, as old Macintosh ones do."""
    match = re.search(r"<(?:\w+:)?workbookPr\s[^>]*date1904=[\"'](?:1|true)[\"']", _small(data, "xl/workbook.xml"))
    return match is not None


def sheet_facts(data: bytes, name: str) -> SheetFacts:
    """The facts of the sheet with a name; none for a workbook that is no XLSX."""
    facts = SheetFacts()
    part = _part(data, name)
    if part is None:
        return facts
    with zipfile.ZipFile(io.BytesIO(data)) as book, book.open(part) as sheet:
        for piece in _pieces(sheet):
            _look(piece, facts)
    return facts


def _look(piece: bytes, facts: SheetFacts) -> None:
    """Add what a run of whole rows shows; a plain search first, because nearly every piece shows nothing."""
    if b"hidden=" in piece:
        for row in _ROW_HIDDEN.finditer(piece):
            number = _ROW_NUMBER.search(row[0])
            if number:
                facts.hidden_rows.append(int(number[1]))
        for column in _COLUMN.finditer(piece):
            if re.search(rb"hidden=[\"'](?:1|true)[\"']", column[0]):
                first, last = (
                    int(match[1]) for side in (b"min", b"max") if (match := re.search(side + rb"=[\"'](\d+)", column[0]))
                )
                facts.hidden_columns.extend(range(first - 1, last))
    if b't="e"' in piece or b"t='e'" in piece:
        for cell in _CELL_ERROR.finditer(piece):
            shown = _VALUE.search(cell[2])
            facts.errors.append((*_place(cell[1]), html.unescape(shown[1].decode()) if shown else "#ERROR"))
    if b"<f" in piece or b":f" in piece:
        for cell in _CELL.finditer(piece):
            blank_text = _TEXT_RESULT.search(cell[1])  # a result that is text may be empty
            if _FORMULA.search(cell[2]) and not _VALUE.search(cell[2]) and not blank_text:
                facts.uncalculated.append(_place(cell[1]))


def _place(attributes: bytes) -> tuple[int, int]:
    match = _PLACE.search(attributes)
    if match is None:
        return 0, 0
    column = 0
    for letter in match[1]:
        column = column * 26 + letter - 64
    return int(match[2]) - 1, column - 1


def _pieces(sheet: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a sheet in runs that end with a row."""
    rest = b""
    while chunk := sheet.read(PIECE):
        whole = rest + chunk
        end = whole.rfind(b"<row")
        end = end if end > 0 else whole.rfind(b":row ")
        if end <= 0:
            rest = whole
            continue
        yield whole[:end]
        rest = whole[end:]
    yield rest


def _part(data: bytes, name: str) -> str | None:
    """The part of the file in which a sheet stands."""
    targets = {
        _attribute(entry, "Id"): _attribute(entry, "Target")
        for entry in _RELATION.findall(_small(data, "xl/_rels/workbook.xml.rels"))
    }
    for entry in _SHEET.findall(_small(data, "xl/workbook.xml")):
        if _attribute(entry, "name") == name:
            identifier = re.search(r"\w+:id=[\"']([^\"']*)", entry)
            target = targets.get(identifier[1] if identifier else "", "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            with zipfile.ZipFile(io.BytesIO(data)) as book:
                return part if part in book.namelist() else None
    return None


def _attribute(entry: str, name: str) -> str:
    match = re.search(rf"\s{name}=(?:\"([^\"]*)\"|'([^']*)')", entry)
    return html.unescape(match[1] or match[2] or "") if match else ""


def _small(data: bytes, part: str) -> str:
    """A small part of a workbook as text; empty where there is none."""
    if data[:2] != b"PK":
        return ""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        if part not in book.namelist() or book.getinfo(part).file_size > LARGEST_PART:
            return ""
        return book.read(part).decode("utf-8", errors="replace")
