"""Vintages against sums a person can do."""

from __future__ import annotations

import pandas as pd
import pytest
from loan_frames import clean

import clo
from clo.tape.loans import Loans
from clo.tape.vintages import vintages


@pytest.fixture
def pool() -> Loans:
    frame = clean(6).assign(
        obligor_id=["1", "1", "2", "3", "4", "5"],
        region_code="13",
        industry_code="41",
        origination_date=pd.to_datetime(["2023-03-31", "2023-04-01", "2023-12-31", "2024-01-01", "2024-05-05", "2024-06-06"]),
        original_balance=100.0,
        current_balance=[50.0, 60.0, 70.0, 80.0, 90.0, 0.0],
        account_status=["PERF", "ARRE", "DFLT", "DFLT", "PERF", "RDMD"],
        days_in_arrears=[0, 40, 200, 0, 0, 0],
        default_date=pd.to_datetime([None, None, "2025-06-30", "2025-12-31", None, None]),
        default_amount=[None, None, 75.0, None, None, None],
        allocated_loss=[None, None, 30.0, None, None, None],
    )
    return Loans.from_frame(frame)


def test_by_year(pool):
    table = vintages(pool).set_index("vintage")
    assert table.index.tolist() == ["2023", "2024"]
    assert table["loans"].tolist() == [3, 3]
    assert table["obligors"].tolist() == [2, 3]
    assert table["original"].tolist() == [300.0, 300.0]
    assert table["current"].tolist() == [180.0, 170.0]
    assert table["factor"].tolist() == pytest.approx([0.6, 170 / 300])
    assert table["arrears"].tolist() == [60.0, 0.0]  # what is in default is not also in arrears
    assert table["defaulted_loans"].tolist() == [1, 1]
    assert table["defaulted"].tolist() == [75.0, 80.0]  # the balance where no default amount is known
    assert table["loss"].tolist() == [30.0, 0.0]


def test_by_quarter_and_fiscal_year(pool):
    assert vintages(pool, "quarter")["vintage"].tolist() == ["2023Q1", "2023Q2", "2023Q4", "2024Q1", "2024Q2"]
    table = vintages(pool, "fiscal_year")
    assert table["vintage"].tolist() == ["2022", "2023", "2024"]  # 31 March 2023 is in fiscal 2022
    assert table["loans"].tolist() == [1, 3, 2]


def test_outcomes_after_the_cutoff_are_not_yet_known():
    frame = clean(3).assign(default_date=pd.to_datetime(["2027-06-01", None, None]))
    assert vintages(Loans.from_frame(frame, realised=["default_date"]))["defaulted_loans"].sum() == 0


def test_every_total_is_the_pools():
    pool = Loans.from_frame(clean(400))
    for per in ("year", "quarter", "fiscal_year"):
        table = clo.vintages(pool, per)
        assert table["loans"].sum() == 400
        assert table["current"].sum() == pytest.approx(pool.balance)


def test_loans_without_a_date_come_last():
    pool = Loans.from_frame(clean(3).assign(origination_date=pd.to_datetime(["2024-01-05", None, None])), check=False)
    assert vintages(pool)["vintage"].tolist() == ["2024", "missing"]


def test_another_period_is_refused():
    with pytest.raises(ValueError, match="per 'yeer' is none of year, quarter, fiscal_year"):
        vintages(Loans.from_frame(clean(3)), "yeer")
