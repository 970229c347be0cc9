"""What a pool must keep: eligibility criteria of single loans and concentration limits of the whole, as data.

Format `clo.criteria/1`. Everything wrong with criteria is found at once, with its place where they come from a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from clo.expressions import ExpressionError, Number, names, parse
from clo.findings import Finding, InputError, nearest
from clo.tape.codes import finding
from clo.tape.derived import DERIVED
from clo.tape.filters import answer

FORMAT: Literal["clo.criteria/1"] = "clo.criteria/1"
Severity = Literal["error", "warning"]
BOUNDS = ("max", "min", "max_amount", "min_count")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "by": ("max", "max_amount", "min_count"),
    "where": ("max", "min"),
    "average": ("max", "min"),
}
"""What a limit measures, and the bounds that it may have."""


class CriteriaError(InputError):
    """Criteria that cannot be applied, or not to this tape."""


def _figure(value: Any) -> float:
    """A number; `2%` and `50bp` are read."""
    try:
        number = None if isinstance(value, bool) else parse(value)
    except ExpressionError:
        number = None
    if not isinstance(number, Number):
        raise PydanticCustomError("figure", "{value} is not a number", {"value": repr(value)})
    return number.value


Figure = Annotated[float, BeforeValidator(_figure)]
Words = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Criterion(_Model):
    """A rule that every loan of the pool keeps: an expression over its columns, and over what is derived from them.

    missing: what becomes of a loan whose missing values decide: `exclude` it, or `keep` it and say so. says: the rule in
    words. source: where it comes from. severity: what `check` makes of a loan that breaks it.
    """

    name: Words
    that: Words
    says: str = ""
    source: str = ""
    missing: Literal["exclude", "keep"] = "exclude"
    severity: Severity = "error"


class Limit(_Model):
    """A bound on the pool. One measure: `by` a column (share or amount of the largest name, of the `top` n names, or the number
    of names), `where` a condition holds (share of balance), or the balance-weighted `average` of a column. And one bound.
    """

    name: Words
    by: Words | None = None
    top: Annotated[int, Field(ge=1)] = 1
    where: Words | None = None
    average: Words | None = None
    max: Figure | None = None
    min: Figure | None = None
    max_amount: Figure | None = None
    min_count: Annotated[int, Field(ge=1)] | None = None
    says: str = ""
    source: str = ""
    severity: Severity = "error"

    @model_validator(mode="after")
    def _one_of_each(self) -> Limit:
        measures = [name for name in ALLOWED if getattr(self, name) is not None]
        bounds = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(measures) != 1:
            raise ValueError(f"say what is measured, once: by, where or average; here {' and '.join(measures) or 'none'}")
        if len(bounds) != 1 or bounds[0] not in ALLOWED[measures[0]]:
            raise ValueError(
                f"{measures[0]} takes one of {', '.join(ALLOWED[measures[0]])}; here {' and '.join(bounds) or 'none'}"
            )
        if self.top > 1 and (self.by is None or bounds[0] == "min_count"):
            raise ValueError("top goes with by, and max or max_amount")
        if self.average is None and bounds[0] in ("max", "min") and not 0.0 <= self.bound <= 1.0:
            raise ValueError(f"{self.bound:g} is not a share: write {self.bound:g}% or {self.bound / 100:g}")
        return self

    @property
    def measure(self) -> str:
        """`by`, `where` or `average`."""
        return next(name for name in ALLOWED if getattr(self, name) is not None)

    @property
    def kind(self) -> str:
        """`max`, `min`, `max_amount` or `min_count`."""
        return next(name for name in BOUNDS if getattr(self, name) is not None)

    @property
    def bound(self) -> float:
        return float(getattr(self, self.kind))


class Criteria(_Model):
    """Criteria and limits, in their order. `clo.read_criteria` reads them from a file."""

    _file: str = PrivateAttr(default="")
    _places: Mapping[str, tuple[int, int]] = PrivateAttr(default_factory=dict)

    format: Literal["clo.criteria/1"] = FORMAT
    name: str = ""
    criteria: tuple[Criterion, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The columns of the tape that the criteria look at, as far as they can be read."""
        used = {name for limit in self.limits for name in (limit.by, limit.average) if name is not None}
        for text in (*(rule.that for rule in self.criteria), *(limit.where for limit in self.limits)):
            with suppress(ExpressionError):
                used |= set() if text is None else set(names(parse(text)))
        return used | {column for name in used if name in DERIVED for column in DERIVED[name].needs}

    def place(self, path: str) -> dict[str, Any]:
        """`file`, `line` and `column` of a part, for a finding about it."""
        return _place(path, self._file, self._places)


_MODELS: Mapping[str, type[_Model]] = {"criteria": Criterion, "limits": Limit}


def criteria_from(data: Any, file: str = "", places: Mapping[str, tuple[int, int]] | None = None) -> Criteria:
    """Criteria from plain data: keys and values. Raises CriteriaError with every finding.

    An expression that cannot be read is told here beside other findings; alone it is told with the columns that a tape lacks.
    """
    where = places or {}
    if not isinstance(data, Mapping) or ("format" not in data and file):
        said = f"criteria are keys and values that begin with format: {FORMAT}"
        raise CriteriaError([finding("E-L003", said, path="format", **_place("format", file, where))])
    criteria, found = None, list[Finding]()
    try:
        criteria = Criteria.model_validate(dict(data))
    except ValidationError as error:
        found += (_explained(problem, file, where) for problem in error.errors(include_url=False))
    found += _twice(data, file, where)
    if criteria is None or found:
        raise CriteriaError([*found, *_unreadable(data, file, where)])
    criteria._file, criteria._places = file, where
    return criteria


