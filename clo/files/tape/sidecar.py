"""The sidecar of a tape, `pool.csv.map.yaml` of `pool.csv`, in the format `clo.map/1`: what the file cannot say about itself.

Encoding, units, which header is which column, date styles, control totals, constants and assumptions. Nothing is guessed that
can be declared here. Unknown keys are refused with the nearest known one; errors carry the line of the file.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from clo.expressions import Number, parse
from clo.findings import nearest
from clo.schema import EXTRA_PREFIX, NUMERIC, TAPE, Kind, kind_of
from clo.tape.schedule import KINDS as SCHEDULE

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
    """Why a column is assumed. value: what it is for every loan; without one, the column is in the file and assumed there."""

    value: Scalar | None = None
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
    """Rows left out on purpose: where any of the columns in `missing` has no value, or where the expression `where` holds; where
    both are said, rows of which both are true."""

    missing: list[str] = Field(default_factory=list)
    where: str | None = None
    why: str

    @model_validator(mode="after")
    def _some(self) -> LeaveOut:
        if not self.missing and self.where is None:
            raise ValueError("say which rows: `missing: [column, ...]` or `where: expression`")
        return self


class UnknownColumnsError(ValueError):
    """Names in a sidecar that are no columns of the tape: (place, what is wrong) of each."""

    def __init__(self, problems: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(said for _, said in problems))


class Source(_Model):
    """Where the records of a file stand in it. columns: our names to the file's headers. sheet: of a workbook."""

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    columns: dict[str, str] = Field(default_factory=dict)

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


class ScheduleSource(Source):
    """Where the supplied schedule of a tape stands and how it is written: a file beside the tape, or a sheet of its workbook.

    originator_id: of every row, where the file has no such column.
    """

    file: str | None = None
    originator_id: str | None = None
    money: MoneyUnit = "one"
    date_style: DateStyle | None = None

    @field_validator("date_style", mode="before")
    @classmethod
    def _short_style(cls, style: Any) -> Any:
        return {"style": style} if isinstance(style, str) else style

    @field_validator("columns")
    @classmethod
    def _of_a_schedule(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns:
            if name not in SCHEDULE:
                close = nearest(name, SCHEDULE)
                hint = f"; did you mean {close!r}?" if close else ""
                raise ValueError(f"a schedule has no column {name!r}, but {', '.join(SCHEDULE)}{hint}")
        return columns


class Sidecar(Source):
    """Everything a sidecar may declare; `Sidecar()` is what holds without one.

    made_up: why the loans themselves are invented, where they are. schedule: where the loans' own schedules stand.
    """

    _file: str = PrivateAttr(default="")
    _sha256: str = PrivateAttr(default="")
    _loaded: Any = PrivateAttr(default=None)

    format: Literal["clo.map/1"] = "clo.map/1"
    notes: list[str] = Field(default_factory=list)
    sha256: str | None = None
    made_up: Annotated[str, Field(min_length=1)] | None = None
    units: Units = Field(default_factory=Units)
    kinds: dict[str, Kind] = Field(default_factory=dict)
    constants: dict[str, Scalar] = Field(default_factory=dict)
    assumed: dict[str, Assumed] = Field(default_factory=dict)
    may_be_missing: dict[str, str] = Field(default_factory=dict)
    derive: dict[str, Derive] = Field(default_factory=dict)
    date_styles: dict[str, DateStyle] = Field(default_factory=dict)
    sentinels: dict[str, list[str]] = Field(default_factory=dict)
    controls: Controls = Field(default_factory=Controls)
    schedule: ScheduleSource | None = None
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

    @model_validator(mode="after")
    def _columns_exist(self) -> Sidecar:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        for place, name in self._columns_named():
            if name not in TAPE and not name.startswith(EXTRA_PREFIX):
                close = nearest(name, TAPE)
                said = f"no column {name!r} on the tape" + (f"; did you mean {close!r}?" if close else "")
                problems.append(((*place, name) if isinstance(place[-1], str) else place, said))
        for name, how in self.derive.items():
            if how.add_months and "date" not in (kind_of(how.add_months[0]), self.kinds.get(how.add_months[0])):
                said = f"{name!r} adds months to {how.add_months[0]!r}, which is no date"
                problems.append((("derive", name, "add_months"), said))
        if problems:
            raise UnknownColumnsError(problems)
        return self

    def _columns_named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """(where it stands, name) of every column of the tape that the sidecar names."""
        for key in ("columns", "constants", "assumed", "may_be_missing", "derive", "date_styles", "sentinels"):
            for name in getattr(self, key):
                if not (name == "default" and key in ("date_styles", "sentinels")):
                    yield (key,), name
        yield from ((("units", "columns"), name) for name in self.units.columns)
        yield from ((("realised", at), name) for at, name in enumerate(self.realised))
        for number, left in enumerate(self.leave_out):
            yield from ((("leave_out", number, "missing", at), name) for at, name in enumerate(left.missing))

    @property
    def own_sha256(self) -> str:
        """Digest of the sidecar itself; empty for one that came from no file."""
        return self._sha256

    def place(self, *parts: str | int, tape: str) -> dict[str, Any]:
        """`file`, `line` and `column` of a part of the sidecar, for a finding about it; only the tape's name without a file."""
        if not self._file:
            return {"file": tape}
        line, column = position(self._loaded, parts)
        return {"file": self._file, "line": line, "column": column}


def position(node: Any, place: Sequence[Any]) -> tuple[int | None, int | None]:
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


def scalar(value: Scalar, kind: Kind) -> str | float:
    """A declared value as the text or number of a column: `8.25%` is 0.0825. Raises ValueError for no number."""
    if kind in NUMERIC and not isinstance(value, datetime.date):
        number = parse(value)
        if not isinstance(number, Number):
            raise ValueError(f"{value!r} is not a number")
        return number.value
    return value.isoformat()[:10] if isinstance(value, datetime.date) else str(value)
