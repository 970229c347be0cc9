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
    assert table["remaining_months"].tolist() == pytest.approx([(30 * (24 - 1 / 31) + 40 * 48) / 70, 12.0], rel=1e-14)


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
    assert remaining_months(four).tolist() == pytest.approx([12.0, 12.0, 24 - 1 / 31, 48.0])
    assert strata(four, "remaining_term")["stratum"].tolist() == ["12 to 24", "48 to 60"]  # two years less a day are below 24


def test_months_are_those_of_the_calendar(four):
    days = pd.to_datetime(["2026-04-30", "2027-02-28", "2026-04-15", "2025-12-31"])
    assert remaining_months(Loans.from_frame(four.frame.assign(maturity_date=days), check=False)).tolist() == pytest.approx(
        [1.0, 11.0, 1 - 16 / 31, -3.0]
    )


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


def test_derived_values_are_names_to_stratify_by(four):
    frame = four.frame.assign(origination_date=pd.to_datetime(["2024-03-31", "2024-04-01", "2025-01-15", "2025-12-31"]))
    loans = Loans.from_frame(frame)
    assert strata(loans, "vintage")["stratum"].tolist() == ["2024", "2025"]
    assert strata(loans, "vintage_quarter")["stratum"].tolist() == ["2024Q1", "2024Q2", "2025Q1", "2025Q4"]
    assert strata(loans, "fiscal_year")["stratum"].tolist() == ["2023", "2024", "2025"]
    assert strata(loans, "fiscal_year")["loans"].tolist() == [1, 2, 1]
    assert strata(loans, "age", bands=[12, 24])["loans"].tolist() == [1, 2, 1]
    assert strata(loans, "original_term", bands=[36])["loans"].tolist() == [1, 3]  # three years to the day are 36
    assert strata(loans, "obligor_balance", bands=[35])["loans"].tolist() == [3, 1]
    with pytest.raises(ValueError, match="vintage is a year: bands are for numbers"):
        strata(loans, "vintage", bands=[2024])


def test_one_column_across_another(four):
    table = strata(four, "originator_id", across="account_status")
    assert table.columns.tolist() == ["stratum", "PERF", "ARRE", "total"]
    assert table["stratum"].tolist() == ["b", "a", "total"]
    assert table[["PERF", "ARRE", "total"]].to_numpy().tolist() == [[40.0, 30.0, 70.0], [30.0, 0.0, 30.0], [70.0, 30.0, 100.0]]
    counts = strata(four, "account_status", across="originator_id", measure="loans")
    assert counts.to_numpy().tolist() == [["PERF", 1, 2, 3], ["ARRE", 1, 0, 1], ["total", 2, 2, 4]]
    shares = strata(four, "region_code", across="originator_id", measure="share")
    assert shares["total"].tolist() == pytest.approx([0.4, 0.6, 1.0])
    banded = strata(four, "current_balance", [25], across="current_rate", across_bands=[0.025])
    assert banded.columns.tolist() == ["stratum", "below 2.5%", "2.5% and above", "total"]


def test_a_borrower_in_two_strata_is_one_in_the_total(four):
    table = strata(four, "current_balance", [15], across="originator_id", measure="obligors")
    assert table.set_index("stratum")["a"].tolist() == [1, 1, 1]
    assert table.set_index("stratum").loc["total", "total"] == 3


@pytest.mark.parametrize("measure", ["balance", "loans", "share"])
def test_crossed_cells_add_up(measure):
    loans = Loans.from_frame(clean(300))
    table = strata(loans, "remaining_term", across="region_code", measure=measure).set_index("stratum")
    inner = table.iloc[:-1, :-1]
    assert inner.sum(axis=1).to_numpy() == pytest.approx(table["total"].to_numpy()[:-1])
    assert inner.sum(axis=0).to_numpy() == pytest.approx(table.iloc[-1, :-1].to_numpy(dtype=float))
    alone = strata(loans, "remaining_term").set_index("stratum")[measure]
    assert table["total"].iloc[:-1].to_numpy() == pytest.approx(alone.to_numpy())
