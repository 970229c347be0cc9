"""The published tables, transcribed digit for digit: read strictly, each row with its document, printed table and source id."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from re import fullmatch
from typing import Any

import pandas as pd

from clo.findings import Finding, nearest
from clo.reference.codes import TableError, finding

PROVENANCE = ("document", "printed_table", "source_id")
"""Columns that every table ends with."""
_SOURCES = ("source_id", "title", "publisher", "as_of", "language")
_TABLES = ("name", "title", "title_ja", "source_id", "printed_table")
_COLUMNS = ("table", "column", "kind", "unit", "step", "meaning")
_DISCREPANCIES = ("table", "row", "rule", "difference", "note")
_LOOKS = {
    "month": (r"\d{4}-(0[1-9]|1[0-2])", "a month, YYYY-MM"),
    "count": (r"\d+", "a whole number"),
    "number": (r"-?\d+(\.\d+)?", "a number"),
    "flag": (r"true|false", "true or false"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. kind: text, count, number, month or flag; step: the unit in which its figures are printed, or None."""

    name: str
    kind: str
    unit: str
    step: Decimal | None
    meaning: str


class Tables:
    """The tables of a folder: sources.csv, tables.csv and columns.csv say what they are, <name>.csv holds the rows."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self.folder = files("clo.reference") / "data" if folder is None else folder
        self._sources = {row["source_id"]: row for row in self._register("sources.csv", _SOURCES)}
        self._tables = {row["name"]: row for row in self._register("tables.csv", _TABLES)}
        self._columns: dict[str, list[Column]] = {}
        for row in self._register("columns.csv", _COLUMNS):
            step = Decimal(row["step"]) if row["step"] else None
            column = Column(row["column"], row["kind"], row["unit"], step, row["meaning"])
            self._columns.setdefault(row["table"], []).append(column)
        self._read: dict[str, pd.DataFrame] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tables)

    def table(self, name: str) -> pd.DataFrame:
        """A table as printed, in printed units; what is not printed is null. Ends with document, printed_table, source_id.

        Counts are Int64, other figures float64, months text (YYYY-MM). Raises TableError with every malformed row, or where
        no table is so named.
        """
        if name not in self._read:
            self._read[name] = self._checked(name)
        return self._read[name].copy()

    def entry(self, name: str) -> dict[str, str]:
        """name, title, title_ja, source_id and printed_table; raises TableError where no table is so named."""
        self._require(name)
        return self._tables[name]

    def columns(self, name: str) -> tuple[Column, ...]:
        """What each column of a table is; raises TableError where no table is so named."""
        self._require(name)
        return tuple(self._columns.get(name, ()))

    def step(self, name: str, column: str) -> float:
        """The unit in which the figures of a column are printed; 0 where it is not said."""
        return next((float(one.step) for one in self.columns(name) if one.name == column and one.step is not None), 0.0)

    def listing(self) -> pd.DataFrame:
        """name, title, title_ja, rows, source of every table. Raises TableError with every malformed row of all."""
        wrong: list[Finding] = []
        rows = []
        for name, entry in self._tables.items():
            try:
                count = len(self.table(name))
            except TableError as error:
                wrong += error.findings
                continue
            source = self._sources[entry["source_id"]]["title"]
            rows.append((name, entry["title"], entry["title_ja"], count, f"{entry['source_id']}: {source}"))
        if wrong:
            raise TableError(wrong)
        return pd.DataFrame(rows, columns=["name", "title", "title_ja", "rows", "source"])

    def discrepancies(self) -> pd.DataFrame:
        """Where a source itself does not add up: table, row, rule, difference = printed - computed, note."""
        recorded = pd.DataFrame(self._register("discrepancies.csv", _DISCREPANCIES), columns=list(_DISCREPANCIES))
        return recorded.assign(difference=recorded["difference"].astype("float64"))

    def _require(self, name: str) -> None:
        if name in self._tables:
            return
        near = nearest(name, self._tables)
        fix = f"did you mean {near!r}?" if near else ""
        raise TableError([finding("E-N001", f"no reference table is named {name!r}", value=name, fix=fix)])

    def _checked(self, name: str) -> pd.DataFrame:
        self._require(name)
        entry, file = self._tables[name], f"{name}.csv"
        columns = self._columns.get(name, [])
        source = self._sources.get(entry["source_id"])
        if source is None or not columns or not (self.folder / file).is_file():
            lacking = "source" if source is None else "columns" if not columns else "file"
            raise TableError([finding("E-N007", f"table {name!r} has no {lacking}", file=file, value=entry["source_id"])])
        lines = self._lines(file)
        wrong = list(_malformed(lines, columns, file))
        if wrong:
            raise TableError(wrong)
        frame = pd.DataFrame([cells for _, cells in lines[1:]], columns=[column.name for column in columns], dtype="str")
        for column in columns:
            frame[column.name] = _typed(frame[column.name], column.kind)
        return frame.assign(document=source["title"], printed_table=entry["printed_table"], source_id=entry["source_id"])

    def _lines(self, file: str) -> list[tuple[int, list[str]]]:
        """(line number, cells) of every row, the header first."""
        reader = csv.reader((self.folder / file).read_text("utf-8").splitlines())
        return [(reader.line_num, cells) for cells in reader if cells]

    def _register(self, file: str, expected: Sequence[str]) -> list[dict[str, str]]:
        lines = self._lines(file)
        found = lines[0][1] if lines else []
        wrong = [] if found == list(expected) else [_header(found, expected, file)]
        wrong += [_ragged(cells, len(expected), file, line) for line, cells in lines[1:] if len(cells) != len(expected)]
        if wrong:
            raise TableError(wrong)
        return [dict(zip(expected, cells, strict=True)) for _, cells in lines[1:]]


def _malformed(lines: Sequence[tuple[int, list[str]]], columns: Sequence[Column], file: str) -> Iterator[Finding]:
    header = lines[0][1] if lines else []
    if header != [column.name for column in columns]:
        yield _header(header, [column.name for column in columns], file)
        return
    first: dict[tuple[str, ...], int] = {}
    for line, cells in lines[1:]:
        if len(cells) != len(columns):
            yield _ragged(cells, len(columns), file, line)
            continue
        if (before := first.setdefault(tuple(cells), line)) != line:
            yield finding("E-N006", f"the same row stands in line {before}", file=file, line=line, who=f"row {cells[0]}")
        for column, cell in zip(columns, cells, strict=True):
            yield from _wrong(column, cell, file, line, cells[0])


def _wrong(column: Column, cell: str, file: str, line: int, row: str) -> Iterator[Finding]:
    """What is wrong with a cell; an empty one is a figure that is not printed."""
    place: dict[str, Any] = {"file": file, "line": line, "who": f"row {row}", "field": column.name, "value": cell}
    if column.kind in _LOOKS and cell:
        pattern, words = _LOOKS[column.kind]
        if not fullmatch(pattern, cell):
            yield finding("E-N004", f"{cell!r} is not {words}", **place)
            return
        if column.step is not None and _uneven(cell, column.step):
            yield finding("E-N005", f"{cell} is not in steps of {column.step}", **place)


def _uneven(cell: str, step: Decimal) -> bool:
    try:
        return Decimal(cell) % step != 0
    except InvalidOperation:
        return True


def _header(found: Sequence[str], expected: Sequence[str], file: str) -> Finding:
    message = f"the header is {','.join(found)}, expected {','.join(expected)}"
    return finding("E-N002", message, file=file, line=1)


def _ragged(cells: Sequence[str], expected: int, file: str, line: int) -> Finding:
    return finding("E-N003", f"{len(cells)} cells in place of {expected}", file=file, line=line, who=f"row {cells[0]}")


def _typed(cells: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Text as the dtype of its kind; an empty cell is null."""
    if kind == "flag":
        return cells.map({"true": True, "false": False}).astype("boolean")
    if kind == "count":
        return pd.Series([int(cell) if cell else None for cell in cells], dtype="Int64")
    if kind == "number":
        return pd.Series([float(cell) if cell else None for cell in cells], dtype="float64")
    return cells.mask(cells == "")
