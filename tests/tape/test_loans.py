"""Loans: dtypes, selection, immutability, and frames that are refused."""

from __future__ import annotations

import copy
import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

import clo
from clo.expressions import ExpressionError
from clo.findings import TapeError
from clo.schema import TAPE
from clo.tape.loans import Loans


@pytest.fixture(scope="module")
def loans():
    return Loans.from_frame(clean(200), source="pool")


def test_columns_have_the_dtypes_of_the_registry(loans):
    frame = loans.frame
    for name in frame.columns:
        kind = TAPE[name].kind
        dtype = frame[name].dtype
        if kind in ("money", "rate", "ratio", "number"):
            assert dtype == np.float64
        elif kind == "date":
            assert dtype == np.dtype("datetime64[s]")
        elif kind == "integer":
            assert dtype == "Int64"
        elif TAPE[name].levels:
            assert tuple(dtype.categories) == TAPE[name].levels
        else:
            assert dtype == "str"
    assert list(frame.columns) == [name for name in TAPE if name in frame.columns]


def test_codes_follow_the_levels(loans):
    assert loans.column("amortisation_type")[:3].tolist() == [0, 1, 2]
    assert loans.column("amortisation_type").dtype == np.int8


def test_totals(loans):
    frame = clean(200)
    assert len(loans) == 200
    assert loans.obligors == 100
    assert loans.balance == frame["current_balance"].sum()
    assert loans.cutoff == datetime.date(2026, 3, 31)
    assert loans.file_rows[:2].tolist() == [2, 3]


def test_absent_columns_of_the_registry_are_missing(loans):
    assert np.isnan(loans.column("balloon_amount")).all()
    assert np.isnat(loans.column("grace_end_date")).all()
    assert (loans.column("default_reason") == -1).all()
    assert set(loans.column("day_count")) == {None}
    with pytest.raises(ValueError, match="did you mean 'current_balance'"):
        loans.column("curent_balance")


def test_loans_do_not_change(loans):
    before = loans.balance
    frame = loans.frame
    frame.loc[0, "current_balance"] = 0.0
    assert loans.balance == before
    with pytest.raises(AttributeError):
        loans.source = "other"
    with pytest.raises(ValueError, match="read-only"):
        loans.file_rows[0] = 7


