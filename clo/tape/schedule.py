"""The supplied schedule of a tape: which loan owes which principal and interest on which day, one row a payment.

Columns: originator_id, loan_id (text), due_date (datetime64[s]), principal (float64), interest (float64, NaN where it is not
given). It stands beside the loans, not among their columns, because a loan has many rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

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
    columns: dict[str, pd.Series] = {}
    for name, kind in KINDS.items():
        if name not in schedule.columns:
            columns[name] = pd.Series(float("nan"), index=schedule.index)
        elif kind == "date":
            columns[name] = pd.to_datetime(schedule[name]).astype("datetime64[s]")
        else:
            columns[name] = schedule[name].astype("str" if kind == "text" else "float64")
    return pd.DataFrame(columns).sort_values([*KEYS, "due_date"], kind="stable", ignore_index=True)


def of_loans(schedule: pd.DataFrame | None, frame: pd.DataFrame) -> pd.DataFrame | None:
    """The rows of a schedule that belong to the loans of a frame; None where there is no schedule."""
    if schedule is None:
        return None
    wanted = pd.MultiIndex.from_frame(frame[list(KEYS)])
    mine = pd.MultiIndex.from_frame(schedule[list(KEYS)]).isin(wanted)
    return schedule[mine].reset_index(drop=True)
