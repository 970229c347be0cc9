"""What a simulation shows: losses of tranches, their distribution, and any scenario again as a run with its ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.losses import LossDistribution
from clo.behaviour.joint import JointDefaults
from clo.findings import Finding, InputError
from clo.scenarios import kernel
from clo.scenarios.draws import halves, seed_words, words
from clo.scenarios.kernel import Stream
from clo.simulation.bearers import expected_losses_by_party
from clo.simulation.blocks import Engine
from clo.simulation.codes import problem
from clo.simulation.control import controlled, expected_pool_loss
from clo.simulation.errors import Means, beyond, means
from clo.simulation.quantiles import BEYOND, Tail, needed, tail
from clo.simulation.staging import Stage
from clo.simulation.tally import Tally
from clo.study.result import Result

Floats = NDArray[np.float64]
LEVEL = 0.999
COLUMNS = (
    "tranche", "expected_loss", "standard_error", "prob_loss", "var_999", "es_999", "wal_mean", "method", "effective_scenarios",
    "lower", "upper", "expected_shortfall_of_interest", "prob_unpaid_interest",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Simulation:
    """A deal under many scenarios of correlated defaults. quiet: its run without any; scenarios count from 0."""

    stage: Stage = field(repr=False)
    assumptions: JointDefaults
    engine: Engine = field(repr=False)
    tally: Tally = field(repr=False)
    quiet: Result = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)

    @property
    def scenarios(self) -> int:
        return self.tally.scenarios

    @property
    def names(self) -> tuple[str, ...]:
        """Tranches, senior first."""
        return tuple(self.stage.deal.tranches)

    @property
    def weights(self) -> Floats | None:
        """Of scenarios [s], with mean about 1; None where all count alike."""
        return np.exp(self.tally.log_weights) if len(self.tally.log_weights) else None

    @property
    def effective_scenarios(self) -> float:
        """As many plain scenarios would do as well. Source: Kish (1965), Survey Sampling: squared sum over sum of squares."""
        weights = self.weights
        return float(self.scenarios) if weights is None else float(weights.sum() ** 2 / (weights @ weights))

    @cached_property
    def tranches(self) -> pd.DataFrame:
        """One row per tranche; losses are shares of its original size, average lives of scenarios that pay any principal.

        lower, upper: 95 % interval of the expected loss. effective_scenarios: as many independent scenarios of the model would
        give the same standard error. expected_shortfall_of_interest: interest never paid, of the size.
        """
        t, n, found = self.tally, self.scenarios, self._means
        mean, error, wide = found.mean, found.standard_error, found.wide
        tails = [self.tail(name) for name in self.names]
        sizes = np.where(t.sizes > 0.0, t.sizes, np.nan)
        return pd.DataFrame(dict(zip(COLUMNS, (
            self.names, mean, error, t.hits / n, [each.var for each in tails], [each.es for each in tails],
            np.divide(t.life, t.lived, out=np.full(len(mean), np.nan), where=t.lived > 0.0), self.engine.draws.method,
            found.effective(n), mean - wide * error, mean + wide * error, t.unpaid / n / sizes, t.unpaid_hits / n,
        ), strict=True)))  # fmt: skip

    @cached_property
    def _means(self) -> Means:
        draws = self.engine.draws
        return means(self.tally.losses, self.weights, draws.errors, draws.groups)

    def controlled(self) -> pd.DataFrame:
        """Expected losses by a control variate, the pool's loss, whose expectation is known: tranche, expected_loss,
        standard_error, effective_scenarios, lower, upper. Worth most for junior tranches, nothing for a senior one.

        Raises InputError where recoveries vary.
        """
        expected = expected_pool_loss(self.engine)
        if expected is None:
            raise InputError([problem("E-M019", "recoveries vary, and the pool's expected loss with them", field="recovery")])
        found = controlled(self.tally.losses, self.weights, self.pool_losses, expected, self.engine)
        mean, reach = found.mean, found.wide * found.standard_error
        columns = ("tranche", "expected_loss", "standard_error", "effective_scenarios", "lower", "upper")
        values = (self.names, mean, found.standard_error, found.effective(self.scenarios), mean - reach, mean + reach)
        return pd.DataFrame(dict(zip(columns, values, strict=True)))

    def losses(self, tranche: str) -> NDArray[np.floating[Any]]:
        """The loss of a tranche in each scenario, as a share of its size [s]. Raises KeyError for one that is not there."""
        if tranche not in self.names:
            raise KeyError(f"tranche {tranche!r} is not in the deal; it has {', '.join(self.names)}")
        found: NDArray[np.floating[Any]] = self.tally.losses[self.names.index(tranche)].view()
        found.flags.writeable = False
        return found

    @property
    def pool_losses(self) -> NDArray[np.floating[Any]]:
        """Principal that defaulted less what of it came back before the last payment, in each scenario, in currency [s]."""
        return self.tally.pool_losses

    @cached_property
    def pool_loss_distribution(self) -> LossDistribution:
        """`pool_losses` as a distribution, with its quantiles and its chart; the grid holds every loss that was simulated."""
        losses = self.pool_losses.astype(np.float64)
        weights = np.ones(self.scenarios) if self.weights is None else self.weights
        grid, cell = np.unique(losses, return_inverse=True)
        pmf = np.bincount(cell, weights) / weights.sum()
        mean = float(grid @ pmf)
        std = float(np.sqrt(max(0.0, grid**2 @ pmf - mean**2)))
        return LossDistribution(grid, pmf, mean, std, self.quiet.flows.parameter("pool.initial"), None, 0.0)

    def losses_by_party(self, runs: int = 200, level: float = 0.99) -> pd.DataFrame:
        """Who bears the loss, in expectation and in the worst 1 - level of what the pool loses (`simulation.bearers`)."""
        return expected_losses_by_party(self, runs, level)

    def tail(self, tranche: str, level: float = LEVEL) -> Tail:
        """Value at risk and expected shortfall of a tranche's loss."""
        return tail(self.losses(tranche), self.weights, level)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a user should know: quantiles with few scenarios beyond them, scenarios that failed, and what the run warns of."""
        found = [each for each in self.quiet.input_findings if each.code != "W-P024"]
        if (seen := self._beyond()) < BEYOND - 1e-6:
            said = f"{seen:,.0f} of {self.scenarios:,} scenarios lie beyond a quantile of {LEVEL:.1%}"
            message = f"{said}: plain ones need {needed(LEVEL):,}"
            found.append(problem("W-M021", message, field="scenarios=", value=str(self.scenarios)))
        if self.tally.breached:
            message = f"{self.tally.breached:,} scenarios failed, the first of them {self.tally.first_breach}"
            found.append(problem("E-M020", message, value=str(self.tally.first_breach)))
        return tuple(found)

    def _beyond(self) -> float:
        """Scenarios in the worst 0.1 % of the pool's losses; of weighted ones, as many plain ones as would tell as much."""
        if self.weights is None:
            return self.scenarios * (1.0 - LEVEL)
        return beyond(self.pool_losses, self.weights, tail(self.pool_losses, self.weights, LEVEL).var)

    @property
    def ok(self) -> bool:
        """Whether every amount of every scenario was one, and cash was conserved."""
        return self.tally.breached == 0

    def default_months(self, scenario: int) -> pd.Series[int]:
        """The month in which each obligor defaults in a scenario, 1 the first after the cut-off, 0 for none."""
        return pd.Series(self._months(scenario), index=pd.Index(self.engine.model.names, name="obligor"), name="default_month")

    def _months(self, scenario: int) -> NDArray[np.int32]:
        if isinstance(scenario, bool) or not 0 <= scenario < self.scenarios:
            message = f"there is no scenario {scenario!r} among {self.scenarios:,}"
            raise InputError([problem("E-M017", message, field="scenario", value=str(scenario))])
        model, draws = self.engine.model, self.engine.draws
        common = draws(scenario, 1)
        out = np.empty((1, len(model.names)), dtype=np.int32)
        with np.errstate(all="ignore"):  # compiled code never warns; the plain code is not to either
            kernel.default_months(
                scenario, *seed_words(draws.seed), common.factors, common.scale, *halves(model.keys), model.sector, model.index,
                model.weight, model.own, self.engine.tables.last, *self.engine.runs, out,
            )  # fmt: skip
        months: NDArray[np.int32] = out[0]
        return months

    def replay(self, scenario: int) -> Result:
        """One scenario as a run like any other, with its ledger: `clo.run` over the tape with these defaults written on it."""
        months, model = self._months(scenario), self.engine.model
        if model.spread is None:
            lgd = {name: self.stage.stated_lgd(name, self.assumptions.lgd) for name in model.of_loan}
        else:
            drawn = self._loss_given_default(scenario, months)
            lgd = {name: drawn[owner] for name, owner in model.of_loan.items()}
        return self.stage.run({name: months[owner] for name, owner in model.of_loan.items()}, lgd)

    def worst(self, count: int) -> list[int]:
        """The scenarios in which the pool loses most, the worst first; of equal ones the first."""
        return [int(scenario) for scenario in np.argsort(-self.pool_losses, kind="stable")[:count]]

    def replayed(self, frame: str, scenarios: Iterable[int]) -> pd.DataFrame:
        """A frame of `Result`, such as `summary`, `tranches` or `losses_by_party`, of scenarios replayed, one after another.

        The first column, scenario, is the number of each. Raises AttributeError for a frame that a result does not have.
        """
        found = [getattr(self.replay(scenario), frame).assign(scenario=scenario) for scenario in scenarios]
        together: pd.DataFrame = pd.concat(found, ignore_index=True)
        together.insert(0, "scenario", together.pop("scenario"))
        return together

    def _loss_given_default(self, scenario: int, months: NDArray[np.int32]) -> Floats:
        """Of each obligor that defaults, as it varies [i]; 1 of the others."""
        model, draws = self.engine.model, self.engine.draws
        market = float(draws(scenario, 1).factors[0, 0])
        own = words(draws.seed, Stream.RECOVERY, model.keys, scenario, 1)[0]
        found = np.ones(len(months))
        for i in np.flatnonzero(months):
            mean = float(model.recovery[i])
            found[i] = 1.0 - kernel.recovered_share(mean, float(model.spread or 0.0), model.market, market, own[i])
        return found

    def __repr__(self) -> str:
        state = "ok" if self.ok else "NOT OK"
        return f"<Simulation {self.stage.deal.name}: {self.scenarios:,} scenarios, {self.engine.draws.method}, {state}>"

    def _repr_html_(self) -> str:
        table = self.tranches.to_html(index=False, float_format=lambda value: f"{value:,.4g}")
        return f"<p><b>{self.stage.deal.name}</b>: {self.scenarios:,} scenarios</p>{table}"
