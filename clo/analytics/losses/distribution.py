"""The distribution of a pool's loss in currency: probabilities on a grid, moments, quantiles, expected shortfall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from clo.analytics.losses.arguments import request
from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.extension import Extension, GroupCorrelation, Groups
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.lattice import AnyLattice, Lattice, Mixed
from clo.analytics.losses.moments import moments
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.recursion import ROUND_OFF, Wanted, averaged, exact_lattice
from clo.analytics.losses.settings import ACCURACY, accuracy_findings
from clo.findings import InputError
from clo.labels import label, money, percent

ADDED = 0.01
"""What a grid adds to the standard deviation at most: splitting noise of this share of it adds half its square."""
CELLS, MOST_CELLS = 2_000, 20_000
"""Cells that a chosen grid has at least and at most."""
SAME = 1e-12
"""A level that a cumulative probability misses by no more is reached."""
LEAST = 1e-17
"""The density of the rarest node: probabilities add up to 1 as far as floats go."""
LEVELS = (0.5, 0.95, 0.99, 0.999)
TESTED = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Multiples of the expected loss at which the loss up to there must be accurate."""


@dataclass(frozen=True, eq=False)
class LossDistribution:
    """grid[k]: losses in currency, increasing; pmf[k]: their probabilities. exposure: the total.

    mean and std are those of the pool, without a grid. unit: the step of the grid, None where every loss of the pool has a cell
    of its own. grid_std: the standard deviation of what splitting over grid points adds to the loss, 0 where none is split.
    """

    grid: Floats
    pmf: Floats
    mean: float
    std: float
    exposure: float
    unit: float | None
    grid_std: float

    @cached_property
    def cumulative(self) -> Floats:
        """P(loss <= grid[k])."""
        return np.asarray(np.cumsum(self.pmf), dtype=np.float64)

    @overload
    def quantile(self, q: float) -> float: ...
    @overload
    def quantile(self, q: ArrayLike) -> float | Floats: ...
    def quantile(self, q: ArrayLike) -> float | Floats:
        """Value at risk: the least loss of the grid that is not exceeded with probability q. One level or several, 0 to 1."""
        levels = _levels(q, below_one=False)
        at = np.searchsorted(self.cumulative, levels - SAME, side="left")
        found = self.grid[np.minimum(at, len(self.grid) - 1)]
        return float(found) if found.ndim == 0 else found

    @overload
    def expected_shortfall(self, q: float) -> float: ...
    @overload
    def expected_shortfall(self, q: ArrayLike) -> float | Floats: ...
    def expected_shortfall(self, q: ArrayLike) -> float | Floats:
        """The mean loss of the worst 1 - q, a loss at the quantile counted as far as it belongs to them. 0 <= q < 1.

        Source: C. Acerbi and D. Tasche, On the coherence of expected shortfall, Journal of Banking and Finance 26(7), 2002.
        """
        levels = _levels(q, below_one=True)
        at = np.minimum(np.searchsorted(self.cumulative, levels - SAME, side="left"), len(self.grid) - 1)
        beyond = np.append(np.cumsum((self.grid * self.pmf)[::-1])[::-1], 0.0)[at + 1]
        worst = 1.0 - levels
        heavier = np.append(np.cumsum(self.pmf[::-1])[::-1], 0.0)[at + 1]
        found = np.asarray((beyond + self.grid[at] * (worst - heavier)) / worst)
        return float(found) if found.ndim == 0 else found

    def __repr__(self) -> str:
        mean, std = (percent(amount / self.exposure) for amount in (self.mean, self.std))
        return f"<LossDistribution: mean {mean}, std {std} of {money(self.exposure)}>"

    def _repr_html_(self) -> str:
        rows = [(label("expected_loss"), self.mean), (label("standard_deviation"), self.std)]
        for level in LEVELS:
            rows.append((f"{label('value_at_risk')} {level:.1%}", self.quantile(level)))
            rows.append((f"{label('expected_shortfall')} {level:.1%}", self.expected_shortfall(level)))
        cells = "".join(
            f"<tr><th>{name}</th><td>{money(amount)}</td><td>{percent(amount / self.exposure)}</td></tr>" for name, amount in rows
        )
        return f"<table><tr><th></th><th>{label('amount')}</th><th>{label('share_of_exposure')}</th></tr>{cells}</table>"


