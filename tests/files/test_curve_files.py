"""Curve files: both forms, units, encodings, and everything that is wrong with one, at once and with its rows."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from clo.curves import Curves
from clo.files.curves import check_curves, read_curves
from clo.findings import CurveError, Finding

LONG = """index,date,rate
TIBOR_3M,2007-01-04,0.55%
TIBOR_3M,2007-02-01,56bp
TONA,2007-01-04,0.0025
"""
WIDE = """date,TIBOR_3M (%),TONA
2007-01-04,0.55,0.0025
2007-02-01,0.56,
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "curves.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str | bytes, **said: Any) -> Curves:
    return read_curves(written(folder, text), **said)


def found(folder: Path, text: str | bytes, **said: Any) -> list[Finding]:
    return list(check_curves(written(folder, text), **said)[1])


# ---- what is read


@pytest.mark.parametrize("text", [LONG, WIDE], ids=["long", "wide"])
def test_both_forms_say_the_same(tmp_path: Path, text: str) -> None:
    curves = read(tmp_path, text, extrapolation="flat")
    assert list(curves) == ["TIBOR_3M", "TONA"]
    assert curves["TIBOR_3M"].dates.astype(str).tolist() == ["2007-01-04", "2007-02-01"]
    assert curves["TIBOR_3M"].values.tolist() == pytest.approx([0.0055, 0.0056], rel=1e-15)
    assert curves["TONA"].values.tolist() == [0.0025]
    assert curves["TONA"].source.endswith("curves.csv")
    assert curves.findings == ()


def test_the_words_of_the_caller_hold_for_every_curve(tmp_path: Path) -> None:
    curves = read(tmp_path, LONG, interpolation="linear", extrapolation="flat")
    assert {(curve.interpolation, curve.extrapolation) for curve in curves.values()} == {("linear", "flat")}
    assert curves["TIBOR_3M"].at(["2007-01-18", "2008-01-01"]).tolist() == pytest.approx([0.00555, 0.0056])


@pytest.mark.parametrize(
    ("header", "cell", "rate"),
    [
        ("TONA", "0.0012", 0.0012),
        ("TONA", "-0.0006", -0.0006),
        ("TONA", "1.2e-3", 0.0012),
        ("TONA", "0.12%", 0.0012),
        ("TONA", "12bp", 0.0012),
        ("TONA", "12 bp", 0.0012),
        ("TONA (%)", "0.12", 0.0012),
        ("TONA（％）", "0.12", 0.0012),
        ("TONA(bp)", "12", 0.0012),
        ("TONA (bp)", "0.12%", 0.0012),
    ],
)
def test_units(tmp_path: Path, header: str, cell: str, rate: float) -> None:
    curves = read(tmp_path, f"date,{header}\n2007-01-04,{cell}\n2007-01-05,{cell}\n")
    assert curves["TONA"].values.tolist() == [rate, rate]
    assert curves.findings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "日付,短期プライムレート(%)\r\n2007-01-04,1.625\r\n2007-03-26,1.875\r\n"
    curves = read(tmp_path, text.encode(encoding))
    assert curves["短期プライムレート"].values.tolist() == [0.01625, 0.01875]
    assert [finding.code for finding in curves.findings] == (["F-C001"] if encoding == "cp932" else [])


def test_days_in_any_order_and_columns_too(tmp_path: Path) -> None:
    curves = read(tmp_path, "rate,date,index\n0.003,2007-03-01,X\n\n0.001,2007-01-04,X\n0.002,2007-02-01,X\n")
    assert curves["X"].values.tolist() == [0.001, 0.002, 0.003]
    assert curves.findings == ()


def test_a_missing_fixing_is_no_point(tmp_path: Path) -> None:
    curves = read(tmp_path, "date,A,B,\n2007-01-04,0.01,,\n2007-01-05,,0.02,\n2007-01-08,0.03,0.04,\n,,,\n")
    assert curves["A"].dates.astype(str).tolist() == ["2007-01-04", "2007-01-08"]
    assert curves["B"].dates.astype(str).tolist() == ["2007-01-05", "2007-01-08"]
    assert list(curves) == ["A", "B"]


