"""From columns of text and what the sidecar declares to a view the rules can check: units, constants, derived columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clo.files.tape.cells import Parsed, parse_column, sentinels_for, usual_sentinels
from clo.files.tape.headers import Mapping
from clo.files.tape.pasting import block, quoted
from clo.files.tape.sidecar import FACTORS, Derive, Sidecar, scalar
from clo.files.tape.table import Table
from clo.findings import Finding
from clo.labels import counted
from clo.schema import NUMERIC, REASON_SUFFIX, TAPE, Kind, required
from clo.tape.codes import finding, row_finding
from clo.tape.dtypes import IDS, meant, unknown_words
from clo.tape.view import Declared, View

Mask = NDArray[np.bool_]
LONGEST_TERM = 1200
"""Months; more are no term but another number."""


class Assembly:
    """One tape being put together. `columns` grows; `findings` are made in the order of the columns."""

    def __init__(self, table: Table, mapping: Mapping, sidecar: Sidecar) -> None:
        self.table, self.mapping, self.sidecar = table, mapping, sidecar
        self.columns: dict[str, Any] = {}
        self.excused: dict[str, Mask] = {}
        self.findings: list[Finding] = []
        self.words: dict[str, dict[str, str]] = {}
        self._ids: NDArray[np.object_] | None = None

    @property
    def ids(self) -> NDArray[np.object_]:
        """Loan ids as they stand in the file, for messages."""
        if self._ids is None:
            at = self.mapping.places.get("loan_id")
            if at is None:
                self._ids = np.full(len(self.table), None, dtype=object)
            else:
                self._ids = np.array([word.strip() or "blank" for word in self.table.columns[at].to_pylist()], dtype=object)
        return self._ids

    def report(self, code: str, name: str, cells: Mask, said: str, raw: pa.Array, **words: str) -> None:
        at = np.flatnonzero(cells)
        values = raw.take(pa.array(at)).to_pylist()
        self.findings.append(
            row_finding(
                code, said, field=name, file=self.table.file, rows=self.table.rows[at], who=self.ids[at], values=values, **words
            )
        )

    def read(self, name: str, raw: pa.Array, kind: Kind) -> None:
        """Reads one source column into `columns`, with its findings."""
        levels = TAPE[name].levels if name in TAPE else ()
        declared = self.sidecar.sentinels
        own = declared.get(name, declared.get("default"))
        sentinels = own if own is not None else (usual_sentinels(name, kind, raw) if name in TAPE or kind != "text" else ())
        style = self.sidecar.date_styles.get(name, self.sidecar.date_styles.get("default"))
        parsed = parse_column(raw, kind, sentinels, style if kind == "date" else None, name in IDS)
        for note in parsed.notes:
            self.report(note.code, name, note.cells, note.said, raw, fix=note.fix.format(name=name))
        self.excused[name] = parsed.bad.copy()
        self._stand_ins(name, parsed, raw)
        values: Any = parsed.values
        if kind in ("money", "rate", "ratio"):
            values = values * self._factor(name, kind, parsed)
        if levels:
            values = self._levels(name, values, raw)
        self.columns[name] = pd.Series(values, dtype="str") if kind == "text" else values

    def _stand_ins(self, name: str, parsed: Parsed, raw: pa.Array) -> None:
        cells = parsed.stand_in
        if not cells.any():
            return
        words = pc.unique(raw.filter(pa.array(cells))).to_pylist()
        one = repr(words[0]) if len(words) == 1 else ""  # several are told apart in the occurrences
        count = f"{int(cells.sum()):,} cell{'s' if cells.sum() > 1 else ''}"
        if name in required() and name not in self.sidecar.may_be_missing:
            self.report(
                "E-T031",
                name,
                cells,
                f"{one + ' is not a value' if one else 'stand-ins for a value'}; {name} is required ({count})",
                raw,
            )
            self.excused[name] |= cells
            return
        self.report("W-T031", name, cells, f"{one or 'stand-ins for a value'} read as missing ({count})", raw)
        if name in TAPE:
            reasons = np.full(len(raw), None, dtype=object)
            reasons[cells] = raw.filter(pa.array(cells)).to_pylist()
            self.columns[name + REASON_SUFFIX] = pd.Series(reasons, dtype="str")

    def _factor(self, name: str, kind: Kind, parsed: Parsed) -> NDArray[np.float64] | float:
        """What each value is multiplied by; cells that carry their own unit are done already."""
        units = self.sidecar.units
        general = {"money": units.money, "rate": units.rate, "ratio": units.ratio}[kind]
        factor: Any = FACTORS[units.columns.get(name) or general or "one"]
        if kind != "ratio" and units.originators and "originator_id" in self.columns:
            factors = np.full(len(self.table), factor)
            banks = np.asarray(self.columns["originator_id"].astype(object))
            for bank, own in units.originators.items():
                unit = own.money if kind == "money" else own.rate
                if unit:
                    factors[banks == bank] = FACTORS[unit]
            factor = factors
        if parsed.marked is not None and parsed.marked.any():
            factor = np.where(parsed.marked, 1.0, factor)
        return factor  # type: ignore[no-any-return]

    def _levels(self, name: str, values: NDArray[np.object_], raw: pa.Array) -> Any:
        column = TAPE[name]
        codes, words = pd.factorize(values)
        order = pd.Index(column.levels).get_indexer(pd.Index(words, dtype=object)) if len(words) else np.array([], dtype=np.intp)
        placed = np.where(codes < 0, -1, order[codes] if len(words) else -1)
        unknown = (placed < 0) & (codes >= 0)
        if unknown.any():
            said = unknown_words(column, pd.unique(values[unknown]))
            self.report("E-T032", name, unknown, f"{said} ({counted(int(unknown.sum()))})", raw)
            self.excused[name] |= unknown
            if name in self.mapping.places:
                self.words[name] = {str(word): meant(column, str(word)) or "<one of the allowed words>" for word in words}
        return pd.Categorical.from_codes(placed, dtype=pd.CategoricalDtype(list(column.levels)))

    def declare(self) -> None:
        """Constants and assumptions of the sidecar as columns; `provenance` says what is assumed."""
        for name, value in self.sidecar.constants.items():
            self._constant(name, value)
        for name, assumed in self.sidecar.assumed.items():
            if assumed.value is not None:  # or else the column is read from the file, and assumed there
                self._constant(name, assumed.value)

    def _constant(self, name: str, value: Any) -> None:
        kind = TAPE[name].kind if name in TAPE else self.sidecar.kinds.get(name, "text")
        try:
            plain = scalar(value, kind)
        except ValueError as error:
            stands = self.sidecar.place("constants" if name in self.sidecar.constants else "assumed", name, tape=self.table.file)
            self.findings.append(finding("E-S003", str(error), field=name, value=str(value), **stands))
            plain = np.nan
            self.excused[name] = np.ones(len(self.table), dtype=bool)
        size = len(self.table)
        if kind in NUMERIC:
            self.columns[name] = np.full(size, plain, dtype=np.float64)
        elif kind == "text":
            self.columns[name] = pd.Series([plain], dtype="str").repeat(size).reset_index(drop=True)
        else:
            self.read(name, pa.array([str(plain)], pa.string()).take(pa.array(np.zeros(size, dtype=np.int64))), kind)

    def source(self, header: str) -> pa.Array | None:
        """A column of the source by its header."""
        if header in self.table.names:
            return self.table.columns[self.table.names.index(header)]
        return None

    def derive(self, name: str, how: Derive) -> None:
        """A column computed as the sidecar says."""
        header = how.source if how.add_months is None else how.add_months[1]
        raw = self.source(str(header))
        if raw is None:
            said = f"{name} is derived from {header!r}, which the file does not have"
            stands = self.sidecar.place("derive", name, tape=self.table.file)
            self.findings.append(finding("E-S004", said, field=name, value=str(header), **stands))
            self.mapping.absent.add(name)
        elif how.add_months is not None:
            self._add_months(name, how.add_months[0], raw)
        else:
            self._by_words(name, how, raw)

    def _by_words(self, name: str, how: Derive, raw: pa.Array) -> None:
        kind = TAPE[name].kind if name in TAPE else self.sidecar.kinds.get(name, "text")
        if how.map is None:
            self.read(name, raw, kind)
            return
        table = {word: str(scalar(value, "text")) for word, value in how.map.items()}
        encoded = pc.dictionary_encode(raw)
        encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        otherwise = "" if how.otherwise is None else str(scalar(how.otherwise, "text"))
        trimmed = [word.strip() for word in encoded.dictionary.to_pylist()]
        words = [table.get(word, otherwise if word else "") for word in trimmed]
        lost = [number for number, word in enumerate(trimmed) if word and word not in table and not otherwise]
        self.read(name, pa.array(words, pa.string()).take(encoded.indices), kind)
        if lost:
            cells = np.isin(np.asarray(encoded.indices), lost)
            unmapped = list(dict.fromkeys(trimmed[number] for number in lost))
            are = "is" if len(unmapped) == 1 else "are"
            said = f"{', '.join(repr(word) for word in unmapped[:5])} {are} not among the mapped words {', '.join(table)}"
            said += f" ({counted(int(cells.sum()))})"
            self.report("E-T032", name, cells, said, raw)
            self.excused[name] |= cells

    def _add_months(self, name: str, start: str, raw: pa.Array) -> None:
        if start not in self.columns:
            said = f"{name} starts from {start}, which is not read before it"
            stands = self.sidecar.place("derive", name, "add_months", tape=self.table.file)
            self.findings.append(finding("E-S004", said, field=name, value=start, **stands))
            self.mapping.absent.add(name)
            return
        parsed = parse_column(raw, "integer", sentinels_for("", "integer"), None, False)
        days = np.asarray(self.columns[start]).astype("datetime64[D]")
        far = np.abs(parsed.values) > LONGEST_TERM
        unread = parsed.bad | far | parsed.stand_in
        if unread.any():
            self.report("E-T020", name, unread, f"not a number of months ({counted(int(unread.sum()))})", raw)
        known = ~np.isnat(days) & ~np.isnan(parsed.values) & ~far
        months = np.where(known, parsed.values, 0).astype(np.int64)
        first = np.where(known, days, np.datetime64(0, "D"))
        base = first.astype("datetime64[M]")
        target = base + months
        offset = first - base.astype("datetime64[D]")
        last = (target + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        moved = np.minimum(target.astype("datetime64[D]") + offset, last)  # the 31st becomes the last day of a short month
        self.columns[name] = np.where(known, moved, np.datetime64("NaT", "D")).astype("datetime64[s]")
        self.excused[name] = np.isnat(days) | unread  # a missing start is a finding of its own


def assemble(table: Table, mapping: Mapping, sidecar: Sidecar) -> tuple[View, list[Finding]]:
    """The columns of a tape in the dtypes of the registry, ready for its rules, and what reading them showed."""
    work = Assembly(table, mapping, sidecar)
    if "originator_id" in mapping.places:  # first, because units may differ by originator
        work.read("originator_id", table.columns[mapping.places["originator_id"]], "text")
    elif "originator_id" in sidecar.derive:
        work.derive("originator_id", sidecar.derive["originator_id"])
    work.declare()
    for name, at in mapping.places.items():
        if name not in work.columns:
            work.read(name, table.columns[at], TAPE[name].kind if name in TAPE else sidecar.kinds.get(name, "text"))
    for name, how in sidecar.derive.items():
        if name not in work.columns:
            work.derive(name, how)
    for name, at in mapping.extras.items():
        work.read(name, table.columns[at], sidecar.kinds.get(name, "text"))
    _ids_as_numbers(work)
    _allowed_absences(work)
    _offer_words(work)
    frame = pd.DataFrame(work.columns, index=pd.RangeIndex(len(table)), copy=False)
    declared = Declared(
        realised=frozenset(sidecar.realised),
        may_be_missing=dict(sidecar.may_be_missing),
        excused={name: mask for name, mask in work.excused.items() if mask.any()},
        money_units=frozenset(name for name, own in sidecar.units.originators.items() if own.money),
        rate_units=frozenset(name for name, own in sidecar.units.originators.items() if own.rate),
        column_units=frozenset(sidecar.units.columns),
        absent=frozenset(mapping.absent),
    )
    view = View(frame, table.rows, table.file, declared)
    return view, work.findings


def _offer_words(work: Assembly) -> None:
    """One block for all columns whose words are not known, as the fix of the first of them."""
    offered: dict[str, str] = {}
    for name, words in work.words.items():
        table = ", ".join(f"{quoted(word)}: {quoted(level)}" for word, level in words.items())
        offered[name] = f"{{from: {quoted(work.table.names[work.mapping.places[name]])}, map: {{{table}}}}}"
    first = next(iter(offered), "")
    for at, each in enumerate(work.findings):
        if each.code == "E-T032" and each.field in offered:
            whole = block("derive", offered, work.sidecar, work.table.file, first=not work.mapping.absent)
            work.findings[at] = replace(each, fix=whole if each.field == first else f"as said for {first}")


def _ids_as_numbers(work: Assembly) -> None:
    """Ids that stood in a workbook as numbers: a zero in front of one is lost."""
    for name, at in work.mapping.places.items():
        if name in IDS and at in work.table.numbers:
            cells = work.table.numbers[at] & ~work.excused[name]
            if cells.any():
                said = f"{name} came as numbers: leading zeros, if it had any, are lost"
                work.report("W-T007", name, cells, said, work.table.columns[at])


def _allowed_absences(work: Assembly) -> None:
    """Required columns the source lacks and the sidecar allows: all missing."""
    for name in work.sidecar.may_be_missing:
        if name not in work.columns and name in TAPE:
            raw = pa.array([""]).take(pa.array(np.zeros(len(work.table), dtype=np.int64)))
            work.read(name, raw, TAPE[name].kind)
