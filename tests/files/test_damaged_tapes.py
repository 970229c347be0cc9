"""Whatever stands in a file or a frame, reading ends in loans or in findings that can be shown, never in another error."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from tape_rows import table, text, write

from clo.files.tape.reading import check_tape
from clo.findings import TapeError
from clo.tape.loans import Loans

CELLS = (
    "", "-", "△1", "9999", "#REF!", "1e400", "nan", "inf", "-inf", "1.5", "ー", "令和元年", "R5.3.31", "99/99/99", "0", "abc",
    "\u3000", "１２", "'", '"', "\n", "\r", ",", "\x00", "合計", "2026-02-30", "45012", "1" * 400, "0000-01-01",
    "10000-01-01", "9999-12-31T00:00", "%", "bp", "(5)", "()", "¥", "1/2/3", "平成99年1月1日", "M元.1.1", "20260331", "99999",
    "=1+1", "1_000", "٣",
)  # fmt: skip
SIDECARS = (
    "", "encoding: cp932\n", "units: {rate: percent}\n", "header_row: 2\n", "header_row: 500\n", "delimiter: ';'\n",
    "columns: {loan_id: obligor_id}\n", "constants: {current_rate: x}\n", "date_styles: {default: dmy}\n",
    "sentinels: {default: []}\n", "rules: [{that: 'a >', says: b}]\n", "leave_out: [{where: 'loan_id', why: x}]\n",
    "constants: {maturity_date: 5}\n", "assumed: {obligor_type: {value: robot, why: x}}\n",
    "derive: {originator_id: {from: nope}}\n",
    "derive: {maturity_date: {add_months: [origination_date, current_balance]}}\n",
    "derive: {maturity_date: {add_months: [loan_id, days_in_arrears]}}\n",
)  # fmt: skip
OBJECTS = (
    None, np.nan, "x", 1, -1, 1e300, np.inf, True, 10**30, "2030-01-01", "", "PERF", b"x", [1], pd.NA, pd.NaT,
    pd.Timestamp("2030-01-01", tz="Asia/Tokyo"),
)  # fmt: skip


def damaged(draw: random.Random) -> bytes:
    columns = table()
    for _ in range(draw.randint(1, 5)):
        columns[draw.choice(list(columns))][draw.randrange(8)] = draw.choice(CELLS)
    if draw.random() < 0.3:
        columns.pop(draw.choice(list(columns)))
    data = bytearray(text(columns).encode("utf-8" if draw.random() < 0.8 else "cp932", "replace"))
    for _ in range(draw.choice((0, 0, 1, 4))):
        at = draw.randrange(len(data))
        data[at : at + draw.choice((0, 1, 90))] = draw.choice((b"", bytes([draw.randrange(256)]), draw.choice(CELLS).encode()))
    return bytes(data)


@pytest.mark.parametrize("seed", range(100))
def test_damaged_file(seed, tmp_path):
    draw = random.Random(seed)
    loans, findings = check_tape(write(tmp_path, damaged(draw), draw.choice(SIDECARS)))
    assert (loans is None) == any(found.severity == "error" for found in findings)
    for found in findings:
        assert found.message
        assert found.rule
        assert found.fix
        assert str(found)


@pytest.mark.parametrize("seed", range(60))
def test_odd_objects_in_a_frame(seed):
    draw = random.Random(seed)
    frame = pd.DataFrame(table()).head(draw.choice((0, 1, 8)))
    for _ in range(3):
        name = draw.choice(
            [*frame.columns, "pd_1y", "secured_flag", "corporate_number", "financials_fiscal_year", "default_date", "z"]
        )
        frame[name] = pd.Series([draw.choice(OBJECTS) for _ in range(len(frame))], dtype=object)
    try:
        findings = Loans.from_frame(frame).findings
        refused = False
    except TapeError as error:
        findings, refused = error.findings, True
    assert refused == any(found.severity == "error" for found in findings)
    assert all(found.message and found.rule and str(found) for found in findings)