@pytest.mark.parametrize(
    ("cells", "code", "message"),
    [
        ("2007/1/5,0.01", "F-C005", "2007/1/5 read as 2007-01-05"),
        ("平成19年1月5日,0.01", "F-C005", "平成19年1月5日 read as 2007-01-05"),
        ("39087,0.01", "F-C005", "39087 read as Excel serial (2007-01-05)"),
        ("2007-01-05,０．０１", "F-C006", "０．０１ read as 0.01"),
        ("2007-01-05,△0.1%", "F-C006", "△0.1% read as -0.001"),
        ("2007-01-05,0.21", "W-C007", "the rate of 2007-01-05 is 21 % a year"),
        ("2007-01-04,0.01", "F-C008", "A has its rate of 2007-01-04 again in row 3"),
    ],
)
def test_what_is_read_and_said(tmp_path: Path, cells: str, code: str, message: str) -> None:
    curves = read(tmp_path, f"date,A\n2007-01-04,0.01\n{cells}\n2007-01-09,0.01\n")
    (finding,) = curves.findings
    assert (finding.code, finding.row) == (code, 3)
    assert message in finding.message


def test_one_point_is_worth_a_look_where_it_is_not_held(tmp_path: Path) -> None:
    (warning,) = found(tmp_path, "date,A\n2007-01-04,0.01\n")
    assert (warning.code, warning.severity) == ("W-C010", "warning")
    assert found(tmp_path, "date,A\n2007-01-04,0.01\n", extrapolation="flat") == []


# ---- what is refused


