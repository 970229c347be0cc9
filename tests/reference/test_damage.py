"""Damaged tables: every kind of damage is a finding that says where, never a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

import clo
from clo.findings import Finding
from clo.reference import TableError, Tables, packaged

DATA = Path(str(files("clo.reference") / "data"))
Lines = list[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged tables that may be damaged."""
    return shutil.copytree(DATA, tmp_path / "data")


def damaged(folder: Path, file: str, change: Callable[[Lines], Lines]) -> Path:
    lines = (folder / file).read_text("utf-8").splitlines()
    after = change(lines)
    assert after != lines
    (folder / file).write_text("\n".join(after) + "\n", "utf-8")
    return folder


def without(start: str) -> Callable[[Lines], Lines]:
    return lambda lines: [line for line in lines if not line.startswith(start)]


def swapped(old: str, new: str) -> Callable[[Lines], Lines]:
    return lambda lines: "\n".join(lines).replace(old, new, 1).split("\n")


def findings(folder: Path) -> tuple[Finding, ...]:
    """Of reading all tables and their identities."""
    with pytest.raises(TableError) as caught:
        clo.reference.identity_checks(Tables(folder))
    return caught.value.findings


# ---- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "who", "field", "told"),
    [
        ("issuance.csv", "purchase,3,", "purchse,3,", "row purchse 3", "type", "none of purchase, guarantee, synthetic_cbo"),
        ("issuance.csv", "2005-12,31", "2005-12-01,31", "row purchase 3", "month", "not a month"),
        ("issuance.csv", "2005-12,31,832", "2005-12,３１,832", "row purchase 3", "banks", "not a whole number"),
        ("issuance.csv", "31,832,", "31,,", "row purchase 3", "smes", "nothing stands here"),
        ("issuance.csv", "20.5,false", "20.5,no", "row purchase 3", "joint", "not true or false"),
        ("tranches.csv", "2006-09-27", "June 2007", "row purchase-05 JASME purchase-type No. 5", "date", "a month or a day"),
        ("tranches.csv", "2007-06-28", "2007-06-99", "row purchase-08 JASME purchase-type No. 8", "date", "a month or a day"),
        ("tranches.csv", "2013-07-16", "2013-07-66", "row purchase-08 JASME purchase-type No. 8", "legal_maturity", "a day of"),
        ("tranches.csv", "2013-07-16", "2013-07", "row purchase-08 JASME purchase-type No. 8", "legal_maturity", "a day of"),
        ("tranches.csv", ",published,", ",publshed,", "row clover-2011 Clover LLC (2011)", "known", "none of published"),
        ("clover.csv", ",complete,", ",whole,", "row clover-2011 2011-03-11", "status", "none of complete"),
        ("subrogation_rates.csv", ",all,", ",every,", "row 1 北海道", "scope", "none of local_programmes, all"),
        ("rating_actions.csv", "2010-08-04", "2010-02-30", "row purchase-05 mezzanine", "date", "a day of the calendar"),
    ],
)
def test_a_cell_that_is_not_what_it_must_be_is_named(
    folder: Path, file: str, old: str, new: str, who: str, field: str, told: str
) -> None:
    tables = Tables(damaged(folder, file, swapped(old, new)))
    with pytest.raises(TableError) as caught:
        tables.table(file.removesuffix(".csv"))
    (found,) = caught.value.findings
    assert (found.code, found.file, found.who, found.field) == ("E-N004", file, who, field)
    assert told in found.message
    assert found.line is not None


# ---- files ----------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_a_header(folder: Path) -> None:
    for file in ("issuance.csv", "sources.csv", "columns.csv"):
        (folder / file).write_bytes(b"\xef\xbb\xbf" + (folder / file).read_bytes())
    assert len(Tables(folder).table("issuance")) == 19


@pytest.mark.parametrize("file", ["overseas_regions.csv", "sources.csv"])
def test_a_file_that_is_not_utf8_is_named(folder: Path, file: str) -> None:
    text = (folder / file).read_text("utf-8")
    (folder / file).write_bytes(text.replace("\n", "\n日本", 1).encode("cp932", "replace"))
    (found,) = findings(folder)
    assert (found.code, found.file, found.line) == ("E-N009", file, 2)


