"""One sub-pool on its way from loans to flows: batches are read, summed into cells and forgotten; scenarios thin the sums."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import DefaultScale, TermStructure
from clo.behaviour.recovery import RecoveryBy
from clo.curves import Curves
from clo.expressions import ExpressionError, names, parse
from clo.findings import Finding, has_errors, merged
from clo.pool.cells import Cell, too_many
from clo.pool.columns import Tape
from clo.pool.contracts import Batch
from clo.pool.effects import Seen, effect_findings
from clo.pool.flows import Flow
from clo.pool.hazards import hazards_of
from clo.pool.interest import NEVER
from clo.pool.kernel import Column
from clo.pool.parts import SIZE, Part, PartSums, cohorts_of, fixings_of, worked_out
from clo.pool.rolling import roll
from clo.pool.summing import in_order
from clo.pool.thinning import Thinned, thin
from clo.tape.stream import TapeStream
from clo.timeline import Days

Floats = NDArray[np.float64]
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
    """Loans worked out so far, over all groups and scenarios, for a progress bar."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def add(self, loans: int) -> None:
        """So many more are done."""
        self.before += loans
        if self.progress is not None and loans:
            self.progress(self.before, self.total)

    def finish(self) -> None:
        """Loans without a balance are worked out too: there is nothing to do for them."""
        if self.progress is not None and self.before < self.total:
            self.add(self.total - self.before)

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

    def add(self, part: PartSums) -> None:
        for cell, sums in part.by_cell.items():
            self.by_cell[cell] = self.by_cell[cell] + sums if cell in self.by_cell else sums
        self.index |= part.index


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
    days_known: bool = False

    def __post_init__(self) -> None:
        self.sums = [Sums(cohorts=cohorts_of(each, len(self.ends))) for each in self.terms]

    @property
    def passes(self) -> int:
        """How often each loan's contract is worked out."""
        return sum(1 + len(sums.cohorts) for sums in self.sums)

    def add(self, batch: Tape | pd.DataFrame, tally: Tally) -> None:
        """Read a batch of loans and add its contracts to the sums; with errors, read only."""
        changes = [each.restructuring.extension for each in self.terms if each.restructuring is not None]
        whole = Batch(
            batch, self.ends, self.cutoff,
            with_defaults=any(each.from_tape for each in self.terms),
            with_loss=any(each.recovery == "tape" for each in self.terms),
            extension=max(changes, default=None),
        )  # fmt: skip
        found = list(whole.findings)
        self.days_known |= whole.loans.has("days_in_arrears")
        parts, threads = whole.parts(SIZE), self.threads or os.cpu_count() or 1
        alone = len(parts) == 1
        work = partial(
            worked_out, whole, terms=self.terms, curves=self.curves, summing=not has_errors([*self.findings, *found]),
            threads=threads if alone else 1, progress=tally.of_part if alone else lambda: None,
        )  # fmt: skip
        resets: list[dict[str, tuple[int, int]]] = [{} for _ in self.terms]
        for _, part in in_order(work, parts, 1 if alone else threads):
            found += part.findings
            if part.loans or alone:
                self._take(part, resets)
            tally.add(0 if alone else part.loans * self.passes)
        for assumed, needed in zip(self.terms, resets, strict=True):
            found += fixings_of(needed, whole, assumed, self.curves)[1]
        for sums in self.sums:
            found += too_many(len(sums.by_cell), len(sums.cohorts), len(self.ends))
        self.findings += merged(found, listed=None)

    def _take(self, part: Part, resets: list[dict[str, tuple[int, int]]]) -> None:
        """Add what remains of a part to the group, and the months from and to which it needs fixings to `resets`."""
        self.balance += part.balance
        self.charge_offs += part.charge_offs
        self.charged_off += part.charged_off
        self.beyond_horizon += part.beyond_horizon
        for sums, needed, added in zip(self.sums, resets, part.sums, strict=True):
            sums.add(added)
            for name, (first, last) in added.resets.items():
                before = needed.get(name, NEVER)
                needed[name] = (min(first, before[0]), max(last, before[1]))

    def effects(self, assumed: Behaviour, number: int) -> Iterator[Finding]:
        """What a scenario that shares the sums of that number says and does not find in these loans."""
        sums = self.sums[number]
        seen = Seen(sums.by_cell, tuple(sums.index), len(self.ends), self.charge_offs, self.days_known)
        return effect_findings(seen, assumed)

    def flows(self, assumed: Behaviour, number: int) -> tuple[Thinned, Floats | None]:
        """Flows under a scenario that shares the sums of that number; with roll rates also the balances by state [t, state]."""
        sums, months = self.sums[number], len(self.ends)
        if not sums.by_cell:
            return Thinned(np.zeros((len(Flow), months)), np.zeros(months), 0.0, 0.0), None
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
        columns = [Column.DEFAULT, Column.DRAWN, Column.SALVAGE, Column.EXCESS]
        exposure, drawn, salvage, excess = sum((part[columns, :-1].sum(axis=1) for part in known), np.zeros(4))
        exposure += drawn
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
