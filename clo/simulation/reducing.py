"""Which draws a simulation takes, by the name of its method; for importance sampling, after a trial through the waterfall."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clo.pool.summing import in_order
from clo.scenarios.draws import Draws
from clo.scenarios.importance import chosen_cells, even_cells, own_cells, severity
from clo.scenarios.model import DefaultModel
from clo.scenarios.reduced import Method, ReducedDraws, reduced_draws
from clo.simulation.blocks import CHUNK, Engine
from clo.tape.loans import Loans

Floats = NDArray[np.float64]
TRIAL = 2 * CHUNK
"""Scenarios of the trial."""
ANOTHER = 0x9E3779B97F4A7C15
"""Turns a seed into that of the trial, whose draws have nothing to do with those of the simulation."""


def draws_by(method: Method, engine: Engine, pools: Mapping[str, Loans], seed: int, scenarios: int, workers: int) -> Draws:
    """The draws of a method. The engine is left with the draws it had."""
    if method == "plain":
        return engine.model.draws(seed)
    severe = severity(engine.model, balances(engine.model, pools))
    if method == "sobol":
        return reduced_draws(engine.model, method, seed, scenarios, severe)
    cells, at = even_cells(severe)
    if method == "stratified":
        return reduced_draws(engine.model, method, seed, scenarios, severe, own_cells(cells))
    trial = reduced_draws(engine.model, "importance", seed ^ ANOTHER, TRIAL, severe, cells)
    seen, losses = _tried(engine, trial, workers)
    return reduced_draws(engine.model, "importance", seed, scenarios, severe, chosen_cells(cells, at, seen, losses))


def balances(model: DefaultModel, pools: Mapping[str, Loans]) -> Floats:
    """What each obligor owes at the cut-off [i]."""
    found = np.zeros(len(model.names))
    for name, owner in model.of_loan.items():
        balance = pools[name].column("current_balance")
        found += np.bincount(owner, weights=balance[balance != 0.0], minlength=len(found))
    return found


def _tried(engine: Engine, trial: ReducedDraws, workers: int) -> tuple[Floats, Floats]:
    """(severity [s], loss of each tranche [j, s]) of the scenarios of the trial, not weighted."""
    before = engine.draws
    engine.draws = trial
    try:
        parts = [found.loss for _, found in in_order(lambda first: engine.run(first, CHUNK), range(0, TRIAL, CHUNK), workers)]
    finally:
        engine.draws = before
    common = trial(0, TRIAL)
    own = common.factors if trial.root is None else np.linalg.solve(trial.root, common.factors.T).T
    return trial.severity.of(own @ trial.severity.direction, common.scale), np.concatenate(parts, axis=1)
