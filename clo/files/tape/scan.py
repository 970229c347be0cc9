"""A Parquet tape too large for memory, read by row groups; every batch holds as many loans as is said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clo.expressions import names, parse
from clo.files.tape.declared import controls, declared_rules, leave_out, provenance
from clo.files.tape.parquet_table import as_frame, damaged, is_parquet, is_typed, opened
from clo.files.tape.reading import StrPath, check_digest, sidecar_of
from clo.files.tape.schedule import read_schedule
from clo.files.tape.sidecar import Sidecar
from clo.findings import Finding, TapeError
from clo.schema import KEYS
from clo.tape.codes import finding
from clo.tape.dtypes import canonical
from clo.tape.scan import scan
from clo.tape.stream import Reading, TapeStream
from clo.tape.view import Declared, View

BATCH = 250_000
"""Loans in a batch, unless said otherwise."""
LARGE = 2_000_000
"""Loans from which on a tape is better read in batches."""


def scan_tape(path: StrPath, map: StrPath | None = None, *, batch: int = BATCH) -> TapeStream:  # noqa: A002
    """The loans of a Parquet tape, `batch` of them at a time, in bounded memory; all of them are checked first.

    Raises TapeError with every finding if anything refuses the tape, or if its columns do not have their types already, which
    `clo.convert_tape` gives them; OSError if a file cannot be read.
    """
    stream, findings = check_scan(path, map, batch=batch)
    if stream is None:
        raise TapeError(findings)
    return stream


def check_scan(
    path: StrPath,
    map: StrPath | None = None,  # noqa: A002
    *,
    batch: int = BATCH,
) -> tuple[TapeStream | None, tuple[Finding, ...]]:
    """(the stream, or None where an error refuses the tape; all findings). Raises nothing but OSError, for an unreadable file."""
    place = Path(path)
    try:
        batches = ParquetBatches(place, sidecar_of(place, map), batch)
        stream, findings = scan(batches)
    except TapeError as error:
        return None, error.findings
    except pa.ArrowException as error:
        return None, (damaged(error, str(path)),)
    return stream, findings


def is_large(path: StrPath) -> bool:
    """Whether a file is a Parquet tape that is better read in batches."""
    with Path(path).open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    try:
        return int(opened(str(path), str(path)).metadata.num_rows) >= LARGE
    except TapeError:
        return False


class ParquetBatches:
    """A Parquet tape as `clo.tape.stream.Batches`. Raises TapeError where the file is no tape with its types."""

    def __init__(self, path: Path, sidecar: Sidecar, batch: int) -> None:
        self._path, self._sidecar, self._batch = path, sidecar, batch
        self.source, self.sidecar_sha256 = str(path), sidecar.own_sha256
        with path.open("rb") as file:
            if not is_parquet(file.read(4), self.source):
                raise TapeError([finding("E-T140", "only Parquet is read in batches", file=self.source)])
        file = self._file()
        schema, self.rows = file.schema_arrow, int(file.metadata.num_rows)
        if not is_typed(schema, sidecar):
            said = "the columns do not have their types, or the sidecar changes them"
            raise TapeError([finding("E-T140", said, file=self.source)])
        self.columns: tuple[str, ...] = tuple(schema.names)
        check_digest(self.sha256, self.source, sidecar)
        read = read_schedule(sidecar, path, b"", pd.DataFrame())
        self.schedule, self.schedule_sha256, self._schedule_findings = read.supplied, read.sha256, read.findings
        keys = KEYS if read.supplied is not None else ()
        self.always = frozenset({*({"currency"} & set(self.columns)), *keys, *self._left_out()})
        self._declared = Declared(realised=frozenset(sidecar.realised), may_be_missing=dict(sidecar.may_be_missing))

    @cached_property
    def sha256(self) -> str:
        """Digest of the file, which is not read at once for it."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def raw(self, columns: Sequence[str] | None = None) -> Iterator[View]:
        """The rows as they stand in the file, all columns or some; the first loan is row 1."""
        first, wanted = 1, None if columns is None else list(columns)
        file = self._file()
        for group in range(file.num_row_groups):  # one by one, or Arrow keeps the bytes of those that have passed
            for part in file.iter_batches(self._batch, row_groups=[group], columns=wanted):
                rows = np.arange(first, first + part.num_rows, dtype=np.int64)
                first += part.num_rows
                yield View(as_frame(part), rows, self.source, self._declared)
            pa.default_memory_pool().release_unused()

    def read(self, raw: View) -> Reading:
        """Rows as loans: their dtypes, the rules that the sidecar adds, and without what it leaves out."""
        everything, types = canonical(raw)
        complete = len(raw.frame.columns) == len(self.columns)
        broken = declared_rules(everything, self._sidecar) if complete else []
        loans, left = leave_out(everything, self._sidecar)
        return Reading(everything, loans, [*types, *broken, *left])

    def whole(self, figures: Mapping[str, tuple[int, float]], loans: int) -> list[Finding]:
        """Control totals, where values come from, and what is wrong with the schedule."""
        said = provenance(self.columns, loans, self._sidecar, self.source)
        return [*controls(dict(figures), self._sidecar, self.source), *said, *self._schedule_findings]

    def _file(self) -> pq.ParquetFile:
        return opened(self.source, self.source)

    def _left_out(self) -> set[str]:
        """Columns that decide which rows the sidecar leaves out."""
        used: set[str] = set()
        for declared in self._sidecar.leave_out:
            used |= set(declared.missing)
            used |= set(names(parse(declared.where))) if declared.where else set()
        return used
