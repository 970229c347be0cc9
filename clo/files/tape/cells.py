"""Columns of text to numbers, dates, words: a fast path for clean columns, and for the rest one reading of each distinct text.

Every parser returns a Parsed: values, what had to be repaired, what could not be read, and which cells hold a stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clo.files.tape.dates import NAMED_MONTH, BadDateError, read_date
from clo.files.tape.numbers import Reading, read_number
from clo.files.tape.sidecar import DateStyle
from clo.schema import TAPE, Kind

MISSING_WORDS = (
    "-", "--", "－", "―", "ー", "─", "不明", "未定", "該当なし", "ND", "ND1", "ND2", "ND3", "ND4", "ND5",
    "N/A", "n/a", "NA", "NULL",
    "null", "None", "nan", "NaN", "NaT", "?", "？",
)  # fmt: skip
_MAY_BE_NAMES = ("NA", "ND", "NULL", "null", "None", "nan", "NaN")
TEXT_MISSING = tuple(word for word in MISSING_WORDS if word not in _MAY_BE_NAMES)
"""Words that stand for nothing in a text column: an id may well be NA, a state ND, a name Null."""
_NINES = tuple("9" * length for length in range(4, 14))
_MONEY_NINES = tuple("9" * length for length in range(6, 14))
FEWEST_NINES, MANY_NINES = 2, 0.05
"""How often an amount of nines stands in a column, in rows and as a share of them, before it is read as missing."""
_DATE_MISSING = (
    "0", "00000000", "0000-00-00", "0000/00/00", "1900-01-00", "1900/1/0", "1900/01/00", "9999-12-31", "9999/12/31", "99991231",
    "99999999", "9999-99-99", "9999/99/99",
)  # fmt: skip
ERROR_CELL = r"^\s*#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|#+)\s*$"
_LOST_DIGITS = r"^\s*\d(?:\.\d+)?[eE]\+?\d+\s*$"
_WIDE_SPACE = "[\u3000\u00a0]"
_DASHES = "[‐‑‒–—―−－]"
_TWINS = {"〜": "～", "‖": "∥"}
"""Characters for which codecs of Japanese disagree, and the one CP932 gives."""
_PLAIN = r"^-?\d+(?:\.\d+)?$"
_GROUPED = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"


@dataclass(frozen=True, slots=True)
class Note:
    """A repair or a refusal of some cells of a column, to be made a finding. fix: where it is not the catalogue's."""

    code: str
    cells: NDArray[np.bool_]
    said: str
    fix: str = ""


def _note(code: str, cells: NDArray[np.bool_], one: str, several: str, fix: str = "") -> Note:
    """A note that quotes the cell where there is one; the values of several stand in the finding's occurrences."""
    count = int(cells.sum())
    return Note(code, cells, f"{one} (1 cell)" if count == 1 else f"{several} ({count:,} cells)", fix)


@dataclass
class Parsed:
    """One column read. Arrays have one entry a record.

    values: float64, datetime64[s] or objects; missing where blank, bad or a stand-in. bad: cells that could not be read.
    stand_in: cells that hold a word for a missing value. marked: numbers that carried their own unit (%, 千円).
    notes: repairs and refusals.
    """

    values: NDArray[Any]
    bad: NDArray[np.bool_]
    stand_in: NDArray[np.bool_]
    marked: NDArray[np.bool_] | None = None
    notes: list[Note] = field(default_factory=list)


def sentinels_for(name: str, kind: Kind) -> tuple[str, ...]:
    """Texts read as missing in a column, unless the sidecar declares its own."""
    if kind == "date":
        return MISSING_WORDS + _DATE_MISSING
    if kind == "money":
        return MISSING_WORDS + _MONEY_NINES
    if kind in ("rate", "ratio", "integer", "number"):
        return MISSING_WORDS + _NINES
    levels = TAPE[name].levels if name in TAPE else ()
    return tuple(word for word in TEXT_MISSING if word not in levels)


def usual_sentinels(name: str, kind: Kind, raw: pa.Array) -> tuple[str, ...]:
    """`sentinels_for` a column as it is: a run of nines may well be an amount of money, unless the column repeats it."""
    usual = sentinels_for(name, kind)
    if kind != "money":
        return usual
    nines = raw.filter(pc.is_in(raw, value_set=pa.array(_MONEY_NINES)))
    counts = {str(entry["values"]): int(entry["counts"]) for entry in pc.value_counts(nines).to_pylist()}
    fewest = max(FEWEST_NINES, MANY_NINES * len(raw))
    return tuple(word for word in usual if word not in _MONEY_NINES or counts.get(word, 0) >= fewest)


