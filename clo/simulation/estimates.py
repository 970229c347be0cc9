"""What a simulation tells of each tranche, with standard errors and 95 % intervals (docs/simulation.md says which).

Axes: j tranche, s scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.simulation.errors import Means, means, standard_errors, width
from clo.simulation.intervals import of_mean, of_probability, unseen
from clo.simulation.tally import HIT, LIFE, LIVED, UNPAID, UNPAID_HIT

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

Floats = NDArray[np.float64]
Told = tuple[Floats, Floats, Floats, Floats]
"""estimate, standard error, lower, upper [j]."""
COLUMNS = ("tranche", "quantity", "estimate", "standard_error", "lower", "upper")


def estimates(simulation: Simulation) -> pd.DataFrame:
    """tranche, quantity, estimate, standard_error, lower, upper: a row for each tranche and each of its figures."""
    parts = []
    for quantity, told in _quantities(simulation):
        columns = (simulation.names, [quantity] * len(simulation.names), *told)
        parts.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))).assign(place=range(len(simulation.names))))
    found = pd.concat(parts, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    return found.drop(columns="place")


def _quantities(simulation: Simulation) -> Iterator[tuple[str, Told]]:
    yield "expected_loss", expected_losses(simulation, simulation.means)
    yield "prob_loss", _probability(simulation, HIT)
    tails = [simulation.tail_at(name) for name in simulation.names]
    ends = np.array([(*each.var_interval, *each.es_interval) for each in tails]).reshape(-1, 4).T
    yield "var_999", (np.array([each.var for each in tails]), np.array([each.var_error for each in tails]), ends[0], ends[1])
    yield "es_999", (np.array([each.es for each in tails]), np.array([each.es_error for each in tails]), ends[2], ends[3])
    yield "wal_mean", _average_life(simulation)
    yield "expected_shortfall_of_interest", _unpaid(simulation)
    yield "prob_unpaid_interest", _paid_in_full(simulation, _probability(simulation, UNPAID_HIT))


def expected_losses(simulation: Simulation, found: Means) -> Told:
    """Of means of the losses of tranches over all scenarios."""
    t = simulation.tally
    return of_losses(found, t.hits == 0.0, t.scenarios, t.heaviest, most_lost(simulation))


def of_losses(found: Means, none: NDArray[np.bool_], scenarios: int, heaviest: float, most: Floats) -> Told:
    """Of means of losses: no standard error where `none` of the scenarios loses, and an interval up to what may well be chance
    then. heaviest: weight of a scenario; most [j]: the greatest loss.

    Losses of more than half, of what cannot lose more than all, are told from the other end.
    """
    error = np.where(none, np.nan, found.standard_error)
    lower, upper = found.interval()
    rest = np.maximum(1.0 - found.mean, 0.0)
    chance = unseen(scenarios / heaviest)
    left, right = of_mean(rest, error, found.wide, np.full(len(rest), heaviest / scenarios))
    right = np.where((rest == 0.0) & (error == 0.0), chance, right)
    turned = (found.mean > TURN) & (most == 1.0)
    lower, upper = np.where(turned, np.maximum(1.0 - right, 0.0), lower), np.where(turned, 1.0 - left, np.fmin(upper, most))
    return found.mean, error, np.where(none, 0.0, lower), np.where(none, chance * most, upper)


TURN = 0.5


def most_lost(simulation: Simulation) -> Floats:
    """The greatest loss of each tranche, as a share of its size [j]; not a number where unpaid interest is added to it."""
    movements = simulation.engine.program.symbols.movements
    added = {each.claim.partition(".")[0] for each in movements if each.reason == "capitalise"}
    return np.array([np.nan if name in added else 1.0 for name in simulation.names])


def _probability(simulation: Simulation, what: int) -> Told:
    t, draws = simulation.tally, simulation.engine.draws
    chance = t.sums[what].sum(axis=1) / t.scenarios
    error = standard_errors(t.sums[what], t.squares[what], t.scenarios, draws.errors)
    lower, upper = of_probability(chance, error, width(draws.errors, draws.groups), t.scenarios, t.heaviest)
    return chance, np.where(chance > 0.0, error, np.nan), lower, upper


def _unpaid(simulation: Simulation) -> Told:
    """Interest never paid, of the size; without an upper end where none was seen, as nothing bounds it."""
    t, draws = simulation.tally, simulation.engine.draws
    sizes = np.where(t.sizes > 0.0, t.sizes, np.nan)
    mean = t.sums[UNPAID].sum(axis=1) / t.scenarios / sizes
    error = standard_errors(t.sums[UNPAID], t.squares[UNPAID], t.scenarios, draws.errors) / sizes
    error = np.where(t.sums[UNPAID_HIT].any(axis=1), error, np.nan)
    lower, upper = of_mean(mean, error, width(draws.errors, draws.groups), t.greatest_unpaid / t.scenarios / sizes)
    return _paid_in_full(simulation, (mean, error, np.where(np.isnan(error), 0.0, lower), upper))


def _paid_in_full(simulation: Simulation, told: Told) -> Told:
    """Interest of tranches that are owed none is never unpaid: that is known, and no estimate."""
    slots = simulation.engine.program.symbols.slots
    owed = np.array([f"{name}.interest_unpaid" in slots for name in simulation.names])
    return tuple(np.where(owed, each, 0.0) for each in told)  # type: ignore[return-value]


def _average_life(simulation: Simulation) -> Told:
    """The mean over scenarios in which principal is paid. Source: of a ratio, Cochran, Sampling Techniques, 3rd ed., 6.5."""
    t, draws = simulation.tally, simulation.engine.draws
    lived = t.sums[LIVED].sum(axis=1)
    mean = np.divide(t.sums[LIFE].sum(axis=1), lived, out=np.full(len(lived), np.nan), where=lived > 0.0)
    each = mean[:, None]
    total = t.sums[LIFE] - each * t.sums[LIVED]
    squares = t.squares[LIFE] - 2.0 * each * t.products + each**2 * t.squares[LIVED]
    error = standard_errors(total, squares, t.scenarios, draws.errors)
    error = np.divide(error * t.scenarios, lived, out=np.full(len(lived), np.nan), where=lived > 0.0)
    return mean, error, *of_mean(mean, error, width(draws.errors, draws.groups), np.zeros(len(mean)))


def loss_means(simulation: Simulation) -> Means:
    """Of the losses of tranches over all scenarios."""
    draws = simulation.engine.draws
    return means(simulation.tally.losses, simulation.weights, draws.errors, draws.groups)
