"""The supplied schedule of a tape goes with its loans."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.tape.loans import Loans


def payments(frame: pd.DataFrame, times: int = 2) -> pd.DataFrame:
    """`times` payments of equal principal for every loan of a frame."""
    rows = frame[["originator_id", "loan_id"]].iloc[np.repeat(np.arange(len(frame)), times)].reset_index(drop=True)
    months = np.tile(np.arange(1, times + 1), len(frame))
    principal = np.repeat(frame["current_balance"].to_numpy() / times, times)
    return rows.assign(due_date=np.datetime64("2026-03-31") + 30 * months, principal=principal)


@pytest.fixture(scope="module")
def loans():
    frame = clean(10)
    return Loans.from_frame(frame, schedule=payments(frame))


def test_a_schedule_has_its_dtypes(loans):
    assert {name: str(dtype) for name, dtype in loans.schedule.dtypes.items()} == {
        "originator_id": "str",
        "loan_id": "str",
        "due_date": "datetime64[s]",
        "principal": "float64",
        "interest": "float64",
    }
    assert loans.schedule["interest"].isna().all()


def test_loans_without_a_schedule_say_none():
    assert Loans.from_frame(clean(3)).schedule is None


def test_the_schedule_of_some_loans_is_that_of_these_loans(loans):
    some = loans.where("originator_id == '0001'")
    assert set(some.schedule["originator_id"]) == {"0001"}
    assert some.schedule["principal"].sum() == pytest.approx(some.balance)
    one = loans.rows(np.array([3]))
    assert one.schedule["loan_id"].tolist() == ["3", "3"]


def test_a_schedule_is_pickled_with_its_loans(loans):
    again = pickle.loads(pickle.dumps(loans))
    pd.testing.assert_frame_equal(again.schedule, loans.schedule)
    pd.testing.assert_frame_equal(again.frame, loans.frame)
    assert (again.file_rows == loans.file_rows).all()


def test_a_schedule_without_its_columns_is_refused():
    frame = clean(2)
    with pytest.raises(ValueError, match="not amount, due_date, principal"):
        Loans.from_frame(frame, schedule=frame[["originator_id", "loan_id"]].assign(amount=1.0))
