"""What must hold of the tapes of a history: of the tapes themselves, and of every loan from one tape to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding
from clo.history.findings import history_finding, loan_finding
from clo.history.movements import Pair
from clo.history.snapshots import Ints, Mask, Snapshot, month_number
from clo.history.standing import DEFAULT
from clo.labels import counted
from clo.schema import AMORTISATION_TYPES, TAPE
from clo.tape.view import number

LOWEST_MATCH = 0.5
"""Share of a tape's loans that must be on the next one; below it the ids are taken to be masked anew."""
LARGEST_RISE = 1.0
"""A balance that rises by no more than this, in currency units, has not risen."""

Names = Callable[[Ints], NDArray[np.object_]]
"""Loan ids by the numbers of loans."""
CUMULATIVE = ("cumulative_recoveries", "allocated_loss")
_SCHEDULE = AMORTISATION_TYPES.index("schedule")


def tape_findings(tapes: Sequence[Snapshot]) -> Iterator[Finding]:
    """Tapes in order of their dates: how many, twice the same, gaps, currencies."""
    if len(tapes) < 2:
        yield history_finding("E-H001", f"{len(tapes)} tape{'' if len(tapes) == 1 else 's'} given")
    sources: dict[str, str] = {}
    for tape in tapes:
        if tape.sha256 and tape.sha256 in sources:
            said = f"{tape.source} is the same file as {sources[tape.sha256]}"
            yield history_finding("E-H003", said, file=tape.source, value=tape.sha256)
        sources.setdefault(tape.sha256, tape.source)
    for first, second in pairwise(tapes):
        months = month_number(second.date) - month_number(first.date)
        if second.date == first.date:
            said = f"{first.source} and {second.source} both have the cut-off date {second.date}"
            yield history_finding("E-H002", said, field="cutoff_date", file=second.source, value=str(second.date))
        elif months != 1:
            said = (
                f"no tape between {first.date} and {second.date} ({months} months apart)" if months else "two tapes of one month"
            )
            yield history_finding("W-H005", said, field="cutoff_date", file=second.source, value=str(second.date))
        if second.currency != first.currency:
            said = f"currency {second.currency or 'blank'}; {first.currency or 'blank'} on {first.date}"
            yield history_finding("E-H006", said, field="currency", file=second.source, value=second.currency)


def snapshot_findings(tape: Snapshot, names: Names) -> Iterator[Finding]:
    """One tape by itself: ids that now stand for one loan, words and days a history cannot read."""
    twice = _repeated(tape.loan)
    if twice.any():
        said = f"{int(twice.sum()):,} rows are loans of another row, by loan_id_new"
        yield _about("E-H010", said, tape, twice, names, "loan_id_new", names(tape.loan[twice]))
    odd = tape.odd_exit
    if odd.any():
        said = f"exit_reason of {_n(odd)} is no known word: they leave the pool as `other`"
        yield _about("W-H016", said, tape, odd, names, "exit_reason", np.full(int(odd.sum()), "unknown", dtype=object))
    undated = np.isnan(tape.column("days_in_arrears")) & tape.live
    if undated.any():
        said = f"days_in_arrears blank for {_n(undated)}"
        yield _about("W-H019", said, tape, undated, names, "days_in_arrears", np.full(int(undated.sum()), "blank", dtype=object))


def pair_findings(between: Pair, names: Names, originators: Sequence[str]) -> Iterator[Finding]:
    """What cannot be, or needs a word, from one tape to the next."""
    missing = yield from _missing_originators(between, originators)
    yield from _match_rate(between, missing)
    gone = between.vanished & ~np.isin(between.originator, missing)
    renamed = gone & _reappearing(between, gone)
    yield from _hits(between, renamed, "W-H011", "loan_id", "{n} ({money}) are gone and look like loans with another id", names)
    said = "{n} ({money}) disappeared without exit_reason after {day}"
    yield from _hits(between, gone & ~renamed, "W-H012", "current_balance", said, names)
    for hit, code, field, said in _oddities(between):
        yield from _hits(between, hit, code, field, said, names)


