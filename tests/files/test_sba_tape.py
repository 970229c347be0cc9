"""The real record of 22,427 guaranteed loans: its known defects are found, each with its exact count."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from clo.files.tape.reading import check_tape, read_tape

TAPE = Path(__file__).parents[2] / "deals" / "tapes" / "sba_7a_loans.csv.gz"
SIDECAR = TAPE.with_name(TAPE.name + ".map.yaml")


@pytest.fixture(scope="module")
def checked():
    return check_tape(TAPE)


def test_file_is_the_published_text():
    plain = gzip.decompress(TAPE.read_bytes())
    assert plain.count(b"\n") == 22_428
    assert TAPE.read_bytes()[4:8] == b"\0\0\0\0"  # no time stamp: the same text packs to the same bytes
    assert hashlib.sha256(TAPE.read_bytes()).hexdigest() in SIDECAR.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("code", "field", "count", "says"),
    [
        ("E-T030", "account_status", 119, "account_status blank for 119 loans"),
        ("W-T080", "x_Term", 37, "term of zero months (37 loans)"),
        ("E-T030", "origination_date", 34, "origination_date blank for 34 loans"),
        ("E-T062", "default_date", 1, "status DFLT without a default date"),
        ("W-T064", "default_date", 207, "status RDMD with a default date (207 loans)"),
        ("W-T065", "allocated_loss", 71, "loss above the original balance"),
        ("W-T080", "allocated_loss", 23, "charged off more than was approved (23 loans)"),
        ("E-T030", "originator_id", 15, "originator_id blank for 15 loans"),
    ],
)
def test_known_defects_with_their_counts(checked, code, field, count, says):
    _, findings = checked
    (found,) = [found for found in findings if (found.code, found.field) == (code, field)]
    assert found.count == count
    assert says in found.message
    assert found.occurrences is not None
    assert found.row == found.occurrences.rows[0] >= 2
    assert found.who == f"loan {found.occurrences.who[0]}"


def test_nothing_else_refuses_it(checked):
    loans, findings = checked
    assert loans is None
    refused = {(found.code, found.field): found.count for found in findings if found.severity == "error"}
    assert refused == {
        ("E-T030", "originator_id"): 15,
        ("E-T030", "origination_date"): 34,
        ("E-T030", "account_status"): 119,
        ("E-T054", "maturity_date"): 37,  # the zero terms again: maturity on the day of disbursement
        ("E-T062", "default_date"): 1,
    }


def test_the_usable_part_reads_once_the_rest_is_left_out(tmp_path):
    sidecar = tmp_path / "usable.map.yaml"
    sidecar.write_text(
        SIDECAR.read_text(encoding="utf-8").replace("controls: {count: 22427}\n", "")
        + "leave_out:\n"
        + "  - {missing: [account_status, origination_date, originator_id], why: required}\n"
        + "  - {where: x_Term == 0, why: no term}\n"
        + "  - {missing: [default_date], where: account_status == 'DFLT', why: charge-off undated}\n",
        encoding="utf-8",
    )
    loans = read_tape(TAPE, map=sidecar)
    left = [found.count for found in loans.findings if found.code == "F-T081"]
    assert len(loans) == 22_427 - sum(left)
    assert loans.frame["account_status"].value_counts()[["RDMD", "DFLT"]].sum() == len(loans)
    days = loans.column("default_date")
    defaults = loans.column("account_status") == 4
    assert not np.isnat(days[defaults]).any()
    assert days[defaults].min().astype("datetime64[D]") == np.datetime64("1988-10-06")
    assert days[defaults].max().astype("datetime64[D]") == np.datetime64("2014-08-29")
    assert "ND" in set(loans.frame["region_code"])  # North Dakota is no missing value
