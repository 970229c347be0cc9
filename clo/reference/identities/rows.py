"""Tables as plain rows, and how far the rounding of two figures moves their ratio."""

from __future__ import annotations

from typing import Any

import pandas as pd

Row = dict[Any, Any]


def known(figure: Any) -> bool:
    """A figure is printed."""
    return bool(pd.notna(figure))


def by(frame: pd.DataFrame, column: str) -> dict[Any, Row]:
    """Rows by a column; of equal ones the first."""
    return {row[column]: row for row in frame.drop_duplicates(column).to_dict("records")}


def where(frame: pd.DataFrame, column: str) -> list[Row]:
    """Rows in which a column is printed."""
    return frame[frame[column].notna()].to_dict("records")


def quotient(part: float, whole: float, half_part: float, half_whole: float, scale: float = 1.0) -> tuple[float, float]:
    """part / whole times scale, and how much of it half a step of either explains, to first order."""
    value = part / whole
    return scale * value, abs(scale / whole) * (half_part + abs(value) * half_whole)
