"""Columns of text to numbers, dates, words: a fast path for clean columns, and for the rest one reading of each distinct text.

Every parser returns a Parsed: values, what had to be repaired, what could not be read, and which cells hold a stand-in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clo.files.dates import BadDateError, read_date
from clo.files.sidecar import DateStyle
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
_DATE_MISSING = (
    "0", "00000000", "0000-00-00", "0000/00/00", "1900-01-00", "1900/1/0", "1900/01/00", "9999-12-31", "9999/12/31", "99991231",
    "99999999", "9999-99-99", "9999/99/99",
)  # fmt: skip
ERROR_CELL = r"^\s*#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|#+)\s*$"
_LOST_DIGITS = r"^\s*\d(?:\.\d+)?[eE]\+?\d+\s*$"
_WIDE_SPACE = "[\u3000\u00a0]"
_DASHES = "[‐‑‒–—−－]"
_PLAIN = r"^-?\d+(?:\.\d+)?$"
_GROUPED = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d*)(\.\d+)?([eE][+-]?\d+)?")
_SCALES = (
    ("百万円", 1e6),
    ("億円", 1e8),
    ("千円", 1e3),
    ("万円", 1e4),
    ("円", 1.0),
    ("百万", 1e6),
    ("億", 1e8),
    ("千", 1e3),
    ("万", 1e4),
)


@dataclass
class Parsed:
    """One column read. Arrays have one entry a record.

    values: float64, datetime64[s] or objects; missing where blank, bad or a stand-in. bad: cells that could not be read.
    stand_in: cells that hold a word for a missing value. marked: numbers that carried their own unit (%, 千円).
    notes: (code, cells, what to say) for repairs and refusals.
    """

    values: NDArray[Any]
    bad: NDArray[np.bool_]
    stand_in: NDArray[np.bool_]
    marked: NDArray[np.bool_] | None = None
    notes: list[tuple[str, NDArray[np.bool_], str]] = field(default_factory=list)


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


def parse_column(raw: pa.Array, kind: Kind, sentinels: Iterable[str], style: DateStyle | None, is_id: bool) -> Parsed:
    """A column of text as its kind. Blank cells are missing; nothing raises."""
    size = len(raw)
    stand_in = _mask(pc.is_in(raw, value_set=pa.array(list(sentinels), pa.string())))
    notes: list[tuple[str, NDArray[np.bool_], str]] = []
    bad = np.zeros(size, dtype=bool)
    if _mask(pc.starts_with(pc.utf8_ltrim_whitespace(raw), "#")).any():
        errors = _mask(pc.match_substring_regex(raw, ERROR_CELL)) & ~stand_in
        if errors.any():
            first = str(raw[int(np.flatnonzero(errors)[0])].as_py()).strip()
            notes.append(("E-T008", errors, f"cell holds {first} ({int(errors.sum()):,} cells)"))
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
    notes: list[tuple[str, NDArray[np.bool_], str]] = []
    bad = _none(text)
    trimmed = _blank_to_null(pc.utf8_trim_whitespace(text))
    if is_id:
        lost = _mask(pc.match_substring_regex(trimmed, _LOST_DIGITS))
        if lost.any():
            first = trimmed[int(np.flatnonzero(lost)[0])].as_py()
            notes.append(
                ("E-T007", lost, f"{first!r} lost digits in a spreadsheet – export again as text ({int(lost.sum()):,} cells)")
            )
            bad |= lost
    if not pc.all(pc.string_is_ascii(trimmed)).as_py():
        dashed = _mask(pc.match_substring_regex(trimmed, _DASHES))
        if dashed.any():
            trimmed = pc.replace_substring_regex(trimmed, _DASHES, "-")
            notes.append(("F-T002", dashed, f"normalised {int(dashed.sum()):,} dash variants"))
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
    notes: list[tuple[str, NDArray[np.bool_], str]] = []
    if bad.any():
        first = next(reading for reading in readings if reading.said)
        notes.append(("E-T020", bad, f"{first.said} ({int(bad.sum()):,} cells)"))
    if repaired.any():
        what = "full-width numbers" if cells(lambda r: r.wide).any() else "numbers with separators, signs of currency or units"
        notes.append(("F-T025", repaired, f"converted {int(repaired.sum()):,} {what}"))
    if signed.any():
        first = next(reading for reading in readings if reading.signed)
        shown = f"{first.value:,.10g}".replace("-", "−")
        notes.append(("F-T026", signed, f"{first.text} read as {shown} ({int(signed.sum()):,} cells)"))
    return Parsed(values, bad, _none(text), marked, notes)


def _distinct(text: pa.Array, chosen: NDArray[np.bool_], read: Callable[[str], Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """(the reading of each distinct text among the chosen cells, which of them each chosen cell has)."""
    if not chosen.any():
        return [], np.array([], dtype=np.int64)
    encoded = pc.dictionary_encode(text.filter(pa.array(chosen)))
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return [read(word) for word in encoded.dictionary.to_pylist()], np.asarray(encoded.indices)


@dataclass(frozen=True, slots=True)
class Reading:
    """A number as written: its value, and what was unusual about it; `said` is why it is none."""

    text: str
    value: float
    repaired: bool = False
    wide: bool = False
    signed: bool = False
    marked: bool = False
    said: str = ""


def read_number(text: str, kind: Kind) -> Reading:
    """The number in a cell: full-width digits, separators, ¥, 円, %, and negatives as △ ▲ ( ) or ー."""
    plain = unicodedata.normalize("NFKC", text).replace("\u200b", "").strip()
    wide = plain != text.strip() and any(unicodedata.east_asian_width(char) == "F" for char in text)
    signed = False
    if plain.startswith("(") and plain.endswith(")"):
        plain, signed = plain[1:-1].strip(), True
    plain = plain.lstrip("¥￥\\$").strip()
    if plain[:1] in "△▲▽▼ー−–—‐―" and plain[:1]:
        plain, signed = plain[1:].strip(), True
    negative = signed
    if plain.startswith("-") and not negative:
        plain, negative = plain[1:].strip(), True
    elif plain.endswith("-") and not negative:
        plain, negative, signed = plain[:-1].strip(), True, True
    plain = plain.removeprefix("+").lstrip("¥￥\\$").strip()
    scale, marked, plain = _scale(plain, kind)
    match = _NUMBER.fullmatch(plain)
    if not match or not (match[1] or match[2]):
        return Reading(text, np.nan, said=f"{text!r} is not a number")
    value = float(re.sub("[, ]", "", plain)) * scale
    if not np.isfinite(value):
        return Reading(text, np.nan, said=f"{text!r} is not a finite number")
    return Reading(text, -value if negative else value, not signed, wide, signed, marked)


def _scale(plain: str, kind: Kind) -> tuple[float, bool, str]:
    """(factor of a unit written in the cell, whether there was one, the rest)."""
    if kind in ("rate", "ratio"):
        for unit, divisor in (("%", 100.0), ("bp", 10_000.0)):
            if plain.endswith(unit):
                return 1.0 / divisor, True, plain.removesuffix(unit).strip()
    if kind == "money":
        for unit, factor in _SCALES:
            if plain.endswith(unit):
                return factor, True, plain.removesuffix(unit).strip()
    return 1.0, False, plain


_DATE_OUTCOMES = (
    *((code, code) for code in ("E-T040", "E-T041", "E-T042")),
    ("serial", "F-T044"),
    ("era", "F-T043"),
    ("other", "F-T043"),
)
"""How a date was read, or the refusal, and the finding it makes."""


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
            return np.datetime64("NaT", "s"), error.code, str(error)
        return np.datetime64(got.day, "s"), got.style, f"{word} read as {got.day}"

    readings, which = _distinct(present, chosen, read)
    values = np.full(len(text), np.datetime64("NaT", "s"))
    values[chosen] = np.array([reading[0] for reading in readings], dtype="datetime64[s]")[which]
    notes: list[tuple[str, NDArray[np.bool_], str]] = []
    bad = _none(text)
    for outcome, code in _DATE_OUTCOMES:
        numbers = [number for number, reading in enumerate(readings) if reading[1] == outcome]
        if not numbers:
            continue
        cells = _none(text)
        cells[chosen] = np.isin(which, numbers)
        said = readings[numbers[0]][2]
        if outcome == "serial":
            said = said.replace(" read as ", " read as Excel serial (") + ")"
        notes.append((code, cells, f"{said} ({int(cells.sum()):,} cells)"))
        if code.startswith("E"):
            bad |= cells
    return Parsed(values, bad, _none(text), None, notes)
