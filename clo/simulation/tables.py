"""What the kernel of the scenarios adds up: of each obligor, what its default takes from each quantity that the program reads.

Axes: i obligor, r row (an obligor's loans in one sub-pool), u row of a part, g sub-pool, h channel (a flow or level, and its
lag), e posting (what a default pays), n input, k payment date, t month of default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.deal.vocabulary import RECOVERED
from clo.pool import recoveries
from clo.pool.separate import QUANTITIES, Separate
from clo.scenarios.kernel import RUN, aligned
from clo.scenarios.model import DefaultModel
from clo.simulation.asking import BALANCE, EVENTS, PRINCIPAL, Asked, Key, asked_of, keys_of
from clo.timeline import Timeline
from clo.waterfall.gathering import LEVELS
from clo.waterfall.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
EXPOSURE, RECOVERABLE, SETOFF = 0, 1, 2
ROUNDING = 1e-12
"""Of an amount: what sums may lack."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """The arguments of `kernel.fill_block` that belong to the deal and its loans; their shapes are said there.

    last [i]: the last month in which an obligor has a balance.
    """

    rows: Ints
    account: Ints
    last: Ints
    shift: Ints
    falls: Floats
    edges: Floats
    rises: Floats
    kind: Ints
    into: Ints
    column: Ints
    factor: Floats
    exposure: Floats
    recoverable: Floats
    setoff: Floats
    share: Floats
    channels: int
    span: int
    parts_of: Ints
    parts: Ints
    read: Ints
    source: Ints
    returned: Floats


class Payments:
    """Months to payment dates."""

    def __init__(self, timeline: Timeline) -> None:
        self.first, self.count, self.months = timeline.first_month, timeline.payments, timeline.months

    def of(self, month: NDArray[np.int64]) -> Ints:
        """The payment that distributes each month (1 is the first), the number of payments where none does."""
        found = np.searchsorted(self.first[1:], month, side="left")
        return np.where(month > self.months, self.count, found).astype(np.int32)

    def summed(self, monthly: Floats, key: Key) -> Floats:
        """A series by month [u, m] as payments read it [u, k]: what fell into their months, or what there was after them."""
        late = np.concatenate((np.zeros((len(monthly), key.lag)), monthly), axis=1)[:, : self.months]
        if key.quantity in LEVELS:
            return np.concatenate((np.zeros((len(late), 1)), late), axis=1)[:, self.first[1:]]
        total = np.concatenate((np.zeros((len(late), 1)), np.cumsum(late, axis=1)), axis=1)
        return np.asarray(total[:, self.first[1:]] - total[:, self.first[:-1]])

    def before(self, monthly: Floats, key: Key) -> Floats:
        """What has fallen into the months before month t of the payment of month t + lag [u, t]; nothing of a level."""
        if key.quantity in LEVELS:
            return np.zeros_like(monthly)
        late = np.concatenate((np.zeros((len(monthly), key.lag)), monthly), axis=1)
        total = np.concatenate((np.zeros((len(late), 1)), np.cumsum(late, axis=1)), axis=1)
        month = np.arange(1, self.months + 1) + key.lag
        begin = np.append(self.first[:-1], 0)[self.of(month)]
        here = np.asarray(total[:, month - 1] - total[:, begin])
        return np.where(self.of(month) < self.count, here, 0.0)


def tables(
    program: Program, timeline: Timeline, assumed: Behaviour, model: DefaultModel, separate: Mapping[str, Iterable[Separate]]
) -> Tables:
    """The tables of a deal; separate: the flows of each sub-pool's obligors, in parts."""
    payments, pools = Payments(timeline), list(separate)
    parts = [(g, part) for g, found in enumerate(separate.values()) for part in found]
    idle = {key for key in keys_of(program) if key.quantity not in EVENTS and all(_still(part, key) for _, part in parts)}
    asked = asked_of(program, pools, idle, repaid=all(_repaid(part) for _, part in parts))
    owner = np.concatenate([part.owner for _, part in parts])
    order = np.argsort(owner, kind="stable")
    account = np.concatenate([np.full(len(part.owner), asked.account[g], dtype=np.int32) for g, part in parts])
    exposure, recoverable, setoff = (
        np.ascontiguousarray(np.concatenate(found)[order])
        for found in zip(*((part.exposure, part.recoverable, part.setoff) for _, part in parts), strict=True)
    )
    share = np.divide(recoverable.sum(axis=1), exposure.sum(axis=1), out=np.zeros(len(order)), where=exposure.sum(axis=1) > 0.0)
    alike = bool((np.abs(recoverable - share[:, None] * exposure) <= ROUNDING * exposure).all())
    rows = np.searchsorted(owner[order], np.arange(len(model.names) + 1)).astype(np.int32)
    nothing = np.zeros((0, 0))
    span = -(-(payments.count + 1) * len(asked.channels) // RUN) * RUN
    return Tables(
        rows, account[order], _last(exposure, rows), *_moves([part for _, part in parts], asked.channels, payments, order, span),
        *_postings(asked, payments, assumed), exposure, nothing if alike else recoverable, setoff if setoff.any() else nothing,
        share, len(asked.channels), span, asked.parts_of, asked.parts, asked.read, asked.source, _returned(payments, assumed),
    )  # fmt: skip


def _still(part: Separate, key: Key) -> bool:
    """Whether nothing is ever due of a quantity; nobody is in arrears before a default."""
    return key.quantity == "arrears" or not (_of(part.quiet, key).any() or _of(part.until, key).any())


def _repaid(part: Separate) -> bool:
    """Whether principal is what the balance falls by, and a default takes all that is left of it."""
    principal, balance = _of(part.until, PRINCIPAL), _of(part.until, BALANCE)
    fallen = np.abs(principal - (part.exposure - balance)) <= ROUNDING * part.exposure[:, :1]
    return bool(fallen.all()) and np.array_equal(part.quiet, part.until)


def _moves(
    parts: Sequence[Separate], keys: Sequence[Key], payments: Payments, order: NDArray[np.int64], span: int
) -> tuple[Ints, Floats, Floats, Floats]:
    """shift [h, t]; falls, edges and rises, flat; span: numbers to a row of falls and rises."""
    months = np.arange(1, payments.months + 1)
    falls = _stacked([[payments.summed(_of(part.quiet, key), key) for key in keys] for part in parts], order)
    until = _stacked([[payments.summed(_of(part.until, key), key) for key in keys] for part in parts], order)
    edges = _stacked([[payments.before(_of(part.until, key), key) for key in keys] for part in parts], order)
    within = bool(edges.any())
    shift = np.array([payments.of(months + key.lag) for key in keys], dtype=np.int32).reshape(len(keys), len(months))
    for h in range(len(keys)):
        inside = shift[h] < payments.count
        edges[:, inside, h] -= falls[:, shift[h, inside], h]
    if len(keys) and (shift == shift[0]).all():
        shift = shift[:1]
    rises = until - falls
    nothing = np.zeros(0)
    return shift, _laid(falls, span), edges.ravel() if within else nothing, _laid(rises, span) if rises.any() else nothing


def _laid(rows: Floats, span: int) -> Floats:
    """Rows [r, k, h] flat, each from the start of a cache line on."""
    found = aligned(len(rows) * span)
    found.reshape(len(rows), span)[:, : rows[0].size] = rows.reshape(len(rows), -1)
    return found


def _of(series: Floats, key: Key) -> Floats:
    return np.asarray(series[QUANTITIES.index(key.quantity)])


def _stacked(parts: list[list[Floats]], order: NDArray[np.int64]) -> Floats:
    """By part and channel [u, k] to rows in order [r, k, h]."""
    if not parts[0]:
        return np.zeros((len(order), 1, 0))
    return np.ascontiguousarray(np.concatenate([np.stack(part, axis=2) for part in parts])[order])


def _last(exposure: Floats, rows: Ints) -> Ints:
    """The last month in which an obligor has a balance [i], 0 for none."""
    months = np.arange(1, exposure.shape[1] + 1)
    of_row = np.where(exposure > 0.0, months, 0).max(axis=1, initial=0)
    padded = np.append(of_row, 0)
    found = np.maximum.reduceat(padded, np.minimum(rows[:-1], len(of_row)))
    return np.where(np.diff(rows) > 0, found, 0).astype(np.int32)


def _reach(assumed: Behaviour, months: int) -> Floats:
    """The share of a month's cash that is not lost with the servicer [t], 0 after the last month."""
    failure = assumed.servicer_failure
    kept = np.ones(months) if failure is None else 1.0 - failure.shares(months)
    return np.append(kept, 0.0)


def _arrivals(payments: Payments, assumed: Behaviour, reach: Floats) -> list[tuple[int, Floats]]:
    """When what is recovered of a default arrives: months after it, and what part of it comes then, by month of default [t]."""
    month = np.arange(1, payments.months + 1)
    found = []
    for number, share in enumerate(assumed.recovery_timing or (1.0,)):
        lag = (assumed.recovery_lag or 0) + number
        arrives = np.minimum(month + lag, payments.months + 1) - 1
        found.append((lag, share * (1.0 - (assumed.recovery_cost or 0.0)) * reach[arrives]))
    return found


def _postings(asked: Asked, payments: Payments, assumed: Behaviour) -> tuple[Ints, Ints, Ints, Floats]:
    """kind and event [e], column and factor [e, t] of every amount that a default pays."""
    month = np.arange(1, payments.months + 1)
    reach = _reach(assumed, payments.months)
    posted: list[tuple[int, int, Ints, Floats]] = []
    for event, key in enumerate(asked.events):
        if key.quantity == "default":
            posted.append((EXPOSURE, event, payments.of(month + key.lag), np.ones(payments.months)))
            continue
        if key.quantity in RECOVERED:
            posted += [(kind, event, column, factor) for kind, column, factor in _by_age(key, payments, assumed)]
            continue
        for lag, factor in _arrivals(payments, assumed, reach):
            posted.append((RECOVERABLE, event, payments.of(month + key.lag + lag), factor))
        if assumed.setoff == "recovered":
            posted.append((SETOFF, event, payments.of(month + key.lag), reach[:-1]))
    shape = len(posted), payments.months
    return (
        np.array([kind for kind, *_ in posted], dtype=np.int32), np.array([event for _, event, *_ in posted], dtype=np.int32),
        np.array([column for *_, column, _ in posted], dtype=np.int32).reshape(shape),
        np.array([factor for *_, factor in posted]).reshape(shape),
    )  # fmt: skip


def _by_age(key: Key, payments: Payments, assumed: Behaviour) -> Iterator[tuple[int, Ints, Floats]]:
    """Kind, column and factor [t] of what comes back of defaults within the months of the key, counted then, or after them."""
    month, every = np.arange(1, payments.months + 1), np.ones(payments.months)
    shares = recoveries.arriving(assumed.recovery_lag or 0, assumed.recovery_timing) * (1.0 - (assumed.recovery_cost or 0.0))
    if key.quantity == "recovered_by":
        yield RECOVERABLE, payments.of(month + key.lag), every * shares[: key.lag + 1].sum()
        if assumed.setoff == "recovered":
            yield SETOFF, payments.of(month + key.lag), every
        return
    later = [lag for lag in range(key.lag + 1, len(shares)) if shares[lag]]
    for lag in later or [0]:  # an event without a posting would be read as the default itself
        yield RECOVERABLE, payments.of(month + lag), every * (shares[lag] if later else 0.0)


def _returned(payments: Payments, assumed: Behaviour) -> Floats:
    """The part of what is recoverable, and of what is set off, that borrowers pay in time, by month of default [2, t]."""
    within = np.append(np.ones(payments.months), 0.0)
    recovered = np.sum([factor for _, factor in _arrivals(payments, assumed, within)], axis=0)
    return np.stack((recovered, within[:-1] * float(assumed.setoff == "recovered")))


def runs(thresholds: Floats) -> tuple[Floats, Floats]:
    """Thresholds [i, t] as `kernel.months_of` takes them: to whole runs of months, and the last of each run, to whole lines."""
    more = RUN - thresholds.shape[1] % RUN
    padded = np.concatenate((thresholds, np.full((len(thresholds), more), np.inf)), axis=1)
    lasts = padded[:, RUN - 1 :: RUN]
    beyond = np.full((len(thresholds), -lasts.shape[1] % RUN), np.inf)
    return padded, np.concatenate((lasts, beyond), axis=1)
