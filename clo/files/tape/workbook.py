"""A spreadsheet (XLSX, and XLSB, XLS, ODS) as columns of text, as a CSV of the same content would give them.

Formulas are read as their stored values. What a spreadsheet hides or loses is said: other sheets, hidden rows and columns, merged
cells, errors, formulas without a value, days counted from 1904.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clo.files.tape.sheets import EXACT, Sheet, searched, sheet_of_tape, text_of
from clo.files.tape.sidecar import Source
from clo.files.tape.table import Table, header_at, without_repeated_headers
from clo.findings import Finding, TapeError
from clo.schema import kind_of
from clo.tape.codes import finding, row_finding


def read_workbook(data: bytes, file: str, source: Source, known: set[str], others: Sequence[str] = ()) -> Table:
    """The table on one sheet of a workbook.

    known: headers it may have. others: sheets that hold something else. Raises TapeError if no sheet can be read as the tape.
    """
    findings: list[Finding] = []
    sheet = sheet_of_tape(data, file, source, known, others, findings)
    top = [[text_of(cell) for cell in row] for row in sheet.rows[: searched(source)]]
    at = header_at(top, file, source, known, findings)
    names = _names(sheet, at, file, findings)
    findings += _hidden(sheet, at, names, file)
    table = without_repeated_headers(_table(names, sheet.rows[at + 1 :], file, at + 1, source, findings))
    if not len(table):
        said = f"sheet {sheet.name!r} has a header and no loans"
        raise TapeError([*table.findings, finding("E-T009", said, file=file, row=at + 1)])
    table.from_1904 = sheet.from_1904
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


def _names(sheet: Sheet, at: int, file: str, findings: list[Finding]) -> list[str]:
    """The headers in a row; one that is merged with cells above it takes their text. One over several columns is refused."""
    names = [text_of(cell).strip().strip("\ufeff") for cell in sheet.rows[at]]
    below = 0
    for (top, left), (bottom, right) in sheet.merged:
        if top <= at <= bottom and left < len(names):
            if right > left and names[left]:
                said = f"header {names[left]!r} is merged over {right - left + 1} columns"
                findings.append(finding("E-T121", said, file=file, row=at + 1, column=left + 1, value=names[left]))
            elif right == left and top < at:
                names[left] = text_of(sheet.rows[top][left]).strip()
        below += top > at
    if below:
        said = f"{below:,} merged cell{'s' if below > 1 else ''} below the header: only the first of each holds the value"
        findings.append(finding("W-T122", said, file=file))
    return names


def _hidden(sheet: Sheet, header: int, names: Sequence[str], file: str) -> list[Finding]:
    """What of a sheet is read and not seen, and formulas that were never calculated."""
    found, name, facts = [], sheet.name, sheet.facts
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
    texts = [yes_no[cell] if isinstance(cell, bool) else text_of(cell) for cell in cells]
    numeric = np.array([isinstance(cell, float | int) and not isinstance(cell, bool) for cell in cells], dtype=bool)
    return pa.array(texts, pa.string()), numeric
