"""What the borrowers of a pool pay, month by month: contractual sums from the kernels, thinned by what is assumed.

Loans of a cell share every assumption, so their expected flows are one survival times the sum of their contracts. The
kernels therefore sum contracts once, and scenarios that differ in rates only share the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import STATES
from clo.behaviour.assumptions import Behaviour, short_vectors
from clo.behaviour.recovery import RecoveryBy
from clo.curves import Curves
from clo.findings import Finding, InputError, has_errors
from clo.pool.cells import Cell, assign, share_by_word
from clo.pool.columns import Columns, Tape, extended
from clo.pool.contracts import Contracts, read_contracts
from clo.pool.flows import Flow, PoolFlows, cash
from clo.pool.hazards import hazards_of
from clo.pool.interest import index_paths
from clo.pool.kernel import Column
from clo.pool.rolling import roll
from clo.pool.summing import Claims, NewTerms, contractual_sums
from clo.pool.survival import Thinned, thin
from clo.timeline import Days, as_days, month_index

__all__ = ["Flow", "PoolFlows", "project"]

Floats = NDArray[np.float64]
Pool = Tape | pd.DataFrame | Iterable[Tape]
"""The loans of a group: all of them, or one batch after another."""
PLAIN_TERMS = (
    "cdr", "cpr", "smm", "recovery_lag", "recovery_timing", "recovery_cost", "order", "servicer_failure",
)  # fmt: skip
"""Fields that change no contract and no cell: scenarios that differ in nothing else share their sums."""


def project(
    pools: Mapping[str, Pool],
    assumptions: Behaviour | Sequence[Behaviour],
    *,
    period_ends: Any,
    cutoff: Any,
    curves: Curves | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PoolFlows:
    """Expected monthly flows of each group of loans under each of the assumptions.

    pools: group name -> Loans, a frame of them, or batches of Loans one after another. period_ends: the ends of the monthly
    collection periods [t], the first at most one month after the cut-off. curves: what floating rates follow.
    progress(done, total) is called in loans; an exception it raises stops the run.
    Raises InputError with every finding when loans cannot be projected or the dates are not monthly.
    Source of the order of a month: docs/behaviour.md, after SIFMA Standard Formulas.
    """
    scenarios = [assumptions] if isinstance(assumptions, Behaviour) else list(assumptions)
    ends, start = as_days(period_ends), as_days([cutoff])[0]
    findings = [*_date_findings(ends, start), *dict.fromkeys(f for each in scenarios for f in short_vectors(each, len(ends)))]
    if not scenarios:
        findings.append(Finding("E-P041", "error", "no assumptions are given", rule="at least one", field="assumptions"))
    if has_errors(findings):
        raise InputError(findings)

    terms: dict[str, Behaviour] = {}
    for each in scenarios:
        terms.setdefault(_shared(each), each)
    groups = {name: Group(tuple(terms.values()), ends, start, curves or Curves(), threads) for name in pools}
    sizes = [(groups[name].passes, len(pool) if isinstance(pool, Sized) else 0) for name, pool in pools.items()]
    tally = _Tally(progress, sum(passes * size for passes, size in sizes))
    for name, pool in pools.items():
        for batch in _batches(pool):
            groups[name].add(batch, tally)
        findings += groups[name].findings
    if has_errors(findings):
        raise InputError(findings)

    amounts = np.zeros((len(Flow), len(groups), len(ends), len(scenarios)))
    lost, outstanding = np.zeros((2, len(groups), len(scenarios)))
    states = []
    order = list(terms)
    for s, each in enumerate(scenarios):
        for g, (name, group) in enumerate(groups.items()):
            thinned, by_state = group.flows(each, order.index(_shared(each)))
            amounts[:, g, :, s], lost[g, s], outstanding[g, s] = thinned.flows, thinned.lost, thinned.outstanding
            findings += _short(thinned.short, name)
            if by_state is not None:
                states.append(_state_rows(by_state, name, s, ends))
        if each.servicer_failure is not None:
            amounts[Flow.commingling_loss, ..., s] = cash(amounts[..., s]) * each.servicer_failure.shares(len(ends))
    realised = None
    if any(each.from_tape for each in scenarios):
        realised = pd.DataFrame([group.realised(name) for name, group in groups.items()])
    return PoolFlows(
        tuple(groups), ends, amounts, lost, outstanding, tuple(dict.fromkeys(findings)), realised,
        pd.concat(states, ignore_index=True) if states else None,
    )  # fmt: skip


def _shared(assumed: Behaviour) -> str:
    """What two scenarios have in common if they can use the same sums; a plain recovery rate changes none."""
    drop = {*PLAIN_TERMS, *(("recovery",) if isinstance(assumed.recovery, float) else ())}
    return assumed.model_dump_json(exclude=drop, exclude_none=True)


def _batches(pool: Pool) -> Iterator[Tape | pd.DataFrame]:
    if isinstance(pool, Iterable) and not isinstance(pool, pd.DataFrame):
        yield from pool
    else:
        yield pool


class _Tally:
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
        self.sums = [Sums(cohorts=_cohorts(each, len(self.ends))) for each in self.terms]

    @property
    def passes(self) -> int:
        """How often each loan's contract is worked out."""
        return sum(1 + len(sums.cohorts) for sums in self.sums)

    def add(self, batch: Tape | pd.DataFrame, tally: _Tally) -> None:
        """Read a batch of loans and add its contracts to the sums; with errors, read only."""
        from_tape = any(each.from_tape for each in self.terms)
        with_loss = any(each.recovery == "tape" for each in self.terms)
        changes = [each.restructuring.extension for each in self.terms if each.restructuring is not None]
        contracts, found = read_contracts(
            batch, self.ends, self.cutoff, with_defaults=from_tape, with_loss=with_loss, extension=max(changes, default=None)
        )
        self.findings += found
        tape = Columns.of(batch)
        tape = tape.where(tape.floats("current_balance") != 0.0)
        self.balance += float(contracts.balance.sum())
        if from_tape:
            self._record(contracts)
        for assumed, sums in zip(self.terms, self.sums, strict=True):
            self._sum(tape, contracts, assumed, sums, tally)

    def _sum(self, tape: Columns, contracts: Contracts, assumed: Behaviour, sums: Sums, tally: _Tally) -> None:
        months = len(self.ends)
        assigned = assign(tape, contracts, assumed, self.cutoff)
        claims, found = _claims(tape, assumed)
        shift = assumed.rates or {}
        index, curve_findings = index_paths(
            contracts.indices, self.curves, extended(self.ends, self.ends[-1], self.cutoff)[: months + 1], self.cutoff,
            shift=shift.get("shift", 0.0) if set(shift) <= {"shift"} else shift, performance=assumed.performance,
            needed=None if assumed.prepayment_incentive is not None else contracts.last_reset,
        )  # fmt: skip
        self.findings += [*assigned.findings, *found, *curve_findings]
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