def parse_column(raw: pa.Array, kind: Kind, sentinels: Iterable[str], style: DateStyle | None, is_id: bool) -> Parsed:
    """A column of text as its kind. Blank cells are missing; nothing raises."""
    size = len(raw)
    stand_in = _mask(pc.is_in(raw, value_set=pa.array(list(sentinels), pa.string())))
    notes: list[Note] = []
    bad = np.zeros(size, dtype=bool)
    if _mask(pc.starts_with(pc.utf8_ltrim_whitespace(raw), "#")).any():
        errors = _mask(pc.match_substring_regex(raw, ERROR_CELL)) & ~stand_in
        if errors.any():
            first = str(raw[int(np.flatnonzero(errors)[0])].as_py()).strip()
            notes.append(_note("E-T008", errors, f"cell holds {first}", "cells hold spreadsheet errors"))
            bad |= errors
    hidden = pa.array(bad | stand_in)
    text = pc.if_else(hidden, pa.scalar(None, pa.string()), raw) if (bad | stand_in).any() else raw
    if kind in ("text", "category", "flag"):
        parsed = _text(text, is_id)
    elif kind == "date":
        parsed = _dates(text, style)
    else:
        parsed = _numbers(text, kind)
    return Parsed(parsed.values, parsed.bad | bad, stand_in, parsed.marked, [*notes, *parsed.notes])


def _mask(array: Any) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(array, False)).astype(bool)


def _blank_to_null(text: pa.Array) -> pa.Array:
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), text) if pc.any(blank).as_py() else text


def _none(text: pa.Array) -> NDArray[np.bool_]:
    return np.zeros(len(text), dtype=bool)


def _text(text: pa.Array, is_id: bool) -> Parsed:
    notes: list[Note] = []
    bad = _none(text)
    trimmed = _blank_to_null(pc.utf8_trim_whitespace(text))
    if is_id:
        lost = _mask(pc.match_substring_regex(trimmed, _LOST_DIGITS))
        if lost.any():
            first = trimmed[int(np.flatnonzero(lost)[0])].as_py()
            after = "lost digits in a spreadsheet – export again as text"
            notes.append(_note("E-T007", lost, f"{first!r} {after}", f"ids {after}"))
            bad |= lost
    if not pc.all(pc.string_is_ascii(trimmed)).as_py():
        dashed = _mask(pc.match_substring_regex(trimmed, f"{_DASHES}|[{''.join(_TWINS)}]"))
        if dashed.any():
            trimmed = pc.replace_substring_regex(trimmed, _DASHES, "-")
            for twin, usual in _TWINS.items():
                trimmed = pc.replace_substring(trimmed, twin, usual)
            notes.append(Note("F-T002", dashed, f"normalised {int(dashed.sum()):,} dash variants"))
    if bad.any():
        trimmed = pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), trimmed)
    return Parsed(np.asarray(trimmed.to_numpy(zero_copy_only=False), dtype=object), bad, _none(text), None, notes)


