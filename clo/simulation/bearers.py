"""Who bears the loss in expectation and in the tail: some scenarios are run again, evenly over what the pool loses in them.

Axes: s scenario, k scenario that is run again, b who bears it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.loss_bearers import INCOME
from clo.deal.families import large_families
from clo.findings import InputError
from clo.simulation.codes import problem
from clo.simulation.errors import means
from clo.simulation.quantiles import is_tail_level

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

Floats = NDArray[np.float64]
RUNS, LEVEL = 200, 0.99
"""Scenarios run again for each column, and where the tail begins, unless said."""
FEWEST = 10
"""Scenarios run again, for an error that means anything."""
COLUMNS = ("party", "position", "expected_loss", "standard_error", "share", "tail_loss", "tail_error")


def expected_losses_by_party(simulation: Simulation, runs: int, level: float, together: bool) -> pd.DataFrame:
    """party, position, expected_loss, standard_error, share, tail_loss, tail_error: who bears the loss of the pool, in currency.

    What tranches and the pool lose is known of every scenario. For all else as many scenarios are run again for the
    expectation, and for the tail: the mean over the worst 1 - level of the pool's losses. They are taken evenly from the
    scenarios in the order of what the pool loses. excess_spread, the balancing line of each scenario, is that of the means.
    standard_error, tail_error: of that choice, and of the simulation itself. share: of the expected loss of the pool.
    together: whether a large family of sub-pools is one party. What is run again is kept, for another table of the same
    scenarios. `.attrs` has runs and level.
    Raises InputError for fewer than 10 runs, or a level outside 0 to 1.
    Source: systematic sampling from an ordered list, its error by successive differences: W. G. Cochran, Sampling
    Techniques, 3rd ed., chapter 8; K. M. Wolter, Introduction to Variance Estimation, 2nd ed., chapter 8.
    """
    require_runs(simulation.scenarios, runs, level)
    ranked, middle = _Ranked(simulation), (np.arange(runs) + 0.5) / runs
    losses = _of_runs(simulation, ranked.at(middle), together)
    worst = _of_runs(simulation, ranked.at(level + (1.0 - level) * middle), together)
    columns = losses.columns.union(worst.columns, sort=False)
    losses, worst = (each.reindex(columns=columns, fill_value=0.0) for each in (losses, worst))
    bearers = [(str(pair[0]), str(pair[1])) for pair in columns.tolist()]
    row = {position: number for number, (_, position) in enumerate(bearers)}
    expected, error, tail = losses.to_numpy().mean(axis=0), _errors(losses, simulation), worst.to_numpy().mean(axis=0)
    tail_error = _tail_errors(worst, ranked, level)
    errors = simulation.tranches["standard_error"].to_numpy(dtype=np.float64)
    for name, size, own_error in zip(simulation.names, simulation.tally.sizes, errors, strict=True):
        own = simulation.losses(name)
        expected[row[name]] = ranked.mean(own, 0.0) * size
        error[row[name]] = own_error * size
        tail[row[name]] = ranked.mean(own, level) * size
        tail_error[row[name]] = ranked.tail_error(own, level) * size
    whole = ranked.mean(simulation.pool_losses, 0.0)
    expected[row[INCOME]] += whole - expected.sum()
    tail[row[INCOME]] += ranked.mean(simulation.pool_losses, level) - tail.sum()
    shares = expected / whole if whole else np.full(len(expected), np.nan)
    found = (*zip(*bearers, strict=True), expected, error, shares, tail, tail_error)
    frame = pd.DataFrame(dict(zip(COLUMNS, found, strict=True)))
    frame.attrs = {"runs": runs, "level": level}
    return frame


def _errors(losses: pd.DataFrame, simulation: Simulation) -> Floats:
    """Standard errors of means over chosen scenarios, in their order, [b]."""
    values = losses.to_numpy(dtype=np.float64)
    runs = len(values)
    chosen = (np.diff(values, axis=0) ** 2).sum(axis=0) / (2.0 * (runs - 1)) / runs
    return np.asarray(np.sqrt(chosen + values.var(axis=0) / simulation.effective_sample_size))


def _tail_errors(worst: pd.DataFrame, ranked: _Ranked, level: float) -> Floats:
    """Standard errors of tail means over chosen scenarios, in their order, [b]."""
    values = worst.to_numpy(dtype=np.float64)
    runs = len(values)
    chosen = (np.diff(values, axis=0) ** 2).sum(axis=0) / (2.0 * (runs - 1)) / runs
    border = values[: max(1, runs // BORDER)].mean(axis=0)
    drawn = values.var(axis=0) + level * (values.mean(axis=0) - border) ** 2
    return np.asarray(np.sqrt(chosen + drawn / ranked.beyond(level)))


BORDER = 10
"""The least severe tenth of the tail tells what is lost where it begins."""


class _Ranked:
    """Scenarios in the order of what the pool loses, each with its weight."""

    def __init__(self, simulation: Simulation) -> None:
        self.order = np.argsort(simulation.pool_losses, kind="stable")
        self.weights, self.draws = simulation.weights, simulation.engine.draws
        weights = np.ones(len(self.order)) if self.weights is None else self.weights[self.order]
        self.share = weights / weights.sum()
        self.reached = np.cumsum(weights) / weights.sum()

    def at(self, places: Floats) -> list[int]:
        """The scenarios that stand at these places, 0 to 1."""
        at = np.searchsorted(self.reached, places, side="left")
        return [int(scenario) for scenario in self.order[np.minimum(at, len(self.order) - 1)]]

    def mean(self, losses: NDArray[np.floating[Any]], level: float) -> float:
        """Over the worst 1 - level; a scenario at the border counts as far as it belongs to them."""
        return float(losses[self.order] @ self._inside(level) / (1.0 - level))

    def tail_error(self, losses: NDArray[np.floating[Any]], level: float) -> float:
        """Of `mean`, from what exceeds the loss where the tail begins. Source: Manistre and Hancock (2005), as in `quantiles`."""
        own, inside = losses[self.order].astype(np.float64), self._inside(level)
        first = np.diff(np.clip(self.reached, level, level + (1.0 - level) / BORDER), prepend=level)
        part = np.divide(inside, self.share, out=np.zeros_like(inside), where=self.share > 0.0)
        value = np.empty_like(own)
        value[self.order] = part * (own - own @ first / first.sum()) / (1.0 - level)
        value -= np.average(value, weights=self.weights)
        found = means(value[None, :], self.weights, self.draws.errors, self.draws.groups)
        return float(np.nan_to_num(found.standard_error[0]))

    def beyond(self, level: float) -> float:
        """As many scenarios of equal weight would tell as much of the worst 1 - level. Source: Kish (1965)."""
        inside = self._inside(level)
        return float(inside.sum() ** 2 / (inside @ inside))

    def _inside(self, level: float) -> Floats:
        """The weight of each scenario, in order, in the worst 1 - level."""
        return np.diff(np.maximum(self.reached, level), prepend=level)


def _of_runs(simulation: Simulation, scenarios: list[int], together: bool) -> pd.DataFrame:
    """The loss of each party and position in each of the scenarios, [k, b]; a scenario that stands twice is run once."""
    kept = simulation.borne
    for scenario in dict.fromkeys(scenarios):
        if scenario not in kept:
            kept[scenario] = simulation.unchecked(scenario).losses_by_party.assign(scenario=scenario)
    once = pd.concat([kept[scenario] for scenario in dict.fromkeys(scenarios)], ignore_index=True)
    if together:
        once["party"] = once["party"].replace(large_families(simulation.stage.deal))
    wide = once.pivot_table(index="scenario", columns=["party", "position"], values="loss", aggfunc="sum", sort=False)
    return wide.fillna(0.0).loc[scenarios]


def require_runs(scenarios: int, runs: int, level: float = LEVEL) -> None:
    """Raises InputError for a number of runs, or a tail level, by which nobody can tell who bears the loss."""
    found = []
    whole = isinstance(runs, int | np.integer) and not isinstance(runs, bool)
    if not (whole and FEWEST <= runs <= scenarios):
        message = f"{runs!r} of {scenarios:,} scenarios cannot stand for all"
        found.append(problem("E-M022", message, field="runs=", value=str(runs)))
    if not is_tail_level(level):
        found.append(problem("E-M022", f"{level!r} is no level", field="level=", value=str(level)))
    if found:
        raise InputError(found)
