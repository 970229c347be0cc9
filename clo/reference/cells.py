"""What the cells of a published table may hold, by the kind of their column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from re import fullmatch
from typing import Any

import pandas as pd

from clo.findings import Finding
from clo.reference.codes import finding

_LOOKS = {
    "text": (r".*", "text"),
    "word": (r"\S+", "a word"),
    "month": (r"[0-9]{4}-(0[1-9]|1[0-2])", "a month, YYYY-MM"),
    "day": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day of the calendar, YYYY-MM-DD"),
    "date": (r"[0-9]{4}-(0[1-9]|1[0-2])(-[0-9]{2})?", "a month or a day of the calendar, YYYY-MM or YYYY-MM-DD"),
    "count": (r"[0-9]{1,15}", "a whole number"),
    "number": (r"-?[0-9]{1,15}(\.[0-9]{1,9})?", "a number"),
    "flag": (r"true|false", "true or false"),
}
KINDS = tuple(_LOOKS)
DAY = len("YYYY-MM-DD")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. kind: one of KINDS; unit: of a figure, or the words that a `word` may be; step: the unit in which its
    figures are printed, or None; optional: a cell may be empty, which says that nothing is printed."""

    name: str
    kind: str
    unit: str
    step: Decimal | None
    optional: bool
    meaning: str

    @classmethod
    def registered(cls, row: Mapping[str, str]) -> Column:
        """A row of columns.csv. Raises ValueError that says what is wrong with it."""
        if row["kind"] not in KINDS:
            raise ValueError(f"{row['kind']!r} is none of {', '.join(KINDS)}")
        if row["optional"] not in ("true", "false"):
            raise ValueError(f"{row['optional']!r} is not true or false")
        step = decimal(row["step"]) if row["step"] else None
        return cls(row["column"], row["kind"], row["unit"], step, row["optional"] == "true", row["meaning"])


def decimal(text: str) -> Decimal:
    """A number as it is written. Raises ValueError where it is none."""
    pattern, words = _LOOKS["number"]
    if not fullmatch(pattern, text):
        raise ValueError(f"{text!r} is not {words}")
    return Decimal(text)


def wrong(column: Column, cell: str, place: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a cell. place: where it stands, as a finding has it."""
    pattern, words = _LOOKS[column.kind]
    if not cell:
        if not column.optional:
            yield finding("E-N004", "nothing stands here, where every row has something", **place)
    elif not fullmatch(pattern, cell) or (column.kind in ("day", "date") and not _in_calendar(cell)):
        yield finding("E-N004", f"{cell!r} is not {words}", **place)
    elif column.kind == "word" and cell not in column.unit.split():
        yield finding("E-N004", f"{cell!r} is none of {', '.join(column.unit.split())}", **place)
    elif column.kind in ("count", "number") and column.step is not None and _uneven(cell, column.step):
        yield finding("E-N005", f"{cell} is not in steps of {column.step}", **place)


def typed(cells: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Text as the dtype of its kind; an empty cell is null."""
    if kind == "flag":
        return cells.map({"true": True, "false": False}).astype("boolean")
    if kind == "count":
        return pd.Series([int(cell) if cell else None for cell in cells], dtype="Int64")
    if kind == "number":
        return pd.Series([float(cell) if cell else None for cell in cells], dtype="float64")
    return cells.mask(cells == "")


def _in_calendar(cell: str) -> bool:
    with suppress(ValueError):
        return len(cell) < DAY or date.fromisoformat(cell) is not None
    return False


def _uneven(cell: str, step: Decimal) -> bool:
    try:
        return Decimal(cell) % step != 0
    except InvalidOperation:
        return True
