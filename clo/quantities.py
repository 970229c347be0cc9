"""Typed values of deals and assumptions: rates, money, names, expressions. Each refuses what is probably not meant."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)?(?:[eE][+-]?\d+)?$", re.ASCII)
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
RESERVED = frozenset({
    "pool", "issuer", "obligors", "payment", "index", "schedule",
    "min", "max", "previous", "cumulative", "rolling_sum", "rolling_average", "lagged", "recovered_by", "recovered_after",
})  # fmt: skip
_FORMULA = re.compile(r"\(|[A-Za-z_]\w*\.[A-Za-z_]")
"""What an expression has and a plain number has not: a bracket, or a name of the deal."""


def _number(value: Any) -> float | None:
    """A plain finite number, or text that is one with thousands separators; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _NUMBER.match(value.strip()):
        value = value.strip().replace("_", "").replace(",", "")
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _rate(value: Any) -> float:
    """A decimal a year; `1.2%` and `120bp` are read, a bare number of 1 or more and any comma are refused."""
    if isinstance(value, str) and "," not in value:
        text = value.strip()
        for suffix, scale in (("%", 100.0), ("bp", 10_000.0)):
            if text.endswith(suffix):
                number = _number(text[: -len(suffix)].strip())
                if number is not None:
                    return number / scale
    number = None if isinstance(value, str) and "," in value else _number(value)
    if number is None:
        raise PydanticCustomError("rate", "{value} is not a rate", {"value": repr(value), "fix": "write 1.2%, 120bp or 0.012"})
    if abs(number) >= 1.0:
        raise PydanticCustomError(
            "rate",
            "{number} is {percent} % a year",
            {
                "number": f"{number:g}",
                "percent": f"{number * 100:g}",
                "fix": f"write {number:g}% or {number / 100:g}",
            },
        )
    return number


def _positive_rate(value: Any) -> float:
    """A rate of 0 or more: what a tranche or a fee earns."""
    number = _rate(value)
    if number < 0.0:
        raise PydanticCustomError("rate", "{value} is below 0", {"value": repr(value), "fix": "write a rate of 0 or more"})
    return number


def _price(value: Any) -> float:
    """A price as a share of the amount: `99%` or 0.99."""
    number = _rate(value) if isinstance(value, str) and value.strip().endswith("%") else _number(value)
    if number is None or not 0.0 < number < PRICE_LIMIT:
        fix = f"write {number:g}% or {number / 100:g}" if number is not None and number > 0.0 else "write 99% or 0.99"
        raise PydanticCustomError("price", "{value} is not a price as a share of the amount", {"value": repr(value), "fix": fix})
    return number


def _share(value: Any) -> float:
    """A fraction between 0 and 1; `10%` is read."""
    number = _rate(value) if isinstance(value, str) and not _NUMBER.match(value.strip()) else _number(value)
    if number is None or not 0.0 <= number <= 1.0:
        raise PydanticCustomError(
            "share", "{value} is not a share between 0 and 1", {"value": repr(value), "fix": "write 10% or 0.1"}
        )
    return number


def _fraction(value: Any) -> float | None:
    """A number as it stands, or with a per cent sign; None for anything else."""
    try:
        return _number_or_rate(value)
    except PydanticCustomError:
        return None


def _asset_correlation(value: Any) -> float:
    number = _fraction(value)
    if number is None or not 0.0 <= number < 1.0:
        fix = "write a correlation from 0 to below 1, such as 5% or 0.05"
        raise PydanticCustomError("correlation", "{value} is no asset correlation", {"value": repr(value), "fix": fix})
    return number


def _factor_correlation(value: Any) -> float:
    number = _fraction(value)
    if number is None or not -1.0 < number < 1.0:
        fix = "write a correlation between -1 and 1, such as 40% or 0.4"
        raise PydanticCustomError("correlation", "{value} is no correlation of two factors", {"value": repr(value), "fix": fix})
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


def _probability(value: Any) -> float:
    number = _fraction(value)
    if number is None or not 0.0 <= number < 1.0:
        fix = f"write {number:g}% or {number / 100:g}" if number is not None and 1.0 <= number < 100.0 else "write 2% or 0.02"
        said = "{value} is no probability from 0 to below 100%"
        raise PydanticCustomError("probability", said, {"value": repr(value), "fix": fix})
    return number


def _day(value: Any) -> Any:
    """A date, or text that is one: a number is not taken for seconds since 1970."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip() if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError(
            "day", "{value} is not a date", {"value": repr(value), "fix": "write year, month and day, such as 2007-06-28"}
        ) from None


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
        words = f"a word of Python (such as class) or of the language ({words})"
        fix = f"use letters, digits and _, starting with a letter; not {words}"
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


def _plain_number(value: Any) -> float:
    number = _number(value)
    if number is None:
        fix = "write a plain number, such as 1.5"
        raise PydanticCustomError("number", "{value} is not a number", {"value": repr(value), "fix": fix})
    return number


def is_number(value: object) -> bool:
    """Whether it is a finite number of Python or numpy: text, dates, true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(-LARGEST <= value <= LARGEST)


def usable_degrees(value: Any) -> bool:
    """Whether a Student-t copula may have so many degrees of freedom: a finite number, 1 or more."""
    return is_number(value) and bool(value >= 1.0)


def _degrees(value: Any) -> float:
    if not usable_degrees(value):
        fix = "write a number of 1 or more, such as 6, or leave it out for a Gaussian copula"
        raise PydanticCustomError("degrees", "{value} is not a finite number, 1 or more", {"value": repr(value), "fix": fix})
    return float(value)


