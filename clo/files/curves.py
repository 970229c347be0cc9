"""Index curves from a CSV file: one row a fixing, or one row a day with a column for each index."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clo.curves import Curve, Curves, Extrapolation, Interpolation, finding, same_names
from clo.files.fixings import DIVISORS, Series, points, read_days
from clo.files.tape.encoding import decoded
from clo.findings import CurveError, Finding, TapeError, has_errors
from clo.timeline import Days

_ROLES = {"date": "date", "日付": "date", "index": "index", "指標": "index", "rate": "rate", "金利": "rate"}
_UNIT = re.compile(r"\s*\(\s*(%|bp)\s*\)$")
_NAME = re.compile(r"\w+")


def read_curves(
    path: str | PathLike[str], *, interpolation: Interpolation = "step", extrapolation: Extrapolation = "none"
) -> Curves:
    """The curves of a CSV file (UTF-8 or CP932): columns `index,date,rate`, or `date` and one column for each index.

    Raises CurveError with every finding if anything refuses the file; OSError if it cannot be read.
    """
    curves, findings = check_curves(path, interpolation=interpolation, extrapolation=extrapolation)
    if curves is None:
        raise CurveError(findings)
    return curves


def check_curves(
    path: str | PathLike[str], *, interpolation: Interpolation = "step", extrapolation: Extrapolation = "none"
) -> tuple[Curves | None, tuple[Finding, ...]]:
    """(the curves, or None where an error refuses the file; all findings). Raises nothing but OSError, for an unreadable file."""
    data, file = Path(path).read_bytes(), str(path)
    findings: list[Finding] = []
    made = []
    try:
        table = _table(_text(data, file, findings), file, findings)
        series = list(_series(table, findings))
        findings += same_names([one.index for one in series], file)
        for one in series:
            dates, rates = points(one, table.file, findings)
            if len(dates) == 1 and extrapolation == "none":
                said = f"{one.index} has one point: it knows the rate of {dates[0]} and of no other day"
                findings.append(finding("W-C010", said, file=file, index=one.index, field=one.field))
            if not has_errors(findings):
                made.append(Curve(one.index, dates, rates, interpolation, extrapolation, source=file))
    except CurveError as error:
        findings += error.findings
    if has_errors(findings):
        return None, tuple(findings)
    return Curves(made, findings), tuple(findings)


def _text(data: bytes, file: str, findings: list[Finding]) -> str:
    try:
        text, repairs = decoded(data, file, None)
    except TapeError as error:
        raise CurveError(
            finding("E-C001", problem.message, file=file, rows=[problem.row or 1], values=[problem.value])
            for problem in error.findings
            if problem.severity == "error"
        ) from None
    findings += [finding("F-C001", repair.message, file=file) for repair in repairs]
    return text


@dataclass(frozen=True, slots=True)
class _Table:
    """The records of a file, text as it stands. header: names, NFKC. rows: line of each record."""

    file: str
    header: list[str]
    header_row: int
    rows: NDArray[np.int64]
    records: list[list[str]]


def _table(text: str, file: str, findings: list[Finding]) -> _Table:
    """The header and the rows as long as it; others become findings. Raises CurveError where there is no table at all."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        lines.extend((reader.line_num, record) for record in reader if any(cell.strip() for cell in record))
    except csv.Error as error:
        said = f"row {reader.line_num:,}: {error}"
        raise CurveError([finding("E-C004", said, file=file, rows=[reader.line_num], values=[""])]) from None
    if len(lines) < 2:
        raise CurveError([finding("E-C002", "the file has a header and no rows" if lines else "the file is empty", file=file)])
    (header_row, names), body = lines[0], lines[1:]
    whole = [(row, record) for row, record in body if len(record) == len(names)]
    if len(whole) < len(body):
        findings.append(_ragged([(row, len(record)) for row, record in body if len(record) != len(names)], len(names), file))
    if not whole:
        raise CurveError([finding("E-C002", "no row is as long as the header", file=file)])
    header = [unicodedata.normalize("NFKC", name).strip().strip("\ufeff") for name in names]
    return _Table(file, header, header_row, np.array([row for row, _ in whole], dtype=np.int64), [record for _, record in whole])