def loss_distribution(
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike,
    *,
    correlation: ArrayLike,
    degrees: float | None = None,
    unit: float | None = None,
    accuracy: float = ACCURACY,
    groups: Groups | None = None,
    group_correlation: GroupCorrelation | None = None,
    recovery_spread: float | None = None,
    recovery_market: float = 0.0,
) -> LossDistribution:
    """The distribution of the loss of a pool at one horizon, in the currency of the exposures.

    exposure, pd, lgd: [obligor]; pd and lgd may be one number for all. correlation: of asset values, one number or one for each
    obligor. degrees: of Student-t, None for the Gaussian copula. accuracy: of the average over the factors. groups,
    group_correlation, recovery_spread, recovery_market: as for `expected_tranche_loss`.

    unit: the step of the grid in currency. None for a grid that holds every loss there is, where there are few; else one that
    adds at most 0.005% to the standard deviation, unless that takes more than 20,000 cells. A loss between grid points is split
    over the two beside it, so that the mean is kept. Raises InputError with every bad argument. See docs/losses.md.
    """
    others = accuracy_findings(accuracy)
    if np.ndim(pd) > 1:
        fix = "take clo.loss_distributions, which gives one for each horizon"
        others.append(loss_finding("E-Q001", f"pd has {np.ndim(pd)} dimensions", field="pd", fix=fix))
    extension = Extension(groups, group_correlation, recovery_spread, recovery_market)
    asked = request(exposure, pd, lgd, correlation, degrees, unit, extension, others)
    return _distribution(asked.pools[0], asked.exposure, unit, accuracy)


def loss_distributions(
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike,
    *,
    correlation: ArrayLike,
    degrees: float | None = None,
    unit: float | None = None,
    accuracy: float = ACCURACY,
    groups: Groups | None = None,
    group_correlation: GroupCorrelation | None = None,
    recovery_spread: float | None = None,
    recovery_market: float = 0.0,
) -> tuple[LossDistribution, ...]:
    """`loss_distribution` at each horizon of pd [horizon, obligor]. Raises InputError with every bad argument."""
    extension = Extension(groups, group_correlation, recovery_spread, recovery_market)
    asked = request(exposure, pd, lgd, correlation, degrees, unit, extension, accuracy_findings(accuracy))
    return tuple(_distribution(pool, asked.exposure, unit, accuracy) for pool in asked.pools)


def _distribution(pool: Obligors, total: float, unit: float | None, accuracy: float) -> LossDistribution:
    """total, unit: in currency."""
    if not len(pool.size):
        return LossDistribution(np.zeros(1), np.ones(1), 0.0, 0.0, total, None, 0.0)
    mean, variance = moments(pool)
    lattice = _lattice(pool, variance, None if unit is None else unit / total)
    points = np.asarray(TESTED) * mean

    def figures(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        return lattice.shortfall(points) @ mixed.pmf * step / max(mean, SAME)

    within = ROUND_OFF if lattice.exact and pool.degrees is None else accuracy
    found = averaged(pool, lattice, Wanted(figures), within, least=LEAST)
    grid, pmf = _merged(lattice, found.mixed.pmf * found.step)
    added = 0.0 if lattice.exact or not isinstance(lattice, Lattice) else lattice.added_variance
    if added is None:
        added = max(float(np.square(grid - mean) @ pmf) - variance, 0.0)
    step = None if lattice.unit is None else lattice.unit * total
    std = float(np.sqrt(max(variance, 0.0)))
    return LossDistribution(grid * total, pmf, mean * total, std * total, total, step, float(np.sqrt(added)) * total)


def _lattice(pool: Obligors, variance: float, unit: float | None) -> AnyLattice:
    if unit is not None:
        return Lattice(pool, unit, np.inf, smooth=False)
    exact = exact_lattice(pool, np.inf)
    if exact is not None:
        return exact
    noise = np.sqrt(float(pool.pd.sum()) / 4.0)
    fine = ADDED * np.sqrt(max(variance, 0.0)) / noise if noise > 0.0 else pool.most
    step = min(pool.most / CELLS, max(fine, pool.most / MOST_CELLS))
    return Lattice(pool, float(step), np.inf, smooth=False)


def _merged(lattice: AnyLattice, pmf: Floats) -> tuple[Floats, Floats]:
    """Increasing losses, equal ones once; up to the last that has any probability."""
    order = np.argsort(lattice.losses, kind="stable")
    losses = lattice.losses[order]
    new = np.append(True, np.diff(losses) > SAME)
    grid, merged = losses[new], np.bincount(np.cumsum(new) - 1, weights=pmf[order])
    last = int(np.flatnonzero(merged > 0.0).max(initial=0)) + 1
    return np.asarray(grid[:last]), np.asarray(merged[:last], dtype=np.float64)


def _levels(q: ArrayLike, *, below_one: bool) -> Floats:
    try:
        levels = np.asarray(q, dtype=np.float64)
    except (TypeError, ValueError):
        levels = np.full(1, np.nan)
    good = (levels >= 0.0) & ((levels < 1.0) if below_one else (levels <= 1.0))
    if not good.all():
        raise InputError([loss_finding("E-Q014", f"level {q!r} is not usable", field="q", value=str(q))])
    return levels
