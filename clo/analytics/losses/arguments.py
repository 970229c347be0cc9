"""What a loss distribution is asked for, checked: every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame

from clo.analytics.losses.codes import loss_finding, obligor_finding
from clo.analytics.losses.extension import Extension
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.pool import Obligors, obligors
from clo.analytics.losses.reading import Names, called, names_of, numbers_of, order_findings
from clo.findings import Finding, InputError
from clo.quantities import is_number, usable_degrees

MOST_CELLS = 4_000_000
FALLS = 1e-12
"""A cumulative probability that is lower later by no more has not fallen."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Request:
    """pools: one for each horizon. exposure: the total, in currency. horizons: what they are called; None where pd has none."""

    pools: tuple[Obligors, ...]
    exposure: float
    horizons: tuple[object, ...] | None


def request(
    exposure: ArrayLike, pd: ArrayLike, lgd: ArrayLike, correlation: ArrayLike, degrees: float | None, unit: float | None,
    extension: Extension, others: Sequence[Finding] = (),
) -> Request:  # fmt: skip
    """The pools of these arguments. Raises InputError with every problem, those of `others` included."""
    found: list[Finding] = []
    given: dict[str, Any] = {"exposure": exposure, "pd": pd, "lgd": lgd, "correlation": correlation}
    names = names_of(given)
    read = {name: numbers_of(name, value, found, names) for name, value in given.items()}
    arrays = {name: values for name, values in read.items() if values is not None}
    amounts = arrays.get("exposure")
    shares = extension.read(None if amounts is None or amounts.ndim != 1 else len(amounts), found, names)
    if shares is not None:
        arrays["group_correlation"] = shares
    given |= extension.by_obligor(names)
    found += _shape_findings(arrays, given)
    for name, code, holds, says in RULES:
        if name in arrays and (name != "exposure" or arrays[name].ndim == 1):
            found += _value_findings(name, code, arrays[name], holds, says, names)
    found += _sum_findings(arrays, names) + _horizon_findings(arrays, names)
    if degrees is not None and not usable_degrees(degrees):
        found.append(loss_finding("E-Q007", f"degrees = {degrees!r} is not usable", field="degrees", value=str(degrees)))
    if unit is not None and not (is_number(unit) and unit > 0.0):
        found.append(loss_finding("E-Q008", f"unit = {unit!r} is not usable", field="unit", value=str(unit)))
    found += others
    if not found and unit is not None:
        found += _grid_findings(arrays, float(unit), varies=bool(extension.spread))
    if found:
        raise InputError(found)
    amounts, pds = arrays["exposure"], np.atleast_2d(arrays["pd"])
    total, count = float(amounts.sum()), len(amounts)
    lgd, rho = (np.broadcast_to(arrays[name], count) for name in ("lgd", "correlation"))
    shared = extension.shared(count, lgd, arrays.get("group_correlation"))
    size = amounts / total if shared.lgd is not None else amounts * lgd / total
    pools = tuple(obligors(size, np.broadcast_to(row, count), rho, degrees, shared) for row in pds)
    labels = pd.index if isinstance(pd, DataFrame) else range(1, len(pds) + 1)
    return Request(pools, total, tuple(labels) if arrays["pd"].ndim == 2 else None)


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


def _shape_findings(arrays: dict[str, Floats], given: dict[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    amounts = arrays.get("exposure")
    if amounts is None:
        return found
    if amounts.ndim != 1 or len(amounts) == 0:
        words = "is empty" if amounts.size == 0 else f"has {amounts.ndim} dimensions" if amounts.ndim else "is one number"
        return [loss_finding("E-Q001", f"exposure {words}", field="exposure", value=f"shape {amounts.shape}")]
    for name in (each for each in arrays if each != "exposure"):
        values, most = arrays[name], 2 if name == "pd" else 1
        if values.ndim > most:
            words = f"{name} has {values.ndim} dimensions"
            found.append(loss_finding("E-Q001", words, field=name, value=f"shape {values.shape}"))
        elif values.ndim == 2 and not len(values):
            found.append(loss_finding("E-Q001", "pd has no horizon", field=name, value=f"shape {values.shape}"))
        elif values.ndim and values.shape[-1] != len(amounts):
            words = f"{name} has {values.shape[-1]:,} values, exposure {len(amounts):,}"
            found.append(loss_finding("E-Q005", words, field=name, value=f"{values.shape[-1]:,}"))
    return found + order_findings(given)


def _value_findings(
    name: str, code: str, values: Floats, holds: Callable[[Floats], Mask], says: str, names: Names
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
    return [obligor_finding(code, words, rows=rows, who=called(rows, names), values=flat, field=name)]


def _horizon_findings(arrays: dict[str, Floats], names: Names) -> list[Finding]:
    """Obligors who are more likely to have defaulted by a horizon than by the next."""
    values = arrays.get("pd", np.zeros(0))
    if values.ndim != 2:
        return []
    before, rows = np.nonzero(np.diff(values, axis=0) < -FALLS)
    if not len(rows):
        return []
    words = f"pd falls from {values[before[0], rows[0]]:g} to {values[before[0] + 1, rows[0]]:g} at horizon {before[0] + 2}"
    later = values[before + 1, rows]
    return [obligor_finding("E-Q034", words, rows=rows, who=called(rows, names), values=later, field="pd")]


def _sum_findings(arrays: dict[str, Floats], names: Names) -> list[Finding]:
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
    who = called(rows, names)
    return [obligor_finding("E-Q017", words, rows=rows, who=who, values=together[rows], field="group_correlation")]


def _grid_findings(arrays: dict[str, Floats], unit: float, *, varies: bool) -> list[Finding]:
    """varies: whether an obligor may lose all that it owes."""
    losses = arrays["exposure"] * (arrays["lgd"] > 0.0 if varies else arrays["lgd"])
    cells, largest = float(losses.sum()) / unit, float(losses.max())
    if cells > MOST_CELLS:
        words = (
            f"unit {unit:g} makes {cells:,.0f} cells of the largest loss; the smallest possible is {unit * cells / MOST_CELLS:g}"
        )
        return [loss_finding("E-Q013", words, field="unit", value=f"{unit:g}")]
    if unit > largest * (1.0 + FALLS) > 0.0:
        words = f"unit {unit:g} is above {largest:g}, the largest loss of an obligor"
        return [loss_finding("E-Q030", words, field="unit", value=f"{unit:g}")]
    return []
