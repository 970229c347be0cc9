"""Draws of a model from points of the unit cube: along the severe direction of its factors, of the mixing, then of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.draws import DIGITS, Common, Errors, correlated
from clo.scenarios.importance import Cells, Severity
from clo.scenarios.model import DefaultModel
from clo.scenarios.points import Points, SobolPoints, StratifiedPoints

Floats = NDArray[np.float64]
Method = Literal["plain", "sobol", "stratified", "importance"]


@dataclass(frozen=True, slots=True, eq=False)
class ReducedDraws:
    """Scenarios of a model by their numbers, as `Draws` has them. cells: how the first two dimensions are drawn, None for evenly.

    basis [f, f]: orthogonal, its first column the severe direction.
    """

    method: Method
    seed: int
    points: Points
    severity: Severity
    basis: Floats
    root: Floats | None
    cells: Cells | None

    @property
    def errors(self) -> Errors:
        return self.points.errors

    @property
    def groups(self) -> int:
        return self.points.groups

    def __call__(self, first: int, count: int) -> Common:
        """The scenarios first, first + 1, ..., first + count - 1."""
        from scipy.special import ndtri  # noqa: PLC0415  (heavy: loaded with the first simulation)

        points, weight = self.points(first, count)
        if self.cells is not None:
            points[:, :2], ratio = self.cells.drawn(points[:, :2])
            weight = weight + ratio
        points = np.clip(points, LEAST, 1.0 - DIGITS)
        own = ndtri(np.delete(points, 1, axis=1))
        factors = correlated(rotated(own, self.basis), self.root)
        return Common(factors, scale_of(points[:, 1], self.severity.degrees), weight)


LEAST = 1e-300
"""Probabilities below are none that a scenario can have."""


def scale_of(points: Floats, degrees: float | None) -> Floats:
    """Roots of a chi-square variable over its degrees of freedom [s]; 1 without."""
    if degrees is None:
        return np.ones(len(points))
    from scipy.special import gammaincinv  # noqa: PLC0415  (heavy: loaded with the first simulation)

    return np.asarray(np.sqrt(2.0 * gammaincinv(degrees / 2.0, points) / degrees))


def rotated(own: Floats, basis: Floats) -> Floats:
    """own [s, f] in another orthogonal basis; the same sums for any number of rows."""
    return correlated(own, None if basis.shape == (1, 1) else basis)


def basis_of(direction: Floats) -> Floats:
    """An orthogonal matrix whose first column is a direction of length 1: a reflection. Source: A. S. Householder (1958)."""
    size = len(direction)
    aside = -direction
    aside[0] += 1.0
    length = aside @ aside
    return np.eye(size) if length < TINY else np.eye(size) - 2.0 * np.outer(aside, aside) / length


TINY = 1e-30


def reduced_draws(
    model: DefaultModel, method: Method, seed: int, scenarios: int, severe: Severity, cells: Cells | None = None
) -> ReducedDraws:
    """Draws of the model by `sobol`, or `stratified`; by `importance`, stratified too, with the cells."""
    names = ("severe direction", "mixing", *model.factors[1:])
    points = SobolPoints(seed, scenarios, names) if method == "sobol" else StratifiedPoints(seed, scenarios, names)
    return ReducedDraws(method, seed, points, severe, basis_of(severe.direction), model.root, cells)
