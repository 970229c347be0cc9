"""Some scenarios of a simulation with every payment: drawn again from their numbers, so that nothing of them is kept before.

Axes: n input, t payment date, s scenario of the sample, j tranche.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.summary import tranche_summary
from clo.findings import nearest
from clo.pool.summing import in_order
from clo.scenarios.kernel import LANES
from clo.simulation.quantiles import levels_of, quantiles
from clo.waterfall import frames
from clo.waterfall.allocation import DealFlows, Reads, traced
from clo.waterfall.gathering import period_table

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
LEVELS = (0.01, 0.05, 0.5, 0.95, 0.99)
EVERY = slice(None)
NOTHING = -1.0
"""The yield of what cost something and paid nothing: where yields go as payments go to 0."""
FRAMES: dict[str, Callable[[DealFlows, slice], pd.DataFrame]] = {
    "tranches": frames.tranches, "fees": frames.fees, "accounts": frames.accounts, "facilities": frames.facilities,
    "hedges": frames.hedges, "ledgers": frames.ledgers, "triggers": frames.triggers, "values": frames.values,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """Some scenarios of a simulation, by their numbers [s]. Frames are made when asked for, a block of scenarios at a time."""

    simulation: Simulation = field(repr=False)
    scenarios: Numbers

    def __len__(self) -> int:
        return len(self.scenarios)

    @property
    def weights(self) -> Floats | None:
        """Of the scenarios as the simulation weighs them [s]; None where all count alike."""
        weights = self.simulation.weights
        return None if weights is None else weights[self.scenarios]

    @property
    def effective_sample_size(self) -> float:
        """As many scenarios of equal weight would do as well. Source: Kish (1965)."""
        weights = self.weights
        return float(len(self)) if weights is None else float(weights.sum() ** 2 / (weights @ weights))

    @cached_property
    def paths(self) -> pd.DataFrame:
        """scenario, then the columns of `Result.tranches`: what each tranche is owed and gets, by payment date."""
        return self.frame("tranches")

    @cached_property
    def yields(self) -> pd.DataFrame:
        """scenario, then the columns of `Result.summary`: what each tranche is paid and loses, its average life and yield."""
        quiet = self.simulation.quiet
        prices = {name: tranche.issue_price for name, tranche in quiet.deal.tranches.items()}
        return tranche_summary(self.paths, quiet.timeline.closing, prices)

    @property
    def told_yields(self) -> dict[str, Floats]:
        """The yields of each tranche [s] as its distribution has them: NOTHING where it cost something and was paid nothing."""
        found = {}
        for name, own in self.yields.groupby("tranche", sort=False):
            cost = own["original"].to_numpy() * self.simulation.quiet.deal.tranches[str(name)].issue_price
            nothing = (cost > 0.0) & own["first_payment"].isna().to_numpy()
            found[str(name)] = np.where(nothing, NOTHING, own["yield"].to_numpy())
        return found

    def yield_distribution(self, levels: Iterable[float] = LEVELS) -> pd.DataFrame:
        """tranche, issue_price, mean, standard_error, std, a quantile for each level (q05), nothing_paid, no_yield: weighted.

        nothing_paid: share of the scenarios in which a tranche that cost something is paid nothing, which is no yield and counts
        as -100 %. no_yield: share of those left out, in which it cost nothing or no rate makes its payments worth its price.
        standard_error: of the mean, as of independent scenarios. Raises InputError for each level that is none.
        """
        levels, weights = levels_of(levels), np.ones(len(self)) if self.weights is None else self.weights
        rows = []
        for name, values in self.told_yields.items():
            known = ~np.isnan(values)
            found = quantiles(values[known][None], weights[known], levels)[:, 0]
            shares = (float(weights[each].sum() / weights.sum()) for each in (values == NOTHING, ~known))
            price = self.simulation.quiet.deal.tranches[name].issue_price
            rows.append((name, price, *_moments(values[known], weights[known]), *found, *shares))
        of_levels = (f"q{f'{100.0 * level:.10g}':0>2}" for level in levels)
        columns = ("tranche", "issue_price", "mean", "standard_error", "std", *of_levels, "nothing_paid", "no_yield")
        return pd.DataFrame(rows, columns=columns)

    def frame(self, name: str) -> pd.DataFrame:
        """A frame of `Result` with the number of the scenario in its first column; raises KeyError for one not among FRAMES."""
        if name not in FRAMES:
            close = nearest(name, FRAMES)
            hint = f"did you mean {close!r}?" if close else f"there are {', '.join(FRAMES)}"
            raise KeyError(f"a sample has no frame {name!r}, which `replay` may have; {hint}")
        found: pd.DataFrame = pd.concat([FRAMES[name](flows, EVERY) for flows in self._flows()], ignore_index=True)
        found.insert(0, "scenario", np.repeat(self.scenarios, len(found) // len(self)))
        return found

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of the language that the deal computes, such as `senior.balance`."""
        return self.simulation.quiet.flows.quantities

    def quantity(self, name: str) -> pd.DataFrame:
        """A name of the language as payment dates left it, a column for each scenario. Raises KeyError for one not computed."""
        self.simulation.quiet.flows.quantity(name)
        found = np.concatenate([flows.value(name, EVERY) for flows in self._flows()], axis=1)
        dates = pd.DatetimeIndex(self.simulation.quiet.timeline.payment_dates, name="payment_date")
        return pd.DataFrame(found, index=dates, columns=pd.Index(self.scenarios, name="scenario"))

    def quantiles(self, name: str, levels: Iterable[float] = LEVELS) -> pd.DataFrame:
        """Quantiles of `quantity(name)` on each payment date, a column for each level: weighted. Raises for what is no level."""
        levels, found = levels_of(levels), self.quantity(name)
        values = quantiles(found.to_numpy(), self.weights, levels).T
        return pd.DataFrame(values, index=found.index, columns=pd.Index(levels, name="level"))

    @cached_property
    def failed(self) -> Numbers:
        """The scenarios in which an amount was none, or cash leaked."""
        return np.asarray(self.scenarios[np.concatenate([flows.failed for flows in self._flows()])])

    @property
    def ok(self) -> bool:
        """Whether no scenario failed."""
        return not len(self.failed)

    def _flows(self) -> Iterator[DealFlows]:
        """The waterfall of the scenarios with every movement, a block at a time, in order."""
        simulation = self.simulation
        stage, quiet, engine = simulation.stage, simulation.quiet, simulation.engine
        program, timeline = quiet.flows.program, quiet.timeline
        values = period_table(program, stage.deal, timeline, stage.outside)

        def run(begin: int) -> DealFlows:
            inputs = self._inputs(self.scenarios[begin : begin + engine.block])
            reads = Reads(values, inputs, np.empty((0, 1, inputs.shape[2])), timeline.first_month)
            return traced(stage.deal, program, reads, timeline, threads=1)

        for _, flows in in_order(run, range(0, len(self), engine.block), stage.threads or os.cpu_count() or 1):
            yield flows

    def _inputs(self, scenarios: Numbers) -> Floats:
        """What the program reads of scenarios in any order [n, t, s]; they are drawn by fours."""
        engine, four = self.simulation.engine, scenarios // LANES
        out = np.empty((*engine.base.shape, len(scenarios)))
        for number in np.unique(four).tolist():
            first, here = number * LANES, np.flatnonzero(four == number)
            count = min(LANES, self.simulation.scenarios - first)
            common, drawn = engine.draws(first, count), np.empty((*engine.base.shape, count))
            engine.inputs(first, common.factors, common.scale, drawn)
            out[:, :, here] = drawn[:, :, scenarios[here] - first]
        return out

    def __repr__(self) -> str:
        return f"<Sample {self.simulation.stage.deal.name}: {len(self):,} of {self.simulation.scenarios:,} scenarios>"

    def _repr_html_(self) -> str:
        table = self.yield_distribution().to_html(index=False, float_format=lambda value: f"{value:,.4g}")
        return f"<p><b>{self.simulation.stage.deal.name}</b>: {len(self):,} of {self.simulation.scenarios:,} scenarios</p>{table}"


def _moments(values: Floats, weights: Floats) -> tuple[float, float, float]:
    """(mean, its standard error, standard deviation) of values [s]; not numbers of none."""
    if not len(values):
        return np.nan, np.nan, np.nan
    share = weights / weights.sum()
    mean = float(share @ values)
    spread = float(np.sqrt(share @ (values - mean) ** 2))
    left = 1.0 / float(share @ share) - 1.0
    return mean, spread / np.sqrt(left) if left > 0.0 else np.nan, spread
