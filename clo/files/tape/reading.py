"""A loan tape from disk: CSV (also gzip), workbook or Parquet, with its sidecar. Reading writes nothing, and guesses nothing."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path

import numpy as np

from clo.files.tape.assemble import assemble
from clo.files.tape.declared import controls, declared_rules, leave_out, provenance
from clo.files.tape.headers import map_headers
from clo.files.tape.parquet_table import as_frame, as_text, is_parquet, is_typed, read_parquet
from clo.files.tape.schedule import Schedule, read_schedule
from clo.files.tape.sidecar import DateStyle, Sidecar
from clo.files.tape.sidecar_file import load_sidecar, sidecar_path
from clo.files.tape.table import Table
from clo.files.tape.texts import text_table
from clo.files.tape.totals import without_totals
from clo.findings import Finding, TapeError
from clo.schema import TAPE, kind_of
from clo.tape.accumulate import figures
from clo.tape.codes import finding
from clo.tape.dtypes import canonical
from clo.tape.loans import Loans, validated
from clo.tape.view import Declared, View

StrPath = str | PathLike[str]


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
        sidecar = sidecar_of(place, map)
        digest = hashlib.sha256(data).hexdigest()
        check_digest(digest, str(path), sidecar)
        view, found = _view(data, str(path), sidecar)
        view, types = canonical(view)
        schedule = read_schedule(sidecar, place, data, view.frame)
        return _checked(view, sidecar, digest, [*found, *types], schedule)
    except TapeError as error:
        return None, error.findings


def sidecar_of(tape: Path, given: StrPath | None) -> Sidecar:
    """The sidecar given, or the one beside the tape, or an empty one."""
    if given is not None:
        return load_sidecar(Path(given))
    beside = sidecar_path(tape)
    return load_sidecar(beside) if beside.exists() else Sidecar()


def check_digest(digest: str, file: str, sidecar: Sidecar) -> None:
    """Raises TapeError if the sidecar was written for another file."""
    if sidecar.sha256 and sidecar.sha256.lower() != digest:
        said = f"SHA-256 of the file is {digest}, the sidecar says {sidecar.sha256}"
        raise TapeError([finding("E-T016", said, value=digest, **sidecar.place("sha256", tape=file))])


def known_headers(sidecar: Sidecar) -> set[str]:
    """Headers a tape may have: names of columns, their Japanese labels, and what the sidecar maps."""
    return {*TAPE, *sidecar.columns.values(), *(column.label_ja for column in TAPE.values())}


def _view(data: bytes, file: str, sidecar: Sidecar) -> tuple[View, list[Finding]]:
    """The columns of a tape, and what reading them showed. Raises TapeError if the file cannot be read as a tape."""
    if is_parquet(data, file):
        arrow = read_parquet(data, file)
        if is_typed(arrow.schema, sidecar):
            rows = np.arange(1, 1 + arrow.num_rows, dtype=np.int64)
            return View(as_frame(arrow), rows, file, Declared(frozenset(sidecar.realised), dict(sidecar.may_be_missing))), []
        table = as_text(arrow, file)
    else:
        others = [sidecar.schedule.sheet] if sidecar.schedule and sidecar.schedule.sheet and not sidecar.schedule.file else []
        table = text_table(data, file, sidecar, known_headers(sidecar), others)
    mapping = map_headers(table.names, file, table.header_row, sidecar)
    if table.from_1904:
        sidecar = _from_1904(table, mapping.places, sidecar)
    table, totals = without_totals(table, mapping.places)
    view, cells = assemble(table, mapping, sidecar)
    return view, [*table.findings, *mapping.findings, *totals, *cells]


def _from_1904(table: Table, places: dict[str, int], sidecar: Sidecar) -> Sidecar:
    """The sidecar with days counted from 1904 where it declares nothing about dates; says so if any day stands as a number."""
    if "default" in sidecar.date_styles:
        return sidecar
    days = [name for name, at in places.items() if kind_of(name) == "date" and at in table.numbers]
    if days:
        said = f"the workbook counts days from 1904, and so are the numbers in {', '.join(days)}"
        table.findings.append(finding("F-T120", said, file=table.file, field=days[0]))
    return sidecar.model_copy(update={"date_styles": {**sidecar.date_styles, "default": DateStyle(style="excel1904")}})


def _checked(
    view: View, sidecar: Sidecar, digest: str, earlier: list[Finding], schedule: Schedule
) -> tuple[Loans | None, tuple[Finding, ...]]:
    found = [*earlier, *controls(figures(view), sidecar, view.source), *declared_rules(view, sidecar)]
    view, left = leave_out(view, sidecar)
    found += [
        *left,
        *provenance({*view.frame.columns, *view.declared.absent}, len(view.frame), sidecar, view.source),
        *schedule.findings,
    ]
    return validated(
        view,
        sha256=digest,
        sidecar_sha256=sidecar.own_sha256,
        earlier=found,
        schedule=schedule.of(view.frame),
        schedule_sha256=schedule.sha256,
    )
