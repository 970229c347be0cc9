"""What a sidecar declares takes effect, and what is wrong with one is said with its line."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from tape_rows import BALANCE, COLUMNS, errors, only, table, text, write

from clo.files.tape.reading import check_tape, read_tape
from clo.files.tape.sidecar import Sidecar
from clo.files.tape.sidecar_file import load_sidecar
from clo.findings import TapeError

CLEAN = text(COLUMNS)


def without(*names: str) -> dict[str, list[str]]:
    return {name: values for name, values in COLUMNS.items() if name not in names}


# (text after the first line, code, line, words of the message)
WRONG = {
    "unknown key": ("encodings: cp932\n", "E-S002", 2, "unknown key 'encodings'; did you mean 'encoding'?"),
    "unknown key inside": ("units:\n  mony: yen\n", "E-S002", 3, "unknown key 'mony'; did you mean 'money'?"),
    "unknown unit": ("units:\n  money: dozen\n", "E-S003", 3, "'thousand'"),
    "unknown column": ("constants:\n  curency: JPY\n", "E-S003", 3, "no column 'curency' on the tape; did you mean 'currency'?"),
    "unknown codec": ("encoding: klingon\n", "E-S003", 2, "unknown encoding 'klingon'"),
    "unknown style": ("date_styles:\n  maturity_date: ydm\n", "E-S003", 3, "unknown date style 'ydm'"),
    "half a derivation": ("derive:\n  maturity_date: {map: {a: b}}\n", "E-S003", 3, "give either `from`"),
    "no YAML": ("units: {money: [\n", "E-S001", 3, "expected"),
    "a key twice": ("encoding: utf-8\nencoding: cp932\n", "E-S001", 3, 'found duplicate key "encoding"'),
    "row zero": ("header_row: 0\n", "E-S003", 2, "greater than or equal to 1"),
    "nothing to leave out": ("leave_out:\n  - why: no reason\n", "E-S003", 3, "say which rows"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_sidecar_is_refused_with_its_line(name, tmp_path):
    content, code, line, message = WRONG[name]
    path = write(tmp_path, CLEAN, content)
    loans, findings = check_tape(path)
    assert loans is None
    found = only(findings, code)
    assert (found.file, found.line) == (f"{path}.map.yaml", line)
    assert message in found.message
    assert f"pool.csv.map.yaml:{line}" in str(found)


@pytest.mark.parametrize("content", ["", "- a\n", "units: {}\n", "format: clo.map/9\n"])
def test_sidecar_of_another_format_is_refused(content, tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text(content)
    with pytest.raises(TapeError) as caught:
        load_sidecar(path)
    assert caught.value.findings[0].code == "E-S003"
    assert "clo.map/1" in caught.value.findings[0].message


def test_several_problems_come_together(tmp_path):
    _, findings = check_tape(write(tmp_path, CLEAN, "encodings: x\nheader_row: -1\n"))
    assert errors(findings) == ["E-S003", "E-S002"]


def test_headers_are_mapped_and_a_wrong_one_is_said(tmp_path):
    content = text(COLUMNS, {"current_balance": "現在残高"})
    assert read_tape(write(tmp_path, content, "columns: {current_balance: 現在残高}\n")).balance == BALANCE
    _, findings = check_tape(write(tmp_path, content, "columns: {current_balance: 現在残}\n"))
    found = only(findings, "E-S004")
    assert (found.field, found.value) == ("current_balance", "現在残")
    assert "closest header: '現在残高'" in found.message
    assert errors(findings) == ["E-S004"]


def test_units_by_column_originator_and_kind(tmp_path):
    rates = ["0.018", "0.021", "0.025", "0.0185", "2.00", "2.35", "1.9", "2.2"]
    money = [*COLUMNS["current_balance"][:4], "7000", "13000", "19000", "25000"]
    original = [*COLUMNS["original_balance"][:4], "12000", "22000", "32000", "42000"]
    content = text(table(current_rate=rates, current_balance=money, original_balance=original, guarantee_ratio="80"))
    sidecar = "units:\n  originators: {'0202': {money: thousand, rate: percent}}\n  columns: {guarantee_ratio: percent}\n"
    loans = read_tape(write(tmp_path, content, sidecar))
    assert loans.balance == BALANCE
    np.testing.assert_allclose(loans.column("current_rate")[4:], [0.02, 0.0235, 0.019, 0.022], rtol=1e-14)
    assert loans.column("guarantee_ratio").tolist() == [0.8] * 8


def test_units_of_both_balances_settle_how_far_apart_they_are(tmp_path):
    content = text(table(current_balance=["6000", "12000", "18000", "24000", "7000", "13000", "19000", "25000"]))
    assert errors(check_tape(write(tmp_path, content))[1]) == ["E-T029"]
    assert read_tape(write(tmp_path, content, "units: {columns: {current_balance: thousand}}\n")).balance == BALANCE
    right = "units: {columns: {current_balance: yen, original_balance: yen}}\n"
    assert read_tape(write(tmp_path, content, right)).balance == BALANCE / 1000


def test_percent_signs_are_not_scaled_twice(tmp_path):
    loans = read_tape(
        write(
            tmp_path,
            text(
                table(
                    {("current_rate", 0): "1.8%"},
                )
            ),
            "units: {rate: decimal}\n",
        )
    )
    assert loans.column("current_rate")[0] == pytest.approx(0.018, rel=1e-15)
    content = text(table(current_rate=["1.8%", "2.1", "2.5", "1.85", "2.0", "2.35", "1.9", "2.2"]))
    loans = read_tape(write(tmp_path, content, "units: {rate: percent}\n"))
    np.testing.assert_allclose(loans.column("current_rate")[:2], [0.018, 0.021], rtol=1e-14)


@pytest.mark.parametrize(
    ("written", "style"),
    [
        ("3/4/2029", "dmy"), ("4/3/2029", "mdy"), ("29/04/03", "{style: ymd, century_pivot: 50}"),
        ("3-Apr-29", "{style: d-mon-yy, century_pivot: 50}"), ("03.04.2029", "'%d.%m.%Y'"),
        ("03.04.29", "{style: '%d.%m.%y', century_pivot: 50}"), ("47211", "excel"), ("45749", "excel1904"), ("2029-04-03", "dmy"),
    ],
)  # fmt: skip
def test_declared_date_styles(written, style, tmp_path):
    loans = read_tape(write(tmp_path, text(table({("maturity_date", 0): written})), f"date_styles: {{maturity_date: {style}}}\n"))
    assert str(loans.column("maturity_date")[0].astype("datetime64[D]")) == "2029-04-03"
    assert loans.findings == ()


def test_century_pivot_divides_the_centuries(tmp_path):
    changes = {("incorporation_date", 0): "24-Jun-91", ("incorporation_date", 1): "24-Jun-08"}
    sidecar = "date_styles: {incorporation_date: {style: d-mon-yy, century_pivot: 30}}\n"
    days = read_tape(write(tmp_path, text(table(changes)), sidecar)).column("incorporation_date")
    assert days[:2].astype("datetime64[D]").astype(str).tolist() == ["1991-06-24", "2008-06-24"]


def test_constants_assumptions_and_allowed_absence(tmp_path):
    sidecar = (
        "constants: {cutoff_date: 2026-03-31, currency: JPY}\n"
        "assumed:\n"
        "  amortisation_type: {value: level_payment, why: the bank did not say}\n"
        "  current_rate: {value: 2.5%, why: a guess}\n"
        "may_be_missing: {arrears_balance: not recorded}\n"
    )
    content = text(without("cutoff_date", "currency", "amortisation_type", "current_rate", "arrears_balance"))
    loans = read_tape(write(tmp_path, content, sidecar))
    assert str(loans.cutoff) == "2026-03-31"
    assert loans.column("current_rate").tolist() == [0.025] * 8
    assert set(loans.frame["amortisation_type"]) == {"level_payment"}
    assert np.isnan(loans.column("arrears_balance")).all()
    said = only(loans.findings, "W-T082", "amortisation_type")
    assert said.message == "amortisation_type is assumed to be level_payment for all 8 loans: the bank did not say"
    assert "not recorded" in only(loans.findings, "W-T030", "arrears_balance").message


def test_columns_of_the_file_may_be_assumed_and_loans_made_up(tmp_path):
    sidecar = "made_up: drawn by a script\nassumed:\n  current_rate: {why: no rate is published}\n"
    path = write(tmp_path, CLEAN, sidecar)
    loans = read_tape(path)
    assert loans.column("current_rate")[0] == 0.018
    assert [(found.code, found.severity, found.field, found.message) for found in loans.findings] == [
        ("W-T083", "warning", "", "the loans are made up: drawn by a script"),
        ("W-T082", "warning", "current_rate", "current_rate is assumed for all 8 loans: no rate is published"),
    ]
    assert loans.where("originator_id == '0101'").findings == loans.findings
    _, findings = check_tape(write(tmp_path, text(without("currency")), "assumed:\n  currency: {why: a guess}\n"))
    found = only(findings, "E-S004")
    assert (found.file, found.line) == (f"{path}.map.yaml", 3)
    _, findings = check_tape(write(tmp_path, text(without("current_rate")), sidecar))
    assert errors(findings) == ["E-T011"]


def test_stored_tapes_keep_what_their_sidecars_say():
    folder = Path(__file__).parents[2] / "deals" / "tapes"
    assert [found.code for found in read_tape(folder / "purchase-08.parquet").findings] == ["W-T083"]
    assumed = [found for found in read_tape(folder / "sba-2006.parquet").findings if found.code == "W-T082"]
    assert {found.field for found in assumed} == {
        "current_rate", "maturity_date", "amortisation_type", "current_balance", "rate_type",
    }  # fmt: skip
    assert all("for all 1,435 loans: " in found.message for found in assumed)


def test_digest_of_the_sidecar_stays_with_the_loans(tmp_path):
    path = write(tmp_path, CLEAN, "units: {money: one}\n")
    digest = hashlib.sha256((tmp_path / "pool.csv.map.yaml").read_bytes()).hexdigest()
    loans = read_tape(path)
    for one in (loans, loans.where("current_balance > 0"), loans.rows(np.array([1])), pickle.loads(pickle.dumps(loans))):
        assert one.sidecar_sha256 == digest
    (tmp_path / "pool.csv.map.yaml").unlink()
    assert read_tape(path).sidecar_sha256 == ""


def test_errors_of_the_sidecar_point_into_it(tmp_path):
    sidecar = (
        "columns:\n  purpose: nope\n  region_code: nada\n"
        "controls:\n  by_originator:\n    '0202': {count: 5}\n"
        "rules:\n  - {that: 'a >', says: b}\n"
    )
    path = write(tmp_path, CLEAN, sidecar)
    _, findings = check_tape(path)
    assert [(found.code, found.file, found.line) for found in findings] == [
        ("E-S004", f"{path}.map.yaml", 3),
        ("E-S004", f"{path}.map.yaml", 4),
        ("E-T015", f"{path}.map.yaml", 7),
        ("E-S005", f"{path}.map.yaml", 9),
    ]
    _, findings = check_tape(write(tmp_path, CLEAN, "columns:\n  purpos: a\n  regioncode: b\nsha256: x\n"))
    assert [(found.code, found.line, found.path) for found in findings] == [
        ("E-S003", 3, "columns.purpos"),
        ("E-S003", 4, "columns.regioncode"),
    ]
    found = only(check_tape(write(tmp_path, CLEAN, "notes: []\nsha256: x\n"))[1], "E-T016")
    assert (found.file, found.line) == (f"{path}.map.yaml", 3)


def test_derived_columns(tmp_path):
    content = text(without("maturity_date", "account_status") | {"Term": ["60"] * 7 + ["1"], "Status": ["ok"] * 7 + ["bad"]})
    sidecar = (
        "derive:\n"
        "  maturity_date: {add_months: [origination_date, Term]}\n"
        "  account_status: {from: Status, map: {ok: PERF, bad: DFLT}}\n"
        "constants: {default_date: 2024-06-01}\n"
    )
    loans = read_tape(write(tmp_path, content, sidecar))
    assert loans.column("maturity_date")[[0, 7]].astype("datetime64[D]").astype(str).tolist() == ["2029-04-01", "2024-05-01"]
    assert loans.frame["account_status"].tolist() == ["PERF"] * 7 + ["DFLT"]
    _, findings = check_tape(write(tmp_path, content, sidecar.replace("bad: DFLT", "worse: DFLT")))
    found = only(findings, "E-T032", "account_status")
    assert (found.row, found.who, found.value) == (9, "loan B-4", "bad")
    assert "'bad' is not among the mapped words ok, worse" in found.message


def test_end_of_month_is_kept_when_months_are_added(tmp_path):
    content = text(without("maturity_date") | {"origination_date": ["2024-01-31"] * 8, "Term": ["61"] * 8})
    loans = read_tape(write(tmp_path, content, "derive: {maturity_date: {add_months: [origination_date, Term]}}\n"))
    assert str(loans.column("maturity_date")[0].astype("datetime64[D]")) == "2029-02-28"


def test_own_sentinels_replace_the_usual_ones(tmp_path):
    content = text(table({("balloon_amount", 0): "-1", ("region_code", 0): "-"}))
    loans = read_tape(write(tmp_path, content, "sentinels: {balloon_amount: ['-1'], region_code: []}\n"))
    assert np.isnan(loans.column("balloon_amount")[0])
    assert loans.frame["region_code"][0] == "-"


def test_control_totals_and_digest(tmp_path):
    sidecar = "controls:\n  count: 9\n  balance: 124000\n  by_originator: {'0202': {count: 4, balance: 64000001}}\n"
    _, findings = check_tape(write(tmp_path, CLEAN, sidecar))
    said = [found.message for found in findings]
    assert said == [
        "loans: tape 8 vs control 9 (-1)",
        "balance: tape 124,000,000 vs control 124,000 (+123,876,000); a power of 1000: check units.money",
        "balance of 0202: tape 64,000,000 vs control 64,000,001 (-1)",
    ]
    assert {found.code for found in findings} == {"E-T015"}
    digest = hashlib.sha256(CLEAN.encode()).hexdigest()
    assert read_tape(write(tmp_path, CLEAN, f"sha256: {digest}\n")).sha256 == digest
    found = only(check_tape(write(tmp_path, CLEAN.replace("A-1", "A-9"), f"sha256: {digest}\n"))[1], "E-T016")
    assert digest in found.message
    assert found.value in found.message


def test_realised_outcomes_may_lie_after_the_cutoff(tmp_path):
    content = text(table({("default_date", 3): "2027-01-15"}))
    assert read_tape(write(tmp_path, content, "realised: [default_date]\n")).findings == ()


def test_extra_rules(tmp_path):
    sidecar = "kinds: {x_limit: money}\nrules:\n  - {that: current_balance <= x_limit, says: over its limit, severity: error}\n"
    content = text(table({("limit", 0): "1", ("limit", 1): "99000000"}))
    _, findings = check_tape(write(tmp_path, content, sidecar))
    found = only(findings, "E-T080")
    assert (found.row, found.who, found.value, found.count) == (2, "loan A-1", "6,000,000", 1)
    assert (found.rule, found.message) == ("current_balance <= x_limit", "over its limit (1 loan)")
    _, findings = check_tape(write(tmp_path, content, sidecar.replace("x_limit,", "x_limits,")))
    assert "did you mean 'x_limit'?" in only(findings, "E-S005").message


def test_rows_left_out_are_counted_with_the_reason(tmp_path):
    sidecar = (
        "leave_out:\n"
        "  - {missing: [maturity_date], why: nothing to project}\n"
        "  - {where: current_rate > 2.4%, why: another product}\n"
    )
    loans = read_tape(write(tmp_path, text(table({("maturity_date", 1): ""})), sidecar))
    assert loans.frame["loan_id"].tolist() == ["A-1", "A-4", "B-1", "B-2", "B-3", "B-4"]
    assert loans.file_rows.tolist() == [2, 5, 6, 7, 8, 9]
    assert [found.message for found in loans.findings] == [
        "left out 1 loan: nothing to project",
        "left out 1 loan: another product",
    ]


def test_rows_left_out_for_a_missing_value_where_a_condition_holds(tmp_path):
    rows = {("region", 0): "", ("region", 1): "", ("region", 2): "13", ("region", 3): "13"}
    sidecar = "columns: {region_code: region}\nleave_out:\n  - {missing: [region_code], where: loan_id == 'A-1', why: nowhere}\n"
    loans = read_tape(write(tmp_path, text(table(rows)), sidecar))
    assert "A-1" not in set(loans.frame["loan_id"])
    assert len(loans) == 7


def test_a_rule_that_missing_values_decide_is_not_broken(tmp_path):
    sidecar = (
        "kinds: {x_limit: money}\nrules:\n  - {that: not current_balance > x_limit, says: over its limit, severity: error}\n"
    )
    content = text(table({("limit", 1): "99000000"}))
    assert errors(check_tape(write(tmp_path, content, sidecar))[1]) == []
    both = sidecar.replace("not current_balance > x_limit", "current_rate > 90% and current_balance < x_limit")
    assert only(check_tape(write(tmp_path, content, both))[1], "E-T080").count == 8


def test_without_a_sidecar_nothing_is_declared():
    assert Sidecar().model_fields_set == set()
