"""What is calibrated to: defaults and obligors, or default rates, by year and class. Checked before anything is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from clo.findings import Finding
from clo.quantities import is_number, usable_degrees
from clo.scenarios.calibration.codes import CODES, CalibrationError, finding

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_YEARS, FEW_YEARS = 3, 10
"""Below the first nothing is estimated, below the second there is a warning."""
NAMED = 6
"""Years or classes that are named where two tables do not have the same."""


@dataclass(frozen=True, eq=False)
class DefaultSeries:
    """Arrays [year, class]. obligors: None where only rates are known. years, classes: their names, or 1, 2, ..."""

    years: tuple[str, ...]
    classes: tuple[str, ...]
    rates: Floats
    defaults: Floats | None
    obligors: Floats | None


@dataclass(frozen=True, eq=False)
class _Table:
    """given, values [year, class]: as they were given, and as numbers, NaN where there is none."""

    given: NDArray[np.object_]
    values: Floats


def default_series(
    defaults: ArrayLike,
    obligors: ArrayLike | None,
    *,
    counts: bool,
    large_pool: bool,
    several: bool,
    others: Iterable[Finding] = (),
) -> DefaultSeries:
    """The series, checked. defaults: counts with obligors, rates without; [year], or [year, class]; labels of pandas name them.

    counts: the method needs obligors. large_pool: rates of 0 and 1 cannot be used. several: classes are compared. Obligors with
    labels are paired with defaults by these. Raises CalibrationError with every finding, those of `others` included.
    """
    found = list(others)
    obligors, unpaired = _paired(defaults, obligors)
    found += unpaired
    bad = _table("defaults", defaults, found)
    among = None if obligors is None else _table("obligors", obligors, found)
    if bad is not None:
        years, classes = _names(defaults, bad)
        wrong = list(_shape(bad, among, counts=counts and obligors is None, several=several))
        found += [] if unpaired else wrong
        if not wrong and not unpaired and (obligors is None or among is not None):
            found += _cells(bad, among, years, classes, large_pool)
    if found or bad is None:
        raise CalibrationError(found)
    rates = bad.values if among is None else bad.values / among.values
    if found := list(_told(rates, classes)):
        raise CalibrationError(found)
    if among is None:
        return DefaultSeries(years, classes, rates, None, None)
    return DefaultSeries(years, classes, rates, bad.values, among.values)


def _paired(defaults: Any, obligors: Any) -> tuple[Any, list[Finding]]:
    """Obligors in the order of the labels of defaults, where both have labels; and labels that only one of them has."""
    found: list[Finding] = []
    if not all(isinstance(given, pd.Series | pd.DataFrame) for given in (defaults, obligors)):
        return obligors, found
    both_tables = all(isinstance(given, pd.DataFrame) for given in (defaults, obligors))
    for axis, what in (("index", "years"), ("columns", "classes"))[: 2 if both_tables else 1]:
        mine, other = getattr(defaults, axis), getattr(obligors, axis)
        if mine.equals(other):
            continue
        if mine.is_unique and other.is_unique and len(mine) == len(other) and other.isin(mine).all():
            obligors = obligors.reindex(mine, axis=axis)
            continue
        apart = [
            f"{', '.join(map(repr, only[:NAMED].tolist()))} only in {field}"
            for field, only in (("defaults", mine[~mine.isin(other)]), ("obligors", other[~other.isin(mine)]))
            if len(only)
        ]
        said = f"defaults and obligors have other {what}: {'; '.join(apart) or 'some stand there twice'}"
        found.append(
            finding("E-K002", said, field="obligors", fix=f"give both with the same {what} as labels, or without labels")
        )
    return obligors, found


def _table(field: str, given: ArrayLike, found: list[Finding]) -> _Table | None:
    """None, with a finding, where it is neither a list nor a table."""
    try:
        cells = np.asarray(given, dtype=object)
    except ValueError:  # tables of different sizes in one list
        cells = np.empty((0, 0, 0), dtype=object)
    if cells.ndim not in (1, 2) or (cells.ndim == 2 and not cells.shape[1]):
        said = {0: "is one value", 2: "has no classes"}.get(cells.ndim, "has more than two dimensions")
        found.append(finding("E-K016", f"{field} {said}", field=field, value=str(given)[:60]))
        return None
    cells = cells.reshape(len(cells), -1) if cells.size else np.empty((0, 1), dtype=object)
    return _Table(cells, _numbers(cells))


def _numbers(cells: NDArray[np.object_]) -> Floats:
    """NaN for what is no number."""
    found: Floats = np.array([float(cell) if is_number(cell) else np.nan for cell in cells.ravel()], dtype=np.float64)
    return found.reshape(cells.shape)


def _names(given: Any, table: _Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of years and classes."""
    years, classes = table.values.shape
    named = isinstance(given, pd.Series | pd.DataFrame)
    return (
        tuple(map(str, given.index if named else range(1, years + 1))),
        tuple(map(str, given.columns if isinstance(given, pd.DataFrame) else range(1, classes + 1))),
    )


