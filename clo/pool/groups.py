"""One sub-pool on its way from loans to flows: batches are read, summed into cells and forgotten; scenarios thin the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import DefaultScale, TermStructure
from clo.behaviour.recovery import RecoveryBy
from clo.curves import Curves
from clo.expressions import ExpressionError, names, parse
from clo.findings import Finding, has_errors
from clo.pool.cells import Cell, assign
from clo.pool.claims import claims_of
from clo.pool.columns import Columns, Tape, extended
from clo.pool.contracts import Contracts, read_contracts
from clo.pool.flows import Flow
from clo.pool.hazards import hazards_of
from clo.pool.interest import index_paths
from clo.pool.kernel import Column
from clo.pool.rate_checks import rate_findings
from clo.pool.rolling import roll
from clo.pool.summing import NewTerms, contractual_sums
from clo.pool.survival import Thinned, thin
from clo.tape.stream import TapeStream
from clo.timeline import Days

Floats = NDArray[np.float64]
ALL_CURVES = "shift"
"""Key of `rates` that stands for every curve not named."""
Pool = Tape | pd.DataFrame | Iterable[Tape]
"""The loans of a group: all of them, or one batch after another."""
READ = frozenset({
    "originator_id", "loan_id", "origination_date", "maturity_date", "current_balance", "current_rate", "credit_limit",
    "amortisation_type", "principal_frequency", "interest_frequency", "grace_end_date", "balloon_amount", "next_payment_date",
    "rate_type", "rate_index", "rate_index_tenor", "rate_margin", "rate_reset_months", "next_reset_date", "rate_floor",
    "rate_cap", "rate_first_cap", "rate_periodic_cap", "day_count", "default_date", "allocated_loss", "days_in_arrears",
    "deposit_setoff", "lgd", "pd_1y",
})  # fmt: skip
"""Columns a projection may read, apart from those that a scenario names."""


def batches_of(pool: Pool, columns: Set[str]) -> Iterator[Tape | pd.DataFrame]:
    """The loans in one part or several; of a tape on disk only the columns that are used."""
    if isinstance(pool, TapeStream):
        yield from pool.only([name for name in pool.columns if name in columns])
    elif isinstance(pool, Iterable) and not isinstance(pool, pd.DataFrame):
        yield from pool
    else:
        yield pool


def columns_read(scenarios: Iterable[Behaviour]) -> Set[str]:
    """Columns of the tape that a projection under the scenarios may read."""
    found = set(READ)
    for assumed in scenarios:
        told_apart = (assumed.defaults, assumed.default_scale, assumed.recovery)
        found |= {each.by for each in told_apart if isinstance(each, TermStructure | DefaultScale | RecoveryBy)}
        if assumed.repurchase is not None and assumed.repurchase.where is not None:
            with suppress(ExpressionError):  # told where the condition is read
                found |= set(names(parse(assumed.repurchase.where)))
    return found


class Tally:
    """Loans worked out so far, over all groups and scenarios, for a progress bar; loans without a balance are counted at once."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def of_part(self) -> Callable[[int, int], None] | None:
        """The callback of one part, whose own count starts at 0."""
        progress, before = self.progress, self.before
        if progress is None:
            return None

        def told(done: int, total: int) -> None:
            self.before = before + done
            progress(self.before, self.total)

        return told


@dataclass
class Sums:
    """Contractual sums of one group under the terms of one or more scenarios: of each cell [h, k, t + 1]."""

    by_cell: dict[Cell, Floats] = field(default_factory=dict)
    index: dict[str, Floats] = field(default_factory=dict)
    cohorts: tuple[int, ...] = ()


