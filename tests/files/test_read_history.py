"""Histories from disk: folders, patterns and lists of tapes, and every refusal at once."""

from __future__ import annotations

import pytest
from tape_rows import errors, table, text

import clo
from clo.findings import TapeError


def month(number: int, **changes) -> str:
    return text(table(cutoff_date=f"2026-0{number}-28", **changes))


@pytest.fixture
def folder(tmp_path):
    for number in (3, 1, 2):
        (tmp_path / f"pool-{number}.csv").write_text(month(number), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a tape", encoding="utf-8")
    return tmp_path


def test_a_folder_a_pattern_and_a_list_are_one_history(folder):
    files = [folder / f"pool-{number}.csv" for number in (1, 2, 3)]
    histories = [clo.read_history(given) for given in (folder, str(folder / "pool-*.csv"), files)]
    for history in histories:
        assert [str(date) for date in history.dates] == ["2026-01-28", "2026-02-28", "2026-03-28"]
        assert history.movements["closing"].sum() == 2 * 124_000_000


def test_schedules_beside_the_tapes_are_no_tapes(folder):
    for number in (1, 2, 3):
        own = "originator_id,loan_id,due_date,principal\n0101,A-1,2027-03-31,6000000\n"
        (folder / f"pool-{number}.schedule.csv").write_text(own, encoding="utf-8")
        (folder / f"pool-{number}.csv.map.yaml").write_text("format: clo.map/1\nschedule: {}\n", encoding="utf-8")
    for given in (folder, str(folder / "*.csv")):
        history = clo.read_history(given)
        assert len(history) == 3
        assert all(len(tape.schedule[0]) == 1 for tape in history.snapshots)


def test_one_sidecar_serves_tapes_without_their_own(folder):
    sidecar = folder / "all.map.yaml"
    sidecar.write_text("format: clo.map/1\ncolumns: {current_balance: 残高}\n", encoding="utf-8")
    for number in (1, 2):
        columns = table(cutoff_date=f"2026-0{number}-28")
        (folder / f"pool-{number}.csv").write_text(text(columns, {"current_balance": "残高"}), encoding="utf-8")
    (folder / "pool-3.csv.map.yaml").write_text("format: clo.map/1\nencoding: utf-8\n", encoding="utf-8")
    assert len(clo.read_history(folder, map=sidecar)) == 3


def test_every_tape_that_is_refused_says_why(folder):
    (folder / "pool-1.csv").write_text(month(1, current_balance="12x"), encoding="utf-8")
    (folder / "pool-3.csv").write_text(month(3, loan_id="A-1"), encoding="utf-8")
    with pytest.raises(TapeError) as caught:
        clo.read_history(folder)
    found = caught.value.findings
    assert {"E-T020", "E-T060", "E-H001"} <= set(errors(found))  # one usable tape is no history
    assert {finding.file for finding in found if finding.code.startswith("E-T")} == {
        str(folder / "pool-1.csv"),
        str(folder / "pool-3.csv"),
    }


def test_a_tape_that_is_refused_refuses_the_history(folder):
    (folder / "pool-1.csv").write_text(month(1, current_balance="12x"), encoding="utf-8")
    with pytest.raises(TapeError) as caught:
        clo.read_history(folder)
    assert set(errors(caught.value.findings)) == {"E-T020"}


def test_the_same_file_under_two_names_is_found(folder):
    (folder / "pool-2.csv").write_text(month(1), encoding="utf-8")
    with pytest.raises(TapeError) as caught:
        clo.read_history(folder)
    assert set(errors(caught.value.findings)) == {"E-H002", "E-H003"}


def test_nothing_named_and_nothing_there(tmp_path):
    with pytest.raises(TapeError, match="no tapes at") as caught:
        clo.read_history(tmp_path)
    assert errors(caught.value.findings) == ["E-H001"]
    with pytest.raises(OSError, match=r"absent\.csv"):
        clo.read_history(tmp_path / "absent.csv")
