"""A tape as columns of text, whatever file it came from: where its header stands, and lines that repeat it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clo.files.tape.sidecar import Source
from clo.findings import Finding, TapeError
from clo.tape.codes import finding, row_finding

HEADER_SEARCH = 30
"""Rows searched for a header."""
TOTAL = re.compile(r"^\s*[\[【(（]?\s*(合\s*計|小\s*計|総\s*計|累\s*計|計$|(grand |sub-?)?total\b)", re.IGNORECASE)
NOTE = re.compile(r"^\s*([※*＊#注(（]|note|source|出所|資料)", re.IGNORECASE)


@dataclass
class Table:
    """A tape as text. names: headers as they stand. columns: one array of text a header. rows: row of the file of each record.

    header_row: row of the headers; None in a Parquet file, where they stand on no row and the first record is row 1.
    numbers: which cells of a column came as numbers and not as text, by position of the column; a text file has none.
    from_1904: days that stand as numbers are counted from 1904.
    """

    file: str
    names: list[str]
    columns: list[pa.Array]
    rows: NDArray[np.int64]
    findings: list[Finding] = field(default_factory=list)
    header_row: int | None = None
    numbers: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    from_1904: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, keep: NDArray[np.bool_]) -> Table:
        """The records where `keep` is true."""
        mask = pa.array(keep)
        columns = [column.filter(mask) for column in self.columns]
        numbers = {at: cells[keep] for at, cells in self.numbers.items()}
        return replace(self, columns=columns, rows=self.rows[keep], numbers=numbers)


def known_cells(record: Sequence[str], known: set[str]) -> int:
    """How many cells of a row are names of columns."""
    return sum(cell.strip() in known for cell in record)


def header_at(rows: Sequence[Sequence[str]], file: str, source: Source, known: set[str], findings: list[Finding]) -> int:
    """Position of the header among the first rows of a file: as declared, else the row with the most `known` names, which is said
    in `findings` where it is not row 1. Raises TapeError for a declared row that is not there."""
    if source.header_row is not None:
        if source.header_row > len(rows):
            findings.append(finding("E-T009", f"header_row is {source.header_row}, the file has {len(rows)} rows", file=file))
            raise TapeError(findings)
        return source.header_row - 1
    scores = [known_cells(record, known) for record in rows]
    if max(scores) > 1:
        at = int(np.argmax(scores))
    else:
        at = next((number for number, record in enumerate(rows) if any(cell.strip() for cell in record)), 0)
    if at > 0:
        said = f"header found on row {at + 1}; row{'s 1–' if at > 1 else ' '}{at} treated as notes"
        findings.append(finding("F-T003", said, file=file, row=at + 1))
    return at


def without_repeated_headers(table: Table) -> Table:
    """The table without lines that repeat its header, as files joined end to end have them."""
    if len(table.names) < 2:
        return table
    same = pa.array(np.ones(len(table), dtype=bool))
    for name, column in zip(table.names, table.columns, strict=True):
        same = pc.and_(same, pc.equal(pc.utf8_trim_whitespace(column), name))
        if not pc.any(same).as_py():
            return table
    repeated = np.asarray(same).astype(bool)
    rows, count = table.rows[repeated], int(repeated.sum())
    said = "row repeats the header; left out" if count == 1 else f"{count:,} rows repeat the header; left out"
    nobody, words = np.full(count, None, dtype=object), np.full(count, table.names[0], dtype=object)
    table.findings.append(row_finding("F-T004", said, field="", file=table.file, rows=rows, who=nobody, values=words))
    return table.take(~repeated)