@dataclass
class Group:
    """One sub-pool on its way from loans to flows: batches are read, summed and forgotten."""

    terms: tuple[Behaviour, ...]
    ends: Days
    cutoff: np.datetime64
    curves: Curves
    threads: int | None
    findings: list[Finding] = field(default_factory=list)
    balance: float = 0.0
    charge_offs: int = 0
    charged_off: float = 0.0
    beyond_horizon: int = 0

    def __post_init__(self) -> None:
        self.sums = [Sums(cohorts=cohorts_of(each, len(self.ends))) for each in self.terms]

    @property
    def passes(self) -> int:
        """How often each loan's contract is worked out."""
        return sum(1 + len(sums.cohorts) for sums in self.sums)

    def add(self, batch: Tape | pd.DataFrame, tally: Tally) -> None:
        """Read a batch of loans and add its contracts to the sums; with errors, read only."""
        from_tape = any(each.from_tape for each in self.terms)
        with_loss = any(each.recovery == "tape" for each in self.terms)
        changes = [each.restructuring.extension for each in self.terms if each.restructuring is not None]
        contracts, found = read_contracts(
            batch, self.ends, self.cutoff, with_defaults=from_tape, with_loss=with_loss, extension=max(changes, default=None)
        )
        self.findings += found
        self.balance += float(contracts.balance.sum())
        if from_tape:
            self._record(contracts)
        for assumed, sums in zip(self.terms, self.sums, strict=True):
            self._sum(batch, contracts, assumed, sums, tally)

    def _sum(
        self, batch: Tape | pd.DataFrame, contracts: Contracts, assumed: Behaviour, sums: Sums, tally: Tally
    ) -> None:  # fmt: skip
        months, tape = len(self.ends), Columns.with_balance(batch)
        assigned = assign(tape, contracts, assumed, self.cutoff)
        claims, found = claims_of(tape, assumed)
        index = self._fixings(batch, contracts, assumed)
        self.findings += [*assigned.findings, *found]
        if has_errors(self.findings):
            return
        new_terms = None
        if assumed.restructuring is not None and sums.cohorts:
            new_terms = NewTerms(sums.cohorts, assumed.restructuring.extension, assumed.restructuring.rate_cut)
        added = contractual_sums(
            contracts, months, index=index, cell=assigned.codes, cells=len(assigned.cells), known=assumed.from_tape,
            claims=claims, new_terms=new_terms, threads=self.threads, progress=tally.of_part(),
        )  # fmt: skip
        for number, cell in enumerate(assigned.cells):
            part = added[:, number]
            sums.by_cell[cell] = sums.by_cell[cell] + part if cell in sums.by_cell else part
        sums.index |= dict(zip(contracts.indices, index, strict=True))

    def _fixings(self, batch: Tape | pd.DataFrame, contracts: Contracts, assumed: Behaviour) -> Floats:
        """What each index of the loans is at the cut-off and at the end of each month [x, t + 1]."""
        rates = assumed.rates or {}
        index, found = index_paths(
            contracts.indices, self.curves, extended(self.ends, self.ends[-1], self.cutoff)[: len(self.ends) + 1], self.cutoff,
            shift={name: rates.get(name, rates.get(ALL_CURVES, 0.0)) for name in contracts.indices},
            performance=assumed.performance,
            needed=None if assumed.prepayment_incentive is not None else contracts.last_reset,
        )  # fmt: skip
        self.findings += found
        if not has_errors(found):
            longer = 0 if assumed.restructuring is None else assumed.restructuring.extension
            self.findings += rate_findings(batch, contracts, self.curves, index, self.cutoff, extension=longer)
        return index

    def _record(self, contracts: Contracts) -> None:
        recorded = contracts.default_month > 0
        self.charge_offs += int(recorded.sum())
        self.charged_off += float(np.nansum(contracts.loss[recorded]))
        self.beyond_horizon += int((contracts.default_month > len(self.ends)).sum())

    def flows(self, assumed: Behaviour, number: int) -> tuple[Thinned, Floats | None]:
        """Flows under a scenario that shares the sums of that number; with roll rates also the balances by state [t, state]."""
        sums, months = self.sums[number], len(self.ends)
        if not sums.by_cell:
            return Thinned(np.zeros((len(Flow), months)), 0.0, 0.0, 0.0), None
        cells = tuple(sums.by_cell)
        stacked = np.stack(list(sums.by_cell.values()), axis=1)
        hazards = hazards_of(cells, assumed, months, self.balance, sums.index)
        if assumed.rolls:
            return roll(stacked[0], cells, hazards, assumed)
        return thin(stacked, hazards, assumed, sums.cohorts), None

    def realised(self, name: str) -> dict[str, Any]:
        """Recorded defaults against modelled ones, as PoolFlows describes it."""
        number = next(number for number, each in enumerate(self.terms) if each.from_tape)
        known = [part[0] for cell, part in self.sums[number].by_cell.items() if cell.known]
        columns = [Column.DEFAULT, Column.SALVAGE, Column.EXCESS]
        exposure, salvage, excess = sum((part[columns, :-1].sum(axis=1) for part in known), np.zeros(3))
        return {
            "group": name,
            "charge_offs": self.charge_offs,
            "modelled": self.charge_offs - self.beyond_horizon,
            "charged_off": self.charged_off,
            "default": float(exposure),
            "loss": float(exposure - salvage),
            "excess": float(excess),
            "beyond_horizon": self.beyond_horizon,
        }


def cohorts_of(assumed: Behaviour, months: int) -> tuple[int, ...]:
    """Months in which loans get new terms."""
    if assumed.restructuring is None:
        return ()
    return tuple(int(month) + 1 for month in np.flatnonzero(assumed.restructuring.shares(months)))
