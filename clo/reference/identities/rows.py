"""Tables as plain rows, and how far the rounding of two figures moves their ratio."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

Row = dict[Any, Any]


def known(figure: Any) -> bool:
    """A figure is printed."""
    return bool(pd.notna(figure))


class MissingRowError(LookupError):
    """A row that an identity needs, and its table does not have."""

    def __init__(self, table: str, row: Any) -> None:
        self.table, self.row = table, " ".join(map(str, row if isinstance(row, tuple) else (row,)))
        super().__init__(table, self.row)


class Rows(dict[Any, Any]):
    """Rows of a table, or a figure of each, by what names them. Raises MissingRowError for one that is not there."""

    def __init__(self, table: str, named: Iterable[tuple[Any, Any]]) -> None:
        super().__init__(named)
        self.table = table

    def __missing__(self, row: Any) -> Any:
        raise MissingRowError(self.table, row)

    def of(self, column: str) -> Rows:
        """One figure of each row."""
        return Rows(self.table, ((name, row[column]) for name, row in self.items()))


def by(frame: pd.DataFrame, *columns: str) -> Rows:
    """Rows by a column, or by several together; of equal ones the first."""
    rows = frame.drop_duplicates(list(columns)).to_dict("records")
    names = [row[columns[0]] if len(columns) == 1 else tuple(row[column] for column in columns) for row in rows]
    return Rows(frame.attrs["table"], zip(names, rows, strict=True))


def where(frame: pd.DataFrame, column: str) -> list[Row]:
    """Rows in which a column is printed."""
    return frame[frame[column].notna()].to_dict("records")


def quotient(part: float, whole: float, half_part: float, half_whole: float, scale: float = 1.0) -> tuple[float, float]:
    """part / whole times scale, and how much of it half a step of either explains, to first order."""
    value = part / whole
    return scale * value, abs(scale / whole) * (half_part + abs(value) * half_whole)