def test_a_table_of_a_header_alone_is_named(folder: Path) -> None:
    found = findings(damaged(folder, "issuance.csv", lambda lines: lines[:1]))
    assert [(one.code, one.file) for one in found] == [("E-N013", "issuance.csv")]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("issuance,number,count", "issuance,number,cuont", "'cuont' is none of"),
        (",0.1,", ",a tenth,", "'a tenth' is not a number"),
    ],
)
def test_a_register_of_columns_that_is_wrong_is_named(folder: Path, old: str, new: str, told: str) -> None:
    (found,) = findings(damaged(folder, "columns.csv", swapped(old, new)))
    assert (found.code, found.file) == ("E-N004", "columns.csv")
    assert told in found.message


# ---- rows that are gone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "start", "who"),
    [
        ("issuance.csv", "purchase,3,", "row purchase 3"),
        ("issuance.csv", "guarantee,6,", "row guarantee 6"),
        ("issuance_totals.csv", "guarantee,", "row guarantee"),
        ("results_fy2006.csv", "purchase_type,", "row purchase_type"),
        ("tranches.csv", "purchase-10,", "row purchase-10"),
        ("tranches.csv", "wide-area-cbo-2006,", "row wide-area-cbo-2006"),
        ("tranches.csv", "santoshi-2009,", "row class_1a"),
        ("wide_area_cbo_2006.csv", "class_b,", "row class_b"),
        ("clover.csv", "clover-2022,", "row clover-2022"),
        ("insurance_flows.csv", "2002,", "row 2002"),
        ("insured_sizes.csv", "sme,retail,", "row sme retail"),
        ("subrogation_rates_totals.csv", "all,2003,", "row all 2003"),
        ("revitalisation.csv", "plans_completed,", "row plans_completed"),
    ],
)
def test_a_row_that_an_identity_needs_is_named(folder: Path, file: str, start: str, who: str) -> None:
    found = [one for one in findings(damaged(folder, file, without(start))) if one.file == file]
    assert {one.code for one in found} == {"E-N008"}
    assert who in {one.who for one in found}


def test_rows_of_several_areas_are_named_together(folder: Path) -> None:
    damaged(folder, "issuance.csv", without("purchase,3,"))
    damaged(folder, "insurance_flows.csv", without("2002,"))
    assert {one.file for one in findings(folder)} == {"issuance.csv", "insurance_flows.csv"}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("clover.csv", "0.000001,140,", "0.000001,0,", "division by zero"),
        ("tranches.csv", "3141574000,1000,140,5,class_a", ",1000,140,5,class_a", "a figure that it needs is not there"),
    ],
)
def test_a_figure_that_leaves_nothing_to_work_out_is_a_finding(folder: Path, file: str, old: str, new: str, told: str) -> None:
    found = findings(damaged(folder, file, swapped(old, new)))
    assert {one.code for one in found} == {"E-N008"}
    assert any(told in one.message for one in found)


def test_damage_stops_the_reconciliation_with_findings(folder: Path) -> None:
    with pytest.raises(TableError, match="E-N008"):
        clo.reconcile({}, Tables(damaged(folder, "results_fy2006.csv", without("guarantee_type,"))))


# ---- recorded differences -------------------------------------------------------------------------------------------


def test_a_recorded_difference_that_is_renamed_is_named(folder: Path) -> None:
    (found,) = findings(damaged(folder, "discrepancies.csv", swapped("12 埼玉", "12 崎玉")))
    assert (found.code, found.who, found.value) == ("E-N014", "row associations 12 崎玉", "A - B = net")


def test_recorded_differences_are_figures_and_stand_once(folder: Path) -> None:
    damaged(folder, "discrepancies.csv", lambda lines: [*lines, lines[1]])
    damaged(folder, "discrepancies.csv", swapped(",0.8,", ",much,"))
    assert sorted((one.code, one.who) for one in findings(folder)) == [
        ("E-N004", "row associations 13 千葉"),
        ("E-N006", "row associations 12 埼玉"),
    ]


# ---- the packaged tables --------------------------------------------------------------------------------------------


def test_a_monthly_mean_is_called_one() -> None:
    later = packaged().table("subrogation_later").set_index("period")
    assert later.loc["FY2019, monthly mean", "cases"] == 2_944
