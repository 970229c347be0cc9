"""The check of a tape that is read in batches: the findings of all of it, as if it had been read at once.

Rows are checked by themselves as they pass. Those with findings are kept, up to a number for each kind of finding, and checked
once more together at the end, so that one finding speaks for the whole tape. Rules that compare rows need little of each loan: a
hash of its key, its amounts and rates. Only the rules about one borrower's several loans look no further than a batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import LISTED, Finding, has_errors, merged
from clo.labels import counted
from clo.schema import KEYS
from clo.tape.accumulate import Amounts, Keys, Rows, Values
from clo.tape.codes import finding
from clo.tape.keys import drop_repeats, kept, key_findings, round_yen
from clo.tape.rules.checking import UNIT_SENSITIVE, row_findings
from clo.tape.rules.identity import identity_findings
from clo.tape.stream import Batches, Count, Reading, TapeStream
from clo.tape.units import unit_findings
from clo.tape.view import Mask, View

MOST_REPEATS = 1_000_000
"""Rows that share their key with another, before the file is taken for one that holds its loans twice."""
OF_THE_WHOLE = frozenset({"W-T109"})
"""Findings about a share of all loans, which a part of a tape cannot make."""

Kind = tuple[str, str]
"""Code and field of a finding."""


def scan(batches: Batches) -> tuple[TapeStream | None, tuple[Finding, ...]]:
    """The stream of a tape, or None where an error refuses it; and every finding, of all its rows."""
    work = Scan(batches)
    for raw in batches.raw():
        work.add(raw)
    return work.done()


class Scan:
    """A tape on its way through: what is kept of the batches that have passed."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.count, self.rows, self.keys, self.amounts, self.values = (
            Count(batches.rows),
            Rows(),
            Keys(batches.rows),
            Amounts(batches.rows),
            Values(),
        )
        self.met: Counter[Kind] = Counter()
        self.suspects: list[View] = []
        self.borrowers: list[Finding] = []
        self.scheduled = np.zeros(0 if batches.schedule is None else len(batches.schedule), dtype=bool)

    def add(self, raw: View) -> None:
        """Take the next rows of the file."""
        reading = self.batches.read(raw)
        self.values.add(reading.everything)
        found, view = _by_row(reading)
        self._suspect(raw, found)
        if view.frame.empty:
            return
        self.borrowers += [each for each in identity_findings(view) if each.code not in OF_THE_WHOLE]
        self.count.add(view.frame)
        self.rows.add(view)
        self.keys.add(view)
        self.amounts.add(view)
        schedule = self.batches.schedule
        if schedule is not None and view.has(*KEYS):
            self.scheduled[schedule.places(view.frame)] = True

    def _suspect(self, raw: View, found: Iterable[Finding]) -> None:
        """Count findings, and keep the rows of those that have not been met often enough; the first row of the tape always."""
        rows = [raw.rows[:1]] if not self.suspects else []
        for each in found:
            kind = each.code, each.field
            if each.occurrences is not None and self.met[kind] < LISTED:
                rows.append(each.occurrences.rows[: LISTED - self.met[kind]])
            self.met[kind] += each.count
        if rows:
            self.suspects.append(kept(raw, np.isin(raw.rows, np.concatenate(rows))))

    def done(self) -> tuple[TapeStream | None, tuple[Finding, ...]]:
        """The stream and all findings, once the last batch has passed."""
        source = self.batches.source
        if not self.suspects:
            return None, (finding("E-T009", "the tape has no loans", file=source),)
        totals = self.count.totals()
        repeats, keys = self._repeated()  # before the amounts are laid out: each needs much memory for a moment
        units = list(self._named(self._units()))
        found = [*self._together(units), *self.amounts.too_large(source, self.met), *units, *keys]
        found += [*self.values.findings(source), *self._unscheduled(), *merged(self.borrowers)]
        found += self.batches.whole(self.values.figures, totals.loans)
        if has_errors(found):
            return None, tuple(found)
        totals = replace(totals, loans=totals.loans - len(repeats.rows), balance=totals.balance - repeats.balance)
        return TapeStream(self.batches, found, repeats=repeats.rows, totals=totals), tuple(found)

    def _units(self) -> list[Finding]:
        """What the amounts and rates of all loans say about their units."""
        frame = self.amounts.frame()
        return list(unit_findings(_Capped(frame, self.rows.all(), self.batches.source, self.suspects[0].declared)))

    def _named(self, findings: list[Finding]) -> Iterator[Finding]:
        """Findings about amounts with the ids of their loans, which are read from the file once more."""
        lists = [each.occurrences.rows for each in findings if each.occurrences is not None]
        if not lists or "loan_id" not in self.batches.columns:
            yield from findings
            return
        wanted, ids = np.unique(np.concatenate(lists)), dict[int, str]()
        for raw in self.batches.raw(["loan_id"]):
            here = np.flatnonzero(np.isin(raw.rows, wanted))
            words = raw.frame["loan_id"].iloc[here].astype(object).fillna("blank")
            ids |= dict(zip(raw.rows[here].tolist(), words, strict=True))
        for each in findings:
            if each.occurrences is not None:
                who = np.array([ids[row] for row in each.occurrences.rows.tolist()], dtype=object)
                yield replace(each, who=f"loan {who[0]}", occurrences=replace(each.occurrences, who=who))

    def _together(self, units: list[Finding]) -> Iterator[Finding]:
        """The findings of rows, made once more of all that were kept: each speaks for the whole tape."""
        first = self.suspects[0]
        frame = pd.concat([each.frame for each in self.suspects], ignore_index=True)
        reading = self.batches.read(
            View(frame, np.concatenate([each.rows for each in self.suspects]), first.source, first.declared)
        )
        for each in _by_row(reading, units)[0]:
            met = self.met.get((each.code, each.field), 0)
            same_mistake = bool(units) and each.code in UNIT_SENSITIVE
            more = met - each.count if each.occurrences is not None and not same_mistake else 0
            if met:
                yield _with_more(each, more)

    def _repeated(self) -> tuple[Repeats, list[Finding]]:
        """Rows that repeat an earlier one exactly, and the findings about keys that stand twice."""
        rows = self.keys.shared(self.rows)
        if not len(rows):
            return Repeats(), []
        if len(rows) > MOST_REPEATS:
            said = f"{len(rows):,} rows share originator_id and loan_id with another: is the file joined with itself?"
            return Repeats(), [finding("E-T060", said, field="loan_id", file=self.batches.source, row=int(rows[0]))]
        parts = [
            self.batches.read(kept(raw, chosen)).loans for raw in self.batches.raw() if (chosen := np.isin(raw.rows, rows)).any()
        ]
        frame = pd.concat([part.frame for part in parts], ignore_index=True)
        view = View(frame, np.concatenate([part.rows for part in parts]), self.batches.source)
        left, dropped = drop_repeats(view)
        gone = ~np.isin(view.rows, left.rows)
        balance = float(np.nansum(view.numbers("current_balance")[gone])) if view.has("current_balance") else 0.0
        return Repeats(view.rows[gone], balance), [*(each for each in key_findings(left) if each.code == "E-T060"), *dropped]

    def _unscheduled(self) -> Iterator[Finding]:
        """Payments in the schedule of loans that are nowhere on the tape."""
        schedule = self.batches.schedule
        if schedule is not None and len(at := schedule.strangers(self.scheduled)):
            view = _Capped(schedule.payments, schedule.rows, schedule.file)
            yield view.report("E-T130", "loan_id", at, f"no such loan on the tape ({counted(len(at), 'row')})")


