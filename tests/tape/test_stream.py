"""A tape read in batches: the loans, totals and findings of the same tape read at once."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

import clo
from clo.expressions import ExpressionError
from clo.files.tape.reading import check_tape, read_tape
from clo.files.tape.scan import check_scan, is_large, scan_tape
from clo.findings import TapeError
from clo.tape import scan
from clo.tape.accumulate import hashed

BATCH = 300


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("stream") / "pool.parquet"
    clean(1000).to_parquet(place, row_group_size=400)
    return place


def on_disk(folder, frame, sidecar=""):
    frame.to_parquet(folder / "pool.parquet", row_group_size=400)
    if sidecar:
        (folder / "pool.parquet.map.yaml").write_text("format: clo.map/1\n" + sidecar, encoding="utf-8")
    return folder / "pool.parquet"


def told(findings):
    """What findings say, but for the words that only one of the two readings can know."""
    return sorted((one.code, one.field, one.row, one.who, one.message, one.count) for one in findings)


def test_batches_together_are_the_tape(path):
    stream, loans = scan_tape(path, batch=BATCH), read_tape(path)
    parts = list(stream)
    assert len(parts) > 3
    assert max(map(len, parts)) <= BATCH
    pd.testing.assert_frame_equal(pd.concat([part.frame for part in parts], ignore_index=True), loans.frame)
    assert np.concatenate([part.file_rows for part in parts]).tolist() == loans.file_rows.tolist()
    pd.testing.assert_frame_equal(stream.loans().frame, loans.frame)
    assert clo.scan_tape(path).sha256 == loans.sha256 == parts[0].sha256
    assert stream.source == loans.source


def test_totals_are_those_of_the_tape(path):
    stream, loans = scan_tape(path, batch=BATCH), read_tape(path)
    assert (len(stream), stream.balance, stream.obligors, stream.cutoff) == (1000, loans.balance, loans.obligors, loans.cutoff)
    assert stream.originators == ("0001", "0002", "0003", "0004", "0005")
    some, same = (
        stream.where("originator_id == '0002'").where("current_rate < 3%"),
        loans.where("originator_id == '0002' and current_rate < 3%"),
    )
    assert (len(some), some.balance, some.obligors) == (len(same), pytest.approx(same.balance, rel=1e-15), same.obligors)
    assert some.cutoff == datetime.date(2026, 3, 31)
    pd.testing.assert_frame_equal(some.loans().frame, same.frame)


def test_only_the_columns_asked_for_are_read_and_those_a_condition_needs(path, monkeypatch):
    stream = scan_tape(path, batch=BATCH).only(["current_balance", "maturity_date"]).where("current_rate > 2%")
    asked = []
    read = type(stream._batches).raw
    monkeypatch.setattr(type(stream._batches), "raw", lambda self, columns=None: (asked.append(columns), read(self, columns))[1])
    for loans in stream:
        assert list(loans.frame.columns) == ["current_balance", "maturity_date"]
    assert asked == [["maturity_date", "current_balance", "currency", "current_rate"]] or set(asked[0]) == {
        "maturity_date", "current_balance", "currency", "current_rate",
    }  # fmt: skip


def test_wrong_names_are_refused_at_once(path):
    stream = scan_tape(path)
    with pytest.raises(ExpressionError, match="did you mean 'current_rate'"):
        stream.where("curent_rate > 2%")
    with pytest.raises(ValueError, match="no column balance"):
        stream.only(["balance"])


def damaged() -> pd.DataFrame:
    """A thousand loans with many kinds of mistakes spread over the batches."""
    frame = clean(1000)
    frame.loc[[7, 650, 990], "current_balance"] = -5.0
    frame.loc[300:420, "days_in_arrears"] = 10
    frame.loc[[5, 800], "maturity_date"] = frame.loc[0, "cutoff_date"] - np.timedelta64(40, "D")
    frame.loc[[20, 700], "obligor_type"] = "kk"
    frame.loc[950, "loan_id"] = None
    frame.loc[[1, 999], "current_rate"] = 2.5
    again = frame.iloc[[33]].assign(current_balance=1.0)
    return pd.concat([frame, frame.iloc[[10, 20]], again], ignore_index=True)


def test_findings_are_those_of_the_tape_read_at_once(tmp_path):
    path = on_disk(tmp_path, damaged())
    (loans, at_once), (stream, in_parts) = check_tape(path), check_scan(path, batch=BATCH)
    assert loans is None
    assert stream is None
    assert {one.code for one in in_parts} >= {"E-T050", "E-T061", "E-T053", "E-T032", "E-T030", "E-T021", "E-T060", "F-T060"}
    assert told(in_parts) == told(at_once)
    with pytest.raises(TapeError) as error:
        scan_tape(path, batch=BATCH)
    assert told(error.value.findings) == told(at_once)


def test_rows_that_repeat_an_earlier_one_are_dropped(tmp_path):
    frame = clean(900)
    path = on_disk(tmp_path, pd.concat([frame, frame.iloc[[3, 500]]], ignore_index=True))
    stream, loans = scan_tape(path, batch=BATCH), read_tape(path)
    assert told(stream.findings) == told(loans.findings)
    assert (len(stream), stream.balance) == (900, pytest.approx(loans.balance, rel=1e-15))
    pd.testing.assert_frame_equal(stream.loans().frame, loans.frame)


def test_units_of_one_bank_are_compared_over_the_whole_tape(tmp_path):
    frame = clean(900).sort_values("originator_id", ignore_index=True)
    thousands = frame["originator_id"] == "0003"
    frame.loc[thousands, ["original_balance", "current_balance"]] = np.floor(
        frame.loc[thousands, ["original_balance", "current_balance"]] / 1000
    )
    path = on_disk(tmp_path, frame)
    at_once, in_parts = check_tape(path)[1], check_scan(path, batch=90)[1]
    assert [one.message for one in in_parts if one.code == "E-T024"] == [one.message for one in at_once if one.code == "E-T024"]
    assert [one.code for one in in_parts] == [one.code for one in at_once]


def test_several_cut_off_dates_and_currencies(tmp_path):
    frame = clean(900)
    frame.loc[600:, "cutoff_date"] = np.datetime64("2026-02-28")
    frame.loc[880:, "currency"] = "EUR"
    findings = check_scan(on_disk(tmp_path, frame), batch=BATCH)[1]
    cutoff = next(one for one in findings if one.code == "E-T010")
    assert "2026-03-31 and 2026-02-28 (300 loans, first in row 601)" in cutoff.message
    assert next(one for one in findings if one.code == "E-T070").row == 881


def test_occurrences_are_capped_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "LISTED", 50)
    frame = clean(1000)
    frame.loc[:, "days_in_arrears"] = 3
    found = next(one for one in check_scan(on_disk(tmp_path, frame), batch=BATCH)[1] if one.code == "E-T061")
    assert found.count == 1000
    assert len(found.occurrences.rows) < 200


def test_what_the_sidecar_declares(tmp_path):
    frame = clean(900)
    loans = f"{len(frame)}, balance: {frame['current_balance'].sum() + 7:.0f}"
    sidecar = f"controls: {{count: {loans}, by_originator: {{'0001': {{count: 1}}}}}}\n"
    sidecar += "leave_out: [{where: \"loan_id == '5'\", why: disputed}]\nmade_up: drawn for a test\n"
    sidecar += "rules: [{that: current_rate < 3.9%, says: dear}]\nassumed: {guarantee_ratio: {why: not known}}\n"
    path = on_disk(tmp_path, frame, sidecar)
    assert told(check_scan(path, batch=BATCH)[1]) == told(check_tape(path)[1])
    kept = on_disk(tmp_path, frame, "leave_out: [{where: \"loan_id == '5'\", why: disputed}]\n")
    assert len(scan_tape(kept, batch=BATCH)) == 899
    assert "5" not in set(scan_tape(kept, batch=BATCH).only(["loan_id"]).loans().frame["loan_id"])


def test_a_schedule_goes_with_its_batches(tmp_path):
    frame = clean(900)
    rows = frame[["originator_id", "loan_id"]].iloc[[2, 700]].assign(due_date=np.datetime64("2027-01-31"), principal=5.0)
    rows.to_csv(tmp_path / "pool.schedule.csv", index=False)
    path = on_disk(tmp_path, frame, "schedule: {}\n")
    stream = scan_tape(path, batch=BATCH)
    assert [loans.schedule["loan_id"].tolist() for loans in stream if len(loans.schedule)] == [["2"], ["700"]]
    pd.testing.assert_frame_equal(stream.loans().schedule, read_tape(path).schedule)
    assert {len(loans.schedule) for loans in stream.only(["current_balance"])} == {0, 1}
    assert stream.only(["current_balance"]).loans().schedule_sha256 == read_tape(path).schedule_sha256
    assert scan_tape(path, batch=70).where("loan_id == '700'").loans().schedule["principal"].tolist() == [5.0]


def test_payments_of_strangers_are_named_in_the_schedule(tmp_path):
    frame = clean(900)
    rows = frame[["originator_id", "loan_id"]].iloc[[700, 2, 5, 1]].assign(due_date=np.datetime64("2027-01-31"), principal=5.0)
    rows["loan_id"] = ["Z-stranger", "2", "A-stranger", None]
    rows.to_csv(tmp_path / "pool.schedule.csv", index=False)
    path = on_disk(tmp_path, frame, "schedule: {}\n")
    at_once, in_parts = (
        next(one for one in told if one.code == "E-T130") for told in (check_tape(path)[1], check_scan(path, batch=BATCH)[1])
    )
    assert (in_parts.file, in_parts.row, in_parts.who) == (str(tmp_path / "pool.schedule.csv"), 2, "loan Z-stranger")
    assert in_parts.occurrences.rows.tolist() == at_once.occurrences.rows.tolist() == [2, 4]
    assert (in_parts, in_parts.occurrences.who.tolist()) == (at_once, at_once.occurrences.who.tolist())


def test_the_schedule_is_looked_through_once(tmp_path, monkeypatch):
    """A batch costs what its own loans cost, however many payments the schedule has."""
    frame = clean(900)
    frame[["originator_id", "loan_id"]].assign(due_date=np.datetime64("2027-01-31"), principal=5.0).to_csv(
        tmp_path / "pool.schedule.csv", index=False
    )
    stream = scan_tape(on_disk(tmp_path, frame, "schedule: {}\n"), batch=90)
    built = []
    make = pd.MultiIndex.from_frame
    monkeypatch.setattr(pd.MultiIndex, "from_frame", lambda keys: (built.append(len(keys)), make(keys))[1])
    assert sum(len(loans.schedule) for loans in stream) == 900
    assert max(built) <= 90


def test_a_selection_of_no_loans_is_an_empty_pool(path):
    none = scan_tape(path, batch=BATCH).where("current_rate > 99%")
    assert list(none) == []
    loans = none.loans()
    assert (len(loans), loans.balance, len(none)) == (0, 0.0, 0)
    pd.testing.assert_frame_equal(loans.frame, read_tape(path).where("current_rate > 99%").frame)
    assert list(none.only(["current_balance"]).loans().frame.columns) == ["current_balance"]


def test_files_that_cannot_be_read_in_batches(tmp_path):
    text = tmp_path / "pool.csv"
    clean(10).to_csv(text, index=False)
    for place in (text, on_disk(tmp_path, clean(10).astype(str)), on_disk(tmp_path, clean(10), "units: {money: thousand}\n")):
        stream, findings = check_scan(place)
        assert stream is None
        assert [one.code for one in findings] == ["E-T140"]
        assert "convert" in findings[0].fix
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    assert [one.code for one in check_scan(tmp_path / "bad.parquet")[1]] == ["E-T009"]
    assert [one.code for one in check_scan(on_disk(tmp_path, clean(5).iloc[:0], "notes: []\n"))[1]] == ["E-T009"]
    assert not is_large(text)
    assert not is_large(tmp_path / "bad.parquet")


def test_hashes_tell_keys_apart():
    bank, loan = pd.Series(["a", "b", "a", None], dtype="str"), pd.Series(["b", "a", "c", "b"], dtype="str")
    assert len(set(hashed(bank, loan))) == 4
    assert hashed(bank, loan)[0] == hashed(bank[:1], loan[:1])[0]
