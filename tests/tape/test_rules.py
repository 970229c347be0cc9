"""Rules over whole columns: one finding each with every row, limits at the edge, and speed by construction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.findings import TapeError
from clo.schema import TAPE
from clo.tape.codes import CODES, finding
from clo.tape.loans import Loans
from clo.tape.rules import RULES, check
from clo.tape.view import View


def findings(frame: pd.DataFrame, **options):
    try:
        return Loans.from_frame(frame, source="pool", **options).findings
    except TapeError as error:
        return error.findings


def codes(frame: pd.DataFrame, **options) -> list[str]:
    return [found.code for found in findings(frame, **options)]


def test_clean_loans_have_no_findings():
    assert findings(clean(1000)) == ()


def test_one_finding_lists_every_row():
    frame = clean(1000)
    frame.loc[::10, "days_in_arrears"] = 95
    (found,) = findings(frame)
    assert (found.code, found.count, found.row, found.who, found.value) == ("E-T061", 100, 2, "loan 0", "95")
    assert found.occurrences is not None
    assert found.occurrences.rows.tolist() == list(range(2, 1002, 10))
    assert found.occurrences.who.tolist() == [str(number) for number in range(0, 1000, 10)]
    assert set(found.occurrences.values) == {"95"}
    assert "(99 more rows with the same finding)" in str(found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"maturity_date": "2026-03-31"}, []),  # on the cut-off date is not before it
        ({"maturity_date": "2026-03-30"}, ["E-T053"]),
        ({"origination_date": "2026-03-31", "maturity_date": "2076-03-30"}, []),
        ({"origination_date": "2026-03-31", "maturity_date": "2076-05-01"}, ["E-T055"]),
        ({"grace_end_date": "2027-03-31", "maturity_date": "2027-03-31"}, []),
        ({"original_balance": 1000.0, "current_balance": 1000.0}, []),
        ({"original_balance": 1000.0, "current_balance": 1001.0}, ["W-T052"]),
        ({"original_balance": 1000.0, "current_balance": 2000.0}, ["W-T052"]),
        ({"original_balance": 1000.0, "current_balance": 2001.0}, ["E-T052"]),
        ({"original_balance": 0.0}, ["W-T068"]),
        ({"current_balance": 0.0, "account_status": "RDMD"}, []),
        ({"account_status": "ARRE", "days_in_arrears": 95}, []),
        ({"account_status": "ARRE", "days_in_arrears": 95, "maturity_date": "2025-03-31"}, []),
        ({"account_status": "ARRE"}, ["W-T093"]),
        ({"account_status": "DFLT", "default_date": "2025-12-01"}, []),
        ({"account_status": "DFLT", "default_date": None}, ["E-T062"]),
        ({"guarantee_ratio": 1.0}, []),
        ({"guarantee_ratio": 1.01}, ["E-T033"]),
        ({"arrears_balance": -1.0}, ["E-T050"]),
        ({"obligor_ebitda": -1.0}, []),
        ({"currency": "USD", "current_balance": 1000.4}, []),  # cents are whole units of another currency
    ],
)
def test_limits(change, expected):
    frame = clean(1).assign(original_balance=5e7, current_balance=1e7, origination_date="2020-03-31", maturity_date="2030-03-31")
    assert codes(frame.assign(**change)) == expected


def test_realised_outcomes():
    frame = clean(3).assign(default_date=pd.to_datetime(["2027-06-01", None, None]))
    assert codes(frame) == ["W-T063", "W-T064"]
    assert codes(frame, realised=["default_date"]) == []
    past = frame.assign(default_date=pd.to_datetime(["2025-06-01", None, None]))
    assert codes(past, realised=["default_date"]) == ["W-T064"]


def test_percent_is_seen_by_distribution():
    frame = clean(2000)
    frame["current_rate"] *= 100
    (found,) = [found for found in findings(frame) if found.field == "current_rate"]
    assert found.code == "E-T021"
    assert "this column looks like percent (1,920 of 2,000 values lie in 1.0" in found.message


def test_one_bank_in_percent_is_named_and_no_other():
    frame = clean(500)
    frame.loc[frame["originator_id"] == "0003", "current_rate"] *= 100
    (found,) = findings(frame)
    assert found.code == "E-T022"
    assert found.message.startswith("rates of 0003 have a median of 2.")
    assert found.count == 100


def test_one_bank_in_decimals_where_the_rest_are_percent():
    frame = clean(500)
    frame.loc[frame["originator_id"] != "0003", "current_rate"] *= 100
    assert set(codes(frame)) == {"E-T021"}  # the four are above 100 %; the fifth is right
    frame = clean(500)
    frame.loc[frame["originator_id"] == "0003", "current_rate"] /= 100  # divided once too often
    (found,) = findings(frame)
    assert (found.code, found.count) == ("E-T022", 100)


@pytest.mark.parametrize(("factor", "words"), [(1e-3, "1/1000"), (1e-6, "1/1000000"), (1e3, "1000 times")])
def test_one_bank_in_another_unit_of_money_is_named(factor, words):
    frame = clean(500).assign(currency="USD")  # no rounding
    own = frame["originator_id"] == "0004"
    frame.loc[own, ["original_balance", "current_balance"]] *= factor
    (found,) = findings(frame)
    assert found.code == "E-T024"
    assert found.message.startswith("0004: ")
    assert words in found.message
    assert found.count == 100


def test_a_bank_of_small_loans_is_not_refused():
    frame = clean(500)
    own = frame["originator_id"] == "0004"
    frame.loc[own, ["original_balance", "current_balance"]] = np.floor(
        frame.loc[own, ["original_balance", "current_balance"]] / 50
    )
    assert codes(frame) == []


def test_many_originators():
    frame = clean(1000)
    frame["originator_id"] = pd.Series([f"{number % 100:04d}" for number in range(1000)], dtype="str")
    frame["current_rate"] = np.where(frame["originator_id"] == "0042", frame["current_rate"] * 100, frame["current_rate"])
    (found,) = findings(frame)
    assert found.message.startswith("rates of 0042 ")


def test_repeats_and_differing_repeats():
    frame = clean(10)
    twice = pd.concat([frame, frame.iloc[[3]]], ignore_index=True)
    loans = Loans.from_frame(twice)
    assert len(loans) == 10
    assert [found.code for found in loans.findings] == ["F-T060"]
    twice.loc[10, "current_balance"] -= 1
    (found,) = findings(twice)
    assert (found.code, found.row) == ("E-T060", 12)
    assert "current_balance" in found.message


def test_yen_are_rounded_half_up_and_the_effect_is_said():
    frame = clean(3).assign(original_balance=1e7, current_balance=[100.5, 200.25, 300.0])
    loans = Loans.from_frame(frame)
    assert loans.column("current_balance").tolist() == [101.0, 200.0, 300.0]
    (found,) = loans.findings
    assert found.message == "fractions of a yen rounded; total effect +0.25 yen over 2 loans"


SEVERAL = {
    "W-T051": ({"current_balance": 0.0}, "zero balance, status PERF (3 loans)"),
    "E-T052": ({"original_balance": [1e6, 2e6, 9e6], "current_balance": 4e7}, "by up to 3900% (3 loans)"),
    "E-T053": ({"maturity_date": ["2025-03-31", "2025-04-30", "2025-05-31"]},
               "maturity precedes cut-off 2026-03-31, status PERF (3 loans)"),
    "E-T054": ({"origination_date": ["2031-01-01", "2031-01-02", "2031-01-03"], "maturity_date": "2030-01-01"},
               "maturity is not after origination (3 loans)"),
    "E-T055": ({"maturity_date": ["2091-03-31", "2091-04-30", "2091-05-31"]},
               "matures more than 50 years after origination (3 loans)"),
    "E-T058": ({"grace_end_date": ["2091-03-31", "2091-04-30", "2091-05-31"]},
               "grace_end is after maturity: principal would never be paid (3 loans)"),
    "E-T061": ({"days_in_arrears": [31, 32, 33]}, "status PERF but in arrears (3 loans)"),
    "W-T065": ({"allocated_loss": [9e12, 8e12, 7e12]}, "loss above the original balance (3 loans)"),
    "W-T067": ({"amortisation_type": "bullet", "regular_principal": [1.0, 2.0, 3.0]}, "bullet with regular principal (3 loans)"),
    "W-T045": ({"financials_fiscal_year": "FY2025", "financials_date": ["2024-03-31", "2024-02-28", "2024-01-31"]},
               "label does not hold its date (April to March; 3 loans)"),
}  # fmt: skip


@pytest.mark.parametrize("code", SEVERAL)
def test_a_message_about_several_loans_holds_no_value_of_one(code):
    change, message = SEVERAL[code]
    (found,) = [found for found in findings(clean(3).assign(**change)) if found.code == code]
    assert message in found.message
    assert found.count == 3


def test_several_differing_repeats_are_counted():
    frame = clean(10).assign(loan_id="7", originator_id="0001")
    (found,) = findings(frame)
    assert found.message == "9 rows have the id of an earlier row and differ from it"


def test_a_refused_value_is_not_also_reported_blank():
    frame = clean(3).assign(current_balance=["a", 1.0, 2.0], maturity_date=["2029-02-30", "2029-03-31", "2029-03-31"])
    assert codes(frame) == ["E-T020", "E-T040"] or codes(frame) == ["E-T040", "E-T020"]
    frame = clean(3).assign(account_status="DFLT", default_date=["2026-02-30", "2026-03-31", "2026-03-31"])
    assert codes(frame) == ["E-T040"]


def test_a_blank_id_is_said_to_be_blank():
    (found,) = findings(clean(3).assign(loan_id=["1", None, "3"]))
    assert (found.code, found.who) == ("E-T030", "loan blank")


def test_units_of_one_column_are_one_finding():
    frame = clean(500).assign(currency="USD")
    frame["current_balance"] *= 1000
    (found,) = findings(frame)  # and not that every balance is above twice the original
    assert (found.code, found.field, found.count) == ("E-T029", "original_balance", 500)
    few = clean(2).assign(currency="USD", original_balance=1e7, current_balance=1e4)
    assert codes(few) == []  # two loans say nothing about a unit
    old = clean(500).assign(original_balance=1e8, current_balance=[1e6] * 500)
    assert codes(old) == []  # nearly repaid, but no power of 1000


def test_outliers_are_not_among_the_others():
    frame = clean(50)
    frame.loc[:3, "current_rate"] = 70.0
    (found,) = findings(frame)
    assert "rate above 100 % for 4 loans; the others lie in 0.01" in found.message
    assert "–0.0" in found.message


def test_every_required_column_that_is_missing_is_named():
    found = findings(clean(3).drop(columns=["current_rate", "loan_id"]))
    assert [(f.code, f.field) for f in found] == [("E-T011", "loan_id"), ("E-T011", "current_rate")]


def test_corporate_numbers():
    numbers = ["8700110005901", "7000012050002", "123", None, "8700110005902"]
    frame = clean(5).assign(corporate_number=numbers, obligor_id=["1", "2", "3", "4", "5"])
    (found,) = findings(frame)
    assert found.occurrences is not None
    assert found.occurrences.values.tolist() == ["123", "8700110005902"]


def test_fiscal_years_run_from_april_to_march():
    labels = ["FY2025"] * 4
    days = ["2025-04-30", "2026-03-31", "2025-03-31", "2026-04-30"]
    (found,) = findings(clean(4).assign(financials_fiscal_year=labels, financials_date=days))
    assert found.occurrences is not None
    assert found.occurrences.rows.tolist() == [4, 5]


def test_every_rule_has_its_words():
    for rule in RULES:
        assert rule.code in CODES
        assert rule.field in TAPE
        assert all(name in TAPE for name in rule.needs)
    for code in CODES:
        made = finding(code, "said", field="current_rate")
        assert made.severity == {"E": "error", "W": "warning", "F": "fixed"}[code[0]]
        assert made.rule
        assert made.fix
        assert "{{" not in made.rule + made.fix


def test_the_frame_checked_is_not_changed():
    frame = Loans.from_frame(clean(50)).frame
    before = frame.copy()
    check(View(frame, np.arange(2, 52), "pool"))
    pd.testing.assert_frame_equal(frame, before)
