"""The small language of amounts and conditions in deal files and tape filters.

Numbers (also `1.2%`, `50bp`, `13_500_000_000`), quoted text, dotted names, `+ - * /`, comparisons, `and or not`, parentheses
and `min`, `max`, `if(condition, a, b)`. An expression is data: parsing it runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_LENGTH = 2_000
MAX_DEPTH = 40
LARGEST = 1e18
"""Numbers from here on are no amounts of money, nor rates."""
SHOWN = 120
"""Characters of an expression that a message quotes."""
FUNCTIONS: Mapping[str, tuple[int, int]] = {"min": (2, 16), "max": (2, 16), "if": (3, 3)}
"""Name of each function: fewest and most arguments."""
MEMORY: Mapping[str, tuple[int, int]] = {
    "previous": (1, 1),
    "cumulative": (1, 1),
    "rolling_sum": (2, 2),
    "rolling_average": (2, 2),
    "lagged": (2, 2),
    "recovered_by": (2, 2),
    "recovered_after": (2, 2),
}
"""Functions of a name over payment dates, which only deals have."""
DEAL_FUNCTIONS = {**FUNCTIONS, **MEMORY}

_TOKEN = re.compile(
    r"""(?P<text>'[^'\n]*'|"[^"\n]*")"""
    r"""|(?P<number>(?<![\w.])(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)\s*(?P<unit>%|bp\b)?"""
    r"""|(?P<call_if>\bif\s*\()"""
)
_DATE = re.compile(r"(?<![\w.])\d{4}-\d{2}-\d{2}(?!\w)")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_UNIT = {"%": "/100", "bp": "/10_000"}


class ExpressionError(ValueError):
    """Text that is not an expression; the message says why and shows the place."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function over its arguments: `+ - * / < <= > >= == != and or not neg min max if`, or one of MEMORY."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Number | Text | Name | Call


def parse(text: str | float, functions: Mapping[str, tuple[int, int]] = FUNCTIONS) -> Expression:
    """The expression that `text` says, with these functions. Raises ExpressionError."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return Number(float(text))
    source = str(text).strip()
    if date := _DATE.search(_QUOTED.sub("", source)):
        raise ExpressionError(f"a date stands in quotes: '{date[0]}' in {_quoted(source)}")
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"expression of {len(source):,} characters; the limit is {MAX_LENGTH:,}")
    try:
        tree = ast.parse(_as_python(source), mode="eval")
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(f"cannot read {_quoted(source)}: {reason}") from None
    return _convert(tree.body, source, functions, depth=0)


def _as_python(source: str) -> str:
    """The same text with `%` and `bp` written as division and `if(` as a call Python can read."""

    def replace(match: re.Match[str]) -> str:
        if match["call_if"]:
            return "if_("
        if match["number"] and match["unit"]:
            return f"({match['number']}{_UNIT[match['unit']]})"
        return match[0]

    return _TOKEN.sub(replace, source)


def _convert(  # noqa: PLR0911, PLR0912  (one case a kind of node)
    node: ast.expr, source: str, functions: Mapping[str, tuple[int, int]], depth: int
) -> Expression:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"expression nested deeper than {MAX_DEPTH} levels: {_quoted(source)}")

    def inner(child: ast.expr) -> Expression:
        return _convert(child, source, functions, depth + 1)

    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            if not abs(number) < LARGEST:
                raise ExpressionError(f"a number beyond {LARGEST:g} in {_quoted(source)}")
            return Number(float(number))
        case ast.Constant(value=str() as quoted):
            return Text(quoted)
        case ast.Name() | ast.Attribute():
            return Name(_dotted(node, source))
        case ast.BinOp(op=op) if type(op) in _BINARY:
            call = Call(_BINARY[type(op)], (inner(node.left), inner(node.right)))
            if call.function == "/" and call.arguments[1] == Number(0.0):
                raise ExpressionError(f"{_quoted(source)} divides by zero")
            return _folded(call)
        case ast.UnaryOp(op=ast.USub()):
            return _folded(Call("neg", (inner(node.operand),)))
        case ast.UnaryOp(op=ast.UAdd()):
            return inner(node.operand)
        case ast.UnaryOp(op=ast.Not()):
            return Call("not", (inner(node.operand),))
        case ast.BoolOp(op=op):
            return Call("and" if isinstance(op, ast.And) else "or", tuple(inner(value) for value in node.values))
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            return Call(_COMPARE[type(op)], (inner(node.left), inner(node.comparators[0])))
        case ast.Compare():
            raise ExpressionError(f"cannot read {_quoted(source)}: write one comparison at a time, joined by `and`")
        case ast.Call(func=ast.Name(id=called), args=args, keywords=[]):
            name = "if" if called == "if_" else called
            if name not in functions:
                raise ExpressionError(f"unknown function {name!r} in {_quoted(source)}; there are {', '.join(functions)}")
            fewest, most = functions[name]
            if not fewest <= len(args) <= most:
                wanted = str(fewest) if fewest == most else f"{fewest} or more"
                raise ExpressionError(f"{name}() takes {wanted} values, not {len(args)}, in {_quoted(source)}")
            return Call(name, tuple(inner(arg) for arg in args))
        case _:
            raise ExpressionError(f"cannot read {_quoted(source)}: {type(node).__name__} is not part of the language")


def _quoted(source: str) -> str:
    """The expression in quotes, cut where it is long."""
    return repr(source if len(source) <= SHOWN else f"{source[:SHOWN]}...")


def _dotted(node: ast.expr, source: str) -> str:
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id, *reversed(words)])
    raise ExpressionError(f"cannot read {_quoted(source)}: a name is words joined by dots")


def _folded(call: Call) -> Expression:
    """Arithmetic on plain numbers done once, at parse time."""
    values = [argument.value for argument in call.arguments if isinstance(argument, Number)]
    return Number(float(MEANING[call.function](*values))) if len(values) == len(call.arguments) else call


def names(expression: Expression) -> Iterator[str]:
    """Every name the expression uses, in order of appearance, repeats included."""
    if isinstance(expression, Name):
        yield expression.name
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from names(argument)


def _select(condition: Any, then: Any, otherwise: Any) -> Any:
    return np.where(condition, then, otherwise)


MEANING: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "neg": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda *values: np.logical_and.reduce(np.broadcast_arrays(*values)),
    "or": lambda *values: np.logical_or.reduce(np.broadcast_arrays(*values)),
    "not": np.logical_not,
    "min": lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
    "max": lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
    "if": _select,
}
"""What each operator and function does with the values of its arguments, arrays or numbers."""


def evaluate(expression: Expression, lookup: Callable[[str], Any]) -> Any:
    """The value of an expression over arrays or numbers; `lookup` gives the value of a name."""
    match expression:
        case Number() | Text():
            return expression.value
        case Name():
            return lookup(expression.name)
        case Call():
            return MEANING[expression.function](*(evaluate(argument, lookup) for argument in expression.arguments))
