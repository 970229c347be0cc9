"""What goes beyond one factor and fixed recoveries, as a user says it: factors of groups, and recoveries that vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import Series, isna

from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.pool import Shared
from clo.findings import Finding

Groups = Sequence[object] | NDArray[np.generic] | Series
GroupCorrelation = ArrayLike | Mapping[object, float]
MOST_SPREAD = 10.0


@dataclass(frozen=True, slots=True)
class Extension:
    """groups [obligor]: labels; group_correlation: one number, [obligor], or by label. spread, market: of recoveries."""

    groups: Groups | None
    group_correlation: GroupCorrelation
    spread: float
    market: float

    @property
    def used(self) -> bool:
        return self.groups is not None or bool(self.spread)

    def read(self, count: int | None, found: list[Finding]) -> Floats | None:
        """Shares of the groups' factors: one number or [obligor]; None where there are none, or with what is wrong in `found`.

        count: of obligors, None where that is not known.
        """
        found += self._recovery_findings()
        if self.groups is None:
            if isinstance(self.group_correlation, Mapping) or bool(np.any(np.asarray(self.group_correlation) != 0.0)):
                words = "group_correlation is given without groups"
                found.append(loss_finding("E-Q018", words, field="group_correlation", value=str(self.group_correlation)[:60]))
            return None
        labels = self._labels()
        missing = int(isna(labels).sum()) if labels.ndim == 1 else 0
        if labels.ndim != 1 or missing or (count is not None and len(labels) != count):
            words = f"{labels.size - missing:,} groups" + ("" if count is None else f" for {count:,} obligors")
            found.append(loss_finding("E-Q016", words, field="groups"))
            return None
        if not isinstance(self.group_correlation, Mapping):
            return _as_floats(self.group_correlation, found)
        unsaid = [label for label in dict.fromkeys(labels.tolist()) if label not in self.group_correlation]
        if unsaid:
            words = f"group_correlation has nothing for {len(unsaid):,} of the groups: {', '.join(map(str, unsaid[:6]))}"
            found.append(loss_finding("E-Q018", words, field="group_correlation", value=str(unsaid[0])))
            return None
        return _as_floats([self.group_correlation[label] for label in labels.tolist()], found)

    def shared(self, count: int, lgd: Floats, shares: Floats | None) -> Shared:
        """What the pools are made with, once nothing is wrong."""
        group = gamma = None
        if shares is not None:
            _, group = np.unique(self._labels().astype(str), return_inverse=True)
            gamma = np.broadcast_to(shares, count)
        return Shared(group, gamma, lgd if self.spread else None, float(self.spread), float(self.market))

    def _labels(self) -> NDArray[Any]:
        """A word is not one label for each of its letters."""
        if self.groups is None or isinstance(self.groups, str | bytes) or not hasattr(self.groups, "__iter__"):
            return np.empty((0, 0))
        given = list(self.groups)
        labels: NDArray[Any] = np.empty(len(given), dtype=object)
        labels[:] = given
        return labels

    def _recovery_findings(self) -> list[Finding]:
        found = []
        for name, code, value, most in (
            ("recovery_spread", "E-Q021", self.spread, MOST_SPREAD), ("recovery_market", "E-Q022", self.market, 1.0),
        ):  # fmt: skip
            number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
            if not number or not 0.0 <= value <= most:
                found.append(loss_finding(code, f"{name} = {value!r} is not usable", field=name, value=str(value)))
        return found


def _as_floats(value: ArrayLike, found: list[Finding]) -> Floats | None:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        words = f"group_correlation is not numbers: {problem}"
        found.append(loss_finding("E-Q001", words, field="group_correlation", value=str(value)[:60]))
        return None
