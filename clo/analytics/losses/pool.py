"""Obligors as the loss models know them: what each may lose, and when it defaults given the factors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clo.analytics.losses.factors import Factors, Floats
from clo.analytics.losses.recovery import Recovery, recovery_of

Ints = NDArray[np.int64]
CHUNK = 256
"""Nodes of the factors in one array."""
SETTLED = 1e-14
"""An expected loss that the next rule changes by this share or less is known."""


@dataclass(frozen=True, slots=True)
class Obligors:
    """size[i]: loss at default as a share of the total exposure, above 0, largest first; of what is owed where `recovery` varies.

    Obligor i defaults if sqrt(rho) M + sqrt(gamma) G + sqrt(1 - rho - gamma) Z < c s, with c the quantile of its pd, G the
    factor of its group, and s the common scale of Student-t, 1 for the Gaussian copula. Divided by sqrt(1 - rho - gamma):
    Z < threshold[i] s - loading[i] M - of_group[i] G. mean: the expected loss, exactly.

    parts: obligors that default independently of the other parts given M and s: first those without a factor of their group,
    then each group; none where no group has a factor.
    Source: O. Vasicek, Probability of loss on loan portfolio, 1987; for Student-t, P. Embrechts, A. McNeil and D. Straumann,
    Correlation and dependence in risk management, 2002.
    """

    size: Floats
    pd: Floats
    rho: Floats
    threshold: Floats
    loading: Floats
    of_group: Floats
    degrees: float | None
    mean: float
    parts: tuple[slice, ...] = ()
    recovery: Recovery | None = None

    @property
    def most(self) -> float:
        """What is lost if all default, and nothing is recovered where that varies."""
        return float(self.size.sum())

    @property
    def factors(self) -> Factors:
        """What all share."""
        varies = self.recovery is not None and self.recovery.common != 0.0
        return Factors(varies or bool((self.loading > 0.0).any()), self.degrees)


@dataclass(frozen=True, slots=True)
class Shared:
    """What obligors share besides the market, and how recoveries vary.

    group[i]: a number for each group; gamma[i]: the share of variance that is the group's factor's. spread, market: of recoveries
    (see `Recovery`), of which `lgd` is 1 less the mean; then sizes are what is owed.
    """

    group: Ints | None = None
    gamma: Floats | None = None
    lgd: Floats | None = None
    spread: float = 0.0
    market: float = 0.0


def obligors(size: Floats, pd: Floats, rho: Floats, degrees: float | None, shared: Shared | None = None) -> Obligors:
    """Obligors that lose nothing are left out. Sorted by what they are, so the order they come in changes no bit."""
    from scipy.special import ndtri, stdtrit  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    said = shared or Shared()
    lgd = np.ones(len(size)) if said.lgd is None else said.lgd
    loses = (size > 0.0) & (lgd > 0.0)
    group, gamma = _groups(said, loses)
    if _one_factor(rho[loses], group[loses], gamma[loses], said):
        rho, group, gamma = rho + gamma, np.zeros_like(group), np.zeros_like(gamma)
    order = np.lexsort((lgd, gamma, rho, pd, -size, group))
    order = order[loses[order]]
    size, pd, rho, gamma, group = size[order], pd[order], rho[order], gamma[order], group[order]
    quantile = ndtri(pd) if degrees is None else np.where(pd > 0.0, stdtrit(degrees, pd), -np.inf)
    own = np.sqrt(1.0 - rho - gamma)
    recovery = None if said.lgd is None else recovery_of(lgd[order], said.spread, said.market)
    ends = np.flatnonzero(np.diff(group, append=np.inf)) + 1
    parts = tuple(slice(int(a), int(b)) for a, b in pairwise((0, *ends))) if group.any() else ()
    factors = Factors(bool((rho > 0.0).any()), degrees)
    if recovery is not None and recovery.common > 0.0 and factors.market:
        mean = _expected(size, quantile, rho, factors, recovery)
    else:
        mean = float(size @ (pd if recovery is None else pd * lgd[order]))
    return Obligors(size, pd, rho, quantile / own, np.sqrt(rho) / own, np.sqrt(gamma) / own, degrees, mean, parts, recovery)


def _groups(said: Shared, loses: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """Number and share of the group's factor [i]; 0 where there is none, or it is as good as the obligor's own: it is alone."""
    none = np.zeros(len(loses), dtype=np.int64)
    if said.group is None or said.gamma is None:
        return none, np.zeros(len(loses))
    bears = loses & (said.gamma > 0.0)
    alone = np.bincount(said.group[bears], minlength=int(said.group.max(initial=0)) + 1)[said.group] < 2
    bears &= ~alone
    return np.where(bears, said.group + 1, none), np.where(bears, said.gamma, 0.0)


def _one_factor(rho: Floats, group: Ints, gamma: Floats, said: Shared) -> bool:
    """Whether the market and the factor of the one group of all move every obligor in the same proportion."""
    if not len(group) or not group[0] or (said.spread and said.market):
        return False
    return bool((group == group[0]).all() and (rho * gamma[0] == gamma * rho[0]).all())


def _expected(size: Floats, quantile: Floats, rho: Floats, factors: Factors, recovery: Recovery) -> float:
    """Expected loss where the market moves both who defaults and what is recovered, averaged over it."""
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    total, mean = 0.0, np.inf
    for stage in range(factors.last + 1):
        for nodes in factors.added(stage, 0.0).chunks(CHUNK):
            z = (quantile * nodes.scale[:, None] - np.sqrt(rho) * nodes.factor[:, None]) / np.sqrt(1.0 - rho)
            total += float(nodes.weight @ ((ndtr(z) * recovery.lost(nodes.factor)) @ size))
        before, mean = mean, total * factors.step(factors.at(stage))
        if abs(mean - before) <= SETTLED * mean:
            break
    return mean
