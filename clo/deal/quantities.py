"""Typed values of a deal file: rates, money, names, expressions. Each refuses what is probably not meant, and says why."""

from __future__ import annotations

import keyword
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"^[+-]?(?:\d[\d_,]*)(?:\.\d+)?(?:[eE][+-]?\d+)?$")
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
RESERVED = frozenset({"pool", "issuer", "obligors", "min", "max", "payment"})


def _number(value: Any) -> float | None:
    """A plain number, or text that is one with separators; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and _NUMBER.match(value.strip()):
        return float(value.strip().replace("_", "").replace(",", ""))
    return None


def _rate(value: Any) -> float:
    """A decimal a year; `1.2%` and `120bp` are read, a bare number of 1 or more is refused."""
    if isinstance(value, str):
        text = value.strip()
        for suffix, scale in (("%", 100.0), ("bp", 10_000.0)):
            if text.endswith(suffix):
                number = _number(text[: -len(suffix)].strip())
                if number is not None:
                    return number / scale
    number = _number(value)
    if number is None:
        raise PydanticCustomError("rate", "{value} is not a rate", {"value": repr(value), "fix": "write 1.2%, 120bp or 0.012"})
    if abs(number) >= 1.0:
        raise PydanticCustomError(
            "rate",
            "{number} is {percent} % a year",
            {"number": f"{number:g}", "percent": f"{number * 100:g}", "fix": f"write {number:g}% or {number / 100:g}"},
        )
    return number


def _share(value: Any) -> float:
    """A fraction between 0 and 1; `10%` is read."""
    number = _rate(value) if isinstance(value, str) and not _NUMBER.match(value.strip()) else _number(value)
    if number is None or not 0.0 <= number <= 1.0:
        raise PydanticCustomError(
            "share", "{value} is not a share between 0 and 1", {"value": repr(value), "fix": "write 10% or 0.1"}
        )
    return number


def _annual_share(value: Any) -> float:
    number = _rate(value)
    if not 0.0 <= number < 1.0:
        raise PydanticCustomError(
            "annual_share",
            "{value} a year is outside 0 to below 100%",
            {"value": repr(value), "fix": "write an annual rate such as 2%"},
        )
    return number


def _money(value: Any) -> float:
    number = _number(value)
    if number is None:
        raise PydanticCustomError(
            "money",
            "{value} is not an amount of money",
            {"value": repr(value), "fix": "write whole currency units, such as 180_000_000"},
        )
    if number < 0.0 or number > 2.0**53:
        raise PydanticCustomError(
            "money",
            "{value} is negative or beyond 2^53",
            {"value": repr(value), "fix": "write an amount from 0 to 9e15 in currency units"},
        )
    return number


def _name(value: Any) -> str:
    text = str(value)
    if not _NAME.match(text) or keyword.iskeyword(text) or text in RESERVED:
        words = ", ".join(sorted(RESERVED))
        fix = f"use letters, digits and _, starting with a letter; not a word of the language ({words})"
        raise PydanticCustomError("name", "{name} cannot be a name in a deal", {"name": repr(text), "fix": fix})
    return text


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise PydanticCustomError("truth", "{value} is not true or false", {"value": repr(value), "fix": "write true or false"})
    return value


def _text_or_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise PydanticCustomError(
            "expression",
            "{value} is not an expression",
            {"value": repr(value), "fix": "write a number or an expression"},
        )
    return str(value)


def _many(value: Any) -> Any:
    """One value where a list is also allowed."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _vector(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


_AS_RATE = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]?[0-9][0-9_,.]*\s*(%|bp)$"}]})
_AS_MONEY = WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9][0-9_,.]*$"}]})
_AS_EXPRESSION = WithJsonSchema({"type": ["string", "number"]})

Rate = Annotated[float, BeforeValidator(_rate), _AS_RATE]
AnnualShare = Annotated[float, BeforeValidator(_annual_share), _AS_RATE]
Share = Annotated[float, BeforeValidator(_share), _AS_RATE]
Money = Annotated[float, BeforeValidator(_money), _AS_MONEY]
Identifier = Annotated[str, BeforeValidator(_name)]
Truth = Annotated[bool, BeforeValidator(_truth)]
ExpressionText = Annotated[str, BeforeValidator(_text_or_number), _AS_EXPRESSION]
Names = Annotated[tuple[str, ...], BeforeValidator(_many)]
"""One name or a list of names."""
AnnualShares = Annotated[AnnualShare | tuple[AnnualShare, ...], BeforeValidator(_vector)]
"""One annual rate, or one for each month after the cut-off."""
