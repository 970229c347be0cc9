"""One written date to one day: ISO, Japanese eras, spreadsheet serials and declared styles; never a guess between readings."""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from clo.files.tape.sidecar import DateStyle

ERAS = {
    "明治": (datetime.date(1868, 1, 25), datetime.date(1912, 7, 29)),
    "大正": (datetime.date(1912, 7, 30), datetime.date(1926, 12, 24)),
    "昭和": (datetime.date(1926, 12, 25), datetime.date(1989, 1, 7)),
    "平成": (datetime.date(1989, 1, 8), datetime.date(2019, 4, 30)),
    "令和": (datetime.date(2019, 5, 1), datetime.date(9999, 12, 31)),
}
"""First and last day of each era."""
ENGLISH = {"明治": "Meiji", "大正": "Taisho", "昭和": "Showa", "平成": "Heisei", "令和": "Reiwa"}
_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number}

_YMD = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?")
_ERA = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHR])\s*\.?\s*(元|\d{1,2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?", re.I)
_ERA_SHORT = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHR])\s*\.?\s*(元|\d{1,2})(?:\s*[-/.年](?:\s*(\d{1,2})\s*月?)?)?", re.I)
_ABC = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})")
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[A-Za-z]*[- ](\d{4}|\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_FISCAL = re.compile(r"(FY\s*\d{2,4}|.*年度)", re.I)
NAMED_MONTH = "named month"
"""The outcome of a date such as 12-May-10: only its century is open."""
_SERIAL_RANGE = (20_000, 80_000)
"""Spreadsheet serials taken for dates: 1954 to 2119."""


class BadDateError(ValueError):
    """Text that is no date, or more than one. `code` says which finding it makes, `outcome` which of several of one code."""

    def __init__(self, code: str, said: str, outcome: str = "") -> None:
        self.code = code
        self.outcome = outcome or code
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A day and how it was written: iso, other (year first), era, serial, or declared."""

    day: datetime.date
    style: str


def read_date(text: str, style: DateStyle | None = None) -> ReadDate:  # noqa: PLR0911  (one return a form)
    """The day that `text` says; year-first forms are read under any declared style. Raises BadDateError."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if match := _YMD.fullmatch(plain):
        iso = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None
        return ReadDate(_day(int(match[1]), int(match[2]), int(match[3]), text), "iso" if iso else "other")
    if style is not None and "%" in style.style:
        return ReadDate(_by_pattern(plain, style), "declared")
    if match := _COMPACT.fullmatch(plain):
        return ReadDate(_day(int(match[1]), int(match[2]), int(match[3]), text), "other")
    if match := _ERA.fullmatch(plain):
        return ReadDate(_era(match, text), "era")
    if match := _SERIAL.fullmatch(plain):
        return _serial(int(match[1]), style, text)
    if match := _NAMED.fullmatch(plain):
        month = _MONTHS.get(match[2].lower())
        if month is None:
            raise BadDateError("E-T040", f"{text!r}: {match[2]!r} is no month")
        if len(match[3]) == 2 and (style is None or style.century_pivot is None):
            said = f"{text} is ambiguous: its year has two digits; declare date_style d-mon-yy with a century_pivot"
            raise BadDateError("E-T041", said, NAMED_MONTH)
        return ReadDate(_day(_year(match[3], style, text), month, int(match[1]), text), "declared" if style else "other")
    if match := _ABC.fullmatch(plain):
        return _numbers(match, style, text)
    return _refuse(plain, text)


def _refuse(plain: str, text: str) -> NoReturn:
    if match := _ERA_SHORT.fullmatch(plain):
        era = _LETTERS.get(match[1].upper(), match[1])
        if match[3]:
            year = ERAS[era][0].year - 1 + (1 if match[2] == "元" else int(match[2]))
            if datetime.date(min(year, 9999), min(int(match[3]), 12) or 1, 1) > ERAS[era][1]:
                raise BadDateError("E-T042", f"{text} is after {ENGLISH[era]} ended ({ERAS[era][1]}), and has no day")
        raise BadDateError("E-T040", f"{text!r} has no {'day' if match[3] else 'month and day'}")
    if _FISCAL.fullmatch(plain):
        raise BadDateError("E-T040", f"{text!r} is a fiscal year (April to March), not a date")
    raise BadDateError("E-T040", f"{text!r} is not a date")


@lru_cache(maxsize=4096)
def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _day(year: int, month: int, day: int, text: str) -> datetime.date:
    if not 1 <= month <= 12 or not 1 <= year <= 9999:
        raise BadDateError("E-T040", f"{text!r} has no month {month}")
    last = _last_day(year, month)
    if not 1 <= day <= last:
        leap = f"{year} is not a leap year" if (month, day) == (2, 29) else f"{calendar.month_name[month]} has {last} days"
        raise BadDateError("E-T040", f"{text!r}: {leap}")
    return datetime.date(year, month, day)


def _era(match: re.Match[str], text: str) -> datetime.date:
    era = _LETTERS.get(match[1].upper(), match[1])
    first, last = ERAS[era]
    number = 1 if match[2] == "元" else int(match[2])
    day = _day(first.year - 1 + number, int(match[3]), int(match[4]), text)
    if day > last:
        named = next(name for name, (start, end) in ERAS.items() if start <= day <= end)
        year = day.year - ERAS[named][0].year + 1
        shown = f"{named}{'元' if year == 1 else year}年"
        raise BadDateError("E-T042", f"{text} is after {ENGLISH[era]} ended ({last}); read as {shown}?")
    if day < first:
        raise BadDateError("E-T042", f"{text} is before {ENGLISH[era]} began ({first})")
    return day


def _serial(number: int, style: DateStyle | None, text: str) -> ReadDate:
    if not _SERIAL_RANGE[0] <= number <= _SERIAL_RANGE[1]:
        raise BadDateError("E-T040", f"{text!r} is not a date")
    from_1904 = style is not None and style.style == "excel1904"
    base = datetime.date(1904, 1, 1) if from_1904 else datetime.date(1899, 12, 30)
    return ReadDate(base + datetime.timedelta(days=number), "declared" if style else "serial")


def _year(written: str, style: DateStyle | None, text: str) -> int:
    if len(written) == 4:
        return int(written)
    if style is None or style.century_pivot is None:
        raise BadDateError("E-T041", f"{text} is ambiguous: its year has two digits; declare date_style and century_pivot")
    return int(written) + (2000 if int(written) < style.century_pivot else 1900)


def _numbers(match: re.Match[str], style: DateStyle | None, text: str) -> ReadDate:
    first, second, third = match.groups()
    order = style.style if style else ""
    if len(third) == 2 and order not in ("ymd", "mdy", "dmy"):
        raise BadDateError("E-T041", f"{text} is ambiguous; declare date_style")
    if order == "ymd":
        if len(third) == 4:
            raise BadDateError("E-T040", f"{text!r} is not year first, as declared")
        return ReadDate(_day(_year(first.zfill(2), style, text), int(second), int(third), text), "declared")
    year, a, b = _year(third, style, text), int(first), int(second)
    if order in ("mdy", "dmy"):
        month, day = (a, b) if order == "mdy" else (b, a)
        return ReadDate(_day(year, month, day, text), "declared")
    if a <= 12 and b <= 12 and a != b:
        raise BadDateError("E-T041", f"{text} is ambiguous: {year}-{a:02d}-{b:02d} or {year}-{b:02d}-{a:02d}; declare date_style")
    return ReadDate(_day(year, b, a, text) if a > 12 else _day(year, a, b, text), "other")


def _by_pattern(plain: str, style: DateStyle) -> datetime.date:
    try:
        day = datetime.datetime.strptime(plain, style.style).date()
    except ValueError:
        raise BadDateError("E-T040", f"{plain!r} does not match {style.style!r}") from None
    if "%y" in style.style:
        if style.century_pivot is None:
            raise BadDateError("E-T041", f"{plain} has a two-digit year; declare century_pivot")
        short = day.year % 100
        day = day.replace(year=short + (2000 if short < style.century_pivot else 1900))
    return day
