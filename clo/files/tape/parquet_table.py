"""A Parquet tape: its columns as they are, where they already have their types, or as text for the same reading as a CSV."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clo.files.tape.sidecar import Sidecar
from clo.files.tape.table import Table
from clo.findings import Finding, TapeError
from clo.schema import kind_of
from clo.tape.codes import finding

CHANGES = frozenset({"columns", "kinds", "constants", "derive", "units", "sentinels"})
"""What a sidecar declares to change a value or a name."""


def is_parquet(data: bytes, file: str) -> bool:
    return data[:4] == b"PAR1" or file.lower().endswith(".parquet")


def opened(source: bytes | str, file: str) -> pq.ParquetFile:
    """A Parquet file from its bytes or its path. Raises TapeError where it is none."""
    try:
        return pq.ParquetFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except (pa.ArrowException, OSError) as error:
        raise TapeError([damaged(error, file)]) from None


def read_parquet(data: bytes, file: str) -> pa.Table:
    """All columns of a Parquet file. Raises TapeError where it is damaged."""
    try:
        return opened(data, file).read()
    except (pa.ArrowException, OSError) as error:
        raise TapeError([damaged(error, file)]) from None


def damaged(error: Exception, file: str) -> Finding:
    rule, advice = "the file is a readable Parquet file", "export it again, copy it again, or name it by what it is"
    return finding("E-T009", f"damaged Parquet file: {str(error).splitlines()[0]}", file=file, rule=rule, fix=advice)


def is_typed(schema: pa.Schema, sidecar: Sidecar) -> bool:
    """Whether the columns already have their types, with nothing declared that changes a value."""
    if CHANGES & sidecar.model_fields_set or any(assumed.value is not None for assumed in sidecar.assumed.values()):
        return False
    if not set(sidecar.may_be_missing) <= set(schema.names):
        return False
    return not any(
        _is_text(kind) and kind_of(name) not in ("text", "category", "flag")
        for name, kind in zip(schema.names, schema.types, strict=True)
    )


def as_frame(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Arrow columns as pandas columns, text as `str`."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=lambda kind: pd.StringDtype(na_value=np.nan) if _is_text(kind) else None)
    return frame


def as_text(table: pa.Table, file: str) -> Table:
    """The columns as text: numbers and dates in the form that reads back exactly."""
    columns, odd = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_text(column.combine_chunks()))
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


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text(column: pa.Array) -> pa.Array:
    """A column of any kind as text, blank where missing. Raises ArrowException for lists, records and bytes that are no text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32(), safe=False)
    return column.cast(pa.string()).fill_null("")
