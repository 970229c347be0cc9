"""The fixings of an index as a file has them, to points: each date once, in order, rates as decimals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.curves import HIGHEST, LOWEST, UNUSUAL, finding, implausible
from clo.files.tape.dates import BadDateError, read_date
from clo.files.tape.numbers import read_number
from clo.findings import Finding
from clo.timeline import Days

DIVISORS = {"%": 100.0, "bp": 10_000.0}
"""What a number with this sign behind it is divided by."""
_PLAIN = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\s*(%|bp)?")


@dataclass(frozen=True, slots=True)
class Series:
    """The fixings of one index in file order [n]. days: NaT where unreadable. field: header of their column; texts: as written.

    divisor: what a bare number is divided by; a % or bp in the cell takes its place.
    """

    index: str
    field: str
    divisor: float
    rows: NDArray[np.int64]
    days: Days
    texts: list[str]


def read_days(texts: Sequence[str], rows: NDArray[np.int64], *, file: str, field: str, findings: list[Finding]) -> Days:
    """The day in each cell of a column; NaT, with findings, where it cannot be read."""
    read: dict[str, tuple[np.datetime64, str, str]] = {}
    for text in dict.fromkeys(texts):
        try:
            got = read_date(text)
            shown = f"{text} read as {f'Excel serial ({got.day})' if got.style == 'serial' else got.day}"
            read[text] = (np.datetime64(got.day, "D"), "" if got.style == "iso" else "F-C005", shown)
        except BadDateError as error:
            said = str(error).split("; declare")[0] if text else "a row has no date"
            read[text] = (np.datetime64("NaT", "D"), "E-C005", said)
    for code in ("E-C005", "F-C005"):
        hit = [number for number, text in enumerate(texts) if read[text][1] == code]
        if hit:
            said = read[texts[hit[0]]][2] + (f" (the first of {len(hit):,})" if len(hit) > 1 else "")
            values = [texts[number] for number in hit]
            findings.append(finding(code, said, file=file, field=field, rows=rows[hit], values=values))
    return np.array([read[text][0] for text in texts], dtype="datetime64[D]")


def points(one: Series, file: str, findings: list[Finding]) -> tuple[Days, NDArray[np.float64]]:
    """The points of an index by date, each date once; what is wrong with them becomes findings."""
    readings = {text: _rate(text, one.divisor) for text in dict.fromkeys(one.texts) if text}
    for code, what in (("E-C006", "not numbers"), ("F-C006", "rates written in another way")):
        hit = [number for number, text in enumerate(one.texts) if text and readings[text][1] == code]
        if hit:
            said = readings[one.texts[hit[0]]][2]
            said += f" (the first of {len(hit):,} {what})" if len(hit) > 1 else ""
            values = [one.texts[number] for number in hit]
            findings.append(finding(code, said, file=file, index=one.index, field=one.field, rows=one.rows[hit], values=values))
    if not readings:
        findings.append(finding("E-C010", f"{one.index} has no fixing", file=file, index=one.index, field=one.field))
    known = np.array([bool(text) and readings[text][1] != "E-C006" for text in one.texts], dtype=bool) & ~np.isnat(one.days)
    rows, days = one.rows[known], one.days[known]
    rates = np.array([readings[text][0] for text, good in zip(one.texts, known, strict=True) if good], dtype=np.float64)
    far = (rates < LOWEST) | (rates > HIGHEST)
    for code, odd in (("E-C007", far), ("W-C007", ~far & (rates > UNUSUAL))):
        if odd.any():
            findings.append(implausible(code, one.index, rates[odd], days[odd], file=file, rows=rows[odd], field=one.field))
    order = np.argsort(days, kind="stable")
    return _once(one, file, rows[order], days[order], rates[order], findings)


def _rate(text: str, divisor: float) -> tuple[float, str, str]:
    """(the rate in a cell as a decimal, the code of the finding it makes or nothing, what that says)."""
    plain = unicodedata.normalize("NFKC", text).strip()
    unit = next((unit for unit in DIVISORS if plain.endswith(unit)), "")
    reading = read_number(plain.removesuffix(unit).strip(), "number")
    if reading.said:
        return np.nan, "E-C006", f"{text!r} is not a rate"
    value = reading.value / (DIVISORS[unit] if unit else divisor)
    return (value, "", "") if _PLAIN.fullmatch(text) else (value, "F-C006", f"{text} read as {value:.10g}")


def _once(
    one: Series,
    file: str,
    rows: NDArray[np.int64],
    days: Days,
    rates: NDArray[np.float64],
    findings: list[Finding],
) -> tuple[Days, NDArray[np.float64]]:
    """Each day once; repeated rows are dropped where they agree and refused where they do not. Arrays ascend by day."""
    first = np.append(True, days[1:] != days[:-1])[: len(days)]
    earlier = np.maximum.accumulate(np.where(first, np.arange(len(days)), 0))
    differs, agrees = ~first & (rates != rates[earlier]), ~first & (rates == rates[earlier])

    def report(code: str, hit: NDArray[np.bool_], said: str) -> None:
        values = [f"{rate:.10g}" for rate in rates[hit]]
        findings.append(finding(code, said, file=file, index=one.index, field=one.field, rows=rows[hit], values=values))

    if differs.any():
        at = int(np.argmax(differs))
        before = earlier[at]
        both = f"{rates[before]:.10g} in row {rows[before]:,}, {rates[at]:.10g} in row {rows[at]:,}"
        said = f"{one.index} has two rates on {days[at]}: {both}"
        report("E-C008", differs, said)
    if agrees.any():
        at = int(np.argmax(agrees))
        report("F-C008", agrees, f"{one.index} has its rate of {days[at]} again in row {rows[at]:,}")
    return days[first], rates[first]
