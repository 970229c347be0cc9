"""The bytes of a file that holds text cells, CSV (also gzip) or a workbook, as one table."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence

from clo.files.tape.csv_table import read_delimited
from clo.files.tape.sheets import is_workbook
from clo.files.tape.sidecar import Source
from clo.files.tape.table import Table
from clo.files.tape.workbook import read_workbook
from clo.findings import TapeError
from clo.tape.codes import finding

LARGEST_UNPACKED = 4 * 2**30
"""Bytes a compressed tape may unpack to."""


def text_table(data: bytes, file: str, source: Source, known: set[str], others: Sequence[str] = ()) -> Table:
    """The table in the bytes of a file. known: headers it may have; others: sheets that hold something else.

    Raises TapeError if it cannot be read as one.
    """
    if is_workbook(data, file):
        return read_workbook(data, file, source, known, others)
    if source.sheet is not None:
        said = f"sheet {source.sheet!r} is declared, and the file is no workbook"
        raise TapeError([finding("E-S006", said, file=file, field="sheet", value=source.sheet)])
    return read_delimited(unpacked(data, file), file, source, known)


def unpacked(data: bytes, file: str) -> bytes:
    """The bytes of a file, unpacked where it is a gzip. Raises TapeError for a damaged one."""
    rule, advice = "the file is a readable gzip file", "export it again, copy it again, or name it by what it is"
    if data[:2] != b"\x1f\x8b":
        if file.lower().endswith(".gz"):
            said = "damaged gzip file: named .gz, and does not begin as one"
            raise TapeError([finding("E-T009", said, file=file, rule=rule, fix=advice)])
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            plain = stream.read(LARGEST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TapeError([finding("E-T009", f"damaged gzip file: {error}", file=file, rule=rule, fix=advice)]) from None
    if len(plain) > LARGEST_UNPACKED:
        said, rule = f"unpacks to more than {LARGEST_UNPACKED:,} bytes", f"a tape unpacks to at most {LARGEST_UNPACKED:,} bytes"
        raise TapeError([finding("E-T009", said, file=file, rule=rule, fix="split the file")])
    return plain
