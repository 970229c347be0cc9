"""The slow reading, third part: amounts, conditions and tape filters, evaluated while they are read, left to right."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from clo.deal.terms import RATINGS

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d+)(?P<unit>\s*%|\s*bp\b)?"
    r"|(?P<word>[A-Za-z_]\w*(?:\.\w+)*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<sign><=|>=|==|!=|[-+*/()<>,]))"
)

REMEMBERING = ("previous", "cumulative", "rolling_sum", "rolling_average")
"""Functions of a name, which ask what it stood for on earlier payment dates."""
LAGGED = "lagged"
"""The same, of earlier months of the pool."""
RECOVERED = ("recovered_by", "recovered_after")
"""What came back of earlier defaults of the pool."""
NUMBERS = ("payment", "index")
"""Sections whose names, though they have a dot, are no money."""
COMPARISONS = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


class Cash(float):
    """An amount of money, or of money times something; two of them are equal to within what counts, numbers exactly."""

    def __add__(self, other: float) -> Cash:
        return Cash(float(self) + other)

    def __sub__(self, other: float) -> Cash:
        return Cash(float(self) - other)

    def __mul__(self, other: float) -> Cash:
        return Cash(float(self) * other)

    def __neg__(self) -> Cash:
        return Cash(-float(self))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: float) -> Cash:
        return Cash(other - float(self))


class Rated(float):
    """A rating: its place among all of them, the worst first."""

    def __new__(cls, rating: str) -> Rated:
        return super().__new__(cls, RATINGS.index(rating))


class Reading:
    """Evaluates an expression while reading it, left to right."""

    def __init__(self, text: str, lookup: Callable[[str], Any], smallest: float, recall: Callable[..., Any] | None) -> None:
        self.tokens: list[tuple[str, Any]] = []
        self.lookup = lookup
        self.smallest = smallest
        self.recall = recall
        place = 0
        while place < len(text.rstrip()):
            match = TOKEN.match(text, place)
            if match is None:
                raise ValueError(f"cannot read {text!r} at {text[place:]!r}")
            place = match.end()
            if match["number"] is not None:
                divisor = {"%": 100.0, "bp": 10_000.0}.get((match["unit"] or "").strip(), 1.0)
                self.tokens.append(("value", float(match["number"].replace("_", "")) / divisor))
            elif match["word"] is not None:
                self.tokens.append(("word", match["word"]))
            elif match["sign"] is not None:
                self.tokens.append(("sign", match["sign"]))
            else:
                self.tokens.append(("value", match["single"] if match["single"] is not None else match["double"]))
        self.tokens.append(("end", None))

    def accepts(self, *texts: str) -> str | None:
        kind, text = self.tokens[0]
        if kind in ("word", "sign") and text in texts:
            self.tokens.pop(0)
            return str(text)
        return None

    def expects(self, text: str) -> None:
        if self.accepts(text) is None:
            raise ValueError(f"{text!r} expected, not {self.tokens[0][1]!r}")

    def whole_text(self) -> Any:
        value = self.either()
        if self.tokens[0][0] != "end":
            raise ValueError(f"cannot read on from {self.tokens[0][1]!r}")
        return value

    def either(self) -> Any:
        value = self.both()
        while self.accepts("or"):
            other = self.both()
            value = 1.0 if 1.0 in (value, other) else known(value, other, 0.0)
        return value

    def both(self) -> Any:
        value = self.negation()
        while self.accepts("and"):
            other = self.negation()
            value = 0.0 if 0.0 in (value, other) else known(value, other, 1.0)
        return value

    def negation(self) -> Any:
        if self.accepts("not"):
            value = self.negation()
            return known(value, value, float(not value))
        return self.comparison()

    def comparison(self) -> Any:
        left = self.sum()
        sign = self.accepts("<=", ">=", "==", "!=", "<", ">")
        if sign is None:
            return left
        left, right = alike(left, self.sum())
        if isinstance(left, str | date) or isinstance(right, str | date):
            return float(COMPARISONS[sign](left, right))
        if sign in ("==", "!="):
            within = self.smallest if isinstance(left, Cash) or isinstance(right, Cash) else 0.0
            apart = abs(float(left) - float(right))
            return known(apart, apart, float(apart <= within if sign == "==" else apart > within))
        return known(left, right, float(COMPARISONS[sign](left, right)))

    def sum(self) -> Any:
        value = self.product()
        while sign := self.accepts("+", "-"):
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self) -> Any:
        value = self.signed()
        while sign := self.accepts("*", "/"):
            other = self.signed()
            value = value * other if sign == "*" else divided(value, other)
        return value

    def signed(self) -> Any:
        if self.accepts("-"):
            return -self.signed()
        if self.accepts("+"):
            return self.signed()
        return self.unit()

    def unit(self) -> Any:  # noqa: PLR0911  (one return a kind of word)
        if self.accepts("("):
            value = self.either()
            self.expects(")")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "value":
            return text
        if kind != "word":
            raise ValueError(f"a value expected, not {text!r}")
        if text in (*REMEMBERING, LAGGED, *RECOVERED):
            return self.remembered(text)
        if text not in ("min", "max", "if"):
            return float(text == "True") if text in ("True", "False") else in_kind(text, self.lookup(text))
        self.expects("(")
        values = [self.either()]
        while self.accepts(","):
            values.append(self.either())
        self.expects(")")
        if text == "if":
            condition, then, otherwise = values
            chosen = known(condition, condition, then if condition else otherwise)
            return Cash(chosen) if isinstance(then, Cash) or isinstance(otherwise, Cash) else chosen
        if any(value != value for value in values):  # noqa: PLR0124  (what is no number stays none)
            return math.nan
        found = min(values) if text == "min" else max(values)
        return Cash(found) if any(isinstance(value, Cash) for value in values) else found

    def remembered(self, function: str) -> Any:
        """`function(name)` or `function(name, n)`: the name itself is asked for, not what it stands for."""
        self.expects("(")
        kind, name = self.tokens.pop(0)
        if kind != "word":
            raise ValueError(f"a name expected, not {name!r}")
        count = self.tokens.pop(0)[1] if self.accepts(",") else None
        self.expects(")")
        if self.recall is None:
            raise ValueError(f"nothing is remembered of {name!r}")
        return in_kind(name, self.recall(function, name, count))


def in_kind(name: str, value: Any) -> Any:
    """What a name stands for, as money where it is: it has a dot, and is none of a payment, an index or a counterparty."""
    plain = "." not in name or name.partition(".")[0] in NUMBERS or isinstance(value, Rated)
    return value if plain else Cash(value)


def alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides of a comparison; a text beside a date or a rating is one too."""
    return quoted(left, right), quoted(right, left)


def quoted(value: Any, beside: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(beside, date):
        return date.fromisoformat(value)
    return Rated(value) if isinstance(beside, Rated) else value


def divided(a: float, b: float) -> float:
    """What is divided by 0 is not a number."""
    share = float(a) / float(b) if b != 0.0 else math.nan
    return Cash(share) if isinstance(a, Cash) and not isinstance(b, Cash) else share


def known(a: Any, b: Any, value: Any) -> Any:
    """The value, where what it was found from is known; otherwise it is not a number either."""
    unknown = any(isinstance(each, float) and math.isnan(each) for each in (a, b))
    return math.nan if unknown else value


def evaluate(
    text: str, lookup: Callable[[str], Any], smallest: float = 0.0, recall: Callable[[str, str, float | None], Any] | None = None
) -> Any:
    """smallest: numbers that differ by no more than this are equal; recall: (function, name, n) of what is remembered."""
    return Reading(str(text), lookup, smallest, recall).whole_text()


def selected(rows: Iterable[Mapping[str, Any]], where: str | None) -> list[Mapping[str, Any]]:
    """The raw loan rows of a tape that a sub-pool's `where` selects."""
    return [row for row in rows if where is None or evaluate(where, lambda name, row=row: row[name])]
