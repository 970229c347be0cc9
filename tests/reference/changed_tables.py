"""A reader of the tables in which one cell is another, and the identities that then fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from clo.reference import table
from clo.reference.identities import SLACK
from clo.reference.identities.rule import Identity, Read


def reading(name: str, column: str, row: int, value: float) -> Read:
    def read(asked: str) -> pd.DataFrame:
        frame = table(asked)
        if asked == name:
            frame.loc[row, column] = value
        return frame

    return read


def failing(area: Callable[[Read], Iterator[Identity]], read: Read = table) -> list[Identity]:
    return [one for one in area(read) if abs(one.printed - one.computed) > one.bound + SLACK]
