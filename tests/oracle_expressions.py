"""The slow reading, third part: amounts, conditions and tape filters, evaluated while they are read, left to right."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d+)(?P<unit>\s*%|\s*bp\b)?"
    r"|(?P<word>[A-Za-z_]\w*(?:\.\w+)*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<sign><=|>=|==|!=|[-+*/()<>,]))"
)


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


class Reading:
    """Evaluates an expression while reading it, left to right."""

    def __init__(self, text: str, lookup: Callable[[str], Any], smallest: float) -> None:
        self.tokens: list[tuple[str, Any]] = []
        self.lookup = lookup
        self.smallest = smallest
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
        right = self.sum()
        if sign in ("==", "!=") and not isinstance(left, str):
            within = self.smallest if isinstance(left, Cash) or isinstance(right, Cash) else 0.0
            apart = abs(float(left) - float(right))
            return known(apart, apart, float(apart <= within if sign == "==" else apart > within))
        if isinstance(left, str) or isinstance(right, str):
            return float(COMPARISONS[sign](left, right))
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
        if text not in ("min", "max", "if"):
            if text in ("True", "False"):
                return float(text == "True")
            return Cash(self.lookup(text)) if "." in text else self.lookup(text)
        self.expects("(")
        values = [self.either()]
        while self.accepts(","):
            values.append(self.either())
        self.expects(")")
        if text == "if":
            condition, then, otherwise = values
            return known(condition, condition, then if condition else otherwise)
        if any(value != value for value in values):  # noqa: PLR0124  (what is no number stays none)
            return math.nan
        found = min(values) if text == "min" else max(values)
        return Cash(found) if any(isinstance(value, Cash) for value in values) else found


def divided(a: float, b: float) -> float:
    """What is divided by 0 is not a number."""
    share = float(a) / float(b) if b != 0.0 else math.nan
    return Cash(share) if isinstance(a, Cash) and not isinstance(b, Cash) else share


def known(a: Any, b: Any, value: Any) -> Any:
    """The value, where what it was found from is known; otherwise it is not a number either."""
    unknown = any(isinstance(each, float) and math.isnan(each) for each in (a, b))
    return math.nan if unknown else value


def evaluate(text: str, lookup: Callable[[str], Any], smallest: float = 0.0) -> Any:
    """smallest: numbers that differ by no more than this are equal."""
    return Reading(str(text), lookup, smallest).whole_text()


def selected(rows: Iterable[Mapping[str, Any]], where: str | None) -> list[Mapping[str, Any]]:
    """The raw loan rows of a tape that a sub-pool's `where` selects."""
    return [row for row in rows if where is None or evaluate(where, lambda name, row=row: row[name])]
