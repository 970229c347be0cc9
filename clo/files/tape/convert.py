"""Writing tapes: Parquet in the types of the format, in row groups, under a temporary name until it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clo.files.results import whole, write_text
from clo.files.tape.parquet_table import is_parquet
from clo.files.tape.reading import StrPath, read_tape, sidecar_of
from clo.files.tape.sheets import is_workbook
from clo.files.tape.sidecar import Sidecar
from clo.files.tape.sidecar_file import FORMAT, sidecar_path
from clo.files.tape.text_batches import TextBatches
from clo.findings import Finding, TapeError
from clo.schema import FORMAT as TAPE_FORMAT
from clo.tape.loans import Loans
from clo.tape.scan import scan
from clo.tape.stream import TapeStream

KEPT = ("notes", "made_up", "may_be_missing", "realised", "rules")
"""What a sidecar says that stays true once the values are in their types and units."""


def write_tape(loans: Loans | TapeStream, path: StrPath) -> None:
    """Write loans as a Parquet tape that reads back identical, in a row group for each batch, and their schedule beside it.

    Warnings about where values come from are not in the file: `convert_tape` writes them beside it. Raises OSError.
    """
    target = Path(path)
    parts: Iterable[Loans] = [loans] if isinstance(loans, Loans) else loans
    schedules: list[pd.DataFrame] = []
    with whole(target) as temporary:
        writer: pq.ParquetWriter | None = None
        try:
            for part in parts:
                table = pa.Table.from_pandas(part.frame, preserve_index=False)
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema.with_metadata({"format": TAPE_FORMAT}))
                writer.write_table(table.cast(writer.schema))
                if part.schedule is not None:
                    schedules.append(part.schedule)
        finally:
            if writer is not None:
                writer.close()
    if schedules:
        with whole(target.with_suffix(".schedule.parquet")) as temporary:
            pd.concat(schedules, ignore_index=True).to_parquet(temporary, index=False)


def convert_tape(source: StrPath, target: StrPath, map: StrPath | None = None) -> tuple[Finding, ...]:  # noqa: A002
    """Read any tape and write it as Parquet, with a sidecar for what stays true of it; returns its warnings and repairs.

    A CSV is read in blocks of lines, in memory that grows by some 50 bytes a loan; other files are read whole. A line of totals
    has to be gone from a CSV first. Raises TapeError with every finding if anything refuses the tape, and then writes nothing.
    """
    place, sidecar = Path(source), sidecar_of(Path(source), map)
    with place.open("rb") as file:
        start = file.read(8)
    name = str(source)
    loans: Loans | TapeStream
    if is_parquet(start, name) or is_workbook(start, name) or start[:2] == b"\x1f\x8b":
        loans = read_tape(source, map)
        findings, scheduled = loans.findings, loans.schedule is not None
    else:
        batches = TextBatches(place, sidecar)
        stream, findings = scan(batches)
        if stream is None:
            raise TapeError(findings)
        loans, scheduled = stream, batches.schedule is not None
    write_tape(loans, target)
    _write_sidecar(sidecar, Path(target), scheduled=scheduled)
    return findings


def _write_sidecar(sidecar: Sidecar, tape: Path, *, scheduled: bool) -> None:
    """The part of a sidecar that stays true of the converted tape; none is written where nothing does."""
    said: dict[str, Any] = sidecar.model_dump(mode="json", include=set(KEPT), exclude_defaults=True, exclude_none=True)
    if sidecar.assumed:
        said["assumed"] = {name: {"why": assumed.why} for name, assumed in sidecar.assumed.items()}
    if scheduled:
        said["schedule"] = {"file": tape.with_suffix(".schedule.parquet").name}
    if said:
        write_text(sidecar_path(tape), json.dumps({"format": FORMAT} | said, ensure_ascii=False, indent=1))
