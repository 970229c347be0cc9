"""The published tables, transcribed digit for digit: read strictly, each row with its document, printed table and source id."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import pandas as pd

from clo.findings import Finding, nearest
from clo.reference.cells import Column, decimal, typed, wrong
from clo.reference.codes import TableError, finding

PROVENANCE = ("document", "printed_table", "source_id")
"""Columns that every table ends with."""
_SOURCES = ("source_id", "title", "publisher", "as_of", "language")
_TABLES = ("name", "title", "title_ja", "source_id", "printed_table")
_COLUMNS = ("table", "column", "kind", "unit", "step", "optional", "meaning")
_DISCREPANCIES = ("table", "row", "rule", "difference", "note")
_IDENTITY = 3
"""Cells of discrepancies.csv that name an identity."""
_KEY = 2
"""Cells that name a row."""


class Tables:
    """The tables of a folder: sources.csv, tables.csv and columns.csv say what they are, <name>.csv holds the rows."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self.folder = files("clo.reference") / "data" if folder is None else folder
        self._sources = {row["source_id"]: row for row in self._register("sources.csv", _SOURCES)}
        self._tables = {row["name"]: row for row in self._register("tables.csv", _TABLES)}
        self._columns = self._described()
        self._read: dict[str, pd.DataFrame] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tables)

    def table(self, name: str) -> pd.DataFrame:
        """A table as printed, in printed units; what is not printed is null. Ends with document, printed_table, source_id.

        Counts are Int64, other figures float64, dates text (YYYY-MM, YYYY-MM-DD). Raises TableError with every malformed row, or
        where no table is so named.
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
        troubles: list[Finding] = []
        rows = []
        for name, entry in self._tables.items():
            try:
                count = len(self.table(name))
            except TableError as error:
                troubles += error.findings
                continue
            source = self._sources[entry["source_id"]]["title"]
            rows.append((name, entry["title"], entry["title_ja"], count, f"{entry['source_id']}: {source}"))
        if troubles:
            raise TableError(troubles)
        return pd.DataFrame(rows, columns=["name", "title", "title_ja", "rows", "source"])

    def discrepancies(self) -> pd.DataFrame:
        """Where a source itself does not add up: table, row, rule, difference = printed - computed, note."""
        file, troubles = "discrepancies.csv", []
        rows = self._register(file, _DISCREPANCIES)
        first: dict[tuple[str, ...], int] = {}
        for place, row in enumerate(rows):
            who = f"row {row['table']} {row['row']}"
            if (before := first.setdefault(tuple(row.values())[:_IDENTITY], place)) != place:
                message = f"the same identity stands in entry {before + 1} of the file"
                troubles.append(finding("E-N006", message, file=file, who=who, field="rule", value=row["rule"]))
            try:
                decimal(row["difference"])
            except ValueError as error:
                value = row["difference"]
                troubles.append(finding("E-N004", str(error), file=file, who=who, field="difference", value=value))
        if troubles:
            raise TableError(troubles)
        recorded = pd.DataFrame(rows, columns=list(_DISCREPANCIES))
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
        if troubles := list(_malformed(lines, columns, file)):
            raise TableError(troubles)
        frame = pd.DataFrame([cells for _, cells in lines[1:]], columns=[column.name for column in columns], dtype="str")
        for column in columns:
            frame[column.name] = typed(frame[column.name], column.kind)
        frame.attrs["table"] = name
        return frame.assign(document=source["title"], printed_table=entry["printed_table"], source_id=entry["source_id"])

    def _described(self) -> dict[str, list[Column]]:
        """What columns.csv says of the columns of each table."""
        columns: dict[str, list[Column]] = {}
        troubles = []
        for row in self._register("columns.csv", _COLUMNS):
            try:
                columns.setdefault(row["table"], []).append(Column.registered(row))
            except ValueError as error:
                troubles.append(finding("E-N004", str(error), file="columns.csv", who=f"row {row['table']} {row['column']}"))
        if troubles:
            raise TableError(troubles)
        return columns

    def _lines(self, file: str) -> list[tuple[int, list[str]]]:
        """(line number, cells) of every row, the header first. Raises TableError where the file is not UTF-8."""
        raw = (self.folder / file).read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise TableError([finding("E-N009", f"byte {error.start} is not UTF-8", file=file, line=line)]) from None
        reader = csv.reader(text.splitlines())
        return [(reader.line_num, cells) for cells in reader if cells]

    def _register(self, file: str, expected: Sequence[str]) -> list[dict[str, str]]:
        lines = self._lines(file)
        found = lines[0][1] if lines else []
        troubles = [] if found == list(expected) else [_header(found, expected, file)]
        troubles += [_ragged(cells, len(expected), file, line) for line, cells in lines[1:] if len(cells) != len(expected)]
        if troubles:
            raise TableError(troubles)
        return [dict(zip(expected, cells, strict=True)) for _, cells in lines[1:]]


@cache
def packaged() -> Tables:
    """The tables that come with the package."""
    return Tables()


def _malformed(lines: Sequence[tuple[int, list[str]]], columns: Sequence[Column], file: str) -> Iterator[Finding]:
    header = lines[0][1] if lines else []
    if header != [column.name for column in columns]:
        yield _header(header, [column.name for column in columns], file)
        return
    if len(lines) == 1:
        yield finding("E-N013", "the table has no rows", file=file)
    first: dict[tuple[str, ...], int] = {}
    for line, cells in lines[1:]:
        if len(cells) != len(columns):
            yield _ragged(cells, len(columns), file, line)
            continue
        if (before := first.setdefault(tuple(cells), line)) != line:
            yield finding("E-N006", f"the same row stands in line {before}", file=file, line=line, who=_who(cells))
        for column, cell in zip(columns, cells, strict=True):
            place = {"file": file, "line": line, "who": _who(cells), "field": column.name, "value": cell}
            yield from wrong(column, cell, place)


def _header(found: Sequence[str], expected: Sequence[str], file: str) -> Finding:
    message = f"the header is {','.join(found)}, expected {','.join(expected)}"
    return finding("E-N002", message, file=file, line=1)


def _ragged(cells: Sequence[str], expected: int, file: str, line: int) -> Finding:
    return finding("E-N003", f"{len(cells)} cells in place of {expected}", file=file, line=line, who=_who(cells))


def _who(cells: Sequence[str]) -> str:
    return f"row {' '.join(cells[:_KEY])}"
