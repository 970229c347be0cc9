"""Arrays as a user gives them, read as numbers: text, dates and truth values are none, and which obligor they are of is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import NA, DataFrame, Index, RangeIndex, Series

from clo.analytics.losses.codes import loss_finding, obligor_finding
from clo.analytics.losses.factors import Floats
from clo.findings import Finding

Names = NDArray[np.object_] | None
"""What obligors are called, where that is known."""


def numbers_of(name: str, value: Any, found: list[Finding], names: Names = None) -> Floats | None:
    """As floats, a blank among them as NaN; None, with a finding, where something is not a number."""
    if value is None:
        found.append(loss_finding("E-Q001", f"{name} is None", field=name, value="None"))
        return None
    given = value.to_numpy() if isinstance(value, Series | DataFrame) else value
    if isinstance(given, np.ndarray) and given.dtype.kind in "iuf":
        return np.asarray(given, dtype=np.float64)
    if isinstance(given, np.ndarray) and given.dtype.kind in "mM":
        given = given.astype(str)  # as objects, dates in nanoseconds would be whole numbers
    try:
        cells = np.asarray(given, dtype=object)
    except ValueError:
        found.append(loss_finding("E-Q001", f"{name} has rows of several lengths", field=name, value=str(value)[:60]))
        return None
    flat = cells.ravel().tolist()
    bad = [at for at, each in enumerate(flat) if not _is_numeric(each)]
    if not bad:
        return np.array([np.nan if is_blank(each) else float(each) for each in flat], dtype=np.float64).reshape(cells.shape)
    values = [str(flat[at])[:60] for at in bad]
    shown = repr(flat[bad[0]]) if isinstance(flat[bad[0]], str) else values[0]
    words = f"{name} {shown[:60]} is not a number"
    if cells.ndim == 0:
        found.append(loss_finding("E-Q001", words, field=name, value=values[0]))
        return None
    rows = np.asarray(bad) % cells.shape[-1]
    found.append(obligor_finding("E-Q001", words, rows=rows, who=called(rows, names), values=values, field=name))
    return None


def is_blank(value: object) -> bool:
    """Missing, or a word of spaces."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is NA or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _is_numeric(value: object) -> bool:
    """Dates are none, nor is one that is missing."""
    if isinstance(value, bool | np.bool_ | str | bytes | np.timedelta64):
        return False
    return isinstance(value, int | float | np.integer | np.floating | Decimal) or is_blank(value)


def names_of(given: dict[str, Any]) -> Names:
    """What obligors are called, where a Series says it."""
    return next((value.index.to_numpy(dtype=object) for value in given.values() if isinstance(value, Series)), None)


def called(rows: NDArray[Any], names: Names) -> Any:
    """Obligors of these rows by their names, or by their numbers from 0."""
    return rows if names is None or (len(rows) and len(names) <= rows.max()) else names[rows]


def order_findings(given: dict[str, Any]) -> list[Finding]:
    """Series, and columns of a table that have names, whose obligors are not those of the first, in its order."""
    indexed = {name: index for name, value in given.items() if (index := _obligors_of(value)) is not None}
    first = next(iter(indexed), "")
    return [
        loss_finding("E-Q005", f"{name} has its obligors in another order than {first}", field=name)
        for name, index in indexed.items()
        if len(index) == len(indexed[first]) and not index.equals(indexed[first])
    ]


def _obligors_of(value: Any) -> Index | None:
    if isinstance(value, Series):
        return value.index
    columns: Any = value.columns if isinstance(value, DataFrame) else None
    return None if isinstance(columns, RangeIndex) else columns