def test_copies_and_pickles(loans):
    for other in (copy.deepcopy(loans), pickle.loads(pickle.dumps(loans))):
        pd.testing.assert_frame_equal(other.frame, loans.frame)
        assert other.file_rows.tolist() == loans.file_rows.tolist()
        assert other.source == "pool"
        assert other.sidecar_sha256 == ""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("originator_id == '0001'", lambda f: f["originator_id"] == "0001"),
        ("originator_id != '0001'", lambda f: f["originator_id"] != "0001"),
        ("originator_id >= '0003'", lambda f: f["originator_id"] >= "0003"),
        ("current_balance > 20_000_000", lambda f: f["current_balance"] > 2e7),
        ("current_rate < 2%", lambda f: f["current_rate"] < 0.02),
        ("current_rate < 150bp or current_rate > 3%", lambda f: (f["current_rate"] < 0.015) | (f["current_rate"] > 0.03)),
        ("current_balance / original_balance > 0.5", lambda f: f["current_balance"] / f["original_balance"] > 0.5),
        ("amortisation_type == 'bullet'", lambda f: f["amortisation_type"] == "bullet"),
        ("not amortisation_type == 'bullet'", lambda f: f["amortisation_type"] != "bullet"),
        ("maturity_date > '2028-01-01'", lambda f: f["maturity_date"] > "2028-01-01"),
        ("'2028-01-01' >= maturity_date", lambda f: f["maturity_date"] <= "2028-01-01"),
        ("maturity_date > origination_date", lambda f: f["maturity_date"] > f["origination_date"]),
        ("employees == 7", lambda f: f["employees"] == 7),
        ("1 == 1", lambda f: f["employees"] > 0),
        ("if(current_rate > 2%, current_balance, 0) > 0", lambda f: f["current_rate"] > 0.02),
    ],
)
def test_where(loans, expression, expected):
    chosen = expected(clean(200)).to_numpy()
    picked = loans.where(expression)
    assert picked.frame["loan_id"].tolist() == loans.frame["loan_id"][chosen].tolist()
    assert picked.file_rows.tolist() == loans.file_rows[chosen].tolist()
    assert picked.source == loans.source


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("region_code == '01'", "A"),
        ("region_code != '01'", "C"),
        ("not region_code == '01'", "C"),
        ("balloon_amount < 2", "A"),
        ("balloon_amount != 1", "C"),
        ("not balloon_amount < 2", "C"),
        ("grace_end_date < '2026-06-01'", "A"),
        ("grace_end_date <= maturity_date", "AC"),
        ("grace_end_date != '2026-04-30'", "C"),
        ("not grace_end_date < '2026-06-01'", "C"),
        ("grace_end_date < '2026-06-01' or loan_id == 'B'", "AB"),
        ("not (grace_end_date < '2026-06-01' and loan_id == 'A')", "BCD"),
        ("arrears_balance / arrears_balance == 1", "A"),
        ("arrears_balance / arrears_balance != 1", ""),
        ("min(balloon_amount, 7) != 1", "C"),
        ("if(balloon_amount < 2, 1, 0) == 0", "C"),
        ("if(loan_id == 'B', 5, balloon_amount) > 1", "BC"),
        ("default_reason == 'UPXX'", "A"),
        ("default_reason != 'UPXX'", "C"),
    ],
)
def test_where_a_missing_value_decides_nothing_is_selected(expression, holds):
    frame = clean(4).assign(loan_id=list("ABCD"))
    frame["region_code"] = pd.Series(["01", None, "02", None], dtype="str")
    frame["balloon_amount"] = [1.0, np.nan, 3.0, np.nan]
    frame["arrears_balance"] = [1.0, np.nan, 0.0, np.nan]
    frame["grace_end_date"] = pd.to_datetime(["2026-04-30", None, "2026-06-30", None])
    frame["default_reason"] = ["UPXX", None, "PDXX", None]
    loans = Loans.from_frame(frame, check=False)
    assert "".join(loans.where(expression).frame["loan_id"]) == holds


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("originator == '0001'", "no column 'originator' on the tape.*did you mean 'originator_id'"),
        ("amortisation_type == 'bulet'", "never 'bulet'; did you mean 'bullet'"),
        ("originator_id == 1", r"cannot compare originator_id \(text\) with 1 \(number\).*in quotes: '1'"),
        ("current_balance > 'many'", "cannot compare current_balance"),
        ("maturity_date > 20280101", r"cannot compare maturity_date \(date\)"),
        ("maturity_date > originator_id", r"cannot compare maturity_date \(date\) with originator_id \(text\)"),
        ("maturity_date > '2028-13-01'", "'2028-13-01' is not a date"),
        ("originator_id + 1 > 2", "cannot calculate with originator_id, a text"),
        ("current_balance", "gives a value, not a condition"),
        ("current_balance and 1 == 1", "current_balance is a number, not a condition"),
        ("current_balance >", "cannot read"),
        ("__import__('os')", "unknown function"),
    ],
)
def test_where_says_what_makes_no_sense(loans, expression, message):
    with pytest.raises(ExpressionError, match=message):
        loans.where(expression)


def test_no_loans_selected_is_an_empty_pool(loans):
    none = loans.where("current_rate > 99%")
    assert (len(none), none.balance, none.obligors) == (0, 0.0, 0)
    assert "0 loans" in repr(none)
    assert none._repr_html_()
    with pytest.raises(ValueError, match="0 cut-off dates"):
        _ = none.cutoff


def test_shown(loans):
    assert repr(loans) == f"<Loans pool: 200 loans, 100 obligors, balance {loans.balance:,.0f}>"
    page = loans._repr_html_()
    assert page.count("<tr>") == 10
    assert "PERF 200" in page
    assert "&lt;b&gt;" in Loans.from_frame(clean(2), source="<b>")._repr_html_()


