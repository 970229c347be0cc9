"""What was lent, in round amounts, and what of it is owed at the cut-off: exactly the amount of the sub-pool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.builder.amounts import Whole, within_limits
from clo.builder.distributions import Sizes
from clo.builder.streams import Draws

NEAR = 1.25
"""A loan within a quarter of a round amount may be of that amount."""

AT_LIMIT = 0.25
"""Units within which a loan is rounded to a limit: half as far as to any other amount, so that none pile up there."""


@dataclass(slots=True)
class _Loans:
    """Loans without a known balance: owed is what of lent is outstanding, rounded. top: the largest that one may owe."""

    lent: Draws
    owed: Whole
    outstanding: Draws
    smallest: int
    top: int

    def put(self, at: NDArray[np.intp], lent: Draws) -> None:
        self.lent[at], self.owed[at] = lent, self._owed(at, lent)

    def _owed(self, at: NDArray[np.intp], lent: Draws) -> Whole:
        return np.clip(np.round(lent * self.outstanding[at]), self.smallest, self.top).astype(np.int64)

    def move(self, at: NDArray[np.intp], short: int, unit: int, spared: int) -> int:
        """One unit more (less) lent on as many of the first of these loans as make up for what is short, and stay within the
        limits with it. Returns what is short then. spared: 1 if none may come to stand at a limit, else 0."""
        lent = self.lent[at] + np.sign(short) * unit
        exact = np.round(lent * self.outstanding[at])
        room = (exact >= self.smallest + spared) & (exact <= self.top - spared) & (exact != self.owed[at])
        at, lent = at[room], lent[room]
        changes = np.abs(self._owed(at, lent) - self.owed[at])
        count = int(np.searchsorted(np.cumsum(changes), abs(short), side="right"))
        self.put(at[:count], lent[:count])
        return short - int(np.sign(short) * changes[:count].sum())

    def take_up(self, at: NDArray[np.intp], short: int) -> None:
        """The odd rest on the first of these loans that has room for all of it, else on as many as it takes."""
        room = self.top - self.owed[at] if short > 0 else self.owed[at] - self.smallest
        if (room >= abs(short)).any():
            at, room = at[room >= abs(short)][:1], room[room >= abs(short)][:1]
        taken = np.clip(abs(short) - (np.cumsum(room) - room), 0, room)
        at, taken = at[taken > 0], taken[taken > 0]
        self.owed[at] += np.sign(short) * taken
        self.lent[at] = np.round(self.owed[at] / self.outstanding[at])


def lent_and_owed(draws: Draws, round_draws: Draws, outstanding: Draws, amount: int, sizes: Sizes) -> tuple[Draws, Whole]:
    """Original and current balances [count], the latter within the limits and adding up to the amount.

    What was lent is a whole number of units, but for the loans that take up the odd rest, the largest that have room for it. The
    largest draws get the known balances. outstanding: share of what was lent that is owed [count], above 0 and at most 1.
    The caller has made sure that the limits leave room.
    """
    known = np.sort(np.array(sizes.known, dtype=np.int64))[::-1]
    order = np.argsort(-draws, kind="stable")
    first, rest = order[: len(known)], np.sort(order[len(known) :])
    owed = np.empty(len(draws), dtype=np.int64)
    lent = np.empty(len(draws))
    owed[first] = known
    lent[first] = np.round(known / outstanding[first])
    if len(rest):
        top = int(min(sizes.largest, *sizes.known)) if sizes.known else int(sizes.largest)
        loans = _drawn(draws[rest], round_draws[rest], outstanding[rest], amount - int(known.sum()), top, sizes)
        owed[rest], lent[rest] = loans.owed, loans.lent
    return lent, owed


def _drawn(draws: Draws, round_draws: Draws, outstanding: Draws, amount: int, top: int, sizes: Sizes) -> _Loans:
    smallest, unit = int(sizes.smallest), int(sizes.unit)
    exact = within_limits(draws, amount, smallest, top, sizes.spread)
    loans = _Loans(exact.copy(), np.zeros(len(draws), dtype=np.int64), outstanding, smallest, top)
    heaped, free = _heaps(exact, round_draws, outstanding, top, sizes)
    at, others = np.flatnonzero(~free), np.flatnonzero(free)
    loans.put(at, heaped[at])
    left = amount - int(loans.owed.sum())
    if not len(others) * smallest <= left <= len(others) * top:
        others, left = np.arange(len(draws)), amount
    if not len(others):
        return loans
    exact = within_limits(draws[others], left, smallest, top, sizes.spread)
    loans.put(others, _in_units(exact, outstanding[others], smallest, top, unit))
    order = others[np.argsort(-loans.owed[others], kind="stable")]
    short = amount - int(loans.owed.sum())
    for spared in (1, 0):
        while short and (moved := loans.move(order, short, unit, spared)) != short:
            short = moved
    if short:
        loans.take_up(order, short)
    return loans


def _heaps(exact: Draws, round_draws: Draws, outstanding: Draws, top: int, sizes: Sizes) -> tuple[Draws, NDArray[np.bool_]]:
    """The round amount next to what was lent [count], and which loans are not of it. A limit is no such amount."""
    if not sizes.heaps:
        return exact, np.ones(len(exact), dtype=np.bool_)
    lent, heaps = exact / outstanding, np.sort(np.array(sizes.heaps, dtype=np.float64))
    nearest = heaps[np.searchsorted(np.sqrt(heaps[1:] * heaps[:-1]), lent)]
    near = np.maximum(nearest / lent, lent / nearest) <= NEAR
    inside = (nearest * outstanding > sizes.smallest + 1) & (nearest * outstanding < top - 1)
    return nearest, ~(near & inside & (round_draws < sizes.heaped))


def _in_units(exact: Draws, outstanding: Draws, smallest: int, top: int, unit: int) -> Draws:
    """What was lent, in whole units of which what is owed is within the limits; in whole currency units where there is none."""
    lowest, highest = np.ceil(smallest / outstanding / unit) * unit, np.floor(top / outstanding / unit) * unit
    lent = exact / outstanding
    inside = np.clip(np.round(lent / unit) * unit, lowest + unit, highest - unit)
    whole = np.where(lent < lowest + AT_LIMIT * unit, lowest, np.where(lent > highest - AT_LIMIT * unit, highest, inside))
    return np.where(lowest <= highest, whole, np.round(lent))
