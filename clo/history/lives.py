"""How long loans were watched and how that ended: what survival curves and static pools are estimated from.

A single tape tells of a loan by its dates: default, redemption, repurchase, and those may lie after the cut-off (`realised`). A
history tells by the tapes it is on. What a loan does after its first end is not followed.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS
from clo.findings import InputError
from clo.history.findings import history_finding
from clo.history.history import History
from clo.history.movements import Pair
from clo.history.snapshots import Floats, Mask
from clo.history.standing import DEFAULT, REPAID, standing
from clo.tape.loans import Loans
from clo.timeline import Days, as_days, day_of_month, month_end, month_index, on_day

Ends = Literal["maturity", "recorded"]
Unseen = Literal["error", "no_defaults"]
WATCHED, DEFAULTED, PREPAID, GONE = range(4)
"""How it ended: still there, default, repaid before maturity, or gone otherwise (matured, repurchased, vanished)."""


@dataclass(frozen=True, eq=False)
class Lives:
    """Arrays by loan (shape: loans), dates as datetime64[D].

    origination, maturity: NaT where unknown. first: the cut-off date from which it was watched, NaT where it never was in the
    pool. last: the day its watch ended. end: how, as above. late: defaults after maturity, booked on the day of maturity.
    original: original balance. frame: columns to weight loans by, and to tell them apart by.
    """

    origination: Days
    maturity: Days
    first: Days
    last: Days
    end: NDArray[np.int8]
    late: Mask
    original: Floats
    frame: pd.DataFrame

    def age_at_first(self) -> Floats:
        """Calendar months from origination to the first date; NaN without them."""
        return _months(self.origination, self.first)

    def months_watched(self) -> Floats:
        """The month after its first date in which its watch ended: 1 is the first, 0 or less on or before that date."""
        days = months_after(self.last, self.first)
        return np.where(np.isnat(self.last) | np.isnat(self.first), np.nan, days)


def months_after(dates: Days, start: Days) -> NDArray[np.int64]:
    """The collection month a date falls in, counted from a cut-off date: months end at month ends after one, else on its day."""
    at_end = start == month_end(month_index(start))
    whole = month_index(dates) - month_index(start)
    beyond = ~at_end & (dates > on_day(month_index(dates), np.maximum(day_of_month(start), 1)))
    return np.asarray(whole + beyond, dtype=np.int64)


def lives(watched: Loans | History, *, exits: Ends = "maturity", until: datetime.date | None = None) -> Lives:
    """How long each loan was watched.

    exits: of a single tape, whether a loan without another end is gone at maturity, or only by a recorded date; a history shows
    when a loan is gone. until: the day outcomes are known to, for a single tape; else the later of its cut-off and the last date
    of default, redemption or repurchase on it.
    """
    if isinstance(watched, History):
        if until is not None:
            raise ValueError("a history is known to its last tape: until goes with a single tape")
        return _of_history(watched)
    return _of_tape(watched, exits, until)


def _of_tape(loans: Loans, exits: Ends, until: datetime.date | None) -> Lives:
    names = ("origination_date", "maturity_date", "default_date", "redemption_date", "repurchase_date")
    origination, maturity, default, redemption, repurchase = (as_days(loans.column(name)) for name in names)
    cutoff, stop = np.datetime64(loans.cutoff), known_until(loans, until)
    state, nat, size = standing(loans)[0], np.datetime64("NaT", "D"), len(loans)
    overdue = (state < len(BUCKETS)) & (maturity <= cutoff)
    expiry = np.where(overdue | (exits == "recorded"), nat, maturity)
    gone, defaulted = np.full(size, GONE, dtype=np.int8), np.full(size, DEFAULTED, dtype=np.int8)
    last, end = np.full(size, stop), np.full(size, WATCHED, dtype=np.int8)
    _earlier(last, end, np.where(state > DEFAULT, cutoff, nat), gone)
    _earlier(last, end, expiry, gone)
    _earlier(last, end, repurchase, gone)
    _earlier(last, end, redemption, np.where(redemption < maturity, np.int8(PREPAID), np.int8(GONE)))
    late = (default > expiry) & (default <= stop)
    _earlier(last, end, np.where(late, expiry, default), defaulted)
    first = np.where(np.isnat(default) & (state == DEFAULT), nat, cutoff)
    return Lives(origination, maturity, first, last, end, late, loans.column("original_balance"), loans.frame)


def known_until(loans: Loans, until: datetime.date | None = None) -> np.datetime64:
    """The day a tape's outcomes are known to: `until`, or the later of its cut-off and the last date of an outcome on it."""
    if until is not None:
        return np.datetime64(until)
    dates = np.concatenate([as_days(loans.column(name)) for name in ("default_date", "redemption_date", "repurchase_date")])
    latest: datetime.date = np.fmax.reduce(dates).item() or loans.cutoff
    return np.datetime64(max(latest, loans.cutoff))


