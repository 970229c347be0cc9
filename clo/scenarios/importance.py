"""Importance sampling of what all obligors share: more scenarios where tranches lose, each with a weight that makes up for it.

The plane of the severe direction of the factors and of the mixing variable is cut into cells; a cell is drawn with a probability
of our choice, and a point in it as the model has it. So the weight of a scenario is the probability of its cell over the one
drawn with, and is exact whatever the choice. A share of all draws is the model's own, which bounds the weights.
Source: P. Glasserman and J. Li, "Importance sampling for portfolio credit risk", Management Science 51 (2005), for the factor;
T. Hesterberg, "Weighted average importance sampling and defensive mixture distributions", Technometrics 37 (1995).

Axes: s scenario, c cell, f factor, b band of severity, j tranche.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.model import DefaultModel

Floats = NDArray[np.float64]
DEFENCE = 0.1
"""Share of scenarios drawn as the model has them: no weight exceeds its inverse."""
EDGES = np.concatenate(([-np.inf], np.arange(-7.0, 3.51, 0.125), [np.inf]))
"""Of cells along the severe direction, severe first."""
MIXING_EDGES = np.concatenate(([0.0], 10.0 ** np.arange(-9.0, -1.4, 0.5), np.arange(0.05, 0.96, 0.1), [1.0]))
"""Of cells of the mixing variable, by probability, severe first."""

BANDS = 96
"""Bands of severity into which the scenarios of a trial are put, each of as many."""
LEAST_HITS, RARE = 20, 0.5
"""Losses from which on they tell the chance of one, of the bands before the first in which the chance is above the second."""
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Severity:
    """How severe a scenario is for the pool, in one number: threshold x scale - loading x place along the direction.

    direction [f]: of the independent factors, towards fewer defaults; loading, threshold: of the average obligor, by amount.
    """

    direction: Floats
    loading: float
    threshold: float
    degrees: float | None

    def of(self, along: Floats, scale: Floats) -> Floats:
        """Severity of places along the direction, and of the mixing: higher is worse."""
        return np.asarray(self.threshold * scale - self.loading * along)


def severity(model: DefaultModel, amounts: Floats) -> Severity:
    """The severe direction of a model: the loadings of its obligors, weighted by the amounts [i] they would lose."""
    last = model.thresholds[:, -1]
    able = np.isfinite(last) & (amounts > 0.0)
    share = np.where(able, amounts, 0.0)
    share = share / share.sum() if share.sum() > 0.0 else np.full(len(share), 1.0 / len(share))
    toward = np.zeros(len(model.factors))
    for c in range(len(model.own)):
        np.add.at(toward, model.index[c], model.weight[c] * share[model.sector == c].sum())
    if model.root is not None:
        toward = model.root.T @ toward
    loading = float(np.sqrt(toward @ toward))
    direction = toward / loading if loading > 0.0 else np.eye(len(toward))[0]
    threshold = float((np.where(able, last, 0.0) * share).sum())
    return Severity(direction, loading, threshold, model.degrees)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells in the order in which they are drawn, the most severe first. low, high [c, 2]: their sides, by probability along the
    direction and of the mixing; mass [c]: the probability they are drawn with, chosen or the model's."""

    low: Floats
    high: Floats
    mass: Floats
    chosen: bool = True

    @property
    def probability(self) -> Floats:
        """Of the model [c]."""
        return np.asarray((self.high - self.low).prod(axis=1))

    def drawn(self, points: Floats) -> tuple[Floats, Floats]:
        """Points of the unit square [s, 2] to points of the model's own square, and their log weights [s], 0 without a choice.

        The first coordinate chooses the cell and the place along the direction in it, the second the place of the mixing.
        """
        edge = np.concatenate(([0.0], np.cumsum(self.mass)))
        edge /= edge[-1]
        cell = np.minimum(np.searchsorted(edge, points[:, 0], side="right") - 1, len(self.mass) - 1)
        within = np.clip((points[:, 0] - edge[cell]) / (edge[cell + 1] - edge[cell]), 0.0, 1.0)
        place = np.stack((within, points[:, 1]), axis=1)
        ratio = np.log(self.probability) - np.log(np.diff(edge)) if self.chosen else np.zeros(len(self.mass))
        return self.low[cell] + place * (self.high[cell] - self.low[cell]), np.asarray(ratio[cell])


