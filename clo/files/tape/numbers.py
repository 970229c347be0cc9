"""One written number to its value: full-width digits, separators, currency and units, and negatives as they are marked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from clo.schema import Kind

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d*)(\.\d+)?([eE][+-]?\d+)?")
_SCALES = (
    ("百万円", 1e6),
    ("億円", 1e8),
    ("千円", 1e3),
    ("万円", 1e4),
    ("円", 1.0),
    ("百万", 1e6),
    ("億", 1e8),
    ("千", 1e3),
    ("万", 1e4),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A number as written: its value, and what was unusual about it; `said` is why it is none."""

    text: str
    value: float
    repaired: bool = False
    wide: bool = False
    signed: bool = False
    marked: bool = False
    said: str = ""


def read_number(text: str, kind: Kind) -> Reading:
    """The number in a cell: full-width digits, separators, ¥, 円, %, and negatives as △ ▲ ( ) or ー."""
    plain = unicodedata.normalize("NFKC", text).replace("\u200b", "").strip()
    wide = plain != text.strip() and any(unicodedata.east_asian_width(char) == "F" for char in text)
    signed = False
    if plain.startswith("(") and plain.endswith(")"):
        plain, signed = plain[1:-1].strip(), True
    plain = plain.lstrip("¥￥\\$").strip()
    if plain[:1] in "△▲▽▼ー−–—‐―" and plain[:1]:
        plain, signed = plain[1:].strip(), True
    negative = signed
    if plain.startswith("-") and not negative:
        plain, negative = plain[1:].strip(), True
    elif plain.endswith("-") and not negative:
        plain, negative, signed = plain[:-1].strip(), True, True
    plain = plain.removeprefix("+").lstrip("¥￥\\$").strip()
    scale, marked, plain = _scale(plain, kind)
    match = _NUMBER.fullmatch(plain)
    if not match or not (match[1] or match[2]):
        return Reading(text, np.nan, said=f"{text!r} is not a number")
    value = float(re.sub("[, ]", "", plain)) * scale
    if not np.isfinite(value):
        return Reading(text, np.nan, said=f"{text!r} is not a finite number")
    return Reading(text, -value if negative else value, not signed, wide, signed, marked)


def _scale(plain: str, kind: Kind) -> tuple[float, bool, str]:
    """(factor of a unit written in the cell, whether there was one, the rest)."""
    if kind in ("rate", "ratio"):
        for unit, divisor in (("%", 100.0), ("bp", 10_000.0)):
            if plain.endswith(unit):
                return 1.0 / divisor, True, plain.removesuffix(unit).strip()
    if kind == "money":
        for unit, factor in _SCALES:
            if plain.endswith(unit):
                return factor, True, plain.removesuffix(unit).strip()
    return 1.0, False, plain
