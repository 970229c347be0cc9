"""Tables of what a simulation finds, for the page and the terminal alike: losses, tails, who bears them, the worst scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clo.labels import NONE, Lang, fine_percent, label
from clo.plots.simulations import exceedance
from clo.report.tables import Column, Table, of_frame
from clo.simulation.errors import means

if TYPE_CHECKING:
    import pandas as pd

    from clo.simulation.result import Simulation
    from clo.simulation.sample import Sample

BRIEF = (
    Column("tranche", "word"),
    Column("expected_loss", "fine"),
    Column("standard_error", "fine"),
    Column("prob_loss", "fine"),
    Column("var_999", "fine"),
    Column("es_999", "fine"),
    Column("wal_mean", "number"),
)
"""What a terminal has room for."""
EXPECTED = (
    Column("tranche", "word"),
    Column("original", "money"),
    Column("expected_loss", "fine"),
    Column("standard_error", "fine"),
    Column("interval_95", "figure"),
    Column("expected_loss_amount", "money"),
    Column("effective_scenarios", "integer"),
)
MEASURES = ("prob_loss", "var_999", "es_999")
"""Told with their intervals."""
TAILS = (
    Column("tranche", "word"),
    *(column for key in MEASURES for column in (Column(key, "fine"), Column("interval_95", "figure"))),
)
LIVES = (
    Column("tranche", "word"),
    Column("wal_mean", "number"),
    Column("expected_shortfall_of_interest", "fine"),
    Column("prob_unpaid_interest", "fine"),
)
BEARERS = (
    Column("party", "party"),
    Column("position", "position"),
    Column("expected_loss", "money"),
    Column("standard_error", "money"),
    Column("share", "percent"),
    Column("tail_loss", "money"),
)
YIELDS = (
    Column("tranche", "word"),
    *(
        Column(key, "percent")
        for key in ("mean", "standard_error", "q01", "q05", "q50", "q95", "q99", "nothing_paid", "no_yield")
    ),
)
SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Of a tranche's size: the probability of a loss of at least each; the first is any loss."""
WORST = 10
"""Scenarios that are named."""


def brief(simulation: Simulation) -> Table:
    """What each tranche loses, how surely and how badly."""
    return of_frame(_told(simulation), BRIEF)


def expected(simulation: Simulation) -> Table:
    """The expected loss of each tranche with its interval, then that of the pool."""
    frame = simulation.tranches[["tranche", "expected_loss", "standard_error", "lower", "upper", "effective_scenarios"]]
    rows: list[tuple[Any, ...]] = []
    for row, size in zip(frame.to_numpy().tolist(), simulation.tally.sizes.tolist(), strict=True):
        name, mean, error, lower, upper, effective = row
        rows.append((name, size, mean, error, _interval(lower, upper), mean * size, effective))
    draws, exposure = simulation.engine.draws, simulation.pool_loss_distribution.exposure
    pool = means(simulation.pool_losses[None, :], simulation.weights, draws.errors, draws.groups)
    mean, error, lower, upper = (float(x[0]) / exposure for x in (pool.mean, pool.standard_error, *pool.interval()))
    last = ("pool", exposure, mean, error, _interval(lower, upper), mean * exposure)
    rows.append((*last, float(pool.effective(simulation.scenarios)[0])))
    return Table(EXPECTED, tuple(rows), totals=1)


def _interval(lower: float, upper: float) -> str:
    return NONE if np.isnan(lower) else f"{fine_percent(lower)} – {fine_percent(upper)}"


def tails(simulation: Simulation) -> Table:
    """Probability of a loss, quantile and shortfall of each tranche with their intervals."""
    columns = (simulation.estimates[key].tolist() for key in ("tranche", "quantity", "estimate", "lower", "upper"))
    told = {(tranche, quantity): found for tranche, quantity, *found in zip(*columns, strict=True)}
    rows: list[tuple[Any, ...]] = []
    for name in simulation.names:
        row: list[Any] = [name]
        for measure in MEASURES:
            estimate, lower, upper = told[name, measure]
            row += [min(estimate, 1.0) if measure in CHANCES else estimate, _interval(lower, upper)]
        rows.append(tuple(row))
    return Table(TAILS, tuple(rows))


def lives(simulation: Simulation) -> Table:
    """Average life of each tranche, and interest never paid."""
    return of_frame(_told(simulation), LIVES)


CHANCES = ["prob_loss", "prob_unpaid_interest"]


def _told(simulation: Simulation) -> pd.DataFrame:
    """The tranches; weights may add up to a little more than the scenarios, and no probability is above 1."""
    frame = simulation.tranches
    return frame.assign(**frame[CHANCES].clip(upper=1.0))


def exceeded(simulation: Simulation, lang: Lang) -> Table:
    """The probability that each tranche loses at least a share of its size."""
    names = [label("at_least", lang).format(share=f"{share:.0%}") for share in SHARES[1:]]
    columns = (Column("tranche", "word"), Column("any_loss", "fine"), *(Column(name, "fine") for name in names))
    rows = [(name, *exceedance(simulation, name, np.asarray(SHARES)).tolist()) for name in simulation.names]
    return Table(columns, tuple(rows))


def yields(sample: Sample) -> Table:
    """What each tranche yields over a sample."""
    return of_frame(sample.yield_distribution(), YIELDS)


def bearers(borne: pd.DataFrame) -> Table:
    """Who bears the loss of the pool in expectation and in the tail, and all together."""
    table = of_frame(borne, BEARERS)
    whole, tail = float(borne["expected_loss"].sum()), float(borne["tail_loss"].sum())
    total = ("total", "", whole, None, 1.0 if whole else None, tail)
    return Table(table.columns, (*table.rows, total), totals=1)


def worst(simulation: Simulation) -> Table:
    """The scenarios in which the pool loses most: their numbers, who defaults, what each tranche loses."""
    exposure, weights = simulation.pool_loss_distribution.exposure, simulation.weights
    weighted = () if weights is None else (Column("scenario_weight", "figure"),)
    columns = (
        Column("scenario_number", "figure"), *weighted, Column("obligors_defaulted", "integer"),
        Column("loss_of_the_pool", "money"), Column("pool_loss_share", "percent"),
        *(Column(name, "percent") for name in simulation.names),
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for scenario in simulation.worst(WORST):
        lost = float(simulation.pool_losses[scenario])
        own = () if weights is None else (np.format_float_positional(weights[scenario], 2, fractional=False, trim="-"),)
        defaulted = int((simulation.default_months(scenario) > 0).sum())
        by_tranche = (float(simulation.losses(name)[scenario]) for name in simulation.names)
        rows.append((scenario, *own, defaulted, lost, lost / exposure, *by_tranche))
    return Table(columns, tuple(rows))
