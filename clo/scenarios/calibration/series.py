"""What is calibrated to: defaults and obligors, or default rates, by year and class. Checked before anything is estimated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from clo.catalogue import Catalogue
from clo.findings import Finding, InputError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_YEARS, FEW_YEARS = 3, 10
"""Below the first nothing is estimated, below the second there is a warning."""


class CalibrationError(InputError):
    """Default rates from which nothing can be estimated."""


CODES = Catalogue({
    "E-K001": ("a series of default rates has three years or more", "give more years"),
    "E-K002": ("defaults and obligors have one value for each year and class", "give both for the same years and classes"),
    "E-K003": ("every value is a number", "fill it in, or leave the year out"),
    "E-K004": ("a default rate lies between 0 and 1", "write 2.5% as 0.025"),
    "E-K005": ("defaults and obligors are counts", "give whole numbers, not amounts or rates; `large_pool` takes rates"),
    "E-K006": ("no more default than there are obligors", "correct one of them"),
    "E-K007": ("in a large pool every rate is above 0 and below 1", "give counts, with method='likelihood'"),
    "E-K008": ("some default, and some do not", "give more years: without defaults, or without survivors, no PD is told"),
    "E-K009": ("the likelihood is in counts", "give obligors, or take method='large_pool' or 'moments'"),
    "E-K010": ("there are two obligors or more, and two classes or more where they are compared", "leave the year out"),
    "E-K011": ("a level lies between 0 and 1, and degrees of freedom above 0", "correct it"),
    "E-K012": ("the estimate of the correlation lies below 1", "check the series: its years are all or nothing"),
    "W-K013": ("a correlation is estimated from ten years or more", "read the interval, not the estimate"),
    "W-K014": ("the years differ by more than chance", "read the upper end of the interval: the estimate is 0, the boundary"),
    "W-K015": ("an estimate and its standard error are finite", "take method='likelihood', or more years"),
}, subject="year")  # fmt: skip
finding = CODES.finding


@dataclass(frozen=True, eq=False)
class DefaultSeries:
    """Arrays [year, class]. obligors: None where only rates are known. years, classes: their names."""

    years: tuple[str, ...]
    classes: tuple[str, ...]
    rates: Floats
    defaults: Floats | None
    obligors: Floats | None


def default_series(defaults: ArrayLike, obligors: ArrayLike | None, *, counts: bool, large_pool: bool) -> DefaultSeries:
    """The series, checked. defaults: counts with obligors, rates without; [year], or [year, class]; labels of pandas name them.

    counts: the method needs obligors. large_pool: rates of 0 and 1 cannot be used. Raises CalibrationError with every finding.
    """
    values, years, classes = _table(defaults)
    among = None if obligors is None else _table(obligors)[0]
    found = list(_shape(values, among, counts))
    if not found:
        found += _cells(values, among, years, classes, large_pool)
    if not found:
        rates = values if among is None else values / among
        found += _told(rates, classes)
    if found:
        raise CalibrationError(found)
    if among is None:
        return DefaultSeries(years, classes, values, None, None)
    return DefaultSeries(years, classes, rates, values, among)


def _table(given: ArrayLike) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """(values [year, class], names of years, names of classes); what is no number is NaN."""
    frame = pd.DataFrame(given if isinstance(given, (pd.Series, pd.DataFrame)) else np.asarray(given, dtype=object))
    values = frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    named = isinstance(given, (pd.Series, pd.DataFrame))
    years = tuple(str(name) if named else f"year {place}" for place, name in enumerate(frame.index, start=1))
    headed = isinstance(given, pd.DataFrame)
    classes = tuple(str(name) if headed else f"class {place}" for place, name in enumerate(frame.columns, start=1))
    return values, years, classes


def _shape(values: Floats, among: Floats | None, counts: bool) -> Iterator[Finding]:
    if len(values) < FEWEST_YEARS:
        yield finding("E-K001", f"{len(values)} years", field="defaults")
    if among is not None and among.shape != values.shape:
        said = f"defaults are {_words(values)}, obligors {_words(among)}"
        yield finding("E-K002", said, field="obligors")
    if among is None and counts:
        yield finding("E-K009", "no obligors are given", field="obligors")


def _words(values: Floats) -> str:
    return f"{values.shape[0]} years x {values.shape[1]} classes"


def _cells(
    values: Floats, among: Floats | None, years: tuple[str, ...], classes: tuple[str, ...], large_pool: bool
) -> Iterator[Finding]:
    def those(code: str, said: str, hit: Mask, of: Floats, field: str) -> Iterator[Finding]:
        """One finding for all cells that a rule hits."""
        if not hit.any():
            return
        places = np.argwhere(hit)
        who = [years[year] if len(classes) == 1 else f"{years[year]}, {classes[one]}" for year, one in places]
        yield CODES.row_finding(code, said, rows=places[:, 0] + 1, who=who, values=of[hit], field=field)

    given = {"defaults": values} if among is None else {"defaults": values, "obligors": among}
    for field, cells in given.items():
        yield from those("E-K003", f"{field} has values that are no numbers", ~np.isfinite(cells), cells, field)
    if among is None:
        yield from those("E-K004", "a rate is below 0 or above 1", (values < 0) | (values > 1), values, "defaults")
        rates = values
    else:
        for field, cells in given.items():
            odd = np.isfinite(cells) & ((cells < 0) | (cells != np.round(cells)))
            yield from those("E-K005", f"{field} has values that are no counts", odd, cells, field)
        yield from those("E-K006", "more default than there are obligors", values > among, values, "defaults")
        yield from those("E-K010", "fewer than two obligors", among < 2, among, "obligors")
        rates = np.divide(values, among, out=np.full(values.shape, np.nan), where=among > 0)
    if large_pool:
        edge = (rates == 0) | (rates == 1)
        yield from those("E-K007", "a rate of 0 or 1 has no probit", edge, rates, "defaults")


def _told(rates: Floats, classes: tuple[str, ...]) -> Iterator[Finding]:
    for place, name in enumerate(classes):
        if rates[:, place].max() == 0 or rates[:, place].min() == 1:
            said = "nobody defaults in any year" if rates[:, place].max() == 0 else "everybody defaults in every year"
            yield finding("E-K008", said, field="defaults", who=name if len(classes) > 1 else "")


def check_words(**given: tuple[Any, tuple[Any, ...]]) -> None:
    """Raises ValueError for a word that is none of its choices."""
    for name, (value, choices) in given.items():
        if value not in choices:
            raise ValueError(f"{name} {value!r} is none of {', '.join(map(repr, choices))}")


def check_numbers(level: float, degrees: float | None) -> Iterator[Finding]:
    if not 0.0 < level < 1.0:
        yield finding("E-K011", f"level is {level}", field="level", value=str(level))
    if degrees is not None and not (np.isfinite(degrees) and degrees > 0.0):
        yield finding("E-K011", f"degrees is {degrees}", field="degrees", value=str(degrees))
