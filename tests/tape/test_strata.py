"""Strata against sums a person can do, and laws every table keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.tape.concentration import effective_obligors, hhi, top_obligors
from clo.tape.derived import remaining_months
from clo.tape.loans import Loans
from clo.tape.strata import strata, stratification_report, summary


@pytest.fixture
def four():
    frame = clean(4).assign(
        originator_id=["a", "a", "b", "b"],
        obligor_id=["1", "1", "2", "3"],
        original_balance=100.0,
        current_balance=[10.0, 20.0, 30.0, 40.0],
        current_rate=[0.01, 0.02, 0.03, 0.04],
        maturity_date=pd.to_datetime(["2027-03-31", "2027-03-31", "2028-03-30", "2030-03-31"]),
        account_status=["PERF", "PERF", "ARRE", "PERF"],
        region_code=["13", None, "13", None],
    )
    return Loans.from_frame(frame)


def test_by_word(four):
    table = strata(four, "originator_id")
    assert table["stratum"].tolist() == ["b", "a"]  # by falling balance
    assert table["loans"].tolist() == [2, 2]
    assert table["obligors"].tolist() == [2, 1]
    assert table["balance"].tolist() == [70.0, 30.0]
    assert table["share"].tolist() == [0.7, 0.3]
    assert table["average_rate"].tolist() == pytest.approx([(0.9 + 1.6) / 70, (0.1 + 0.4) / 30], rel=1e-14)
    assert table["remaining_months"].tolist() == pytest.approx(
        [(30 * 730 + 40 * 1461) / 70 / (365.25 / 12), 365 / (365.25 / 12)], rel=1e-14
    )


def test_by_band(four):
    table = strata(four, "current_balance", bands=[20, 40])
    assert table["stratum"].tolist() == ["below 20", "20 to 40", "40 and above"]
    assert table["loans"].tolist() == [1, 2, 1]  # an edge belongs to the band above it
    rates = strata(four, "current_rate", bands=[0.015, 0.035])
    assert rates["stratum"].tolist() == ["below 1.5%", "1.5% to 3.5%", "3.5% and above"]


def test_by_category_in_its_own_order(four):
    assert strata(four, "account_status")["stratum"].tolist() == ["PERF", "ARRE"]


def test_by_year(four):
    assert strata(four, "maturity_date")["stratum"].tolist() == ["2027", "2028", "2030"]


def test_missing_comes_last(four):
    table = strata(four, "region_code")
    assert table["stratum"].tolist() == ["13", "missing"]
    assert table["balance"].tolist() == [40.0, 60.0]


def test_remaining_months(four):
    assert remaining_months(four)[0] == pytest.approx(365 / (365.25 / 12))
    assert strata(four, "remaining_term")["stratum"].tolist() == ["0 to 12", "12 to 24", "48 to 60"]


def test_concentration(four):
    assert hhi(four) == pytest.approx(0.3**2 + 0.3**2 + 0.4**2)
    assert effective_obligors(four) == pytest.approx(1 / 0.34)
    assert hhi(four, "originator_id") == pytest.approx(0.49 + 0.09)
    assert hhi(four, "region_code") == pytest.approx(0.16 + 0.36)


def test_top_obligors(four):
    table = top_obligors(four, 2)
    assert table["obligor_id"].tolist() == ["3", "1"]
    assert table["rank"].tolist() == [1, 2]
    assert table["loans"].tolist() == [1, 2]
    assert table["balance"].tolist() == [40.0, 30.0]
    assert table["cumulative_share"].tolist() == pytest.approx([0.4, 0.7])


def test_equal_obligors_count_as_themselves():
    frame = clean(50).assign(obligor_id=[str(number) for number in range(50)], original_balance=1e7, current_balance=1e6)
    assert effective_obligors(Loans.from_frame(frame)) == pytest.approx(50.0, rel=1e-12)


def test_summary(four):
    values = summary(four).set_index("measure")["value"]
    assert values["current_balance"] == 100.0
    assert values["average_rate"] == pytest.approx(0.03)
    assert values["largest_obligor_share"] == pytest.approx(0.4)
    assert values["average_balance_per_obligor"] == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("by", "bands", "message"),
    [
        ("region_cod", None, "did you mean 'region_code'"),
        ("purpose", None, "the tape has no column 'purpose'"),
        ("current_rate", [0.02, 0.01], "must ascend"),
        ("originator_id", [1.0], "bands are for numbers"),
    ],
)
def test_refusals(four, by, bands, message):
    with pytest.raises(ValueError, match=message):
        strata(four, by, bands)


def test_every_table_of_the_report_adds_up():
    loans = Loans.from_frame(clean(500))
    report = stratification_report(loans)
    assert set(report) == {
        "summary", "top_obligors", "current_balance", "remaining_term", "current_rate", "originator_id", "industry_code",
        "region_code", "amortisation_type", "account_status",
    }  # fmt: skip
    for name, table in report.items():
        if name in ("summary", "top_obligors"):
            continue
        assert table["loans"].sum() == 500
        assert table["balance"].sum() == pytest.approx(loans.balance, rel=1e-12)
        assert table["share"].sum() == pytest.approx(1.0, rel=1e-12)
        assert np.average(table["average_rate"], weights=table["balance"]) == pytest.approx(
            np.average(loans.column("current_rate"), weights=loans.column("current_balance")), rel=1e-12
        )
        assert list(table.columns) == ["stratum", "loans", "obligors", "balance", "share", "average_rate", "remaining_months"]


def test_a_pool_without_balance_has_counts_and_no_shares():
    loans = Loans.from_frame(clean(10).assign(current_balance=0.0, account_status="RDMD"))
    report = stratification_report(loans)
    assert report["originator_id"]["loans"].sum() == 10
    assert report["originator_id"]["share"].isna().all()
    assert np.isnan(effective_obligors(loans))
    empty = loans.where("current_rate > 99%")
    assert len(strata(empty, "originator_id")) == 0
    assert len(stratification_report(empty)["top_obligors"]) == 0
