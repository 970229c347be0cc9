"""How numbers are written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from clo.labels.words import Lang

NONE = "–"
"""Stands where there is no value."""


class Unit(NamedTuple):
    """What an axis or a column counts in: amounts are divided by `divisor` and called `name`."""

    divisor: float
    name: str


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def money(value: float | None, decimals: int = 0) -> str:
    """With separators: 11,900,000,000. Negative with `-`; no value is a dash."""
    if value is None or _missing(value):
        return NONE
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def counted(count: int, what: str = "loan") -> str:
    """How many of what: 1 loan, 1,000 loans."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def percent(value: float | None, decimals: int = 2) -> str:
    """A decimal as per cent: 0.0161 is 1.61%."""
    text = money(None if value is None else value * 100.0, decimals)
    return text if text == NONE else f"{text}%"


def exact_percent(value: float) -> str:
    """With as many decimals as it has, up to eight: 3%, 99.99%, 0.05%."""
    text = f"{value * 100.0:,.8f}".rstrip("0").rstrip(".")
    return f"{text}%"


def fine_percent(value: float | None) -> str:
    """With four decimals, or as many as leave two figures: 0.2809%, 0.00036%; nothing at all is 0%, and next to nothing is told
    as less than the least that is written. Of senior tranches losses are small."""
    if value is None or _missing(value):
        return NONE
    size = abs(value) * 100.0
    if SMALLEST <= size < LEAST:
        return f"<{LEAST:.7f}%"
    return percent(value, 0 if size < SMALLEST else 4 if size >= 1e-3 else 1 - math.floor(math.log10(size)))


LEAST, SMALLEST = 1e-7, 1e-12
"""Of per cent: the least that is written, and what is rounding."""


def number(value: float | None, decimals: int = 2) -> str:
    return money(value, decimals)


def unit(largest: float, currency: str = "JPY", lang: Lang = "en") -> Unit:
    """The unit in which amounts up to `largest` read well: 億円 or 百万円, bn or m."""
    yen = "円" if currency == "JPY" else currency
    if lang == "ja":
        return Unit(1e8, f"億{yen}") if largest >= 1e9 else Unit(1e6, f"百万{yen}")
    return Unit(1e9, f"{currency} bn") if largest >= 2e9 else Unit(1e6, f"{currency} m")


def short_money(value: float | None, currency: str = "JPY", lang: Lang = "en") -> str:
    """In the largest unit that leaves a figure before the point: 119.0億円, JPY 11.90 bn, 12百万円."""
    if value is None or _missing(value):
        return NONE
    yen = "円" if currency == "JPY" else currency
    size = abs(value)
    if lang == "ja":
        steps: Iterable[tuple[float, str, int]] = ((1e8, "億", 1), (1e6, "百万", 0), (1.0, "", 0))
        divisor, word, decimals = next((s for s in steps if size >= s[0]), (1.0, "", 0))
        return f"{money(value / divisor, decimals)}{word}{yen}"
    steps = ((1e9, " bn", 2), (1e6, " m", 1), (1.0, "", 0))
    divisor, word, decimals = next((s for s in steps if size >= s[0]), (1.0, "", 0))
    return f"{currency} {money(value / divisor, decimals)}{word}"
