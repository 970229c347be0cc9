"""A control variate: the loss of the pool in each scenario, whose expectation is known without a simulation.

Axes: i obligor, r row (an obligor's loans in one sub-pool), t month, j tranche, s scenario.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.model import DefaultModel
from clo.simulation.blocks import Engine
from clo.simulation.errors import Means, centred, means

Floats = NDArray[np.float64]


def expected_pool_loss(engine: Engine) -> float | None:
    """What defaults less what of it comes back in time, expected: a sum over obligors and months, whatever their correlation.

    None where recoveries vary, as they may do with the market.
    """
    if engine.model.spread is not None:
        return None
    t = engine.tables
    owner = np.repeat(np.arange(len(engine.model.names)), np.diff(t.rows))
    chance = default_probabilities(engine.model)[owner]
    recoverable = t.recoverable if t.recoverable.size else t.share[:, None] * t.exposure
    back = t.returned[0] * recoverable + (t.returned[1] * t.setoff if t.setoff.size else 0.0)
    return float((chance * (t.exposure - back)).sum())


def default_probabilities(model: DefaultModel) -> Floats:
    """Of each obligor, of default in month t [i, t]."""
    from scipy.special import ndtr, stdtr  # noqa: PLC0415  (heavy: loaded with the first simulation)

    by = ndtr(model.thresholds) if model.degrees is None else stdtr(model.degrees, model.thresholds)
    return np.diff(by, axis=1, prepend=0.0)


def controlled(
    losses: NDArray[np.floating[Any]], weights: Floats | None, pool: NDArray[np.floating[Any]], expected: float, engine: Engine
) -> Means:
    """Means of losses [j, s] less what the pool's losses [s] miss their expectation by, times the slope of the one on the other.

    Source: P. Glasserman, Monte Carlo Methods in Financial Engineering (2004), 4.1.
    """
    errors, groups = engine.draws.errors, engine.draws.groups
    plain = means(losses, weights, errors, groups)
    weight = np.ones(losses.shape[1]) if weights is None else weights
    miss = (pool - expected) * weight
    own = centred(miss, groups if errors == "strata" else 1)
    spread = float((own * own).sum())
    adjusted = np.empty(losses.shape)
    for j, loss in enumerate(losses):
        value = loss * weight
        adjusted[j] = value - (float((own * value).sum()) / spread if spread > 0.0 else 0.0) * miss
    found = means(adjusted, None, errors, groups)
    return Means(found.mean, found.standard_error, plain.plain, found.wide)
