"""Index curves: the fixings that floating rates follow, by date."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.catalogue import Catalogue
from clo.findings import CurveError, Finding, has_errors
from clo.timeline import Days, as_days

if TYPE_CHECKING:
    import pandas as pd

Interpolation = Literal["step", "linear"]
Extrapolation = Literal["none", "flat"]
LOWEST, HIGHEST = -0.05, 0.5
"""Rates beyond these are taken for percent or basis points that lack their sign."""
UNUSUAL = 0.2
"""Rates above it may be percent, which a file of small rates does not show."""

CODES = Catalogue({
    # the file
    "E-C001": ("the whole file is in one encoding", "save it in one encoding, UTF-8 or CP932"),
    "F-C001": ("the file is UTF-8", "save it as UTF-8 to silence this"),
    "E-C002": ("a curve file has a header and at least one fixing", "check that this is the file of curves"),
    "E-C003": ("the columns are index, date, rate; or date and one for each index", "rename, add or remove the column"),
    "E-C004": ("every row has as many fields as the header, divided by commas", "correct the row, or export again"),
    "E-C005": ("a date is a day of the calendar that can be read in one way only", "write it as YYYY-MM-DD"),
    "F-C005": ("dates are written YYYY-MM-DD", "nothing to do"),
    "E-C006": ("a rate is a number; a cell without a fixing is empty", "correct the cell, or leave it empty"),
    "F-C006": ("rates are written as plain digits, with % or bp", "nothing to do; check that a sign is meant"),
    # the points
    "E-C007": ("a rate lies between -5 % and 50 %", "write 1.2%, 120bp or 0.012, or `(%)` in the header of the column"),
    "W-C007": ("a rate is a decimal, 0.004 for 0.4 %", "write `(%)` in the header of the column if it is in percent"),
    "E-C008": ("an index has one rate a day", "remove the wrong row"),
    "F-C008": ("an index has one rate a day", "nothing to do; the repeated row was dropped"),
    "E-C009": ("every index has a name of its own, whatever the case of its letters", "write the index in one way"),
    "E-C010": ("a curve has at least one point", "supply a fixing, or remove the index"),
    "W-C010": ("a curve has more than one point", "supply later fixings, or say extrapolation: flat"),
    "E-C011": ("a curve has one finite rate for each of its dates, which ascend", "correct the dates and values"),
    "E-C012": ("interpolation is step or linear, extrapolation none or flat", "use one of these words"),
}, subject="index")  # fmt: skip


def finding(
    code: str,
    message: str,
    *,
    index: str = "",
    rows: Sequence[int] | NDArray[np.int64] = (),
    values: Sequence[Any] | NDArray[Any] = (),
    field: str = "",
    file: str = "",
    value: str = "",
    fix: str = "",
) -> Finding:
    """A finding of the catalogue about an index or a column; of rows, with one value each, all stand in its occurrences."""
    if not len(rows):
        who = f"index {index}" if index else ""
        return CODES.finding(code, message, who=who, field=field, file=file, value=value, fix=fix)
    whose = np.full(len(rows), index or None, dtype=object)
    return CODES.row_finding(code, message, rows=rows, who=whose, values=values, field=field, file=file, value=value, fix=fix)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve:
    """The rates of one index: dates datetime64[D] [n], ascending, and values float64 [n], decimals a year.

    interpolation: `step` holds the last value on or before a date; `linear` goes straight, by days, from point to point.
    extrapolation: after the last date `none` knows no rate, `flat` holds the last. Before the first date there is never one.
    source: where the rates come from, in words. Raises CurveError with all that is wrong.
    """

    name: str
    dates: Days
    values: NDArray[np.float64]
    interpolation: Interpolation = "step"
    extrapolation: Extrapolation = "none"
    source: str = ""

    def __post_init__(self) -> None:
        dates, values = as_days(self.dates).copy(), np.array(self.values, dtype=np.float64)
        dates.flags.writeable = values.flags.writeable = False
        object.__setattr__(self, "dates", dates)
        object.__setattr__(self, "values", values)
        problems = list(_problems(self))
        if problems:
            raise CurveError(problems)

    def at(self, dates: Any) -> NDArray[np.float64]:
        """The rate on each date, in the shape of `dates`; NaN where the curve knows none."""
        days = as_days(dates)
        last = np.searchsorted(self.dates, days, side="right") - 1
        if self.interpolation == "step":
            found = self.values[np.maximum(last, 0)]
        else:
            found = np.interp(days.astype(np.float64), self.dates.astype(np.float64), self.values)
        return np.where(self.covers(days), found, np.nan)

    def covers(self, dates: Any) -> NDArray[np.bool_]:
        """Whether the curve knows a rate on each date."""
        days = as_days(dates)
        ends = ~np.isnat(days) if self.extrapolation == "flat" else days <= self.dates[-1]
        return np.asarray((days >= self.dates[0]) & ends)

    def __repr__(self) -> str:
        return f"<Curve {self.name}: " + ", ".join(said for _, said in self._summary() if said) + ">"

    def _summary(self) -> list[tuple[str, str]]:
        points = f"{len(self.dates):,} point{'s' if len(self.dates) > 1 else ''}"
        return [
            ("points", points),
            ("dates", f"{self.dates[0]} to {self.dates[-1]}"),
            ("rates", f"{self.values.min():.4%} to {self.values.max():.4%}"),
            ("between points", self.interpolation),
            ("after the last", "flat" if self.extrapolation == "flat" else ""),
            ("source", self.source),
        ]

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(said)}</td></tr>" for name, said in self._summary() if said)
        return f"<table><caption>{html.escape(self.name)}</caption>{rows}</table>"


def _problems(curve: Curve) -> Iterator[Finding]:
    """What is wrong with the points and words of a curve."""
    name, dates, values = curve.name, curve.dates, curve.values
    for field, word, words in (
        ("interpolation", curve.interpolation, get_args(Interpolation)),
        ("extrapolation", curve.extrapolation, get_args(Extrapolation)),
    ):
        if word not in words:
            yield finding("E-C012", f"{word!r} is not one of {', '.join(words)}", index=name, field=field, value=str(word))
    if dates.ndim != 1 or dates.shape != values.shape:
        said = f"{dates.size:,} dates and {values.size:,} values in shapes {dates.shape} and {values.shape}"
        yield finding("E-C011", said, index=name, field="dates")
        return
    if not len(dates):
        yield finding("E-C010", f"{name} has no points", index=name)
        return
    step = np.diff(dates)
    if np.isnat(dates).any() or (step <= np.timedelta64(0, "D")).any():
        at = int(np.flatnonzero(np.isnat(dates) | np.append(False, ~(step > np.timedelta64(0, "D"))))[0])
        said = f"the date of point {at + 1:,}, {dates[at]}, is not after the one before"
        yield finding("E-C011", said, index=name, field="dates", value=str(dates[at]))
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        yield finding("E-C011", f"the rate of {dates[at]} is {values[at]}", index=name, field="values", value=str(values[at]))
    far = (values < LOWEST) | (values > HIGHEST)
    if far.any():
        yield implausible("E-C007", name, values[far], dates[far])


def implausible(
    code: str,
    index: str,
    values: ArrayLike,
    dates: Days,
    *,
    file: str = "",
    rows: Sequence[int] | NDArray[np.int64] = (),
    field: str = "values",
) -> Finding:
    """The finding of this code about rates of an index that are hardly decimals a year; rows: where they stand in a file."""
    rates = np.atleast_1d(np.asarray(values, dtype=np.float64))
    said = f"the rate of {dates[0]} is {rates[0] * 100:g} % a year"
    if len(rates) > 1:
        said = f"{len(rates):,} rates, the first {rates[0] * 100:g} % a year on {dates[0]}"
    return finding(code, said, index=index, field=field, file=file, rows=rows, values=list(rates), value=f"{rates[0]:g}")


class Curves(Mapping[str, Curve]):
    """Curves by name, in a fixed order. `findings`: what reading them showed. Raises CurveError where two share a name."""

    __slots__ = ("_curves", "findings")

    def __init__(self, curves: Iterable[Curve] = (), findings: Iterable[Finding] = ()) -> None:
        given = tuple(curves)
        self.findings = tuple(findings)
        problems = list(same_names([curve.name for curve in given]))
        if has_errors(problems):
            raise CurveError([*self.findings, *problems])
        self._curves = {curve.name: curve for curve in given}

    def __getitem__(self, name: str) -> Curve:
        return self._curves[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._curves)

    def __len__(self) -> int:
        return len(self._curves)

    def to_frame(self) -> pd.DataFrame:
        """The points as given: one row a date, one column an index, missing where an index has no point."""
        import pandas as pd  # noqa: PLC0415  (heavy: loaded only when somebody asks for the frame)

        points = {name: pd.Series(curve.values, index=curve.dates.astype("datetime64[s]")) for name, curve in self.items()}
        dates = pd.DatetimeIndex(sorted(set().union(*(series.index for series in points.values()))), name="date")
        return pd.DataFrame({name: series.reindex(dates) for name, series in points.items()}, index=dates)

    def __repr__(self) -> str:
        return f"<Curves: {', '.join(self) or 'none'}>"

    def _repr_html_(self) -> str:
        return "".join(curve._repr_html_() for curve in self.values())


def same_names(names: Sequence[str], file: str = "") -> Iterator[Finding]:
    """Findings about names that are the same but for the case of their letters."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.casefold())
        if other is not None:
            said = f"{name} is there twice" if other == name else f"{other} and {name} differ only in the case of letters"
            yield finding("E-C009", said, index=name, file=file)
        seen.setdefault(name.casefold(), name)