def given(what: Criteria | Iterable[Mapping[str, Any] | _Model], part: Literal["criteria", "limits"]) -> Criteria:
    """Criteria however they were given: as such, or as a list of criteria or of limits."""
    if isinstance(what, Criteria):
        return what
    items: Sequence[Mapping[str, Any] | _Model] = list(what) if not isinstance(what, Mapping) else [what]
    plain = [item.model_dump(exclude_unset=True) if isinstance(item, _Model) else item for item in items]
    return criteria_from({part: plain})


def misfits(criteria: Criteria, frame: pd.DataFrame, part: Literal["criteria", "limits"]) -> Iterator[Finding]:
    """What does not fit the columns of a tape: unknown columns, words and kinds that do not compare, averages of words."""
    empty = with_empty_derived(frame.iloc[:0])
    for at, item in enumerate(getattr(criteria, part)):
        for key in ("that", "where"):
            text = getattr(item, key, None)
            if text is not None:
                try:
                    answer(empty, text)
                except ExpressionError as error:
                    path = f"{part}[{at}].{key}"
                    yield finding("E-L005", str(error), path=path, who=item.name, value=text, **criteria.place(path))
        for key in ("by", "average"):
            name = getattr(item, key, None)
            if name is not None:
                problem = _unfit(name, empty, key)
                if problem:
                    path = f"{part}[{at}].{key}"
                    yield finding("E-L005", problem, path=path, who=item.name, value=name, **criteria.place(path))


def with_empty_derived(frame: pd.DataFrame) -> pd.DataFrame:
    """An empty frame with the derived values of the columns that it has."""
    known = {name: one for name, one in DERIVED.items() if all(column in frame.columns for column in one.needs)}
    return frame.assign(**{name: pd.Series(dtype="str" if one.kind == "text" else "float64") for name, one in known.items()})


def _unfit(name: str, frame: pd.DataFrame, key: str) -> str:
    if name not in frame.columns:
        close = nearest(name, [str(column) for column in frame.columns])
        return f"no column {name!r} on the tape" + (f"; did you mean {close!r}?" if close else "")
    words = isinstance(frame[name].dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(frame[name].dtype)
    return f"{name} is no number, and has no average" if key == "average" and words else ""


def _items(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(part, path, keys and values) of each criterion and limit that has keys, whatever else is wrong with it."""
    for part in _MODELS:
        items = data.get(part)
        for at, item in enumerate(items if isinstance(items, list | tuple) else ()):
            if isinstance(item, Mapping):
                yield part, f"{part}[{at}]", item


def _twice(data: Mapping[str, Any], file: str, places: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for part, path, item in _items(data):
        name = item.get("name")
        if isinstance(name, str):
            if (part, name) in seen:
                place = _place(f"{path}.name", file, places)
                yield finding("E-L004", f"{name!r} is named twice", path=f"{path}.name", value=name, **place)
            seen.add((part, name))


def _unreadable(data: Mapping[str, Any], file: str, places: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    """Expressions that are none, whatever the tape."""
    for _, path, item in _items(data):
        for key in ("that", "where"):
            text = item.get(key)
            if isinstance(text, str) and text:
                try:
                    parse(text)
                except ExpressionError as error:
                    said, place = str(error), _place(f"{path}.{key}", file, places)
                    yield finding("E-L005", said, path=f"{path}.{key}", who=str(item.get("name", "")), value=text, **place)


def _explained(problem: Mapping[str, Any], file: str, places: Mapping[str, tuple[int, int]]) -> Finding:
    """A pydantic error as a finding, with the nearest key where one is unknown."""
    path = ""
    for part in problem["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    place = _place(path, file, places)
    name = str(problem["loc"][-1]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        model = _MODELS.get(str(problem["loc"][0]), Criteria) if len(problem["loc"]) > 1 else Criteria
        close = nearest(name, list(model.model_fields))
        fix = f"did you mean {close!r}?" if close else f"known here: {', '.join(model.model_fields)}"
        return finding("E-L002", f"unknown key {name!r}", path=path, fix=fix, **place)
    if problem["type"] == "missing":
        return finding("E-L003", f"{name} is not stated", path=path, fix=f"add {name}:", **place)
    value = problem.get("input")
    shown = "" if isinstance(value, (Mapping, list, tuple)) else str(value)
    return finding("E-L003", str(problem["msg"]).removeprefix("Value error, "), path=path, value=shown, **place)


def _place(path: str, file: str, places: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Where a path stands, or the nearest part above it that is there."""
    while path and path not in places:
        head, _, tail = path.rpartition(".")
        path = path[: path.rindex("[")] if tail.endswith("]") and "[" in tail else head
    line, column = places.get(path, (None, None))
    return {"file": file, "line": line, "column": column}
