"""The columns of a tape as the projection reads them: dates to months, words to codes, findings that name loans.

Month t is the interval (E_{t-1}, E_t] of period ends, E_0 the cut-off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding, Occurrences
from clo.timeline import Days, as_days, collection_ends, day_of_month, month_end, month_index, on_day

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Rule = tuple[Bools, str, NDArray[Any] | Callable[[NDArray[np.intp]], NDArray[Any]], str, str, str, str]
"""Loans it hits, code, values (or the values at some positions), field, message, rule, fix."""


def month_of(dates: Days, ends: Days, cutoff: np.datetime64) -> Ints:
    """The month each date falls in: 0 on or before the cut-off, 1 for the first; -1 where there is no date.

    A date after the last end is in month len(ends) + 1.
    """
    span = int((ends[-1] - cutoff).astype(np.int64)) + 1
    table = np.searchsorted(ends, cutoff + np.arange(span + 1), side="left").astype(np.int32) + 1  # by day: one look-up a loan
    table[0] = 0
    month = table[np.clip((dates - cutoff).astype(np.int64), 0, span)]
    month[np.isnat(dates)] = -1
    return np.asarray(month, dtype=np.int32)


def extended(ends: Days, until: np.datetime64, cutoff: np.datetime64) -> Days:
    """The period ends, carried on monthly until they reach the given day: as the cut-off's own months go, if they are those."""
    last = int(month_index(ends[-1:])[0])
    needed = len(ends) + max(0, int(month_index(as_days([until]))[0]) - last) + 1
    own = collection_ends(cutoff, needed)
    if np.array_equal(own[: len(ends)], ends):
        return own
    more = last + np.arange(1, max(0, int(month_index(as_days([until]))[0]) - last) + 2)
    at_month_end = bool((ends == month_end(month_index(ends))).all())
    return np.concatenate((ends, month_end(more) if at_month_end else on_day(more, int(day_of_month(ends).max()))))


class Tape(Protocol):
    """What is read of `Loans`."""

    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def file_rows(self) -> NDArray[np.int64]: ...
    @property
    def source(self) -> str: ...
    @property
    def schedule(self) -> pd.DataFrame | None: ...


