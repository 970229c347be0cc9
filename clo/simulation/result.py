"""What a simulation shows: losses of tranches, their distribution, and any scenario again as a run with its ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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
from clo.simulation.bearers import LEVEL as TAIL
from clo.simulation.bearers import RUNS, expected_losses_by_party
from clo.simulation.blocks import Engine
from clo.simulation.choosing import chosen, not_simulated
from clo.simulation.control import controlled_losses
from clo.simulation.errors import Means
from clo.simulation.estimates import estimates, loss_means, most_lost
from clo.simulation.judging import LEVEL, findings_of, require_frame, require_level, warn_of_tail, worst_scenarios
from clo.simulation.notebook import as_html
from clo.simulation.quantiles import Tail, measured
from clo.simulation.sample import Sample
from clo.simulation.staging import Stage
from clo.simulation.tally import Tally
from clo.study.result import Result

Floats = NDArray[np.float64]
COLUMNS = (
    "tranche", "expected_loss", "standard_error", "prob_loss", "var_999", "es_999", "wal_mean", "method", "effective_scenarios",
    "lower", "upper", "expected_shortfall_of_interest", "prob_unpaid_interest",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Simulation:
    """A deal under many scenarios of correlated defaults. quiet: its run without any; scenarios count from 0.

    borne: who bore the loss, of scenarios that were run again for it.
    """

    stage: Stage = field(repr=False)
    assumptions: JointDefaults
    engine: Engine = field(repr=False)
    tally: Tally = field(repr=False)
    quiet: Result = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    borne: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False)

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
    def effective_sample_size(self) -> float:
        """By the weights alone: as many scenarios of equal weight would do as well for what has nothing to do with them.

        Source: Kish (1965), Survey Sampling: squared sum over sum of squares.
        """
        weights = self.weights
        return float(self.scenarios) if weights is None else float(weights.sum() ** 2 / (weights @ weights))

    @cached_property
    def tranches(self) -> pd.DataFrame:
        """One row per tranche; losses are shares of its original size, average lives of scenarios that pay any principal.

        lower, upper: 95 % interval of the expected loss (`estimates` has those of all else). effective_scenarios: as many
        independent scenarios of the model would give the same standard error. expected_shortfall_of_interest: interest never
        paid, of the size. A tranche that never loses has no standard error, and an upper end all the same.
        """
        told = self.estimates.set_index("quantity")
        value = {name: told.loc[[name], "estimate"].to_numpy() for name in told.index.unique()}
        loss = told.loc[["expected_loss"]]
        effective = np.where(loss["standard_error"].isna(), np.nan, self.means.effective(self.scenarios))
        return pd.DataFrame(dict(zip(COLUMNS, (
            self.names, value["expected_loss"], loss["standard_error"].to_numpy(), value["prob_loss"], value["var_999"],
            value["es_999"], value["wal_mean"], self.engine.draws.method, effective, loss["lower"].to_numpy(),
            loss["upper"].to_numpy(), value["expected_shortfall_of_interest"], value["prob_unpaid_interest"],
        ), strict=True)))  # fmt: skip

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """tranche, quantity, estimate, standard_error, lower, upper: every figure of `tranches` with its 95 % interval.

        No numbers stand where the scenarios do not tell: a standard error where nothing was seen, or too little lies beyond.
        """
        return estimates(self)

    @cached_property
    def means(self) -> Means:
        """Expected losses of tranches, senior first, with what their errors are made of."""
        return loss_means(self)

    def controlled(self) -> pd.DataFrame:
        """Expected losses by a control variate, the pool's loss, whose expectation is known: tranche, expected_loss,
        standard_error, effective_scenarios, lower, upper. Worth most for junior tranches, nothing for a senior one.

        Raises InputError where recoveries vary, or for fewer than 100 scenarios.
        """
        return controlled_losses(self)

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
        found: NDArray[np.floating[Any]] = self.tally.pool_losses.view()
        found.flags.writeable = False
        return found

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

    def losses_by_party(self, runs: int = RUNS, level: float = TAIL, *, together: bool = False) -> pd.DataFrame:
        """Who bears the loss, in expectation and in the worst 1 - level of what the pool loses (`simulation.bearers`)."""
        return expected_losses_by_party(self, runs, level, together)

    def tail(self, tranche: str, level: float = LEVEL) -> Tail:
        """Value at risk and expected shortfall of a tranche's loss, with their errors and 95 % intervals.

        Warns (W-M021) where too few scenarios lie beyond, with the number needed. Raises KeyError for a tranche that is not
        there, InputError for a level that is not from 0 to below 1.
        """
        losses = self.losses(tranche)
        require_level(level)
        found = measured(losses, self.weights, float(level), self.engine.draws, self._most[tranche])
        warn_of_tail(self, tranche, float(level), found)
        return found

    def tail_at(self, tranche: str) -> Tail:
        """The tail of `tranches`, at 99.9 %, without a warning: `findings` has those of the simulation."""
        return measured(self.losses(tranche), self.weights, LEVEL, self.engine.draws, self._most[tranche])

    @cached_property
    def _most(self) -> dict[str, float]:
        return dict(zip(self.names, most_lost(self).tolist(), strict=True))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a user should know: what few scenarios tell, scenarios that failed, and what the run warns of."""
        return findings_of(self)

    @property
    def ok(self) -> bool:
        """Whether every amount of every scenario was one, and cash was conserved."""
        return self.tally.breached == 0

    def default_months(self, scenario: int) -> pd.Series[int]:
        """The month in which each obligor defaults in a scenario, 1 the first after the cut-off, 0 for none."""
        return pd.Series(self._months(scenario), index=pd.Index(self.engine.model.names, name="obligor"), name="default_month")

    def _months(self, scenario: int) -> NDArray[np.int32]:
        if found := list(not_simulated([scenario], self.scenarios, "scenario")):
            raise InputError(found)
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
        result = self.stage.run(*self._dated(scenario))
        told = {key: self.manifest[key] for key in ("scenarios", "seed", "method", "simulation")}
        return replace(result, manifest=result.manifest | {"replayed": {"scenario": int(scenario), **told}})

    def unchecked(self, scenario: int) -> Result:
        """`replay` in a third of its time, without checks and manifest: `losses_by_party` runs many."""
        return self.stage.unchecked(*self._dated(scenario))

    def _dated(self, scenario: int) -> tuple[dict[str, NDArray[np.int32]], dict[str, Floats]]:
        """The default month of each loan, and what it then loses: [i] by sub-pool."""
        months, model = self._months(scenario), self.engine.model
        if model.spread is None:
            lgd = {name: self.stage.stated_lgd(name, self.assumptions.lgd) for name in model.of_loan}
        else:
            drawn = self._loss_given_default(scenario, months)
            lgd = {name: drawn[owner] for name, owner in model.of_loan.items()}
        return {name: months[owner] for name, owner in model.of_loan.items()}, lgd

    def worst(self, count: int) -> list[int]:
        """The scenarios in which the pool loses most, the worst first; of equal ones the first; all, where there are fewer."""
        return worst_scenarios(self, count)

    def sample(self, scenarios: int | None = None, *, of: Iterable[int] | None = None) -> Sample:
        """Some scenarios with every payment and yield (`simulation.sample`): 200 that stand for all, unless said, or those `of`.

        Raises InputError for a number that is none, and for each scenario that is not there or named twice.
        """
        return Sample(self, chosen(scenarios, of, self.scenarios, self.engine.draws))

    def replayed(self, frame: str, scenarios: Iterable[int]) -> pd.DataFrame:
        """A frame of `Result`, such as `summary`, `tranches` or `losses_by_party`, of scenarios replayed, one after another.

        The first column, scenario, is the number of each. Raises InputError, before any is run, for a frame that a result does
        not have and for each scenario that is not there.
        """
        asked = require_frame(self, frame, scenarios)
        found = [getattr(self.replay(scenario), frame).assign(scenario=scenario) for scenario in asked]
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
        warned = [each.code for each in self.findings if each.severity == "warning"]
        told = f", findings {' '.join(dict.fromkeys(warned))}" if warned else ""
        return f"<Simulation {self.stage.deal.name}: {self.scenarios:,} scenarios, {self.engine.draws.method}, {state}{told}>"

    def _repr_html_(self) -> str:
        return as_html(self)