@pytest.mark.parametrize(
    ("text", "code", "row", "message"),
    [
        ("", "E-C002", None, "the file is empty"),
        ("\n\n", "E-C002", None, "the file is empty"),
        ("date,A\n", "E-C002", None, "a header and no rows"),
        (b"\xff\xfed\x00a\x00", "E-C001", 1, "UTF-16"),
        ("date,日本\n".encode() + "2007-01-04,日本\n".encode("cp932"), "E-C001", 1, "concatenated from two encodings"),
        ("A,B\n2007-01-04,0.01\n", "E-C003", 1, "no column is the date"),
        ("2007-01-04,0.01\n2007-01-05,0.01\n", "E-C003", 1, "no column is the date; row 1 reads 2007-01-04, 0.01"),
        ("date;A\n2007-01-04;0.01\n", "E-C003", 1, "no column is the date"),
        ("date,A,日付\n2007-01-04,0.01,\n", "E-C003", 1, "2 columns are the date: date, 日付"),
        ("date,rate\n2007-01-04,0.01\n", "E-C003", 1, "a column rate and none that is the index"),
        ("date,index\n2007-01-04,A\n", "E-C003", 1, "a column index and none that is the rate"),
        ("index,date,rate,note\nA,2007-01-04,0.01,x\n", "E-C003", 1, "column 'note' is neither index, date nor rate"),
        ("date,TIBOR 3M\n2007-01-04,0.01\n", "E-C003", 1, "'TIBOR 3M' is no name of an index"),
        ("date,A,\n2007-01-04,0.01,0.02\n", "E-C003", 1, "'' is no name of an index"),
        ("index,date,rate\n,2007-01-04,0.01\n", "E-C003", 2, "a row has no index"),
        ("date,A\n2007-01-04,0.01\n2007-01-05,0.01,0.02\n2007-01-06,0.01\n", "E-C004", 3, "row 3 has 3 fields, the header 2"),
        ('date,A\n2007-01-04,"0.01\n2007-01-05,0.01\n', "E-C004", 3, "unexpected end of data"),
        ("date,A\n2007-02-29,0.01\n2007-01-05,0.01\n2007-01-09,0.01\n", "E-C005", 2, "2007 is not a leap year"),
        ("date,A\n05/06/2007,0.01\n2007-01-05,0.01\n2007-01-09,0.01\n", "E-C005", 2, "ambiguous: 2007-05-06 or 2007-06-05"),
        ("date,A\n,0.01\n2007-01-05,0.01\n2007-01-09,0.01\n", "E-C005", 2, "a row has no date"),
        ("date,A\n2007-01-04,n/a\n2007-01-05,0.01\n2007-01-09,0.01\n", "E-C006", 2, "'n/a' is not a rate"),
        ("date,A\n2007-01-04,nan\n2007-01-05,0.01\n2007-01-09,0.01\n", "E-C006", 2, "'nan' is not a rate"),
        ('date,A\n2007-01-04,"0,5%"\n2007-01-05,0.01\n2007-01-09,0.01\n', "E-C006", 2, "'0,5%' is not a rate"),
        ("date,A\n2007-01-04,0.85\n2007-01-05,0.01\n", "E-C007", 2, "the rate of 2007-01-04 is 85 % a year"),
        ("date,A\n2007-01-04,-0.068\n2007-01-05,0.01\n", "E-C007", 2, "the rate of 2007-01-04 is -6.8 % a year"),
        ("date,A\n2007-01-04,85%\n2007-01-05,0.01\n", "E-C007", 2, "85 % a year"),
        ("date,A\n2007-01-04,0.01\n2007-01-05,0.01\n2007-01-04,0.02\n", "E-C008", 4,
         "A has two rates on 2007-01-04: 0.01 in row 2, 0.02 in row 4"),
        ("date,Tona,TONA\n2007-01-04,0.01,0.01\n2007-01-05,0.01,0.01\n", "E-C009", None, "Tona and TONA differ only in the case"),
        ("index,date,rate\nA,2007-01-04,1%\nA,2007-01-05,1%\na,2007-01-04,1%\na,2007-01-05,1%\n", "E-C009", None, "A and a"),
        ("date,A,A\n2007-01-04,0.01,0.01\n2007-01-05,0.01,0.01\n", "E-C009", None, "A is there twice"),
        ("date,A,B\n2007-01-04,0.01,\n2007-01-05,0.01,\n", "E-C010", None, "B has no fixing"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, text: str | bytes, code: str, row: int | None, message: str) -> None:
    path = written(tmp_path, text)
    curves, findings = check_curves(path)
    assert curves is None
    (finding,) = (finding for finding in findings if finding.severity == "error")
    assert (finding.code, finding.row, finding.file) == (code, row, str(path))
    assert message in finding.message
    assert finding.rule
    assert finding.fix
    with pytest.raises(CurveError) as caught:
        read_curves(path)
    assert [one.message for one in caught.value.findings] == [one.message for one in findings]


def test_all_at_once_with_every_row(tmp_path: Path) -> None:
    text = (
        "date,A,a,B C (%)\n"  # names
        "2007-01-04,0.01,0.02,0.5\n"
    )
    assert [finding.code for finding in found(tmp_path, text)] == ["E-C003"]
    text = (
        "date,A,B,C\n"
        "2007-01-04,0.01,5,\n"
        "2007-13-01,0.01,0.01,\n"
        "2007-01-05,x,6,\n"
        "2007-01-09,y,0.01,\n"
        "2007-01-09,0.01,0.02,\n"
        "2007-01-10\n"
    )
    findings = found(tmp_path, text)
    hits = [(f.code, f.who, [] if f.occurrences is None else f.occurrences.rows.tolist()) for f in findings]
    assert hits == [
        ("E-C004", "", [7]),
        ("E-C005", "", [3]),
        ("E-C006", "index A", [4, 5]),
        ("E-C007", "index B", [2, 4]),
        ("E-C008", "index B", [6]),
        ("E-C010", "index C", []),
    ]
    assert findings[2].occurrences.values.tolist() == ["x", "y"]


def test_words_that_are_not_known(tmp_path: Path) -> None:
    with pytest.raises(CurveError) as caught:
        read(tmp_path, WIDE, interpolation="cubic", extrapolation="flat")
    assert {finding.code for finding in caught.value.findings} == {"E-C012"}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        read_curves(tmp_path / "nowhere.csv")


@given(
    st.lists(
        st.sampled_from([*',\n"%-9e ;日２', "bp", "(", ")", "\ufeff", "\0", "nan", "date", "rate", "2007-01-04"]), max_size=40
    ),
    st.sampled_from(["date,A\n2007-01-05,", "index,date,rate\nA,", ""]),
)
def test_whatever_the_file_holds_it_is_read_or_refused(tokens: list[str], start: str) -> None:
    with TemporaryDirectory() as folder:
        curves, findings = check_curves(written(Path(folder), start + "".join(tokens)))
    assert (curves is None) == any(finding.severity == "error" for finding in findings)


def test_a_long_history_is_read_whole(tmp_path: Path) -> None:
    days = np.datetime64("1995-01-01") + np.arange(10_000)
    rates = np.random.default_rng(1).uniform(-0.001, 0.01, (10_000, 3))
    rows = [f"{day},{a:.6f},{b:.6f},{c:.6f}" for day, (a, b, c) in zip(days, rates, strict=True)]
    curves = clo.read_curves(written(tmp_path, "\n".join(["date,A,B,C", *reversed(rows)])))
    assert [len(curve.dates) for curve in curves.values()] == [10_000] * 3
    np.testing.assert_allclose(curves["B"].at(days), rates[:, 1], atol=5e-7)


def test_the_page_about_curves_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "curves.md").read_text("utf-8")
    (file,) = re.findall(r"```csv\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "rates.csv").write_text(file, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(page.replace("```\n", "\n"), {}, "docs/curves.md", None, 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=said.append)
    assert result.attempted == 7
    assert result.failed == 0, "".join(said)