def _not_empty(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and not value:
        raise PydanticCustomError("vector", "the list is empty", {"fix": "give one value, or one for each month"})
    return value


def _number_or_rate(value: Any) -> float:
    return _rate(value) if isinstance(value, str) and value.strip().endswith(("%", "bp")) else _plain_number(value)


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise PydanticCustomError("names", "the list is empty", {"fix": "name one, or remove it"})
    return names


def _many(value: Any) -> Any:
    """One value where a list is also allowed."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _shape(value: Any) -> str:
    return "vector" if isinstance(value, (list, tuple)) else "rate"


def is_formula(value: Any) -> bool:
    """Whether text is an expression about the deal, such as `index.TIBOR_3M + 50bp`, and not a number or rate."""
    return isinstance(value, str) and _FORMULA.search(value) is not None


def written_as(value: Any) -> str:
    """`formula`, `terms` (keys and values) or `number`."""
    return "terms" if isinstance(value, (Mapping, BaseModel)) else _number_or_formula(value)


def _number_or_formula(value: Any) -> str:
    return "formula" if is_formula(value) else "number"


LARGEST = float(np.finfo(np.float64).max)
PRICE_LIMIT = 2.0
"""An issue price from here on is a percentage without its sign."""
_AS_RATE = WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]?[0-9][0-9_,.]*\s*(%|bp)$"}]})
_AS_MONEY = WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9][0-9_,.]*$"}]})
_AS_NAMES = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
_AS_EXPRESSION = WithJsonSchema({"type": ["string", "number"]})
_AS_FORMULA = WithJsonSchema({"type": "string", "pattern": r"[(]|[A-Za-z_][.][A-Za-z_]"})

Rate = Annotated[float, BeforeValidator(_positive_rate), _AS_RATE]
AnnualShare = Annotated[float, BeforeValidator(_annual_share), _AS_RATE]
Share = Annotated[float, BeforeValidator(_share), _AS_RATE]
AssetCorrelation = Annotated[float, BeforeValidator(_asset_correlation), _AS_RATE]
"""From 0 to below 1: of asset values through one factor, the square of a loading."""
FactorCorrelation = Annotated[float, BeforeValidator(_factor_correlation), _AS_RATE]
"""Between -1 and 1: of two factors."""
Price = Annotated[float, BeforeValidator(_price), _AS_RATE]
Money = Annotated[float, BeforeValidator(_money), _AS_MONEY]
Day = Annotated[date, BeforeValidator(_day)]
Identifier = Annotated[str, BeforeValidator(_name)]
Months = Annotated[int, Field(ge=0, le=60, strict=True)]
Truth = Annotated[bool, BeforeValidator(_truth)]
ExpressionText = Annotated[str, BeforeValidator(_text_or_number), _AS_EXPRESSION]
AnyNames = Annotated[tuple[str, ...], BeforeValidator(_many), _AS_NAMES]
"""One name, or a list of names, which may be empty."""
Names = Annotated[AnyNames, AfterValidator(_some)]
"""One name or a list of names."""
AnnualShares = Annotated[
    Annotated[AnnualShare, Tag("rate")] | Annotated[tuple[AnnualShare, ...], Tag("vector")],
    Discriminator(_shape),
    BeforeValidator(_not_empty),
]
"""One annual rate, or one for each month after the cut-off."""
Probability = Annotated[float, BeforeValidator(_probability), _AS_RATE]
"""From 0 to below 1, by some month."""
CumulativeShares = Annotated[
    Annotated[AnnualShare, Tag("rate")] | Annotated[tuple[Probability, ...], Tag("vector")],
    Discriminator(_shape),
    BeforeValidator(_not_empty),
]
"""What defaults within a year, for ever, or by the end of each year or month."""
Shares = Annotated[
    Annotated[Share, Tag("rate")] | Annotated[tuple[Share, ...], Tag("vector")],
    Discriminator(_shape),
    BeforeValidator(_not_empty),
]
"""One share, or one for each month or year."""
Formula = Annotated[str, _AS_FORMULA]
RateOrFormula = Annotated[Annotated[Rate, Tag("number")] | Annotated[Formula, Tag("formula")], Discriminator(_number_or_formula)]
"""A rate a year, or an expression that gives one."""
MoneyOrFormula = Annotated[
    Annotated[Money, Tag("number")] | Annotated[Formula, Tag("formula")], Discriminator(_number_or_formula)
]
"""An amount of money, or an expression that gives one."""
Number = Annotated[float, BeforeValidator(_plain_number)]
Degrees = Annotated[float, BeforeValidator(_degrees), WithJsonSchema({"type": "number", "minimum": 1})]
"""Degrees of freedom of a Student-t copula."""
NumberOrRate = Annotated[float, BeforeValidator(_number_or_rate), WithJsonSchema({"type": ["number", "string"]})]
"""A plain number, or a rate with its sign: `1.2%`, `120bp`."""
SignedRate = Annotated[float, BeforeValidator(_rate), _AS_RATE]


Word = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
"""A word of a column, which YAML may take for a number: 2007."""


class Terms(BaseModel):
    """Base of all terms: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


_SAID = {
    "int_type": "{value} is not a whole number",
    "int_parsing": "{value} is not a whole number",
    "int_from_float": "{value} is not a whole number",
    "string_type": "{value} is not text",
    "tuple_type": "{value} is not a list",
    "dict_type": "{value} is not keys and values",
    "model_type": "{value} is not keys and values",
    "bool_type": "{value} is not true or false",
    "greater_than_equal": "{value} is below {ge}",
    "less_than_equal": "{value} is above {le}",
    "too_short": "the list has too few values",
    "missing": "it is not stated",
    "extra_forbidden": "it is not known here",
}


def in_words(detail: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, in the words of a user."""
    said = _SAID.get(detail["type"])
    return str(detail["msg"]) if said is None else said.format(value=repr(detail["input"]), **detail.get("ctx", {}))