def _oddities(between: Pair) -> Iterator[tuple[Mask, str, str, str]]:
    """Loans on the later tape that need a word: which, code, field, message."""
    limit = ~np.isnan(between.second("credit_limit")) | ~np.isnan(between.first("credit_limit"))
    rise = between.to_balance - between.from_balance > LARGEST_RISE
    up = between.was_live & between.is_live & rise & ~limit & ~between.restructured
    yield up, "W-H013", "current_balance", "the balance of {n} is higher than on {day}"
    alive = (between.from_state == DEFAULT) & between.is_live
    yield alive, "W-H014", "account_status", "{n} ({money}) in default on {day} and in the pool again"
    for name in CUMULATIVE:
        yield between.second(name) < between.first(name), "W-H015", name, f"{name} of {{n}} fell"
    back = (between.before < 0) & between.known & between.is_live
    yield back, "W-H017", "loan_id", "{n} ({money}) seen earlier, not on the tape of {day}, and back"
    untold = np.isnan(between.second("scheduled_principal_paid")) | (between.months != 1)
    own = (between.first("amortisation_type") == _SCHEDULE) & np.isnan(between.due)
    paid = between.is_live & (between.to_balance < between.from_balance)
    said = "what {n} owed is not on the tape: all they paid counts as scheduled"
    yield paid & own & untold, "W-H018", "scheduled_principal_paid", said


def _hits(between: Pair, hit: Mask, code: str, field: str, said: str, names: Names) -> Iterator[Finding]:
    """One finding about loans of a pair, on the later tape, or on the earlier where they are not on the later."""
    if not hit.any():
        return
    gone = bool((between.after[hit] < 0).all())
    tape, at = (between.opening, between.before[hit]) if gone else (between.closing, between.after[hit])
    money = number(float(np.sum((between.from_balance if gone else between.to_balance)[hit])))
    values = tape.column(field)[at] if TAPE[field].kind == "money" else np.array([])
    shown = [number(value) for value in values.tolist()] or [""] * len(at)
    message = said.format(n=_n(hit), money=money, day=between.opening.date)
    who = names(between.loan[hit])
    yield loan_finding(
        code, message, field=field, file=tape.source, rows=tape.rows[at], who=who, values=np.array(shown, dtype=object)
    )


def _about(code: str, message: str, tape: Snapshot, hit: Mask, names: Names, field: str, values: NDArray[Any]) -> Finding:
    who = names(tape.loan[hit])
    return loan_finding(code, message, field=field, file=tape.source, rows=tape.rows[hit], who=who, values=values)


def _missing_originators(between: Pair, originators: Sequence[str]) -> Generator[Finding, None, NDArray[np.intp]]:
    """Originators with live loans on the earlier tape and no row on the later; returns their numbers."""
    size = len(originators)
    live = np.bincount(between.opening.originator[between.opening.live], minlength=size)
    rows = np.bincount(between.closing.originator, minlength=size)
    lapsed = np.bincount(between.originator[between.lapsed], minlength=size)
    missing = np.flatnonzero((live > lapsed) & (rows == 0))
    for which in missing.tolist():
        said = f"{originators[which]} has {counted(live[which])} on {between.opening.date} and none on {between.closing.date}"
        yield history_finding("E-H008", said, field="originator_id", file=between.closing.source, value=str(originators[which]))
    return missing


def _match_rate(between: Pair, missing: NDArray[np.intp]) -> Iterator[Finding]:
    """The share of live loans that are on the next tape, those of missing originators and matured ones aside."""
    asked = between.was_live & ~between.lapsed & ~np.isin(between.originator, missing)
    if asked.any() and (share := float(np.mean(between.after[asked] >= 0))) < LOWEST_MATCH:
        said = f"match rate of {between.closing.date} with {between.opening.date} {share:.1%}: id masking changed?"
        yield history_finding("E-H007", said, field="loan_id", file=between.closing.source, value=f"{share:.1%}")


def _reappearing(between: Pair, gone: Mask) -> Mask:
    """Loans gone whose borrower, origination date and original balance appear under a new id."""
    fresh = (between.before < 0) & ~between.known & between.is_live
    alike = np.zeros(len(gone), dtype=bool)
    if gone.any() and fresh.any():
        new = set(_likeness(between.closing, between.after[fresh]))
        alike[gone] = [key in new for key in _likeness(between.opening, between.before[gone])]
    return alike


def _likeness(tape: Snapshot, at: NDArray[np.intp]) -> list[tuple[Any, ...]]:
    parts = (tape.originator, tape.obligor, tape.column("origination_date").astype(np.int64), tape.column("original_balance"))
    return list(zip(*(part[at].tolist() for part in parts), strict=True))


def _repeated(numbers: Ints) -> Mask:
    order = np.argsort(numbers, kind="stable")
    twice = np.zeros(len(numbers), dtype=bool)
    twice[order[1:]] = numbers[order[1:]] == numbers[order[:-1]]
    return twice


def _n(hit: Mask) -> str:
    count = int(hit.sum())
    return f"{count:,} loan{'' if count == 1 else 's'}"
