"""What goes beyond one factor and fixed recoveries, as a user says it: factors of groups, and recoveries that vary."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import RangeIndex, Series

from clo.analytics.losses.codes import loss_finding, obligor_finding
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.pool import Shared
from clo.analytics.losses.reading import Names, called, is_blank, numbers_of
from clo.findings import Finding
from clo.quantities import is_number

Groups = Sequence[object] | NDArray[np.generic] | Series
GroupCorrelation = ArrayLike | Mapping[object, float]
MOST_SPREAD = 10.0


@dataclass(frozen=True, slots=True)
class Extension:
    """groups [obligor]: labels; group_correlation: one number, [obligor], or by label. spread, market: of recoveries.

    None: not given.
    """

    groups: Groups | None
    group_correlation: GroupCorrelation | None
    spread: float | None
    market: float

    @property
    def used(self) -> bool:
        return self.groups is not None or bool(self.spread)

    def read(self, count: int | None, found: list[Finding], names: Names) -> Floats | None:
        """Shares of the groups' factors: one number or [obligor]; None where there are none, or with what is wrong in `found`.

        count: of obligors, None where that is not known. names: of obligors.
        """
        found += self._recovery_findings()
        if self.groups is None:
            given = 0.0 if self.group_correlation is None else self.group_correlation
            if isinstance(given, Mapping) or bool(np.any(np.asarray(given) != 0.0)):
                words = "group_correlation is given without groups"
                found.append(loss_finding("E-Q018", words, field="group_correlation", value=str(self.group_correlation)[:60]))
            return None
        labels = self._labels()
        blank = self._label_findings(labels, count, names)
        found += blank
        if self.group_correlation is None:
            found.append(loss_finding("E-Q018", "groups is given without group_correlation", field="group_correlation"))
            return None
        shares = self._by_label(labels, names)
        if shares is None:
            return numbers_of("group_correlation", self.group_correlation, found, names)
        unread = [(label, value) for label, value in shares.items() if not is_number(value)]
        for label, value in unread:
            words = f"group_correlation {value!r} of group {label} is not a number"
            found.append(loss_finding("E-Q001", words, field="group_correlation", value=str(value)[:60]))
        unsaid = [label for label in dict.fromkeys(labels.ravel().tolist()) if label not in shares and not is_blank(label)]
        if unsaid:
            words = f"group_correlation has nothing for {len(unsaid):,} of the groups: {', '.join(map(str, unsaid[:6]))}"
            found.append(loss_finding("E-Q018", words, field="group_correlation", value=str(unsaid[0])))
        if unread or unsaid or blank:
            return None
        return np.array([shares[label] for label in labels.tolist()], dtype=np.float64)

    def by_obligor(self, names: Names) -> dict[str, Any]:
        """What comes in the order of the obligors."""
        if self.groups is None:
            return {}
        told = {} if self._by_label(self._labels(), names) is not None else {"group_correlation": self.group_correlation}
        return {"groups": self.groups} | told

    def _by_label(self, labels: NDArray[Any], names: Names) -> dict[Any, Any] | None:
        """Shares by group: a mapping, or a Series that has the groups, and not the obligors, in its index."""
        given = self.group_correlation
        if isinstance(given, Mapping):
            return dict(given)
        if not isinstance(given, Series) or isinstance(given.index, RangeIndex):
            return None
        if names is not None and len(names) == len(given) and bool((given.index.to_numpy(dtype=object) == names).all()):
            return None
        said: dict[Any, Any] = dict(zip(given.index, given.tolist(), strict=True))
        hits = [label in said for label in labels.ravel().tolist() if not is_blank(label)]
        return said if hits and (all(hits) if len(given) == labels.size else any(hits)) else None

    @staticmethod
    def _label_findings(labels: NDArray[Any], count: int | None, names: Names) -> list[Finding]:
        if labels.ndim != 1 or (count is not None and len(labels) != count):
            told = f"{len(labels):,} groups" if labels.ndim == 1 else "groups is no list of labels"
            words = told + (f" for {count:,} obligors" if count is not None and labels.ndim == 1 else "")
            return [loss_finding("E-Q016", words, field="groups")]
        rows = np.flatnonzero([is_blank(label) for label in labels])
        if not len(rows):
            return []
        words = f"{len(rows):,} of {len(labels):,} obligors have no group"
        values = labels[rows]
        return [obligor_finding("E-Q016", words, rows=rows, who=called(rows, names), values=values, field="groups")]

    def shared(self, count: int, lgd: Floats, shares: Floats | None) -> Shared:
        """What the pools are made with, once nothing is wrong."""
        group = gamma = None
        if shares is not None:
            _, group = np.unique(self._labels().astype(str), return_inverse=True)
            gamma = np.broadcast_to(shares, count)
        spread = float(self.spread or 0.0)
        return Shared(group, gamma, lgd if spread else None, spread, float(self.market))

    def _labels(self) -> NDArray[Any]:
        """A word is not one label for each of its letters."""
        if self.groups is None or isinstance(self.groups, str | bytes) or not hasattr(self.groups, "__iter__"):
            return np.empty((0, 0))
        given = list(self.groups)
        if not all(isinstance(each, Hashable) for each in given):
            return np.empty((0, 0))
        labels: NDArray[Any] = np.empty(len(given), dtype=object)
        labels[:] = given
        return labels

    def _recovery_findings(self) -> list[Finding]:
        found = []
        for name, code, value, most in (
            ("recovery_spread", "E-Q021", 0.0 if self.spread is None else self.spread, MOST_SPREAD),
            ("recovery_market", "E-Q022", self.market, 1.0),
        ):
            if not is_number(value) or not 0.0 <= value <= most:
                found.append(loss_finding(code, f"{name} = {value!r} is not usable", field=name, value=str(value)))
        if self.spread is None and not found and self.market:
            words = "recovery_market is given without recovery_spread"
            found.append(loss_finding("E-Q033", words, field="recovery_market", value=str(self.market)))
        return found
