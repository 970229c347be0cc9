"""A CSV tape of any length, a block of lines at a time, read as `read_tape` reads it: what `convert_tape` goes through."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from clo.files.tape.assemble import assemble
from clo.files.tape.csv_table import read_delimited
from clo.files.tape.declared import controls, declared_rules, leave_out, provenance
from clo.files.tape.headers import map_headers
from clo.files.tape.reading import check_digest, known_headers
from clo.files.tape.schedule import read_schedule
from clo.files.tape.sidecar import Sidecar
from clo.files.tape.table import Table
from clo.findings import Finding, TapeError
from clo.tape.codes import finding
from clo.tape.dtypes import canonical
from clo.tape.stream import Reading
from clo.tape.view import View

_QUOTED = re.compile(rb'"[^"]*"')
BLOCK = 32 * 2**20
"""Bytes of lines read together."""
HEAD = 2**20
"""Bytes in which the header stands."""


class TextBatches:
    """A CSV tape as `clo.tape.stream.Batches`; every block gives all columns. Raises TapeError where the header is none.

    A file without quotes is cut at line ends; in one with quotes, only where the quotes before are closed.
    """

    def __init__(self, path: Path, sidecar: Sidecar) -> None:
        self._path, self.source, self.sidecar_sha256 = path, str(path), sidecar.own_sha256
        with path.open("rb") as file:
            self._head = file.read(HEAD)
        self._sidecar = self._encoded(sidecar)
        first = read_delimited(self._whole_lines(self._head), self.source, self._sidecar, known_headers(sidecar))
        self._header_row, self._names, self._said = first.header_row or 1, first.names, _unless_rows(first.findings)
        self._sidecar = self._sidecar.model_copy(update={"header_row": self._header_row})
        check_digest(self.sha256, self.source, sidecar)
        self.columns: tuple[str, ...] = tuple(self.read(self._view(first)).loans.frame.columns)
        self.always: frozenset[str] = frozenset()
        read = read_schedule(sidecar, path, b"", pd.DataFrame())
        self.schedule, self.schedule_sha256, self._schedule_findings = read.supplied, read.sha256, read.findings

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return self._measured[0]

    @property
    def rows(self) -> int:
        """Lines of the file: at least as many as it has loans."""
        return self._measured[1]

    @cached_property
    def _measured(self) -> tuple[str, int]:
        digest, lines = hashlib.sha256(), 1
        with self._path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                lines += block.count(b"\n")
        return digest.hexdigest(), lines

    def raw(self, columns: Sequence[str] | None = None) -> Iterator[View]:
        """The lines below the header, as text, named by their place in it; text is read with all its columns."""
        lines = self._head.splitlines(keepends=True)[: self._header_row]
        top, above = b"".join(lines), self._header_row
        with self._path.open("rb") as file:
            file.seek(len(top))
            rest = b""
            while block := file.read(BLOCK):
                block = rest + block
                whole = self._whole_lines(block)
                rest = block[len(whole) :]
                if whole:
                    yield self._block(top, whole, above)
                    above += whole.count(b"\n") - sum(cell.count(b"\n") for cell in _QUOTED.findall(whole))
            if rest.strip():
                yield self._block(top, rest, above)

    def _block(self, top: bytes, lines: bytes, above: int) -> View:
        """One block, with the header on top; above: lines of the file before it."""
        table = read_delimited(top + lines, self.source, self._sidecar, known_headers(self._sidecar))
        table.rows += above - self._header_row
        return self._view(table)

    def _view(self, table: Table) -> View:
        columns = {f"{at}": column.to_pandas() for at, column in enumerate(table.columns)}
        return View(pd.DataFrame(columns, copy=False), table.rows, self.source)

    def read(self, raw: View) -> Reading:
        """Lines as loans: as `read_tape` reads a whole file, but that a line of totals is no loan and refused."""
        columns = [pa.array(raw.frame[name], pa.string()).fill_null("") for name in raw.frame.columns]
        table = Table(self.source, self._names, columns, raw.rows, header_row=self._header_row)
        mapping = map_headers(table.names, self.source, self._header_row, self._sidecar)
        view, cells = assemble(table, mapping, self._sidecar)
        everything, types = canonical(view)
        broken = declared_rules(everything, self._sidecar)
        loans, left = leave_out(everything, self._sidecar)
        return Reading(everything, loans, [*mapping.findings, *cells, *types, *broken, *left])

    def whole(self, figures: Mapping[str, tuple[int, float]], loans: int) -> list[Finding]:
        """What was found out about the file, control totals, where values come from, and what is wrong with the schedule."""
        said = provenance(self.columns, loans, self._sidecar, self.source)
        return [*self._said, *controls(figures, self._sidecar, self.source), *said, *self._schedule_findings]

    def _encoded(self, sidecar: Sidecar) -> Sidecar:
        """The sidecar with the encoding of the file, which no block can tell by itself."""
        codec = sidecar.encoding or ("cp932" if not _is_utf8(self._path) else "utf-8")
        if codec.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
            said = f"a file in {codec} is not cut into blocks"
            raise TapeError([finding("E-T140", said, file=self.source, fix="save it as UTF-8")])
        return sidecar.model_copy(update={"encoding": codec})

    def _whole_lines(self, block: bytes) -> bytes:
        """The block up to its last line end outside quotes."""
        end = block.rfind(b"\n") + 1
        if b'"' not in block:
            return block[:end]
        while end and block.count(b'"', 0, end) % 2:
            end = block.rfind(b"\n", 0, end - 1) + 1
        return block[:end]


def _is_utf8(path: Path) -> bool:
    try:
        with io.TextIOWrapper(path.open("rb"), encoding="utf-8") as file:
            while file.read(BLOCK):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _unless_rows(findings: list[Finding]) -> list[Finding]:
    """Findings about the file itself; those about lines come again with their block."""
    return [each for each in findings if each.occurrences is None]