def test_loans_with_some_of_their_columns_are_shown(loans):
    """As a stream gives them when it reads only some."""
    some = Loans(loans.frame[["current_balance", "maturity_date"]], file_rows=loans.file_rows, source="pool")
    assert repr(some) == f"<Loans pool: 200 loans, balance {loans.balance:,.0f}>"
    assert "obligors" not in some._repr_html_()
    assert f"{loans.balance:,.0f}" in some._repr_html_()
    one = Loans(loans.frame[["loan_id"]].iloc[:1], file_rows=loans.file_rows[:1], source="pool")
    assert repr(one) == "<Loans pool: 1 loan>"
    assert one._repr_html_()


def test_unknown_columns_are_kept_under_a_prefix():
    frame = clean(3).assign(branch=["a", "b", "c"], x_note=[1, 2, 3], balloon_amount_nd=["ND1", None, None])
    kept = Loans.from_frame(frame).frame
    assert kept["x_branch"].tolist() == ["a", "b", "c"]
    assert kept["x_note"].tolist() == [1, 2, 3]
    assert kept["balloon_amount_nd"].tolist()[0] == "ND1"


def test_frames_convert():
    frame = clean(3)
    frame["maturity_date"] = [datetime.date(2029, 3, 31)] * 3
    frame["origination_date"] = ["2024-04-01"] * 3
    frame["cutoff_date"] = pd.to_datetime(["2026-03-31"] * 3)
    frame["original_balance"] = frame["original_balance"].astype("int64")
    frame["secured_flag"] = [True, False, True]
    loans = Loans.from_frame(frame)
    assert loans.column("maturity_date").astype("datetime64[D]").astype(str).tolist() == ["2029-03-31"] * 3
    assert loans.frame["secured_flag"].tolist() == ["Y", "N", "Y"]


@pytest.mark.parametrize(
    ("column", "values", "code", "words"),
    [
        ("current_balance", ["a", 1.0, 2.0], "E-T020", "1 values are not numbers"),
        ("current_balance", [np.inf, 1.0, 2.0], "E-T020", "1 values are not numbers"),
        ("days_in_arrears", [0.5, 0.0, 0.0], "E-T020", "not whole"),
        ("maturity_date", ["2029-02-30", "2029-03-31", "2029-03-31"], "E-T040", "not dates"),
        ("maturity_date", [20290331, 20290331, 20290331], "E-T040", "a number is not a date"),
        ("rate_type", ["fixed", "floats", "fixed"], "E-T032", "floats is probably floating"),
        ("current_balance", np.array([2e7 + 1, 1, 2], dtype=np.float32), "E-T027", "32-bit"),
    ],
)
def test_frames_that_do_not_convert(column, values, code, words):
    with pytest.raises(TapeError) as caught:
        Loans.from_frame(clean(3).assign(**{column: values}), check=False)
    found = caught.value.findings[0]
    assert (found.code, found.field, found.file) == (code, column, "frame")
    assert words in found.message


def test_ids_as_numbers_are_kept_with_a_warning():
    loans = Loans.from_frame(clean(3).assign(loan_id=[1, 2, 3]))
    assert loans.frame["loan_id"].tolist() == ["1", "2", "3"]
    (found,) = loans.findings
    assert (found.code, found.severity) == ("W-T007", "warning")
    assert "leading zeros" in found.message


def test_index_of_the_frame_does_not_matter():
    frame = clean(4).set_index(pd.Index([7, 7, 1, 1]))
    assert Loans.from_frame(frame).frame["loan_id"].tolist() == ["0", "1", "2", "3"]


def test_checks_can_be_left_out():
    frame = clean(3).assign(current_balance=[-1.0, 1.0, 1.0])
    with pytest.raises(TapeError):
        Loans.from_frame(frame)
    assert Loans.from_frame(frame, check=False).balance == 1.0


def test_the_frame_given_is_not_changed():
    frame = clean(5).assign(current_balance=1000.4)
    before = frame.copy()
    loans = Loans.from_frame(frame)
    assert loans.balance == 5000.0
    pd.testing.assert_frame_equal(frame, before)


def test_public_name():
    assert clo.Loans is Loans
