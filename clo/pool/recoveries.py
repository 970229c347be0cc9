"""What comes back of defaults, told by how long ago they were. Axes: g group, t month, s scenario, a months since the default."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Recoveries:
    """due [g, t, s]: what is to come back, net of cost, of what defaults in a month; at_once [g, t, s]: set off in that month and
    passed on; arriving [a, s]: the share of `due` that comes so many months later.
    """

    due: Floats
    at_once: Floats
    arriving: Floats

    def within(self, months: int) -> Floats:
        """Of what defaulted so many months before each month: what has come back by its end [g, t, s]."""
        share = self.arriving[: months + 1].sum(axis=0)
        return np.asarray(_later(self.due, months) * share + _later(self.at_once, months))

    def after(self, months: int) -> Floats:
        """Of what defaulted more than so many months before each month: what comes back in it [g, t, s]."""
        found = np.zeros_like(self.due)
        for age in range(months + 1, min(len(self.arriving), self.due.shape[1])):
            found += _later(self.due, age) * self.arriving[age]
        return found


def arriving(lag: int, timing: tuple[float, ...] | None) -> Floats:
    """The share that comes so many months after the default."""
    return np.concatenate((np.zeros(lag), np.asarray(timing or (1.0,), dtype=np.float64)))


def _later(amounts: Floats, months: int) -> Floats:
    """Amounts [g, t, s] so many months later, in as many months."""
    kept = max(0, amounts.shape[1] - months)
    found = np.zeros_like(amounts)
    found[:, amounts.shape[1] - kept :] = amounts[:, :kept]
    return found
