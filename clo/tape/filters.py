"""The `where` language over columns of a tape: which loans an expression selects, and clear words where it makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.expressions import MEANING, Call, Expression, ExpressionError, Name, Number, Text, names, parse
from clo.findings import nearest
from clo.schema import TAPE

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_LOGIC = frozenset({"and", "or", "not"})


class FilterError(ExpressionError):
    """An expression that does not fit the columns of the tape."""


class Answer(NamedTuple):
    """Of each row, whether a condition holds for certain, and whether that is open because a value is missing."""

    yes: NDArray[np.bool_]
    open: NDArray[np.bool_]


def select(frame: pd.DataFrame, text: str) -> NDArray[np.bool_]:
    """Rows (shape: loans) for which the expression holds for certain: where a missing value decides, it does not, so neither
    `rate > 2%` nor `not rate > 2%` holds without a rate.

    Raises ExpressionError for text that is no expression; FilterError (one of them) for an unknown column, a word that is not
    among a category's levels, or a comparison between kinds.
    """
    return answer(frame, text).yes


def answer(frame: pd.DataFrame, text: str) -> Answer:
    """Rows (shape: loans) for which the expression holds whatever the missing values are, and rows for which they decide.

    `employees <= 300 or capital_yen <= 300_000_000` holds for a firm of 100 whose capital is missing, and is open where its
    employees are 500. What is calculated from a missing value, or divided 0 by 0, is missing. Raises as `select` does.
    """
    yes, possibly = _bounds(frame, _readable(frame, parse(text), text))
    return Answer(yes, possibly & ~yes)


def _bounds(frame: pd.DataFrame, condition: Call) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a condition holds whatever the missing values are, and where it holds for some of them."""
    if condition.function in _LOGIC:
        parts = [_bounds(frame, argument) for argument in condition.arguments if isinstance(argument, Call)]
        if condition.function == "not":
            return ~parts[0][1], ~parts[0][0]
        joined = np.logical_and if condition.function == "and" else np.logical_or
        return joined.reduce([sure for sure, _ in parts]), joined.reduce([maybe for _, maybe in parts])
    sides = [_value(frame, argument) for argument in condition.arguments]
    with np.errstate(invalid="ignore"):
        true = np.broadcast_to(np.asarray(MEANING[condition.function](*sides), dtype=bool), len(frame))
    missing = _missing(sides[0]) | _missing(sides[1])
    return true & ~missing, true | missing


def _value(frame: pd.DataFrame, expression: Expression) -> Any:
    """What an expression gives (shape: loans, or one for all): float64 with NaN where it is missing, `_Words` or a text."""
    match expression:
        case Number() | Text():
            return expression.value
        case Name():
            return _column(frame[expression.name])
    if expression.function in _COMPARISONS | _LOGIC:
        sure, maybe = _bounds(frame, expression)
        return np.where(maybe & ~sure, np.nan, sure)
    values = [_value(frame, argument) for argument in expression.arguments]
    if expression.function == "if":
        return np.where(np.isnan(values[0]), np.nan, np.where(values[0], values[1], values[2]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return MEANING[expression.function](*values)


def _missing(value: Any) -> NDArray[np.bool_]:
    """Where a value is missing (shape: loans, or one for all)."""
    if isinstance(value, _Words):
        return ~value.known
    return np.asarray(False if isinstance(value, str) else np.isnan(value))


def _readable(frame: pd.DataFrame, expression: Expression, text: str) -> Call:
    """The condition with its dates as numbers. Raises FilterError where it makes no sense over these columns."""
    for name in names(expression):
        if name not in frame.columns:
            close = nearest(name, [str(column) for column in frame.columns])
            raise FilterError(f"no column {name!r} on the tape, in {text!r}" + (f"; did you mean {close!r}?" if close else ""))
    kinds = {str(name): _kind(frame, str(name)) for name in frame.columns}
    if _check(expression, kinds, text) != "truth" or not isinstance(expression, Call):
        raise FilterError(f"{text!r} gives a value, not a condition: compare it with something")
    return _with_dates(expression, kinds, text)


def _kind(frame: pd.DataFrame, name: str) -> str:
    dtype = frame[name].dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    return "text"


def _column(values: pd.Series) -> Any:
    """A column as it is compared: numbers, days as seconds since 1970, words."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = values.to_numpy().astype("datetime64[D]")
        return np.where(np.isnat(days), np.nan, days.astype("datetime64[s]").astype(np.float64))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _Words(values)


class _Words:
    """Text that compares to truth arrays; missing text compares as false. known: rows (shape: loans) that have one."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: pd.Series) -> None:
        self._values = values
        self.known = values.notna().to_numpy()

    def _compare(self, other: Any, operation: str) -> NDArray[np.bool_]:
        mine, known = self._values, self.known
        theirs = other
        if isinstance(other, _Words):
            theirs, known = other._values.astype("str"), known & other.known
            mine = mine.astype("str")
        elif operation not in ("__eq__", "__ne__") and mine.dtype == "category":
            mine = mine.astype("str")
        result = getattr(mine, operation)(theirs)
        return np.asarray(pd.Series(result).fillna(False), dtype=bool) & known

    def __eq__(self, other: object) -> Any:
        return self._compare(other, "__eq__")

    def __ne__(self, other: object) -> Any:
        return self._compare(other, "__ne__")

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, "__lt__")

    def __le__(self, other: Any) -> Any:
        return self._compare(other, "__le__")

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, "__gt__")

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, "__ge__")


