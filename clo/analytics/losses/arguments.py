"""What a loss distribution is asked for, checked: every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import Series

from clo.analytics.losses.codes import loss_finding, obligor_finding
from clo.analytics.losses.extension import Extension
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.pool import Obligors, obligors
from clo.findings import Finding, InputError
from clo.quantities import is_number, usable_degrees

METHODS = ("recursion", "large_pool", "binomial")
MOST_CELLS = 4_000_000
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Request:
    """pools: one for each horizon. exposure: the total, in currency. horizons: whether the pds came by horizon."""

    pools: tuple[Obligors, ...]
    exposure: float
    horizons: bool


def request(
    exposure: ArrayLike, pd: ArrayLike, lgd: ArrayLike, correlation: ArrayLike, degrees: float | None, unit: float | None,
    extension: Extension, others: Sequence[Finding] = (),
) -> Request:  # fmt: skip
    """The pools of these arguments. Raises InputError with every problem, those of `others` included."""
    found: list[Finding] = []
    given: dict[str, Any] = {"exposure": exposure, "pd": pd, "lgd": lgd, "correlation": correlation}
    read = {name: _numbers(name, value, found) for name, value in given.items()}
    arrays = {name: values for name, values in read.items() if values is not None}
    amounts = arrays.get("exposure")
    shares = extension.read(None if amounts is None or amounts.ndim != 1 else len(amounts), found)
    if shares is not None:
        arrays["group_correlation"] = shares
        given |= {"groups": extension.groups, "group_correlation": extension.group_correlation}
    found += _shape_findings(arrays, given)
    names = _names(given)
    for name, code, holds, says in RULES:
        if name in arrays:
            found += _value_findings(name, code, arrays[name], holds, says, names)
    found += _sum_findings(arrays, names)
    if degrees is not None and not usable_degrees(degrees):
        found.append(loss_finding("E-Q007", f"degrees = {degrees!r} is not usable", field="degrees", value=str(degrees)))
    if unit is not None and not (is_number(unit) and unit > 0.0):
        found.append(loss_finding("E-Q008", f"unit = {unit!r} is not usable", field="unit", value=str(unit)))
    found += others
    if not found and unit is not None:
        found += _grid_findings(arrays, float(unit))
    if found:
        raise InputError(found)
    amounts, pds = arrays["exposure"], np.atleast_2d(arrays["pd"])
    total, count = float(amounts.sum()), len(amounts)
    lgd, rho = (np.broadcast_to(arrays[name], count) for name in ("lgd", "correlation"))
    shared = extension.shared(count, lgd, arrays.get("group_correlation"))
    size = amounts / total if shared.lgd is not None else amounts * lgd / total
    pools = tuple(obligors(size, np.broadcast_to(row, count), rho, degrees, shared) for row in pds)
    return Request(pools, total, arrays["pd"].ndim == 2)


def _between(values: Floats) -> Mask:
    return (values >= 0.0) & (values <= 1.0)


def _below_one(values: Floats) -> Mask:
    return (values >= 0.0) & (values < 1.0)


RULES: tuple[tuple[str, str, Callable[[Floats], Mask], str], ...] = (
    ("exposure", "E-Q002", lambda values: (values > 0.0) & np.isfinite(values), "is not above 0 and finite"),
    ("pd", "E-Q003", _between, "is not from 0 to 1"),
    ("lgd", "E-Q003", _between, "is not from 0 to 1"),
    ("correlation", "E-Q004", _below_one, "is not from 0 to below 1"),
    ("group_correlation", "E-Q004", _below_one, "is not from 0 to below 1"),
)
"""An argument, the code of its rule, the rule over its values, what is said of those that break it."""


def attachment_findings(attachments: ArrayLike) -> list[Finding]:
    """Whether they are fractions that increase."""
    found: list[Finding] = []
    points = _numbers("attachments", attachments, found)
    if points is None:
        return found
    if points.ndim != 1 or len(points) < 2 or not bool(_between(points).all() and (np.diff(points) > 0.0).all()):
        shown = ", ".join(f"{value:g}" for value in points.ravel()[:12])
        words = f"attachments ({shown}) do not increase within 0 to 1"
        found.append(loss_finding("E-Q006", words, field="attachments", value=shown))
    return found


def accuracy_findings(accuracy: float) -> list[Finding]:
    if is_number(accuracy) and 1e-12 <= accuracy <= 0.01:
        return []
    return [loss_finding("E-Q010", f"accuracy = {accuracy!r} is not usable", field="accuracy", value=str(accuracy))]


def _numbers(name: str, value: ArrayLike, found: list[Finding]) -> Floats | None:
    """As floats; None, with a finding, where it is not numbers at all."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        found.append(loss_finding("E-Q001", f"{name} is not numbers: {problem}", field=name, value=str(value)[:60]))
        return None


