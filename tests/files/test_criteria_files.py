"""Criteria and limits from a file: read, and everything wrong with them said with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tape_rows import table, text
from tape_rows import write as write_tape

import clo
from clo.files.criteria import read_criteria
from clo.tape.criteria import CriteriaError

GOOD = """format: clo.criteria/1
name: an example
criteria:
  - {name: small_firms, that: "employees <= 300 or capital_yen <= 300_000_000", missing: keep, source: scheme leaflet}
  - name: term
    that: remaining_term <= 84
    severity: warning
limits:
  - {name: single_obligor, by: obligor_id, max: 2%}
  - {name: top, top: 10, by: obligor_id, max: 0.15}
  - {name: construction, where: "industry_code == '41'", max: 20%}
  - {name: banks, by: originator_id, min_count: 5}
  - {name: yield, average: current_rate, min: 150bp}
"""


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "pool.criteria.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(folder: Path, content: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(CriteriaError) as caught:
        read_criteria(write(folder, content))
    return [(found.code, found.where.rpartition("yaml")[2], found.message) for found in caught.value.findings]


def test_a_file_is_read(tmp_path):
    criteria = clo.read_criteria(write(tmp_path, GOOD))
    assert [rule.name for rule in criteria.criteria] == ["small_firms", "term"]
    assert (criteria.criteria[0].missing, criteria.criteria[1].severity) == ("keep", "warning")
    assert [(limit.measure, limit.kind, limit.bound) for limit in criteria.limits] == [
        ("by", "max", 0.02), ("by", "max", 0.15), ("where", "max", 0.2), ("by", "min_count", 5.0), ("average", "min", 0.015),
    ]  # fmt: skip


def test_what_it_says_of_a_tape_points_into_it(tmp_path):
    path = write(tmp_path, GOOD)
    pool = clo.read_tape(write_tape(tmp_path, text(table())))
    with pytest.raises(CriteriaError) as caught:
        pool.eligible(clo.read_criteria(path))
    (found,) = caught.value.findings
    assert (found.code, found.file, found.line, found.path) == ("E-L005", str(path), 4, "criteria[0].that")
    path.write_text(GOOD.replace("industry_code == '41'", "originator_id == '0101'"), encoding="utf-8")
    broken = {found.path: found for found in clo.check_limits(pool, clo.read_criteria(path)).findings}
    assert broken["limits[0]"].file == str(path)
    assert broken["limits[0]"].line == 9


def test_a_name_given_twice_and_a_broken_expression_come_with_the_rest(tmp_path):
    bad = GOOD.replace("missing: keep", "missing: drop").replace("name: top", "name: single_obligor")
    bad = bad.replace("remaining_term <= 84", "remaining_term <=")
    assert [(code, place) for code, place, _ in refused(tmp_path, bad)] == [
        ("E-L003", ":4:81"), ("E-L004", ":10:6"), ("E-L005", ":6:5"),
    ]  # fmt: skip


def test_everything_wrong_comes_at_once_with_its_line(tmp_path):
    bad = GOOD.replace("missing: keep", "missing: drop").replace("that: remaining_term <= 84", "tat: remaining_term <= 84")
    bad = bad.replace("max: 0.15", "max: 15").replace("min_count: 5", "min: 5").replace("150bp", "a lot")
    told = {(code, place, message.split(":")[0]) for code, place, message in refused(tmp_path, bad)}
    assert told == {
        ("E-L003", ":4:81", "Input should be 'exclude' or 'keep'"),
        ("E-L003", ":5:5", "that is not stated"),
        ("E-L002", ":6:5", "unknown key 'tat'"),
        ("E-L003", ":10:5", "15 is not a share"),
        ("E-L003", ":12:5", "by takes one of max, max_amount, min_count; here min"),
        ("E-L003", ":13:42", "'a lot' is not a number"),
    }


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "E-L003", "begin with format: clo.criteria/1"),
        ("- a\n- b\n", "E-L003", "begin with format"),
        ("criteria: []\n", "E-L003", "begin with format"),
        ("format: clo.criteria/2\n", "E-L003", "Input should be 'clo.criteria/1'"),
        ("format: clo.criteria/1\ncriteria: [\n", "E-L001", "not readable as YAML"),
        ("format: clo.criteria/1\ncriteria：[]\n", "E-L001", "full-width"),
        ("format: clo.criteria/1\nname: a\nname: b\n", "E-L001", "given twice"),
        (b"format: clo.criteria/1\nname: \x83\x65\n", "E-L001", "not UTF-8"),
        (b"#" * 1_000_001, "E-L001", "the limit is 1,000,000"),
    ],
)
def test_what_is_no_criteria_file(tmp_path, content, code, words):
    told = refused(tmp_path, content)
    assert told[0][0] == code
    assert words in told[0][2]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_criteria(tmp_path / "none.yaml")