def _shape(table: _Table, among: _Table | None, *, counts: bool, several: bool) -> Iterator[Finding]:
    """counts: they are needed, and not given."""
    years, classes = table.values.shape
    if years < FEWEST_YEARS:
        yield finding("E-K001", f"{years} years", field="defaults")
    if among is not None and among.values.shape != table.values.shape:
        yield finding("E-K002", f"defaults are {_words(table)}, obligors {_words(among)}", field="obligors")
    if counts:
        yield finding("E-K009", "no obligors are given", field="obligors")
    if several and classes < 2:
        yield finding("E-K010", "one class is given", field="defaults", fix="call calibrate_correlation")
    elif not several and classes > 1:
        fix = "give one column, or call calibrate_classes"
        yield finding("E-K002", f"{classes} columns are given", field="defaults", fix=fix)


def _words(table: _Table) -> str:
    return f"{table.values.shape[0]} years x {table.values.shape[1]} classes"


def _cells(
    table: _Table, among: _Table | None, years: tuple[str, ...], classes: tuple[str, ...], large_pool: bool
) -> Iterator[Finding]:
    def those(code: str, said: str, hit: Mask, of: NDArray[Any], field: str) -> Iterator[Finding]:
        """One finding for all cells that a rule hits."""
        if not hit.any():
            return
        places = np.argwhere(hit)
        who = [years[year] if len(classes) == 1 else f"{years[year]}, class {classes[one]}" for year, one in places]
        yield CODES.row_finding(code, said, rows=places[:, 0] + 1, who=who, values=of[hit], field=field)

    values, given = table.values, {"defaults": table} if among is None else {"defaults": table, "obligors": among}
    for field, each in given.items():
        yield from those("E-K003", f"{field} has values that are no numbers", ~np.isfinite(each.values), each.given, field)
    if among is None:
        yield from those("E-K004", "a rate is below 0 or above 1", (values < 0) | (values > 1), table.given, "defaults")
        rates = values
    else:
        for field, each in given.items():
            odd = np.isfinite(each.values) & ((each.values < 0) | (each.values != np.round(each.values)))
            yield from those("E-K005", f"{field} has values that are no counts", odd, each.given, field)
        yield from those("E-K006", "more default than there are obligors", values > among.values, table.given, "defaults")
        yield from those("E-K010", "fewer than two obligors", among.values < 2, among.given, "obligors")
        rates = np.divide(values, among.values, out=np.full(values.shape, np.nan), where=among.values > 0)
    if large_pool:
        edge = (rates == 0) | (rates == 1)
        yield from those("E-K007", "a rate of 0 or 1 has no probit", edge, rates, "defaults")


def _told(rates: Floats, classes: tuple[str, ...]) -> Iterator[Finding]:
    for place, name in enumerate(classes):
        if rates[:, place].max() == 0 or rates[:, place].min() == 1:
            said = "nobody defaults in any year" if rates[:, place].max() == 0 else "everybody defaults in every year"
            yield finding("E-K008", said, field="defaults", who=f"class {name}" if len(classes) > 1 else "")


def check_words(**given: tuple[Any, tuple[Any, ...]]) -> None:
    """Raises ValueError for a word that is none of its choices."""
    for name, (value, choices) in given.items():
        if value not in choices:
            raise ValueError(f"{name} {value!r} is none of {', '.join(map(repr, choices))}")


def number_findings(level: float, degrees: float | None = None) -> Iterator[Finding]:
    """Of the level of an interval, and of the copula."""
    if not (is_number(level) and 0.0 < level < 1.0):
        yield finding("E-K011", f"level is {level!r}", field="level", value=str(level))
    if degrees is not None and not usable_degrees(degrees):
        yield finding("E-K017", f"degrees is {degrees!r}", field="degrees", value=str(degrees))


def probabilities(levels: ArrayLike) -> Floats:
    """Levels of quantiles, in the shape they come in. Raises CalibrationError where one is not from 0 to 1."""
    given = np.asarray(levels, dtype=object)
    values = _numbers(given)
    bad = ~((values >= 0.0) & (values <= 1.0))
    if bad.any():
        shown = ", ".join(map(str, given[bad].tolist()[:NAMED]))
        rule = "a quantile has a level from 0 to 1"
        raise CalibrationError([finding("E-K011", f"levels has {shown}", field="levels", value=shown, rule=rule)])
    return values