def _cohorts(assumed: Behaviour, months: int) -> tuple[int, ...]:
    """Months in which loans get new terms."""
    if assumed.restructuring is None:
        return ()
    return tuple(int(month) + 1 for month in np.flatnonzero(assumed.restructuring.shares(months)))


def _claims(tape: Columns, assumed: Behaviour) -> tuple[Claims | None, list[Finding]]:
    """What each loan's default is worth beyond its balance, where the scenario asks."""
    findings: list[Finding] = []
    deposit = undrawn = recovery = None
    if assumed.setoff is not None:
        deposit = np.maximum(np.nan_to_num(tape.floats("deposit_setoff", 0.0)), 0.0)
        findings += _without_effect(tape, "setoff", "no loan has a deposit (deposit_setoff)", deposit)
    if assumed.drawn_at_default is not None:
        revolving = tape.look_up("amortisation_type", "", lambda word: word == "revolving", np.bool_)
        unused = np.nan_to_num(tape.floats("credit_limit")) - tape.floats("current_balance")
        undrawn = np.where(revolving, assumed.drawn_at_default * np.maximum(unused, 0.0), 0.0)
        findings += _without_effect(tape, "drawn_at_default", "no loan is a revolving line with something undrawn", undrawn)
    if assumed.recovery == "lgd":
        lgd = tape.floats("lgd")
        findings += tape.hits([(
            ~((lgd >= 0.0) & (lgd <= 1.0)), "E-P085", lgd, "lgd", "loan {id} has lgd {value}",
            "recovery: lgd needs a share from 0 to 1 of every loan", "supply lgd, or give a recovery rate",
        )])  # fmt: skip
        recovery = 1.0 - lgd
    elif isinstance(assumed.recovery, RecoveryBy):
        by = assumed.recovery
        recovery, found = share_by_word(tape, by.by, by.rates, by.other)
        findings += found
    if deposit is None and undrawn is None and recovery is None:
        return None, findings
    return Claims(deposit, undrawn, recovery), findings


def _without_effect(tape: Columns, name: str, why: str, values: Floats) -> Iterator[Finding]:
    if tape.size and not values.any():
        rule, fix = "what is assumed finds loans it applies to", "leave it out, or supply the column"
        yield Finding("W-P088", "warning", f"{name} changes nothing: {why}", rule, fix, file=tape.file, field=name)


def _short(short: float, group: str) -> Iterator[Finding]:
    if short > 0.0:
        message = f"{group}: {short:,.0f} of the defaults assumed finds no balance left to default"
        fix = "default earlier, or less, or say of: loans"
        yield Finding("W-P087", "warning", message, "what defaults is outstanding", fix, field="defaults", who=group)


def _state_rows(by_state: Floats, group: str, scenario: int, ends: Days) -> pd.DataFrame:
    months = len(ends)
    living = [state for state in STATES if state != "default"]
    table = by_state[:, [STATES.index(state) for state in living]]
    return pd.DataFrame({
        "period_end": np.repeat(ends.astype("datetime64[s]"), len(living)),
        "group": group,
        "scenario": scenario,
        "state": np.tile(np.asarray(living, dtype=object), months),
        "balance": table.ravel(),
    })  # fmt: skip


def _date_findings(ends: Days, cutoff: np.datetime64) -> Iterator[Finding]:
    months = month_index(np.concatenate(([cutoff], ends)))
    steps = np.diff(months)
    ordered = ends.size > 0 and bool((np.diff(np.concatenate(([cutoff], ends))) > np.timedelta64(0)).all())
    if not ordered or steps[0] > 1 or bool((steps[1:] != 1).any()):
        shown = ", ".join(str(end) for end in ends[:3])
        yield Finding(
            "E-P040", "error", f"the period ends {shown}, ... after cut-off {cutoff} are not monthly",
            rule="one in each calendar month, in order, the first in the cut-off's month or the next",
            fix="use the collection ends of the deal's timeline", field="period_ends",
        )  # fmt: skip