def _ragged(lengths: list[tuple[int, int]], expected: int, file: str) -> Finding:
    """The finding about rows, each with its number of fields, that are not as long as the header."""
    row, fields = lengths[0]
    said = f"row {row:,} has {fields} field{'s' if fields > 1 else ''}, the header {expected}"
    said += f"; {len(lengths):,} such rows" if len(lengths) > 1 else ""
    values = [f"{fields} fields" for _, fields in lengths]
    return finding("E-C004", said, file=file, rows=[row for row, _ in lengths], values=values)


def _series(table: _Table, findings: list[Finding]) -> Iterator[Series]:
    """The fixings by index. Raises CurveError where the header does not say what the columns are."""
    roles: dict[str, list[int]] = {"date": [], "index": [], "rate": []}
    plain, divisors = zip(*(_unit(name) for name in table.header), strict=True)
    for at, name in enumerate(plain):
        if name.casefold() in _ROLES:
            roles[_ROLES[name.casefold()]].append(at)
    problems = list(_header_problems(table, plain, roles))
    if problems:
        raise CurveError(problems)
    at = roles["date"][0]
    dates = [record[at].strip() for record in table.records]
    days = read_days(dates, table.rows, file=table.file, field=table.header[at], findings=findings)
    if roles["index"]:
        yield from _long(table, roles["index"][0], roles["rate"][0], divisors[roles["rate"][0]], days, findings)
        return
    for at, name in enumerate(plain):
        if at not in roles["date"] and name:
            texts = [record[at].strip() for record in table.records]
            yield Series(name, table.header[at], divisors[at], table.rows, days, texts)


def _unit(name: str) -> tuple[str, float]:
    """(a header without its unit, what numbers below it are divided by)."""
    match = _UNIT.search(name)
    return (name[: match.start()], DIVISORS[match[1]]) if match else (name, 1.0)


def _header_problems(table: _Table, names: Sequence[str], roles: dict[str, list[int]]) -> Iterator[Finding]:
    def problem(said: str, field: str = "", fix: str = "") -> Finding:
        row, header = [table.header_row], [field or ",".join(table.header)]
        return finding("E-C003", said, file=table.file, field=field, rows=row, values=header, fix=fix)

    for role, places in roles.items():
        if len(places) > 1:
            yield problem(f"{len(places)} columns are the {role}: {', '.join(table.header[at] for at in places)}")
    if not roles["date"]:
        fix = "name the column of dates `date`; remove notes above the header"
        if len(names) == 1 and re.search("[;\t|]", names[0]):
            fix = "divide the columns by commas"
        yield problem(f"no column is the date; row {table.header_row} reads {', '.join(table.header)}", fix=fix)
        return  # that row may be no header at all
    if bool(roles["index"]) != bool(roles["rate"]):
        there, missing = ("index", "rate") if roles["index"] else ("rate", "index")
        yield problem(f"there is a column {there} and none that is the {missing}")
    for at, name in enumerate(names):
        if any(at in places for places in roles.values()):
            continue
        if not name and not any(record[at].strip() for record in table.records):
            continue  # commas at the end of every row, as spreadsheets write them
        if roles["index"]:
            yield problem(f"column {name!r} is neither index, date nor rate", table.header[at])
        elif not _NAME.fullmatch(name):
            better = "_".join(re.findall(r"\w+", name))
            yield problem(f"{name!r} is no name of an index", table.header[at], f"write {better}" if better else "")


def _long(table: _Table, index: int, rate: int, divisor: float, days: Days, findings: list[Finding]) -> Iterator[Series]:
    words = [unicodedata.normalize("NFKC", record[index]).strip() for record in table.records]
    for word in dict.fromkeys(words):
        at = [number for number, one in enumerate(words) if one == word]
        if not _NAME.fullmatch(word):
            said = f"{word!r} is no name of an index" if word else "a row has no index"
            values = [word] * len(at)
            field = table.header[index]
            findings.append(finding("E-C003", said, file=table.file, field=field, rows=table.rows[at], values=values))
            continue
        texts = [table.records[number][rate].strip() for number in at]
        yield Series(word, table.header[rate], divisor, table.rows[at], days[at], texts)
