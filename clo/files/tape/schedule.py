"""The supplied schedule of a tape: a child table in a file or sheet of its own, read as a tape is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from clo.files.tape.cells import parse_column, sentinels_for
from clo.files.tape.parquet_table import as_text, is_parquet, read_parquet
from clo.files.tape.sidecar import FACTORS, DateStyle, ScheduleSource, Sidecar
from clo.files.tape.table import Table
from clo.files.tape.texts import text_table
from clo.findings import Finding, TapeError, nearest
from clo.labels import counted
from clo.schema import KEYS
from clo.tape.codes import finding, row_finding
from clo.tape.schedule import KINDS, Supplied
from clo.tape.view import View

ENDINGS = (".schedule.csv", ".schedule.parquet", ".schedule.xlsx")
"""How a schedule beside its tape is named where the sidecar names no file."""


@dataclass(frozen=True)
class Schedule:
    """supplied: the payments, None where there is no schedule or it has not its columns. sha256: of its file."""

    supplied: Supplied | None = None
    sha256: str = ""
    findings: list[Finding] = field(default_factory=list)

    def of(self, loans: pd.DataFrame) -> pd.DataFrame | None:
        """The payments of the loans in a frame."""
        return None if self.supplied is None else self.supplied.of(loans)


def read_schedule(sidecar: Sidecar, tape: Path, tape_data: bytes, loans: pd.DataFrame) -> Schedule:
    """The schedule that a sidecar declares, with every problem of it. loans: the tape, for its keys."""
    declared = sidecar.schedule
    if declared is None:
        return Schedule()
    try:
        if declared.file is None and declared.sheet is not None:
            file, data = f"{tape} sheet {declared.sheet}", tape_data
        else:
            place = _place(declared, tape)
            file, data = str(place), place.read_bytes()
        table = _table(declared, data, file)
        payments, found = _payments(table, declared)
    except FileNotFoundError:
        said = f"no schedule at {declared.file or ' or '.join(_beside(tape, ending).name for ending in ENDINGS)}"
        return Schedule(findings=[finding("E-T135", said, **sidecar.place("schedule", tape=str(tape)))])
    except TapeError as error:
        return Schedule(findings=list(error.findings))
    found = [*table.findings, *found]
    if payments is not None:
        found += _broken(payments, table, loans)
    supplied = None if payments is None else Supplied(payments, table.rows, table.file)
    return Schedule(supplied, hashlib.sha256(data).hexdigest(), found)


def _beside(tape: Path, ending: str) -> Path:
    stem = tape.name.removesuffix(".gz")
    return tape.with_name(stem.removesuffix(Path(stem).suffix) + ending)


def _place(declared: ScheduleSource, tape: Path) -> Path:
    if declared.file is not None:
        return tape.parent / declared.file
    return next((place for ending in ENDINGS if (place := _beside(tape, ending)).exists()), _beside(tape, ENDINGS[0]))


def _table(declared: ScheduleSource, data: bytes, file: str) -> Table:
    if is_parquet(data, file):
        return as_text(read_parquet(data, file), file)
    return text_table(data, file, declared, {*KINDS, *declared.columns.values()})


def _payments(table: Table, declared: ScheduleSource) -> tuple[pd.DataFrame | None, list[Finding]]:
    """(the payments as they are written, in the order of the file; what reading them showed). None without its columns."""
    found: list[Finding] = []
    columns: dict[str, Any] = {}
    places = {name: declared.columns.get(name, name) for name in KINDS}
    for name, header in places.items():
        if header not in table.names and name != "interest" and not (name == "originator_id" and declared.originator_id):
            close = nearest(header, table.names)
            said = f"the schedule has no column {header!r}" + (f"; closest header: {close!r}" if close else "")
            found.append(finding("E-T134", said, field=name, file=table.file, row=table.header_row, value=close or ""))
    if found:
        return None, found
    who = _loan_ids(table, places["loan_id"])
    for name, kind in KINDS.items():
        if places[name] not in table.names:
            columns[name] = declared.originator_id if name == "originator_id" else np.nan
            continue
        raw = table.columns[table.names.index(places[name])]
        style = declared.date_style or (DateStyle(style="excel1904") if table.from_1904 else None)
        parsed = parse_column(raw, kind, sentinels_for(name, kind), style if kind == "date" else None, name in KEYS)
        for note in parsed.notes:
            found.append(_rows(note.code, name, note.cells, table, who, note.said, raw))
        values: Any = parsed.values
        if kind == "money":
            values = values * np.where(False if parsed.marked is None else parsed.marked, 1.0, FACTORS[declared.money])
        columns[name] = pd.Series(values, dtype="str") if kind == "text" else values
        if name != "interest":
            blank = np.asarray(pd.isna(columns[name])) & ~parsed.bad
            if blank.any():
                found.append(_rows("E-T133", name, blank, table, who, f"{name} blank in {counted(int(blank.sum()), 'row')}", raw))
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table))), found


def _broken(payments: pd.DataFrame, table: Table, loans: pd.DataFrame) -> list[Finding]:
    """Rules over the rows of a schedule: known loans, one payment a day, no negative amounts."""
    view = View(payments, table.rows, table.file)
    keys = list(KEYS)
    keyed = payments[keys].notna().all(axis=1).to_numpy()
    broken: list[tuple[str, str, NDArray[np.bool_], str]] = []
    if set(keys) <= set(loans.columns):
        known = pd.MultiIndex.from_frame(payments[keys]).isin(pd.MultiIndex.from_frame(loans[keys]))
        broken.append(("E-T130", "loan_id", keyed & ~known, "no such loan on the tape"))
    twice = payments.duplicated([*keys, "due_date"]).to_numpy() & keyed & payments["due_date"].notna().to_numpy()
    broken.append(("E-T131", "due_date", twice, "a second payment of the loan on the same day"))
    broken += [
        ("E-T132", name, payments[name].to_numpy(dtype=np.float64) < 0, f"{name} is negative")
        for name in ("principal", "interest")
    ]
    return [
        view.report(code, name, cells, f"{said} ({counted(int(cells.sum()), 'row')})")
        for code, name, cells, said in broken
        if cells.any()
    ]


def _rows(
    code: str, name: str, cells: NDArray[np.bool_], table: Table, who: NDArray[np.object_], said: str, raw: pa.Array
) -> Finding:
    at = np.flatnonzero(cells)
    values = raw.take(pa.array(at)).to_pylist()
    return row_finding(code, said, field=name, file=table.file, rows=table.rows[at], who=who[at], values=values)


def _loan_ids(table: Table, header: str) -> NDArray[np.object_]:
    """Loan ids as they stand in the file, for messages."""
    words = table.columns[table.names.index(header)].to_pylist()
    return np.array([word.strip() or "blank" for word in words], dtype=object)