def _earlier(last: Days, end: NDArray[np.int8], dates: Days, kind: NDArray[np.int8]) -> None:
    """Takes a date as the end of the watch where it is not later than the one before: what is given last wins a tie."""
    sooner = dates <= last
    last[sooner], end[sooner] = dates[sooner], kind[sooner]


def _of_history(history: History) -> Lives:
    size = history.size
    nat = np.datetime64("NaT", "D")
    first, last = np.full(size, nat), np.full(size, nat)
    origination, maturity = np.full(size, nat), np.full(size, nat)
    original = np.full(size, np.nan)
    end = np.full(size, WATCHED, dtype=np.int8)
    for tape in reversed(history.snapshots):  # what the first tape says of a loan stands
        origination[tape.loan], maturity[tape.loan] = tape.column("origination_date"), tape.column("maturity_date")
        original[tape.loan] = tape.column("original_balance")
        first[tape.loan[tape.live]] = tape.date
    for between in history.pairs():
        _follow(between, last, end)
    final = history.snapshots[-1]
    there = final.loan[final.live]
    there = there[end[there] == WATCHED]
    last[there] = final.date
    frame = pd.DataFrame({"original_balance": original, **_words(history)})
    return Lives(origination, maturity, first, last, end, np.zeros(size, dtype=bool), original, frame)


def _follow(between: Pair, last: Days, end: NDArray[np.int8]) -> None:
    """Notes the ends between two tapes: on their own date if that lies between them, else on the later cut-off date."""
    ending = between.was_live & ~between.is_live & (end[between.loan] == WATCHED)
    gone = between.loan[ending]
    state, day = between.to_state[ending], np.full(len(gone), between.closing.date)
    for kind, name in ((DEFAULT, "default_date"), (REPAID, "redemption_date")):
        dates = between.second(name)[ending]
        own = (state == kind) & (dates > between.opening.date) & (dates <= between.closing.date)
        day[own] = dates[own]
    vanished = between.vanished[ending]
    day[vanished] = between.opening.date
    early = (state == REPAID) & (between.first("maturity_date")[ending] > day)
    last[gone] = day
    end[gone] = np.where(state == DEFAULT, DEFAULTED, np.where(early, PREPAID, GONE))


def _words(history: History) -> dict[str, NDArray[Any]]:
    """Originator and kept columns by loan, as the first tape with the loan has them."""
    words: dict[str, NDArray[Any]] = {"originator_id": np.full(history.size, None, dtype=object)}
    names = np.array(history.originators, dtype=object)
    for name in history.snapshots[0].words:
        words[name] = np.full(history.size, None, dtype=object)
    for tape in reversed(history.snapshots):
        words["originator_id"][tape.loan] = names[tape.originator]
        for name, values in tape.words.items():
            words[name][tape.loan] = np.asarray(values.astype(object))
    return words


def check_seen(seen: Mask, unseen: Unseen, since: str) -> None:
    """Refuses a scenario with months in which nobody was at risk, unless it is said that nobody defaults in them.

    seen: by month. Raises InputError for such months; ValueError for another word.
    """
    if unseen not in get_args(Unseen):
        raise ValueError(f"unseen {unseen!r} is neither 'error' nor 'no_defaults'")
    empty = np.flatnonzero(~seen) + 1
    if len(empty) and unseen == "error":
        said = f"nobody was at risk in {len(empty):,} of the first {len(seen):,} months, first month {empty[0]:,} since {since}"
        raise InputError([history_finding("E-H036", said, field="unseen")])


def _months(start: Days, end: Days) -> Floats:
    return np.where(np.isnat(start) | np.isnat(end), np.nan, month_index(end) - month_index(start))


def words_of(frame: pd.DataFrame, by: str) -> tuple[NDArray[np.intp], list[str]]:
    """(number of the word of each row, -1 where missing; the words). Raises InputError for a column that is not there."""
    if by not in frame.columns:
        said = f"no column {by!r} to tell loans apart by; a history keeps it with keep=[{by!r}]"
        raise InputError([history_finding("E-H033", said, field=by)])
    numbers, words = pd.factorize(frame[by].astype(object), sort=True)
    return np.asarray(numbers, dtype=np.intp), [str(word) for word in words]
