"""break_even: the default rate at which a tranche loses just so much, with the whole waterfall between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from clo.analytics.summary import loss_of
from clo.behaviour.defaults import Cumulative
from clo.curves import Curves
from clo.deal.terms import Deal
from clo.findings import DealError, Finding, nearest
from clo.pool.projection import Contracted
from clo.study.preparing import Prepared, prepare
from clo.study.result import Result
from clo.study.running import run
from clo.tape.batches import AnyLoans
from clo.waterfall.frames import tranches

FINEST = 1e-12
"""The least tolerance: an interval from 0 to 1 can be halved so far."""
HALF = 0.5
"""Of a currency unit, which rounding may leave."""
DIGITS = 9
"""Of a share of which more digits mean nothing."""
MUCH = 0.01
"""Of a rate, which may stay away without a word."""
NO_RATE = "E-R131"
"""Code of the finding that no default rate makes the tranche lose so much."""
RULE = "the loss of a tranche rises with the share of the pool that defaults"


@dataclass(frozen=True, slots=True)
class BreakEven:
    """cumulative: the share that defaults up to which the tranche loses no more than `loss` of its size.

    pool_loss: default less recovery, as a share of the cut-off balance. tranche_loss: at this rate, of its size.
    defaults: the model of which `cumulative` is the rate. not_reached: share of `cumulative` that never happened, because the
    loans were repaid before; findings: that it is much, W-R132. result: the run at this rate.
    """

    tranche: str
    loss: float
    cumulative: float
    pool_loss: float
    tranche_loss: float
    defaults: Cumulative
    not_reached: float
    findings: tuple[Finding, ...]
    result: Result = field(repr=False)


def break_even(
    deal: Deal,
    tranche: str,
    loss: float = 0.0,
    *,
    scenario: str = "base",
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    defaults: Mapping[str, Any] | None = None,
    tolerance: float = 1e-7,
    **overrides: Any,
) -> BreakEven:
    """The cumulative default rate up to which a tranche loses no more than the share `loss` of its size; 0 by default.

    The scenario's defaults are replaced by a cumulative share; `defaults` says the rest of that model (timing, years, of),
    as in docs/behaviour.md, evenly over five years without it. tolerance: of the rate, at most. Other keywords as in
    `clo.run`. The loss is taken to rise with what defaults; where a waterfall makes it fall again, the rate is one of those
    at which it passes `loss`. Raises DealError with a finding where the tranche is not there, or loses more (less) whatever
    defaults.
    Source: break-even default rate, as rating agencies ask of a class.
    """
    return BreakEvens(deal, scenario=scenario, loans=loans, defaults=defaults, **overrides).of(tranche, loss, tolerance=tolerance)


class BreakEvens:
    """Break-even rates of the tranches of a deal. What is common to all shares that may default is done once: loans are read
    and summed, the deal is compiled; a share that several tranches ask about is run once. Arguments as of `break_even`.
    """

    def __init__(
        self,
        deal: Deal,
        *,
        scenario: str = "base",
        loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
        defaults: Mapping[str, Any] | None = None,
        curves: Curves | None = None,
        threads: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        **overrides: Any,
    ) -> None:
        self.deal, self.scenario, self.loans, self.curves = deal, scenario, loans, curves
        self.threads, self.progress, self.overrides = threads, progress, overrides
        self.model = {"timing": "even", **(defaults or {})}
        self._tranches: dict[float, pd.DataFrame] = {}

    def of(self, tranche: str, loss: float = 0.0, *, tolerance: float = 1e-7) -> BreakEven:
        """The rate of one tranche; its run is made in full. Raises DealError as `break_even` does."""
        deal = self.deal
        _require(deal, tranche, loss)
        low, high = 0.0, 1.0
        least, most = self._lost_at(low, tranche), self._lost_at(high, tranche)
        if least > loss or most <= loss:
            what, lost = ("nothing", least) if least > loss else ("everything", most)
            message = f"tranche {tranche!r} loses {lost:.4%} when {what} defaults: no rate begins to cost it more than {loss:.4%}"
            fix = "ask for a loss in between"
            raise DealError([deal.origin.finding(NO_RATE, f"tranches.{tranche}", message, fix, rule=RULE, value=f"{loss:.4%}")])
        while high - low > max(tolerance, FINEST):
            middle = (low + high) / 2
            low, high = (low, middle) if self._lost_at(middle, tranche) > loss else (middle, high)
        overrides = self._overrides(low)
        result = run(
            deal, self.loans, self.scenario, curves=self.curves, threads=self.threads, progress=self.progress, **overrides
        )
        asked = self._defaults(low)
        missed = round(_not_reached(asked, result), DIGITS)
        told = tuple(_outlasting(deal, tranche, asked, missed))
        return BreakEven(tranche, loss, low, result.pool_loss, _lost(result.tranches, tranche), asked, missed, told, result)

    def _lost_at(self, share: float, tranche: str) -> float:
        """The loss of a tranche as a share of its size where a share of the pool defaults."""
        if share not in self._tranches:
            ready, contracts = self._prepared
            assumed = ready.assumed.model_copy(update={"defaults": self._defaults(share)})
            flows = ready.allocated(ready.projected(contracts, assumed), threads=self.threads)
            self._tranches[share] = tranches(flows)
        return _lost(self._tranches[share], tranche, HALF)

    @cached_property
    def _prepared(self) -> tuple[Prepared, Contracted]:
        ready = prepare(self.deal, self.loans, self.scenario, self.curves, self._overrides(0.0))
        return ready, ready.summed(threads=self.threads, progress=self.progress)

    def _overrides(self, share: float) -> dict[str, Any]:
        return {**self.overrides, "defaults": {**self.model, "cumulative": share}}

    def _defaults(self, share: float) -> Cumulative:
        """The model of defaults at a share, as the scenario has it."""
        model = self._prepared[0].assumed.defaults
        assert isinstance(model, Cumulative)  # it was stated with a cumulative share
        return model.model_copy(update={"cumulative": share})


def _not_reached(asked: Cumulative, result: Result) -> float:
    """Share of what was to default that fell when nothing was left: of balances as they were booked, of loans by the months."""
    if asked.cumulative == 0.0:
        return 0.0
    if asked.of == "balance":
        initial = result.flows.parameter("pool.initial")
        return max(0.0, 1.0 - float(result.pool["default"].sum()) / initial / asked.cumulative)
    owing = result.pool.groupby("period_end")["opening"].sum() > HALF
    return max(0.0, 1.0 - float(asked.distribution(len(owing))[owing.to_numpy()].sum()))


def _outlasting(deal: Deal, tranche: str, asked: Cumulative, missed: float) -> Iterator[Finding]:
    if missed > MUCH:
        said = f"{missed:.1%} of {asked.cumulative:.2%} never defaults: the loans are repaid before"
        fix = "choose fewer years, or an earlier timing"
        yield deal.origin.finding("W-R132", f"tranches.{tranche}", said, fix, rule="defaults end before the pool does")


def _lost(frame: pd.DataFrame, tranche: str, spared: float = 0.0) -> float:
    """The loss of a tranche as a share of its size, but for an amount that is spared; one without a size loses nothing."""
    own = frame[frame["tranche"] == tranche]
    size = float(own["opening"].iloc[0])
    return max(loss_of(own) - spared, 0.0) / size if size else 0.0


def _require(deal: Deal, tranche: str, loss: float) -> None:
    findings = []
    if tranche not in deal.tranches:
        near = nearest(tranche, deal.tranches)
        fix = f"did you mean {near!r}?" if near else f"it has {', '.join(deal.tranches)}"
        message = f"tranche {tranche!r} is not in the deal"
        findings.append(deal.origin.finding("E-R130", "tranches", message, fix, rule="the tranche exists", value=tranche))
    if not 0.0 <= loss < 1.0:
        rule = "a loss is a share of the tranche, from 0 to below 1"
        findings.append(
            deal.origin.finding("E-R130", "loss", f"{loss!r} is not a share", "0.15 is 15%", rule=rule, value=str(loss))
        )
    if findings:
        raise DealError(findings)