def _shape_findings(arrays: dict[str, Floats], given: dict[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    amounts = arrays.get("exposure")
    if amounts is None:
        return found
    if amounts.ndim != 1 or len(amounts) == 0:
        words = "is empty" if amounts.size == 0 else f"has {amounts.ndim} dimensions"
        return [loss_finding("E-Q001", f"exposure {words}", field="exposure", value=f"shape {amounts.shape}")]
    for name in (each for each in arrays if each != "exposure"):
        values, most = arrays[name], 2 if name == "pd" else 1
        if values.ndim > most:
            words = f"{name} has {values.ndim} dimensions"
            found.append(loss_finding("E-Q001", words, field=name, value=f"shape {values.shape}"))
        elif values.ndim and values.shape[-1] != len(amounts):
            words = f"{name} has {values.shape[-1]:,} values, exposure {len(amounts):,}"
            found.append(loss_finding("E-Q005", words, field=name, value=f"{values.shape[-1]:,}"))
    return found + order_findings(given)


def order_findings(given: dict[str, Any]) -> list[Finding]:
    """Series of one length whose obligors are not those of the first, in its order."""
    indexed = {name: value.index for name, value in given.items() if isinstance(value, Series)}
    first = next(iter(indexed), "")
    return [
        loss_finding("E-Q005", f"{name} has its obligors in another order than {first}", field=name)
        for name, index in indexed.items()
        if len(index) == len(indexed[first]) and not index.equals(indexed[first])
    ]


def _names(given: dict[str, Any]) -> NDArray[np.object_] | None:
    """What obligors are called, where a Series says it."""
    return next((value.index.to_numpy(dtype=object) for value in given.values() if isinstance(value, Series)), None)


def _value_findings(
    name: str, code: str, values: Floats, holds: Callable[[Floats], Mask], says: str, names: NDArray[np.object_] | None
) -> list[Finding]:
    """One finding for an argument, with every value that breaks its rule."""
    bad = ~holds(values)
    if not bad.any():
        return []
    flat = values[bad]
    words = f"{name} {flat[0]:g} {says}"
    if values.ndim == 0:
        return [loss_finding(code, words, field=name, value=f"{flat[0]:g}")]
    rows = np.nonzero(bad)[-1]
    who: Any = rows if names is None or len(names) <= rows.max() else names[rows]
    return [obligor_finding(code, words, rows=rows, who=who, values=flat, field=name)]


def _sum_findings(arrays: dict[str, Floats], names: NDArray[np.object_] | None) -> list[Finding]:
    """Obligors of whom the market and the group leave nothing, each share being one that may be."""
    given = [arrays.get(name) for name in ("correlation", "group_correlation")]
    if given[0] is None or given[1] is None or not all(bool(_below_one(each).all()) for each in given if each is not None):
        return []
    try:
        together = np.atleast_1d(given[0] + given[1])
    except ValueError:
        return []
    rows = np.flatnonzero(together >= 1.0)
    if not len(rows):
        return []
    words = f"correlation and group_correlation add up to {together[rows[0]]:g}"
    who: Any = rows if names is None or len(names) <= rows.max() else names[rows]
    return [obligor_finding("E-Q017", words, rows=rows, who=who, values=together[rows], field="group_correlation")]


def _grid_findings(arrays: dict[str, Floats], unit: float) -> list[Finding]:
    cells = float((arrays["exposure"] * arrays["lgd"]).sum()) / unit
    if cells <= MOST_CELLS:
        return []
    words = f"unit {unit:g} makes {cells:,.0f} cells of the largest loss; the smallest possible is {unit * cells / MOST_CELLS:g}"
    return [loss_finding("E-Q013", words, field="unit", value=f"{unit:g}")]
