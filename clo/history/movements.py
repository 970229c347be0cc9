"""From one tape to the next: what moved the balance of each loan, in amounts that foot.

opening + opened + drawn + returned - scheduled - prepaid - repaid - repurchased - defaulted - vanished + other = closing.
Balances are those in the pool: a loan in default or gone has none.

- opened: seen for the first time. returned: seen before, but not in the pool on the opening date.
- scheduled: principal as due, late payments too. prepaid: more than was due. repaid: the rest of a loan repaid in full early.
- repurchased, defaulted: the opening balance of loans that were bought back or defaulted. vanished: of loans that are gone and
  nothing says why; one that had matured and was not in arrears has paid as scheduled.
- drawn: a rise of a loan with a credit limit. other: any other rise, other reasons to leave, what stated flows leave unexplained.

`scheduled_principal_paid`, `prepaid_principal` and `repurchased_amount` of the closing tape are taken as they stand where the
tapes are a month apart; otherwise `due.principal_due` tells scheduled from prepaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS
from clo.history.due import matured, principal_due
from clo.history.snapshots import Floats, Ints, Mask, Snapshot, month_number
from clo.history.standing import ABSENT, DEFAULT, LEFT, REPAID, REPURCHASED
from clo.schema import ACCOUNT_STATUSES

SIGNS: Mapping[str, int] = MappingProxyType({
    "opened": 1, "drawn": 1, "returned": 1, "scheduled": -1, "prepaid": -1, "repaid": -1, "repurchased": -1, "defaulted": -1,
    "vanished": -1, "other": 1,
})  # fmt: skip
"""What moves a balance, and which way it counts: opening + the sum of sign x amount = closing."""
MEMO = ("restructured", "recovered")
"""Told beside the balance: opening balance of loans that got new terms, and cash recovered on defaults."""
ROUNDING_SHARE = 0.01
"""An excess over the instalment of up to this share of it, or one currency unit, is rounding and no prepayment."""
_RESTRUCTURED = tuple(ACCOUNT_STATUSES.index(name) for name in ("RNAR", "RARR"))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two neighbouring tapes with their loans side by side. Arrays by loan on either tape (shape: loans).

    before, after: row on the earlier and on the later tape, -1 where it is not on it. known: loans seen on any earlier tape.
    """

    opening: Snapshot
    closing: Snapshot
    loan: Ints
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    known: Mask

    @property
    def months(self) -> int:
        """Calendar months between the two dates."""
        return month_number(self.closing.date) - month_number(self.opening.date)

    def first(self, name: str) -> NDArray[Any]:
        """A column of the earlier tape by loan; missing where the loan is not on it."""
        return _by_loan(self.opening.column(name), self.before)

    def second(self, name: str) -> NDArray[Any]:
        """A column of the later tape by loan; missing where the loan is not on it."""
        return _by_loan(self.closing.column(name), self.after)

    @cached_property
    def from_state(self) -> NDArray[np.int8]:
        return np.where(self.before >= 0, self.opening.state[self.before], np.int8(ABSENT))

    @cached_property
    def to_state(self) -> NDArray[np.int8]:
        return np.where(self.after >= 0, self.closing.state[self.after], np.int8(ABSENT))

    @cached_property
    def from_balance(self) -> Floats:
        return np.where(self.before >= 0, self.opening.balance[self.before], 0.0)

    @cached_property
    def to_balance(self) -> Floats:
        return np.where(self.after >= 0, self.closing.balance[self.after], 0.0)

    @cached_property
    def was_live(self) -> Mask:
        live: Mask = (self.from_state != ABSENT) & (self.from_state < len(BUCKETS))
        return live

    @cached_property
    def is_live(self) -> Mask:
        live: Mask = (self.to_state != ABSENT) & (self.to_state < len(BUCKETS))
        return live

    @cached_property
    def originator(self) -> Ints:
        """Number of the originator of each loan."""
        return np.where(self.after >= 0, self.closing.originator[self.after], self.opening.originator[self.before])

    @cached_property
    def restructured(self) -> Mask:
        """Loans that got new terms between the dates."""
        day = self.second("restructuring_date")
        dated = (day > self.opening.date) & (day <= self.closing.date)
        told = np.isin(self.second("account_status"), _RESTRUCTURED) & ~np.isin(self.first("account_status"), _RESTRUCTURED)
        fresh: Mask = self.was_live & (dated | told)
        return fresh

    @cached_property
    def lapsed(self) -> Mask:
        """Loans gone from the tape that had matured and were not in arrears: their last instalment was paid."""
        gone = self.was_live & (self.to_state == ABSENT) & (self.from_state == 0)
        done: Mask = gone & matured(self.opening, self.before, self.closing.date)
        return done

    @cached_property
    def vanished(self) -> Mask:
        gone: Mask = self.was_live & (self.to_state == ABSENT) & ~self.lapsed
        return gone

    @cached_property
    def due(self) -> Floats:
        """Principal due between the dates, overdue principal included; NaN where not known, or the loan was not in the pool."""
        owed = np.full(len(self.loan), np.nan)
        at = np.flatnonzero(self.was_live)
        owed[at] = principal_due(self.opening, self.before[at], self.closing.date)
        return owed

    @cached_property
    def recovered(self) -> Floats:
        """Cash recovered between the dates on loans in default: as stated, otherwise the rise of the cumulative amount."""
        rise = self.second("cumulative_recoveries") - np.nan_to_num(self.first("cumulative_recoveries"))
        stated = self.second("recovery_received") if self.months == 1 else np.full(len(self.loan), np.nan)
        cash = np.nan_to_num(np.where(np.isnan(stated), rise, stated))
        return np.where(self.to_state == DEFAULT, cash, 0.0)


