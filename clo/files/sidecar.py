"""The sidecar of a tape, `<tape>.map.yaml` in the format `clo.map/1`: what the file cannot say about itself.

Encoding, units, which header is which column, date styles, control totals, constants and assumptions. Nothing is guessed that
can be declared here. Unknown keys are refused with the nearest known one; errors carry the line of the file.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from clo.expressions import Number, parse
from clo.findings import Finding, TapeError
from clo.pool.codes import finding
from clo.schema import EXTRA_PREFIX, NUMERIC, TAPE, Kind, kind_of, nearest

FORMAT = "clo.map/1"
SUFFIX = ".map.yaml"
LARGEST = 1_000_000
"""Bytes; a sidecar is written by hand."""

MoneyUnit = Literal["yen", "one", "thousand", "ten_thousand", "million", "hundred_million"]
RateUnit = Literal["decimal", "percent", "bp"]
FACTORS: Mapping[str, float] = {
    "yen": 1.0, "one": 1.0, "thousand": 1e3, "ten_thousand": 1e4, "million": 1e6, "hundred_million": 1e8,
    "decimal": 1.0, "percent": 1e-2, "bp": 1e-4,
}  # fmt: skip
DATE_STYLES = ("iso", "ymd", "mdy", "dmy", "era", "excel", "excel1904", "d-mon-yy")

Scalar = str | int | float | datetime.date


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OriginatorUnits(_Model):
    money: MoneyUnit | None = None
    rate: RateUnit | None = None


class Units(_Model):
    """Units of the source; `columns` overrides one column, `originators` all columns of one originator."""

    money: MoneyUnit | None = None
    rate: RateUnit | None = None
    ratio: RateUnit | None = None
    columns: dict[str, MoneyUnit | RateUnit] = Field(default_factory=dict)
    originators: dict[str, OriginatorUnits] = Field(default_factory=dict)


class DateStyle(_Model):
    """How dates are written: a named style or a strptime pattern. century_pivot: two-digit years below it are 20xx."""

    style: str
    century_pivot: Annotated[int, Field(ge=0, le=100)] | None = None

    @field_validator("style")
    @classmethod
    def _known(cls, style: str) -> str:
        if style not in DATE_STYLES and "%" not in style:
            close = nearest(style, DATE_STYLES)
            hint = f"; did you mean {close!r}?" if close else ""
            raise ValueError(f"unknown date style {style!r}: use {', '.join(DATE_STYLES)} or a pattern such as '%d.%m.%Y'{hint}")
        return style


class Derive(_Model):
    """A column computed from others: a table of words (`from`, `map`, `otherwise`), or a date plus months (`add_months`)."""

    source: Annotated[str | None, Field(alias="from")] = None
    map: dict[str, Scalar] | None = None
    otherwise: Scalar | None = None
    add_months: tuple[str, str] | None = None

    @model_validator(mode="after")
    def _one(self) -> Derive:
        if (self.add_months is None) == (self.source is None):
            raise ValueError("give either `from` (with `map`) or `add_months: [date column, header with months]`")
        return self


class Assumed(_Model):
    value: Scalar
    why: str


class Control(_Model):
    count: int | None = None
    balance: float | None = None


class Controls(Control):
    by_originator: dict[str, Control] = Field(default_factory=dict)


class ExtraRule(_Model):
    """A check of this tape alone: `that` should hold for every row where its columns have values."""

    that: str
    says: str
    field: str | None = None
    severity: Literal["error", "warning"] = "warning"
    fix: str | None = None


class LeaveOut(_Model):
    """Rows left out on purpose: where any of the columns in `missing` has no value, or where the expression `where` holds."""

    missing: list[str] = Field(default_factory=list)
    where: str | None = None
    why: str

    @model_validator(mode="after")
    def _some(self) -> LeaveOut:
        if not self.missing and self.where is None:
            raise ValueError("say which rows: `missing: [column, ...]` or `where: expression`")
        return self


class Sidecar(_Model):
    """Everything a sidecar may declare; `Sidecar()` is what holds without one."""

    format: Literal["clo.map/1"] = "clo.map/1"
    notes: list[str] = Field(default_factory=list)
    sha256: str | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    units: Units = Field(default_factory=Units)
    columns: dict[str, str] = Field(default_factory=dict)
    kinds: dict[str, Kind] = Field(default_factory=dict)
    constants: dict[str, Scalar] = Field(default_factory=dict)
    assumed: dict[str, Assumed] = Field(default_factory=dict)
    may_be_missing: dict[str, str] = Field(default_factory=dict)
    derive: dict[str, Derive] = Field(default_factory=dict)
    date_styles: dict[str, DateStyle] = Field(default_factory=dict)
    sentinels: dict[str, list[str]] = Field(default_factory=dict)
    controls: Controls = Field(default_factory=Controls)
    realised: list[str] = Field(default_factory=list)
    rules: list[ExtraRule] = Field(default_factory=list)
    leave_out: list[LeaveOut] = Field(default_factory=list)

    @field_validator("date_styles", mode="before")
    @classmethod
    def _short_styles(cls, styles: Any) -> Any:
        """`{maturity_date: mdy}` is short for `{maturity_date: {style: mdy}}`."""
        if isinstance(styles, Mapping):
            return {name: {"style": style} if isinstance(style, str) else style for name, style in styles.items()}
        return styles

    @field_validator("encoding")
    @classmethod
    def _codec(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                b"a".decode(name)  # an empty text would not be looked up
            except UnicodeError:
                pass  # a codec of wider units
            except LookupError:
                raise ValueError(f"unknown encoding {name!r}; utf-8 and cp932 are usual") from None
        return name

    @model_validator(mode="after")
    def _columns_exist(self) -> Sidecar:
        named = [*self.columns, *self.constants, *self.assumed, *self.may_be_missing, *self.derive, *self.realised]
        named += [*self.units.columns, *(name for left in self.leave_out for name in left.missing)]
        named += [name for name in [*self.date_styles, *self.sentinels] if name != "default"]
        for name in named:
            if name not in TAPE and not name.startswith(EXTRA_PREFIX):
                close = nearest(name, TAPE)
                raise ValueError(f"no column {name!r} on the tape" + (f"; did you mean {close!r}?" if close else ""))
        for name, how in self.derive.items():
            if how.add_months and "date" not in (kind_of(how.add_months[0]), self.kinds.get(how.add_months[0])):
                raise ValueError(f"{name!r} adds months to {how.add_months[0]!r}, which is no date")
        return self


def sidecar_path(tape: Path) -> Path:
    """Where the sidecar of a tape stands: `pool.csv.map.yaml` beside `pool.csv`."""
    return tape.with_name(tape.name + SUFFIX)


def load_sidecar(path: Path) -> Sidecar:
    """The sidecar in a file. Raises TapeError with every finding, each with its line; OSError if it cannot be read."""
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise TapeError([finding("E-S003", f"{len(data):,} bytes; the limit is {LARGEST:,}", file=str(path))])
    try:
        loaded = YAML(typ="rt").load(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TapeError([finding("E-S001", f"not UTF-8: {error.reason}", file=str(path))]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        said = error.problem or str(error)
        raise TapeError([finding("E-S001", said, file=str(path), line=line, column=column)]) from None
    except (YAMLError, RecursionError) as error:
        raise TapeError([finding("E-S001", str(error), file=str(path))]) from None
    if not isinstance(loaded, Mapping):
        raise TapeError(
            [finding("E-S003", "a sidecar is a mapping that starts with `format: clo.map/1`", file=str(path), line=1)]
        )
    if "format" not in loaded:
        said = f"`format` is missing; this version reads {FORMAT}"
        raise TapeError([finding("E-S003", said, file=str(path), line=1, path="format")])
    try:
        return Sidecar.model_validate(loaded)
    except ValidationError as error:
        raise TapeError(_explained(problem, loaded, str(path)) for problem in error.errors()) from None


def _explained(problem: Mapping[str, Any], loaded: Any, file: str) -> Finding:
    """A pydantic error as a finding with its line, and the nearest key where one is unknown."""
    place = [part for part in problem["loc"] if not isinstance(part, str) or not part.endswith("]")]
    line, column = _position(loaded, place)
    path = ".".join(str(part) for part in place)
    if problem["type"] == "extra_forbidden":
        close = nearest(str(place[-1]), _keys_at(place[:-1]))
        said = f"unknown key {place[-1]!r}" + (f"; did you mean {close!r}?" if close else "")
        return finding("E-S002", said, file=file, line=line, column=column, path=path)
    said = str(problem["msg"]).removeprefix("Value error, ")
    value = problem.get("input")
    shown = "" if isinstance(value, (Mapping, list)) else str(value)
    if not place:  # a rule over the whole sidecar names the column it is about
        quoted = said.split("'")[1] if said.count("'") > 1 else ""
        line, column = _find(loaded, quoted)
    return finding("E-S003", said, file=file, line=line, column=column, path=path, value=shown)


def _keys_at(place: Sequence[Any]) -> list[str]:
    model: Any = Sidecar
    for part in place:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        found = [] if field is None else _models(field.annotation)
        if found:
            model = found[0]
    return [str(field.alias or name) for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[Any]:
    """The models an annotation is made of: `dict[str, Derive]` holds Derive."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]


