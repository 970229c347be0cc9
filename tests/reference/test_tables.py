"""The reader of the published tables: strict, every row with its source, every malformed row named."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

import clo
from clo.reference import TableError, Tables, packaged
from clo.reference.tables import PROVENANCE

DATA = Path(str(files("clo.reference") / "data"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged tables that may be damaged."""
    return shutil.copytree(DATA, tmp_path / "data")


def damaged(folder: Path, file: str, old: str, new: str) -> Tables:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return Tables(folder)


def codes(tables: Tables, name: str) -> list[tuple[str, int | None, str]]:
    with pytest.raises(TableError) as caught:
        tables.table(name)
    return [(finding.code, finding.line, finding.value) for finding in caught.value.findings]


def test_the_issuance_table_is_what_the_issue_says() -> None:
    frame = clo.reference.table("issuance")
    assert list(frame.columns) == ["type", "number", "month", "banks", "smes", "amount_bn_jpy", "joint", *PROVENANCE]
    assert len(frame) == 19
    assert frame["type"].value_counts().to_dict() == {"purchase": 11, "guarantee": 6, "synthetic_cbo": 2}
    assert frame.loc[frame["type"] != "purchase", "banks"].isna().all()
    assert frame["banks"].sum() == 126
    assert frame["smes"].sum() == 7_650
    assert frame.loc[frame["joint"], "number"].tolist() == [5, 8, 10, 11]
    assert (frame["source_id"] == "000").all()
    assert frame["document"].str.contains("JASME").all()


def test_every_table_is_listed_with_its_source_and_reads() -> None:
    listed = clo.reference.tables()
    assert list(listed.columns) == ["name", "title", "title_ja", "rows", "source"]
    assert len(listed) > 40
    assert listed["title"].str.len().gt(0).all()
    for row in listed.itertuples():
        frame = clo.reference.table(str(row.name))
        assert len(frame) == row.rows > 0
        assert frame[list(PROVENANCE)].notna().all(axis=None)
        assert all(column.meaning for column in packaged().columns(str(row.name)))


def test_every_file_of_the_folder_is_a_table_and_every_column_belongs_to_one() -> None:
    registers = {"sources", "tables", "columns", "discrepancies"}
    assert {path.stem for path in DATA.glob("*.csv")} - registers == set(packaged().names)
    assert set(pd.read_csv(DATA / "columns.csv")["table"]) == set(packaged().names)


def test_a_table_is_the_callers_own() -> None:
    own = clo.reference.table("issuance")
    own["smes"] = 0
    assert clo.reference.table("issuance")["smes"].sum() == 7_650


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(TableError, match="did you mean 'issuance'"):
        clo.reference.table("isuance")


def test_every_identity_holds_or_is_recorded() -> None:
    checks = clo.reference.identity_checks()
    assert len(checks) > 300
    assert checks["ok"].all(), checks[~checks["ok"]]
    assert not checks[["table", "row", "rule"]].duplicated().any()


def test_a_recorded_difference_of_no_identity_is_refused(folder: Path) -> None:
    (folder / "discrepancies.csv").write_text("table,row,rule,difference,note\nissuance,1,nothing,1,\n", "utf-8")
    with pytest.raises(TableError) as caught:
        clo.reference.identity_checks(Tables(folder))
    assert [(one.code, one.file, one.who) for one in caught.value.findings] == [("E-N014", "discrepancies.csv", "row issuance 1")]


def test_a_header_that_differs_is_refused(folder: Path) -> None:
    assert codes(damaged(folder, "issuance.csv", "smes", "firms"), "issuance") == [("E-N002", 1, "")]


def test_every_malformed_row_is_named_at_once(folder: Path) -> None:
    text = (folder / "issuance.csv").read_text("utf-8").splitlines()
    text[1] = text[1].replace("2.6", "2,6")
    text[2] = text[2].replace("507", "5o7")
    text[3] = text[3].replace("2005-12", "2005-13")
    text[4] = text[4].replace("7.1", "7.15")
    text[5] = text[4].replace("7.15", "7.1")
    text.append(text[5])
    (folder / "issuance.csv").write_text("\n".join(text), "utf-8")
    found = codes(Tables(folder), "issuance")
    expected = [("E-N003", 2, ""), ("E-N004", 3, "5o7"), ("E-N004", 4, "2005-13"), ("E-N005", 5, "7.15"), ("E-N006", 21, "")]
    assert found == expected


def test_a_table_without_source_or_file_is_refused(folder: Path) -> None:
    (folder / "cofinancing.csv").unlink()
    assert codes(Tables(folder), "cofinancing")[0][0] == "E-N007"
    tables = damaged(folder, "tables.csv", "issuance_totals,", "no_such_table,")
    assert codes(tables, "no_such_table")[0][0] == "E-N007"
    with pytest.raises(TableError) as caught:
        tables.listing()
    assert {finding.code for finding in caught.value.findings} == {"E-N007"}
    assert len(caught.value.findings) == 2


def test_a_register_that_is_damaged_is_refused(folder: Path) -> None:
    (folder / "sources.csv").write_text("id,title\n000,x,y\n", "utf-8")
    with pytest.raises(TableError) as caught:
        Tables(folder)
    assert [finding.code for finding in caught.value.findings] == ["E-N002", "E-N003"]
