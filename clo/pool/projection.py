"""What the borrowers of a pool pay, month by month: contractual sums from the kernel times survival.

All loans of a cell (a group, or its loans recorded as defaulting) share one default and one prepayment curve, so their
expected flows are the survival of the cell times the sum of their contractual schedules. The kernel therefore sums
schedules once, and any number of assumptions reuse the sums.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.assumptions import Assumptions
from clo.findings import Finding, InputError, has_errors
from clo.pool import kernel
from clo.pool.amortisation import amortise
from clo.pool.columns import Floats, Tape
from clo.pool.contracts import Contracts, read_contracts
from clo.pool.kernel import Column
from clo.timeline import Days, as_days, month_index

__all__ = ["Flow", "PoolFlows", "amortise", "project"]

CHUNK = 32_768
"""Loans in one kernel call. Fixed, and chunks are added up in order: the number of threads shows in no bit."""

KERNELS = (kernel.add_monthly_loans,)
"""What is compiled on the first run of plain loans."""

PERFORMING, DEFAULTING = 0, 1


class Chunk(NamedTuple):
    """Loans of one kernel call: where they stand in the group, where among those as plain (or not) as they are."""

    rows: slice | NDArray[np.intp]
    own: slice
    plain: bool

    @property
    def size(self) -> int:
        return int(self.own.stop - self.own.start)


class Flow(IntEnum):
    """Columns of `result.pool`, in order; first axis of `PoolFlows.amounts`."""

    opening = 0
    interest = 1
    scheduled_principal = 2
    prepayment = 3
    default = 4
    recovery = 5
    guarantee_paid = 6
    closing = 7


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoolFlows:
    """What a pool pays. k column (Flow), g group, t month, s scenario.

    amounts [k, g, t, s]: in the tape's currency, all >= 0, closing = opening - default - scheduled_principal -
    prepayment. period_ends [t]. lost_recovery [g, s]: recoveries that would come after the last month, and are lost.
    outstanding [g, s]: balance after the last month. realised: with defaults from the tape, one row a group: charge_offs
    (loans with a default date), modelled (those that default within the months), charged_off (the recorded loss of all),
    default (modelled exposure at the date), loss (the exposure less what the recorded loss leaves of it), excess (recorded
    loss beyond the exposure), beyond_horizon (loans whose default comes after the last month: in charge_offs and
    charged_off, in none of the modelled figures; without any, charged_off = loss + excess).
    """

    groups: tuple[str, ...]
    period_ends: Days
    amounts: Floats
    lost_recovery: Floats
    outstanding: Floats
    findings: tuple[Finding, ...] = ()
    realised: pd.DataFrame | None = None

    def __repr__(self) -> str:
        months, scenarios = self.amounts.shape[2:]
        return f"<PoolFlows {', '.join(self.groups)}: {months} months, {scenarios} scenario{'s' if scenarios != 1 else ''}>"

    def to_frame(self, scenario: int = 0) -> pd.DataFrame:
        """One row per month and group: period_end, group, then the columns of Flow."""
        months, groups = len(self.period_ends), len(self.groups)
        columns: dict[str, Any] = {
            "period_end": np.repeat(self.period_ends.astype("datetime64[s]"), groups),
            "group": np.tile(np.asarray(self.groups, dtype=object), months),
        }
        for flow in Flow:
            columns[flow.name] = self.amounts[flow, :, :, scenario].T.ravel()
        return pd.DataFrame(columns)

    def _repr_html_(self) -> str:
        note = f"<p>{len(self.groups)} groups, {len(self.period_ends)} months, {self.amounts.shape[3]} scenarios; the first:</p>"
        return note + str(self.to_frame().to_html(max_rows=24, float_format=lambda x: f"{x:,.0f}", index=False))


def project(
    pools: Mapping[str, Tape | pd.DataFrame],
    assumptions: Assumptions | Sequence[Assumptions],
    *,
    period_ends: Any,
    cutoff: Any,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PoolFlows:
    """Expected monthly flows of each group of loans under each of the assumptions.

    pools: group name -> Loans. period_ends: the ends of the monthly collection periods [t], the first at most one month
    after the cut-off. progress(done, total) is called in loans; an exception it raises stops the run.
    Raises InputError with every finding when loans cannot be projected or the dates are not monthly.
    Source of the order of a month: SIFMA Standard Formulas, cash flows with defaults and prepayments; see Assumptions.
    """
    scenarios = [assumptions] if isinstance(assumptions, Assumptions) else list(assumptions)
    ends, start = as_days(period_ends), as_days([cutoff])[0]
    findings = [*_date_findings(ends, start), *dict.fromkeys(f for each in scenarios for f in each.findings(len(ends)))]
    if not scenarios:
        findings.append(Finding("E-P041", "error", "no assumptions are given", rule="at least one", field="assumptions"))
    if has_errors(findings):
        raise InputError(findings)

    need_tape = any(each.defaults == "tape" for each in scenarios)
    need_loss = any(each.recovery == "tape" for each in scenarios)
    groups = tuple(pools)
    contracts = []
    for group in groups:
        read, found = read_contracts(pools[group], ends, start, with_defaults=need_tape, with_loss=need_loss)
        contracts.append(read)
        findings += found
    if has_errors(findings):
        raise InputError(findings)

    sums: dict[str, list[Floats]] = {}
    for defaults in dict.fromkeys(each.defaults for each in scenarios):
        known = defaults == "tape"
        sums[defaults] = _contractual(contracts, len(ends), known=known, threads=threads, progress=progress)
    amounts = np.zeros((len(Flow), len(groups), len(ends), len(scenarios)))
    lost, outstanding = np.zeros((2, len(groups), len(scenarios)))
    for s, each in enumerate(scenarios):
        for g in range(len(groups)):
            amounts[:, g, :, s], lost[g, s], outstanding[g, s] = _expected(sums[each.defaults][g], each)
    realised = _realised(groups, contracts, sums["tape"]) if need_tape else None
    return PoolFlows(groups, ends, amounts, lost, outstanding, tuple(findings), realised)


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


def _contractual(
    contracts: Sequence[Contracts], months: int, *, known: bool, threads: int | None, progress: Callable[[int, int], None] | None
) -> list[Floats]:
    """Contractual sums of each group, [c, k, t]; t has one month more than the horizon."""
    jobs = [(g, chunk) for g, loans in enumerate(contracts) for chunk in _chunks(loans)]
    cells = DEFAULTING + 1 if known else 1
    sums = [np.zeros((cells, len(Column), months + 1)) for _ in contracts]
    total, done = sum(chunk.size for _, chunk in jobs), 0

    def run(job: tuple[int, Chunk]) -> Floats:
        g, chunk = job
        out = np.zeros_like(sums[g])
        _add_chunk(contracts[g], chunk, known, out)
        return out

    executor = ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1)
    try:
        for (g, chunk), part in zip(jobs, executor.map(run, jobs), strict=True):
            sums[g] += part
            done += chunk.size
            if progress is not None:
                progress(done, total)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    return sums


def _chunks(loans: Contracts) -> Iterator[Chunk]:
    """Positions of the loans of each kernel call: those that are plain, then the others. Slices where all are alike."""
    for plain in (True, False):
        here = loans.plain == plain
        everything = bool(here.all())
        rows = np.zeros(0, dtype=np.intp) if everything else np.flatnonzero(here)
        for begin, end in pairwise([*range(0, int(here.sum()), CHUNK), int(here.sum())]):
            own = slice(begin, end)
            yield Chunk(own if everything else rows[begin:end], own, plain)


def _add_chunk(loans: Contracts, chunk: Chunk, known: bool, out: Floats) -> None:
    rows, own = chunk.rows, chunk.own
    balance, rate = np.array(loans.balance[rows]), np.array(loans.rate[rows])  # copies: a frame's arrays are read-only,
    kind, term = np.array(loans.kind[rows]), np.array(loans.term[rows])  # a type of its own to the compiler
    default_month, loss, cell = np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(len(term), dtype=np.int32)
    if known:
        default_month, loss = np.array(loans.default_month[rows]), np.nan_to_num(loans.loss[rows])
        cell = (default_month > 0).astype(np.int32)
    scratch = np.zeros((4, int(term.max()) + kernel.LANES + 2))  # of this thread
    common = balance, rate, kind, term
    if chunk.plain:
        kernel.add_monthly_loans(*common, cell, default_month, loss, scratch[0], out)
        return
    kernel.add_loans(
        *common, loans.grace[own], loans.first[own], loans.step[own], loans.interest_first[own], loans.interest_step[own],
        loans.balloon[own], loans.basis[own], loans.tau, cell, default_month, loss, scratch, out,
    )  # fmt: skip


def _expected(sums: Floats, assumed: Assumptions) -> tuple[Floats, float, float]:
    """Flows [k, t] of one group under one set of assumptions, what is recovered too late, what is outstanding."""
    months = sums.shape[2] - 1
    smm, none = assumed.monthly_prepayment(months), np.zeros(months)
    flows, late, outstanding = np.zeros((len(Flow), months)), 0.0, 0.0
    for cell in range(sums.shape[0]):
        known = cell == DEFAULTING
        q = none if known else assumed.monthly_default(months)
        part = _survive(sums[cell], q, none if known else smm, assumed.order)
        recovered = sums[cell, Column.SALVAGE, :months] if assumed.recovery == "tape" else part[Flow.default] * assumed.recovery
        lag = min(assumed.recovery_lag, months)
        part[Flow.recovery, lag:] = recovered[: months - lag]
        late += float(recovered[months - lag :].sum())
        flows += part
        outstanding += float(part[Flow.closing, -1])
    return flows, late, outstanding


def _survive(cell: Floats, q: Floats, smm: Floats, order: str) -> Floats:
    """Contractual sums [k, t] thinned by default q and prepayment smm, [t] each -> Flow columns [k, t].

    Source: SIFMA Standard Formulas, survival factor = product of (1 - q)(1 - SMM).
    """
    opening, interest, principal, accrued = cell[:4, :-1]
    known = cell[Column.DEFAULT, :-1]
    survival = np.cumprod(np.concatenate(([1.0], (1.0 - q) * (1.0 - smm))))
    at_start, paying = survival[:-1], survival[:-1] * (1.0 - q)
    flows = np.zeros((len(Flow), len(q)))
    flows[Flow.opening] = at_start * opening
    flows[Flow.default] = at_start * (q * opening + known)
    flows[Flow.closing] = survival[1:] * cell[Column.OPENING, 1:]
    if order == "prepayment_first":
        staying = survival[1:]
        earned = np.concatenate(([0.0], accrued[:-1]))  # a prepayment brings the interest earned so far
        flows[Flow.prepayment] = paying * smm * opening
        flows[Flow.interest] = staying * interest + paying * smm * earned
        flows[Flow.scheduled_principal] = staying * principal
    else:
        flows[Flow.prepayment] = paying * smm * cell[Column.OPENING, 1:]
        flows[Flow.interest] = paying * (interest + smm * accrued)
        flows[Flow.scheduled_principal] = paying * principal
    return flows


def _realised(groups: Sequence[str], contracts: Sequence[Contracts], sums: Sequence[Floats]) -> pd.DataFrame:
    rows = []
    for group, loans, cells in zip(groups, contracts, sums, strict=True):
        horizon = cells.shape[2] - 1
        recorded = loans.default_month > 0
        booked = recorded & (loans.default_month <= horizon)
        exposure, salvage, excess = cells[DEFAULTING, [Column.DEFAULT, Column.SALVAGE, Column.EXCESS], :horizon].sum(axis=1)
        rows.append({
            "group": group,
            "charge_offs": int(recorded.sum()),
            "modelled": int(booked.sum()),
            "charged_off": float(np.nansum(loans.loss[recorded])),
            "default": float(exposure),
            "loss": float(exposure - salvage),
            "excess": float(excess),
            "beyond_horizon": int((recorded & ~booked).sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)
