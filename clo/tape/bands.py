"""Loans sorted into strata: bands of numbers, words, years; and the edges of bands where none are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import nearest
from clo.schema import TAPE
from clo.tape.derived import DERIVED, kind
from clo.tape.filters import FilterError

if TYPE_CHECKING:
    from clo.tape.loans import Loans

MISSING = "missing"
"""Loans without a value are one stratum, of this name."""
YEARS = frozenset({"vintage", "fiscal_year"})
"""Numbers that are names of years: each is a stratum of its own."""
TERMS = frozenset({"remaining_term", "original_term", "age"})
RATE_BANDS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.10, 0.15)
TERM_BANDS = (0.0, 12.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0, 180.0, 240.0, 360.0)
RATIO_BANDS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Sorted(NamedTuple):
    """Stratum of each loan (shape: loans; -1 where it has none), names of the strata, and whether they have an order."""

    codes: NDArray[Any]
    names: list[str]
    ordered: bool


def sorted_by(loans: Loans, by: str, bands: Sequence[float] | None = None) -> Sorted:
    """The stratum of each loan by a column or a derived value (`clo.tape.derived`).

    Raises ValueError for an unknown name, edges that do not ascend, or bands for words.
    """
    if by not in DERIVED and by not in loans.frame.columns:
        close = nearest(by, [*loans.frame.columns, *DERIVED]) if by not in TAPE else None
        raise FilterError(f"the tape has no column {by!r}" + (f"; did you mean {close!r}?" if close else ""))
    values = pd.Series(DERIVED[by].compute(loans)) if by in DERIVED else loans.frame[by]
    words = isinstance(values.dtype, pd.CategoricalDtype)
    if pd.api.types.is_numeric_dtype(values.dtype) and not words and by not in YEARS:
        amounts = values.to_numpy(dtype=np.float64, na_value=np.nan)
        edges = np.asarray(default_bands(by, amounts) if bands is None else bands, dtype=np.float64)
        if len(edges) == 0 or (np.diff(edges) <= 0).any():
            raise ValueError(f"bands of {by} must ascend: {edges.tolist()}")
        return _banded(amounts, edges, _shown(by))
    if bands is not None:
        raise ValueError(f"{by} is {kind(by) if by not in YEARS else 'a year'}: bands are for numbers")
    if isinstance(values.dtype, pd.CategoricalDtype):
        return Sorted(np.asarray(values.cat.codes, dtype=np.int64), [str(level) for level in values.cat.categories], True)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.dt.year
    in_order = by in DERIVED or (by in TAPE and TAPE[by].kind == "date")
    codes, names = pd.factorize(values, sort=in_order)
    return Sorted(np.asarray(codes), [_word(name) for name in names], in_order)


def _word(name: Any) -> str:
    return f"{name:.0f}" if isinstance(name, (float, np.floating)) else str(name)


def _banded(values: NDArray[np.float64], edges: NDArray[np.float64], show: Callable[[float], str]) -> Sorted:
    place = np.searchsorted(edges, values, side="right")
    codes = np.where(np.isnan(values), -1, place)
    labels = [f"below {show(edges[0])}"]
    labels += [f"{show(low)} to {show(high)}" for low, high in pairwise(edges)]
    return Sorted(codes, [*labels, f"{show(edges[-1])} and above"], True)


def _shown(by: str) -> Callable[[float], str]:
    if kind(by) in ("rate", "ratio"):
        return lambda edge: f"{edge * 100:g}%"
    return lambda edge: f"{edge:,.0f}" if edge == int(edge) else f"{edge:,g}"


def default_bands(by: str, values: NDArray[np.float64]) -> tuple[float, ...]:
    """Edges for numbers: fixed for rates, ratios and terms, otherwise 1, 2, 5, 10, ... over most of the values."""
    if by in TERMS:
        return TERM_BANDS
    if kind(by) == "rate":
        return RATE_BANDS
    if kind(by) == "ratio":
        return RATIO_BANDS
    values = values[values > 0]
    if not len(values):
        return (0.0,)
    low, high = np.quantile(values, [0.02, 0.999])
    steps = [lead * 10.0**power for power in range(-6, 18) for lead in (1, 2, 5)]
    edges = [step for step in steps if low <= step <= high]
    return tuple(edges) or (float(max(step for step in steps if step <= low)),)
