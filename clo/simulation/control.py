"""A control variate: the loss of the pool in each scenario, whose expectation is known without a simulation.

Axes: i obligor, r row (an obligor's loans in one sub-pool), t month, j tranche, s scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import InputError
from clo.scenarios.model import DefaultModel
from clo.simulation.blocks import Engine
from clo.simulation.codes import problem
from clo.simulation.errors import Means, centred, means
from clo.simulation.estimates import expected_losses

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

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
    return np.diff(defaulted_by(model), axis=1, prepend=0.0)


def defaulted_by(model: DefaultModel) -> Floats:
    """Probability of each obligor of default by month t [i, t]."""
    from scipy.special import ndtr, stdtr  # noqa: PLC0415  (heavy: loaded with the first simulation)

    return np.asarray(ndtr(model.thresholds) if model.degrees is None else stdtr(model.degrees, model.thresholds))


def controlled(
    losses: NDArray[np.floating[Any]], weights: Floats | None, pool: NDArray[np.floating[Any]], expected: float, engine: Engine
) -> Means:
    """Means of losses [j, s] less what the pool's losses [s] miss their expectation by, times the slope of the one on the other.

    Source: P. Glasserman, Monte Carlo Methods in Financial Engineering (2004), 4.1.
    """
    errors, groups = engine.draws.errors, engine.draws.groups
    plain, strata = means(losses, weights, errors, groups), groups if errors == "strata" else 1
    weight = np.ones(losses.shape[1]) if weights is None else weights
    miss = (pool - expected) * weight
    own = centred(miss, strata)
    spread = float((own * own).sum())
    adjusted = np.empty(losses.shape)
    for j, loss in enumerate(losses):
        value = loss * weight
        adjusted[j] = value - (float((own * value).sum()) / spread if spread > 0.0 else 0.0) * miss
    found = means(adjusted, None, errors, groups)
    free = losses.shape[1] - strata
    return Means(found.mean, found.standard_error * np.sqrt(free / (free - 1.0)), plain.plain, found.wide, plain.greatest)


def controlled_losses(simulation: Simulation) -> pd.DataFrame:
    """The frame of `Simulation.controlled`. The interval is normal, and ends at 0 where it would reach below."""
    expected, n, draws = expected_pool_loss(simulation.engine), simulation.scenarios, simulation.engine.draws
    found = []
    if expected is None:
        found.append(problem("E-M019", "recoveries vary, and the pool's expected loss with them", field="recovery"))
    if n < FEWEST or (draws.errors == "strata" and n < 2 * draws.groups):
        found.append(problem("E-M052", f"{n:,} scenarios are too few for a slope", field="scenarios=", value=str(n)))
    if expected is None or found:
        raise InputError(found)
    told = controlled(simulation.tally.losses, simulation.weights, simulation.pool_losses, expected, simulation.engine)
    _, error, lower, upper = expected_losses(simulation, simulation.means)
    none = np.isnan(error)
    mean, reach = np.where(none, 0.0, told.mean), told.wide * told.standard_error
    columns = ("tranche", "expected_loss", "standard_error", "effective_scenarios", "lower", "upper")
    values = (
        simulation.names, mean, np.where(none, np.nan, told.standard_error), np.where(none, np.nan, told.effective(n)),
        np.where(none, lower, np.maximum(mean - reach, 0.0)), np.where(none, upper, np.maximum(mean + reach, 0.0)),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


FEWEST = 100
"""Scenarios from which on the slope, fitted to them, moves the mean by little against its error."""
