"""A loan tape from disk: CSV (also gzip) or Parquet, with its sidecar. Reading writes nothing and guesses nothing silently."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clo.files.assemble import assemble, controls, declared_rules, leave_out, provenance
from clo.files.csv_table import Table, read_delimited
from clo.files.headers import map_headers
from clo.files.sidecar import Sidecar, load_sidecar, sidecar_path
from clo.files.totals import without_totals
from clo.findings import Finding, TapeError
from clo.schema import kind_of
from clo.tape.codes import finding
from clo.tape.dtypes import canonical
from clo.tape.loans import Loans, validated
from clo.tape.view import Declared, View

StrPath = str | PathLike[str]
LARGEST_UNPACKED = 4 * 2**30
"""Bytes a compressed tape may unpack to."""


def read_tape(path: StrPath, map: StrPath | None = None) -> Loans:  # noqa: A002  (the name is the public one)
    """Loans of the tape at `path`, read as its sidecar (`map`, or `<path>.map.yaml` where there is one) says.

    Raises TapeError with every finding if anything refuses the tape; OSError if a file cannot be read.
    """
    loans, findings = check_tape(path, map)
    if loans is None:
        raise TapeError(findings)
    return loans


def check_tape(path: StrPath, map: StrPath | None = None) -> tuple[Loans | None, tuple[Finding, ...]]:  # noqa: A002
    """(the loans, or None where an error refuses the tape; all findings). Raises nothing but OSError, for an unreadable file."""
    place = Path(path)
    data = place.read_bytes()
    try:
        sidecar = _sidecar(place, map)
        return _read(data, str(path), sidecar)
    except TapeError as error:
        return None, error.findings


def _sidecar(tape: Path, given: StrPath | None) -> Sidecar:
    if given is not None:
        return load_sidecar(Path(given))
    beside = sidecar_path(tape)
    return load_sidecar(beside) if beside.exists() else Sidecar()


def _read(data: bytes, file: str, sidecar: Sidecar) -> tuple[Loans | None, tuple[Finding, ...]]:
    digest = hashlib.sha256(data).hexdigest()
    if sidecar.sha256 and sidecar.sha256.lower() != digest:
        said = f"SHA-256 of the file is {digest}, the sidecar says {sidecar.sha256}"
        raise TapeError([finding("E-T016", said, value=digest, **sidecar.place("sha256", tape=file))])
    if data[:4] == b"PAR1" or file.lower().endswith(".parquet"):
        ready = _canonical_parquet(data, file, sidecar, digest)
        if ready is not None:
            return ready
        table = _parquet_as_text(data, file)
    else:
        table = read_delimited(_unpacked(data, file), file, sidecar)
    mapping = map_headers(table.names, file, table.header_row, sidecar)
    table, totals = without_totals(table, mapping.places)
    view, cells = assemble(table, mapping, sidecar)
    earlier = [*table.findings, *mapping.findings, *totals, *cells]
    return _checked(view, sidecar, digest, earlier)


def _checked(view: View, sidecar: Sidecar, digest: str, earlier: list[Finding]) -> tuple[Loans | None, tuple[Finding, ...]]:
    view, types = canonical(view)
    found = [*earlier, *types, *controls(view, sidecar), *declared_rules(view, sidecar)]
    view, left = leave_out(view, sidecar)
    found += [*left, *provenance(view, sidecar)]
    return validated(view, sha256=digest, sidecar_sha256=sidecar.own_sha256, earlier=found)


def _unpacked(data: bytes, file: str) -> bytes:
    if data[:2] != b"\x1f\x8b":
        if file.lower().endswith(".gz"):
            raise TapeError([_damaged("gzip", "named .gz, and does not begin as one", file)])
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            plain = stream.read(LARGEST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TapeError([_damaged("gzip", str(error), file)]) from None
    if len(plain) > LARGEST_UNPACKED:
        said, rule = f"unpacks to more than {LARGEST_UNPACKED:,} bytes", f"a tape unpacks to at most {LARGEST_UNPACKED:,} bytes"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="split the file")])
    return plain


def _parquet(data: bytes, file: str) -> pa.Table:
    try:
        return pq.ParquetFile(io.BytesIO(data)).read()
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise TapeError([_damaged("Parquet", first, file)]) from None


def _damaged(kind: str, why: str, file: str) -> Finding:
    rule, advice = f"the file is a readable {kind} file", "export it again, copy it again, or name it by what it is"
    return finding("E-T009", f"damaged {kind} file: {why}", file=file, rule=rule, fix=advice)


def _canonical_parquet(data: bytes, file: str, sidecar: Sidecar, digest: str) -> tuple[Loans | None, tuple[Finding, ...]] | None:
    """A Parquet tape whose columns already have their types, with nothing declared that changes a value; None for any other."""
    changes = {"columns", "kinds", "constants", "derive", "units", "sentinels", "may_be_missing"}
    if changes & sidecar.model_fields_set or any(assumed.value is not None for assumed in sidecar.assumed.values()):
        return None
    table = _parquet(data, file)
    frame = table.to_pandas(types_mapper=lambda kind: pd.StringDtype(na_value=np.nan) if kind == pa.string() else None)
    rows = np.arange(1, 1 + len(frame), dtype=np.int64)
    for name, kind in zip(table.schema.names, table.schema.types, strict=True):
        if _is_text(kind) and not _text_is_right(name):
            return None
    view = View(frame, rows, file, Declared(realised=frozenset(sidecar.realised)))
    return _checked(view, sidecar, digest, [])


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text_is_right(name: str) -> bool:
    """Whether text in a column of this name needs no parsing: words, but no numbers or dates."""
    return kind_of(name) in ("text", "category", "flag")


def _parquet_as_text(data: bytes, file: str) -> Table:
    """A Parquet tape as text, for the same reading as a CSV: numbers and dates in the form that reads back exactly."""
    table = _parquet(data, file)
    columns, odd = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_as_text(column.combine_chunks()))
        except pa.ArrowException:
            said = f"column {name} holds {column.type}, which is no text, number or date"
            rule, advice = "a column holds text, numbers or dates", "export the column as text, or without it"
            odd.append(finding("E-T009", said, field=name, file=file, rule=rule, fix=advice))
    if odd:
        raise TapeError(odd)
    rows = np.arange(1, 1 + table.num_rows, dtype=np.int64)
    if not table.num_rows:
        raise TapeError([finding("E-T009", "the tape has no loans", file=file)])
    return Table(file, list(table.column_names), columns, rows)


def _as_text(column: pa.Array) -> pa.Array:
    """A column of any kind as text, blank where missing. Raises ArrowException for lists, records and bytes that are no text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32(), safe=False)
    return column.cast(pa.string()).fill_null("")
