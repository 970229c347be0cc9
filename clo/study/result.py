"""One run of a deal: every frame, every check, and why each amount is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from clo.analytics import parties, sub_pools
from clo.analytics.checks import run_checks
from clo.analytics.large_names import large_names
from clo.analytics.loss_bearers import losses_by_party, losses_by_sub_pool
from clo.analytics.summary import tranche_summary
from clo.analytics.valuation import contracts
from clo.analytics.valuation.contracts import ContractValue
from clo.analytics.valuation.discounting import DiscountCurve
from clo.analytics.warnings import run_findings
from clo.deal.terms import Deal, Scenario
from clo.findings import Finding
from clo.pool.projection import PoolFlows
from clo.tape.batches import AnyLoans
from clo.timeline import Timeline
from clo.waterfall import cash, explaining, frames, swaps
from clo.waterfall.allocation import DealFlows
from clo.waterfall.deal_pool import DealPool, deal_pool
from clo.waterfall.explaining import Explanation


@dataclass(frozen=True, eq=False)
class Result:
    """One run of a deal: every frame, every check, and why each amount is what it is. Frames are made when first asked for.

    excluded: the loans that criteria of the deal leave out, one row for each criterion they break.
    """

    deal: Deal
    scenario_name: str
    scenario: Scenario
    pools: Mapping[str, AnyLoans]
    timeline: Timeline
    pool_flows: PoolFlows
    flows: DealFlows
    input_findings: tuple[Finding, ...]
    excluded: pd.DataFrame = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)

    @cached_property
    def tranches(self) -> pd.DataFrame:
        """What each tranche is owed and gets, by payment date."""
        return frames.tranches(self.flows)

    @cached_property
    def pool(self) -> pd.DataFrame:
        """What the borrowers pay, by month and sub-pool; beside them what was bought for a sub-pool, and nothing once sold."""
        return self.deal_pool.to_frame()

    @cached_property
    def deal_pool(self) -> DealPool:
        """The pool as the deal has it: with what was bought, and until it was sold."""
        return deal_pool(self.flows, self.pool_flows)

    @property
    def pool_loss(self) -> float:
        """Default less recovery, as a share of the balance at the cut-off."""
        return float(sub_pools.credit_loss(self.pool).sum()) / self.flows.parameter("pool.initial")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Every movement of cash, in order; step 0 is the closing date."""
        return cash.ledger(self.flows, self.pool_flows)

    @cached_property
    def bookings(self) -> pd.DataFrame:
        """Everything that moved and is not cash: charged, capitalised, written down or up, debited, credited."""
        return cash.bookings(self.flows)

    @cached_property
    def parties(self) -> pd.DataFrame:
        """What the parties pay each other."""
        return cash.parties(self.flows, self.deal_pool, self.ledger)

    @cached_property
    def party_totals(self) -> pd.DataFrame:
        """What each party received and paid in each stream."""
        return parties.totals(self.deal, self.parties)

    def party(self, name: str) -> pd.DataFrame:
        """What a party received and paid, by date and stream, and what it came to by then. Raises KeyError for one not there."""
        return parties.of_party(self.deal, self.parties, name)

    @cached_property
    def losses_by_party(self) -> pd.DataFrame:
        """Who bears the loss of the pool, and as what."""
        return losses_by_party(self)

    @cached_property
    def sub_pool_flows(self) -> pd.DataFrame:
        """What each sub-pool brought in, repaid and lost."""
        return sub_pools.sub_pool_flows(self)

    @cached_property
    def sub_pools(self) -> pd.DataFrame:
        """Each sub-pool: institutions, loans, obligors, opening balance, defaults, recoveries, loss."""
        return sub_pools.sub_pools(self, self.sub_pool_flows)

    @cached_property
    def losses_by_sub_pool(self) -> pd.DataFrame:
        """Who bears the loss of each sub-pool."""
        return losses_by_sub_pool(self)

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """Each account from payment date to payment date."""
        return frames.accounts(self.flows)

    @cached_property
    def fees(self) -> pd.DataFrame:
        """Each fee: due, paid, carried."""
        return frames.fees(self.flows)

    @cached_property
    def facilities(self) -> pd.DataFrame:
        """Each liquidity facility: drawn, repaid, what may still be drawn, interest, commitment fee."""
        return frames.facilities(self.flows)

    @cached_property
    def hedges(self) -> pd.DataFrame:
        """Each hedge: what goes out and what comes in."""
        return frames.hedges(self.flows)

    @cached_property
    def ledgers(self) -> pd.DataFrame:
        """Each ledger from payment date to payment date."""
        return frames.ledgers(self.flows)

    @cached_property
    def values(self) -> pd.DataFrame:
        """What `let` steps computed, by payment date."""
        return frames.values(self.flows)

    @cached_property
    def triggers(self) -> pd.DataFrame:
        """Whether each trigger holds, by payment date."""
        return frames.triggers(self.flows)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per tranche: original, paid, loss, weighted average life, yield."""
        prices = {name: tranche.issue_price for name, tranche in self.deal.tranches.items()}
        return tranche_summary(self.tranches, self.timeline.closing, prices)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """check, largest_residual, ok: what must hold of every run, and what the deal asserts."""
        return run_checks(self)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything a user should know of the run: warnings about loans, deal and outcome, and errors of a failed run."""
        return (*self.input_findings, *run_findings(self))

    def quantity(self, name: str) -> pd.Series[float]:
        """A name of the language, `senior.balance`, as each payment date left it. Raises KeyError for one not computed."""
        dates = pd.DatetimeIndex(self.timeline.payment_dates, name="payment_date")
        return pd.Series(self.flows.quantity(name), index=dates, name=name)

    @cached_property
    def swaps(self) -> pd.DataFrame | None:
        """Where the structure is of swaps: events on their way, deductible and what is passed on, by institution and date."""
        return swaps.swaps(self.flows, self.pool_flows)

    @cached_property
    def large_names(self) -> pd.DataFrame | None:
        """How many of the largest borrowers may default before each tranche loses, where the deal has swaps or asks for it."""
        if self.deal.swap is None and self.deal.large_names is None:
            return None
        sizes = {name: self.flows.parameter(f"{name}.size") for name in self.deal.tranches}
        return large_names(self.deal, self.pools, sizes)

    @property
    def states(self) -> pd.DataFrame | None:
        """With roll rates: the balance in each state of arrears, by month and sub-pool."""
        return self.pool_flows.states

    @property
    def overridden(self) -> bool:
        """Whether the run replaced fields of its scenario."""
        return bool(self.manifest["overrides"])

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return bool(self.checks["ok"].all())

    @property
    def realised(self) -> pd.DataFrame | None:
        """With defaults from the tape: recorded charge-offs against the modelled ones."""
        return self.pool_flows.realised

    def value_contract(
        self,
        buyer: str,
        seller: str,
        *,
        discount: DiscountCurve | float,
        premium: Sequence[str] = (),
        protection: Sequence[str] = (),
    ) -> ContractValue:
        """What the protection that `buyer` has of `seller` is worth in this run. Raises ValuationError for one not there.

        discount: an annual rate from the closing date, or a curve. premium, protection: streams of each leg, if of own words.
        """
        return contracts.value_contract(self, buyer, seller, discount=discount, premium=premium, protection=protection)

    def contract_values(self, *, discount: DiscountCurve | float) -> pd.DataFrame:
        """What every swap and guarantee of the deal is worth in this run, to who is protected."""
        return contracts.contract_values(self, discount=discount)

    def waterfall(self, period: int) -> pd.DataFrame:
        """The steps of payment `period` (1 is the first): asked, available, paid, shortfall and why."""
        return explaining.waterfall(self.flows, period)

    def explain(self, claim: str, period: int) -> Explanation:
        """Why a claim such as `mezzanine.interest` got what it got on payment `period`."""
        return explaining.explain(self.flows, claim, period)

    def __repr__(self) -> str:
        state = "ok" if self.ok else "NOT OK"
        return f"<Result {self.deal.name}, scenario {self.scenario_name}: {self.timeline.payments} payments, {state}>"

    def _repr_html_(self) -> str:
        state = "ok" if self.ok else f"NOT OK: {', '.join(self.checks.loc[~self.checks['ok'], 'check'])}"
        table = self.summary.to_html(
            index=False, float_format=lambda value: f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
        )
        return f"<p><b>{self.deal.name}</b>, scenario {self.scenario_name}: {state}</p>{table}"
