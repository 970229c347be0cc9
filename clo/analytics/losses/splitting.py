"""How a loss between grid points is split over them, and what such a grid says of a tranche.

In two, its mean is kept and no probability is negative. In four by cubic interpolation, its first three moments are kept: the
error of an expected tranche loss falls with the fourth power of the step.
"""

from __future__ import annotations

import numpy as np

from clo.analytics.losses.factors import Floats

WHOLE = 1e-9
"""A loss this close to a grid point, in cells, stands on it."""
MOST_COMMON = 8_192
"""Cells of a grid in a unit that all losses share."""


def common_unit(size: Floats) -> float | None:
    """The largest unit of which every loss is a multiple, if the pool's greatest loss is at most MOST_COMMON of them."""
    unit, least = float(size.max()), float(size.sum()) / MOST_COMMON
    for other in np.unique(size):
        a, b = unit, float(other)
        while b > 0.5 * least:
            a, b = b, a - b * round(a / b)
            b = abs(b)
        unit = a
        if unit < least:
            return None
    units = size / unit
    return unit if bool((np.abs(units - np.rint(units)) <= WHOLE * np.maximum(units, 1.0)).all()) else None


def in_two(part: Floats) -> Floats:
    """Weights of the points -1, 0, 1, 2 for a loss at `part`, of which two are used [i, 4]."""
    zero = np.zeros(len(part))
    return np.stack((zero, 1.0 - part, part, zero), axis=1)


def in_four(part: Floats) -> Floats:
    """Lagrange's weights of the points -1, 0, 1, 2 at `part`, which reproduce cubics: the moments up to the third are kept."""
    left, right = 1.0 - part, 2.0 - part
    return np.stack(
        (-part * left * right / 6.0, (1.0 + part) * left * right / 2.0, (1.0 + part) * part * right / 2.0,
         -part * left * (1.0 + part) / 6.0),
        axis=1,
    )  # fmt: skip


def ramp(x: Floats) -> Floats:
    """Integral of (x - t)+ psi(t), psi the function that cubic interpolation makes of 1 at 0 and 0 at every other point.

    A kink between grid points would cost an error of the second power of the step; averaged so, it does not.
    Source: H.-O. Kreiss, V. Thomee and O. Widlund, Smoothing of initial data and rates of convergence for parabolic
    difference equations, 1970.
    """
    away = np.abs(x)
    far, near = np.maximum(2.0 - away, 0.0), 1.0 - np.minimum(away, 1.0)
    outer = far**5 / 120.0 - far**3 / 36.0
    inner = -7.0 / 360.0 - near / 24.0 + near**3 / 6.0 + near**4 / 24.0 - near**5 / 40.0
    return np.asarray(np.maximum(x, 0.0) + np.where(away < 1.0, inner, outer))


def step(x: Floats) -> Floats:
    """The derivative of `ramp`: a step at 0, averaged in the same way."""
    away = np.abs(x)
    far, near = np.maximum(2.0 - away, 0.0), 1.0 - np.minimum(away, 1.0)
    outer = far**4 / 24.0 - far**2 / 12.0
    inner = -1.0 / 24.0 + near**2 / 2.0 + near**3 / 6.0 - near**4 / 8.0
    tail = np.where(away < 1.0, inner, outer)
    return np.asarray(np.where(x >= 0.0, 1.0 - tail, tail))
