"""The flows of each obligor alone: as they are without its default, and what its default in any month would take and leave.

For simulations, which add up what obligors do not pay; a scenario of defaults on given dates (`defaults: tape`) is their sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.curves import Curves
from clo.pool.cells import assign
from clo.pool.claims import claims_of
from clo.pool.columns import Columns, Ints
from clo.pool.contracts import Batch, read_contracts
from clo.pool.hazards import Hazards, hazards_of
from clo.pool.kernel import Column
from clo.pool.parts import fixings_of
from clo.pool.summing import Claims, contractual_sums
from clo.pool.thinning import payments
from clo.tape.loans import Loans
from clo.timeline import Days

Floats = NDArray[np.float64]
QUANTITIES = ("interest", "scheduled_principal", "prepayment", "balance")
"""What a pool gives in a month, as a deal collects it, and what is left of it after."""
NEVER = np.datetime64("2261-12-31", "s")
"""A day after every maturity."""
SLICE = 4_096
"""Rows worked out at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Separate:
    """Rows of one sub-pool, each the loans of one obligor that behave alike and end together. q quantity, u row, m month.

    owner [u]: obligor. quiet [q, u, m]: as assumed, if it does not default. until [q, u, m]: in months before its default.
    exposure, recoverable, setoff [u, m]: principal that defaults, what is recovered of it before cost, what is set off, if it
    defaults in month m.
    """

    owner: Ints
    quiet: Floats
    until: Floats
    exposure: Floats
    recoverable: Floats
    setoff: Floats


def separate_flows(
    loans: Loans, obligor: Ints, assumed: Behaviour, ends: Days, cutoff: np.datetime64, curves: Curves
) -> Iterator[Separate]:
    """The loans of a sub-pool, obligor by obligor, in parts; loans and curves have passed a projection already.

    obligor [i]: of each loan with a balance. assumed: `defaults: tape` and all else as in a run; recovery by loan.
    """
    alive = np.flatnonzero(loans.column("current_balance") != 0.0)
    order = np.argsort(obligor, kind="stable")
    starts = np.flatnonzero(np.diff(obligor[order], prepend=-1))
    for begin in range(0, len(starts), SLICE):
        last = starts[begin + SLICE] if begin + SLICE < len(starts) else len(order)
        some = order[starts[begin] : last]
        yield _of_some(loans.rows(alive[some]), obligor[some], assumed, ends, cutoff, curves)


def last_months(loans: Loans, ends: Days, cutoff: np.datetime64) -> Ints:
    """The last month in which each loan with a balance can default [i]: that of its last principal."""
    late = loans.with_columns(default_date=np.full(len(loans), NEVER))
    return read_contracts(late, ends, cutoff, with_defaults=True)[0].default_month


def _of_some(loans: Loans, obligor: Ints, assumed: Behaviour, ends: Days, cutoff: np.datetime64, curves: Curves) -> Separate:
    months = len(ends)
    batch = Batch(loans, ends, cutoff)
    tape, contracts, _ = batch.read(Columns.of(loans))
    nobody = assumed.model_copy(update={"defaults": None, "cdr": 0.0})
    assigned = assign(tape, contracts, nobody, cutoff)
    last = last_months(loans, ends, cutoff)
    kinds, kind = np.unique(np.stack((assigned.codes, last)), axis=1, return_inverse=True)
    pairs, row = np.unique(obligor.astype(np.int64) * kinds.shape[1] + kind, return_inverse=True)
    cell = kinds[0, pairs % kinds.shape[1]]
    claims, _ = claims_of(tape, assumed)
    resets = {name: (int(first), int(last)) for name, (first, last) in zip(contracts.indices, contracts.resets, strict=True)}
    if assumed.prepayment_incentive is not None:
        resets = dict.fromkeys(resets, (1, min(months, int(contracts.term.max(initial=1)))))
    index, _ = fixings_of(resets, batch, assumed, curves)
    sums = contractual_sums(
        contracts, months, index=index, cell=row.astype(np.int32), cells=len(pairs), threads=1,
        claims=claims or Claims(recovery=np.zeros(len(obligor))),
    )  # fmt: skip
    by_name = dict(zip(contracts.indices, index, strict=True))
    by_cell = hazards_of(assigned.cells, nobody, months, 0.0, by_name)
    hazards = Hazards(*(None if part is None else part[cell] for part in by_cell))  # type: ignore[arg-type]
    quiet, _ = _thinned(sums, hazards, assumed)
    until, there = _thinned(sums, hazards._replace(prepayment=np.zeros_like(hazards.prepayment)), assumed)
    drawn, setoff = sums[0, :, Column.DRAWN, :-1] * there, sums[0, :, Column.SETOFF, :-1] * there
    return Separate(
        (pairs // kinds.shape[1]).astype(np.int32), quiet, until, sums[0, :, Column.OPENING, :-1] * there + drawn,
        sums[0, :, Column.RECOVERABLE, :-1] * there, setoff,
    )  # fmt: skip


def _thinned(sums: Floats, hazards: Hazards, assumed: Behaviour) -> tuple[Floats, Floats]:
    """QUANTITIES of each row without any default [q, u, m]; the share of its contract there at the start of a month [u, m]."""
    stays = np.cumprod(hazards.keep, axis=1)
    there = np.concatenate((np.ones((len(stays), 1)), stays[:, :-1]), axis=1)
    paid = payments(sums, there[None], hazards, assumed)
    prepaid, left = paid.prepaid[0], paid.left[0]
    found = np.stack((
        paid.interest[0] + hazards.fee * prepaid,
        paid.principal[0],
        prepaid + hazards.bought * left,
        stays * sums[0, :, Column.OPENING, 1:],
    ))  # fmt: skip
    if assumed.servicer_failure is not None:
        found[:-1] *= 1.0 - assumed.servicer_failure.shares(found.shape[2])
    return found, there