def _position(node: Any, place: Sequence[Any]) -> tuple[int | None, int | None]:
    """Line and column (from 1) of a place in the loaded text, or of the deepest part of it that is there."""
    line: int | None = None
    column: int | None = None
    for part in place:
        marks = getattr(getattr(node, "lc", None), "data", None) or {}
        if part not in marks:
            break
        line, column = marks[part][0] + 1, marks[part][1] + 1
        node = node[part]
    return line, column


def _find(node: Any, word: str) -> tuple[int | None, int | None]:
    """Line and column of the first key or item equal to `word`, anywhere below `node`."""
    if isinstance(node, Mapping):
        if word in node:
            return _position(node, [word])
        children: list[Any] = list(node.values())
    elif isinstance(node, list):
        if word in node:
            return _position(node, [node.index(word)])
        children = node
    else:
        return None, None
    for child in children:
        line, column = _find(child, word)
        if line is not None:
            return line, column
    return None, None


def scalar(value: Scalar, kind: Kind) -> str | float:
    """A declared value as the text or number of a column: `8.25%` is 0.0825. Raises ValueError for no number."""
    if kind in NUMERIC and not isinstance(value, datetime.date):
        number = parse(value)
        if not isinstance(number, Number):
            raise ValueError(f"{value!r} is not a number")
        return number.value
    return value.isoformat()[:10] if isinstance(value, datetime.date) else str(value)
