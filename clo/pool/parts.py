"""A part of a batch of loans on its way to sums: read, put into cells, its contracts summed; nothing of a loan remains.

Parts know nothing of each other, so they are worked out on threads, and memory holds the columns read of a few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.curves import Curves
from clo.findings import Finding, has_errors
from clo.pool.cells import Cell, assign, too_many
from clo.pool.claims import claims_of
from clo.pool.columns import Columns, extended
from clo.pool.contracts import Batch, Contracts
from clo.pool.interest import index_paths
from clo.pool.rate_checks import rate_findings
from clo.pool.summing import NewTerms, contractual_sums

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

SIZE = 131_072
"""Loans of a part. Fixed, and parts are added up in order: the number of threads shows in no bit."""


@dataclass(frozen=True, slots=True)
class PartSums:
    """Contractual sums of a part under one set of terms: of each cell [h, k, t + 1]; resets: first and last
    month whose fixing is needed, by index.
    """

    by_cell: dict[Cell, Floats]
    resets: dict[str, tuple[int, int]]
    index: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What remains of some loans: findings, figures of all of them, and sums for each set of terms (none after an error)."""

    findings: list[Finding]
    loans: int
    balance: float
    charge_offs: int
    charged_off: float
    beyond_horizon: int
    sums: list[PartSums]


def cohorts_of(assumed: Behaviour, months: int) -> tuple[int, ...]:
    """Months in which loans get new terms."""
    if assumed.restructuring is None:
        return ()
    return tuple(int(month) + 1 for month in np.flatnonzero(assumed.restructuring.shares(months)))


def fixings_of(
    resets: Mapping[str, tuple[int, int]], batch: Batch, assumed: Behaviour, curves: Curves
) -> tuple[Floats, list[Finding]]:
    """What each index is at the cut-off and at each month end [x, t + 1], needed from its first reset to its last; findings."""
    ends = batch.ends
    return index_paths(
        list(resets), curves, extended(ends, ends[-1], batch.cutoff)[: len(ends) + 1], batch.cutoff,
        shift=assumed.rate_shifts(resets),
        performance=assumed.performance,
        needed=list(resets.values()),
    )  # fmt: skip


def worked_out(
    batch: Batch, part: Columns, terms: Sequence[Behaviour], curves: Curves, *, summing: bool, threads: int,
    progress: Callable[[], Progress | None],
) -> Part:  # fmt: skip
    """Read a part and sum it under each of the terms. progress: gives the callback of the next sums, whose count starts at 0.

    Findings of curves are left out: what all parts together need of a curve is told once.
    """
    tape, contracts, findings = batch.read(part)
    months = len(batch.ends)
    sums = []
    for assumed in terms:
        assigned = assign(tape, contracts, assumed, batch.cutoff)
        claims, found = claims_of(tape, assumed)
        findings += [*assigned.findings, *too_many(len(assigned.cells), len(cohorts_of(assumed, months)), months), *found]
        resets = {name: (int(first), int(last)) for name, (first, last) in zip(contracts.indices, contracts.resets, strict=True)}
        if assumed.prepayment_incentive is not None:  # reads the index in every month in which somebody may prepay
            resets = dict.fromkeys(resets, (1, min(months, int(contracts.term.max(initial=1)))))
        index, missing = fixings_of(resets, batch, assumed, curves)
        if not has_errors(missing):
            longer = 0 if assumed.restructuring is None else assumed.restructuring.extension
            findings += rate_findings(tape, contracts, curves, index, batch.cutoff, extension=longer)
        if not summing or has_errors(missing) or has_errors(findings):
            sums.append(PartSums({}, resets))
            continue
        new_terms, cohorts = None, cohorts_of(assumed, months)
        if assumed.restructuring is not None and cohorts:
            new_terms = NewTerms(cohorts, assumed.restructuring.extension, assumed.restructuring.rate_cut)
        added = contractual_sums(
            contracts, months, index=index, cell=assigned.codes, cells=len(assigned.cells), known=assumed.from_tape,
            claims=claims, new_terms=new_terms, threads=threads, progress=progress(),
        )  # fmt: skip
        by_cell = {cell: added[:, number] for number, cell in enumerate(assigned.cells)}
        sums.append(PartSums(by_cell, resets, dict(zip(contracts.indices, index, strict=True))))
    return _part(contracts, findings, months, sums)


def _part(contracts: Contracts, findings: list[Finding], months: int, sums: list[PartSums]) -> Part:
    recorded = contracts.default_month > 0
    return Part(
        findings,
        len(contracts.term),
        float(contracts.balance.sum()),
        charge_offs=int(recorded.sum()),
        charged_off=float(np.nansum(contracts.loss[recorded])) if recorded.any() else 0.0,
        beyond_horizon=int((contracts.default_month > months).sum()),
        sums=sums,
    )