def even_cells(severe: Severity) -> tuple[Cells, Floats]:
    """(cells, each as likely as any other and in order of severity, the severity of each [c]): to learn where tranches lose."""
    from scipy.special import gammaincinv, ndtr, ndtri  # noqa: PLC0415  (heavy: loaded with the first simulation)

    along = ndtr(EDGES)
    mixing = np.array([0.0, 1.0]) if severe.degrees is None else MIXING_EDGES
    low = np.array([(p, q) for q in mixing[:-1] for p in along[:-1]])
    high = np.array([(p, q) for q in mixing[1:] for p in along[1:]])
    middle = (low + high) / 2.0
    scale = np.ones(len(low))
    if severe.degrees is not None:
        scale = np.sqrt(2.0 * gammaincinv(severe.degrees / 2.0, middle[:, 1]) / severe.degrees)
    found = severe.of(ndtri(middle[:, 0]), scale)
    order = np.argsort(-found, kind="stable")
    return Cells(low[order], high[order], np.full(len(low), 1.0 / len(low))), found[order]


def own_cells(cells: Cells) -> Cells:
    """The cells as the model has them, in order of severity: scenarios have no weights."""
    return Cells(cells.low, cells.high, cells.probability, chosen=False)


def chosen_cells(cells: Cells, severe: Floats, at: Floats, losses: Floats) -> Cells:
    """Cells drawn with the probabilities that make the relative variances of all tranches least in sum.

    severe [c]; at [s]: severity of the scenarios of a trial over `cells`; losses [j, s]. With h the root mean square loss of a
    tranche in a cell and m its mean over all, a cell is drawn in proportion to its probability and to sqrt(sum of (h / m)^2).
    Where few or none lost anything, the chance of a loss is a normal probability of the severity.
    Source: of the best density for one mean, H. Kahn and A. W. Marshall, Operations Research 1 (1953).
    """
    probability = cells.probability
    total = np.zeros(len(probability))
    for own in losses:
        height = root_mean_square(at, own, severe)
        mean = float(probability @ np.interp(severe, *mean_losses(at, own)))
        if mean > 0.0:
            total += (height / mean) ** 2
    best = probability * np.sqrt(total)
    if not best.sum() > 0.0:
        return own_cells(cells)
    return Cells(cells.low, cells.high, DEFENCE * probability + (1.0 - DEFENCE) * best / best.sum())


def mean_losses(at: Floats, losses: Floats) -> tuple[Floats, Floats]:
    """(mean severity, mean loss) of bands of scenarios, in order of severity."""
    bands = np.array_split(np.argsort(at, kind="stable"), BANDS)
    return np.array([at[band].mean() for band in bands]), np.array([losses[band].mean() for band in bands])


def root_mean_square(at: Floats, losses: Floats, severe: Floats) -> Floats:
    """Root mean square of losses [s] at severities `at` [s], read off at `severe` [c]: never falling as severity rises."""
    from scipy.optimize import isotonic_regression  # noqa: PLC0415  (heavy: loaded with the first simulation)
    from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded with the first simulation)

    order = np.argsort(at, kind="stable")
    bands = np.array_split(order, BANDS)
    middle = np.array([at[band].mean() for band in bands])
    size = np.array([len(band) for band in bands], dtype=np.float64)
    square = isotonic_regression([(losses[band] ** 2).mean() for band in bands], weights=size).x
    hits = np.array([float((losses[band] > 0.0).sum()) for band in bands])
    found = np.interp(severe, middle, np.sqrt(square))
    rare = np.cumsum(hits >= RARE * size) == 0
    if hits[rare].sum() < LEAST_HITS:
        return np.asarray(found)
    level, slope = _normal_chance(middle[rare], hits[rare], size[rare])
    if slope <= 0.0:
        return np.asarray(found)
    each = float((square * size)[rare].sum() / hits[rare].sum())
    tail = np.sqrt(ndtr(level + slope * severe) * each)
    return np.asarray(np.where(severe < middle[rare][-1], tail, found))


def _normal_chance(at: Floats, hits: Floats, size: Floats) -> tuple[float, float]:
    """(level, slope) of the chance of a loss as a normal probability of level + slope x severity: of the highest likelihood."""
    from scipy.optimize import minimize  # noqa: PLC0415  (heavy: loaded with the first simulation)
    from scipy.special import log_ndtr, ndtri  # noqa: PLC0415  (heavy: loaded with the first simulation)

    centre, reach = float(at.mean()), max(float(np.ptp(at)), TINY)
    scaled = (at - centre) / reach

    def loss(given: Floats) -> float:
        value = given[0] + given[1] * scaled
        return -float(hits @ log_ndtr(value) + (size - hits) @ log_ndtr(-value))

    start = np.array([float(ndtri(hits.sum() / size.sum())), 1.0])
    level, slope = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6}).x
    return float(level - slope * centre / reach), float(slope / reach)