class Repeats:
    """Rows of the file that repeat an earlier one, and the balance that stands on them."""

    def __init__(self, rows: NDArray[np.int64] | None = None, balance: float = 0.0) -> None:
        self.rows = np.array([], dtype=np.int64) if rows is None else rows
        self.balance = balance


class _Capped(View):
    """A view whose findings list their first rows and count the others."""

    def report(self, code: str, name: str, broken: Mask | NDArray[np.int64], message: str, **words: str) -> Finding:
        at = np.flatnonzero(broken) if broken.dtype == bool else broken
        return _with_more(super().report(code, name, at[:LISTED], message, **words), len(at) - LISTED)


def _with_more(found: Finding, more: int) -> Finding:
    """The finding with so many more rows counted and not listed."""
    if more <= 0 or found.occurrences is None:
        return found
    return replace(found, occurrences=replace(found.occurrences, more=found.occurrences.more + more))


def _by_row(reading: Reading, units: Iterable[Finding] = ()) -> tuple[list[Finding], View]:
    """(what the rows say one by one, the loans with their money rounded)."""
    if reading.loans.frame.empty:
        return reading.findings, reading.loans
    view, rounded = round_yen(reading.loans)
    view = _Capped(view.frame, view.rows, view.source, view.declared)
    return [*reading.findings, *row_findings(view, list(units)), *rounded], view
