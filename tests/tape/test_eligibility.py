"""Which loans may be in a pool: every broken rule logged, missing values by a stated policy, counts that add up."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.tape.criteria import CriteriaError, criteria_from
from clo.tape.eligibility import eligible
from clo.tape.filters import answer
from clo.tape.loans import Loans

RULES = [
    {"name": "small", "that": "employees <= 300 or capital_yen <= 300_000_000", "says": "a small firm by either measure"},
    {"name": "rate", "that": "current_rate >= 1.5%"},
    {"name": "term", "that": "remaining_term <= 60"},
]


@pytest.fixture
def pool() -> Loans:
    frame = clean(5).assign(
        obligor_id=["1", "1", "2", "3", "4"],
        region_code="13",
        industry_code="41",
        original_balance=100.0,
        current_balance=[10.0, 20.0, 30.0, 40.0, 50.0],
        employees=[100, 500, None, 500, None],
        capital_yen=[None, 4e8, 1e8, None, 4e8],
        current_rate=[0.01, 0.01, 0.02, 0.02, 0.02],
        maturity_date=pd.to_datetime(["2027-03-31"] * 4 + ["2032-03-31"]),
    )
    return Loans.from_frame(frame)


def test_log_names_every_broken_rule_of_every_loan(pool):
    chosen = pool.eligible(RULES)
    assert chosen.loans.frame["loan_id"].tolist() == ["2"]
    assert chosen.excluded[["loan_id", "row", "rule", "because"]].to_numpy().tolist() == [
        ["0", 2, "rate", "broken"],
        ["1", 3, "small", "broken"],
        ["1", 3, "rate", "broken"],
        ["3", 5, "small", "missing"],
        ["4", 6, "small", "missing"],
        ["4", 6, "term", "broken"],
    ]
    assert chosen.excluded["values"].tolist()[1] == "employees = 500, capital_yen = 400,000,000"
    assert chosen.excluded["values"].tolist()[3] == "employees = 500, capital_yen = blank"
    assert chosen.excluded["values"].tolist()[2] == "current_rate = 0.01"
    assert chosen.excluded["balance"].tolist() == [10.0, 20.0, 20.0, 40.0, 50.0, 50.0]
    assert not chosen.ok


def test_table_counts_what_breaks_and_what_breaks_first(pool):
    table = pool.eligible(RULES).table.set_index("rule")
    assert table["loans"].tolist() == [3, 2, 1]
    assert table["obligors"].tolist() == [3, 1, 1]
    assert table["balance"].tolist() == [110.0, 30.0, 50.0]
    assert table["undecided"].tolist() == [2, 0, 0]
    assert table["first_loans"].tolist() == [3, 1, 0]
    assert table["first_balance"].tolist() == [110.0, 10.0, 0.0]


def test_first_counts_add_up_to_what_is_left_out():
    loans = Loans.from_frame(clean(500))
    chosen = loans.eligible([{"name": str(n), "that": f"current_rate <= {0.04 - n / 1000}"} for n in range(9)])
    assert len(chosen.loans) + chosen.table["first_loans"].sum() == 500
    assert chosen.loans.balance + chosen.table["first_balance"].sum() == pytest.approx(loans.balance)
    assert set(chosen.excluded["loan_id"]).isdisjoint(chosen.loans.frame["loan_id"])
    assert len(chosen.excluded) == chosen.table["loans"].sum()


def test_missing_values_may_be_kept_and_are_said(pool):
    kept = pool.eligible([RULES[0] | {"missing": "keep"}])
    assert kept.loans.frame["loan_id"].tolist() == ["0", "2", "3", "4"]
    assert kept.table["undecided"].tolist() == [2]
    error, warning = kept.findings
    assert (error.code, error.count, error.message) == ("E-L020", 1, "small: 1 loan not eligible, 13.3% of the balance")
    assert (warning.code, warning.count) == ("W-L022", 2)
    assert "kept without knowing" in warning.message


def test_findings_name_file_rows_values_and_rule(pool):
    found = pool.eligible(RULES).findings[0]
    assert (found.code, found.severity, found.file, found.row, found.who) == ("E-L020", "error", "frame", 3, "loan 1")
    assert found.message == "small: 3 loans not eligible, 73.3% of the balance, 2 of them for missing values"
    assert found.rule == "a small firm by either measure"
    assert found.value == "employees = 500, capital_yen = 400,000,000"
    assert "loans.eligible" in found.fix
    (mild,) = pool.eligible([RULES[1] | {"severity": "warning"}]).findings
    assert (mild.code, mild.severity) == ("W-L020", "warning")


def test_what_is_derived_may_be_asked(pool):
    chosen = pool.eligible([{"name": "borrower", "that": "obligor_balance <= 30 and age > 0 and vintage >= 2023"}])
    assert chosen.loans.frame["loan_id"].tolist() == ["0", "1", "2"]
    assert chosen.excluded["values"][0].startswith("obligor_balance = 40, age = ")


def test_a_criterion_over_groups_counts_them_as_one(pool):
    frame = pool.frame.assign(group_id=["g", "g", "g", None, None])
    chosen = Loans.from_frame(frame).eligible([{"name": "borrower", "that": "obligor_balance <= 55"}])
    assert chosen.loans.frame["loan_id"].tolist() == ["3", "4"]


def test_nothing_excluded(pool):
    chosen = eligible(pool, [{"name": "any", "that": "current_balance > 0"}])
    assert chosen.ok
    assert len(chosen.loans) == 5
    assert list(chosen.excluded.columns) == ["originator_id", "loan_id", "row", "rule", "because", "values", "balance"]
    assert chosen.findings == ()
    assert repr(chosen) == "<Eligibility: 5 of 5 loans eligible, balance 150; 0 excluded, balance 0>"
    assert eligible(pool, []).ok


def test_html_escapes_what_a_file_says(pool):
    assert "<script>" not in pool.eligible([{"name": "<script>", "that": "current_rate > 0"}])._repr_html_()


def test_all_that_is_wrong_comes_at_once(pool):
    bad = [
        {"name": "a", "that": "employes <= 300"},
        {"name": "b", "that": "current_rate <= 'x'"},
        {"name": "c", "that": "current_balance +"},
        {"name": "d", "that": "current_balance"},
        {"name": "e", "that": "amortisation_type == 'bulet'"},
        {"name": "f", "that": "current_rate > 0"},
    ]
    with pytest.raises(CriteriaError) as caught:
        pool.eligible(bad)
    findings = caught.value.findings
    assert [(found.code, found.who, found.path) for found in findings] == [
        ("E-L005", name, f"criteria[{at}].that") for at, name in enumerate("abcde")
    ]
    assert "did you mean 'employees'?" in findings[0].message
    assert "did you mean 'bullet'?" in findings[4].message


def test_the_form_is_checked_with_places():
    places = {"criteria[0]": (3, 5), "criteria[0].tha": (3, 20), "criteria[1].missing": (4, 9), "criteria[2].name": (5, 7)}
    data = {
        "format": "clo.criteria/1",
        "criteria": [{"name": "a", "tha": "x"}, {"name": "b", "that": "x", "missing": "drop"}],
        "limit": [],
    }
    with pytest.raises(CriteriaError) as caught:
        criteria_from(data, "pool.criteria.yaml", places)
    told = {(found.code, found.path): found for found in caught.value.findings}
    assert set(told) == {
        ("E-L003", "criteria[0].that"), ("E-L002", "criteria[0].tha"), ("E-L003", "criteria[1].missing"), ("E-L002", "limit"),
    }  # fmt: skip
    assert told["E-L002", "criteria[0].tha"].where == "pool.criteria.yaml:3:20"
    assert told["E-L003", "criteria[0].that"].where == "pool.criteria.yaml:3:5"
    assert told["E-L002", "criteria[0].tha"].fix == "did you mean 'that'?"
    assert told["E-L002", "limit"].fix == "did you mean 'limits'?"
    twice = {"format": "clo.criteria/1", "criteria": [{"name": "a", "that": "x > 0"}] * 2 + [{"name": "a", "that": "x > 0"}]}
    with pytest.raises(CriteriaError) as caught:
        criteria_from(twice, "f", places)
    assert [(found.code, found.path, found.line) for found in caught.value.findings] == [
        ("E-L004", "criteria[1].name", None), ("E-L004", "criteria[2].name", 5),
    ]  # fmt: skip


EXPRESSIONS = ["a < 2", "not a < 2", "a < 2 or b < 2", "a < 2 and b < 2", "not (a < 2 and not b < 2)", "min(a, b) < 2 or a > b",
               "a < 2 and a >= 2", "not (a < 2 or b > 1) and b == b"]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_missing_values_decide_only_where_they_could(text):
    """Certain is what holds for every value a missing one may have, comparison by comparison; open what holds for some."""
    values = [0.0, 1.0, 2.0, 3.0, np.nan]
    frame = pd.DataFrame(list(itertools.product(values, values)), columns=["a", "b"])
    told = answer(frame, text)
    assert not (told.yes & told.open).any()
    for row, (a, b) in enumerate(frame.itertuples(index=False)):
        choices = itertools.product(values[:4] if np.isnan(a) else [a], values[:4] if np.isnan(b) else [b])
        outcomes = {bool(answer(pd.DataFrame([pair], columns=["a", "b"]), text).yes[0]) for pair in choices}
        if told.yes[row]:
            assert outcomes == {True}
        elif not told.open[row]:
            assert outcomes == {False}
        if not np.isnan(a) and not np.isnan(b):
            assert not told.open[row]