class Columns:
    """A tape's columns, with an absent optional one read as empty; rows and file say where a loan came from.

    Some of its loans are a list of positions, a run of them a part of the frame: only what somebody reads is copied, and the
    words of a column are told apart once, however many ask for them.
    """

    def __init__(self, whole: pd.DataFrame, rows: NDArray[np.int64], file: str, first: int = 0) -> None:
        self._whole, self._all_rows, self._first = whole, rows, first
        self._at: NDArray[np.intp] | None = None
        self._words: dict[str, tuple[NDArray[Any], list[str]]] = {}  # of the whole frame, shared with `where`
        self.size = len(whole)
        self.file = file

    @classmethod
    def of(cls, loans: Tape | pd.DataFrame) -> Columns:
        if isinstance(loans, pd.DataFrame):
            return cls(loans, np.arange(2, len(loans) + 2), "")
        return cls(loans.frame, loans.file_rows, loans.source)

    def part(self, begin: int, end: int) -> Columns:
        """A run of the loans of a whole tape."""
        return Columns(self._whole.iloc[begin:end], self._all_rows[begin:end], self.file, self._first + begin)

    def with_balance(self) -> Columns:
        """The loans a projection takes, in its order: all but those without a balance."""
        return self.where(self.floats("current_balance") != 0.0)

    def where(self, keep: Bools) -> Columns:
        if keep.all():
            return self
        at = np.flatnonzero(keep)
        some = Columns(self._whole, self._all_rows, self.file, self._first)
        some._at, some._words, some.size = at if self._at is None else self._at[at], self._words, len(at)
        return some

    @property
    def frame(self) -> pd.DataFrame:
        """All columns of these loans."""
        return self._whole if self._at is None else self._whole.iloc[self._at]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Where each loan stands in its file [i]."""
        return self._of_these(self._all_rows)

    @property
    def positions(self) -> NDArray[np.intp]:
        """Where each loan stands in its tape [i], counted from 0."""
        return self._first + (np.arange(self.size) if self._at is None else self._at)

    def has(self, name: str) -> bool:
        return name in self._whole

    def column(self, name: str) -> pd.Series[Any]:
        """A column the tape has [i]."""
        return self._whole[name] if self._at is None else self._whole[name].iloc[self._at]

    def floats(self, name: str, default: float = np.nan) -> Floats:
        """A numeric column [i], nan where empty; the default throughout where the tape has no such column."""
        if not self.has(name):
            return np.full(self.size, default)
        return self._of_these(self._whole[name].to_numpy(dtype=np.float64, na_value=np.nan))

    def dates(self, name: str) -> Days:
        if not self.has(name):
            return np.full(self.size, "NaT", dtype="datetime64[D]")
        return as_days(self._seconds(name))

    def empty(self, name: str) -> Bools:
        """Where a column of dates the tape has is empty [i]."""
        return np.isnat(self._seconds(name))

    def latest(self, name: str) -> np.datetime64:
        """The last day in a column of dates; NaT where there is none."""
        if not self.has(name) or self.size == 0:
            return np.datetime64("NaT", "D")
        seconds = self._seconds(name).view(np.int64).max(keepdims=True)  # NaT is the least of all numbers
        return np.datetime64(as_days(seconds.view("datetime64[s]"))[0])

    def _seconds(self, name: str) -> NDArray[np.datetime64]:
        return self._of_these(self._whole[name].to_numpy(dtype="datetime64[s]"))

    def words(self, name: str, empty: str) -> tuple[NDArray[Any], list[str]]:
        """Codes [i] into the list of words; code -1, an empty field, picks the last of them, `empty`."""
        if not self.has(name):
            return np.full(self.size, -1, dtype=np.int8), [empty]
        if name not in self._words:
            self._words[name] = _told_apart(self._whole[name])
        codes, words = self._words[name]
        return self._of_these(codes), [*words, empty]

    def _of_these(self, whole: NDArray[Any]) -> NDArray[Any]:
        return whole if self._at is None else whole[self._at]

    def look_up(self, name: str, empty: str, meaning: Callable[[str], Any], dtype: Any) -> NDArray[Any]:
        """What each loan's word means, [i]."""
        codes, words = self.words(name, empty)
        meanings = np.asarray([meaning(word) for word in words], dtype=dtype)
        return np.full(self.size, meanings[0]) if (meanings == meanings[0]).all() else meanings[codes]

    def said(self, name: str) -> Callable[[NDArray[np.intp]], NDArray[Any]]:
        """A column's words at some positions, for a finding."""
        return lambda at: self.column(name).iloc[at].to_numpy(dtype=object, na_value="nothing")

    def hits(self, table: Iterable[Rule]) -> Iterator[Finding]:
        """One finding for each rule some loan breaks; {id} and {value} in its message stand for the first such loan."""
        for hit, code, values, field, message, rule, fix in table:
            at = np.flatnonzero(hit)
            if at.size == 0:
                continue
            if self.has("loan_id"):
                who = self.column("loan_id").iloc[at].to_numpy(dtype=object)
            else:
                who = np.asarray([f"#{position + 1}" for position in self.positions[at]], dtype=object)
            found = np.asarray(values(at) if callable(values) else values[at]).astype(object)
            rows = self.rows[at]
            text = message.format(id=who[0], value=found[0])
            yield Finding(
                code, "error" if code.startswith("E") else "warning", text, rule=rule, fix=fix, who=str(who[0]),
                field=field, value=str(found[0]),
                file=self.file, row=int(rows[0]), occurrences=Occurrences(rows=rows, who=who, values=found),
            )  # fmt: skip


def _told_apart(column: pd.Series[Any]) -> tuple[NDArray[Any], list[str]]:
    """The words of a column, and the code of each loan's [i], -1 where it is empty."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes), [*map(str, column.cat.categories)]
    codes, words = pd.factorize(column)
    return codes.astype(np.min_scalar_type(-max(len(words), 1))), [*map(str, words)]
