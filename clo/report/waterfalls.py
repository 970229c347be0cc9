"""Every step of every payment date, as the script of a page shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from clo.deal.families import large_families
from clo.labels import Lang, dotted, label, party, why

if TYPE_CHECKING:
    import pandas as pd

    from clo.study import Result


class Line(NamedTuple):
    """A row of `Result.waterfall`, in its order of columns."""

    step: str
    claim: str
    source: str
    to: str
    asked: float
    available: float
    paid: float
    shortfall: float
    why: str

    def of_family(self, large: Mapping[str, str]) -> tuple[str, str, str]:
        """Claim, source and payee, with a large family in the place of its member."""
        owner, dot, kind = self.claim.partition(".")
        return large.get(owner, owner) + dot + kind, large.get(self.source, self.source), large.get(self.to, self.to)


def waterfalls(result: Result, lang: Lang) -> dict[str, Any]:
    """Every payment date's steps. `steps` and `whys` are told once; a row is [step, asked, available, paid, shortfall, why].

    A step ends with whether it is paid from an account: only then does it leave funds behind.
    """
    steps: dict[tuple[str | bool, ...], int] = {}
    whys: dict[str, int] = {}
    periods, large = [], large_families(result.deal)
    for period in range(1, result.timeline.payments + 1):
        rows = []
        for line in _lines(result.waterfall(period), large):
            words = (label(line.step, lang), dotted(line.claim, lang), party(line.source, lang), party(line.to, lang))
            told = (*words, line.source in result.deal.accounts)
            numbers = [_number(amount) for amount in (line.asked, line.available, line.paid, line.shortfall)]
            rows.append([steps.setdefault(told, len(steps)), *numbers, whys.setdefault(why(line.why, lang), len(whys))])
        periods.append(rows)
    return {"steps": list(steps), "whys": list(whys), "periods": periods, "nothing": label("no_movement", lang)}


def _lines(frame: pd.DataFrame, large: Mapping[str, str]) -> Iterator[Line]:
    """The steps of a payment date; what the members of a large family pay or are paid by like steps is one line."""
    lines = [Line(*row) for row in zip(*(frame[name].tolist() for name in frame.columns), strict=True)]
    lines = [line._replace(step=str(line.step)) for line in lines]
    for _, run in groupby(enumerate(lines), key=lambda each: _place(each[0], each[1], large)):
        alike = [line for _, line in run]
        yield alike[0] if len(alike) == 1 else _added(alike, large)


def _place(number: int, line: Line, large: Mapping[str, str]) -> tuple[Any, ...]:
    """What lines of one family share; nothing with any other line where no member of one takes part."""
    told = line.of_family(large)
    return told if told != (line.claim, line.source, line.to) else (*told, number)


def _added(alike: list[Line], large: Mapping[str, str]) -> Line:
    claim, source, to = alike[0].of_family(large)
    asked, paid, shortfall = (sum(getattr(line, name) for line in alike) for name in ("asked", "paid", "shortfall"))
    steps, reasons = f"{alike[0].step}–{alike[-1].step}", [line.why for line in alike if line.paid or not paid]
    return Line(steps, claim, source, to, asked, alike[0].available, paid, shortfall, reasons[0])


def _number(value: Any) -> float | int | None:
    """Rounded to hundredths; NaN is null."""
    amount = float(value)
    if not math.isfinite(amount):
        return None
    rounded = round(amount, 2)
    return int(rounded) if rounded.is_integer() else rounded