def _to_float(text: pa.Array) -> NDArray[np.float64]:
    return np.asarray(pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _numbers(text: pa.Array, kind: Kind) -> Parsed:
    present = _blank_to_null(text)
    try:
        values = _to_float(present)
        if not np.isinf(values).any():
            return Parsed(values, _none(text), _none(text))
    except pa.ArrowInvalid:
        pass
    values = np.full(len(text), np.nan)
    trimmed = pc.utf8_trim_whitespace(present)
    plain = _mask(pc.match_substring_regex(trimmed, _PLAIN))
    values[plain] = _to_float(trimmed.filter(pa.array(plain)))
    grouped = _mask(pc.match_substring_regex(trimmed, _GROUPED))
    if grouped.any():
        values[grouped] = _to_float(pc.replace_substring(trimmed.filter(pa.array(grouped)), ",", ""))
    rest = _mask(pc.is_valid(trimmed)) & ~plain & ~grouped
    readings, which = _distinct(trimmed, rest, lambda word: read_number(word, kind))
    at = np.flatnonzero(rest)
    values[at] = np.array([reading.value for reading in readings], dtype=np.float64)[which] if len(at) else values[at]

    def cells(test: Callable[[Reading], bool]) -> NDArray[np.bool_]:
        result = _none(text)
        if len(at):
            result[at] = np.array([test(reading) for reading in readings])[which]
        return result

    bad, signed, marked = cells(lambda r: r.said != ""), cells(lambda r: r.signed), cells(lambda r: r.marked)
    repaired = cells(lambda r: r.repaired) | grouped
    if not pc.all(pc.string_is_ascii(present)).as_py():
        repaired |= ~bad & ~signed & _mask(pc.match_substring_regex(present, _WIDE_SPACE))
    notes: list[Note] = []
    if bad.any():
        first = next(reading for reading in readings if reading.said)
        notes.append(_note("E-T020", bad, first.said, "not numbers"))
    if repaired.any():
        what = "full-width numbers" if cells(lambda r: r.wide).any() else "numbers with separators, signs of currency or units"
        notes.append(Note("F-T025", repaired, f"converted {int(repaired.sum()):,} {what}"))
    if signed.any():
        first = next(reading for reading in readings if reading.signed)
        shown = f"{first.value:,.10g}".replace("-", "−")
        notes.append(_note("F-T026", signed, f"{first.text} read as {shown}", "numbers marked △, ▲, ー or ( ) read as negative"))
    return Parsed(values, bad, _none(text), marked, notes)


def _distinct(text: pa.Array, chosen: NDArray[np.bool_], read: Callable[[str], Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """(the reading of each distinct text among the chosen cells, which of them each chosen cell has)."""
    if not chosen.any():
        return [], np.array([], dtype=np.int64)
    encoded = pc.dictionary_encode(text.filter(pa.array(chosen)))
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return [read(word) for word in encoded.dictionary.to_pylist()], np.asarray(encoded.indices)


_DATE_OUTCOMES = (
    ("E-T040", "E-T040", "not days of the calendar", ""),
    ("E-T041", "E-T041", "dates that can be read in several ways; declare date_style", ""),
    (
        NAMED_MONTH,
        "E-T041",
        "years of two digits; declare date_style d-mon-yy with a century_pivot",
        "declare `date_styles: {{{name}: {{style: d-mon-yy, century_pivot: 50}}}}` (years below the pivot are 20xx)",
    ),
    ("E-T042", "E-T042", "dates outside their era", ""),
    ("serial", "F-T044", "numbers read as Excel serials", ""),
    ("era", "F-T043", "era dates read as YYYY-MM-DD", ""),
    ("other", "F-T043", "dates written in another way read as YYYY-MM-DD", ""),
)
"""How a date was read, or the refusal; the finding it makes; what to say of several; and a fix that is not the catalogue's."""


def _dates(text: pa.Array, style: DateStyle | None) -> Parsed:
    present = _blank_to_null(text)
    try:
        days = pc.cast(present, pa.date32())
        values = np.asarray(days.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)).astype("datetime64[s]")
        return Parsed(values, _none(text), _none(text))
    except pa.ArrowInvalid:
        pass
    chosen = _mask(pc.is_valid(present))

    def read(word: str) -> tuple[Any, str, str]:
        try:
            got = read_date(word, style)
        except BadDateError as error:
            return np.datetime64("NaT", "s"), error.outcome, str(error)
        return np.datetime64(got.day, "s"), got.style, f"{word} read as {got.day}"

    readings, which = _distinct(present, chosen, read)
    values = np.full(len(text), np.datetime64("NaT", "s"))
    values[chosen] = np.array([reading[0] for reading in readings], dtype="datetime64[s]")[which]
    notes: list[Note] = []
    bad = _none(text)
    for outcome, code, several, fix in _DATE_OUTCOMES:
        numbers = [number for number, reading in enumerate(readings) if reading[1] == outcome]
        if not numbers:
            continue
        cells = _none(text)
        cells[chosen] = np.isin(which, numbers)
        said = readings[numbers[0]][2]
        if outcome == "serial":
            said = said.replace(" read as ", " read as Excel serial (") + ")"
        notes.append(_note(code, cells, said, several, fix))
        if code.startswith("E"):
            bad |= cells
    return Parsed(values, bad, _none(text), None, notes)
