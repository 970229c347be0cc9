"""A deal made ready to run: its terms checked, its loans read, its program compiled; then what it runs through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clo.curves import Curves
from clo.deal.checks import terms_findings, timeline_of
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal, Scenario
from clo.findings import DealError, Finding, InputError, has_errors
from clo.pool.flows import PoolFlows
from clo.pool.projection import Contracted, summed
from clo.study.inputs import placed, resolve_curves, resolve_scenario
from clo.study.pools import Pools, resolve_pools
from clo.tape.batches import AnyLoans
from clo.timeline import Timeline
from clo.waterfall.allocation import DealFlows, allocate
from clo.waterfall.binding import bind
from clo.waterfall.compile import compiled
from clo.waterfall.gathering import Outside
from clo.waterfall.program import Program


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A deal, its loans and a scenario. deal: spelled out; overrides: of the scenario's fields; found: when compiling."""

    deal: Deal
    timeline: Timeline
    scenario: str
    overrides: Mapping[str, Any]
    assumed: Scenario
    chosen: Pools
    curves: Curves
    program: Program
    found: tuple[Finding, ...]

    def summed(self, *, threads: int | None = None, progress: Callable[[int, int], None] | None = None) -> Contracted:
        """The contracts of the loans. Raises InputError with every finding, each with its place in the deal."""
        try:
            return summed(
                self.chosen.loans,
                self.assumed,
                period_ends=self.timeline.period_ends,
                cutoff=self.deal.dates.cutoff,
                curves=self.curves,
                threads=threads,
                progress=progress,
            )
        except InputError as error:
            raise self._placed(error) from None

    def projected(self, contracts: Contracted, assumed: Scenario) -> PoolFlows:
        """What the borrowers pay under assumptions that share the sums. Raises InputError as `summed` does."""
        try:
            return contracts.flows(assumed)
        except InputError as error:
            raise self._placed(error) from None

    def allocated(self, flows: PoolFlows, *, threads: int | None = None) -> DealFlows:
        """The waterfall run over what the borrowers pay. Raises DealError where tranches and loans do not fit."""
        deal, assumed = self.deal, self.assumed
        program = bind(
            self.program, deal, {name: loans.balance for name, loans in self.chosen.loans.items()}, force=assumed.force
        )
        outside = Outside(self.curves, assumed.rate_shifts(self.curves), assumed.ratings or {})
        return allocate(deal, program, flows, self.timeline, outside=outside, threads=threads)

    def _placed(self, error: InputError) -> InputError:
        return InputError(placed(self.deal, self.scenario, self.overrides, error.findings))


def prepare(
    deal: Deal,
    loans: AnyLoans | Mapping[str, AnyLoans] | None,
    scenario: str,
    curves: Curves | None,
    overrides: Mapping[str, Any],
) -> Prepared:
    """What stands before the loans are projected. Raises DealError, TapeError or CurveError with every finding."""
    deal, timeline = dated(deal)
    assumed = resolve_scenario(deal, scenario, overrides)
    chosen = resolve_pools(deal, loans)
    fixings = resolve_curves(deal) if curves is None else curves
    program, found = compiled(deal)  # before the pool, which may take long
    if has_errors(found):
        raise DealError(found)
    return Prepared(deal, timeline, scenario, overrides, assumed, chosen, fixings, program, tuple(found))


def dated(deal: Deal, found: Iterable[Finding] = ()) -> tuple[Deal, Timeline]:
    """The deal spelled out, and its dates. Raises DealError with what is wrong with its terms, and with what was found before."""
    deal = spelled_out(deal)
    wrong = [*terms_findings(deal), *found]
    timeline = timeline_of(deal)
    if wrong or isinstance(timeline, list):
        raise DealError(wrong)
    return deal, timeline