def pair(opening: Snapshot, closing: Snapshot, seen: Mask) -> Pair:
    """Two tapes side by side. seen: loans on any tape before the closing one (shape: loans of the history)."""
    place = np.full(len(seen), -1, dtype=np.intp)
    place[closing.loan] = np.arange(len(closing.loan))
    both = place[opening.loan]
    place[opening.loan] = -1
    only = np.flatnonzero(place[closing.loan] >= 0)
    before = np.concatenate((np.arange(len(opening.loan)), np.full(len(only), -1)))
    after = np.concatenate((both, only))
    loan = np.concatenate((opening.loan, closing.loan[only]))
    return Pair(opening, closing, loan, before, after, seen[loan])


def flows(between: Pair) -> dict[str, Floats]:
    """Amounts by loan: opening, those of `SIGNS`, closing, and `MEMO` (each of shape: loans of the pair)."""
    start, end = between.from_balance, between.to_balance
    flow = {name: np.zeros(len(start)) for name in SIGNS}
    stays, ends = between.was_live & between.is_live, between.was_live & ~between.is_live
    fresh = between.is_live & ~between.was_live
    flow["opened"] = np.where(fresh & ~between.known, end, 0.0)
    flow["returned"] = np.where(fresh & between.known, end, 0.0)
    for name, state in (("defaulted", DEFAULT), ("repurchased", REPURCHASED)):
        flow[name] = np.where(ends & (between.to_state == state), start, 0.0)
    flow["vanished"] = np.where(between.vanished, start, 0.0)
    flow["other"] = np.where(ends & (between.to_state == LEFT), -start, 0.0)
    _paid(between, stays, ends & (between.lapsed | (between.to_state == REPAID)), flow)
    memo = {"restructured": np.where(between.restructured, start, 0.0), "recovered": between.recovered}
    return {"opening": start, **flow, "closing": end, **memo}


def _paid(between: Pair, stays: Mask, repaid: Mask, flow: dict[str, Floats]) -> None:
    """Scheduled, prepaid, repaid, drawn and the unexplained rest of loans that stay or were repaid in full."""
    payer = stays | repaid
    fall = np.where(payer, between.from_balance - between.to_balance, 0.0)
    limit = ~np.isnan(between.first("credit_limit")) | ~np.isnan(between.second("credit_limit"))
    flow["drawn"] = np.where(stays & (fall < 0) & limit, -fall, 0.0)
    bought = np.where(stays, np.nan_to_num(_stated(between, "repurchased_amount")), 0.0)
    flow["repurchased"] += bought
    left = np.maximum(fall - bought, 0.0)
    due = np.where(np.isnan(between.due), np.where(repaid, 0.0, left), between.due)
    rounding = np.maximum(1.0, ROUNDING_SHARE * due)
    as_due = np.where((left - due > rounding) | repaid, np.minimum(left, due), left)
    told, ahead = _stated(between, "scheduled_principal_paid"), _stated(between, "prepaid_principal")
    flow["scheduled"] = np.where(payer, np.where(np.isnan(told), as_due, told), 0.0)
    rest = np.maximum(left - flow["scheduled"], 0.0)
    rest = np.where((rest > rounding) | repaid | np.isnan(told), rest, 0.0)
    early = np.where(payer, np.where(np.isnan(ahead), rest, ahead), 0.0)
    flow["prepaid"], flow["repaid"] = np.where(stays, early, 0.0), np.where(repaid, early, 0.0)
    explained = flow["drawn"] - bought - flow["scheduled"] - early
    flow["other"] += np.where(payer, -fall - explained, 0.0)


def _stated(between: Pair, name: str) -> Floats:
    """A flow the later tape states for its period; NaN where it does not, or the period is not the one between the dates."""
    return between.second(name) if between.months == 1 else np.full(len(between.loan), np.nan)


def _by_loan(values: NDArray[Any], at: NDArray[np.intp]) -> NDArray[Any]:
    taken = values[at]
    missing = at < 0
    if values.dtype.kind == "M":
        taken[missing] = np.datetime64("NaT")
    else:
        taken[missing] = np.nan if values.dtype.kind == "f" else -1
    return taken