def _check(expression: Expression, kinds: Mapping[str, str], text: str) -> str:
    """The kind an expression gives: number, text, date or truth. Raises FilterError where kinds do not go together."""
    match expression:
        case Number():
            return "number"
        case Text():
            return "text"
        case Name():
            return kinds[expression.name]
    given = [_check(argument, kinds, text) for argument in expression.arguments]
    if expression.function in _COMPARISONS:
        _check_comparison(expression, given, text)
        return "truth"
    if expression.function in _LOGIC:
        for argument, kind in zip(expression.arguments, given, strict=True):
            if kind != "truth":
                raise FilterError(f"{_said(argument)} is a {kind}, not a condition, in {text!r}")
        return "truth"
    for argument, kind in zip(expression.arguments, given, strict=True):
        if kind != "number" and not (expression.function == "if" and kind == "truth"):
            raise FilterError(f"cannot calculate with {_said(argument)}, a {kind}, in {text!r}")
    return "number"


def _check_comparison(comparison: Call, kinds: list[str], text: str) -> None:
    left, right = comparison.arguments
    pair = set(kinds)
    day = pair == {"date", "text"} and any(isinstance(side, Text) for side in (left, right))
    if len(pair) > 1 and not day:
        said = f"cannot compare {_said(left)} ({kinds[0]}) with {_said(right)} ({kinds[1]}) in {text!r}"
        if pair == {"number", "text"} and any(isinstance(side, Number) for side in (left, right)):
            number = left if isinstance(left, Number) else right
            said += f"; write the text in quotes: '{_said(number)}'"
        raise FilterError(said)
    for column, word in ((left, right), (right, left)):
        if isinstance(column, Name) and isinstance(word, Text) and column.name in TAPE:
            levels = TAPE[column.name].levels
            if levels and word.value not in levels:
                close = nearest(word.value, levels)
                hint = f"; did you mean {close!r}?" if close else ""
                raise FilterError(f"{column.name} is one of {', '.join(levels)}, never {word.value!r}{hint}")


def _with_dates(expression: Call, kinds: Mapping[str, str], text: str) -> Call:
    """The expression with every text that is compared with a date turned into seconds since 1970, as the columns are."""
    dated = expression.function in _COMPARISONS and "date" in [_check(argument, kinds, text) for argument in expression.arguments]
    arguments = (
        _seconds(argument, text) if dated and isinstance(argument, Text)
        else _with_dates(argument, kinds, text) if isinstance(argument, Call)
        else argument
        for argument in expression.arguments
    )  # fmt: skip
    return Call(expression.function, tuple(arguments))


def _seconds(written: Text, text: str) -> Number:
    try:
        return Number(float(np.datetime64(written.value, "s").astype(np.int64)))
    except ValueError:
        raise FilterError(f"{written.value!r} is not a date YYYY-MM-DD, in {text!r}") from None


def _said(expression: Expression) -> str:
    match expression:
        case Number(value):
            return f"{value:g}"
        case Text(value):
            return repr(value)
        case Name(name):
            return name
        case Call():
            return "the result of a calculation"
