"""The contractual schedules of a group's loans, summed into cells: the costly part of a projection, done once.

Plain monthly loans go through `kernel`, all others through `terms_kernel`, in chunks of fixed size on threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clo.pool import kernel, terms_kernel
from clo.pool.columns import Floats, Ints
from clo.pool.contracts import Contracts
from clo.pool.instalments import plain_terms
from clo.pool.kernel import Column

CHUNK = 32_768
"""Loans in one kernel call. Fixed, and chunks are added up in order: the number of threads shows in no bit."""


_NOTHING: Floats = np.zeros(0)
_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """What a default is worth, per loan of the group [i]; None where the scenario does not need it.

    deposit: set off first, up to the claim. undrawn: what is drawn of a line at default, already times drawn_at_default.
    recovery: the share of the rest that is recovered.
    """

    deposit: Floats | None = None
    undrawn: Floats | None = None
    recovery: Floats | None = None


@dataclass(frozen=True, slots=True)
class NewTerms:
    """A change of terms: the months (1-based) at whose start loans may get them, months more to pay, annual rate less."""

    months: tuple[int, ...]
    extension: int
    rate_cut: float


class _Chunk(NamedTuple):
    """Loans of one kernel call: where they stand in the group, where among those as plain (or not) as they are."""

    rows: slice | NDArray[np.intp]
    own: slice
    plain: bool
    cohort: int

    @property
    def size(self) -> int:
        return int(self.own.stop - self.own.start)


def contractual_sums(
    loans: Contracts,
    months: int,
    *,
    index: Floats,
    cell: Ints | None = None,
    cells: int = 1,
    known: bool = False,
    claims: Claims | None = None,
    new_terms: NewTerms | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Floats:
    """What the loans owe, [cohort, cell, column, t] with Column for columns and one month more than the horizon.

    Cohort 0 keeps its terms; cohort 1 + j has new terms from the start of month new_terms.months[j]. Before that month it has
    nothing but ACCRUED of the month before, the interest it then owes.
    index [x, t]: fixing of each of `loans.indices` at the end of month t, t = 0 the cut-off. cell: each loan's cell [i] (0
    throughout, without). known: loans are cut short in their default month. claims: fills SETOFF, DRAWN and RECOVERABLE, as if
    all loans with a balance defaulted in month t; with `known`, for those that do default in it.
    progress(done, total) is called in loans, once for each cohort; an exception it raises stops the run.
    Raises ValueError for new terms that extend loans beyond what they were read for.
    """
    changes = new_terms.months if new_terms else ()
    longest = int(loans.term.max(initial=1)) + (new_terms.extension if new_terms else 0)
    if longest > loans.tau.shape[1]:
        read = loans.tau.shape[1]
        raise ValueError(f"loans last up to {longest} months and were read for {read}: give read_contracts the extension")
    jobs = [chunk for cohort in range(1 + len(changes)) for chunk in _chunks(loans, cohort)]
    sums = np.zeros((1 + len(changes), cells, len(Column), months + 1))
    every_cell = np.zeros(len(loans.term), dtype=np.int32) if cell is None else cell

    def run(chunk: _Chunk) -> Floats:
        changes = new_terms if chunk.cohort else None
        return _sums_of(loans, chunk, months, index, every_cell, cells, known, claims, changes, longest)

    total, done = sum(chunk.size for chunk in jobs), 0
    for chunk, part in in_order(run, jobs, threads or os.cpu_count() or 1):
        sums[chunk.cohort, ..., months + 1 - part.shape[2] :] += part
        done += chunk.size
        if progress is not None:
            progress(done, total)
    return sums


def in_order(run: Callable[[_Job], _Done], jobs: Iterable[_Job], threads: int) -> Iterator[tuple[_Job, _Done]]:
    """Each job with its result, in order; a few jobs ahead at most, so that memory does not grow with their number."""
    if threads == 1:
        yield from ((job, run(job)) for job in jobs)
        return
    executor = ThreadPoolExecutor(max_workers=threads)
    waiting: deque[tuple[_Job, Future[_Done]]] = deque()
    try:
        for job in jobs:
            waiting.append((job, executor.submit(run, job)))
            if len(waiting) > 2 * threads:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _chunks(loans: Contracts, cohort: int) -> Iterator[_Chunk]:
    """Positions of the loans of each kernel call: those that are plain, then the others. Slices where all are alike."""
    for plain in (True, False):
        here = loans.plain == plain
        everything = bool(here.all())
        rows = np.zeros(0, dtype=np.intp) if everything else np.flatnonzero(here)
        for begin, end in pairwise([*range(0, int(here.sum()), CHUNK), int(here.sum())]):
            own = slice(begin, end)
            yield _Chunk(own if everything else rows[begin:end], own, plain, cohort)


def _sums_of(
    loans: Contracts, chunk: _Chunk, months: int, index: Floats, cell: Ints, cells: int, known: bool, claims: Claims | None,
    new_terms: NewTerms | None, longest: int,
) -> Floats:  # fmt: skip
    """Sums of one chunk [cell, column, t], of the last months only where a cohort of plain loans has nothing before."""
    rows = chunk.rows
    balance, rate = np.array(loans.balance[rows]), np.array(loans.rate[rows])  # copies: a frame's arrays are read-only,
    kind, term = np.array(loans.kind[rows]), np.array(loans.term[rows])  # a type of its own to the compiler
    of_cell = np.array(cell[rows], dtype=np.int32)
    default_month, loss = np.zeros(0, dtype=np.int32), _NOTHING
    if known:
        default_month, loss = np.array(loans.default_month[rows]), np.nan_to_num(loans.loss[rows])
    changed, extension, cut = 0, 0, 0.0
    if new_terms is not None:
        changed, extension, cut = new_terms.months[chunk.cohort - 1], new_terms.extension, new_terms.rate_cut
    if chunk.plain and claims is None:
        past = max(changed - 1, 0)
        out = np.zeros((cells, len(Column), months + 1 - past))
        kernel.add_monthly_loans(
            balance, rate, kind, term, of_cell, default_month, loss, past, extension, cut,
            np.zeros(longest + kernel.LANES + 2), out,
        )  # fmt: skip
        return out
    terms = plain_terms(chunk.size) if chunk.plain else loans.terms[chunk.own]
    deposit = drawn = recovery = _NOTHING
    if claims is not None:
        deposit, drawn, recovery = (
            np.zeros(chunk.size) if values is None else np.array(values[rows], dtype=np.float64)
            for values in (claims.deposit, claims.undrawn, claims.recovery)
        )
    out = np.zeros((cells, len(Column), months + 1))
    terms_kernel.add_loans(
        balance, rate, kind, term, of_cell, terms, loans.entries, loans.tau, index, changed, extension, cut,
        default_month, loss, deposit, drawn, recovery, np.zeros((6, longest + 1)), out,
    )  # fmt: skip
    return out
