"""Of what kind an expression is: number or condition, amount of money or not; dates and ratings in quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar, cast

from clo.deal.terms import RATINGS
from clo.deal.vocabulary import DATES, Quantity
from clo.expressions import DEAL_FUNCTIONS, MEMORY, Call, Expression, ExpressionError, Name, Number, Text, parse

ARITHMETIC = ("+", "-", "*", "/", "neg", "min", "max")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
EPOCH = date(1970, 1, 1)
T = TypeVar("T")


class Kinds:
    """Kinds of expressions in one deal. quantity: what the language says of a dotted name; lets: texts of `let` values."""

    def __init__(self, quantity: Callable[[str], Quantity | None], lets: Mapping[str, str], triggers: set[str]) -> None:
        self._quantity, self._lets, self._triggers = quantity, lets, triggers
        self._open: set[str] = set()
        self._met: set[str] = set()
        self._found: dict[tuple[str, Callable[[Expression], Any]], Any] = {}

    def is_condition(self, expression: Expression) -> bool | None:
        """Whether an expression is true or false, not a number; None where it depends only on itself.

        Raises ExpressionError where it mixes the two.
        """
        match expression:
            case Name(name):
                return self._name_is_condition(name)
            case Call(function, arguments):
                if function in MEMORY:
                    return self._remembered_is_condition(function, arguments)
                return self._call_is_condition(function, arguments)
            case _:
                return False

    def is_let_condition(self, name: str) -> bool:
        """Whether a `let` value is a condition."""
        return bool(self._of_let(name, self.is_condition))

    def _name_is_condition(self, name: str) -> bool | None:
        if name in self._lets:
            return self._of_let(name, self.is_condition)
        return name in self._triggers

    def _remembered_is_condition(self, function: str, arguments: tuple[Expression, ...]) -> bool | None:
        kind = self.is_condition(arguments[0])
        if function == "previous":
            return kind
        if kind:
            raise ExpressionError(f"{function}() takes the name of a number, and is given a condition")
        return False

    def _call_is_condition(self, function: str, arguments: tuple[Expression, ...]) -> bool | None:
        kinds = [self.is_condition(argument) for argument in arguments]
        if function == "if":
            if kinds[0] is False or (None not in kinds[1:] and kinds[1] != kinds[2]):
                raise ExpressionError("if(condition, a, b) takes a condition and two values of one kind")
            return kinds[2] if kinds[1] is None else kinds[1]
        logical = function in ("and", "or", "not")
        if any(kind is not None and kind != logical for kind in kinds):
            wanted, given = ("conditions", "a number") if logical else ("numbers", "a condition")
            raise ExpressionError(f"{function!r} takes {wanted}, and is given {given}")
        return function not in ARITHMETIC

    def money_power(self, expression: Expression) -> int:
        """1 for an amount of money, 0 for a number or a ratio of amounts, 2 for a product of amounts."""
        match expression:
            case Name(name):
                if name in self._lets:
                    return self._of_let(name, self.money_power) or 0
                quantity = self._quantity(name) if "." in name else None
                return int(quantity is not None and quantity.money)
            case Call(function, arguments):
                return _power_of_call(function, [self.money_power(argument) for argument in arguments])
            case _:
                return 0

    def _of_let(self, name: str, read: Callable[[Expression], T]) -> T | None:
        """What holds of the text behind a `let` value; None inside itself, and where the text cannot be read.

        It is found once: unless it rests on a value that is still open, and so on where it is asked for.
        """
        if (name, read) in self._found:
            return cast("T | None", self._found[name, read])
        if name in self._open:
            self._met.add(name)
            return None
        around, self._met = self._met, set()
        self._open.add(name)
        try:
            found = read(parse(self._lets[name], DEAL_FUNCTIONS))
        except ExpressionError:
            found = None
        finally:
            self._open.remove(name)
        self._met.discard(name)
        if not self._met:
            self._found[name, read] = found
        self._met |= around
        return found


def _power_of_call(function: str, powers: list[int]) -> int:
    """The power of money of a call, of those of its arguments."""
    if function == "*":
        return sum(powers)
    if function == "/":
        return powers[0] - powers[1]
    if function in MEMORY:
        return powers[0]
    if function == "if":
        return max(powers[1:])
    return max(powers) if function in ARITHMETIC else 0


def with_texts_read(expression: Expression) -> Expression:
    """The same expression with quoted dates and ratings as numbers; only what is one of them is compared with a text.

    Raises ExpressionError for a text that stands elsewhere, or is neither a date nor a rating.
    """
    if not isinstance(expression, Call):
        return expression
    arguments = expression.arguments
    if expression.function in COMPARISONS and any(isinstance(argument, Text) for argument in arguments):
        left, right = arguments
        name, text = (left, right) if isinstance(right, Text) else (right, left)
        if not isinstance(name, Name) or not isinstance(text, Text):
            raise ExpressionError("text in quotes is compared with payment.date, payment.start or the rating of a counterparty")
        number = Number(_number_of(text.value, name.name))
        return Call(expression.function, tuple(number if argument is text else argument for argument in arguments))
    return Call(expression.function, tuple(with_texts_read(argument) for argument in arguments))


def _number_of(text: str, name: str) -> float:
    """What a quoted date or rating is compared as with this name."""
    if name in DATES:
        try:
            return float((date.fromisoformat(text) - EPOCH).days)
        except ValueError:
            raise ExpressionError(f"{text!r} is not a date; write year, month and day, such as '2010-03-31'") from None
    if name.endswith(".rating"):
        if text not in RATINGS:
            raise ExpressionError(f"{text!r} is not a rating; there are {', '.join(reversed(RATINGS))}")
        return float(RATINGS.index(text))
    raise ExpressionError("text in quotes is compared with payment.date, payment.start or the rating of a counterparty")
