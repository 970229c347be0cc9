"""History: tapes of one pool at successive cut-off dates, each loan followed from tape to tape."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding, TapeError, has_errors
from clo.history.findings import history_finding
from clo.history.movements import MEMO, SIGNS, Pair, flows, pair
from clo.history.rules import pair_findings, snapshot_findings, tape_findings
from clo.history.snapshots import Ints, Mask, Register, Snapshot, snapshot, unusable
from clo.history.standing import STANDINGS
from clo.labels import counted
from clo.tape.loans import Loans

AMOUNTS = ("opening", *SIGNS, "closing", *MEMO)


class History:
    """Tapes of one pool in order of their cut-off dates, loans keyed by originator_id + loan_id and followed through loan_id_new.

    tapes: `Loans`, one a date; any iterable, read once and one at a time. Of each only the columns a history reads are kept
    (`clo.history.snapshots.COLUMNS`), so memory grows with rows, not with the width of the tapes. keep: more columns, of words,
    to tell loans apart by (`roll_rates(history, by=...)`).

    snapshots: the tapes. findings: what is worth a look. Raises TapeError with every finding if one of them is an error.
    """

    snapshots: tuple[Snapshot, ...]
    findings: tuple[Finding, ...]
    originators: tuple[str, ...]

    def __init__(self, tapes: Iterable[Loans], *, keep: Sequence[str] = ()) -> None:
        numbers, banks, obligors = Register(), Register(), Register()
        taken, found = [], list[Finding]()
        for loans in tapes:
            wrong = list(unusable(loans, keep))
            found += wrong
            if not wrong:
                taken.append(snapshot(loans, numbers, banks, obligors, keep))
        dates = [tape.date for tape in taken]
        if dates != sorted(dates):
            found.append(history_finding("F-H004", "the tapes were not in order of their cut-off dates", field="cutoff_date"))
            taken.sort(key=lambda tape: tape.date)
        originators = banks.keys()
        self.originators = tuple(str(name) for name in originators)
        self.snapshots, first = _followed(taken, len(numbers))
        keys: list[tuple[str, str]] = numbers.keys()
        self._keys = [keys[which] for which in first]
        self.findings = tuple(found)
        found += [*tape_findings(self.snapshots), *self._renames()]
        for tape in self.snapshots:
            found += snapshot_findings(tape, self.names)
        if not has_errors(found):
            found += self._compare()
        self.findings = tuple(found)
        if has_errors(found):
            raise TapeError(found)

    def _compare(self) -> list[Finding]:
        """The findings of all pairs; keeps the totals of their movements."""
        found = list[Finding]()
        amounts, counts = [], []
        for between in self.pairs():
            found += pair_findings(between, self.names, self.originators)
            amount, count = self._totals(between)
            amounts.append(amount)
            counts.append(count)
        self._movements = pd.concat(amounts, ignore_index=True)
        self._counts = pd.concat(counts, ignore_index=True)
        return found

    def _renames(self) -> Iterator[Finding]:
        renamed = sum(int((tape.renamed >= 0).sum()) for tape in self.snapshots)
        if renamed:
            said = f"loan_id_new is given on {counted(renamed, 'row')}: the loans are followed under their new ids"
            yield history_finding("F-H009", said, field="loan_id_new")

    def __len__(self) -> int:
        """Number of tapes."""
        return len(self.snapshots)

    @property
    def size(self) -> int:
        """Loan numbers run from 0 to this."""
        return len(self._keys)

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Cut-off dates, ascending, as datetime64[D]."""
        return np.array([tape.date for tape in self.snapshots], dtype="datetime64[D]")

    def names(self, loans: Ints) -> NDArray[np.object_]:
        """Ids of loans by their numbers, as first seen."""
        ids = np.empty(len(loans), dtype=object)
        ids[:] = [self._keys[which][1] for which in loans.tolist()]
        return ids

    def pairs(self) -> Iterator[Pair]:
        """Neighbouring tapes with their loans side by side, one pair at a time."""
        seen: Mask = np.zeros(self.size, dtype=bool)
        for first, second in pairwise(self.snapshots):
            seen[first.loan] = True
            yield pair(first, second, seen)

    @property
    def movements(self) -> pd.DataFrame:
        """Amounts by pair of dates and originator: from, to, originator_id, opening, the movements, closing, restructured,
        recovered. Every row foots: see `clo.history.movements`.
        """
        return self._movements.copy()

    @property
    def counts(self) -> pd.DataFrame:
        """As `movements`, with the number of loans in place of amounts."""
        return self._counts.copy()

    @property
    def loans(self) -> pd.DataFrame:
        """One row a loan and pair of dates: from, to, originator_id, loan_id, from_state, to_state (None where it is not on the
        tape), and the amounts of `movements`. Made on demand; as long as all tapes together.
        """
        words = np.array([*STANDINGS, None], dtype=object)  # the last answers for -1, absent
        parts = []
        for between in self.pairs():
            part = pd.DataFrame({"from": between.opening.date, "to": between.closing.date}, index=range(len(between.loan)))
            part["originator_id"] = np.array(self.originators, dtype=object)[between.originator]
            part["loan_id"] = self.names(between.loan)
            part["from_state"], part["to_state"] = words[between.from_state], words[between.to_state]
            parts.append(part.assign(**flows(between)))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def tapes(self) -> pd.DataFrame:
        """One row a tape: cutoff_date, source, loans in the pool, balance in the pool, loans in default."""
        default = STANDINGS.index("default")
        return pd.DataFrame(
            [
                (tape.date, tape.source, int(tape.live.sum()), float(tape.balance.sum()), int((tape.state == default).sum()))
                for tape in self.snapshots
            ],
            columns=["cutoff_date", "source", "loans", "balance", "defaulted"],
        )

    def _totals(self, between: Pair) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Amounts and numbers of loans of a pair by originator; originators without a loan in the pool are left out."""
        each, bank = flows(between), between.originator
        size = len(self.originators)
        used = np.flatnonzero(np.bincount(bank[between.was_live | between.is_live], minlength=size))
        used = used[np.argsort(np.array(self.originators)[used])]
        head = {"from": between.opening.date, "to": between.closing.date, "originator_id": np.array(self.originators)[used]}
        amount = {name: np.bincount(bank, weights=each[name], minlength=size)[used] for name in AMOUNTS}
        number = {name: np.bincount(bank[each[name] != 0], minlength=size)[used] for name in AMOUNTS}
        return pd.DataFrame(head | amount), pd.DataFrame(head | number)

    def __repr__(self) -> str:
        first, last = self.snapshots[0].date, self.snapshots[-1].date
        return f"<History of {len(self)} tapes, {first} to {last}: {self.size:,} loans>"

    def _repr_html_(self) -> str:
        table = str(self.tapes.to_html(index=False, float_format=lambda value: f"{value:,.0f}"))
        return f"<p>{html.escape(repr(self))}</p>{table}"


def _followed(tapes: Sequence[Snapshot], size: int) -> tuple[tuple[Snapshot, ...], list[int]]:
    """(the tapes with one number a loan through all changes of its id, without gaps; the number each had when it was first seen).

    Changes are taken in the order of the tapes.
    """
    same = np.arange(size, dtype=np.int32)
    followed = []
    for tape in tapes:
        for at in np.flatnonzero(tape.renamed >= 0).tolist():
            same[tape.renamed[at]] = same[tape.loan[at]]
        followed.append(same[tape.loan])
    first = np.unique(np.concatenate([np.array([], dtype=np.int32), *followed]))
    dense = (np.searchsorted(first, loan).astype(np.int32) for loan in followed)
    return tuple(replace(tape, loan=loan) for tape, loan in zip(tapes, dense, strict=True)), first.tolist()
