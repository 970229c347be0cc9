"""The supplied schedule of a tape: which loan owes which principal and interest on which day, one row a payment.

Columns: originator_id, loan_id (text), due_date (datetime64[s]), principal (float64), interest (float64, NaN where it is not
given). It stands beside the loans, not among their columns, because a loan has many rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.schema import KEYS, Kind

KINDS: Mapping[str, Kind] = {
    "originator_id": "text",
    "loan_id": "text",
    "due_date": "date",
    "principal": "money",
    "interest": "money",
}
"""Columns of a schedule, in order."""


def typed(schedule: pd.DataFrame) -> pd.DataFrame:
    """A schedule from a frame with its columns in any dtypes that convert, ordered by loan and due date; interest may be absent.

    Raises ValueError for a missing or unknown column, or a value that does not convert.
    """
    unknown = [str(name) for name in schedule.columns if name not in KINDS]
    absent = [name for name in KINDS if name not in schedule.columns and name != "interest"]
    if unknown or absent:
        raise ValueError(f"a schedule has the columns {', '.join(KINDS)}; not {', '.join([*unknown, *absent])}")
    return _ordered(schedule).reset_index(drop=True)


def _ordered(schedule: pd.DataFrame) -> pd.DataFrame:
    """The columns in their dtypes, by loan and due date; the index tells where each row was."""
    columns: dict[str, pd.Series] = {}
    for name, kind in KINDS.items():
        if name not in schedule.columns:
            columns[name] = pd.Series(float("nan"), index=schedule.index)
        elif kind == "date":
            columns[name] = pd.to_datetime(schedule[name]).astype("datetime64[s]")
        else:
            columns[name] = schedule[name].astype("str" if kind == "text" else "float64")
    return pd.DataFrame(columns).sort_values([*KEYS, "due_date"], kind="stable")


class Supplied:
    """The schedule of a tape that is read in parts: where the payments of each loan stand is looked up once.

    payments: as from `typed`. rows: the row of the file of each payment (shape: payments). file: its name.
    """

    def __init__(self, schedule: pd.DataFrame, rows: NDArray[np.int64], file: str) -> None:
        """schedule: one row a row of the file, with the columns that `typed` takes."""
        ordered = _ordered(schedule.reset_index(drop=True))
        self.payments, self.rows, self.file = ordered.reset_index(drop=True), rows[ordered.index.to_numpy()], file
        keys = self.payments[list(KEYS)]
        first = ~keys.duplicated().to_numpy()
        self._loans = pd.MultiIndex.from_frame(keys[first])
        self._starts = np.append(np.flatnonzero(first), len(keys))

    def __len__(self) -> int:
        """Number of loans that have payments."""
        return len(self._loans)

    def places(self, frame: pd.DataFrame) -> NDArray[np.intp]:
        """Numbers, ascending from 0, of the loans of a frame that have payments."""
        at = self._loans.get_indexer(pd.MultiIndex.from_frame(frame[list(KEYS)]))
        return np.unique(at[at >= 0])

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The payments of the loans of a frame."""
        at = self.places(frame)
        begin, size = self._starts[at], np.diff(self._starts)[at]
        rows = np.repeat(begin - (np.cumsum(size) - size), size) + np.arange(size.sum())
        return self.payments.iloc[rows].reset_index(drop=True)

    def strangers(self, known: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Positions, in the order of the file, of payments of other loans than those known [loan]; rows without keys aside."""
        keyed = self.payments[list(KEYS)].notna().all(axis=1).to_numpy()
        at = np.flatnonzero(np.repeat(~known, np.diff(self._starts)) & keyed)
        return at[np.argsort(self.rows[at], kind="stable")]


def of_loans(schedule: pd.DataFrame | None, frame: pd.DataFrame) -> pd.DataFrame | None:
    """The rows of a schedule that belong to the loans of a frame; None where there is no schedule."""
    if schedule is None:
        return None
    wanted = pd.MultiIndex.from_frame(frame[list(KEYS)])
    mine = pd.MultiIndex.from_frame(schedule[list(KEYS)]).isin(wanted)
    return schedule[mine].reset_index(drop=True)
