"""TapeStream: the loans of a tape too large for memory, batch by batch, checked as a whole before the first one is handed out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.expressions import names, parse
from clo.findings import Finding
from clo.tape.accumulate import Store, hashed
from clo.tape.filters import select
from clo.tape.keys import kept, round_yen
from clo.tape.loans import Loans
from clo.tape.schedule import Supplied
from clo.tape.view import View


@dataclass(frozen=True)
class Reading:
    """Some rows of a tape read as loans.

    everything: in canonical dtypes. loans: without rows declared unusable. findings: what reading them showed.
    """

    everything: View
    loans: View
    findings: list[Finding]


class Batches(Protocol):
    """Where batches come from: the edge that opens the file."""

    source: str
    sidecar_sha256: str
    columns: tuple[str, ...]
    """Names of the columns, as on the tape."""
    always: frozenset[str]
    """Columns that decide which rows are loans and what belongs to them: read whatever else is asked for."""
    schedule: Supplied | None
    """The supplied schedule of all loans, where there is one."""
    schedule_sha256: str
    """Digest of the schedule's file, empty where there is none."""

    @property
    def sha256(self) -> str:
        """Digest of the file."""

    @property
    def rows(self) -> int:
        """Rows in the file, or more."""

    def raw(self, columns: Sequence[str] | None = None) -> Iterator[View]:
        """The rows as they stand in the file, all columns or some."""

    def read(self, raw: View) -> Reading:
        """Rows as they stand in the file, read as loans."""

    def whole(self, figures: Mapping[str, tuple[int, float]], loans: int) -> list[Finding]:
        """What was declared of the tape as a whole. figures: loans and balance by originator, before any row was left out."""


@dataclass(frozen=True)
class Totals:
    """What a pool is as a whole. balance: in whole currency units. originators: in the order of the file."""

    loans: int
    balance: float
    obligors: int
    cutoff: datetime.date | None
    originators: tuple[str, ...]


class TapeStream:
    """Loans of a tape in batches, immutable: iterate to get `Loans`, as often as needed; each time the file is read again.

    `where` narrows the loans and `only` the columns; neither reads anything yet. `len`, `balance`, `obligors`, `cutoff` and
    `originators` are those of all loans together, as of `Loans`. findings: of the whole tape, one for each code and field.
    """

    def __init__(
        self,
        batches: Batches,
        findings: Sequence[Finding] = (),
        *,
        repeats: NDArray[np.int64] | None = None,
        totals: Totals | None = None,
        conditions: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> None:
        """repeats: rows of the file that repeat an earlier one and are no loans of their own. totals: where they are known."""
        self._batches, self.findings, self._known = batches, tuple(findings), totals
        self._repeats = np.array([], dtype=np.int64) if repeats is None else repeats
        self._conditions, self._columns = tuple(conditions), None if columns is None else tuple(columns)

    @property
    def source(self) -> str:
        """Name of the file."""
        return self._batches.source

    @property
    def sha256(self) -> str:
        return self._batches.sha256

    @property
    def sidecar_sha256(self) -> str:
        return self._batches.sidecar_sha256

    @property
    def schedule_sha256(self) -> str:
        return self._batches.schedule_sha256

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns every batch has."""
        return self._batches.columns if self._columns is None else self._columns

    def __iter__(self) -> Iterator[Loans]:
        return (self._loans(view.frame, view.rows) for view in self._views() if len(view.frame))

    def _views(self) -> Iterator[View]:
        """What is left of each batch."""
        for raw in self._batches.raw(self._needed()):
            yield round_yen(self._chosen(self._batches.read(raw).loans))[0]

    def _loans(self, frame: pd.DataFrame, rows: NDArray[np.int64]) -> Loans:
        """Rows of the tape as loans, with the columns asked for and their part of the schedule."""
        supplied = self._batches.schedule
        return Loans(
            frame if self._columns is None else frame[[name for name in self._columns if name in frame.columns]],
            file_rows=rows,
            source=self.source,
            sha256=self.sha256,
            sidecar_sha256=self.sidecar_sha256,
            findings=self.findings,
            schedule=None if supplied is None else supplied.of(frame),
            schedule_sha256=self.schedule_sha256,
        )

    def where(self, expression: str) -> TapeStream:
        """The loans for which an expression over the columns holds, as `Loans.where`. Raises ExpressionError at once."""
        for raw in self._batches.raw():
            select(self._batches.read(raw).loans.frame.iloc[:0], expression)
            break
        return self._with(conditions=(*self._conditions, expression))

    def only(self, columns: Sequence[str]) -> TapeStream:
        """The same loans with some of their columns; no others are read. Raises ValueError for a name the tape does not have."""
        unknown = [name for name in columns if name not in self._batches.columns]
        if unknown:
            raise ValueError(f"no column {', '.join(unknown)} on the tape {self.source}")
        return self._with(columns=columns)

    def loans(self) -> Loans:
        """All batches as one `Loans`, in memory: for some columns, or a tape that turns out to be small."""
        views = list(self._views())
        frame = pd.concat([view.frame for view in views], ignore_index=True)
        return self._loans(frame, np.concatenate([view.rows for view in views]))

    def __len__(self) -> int:
        return self.totals.loans

    @property
    def balance(self) -> float:
        """Principal outstanding at the cut-off date, in whole currency units."""
        return self.totals.balance

    @property
    def obligors(self) -> int:
        """Number of distinct borrowers, by a 64-bit hash of their ids."""
        return self.totals.obligors

    @property
    def originators(self) -> tuple[str, ...]:
        return self.totals.originators

    @property
    def cutoff(self) -> datetime.date:
        """The one cut-off date. Raises ValueError where there is none."""
        if self.totals.cutoff is None:
            raise ValueError("the loans have no cut-off date")
        return self.totals.cutoff

    @cached_property
    def totals(self) -> Totals:
        """Counted in one pass over four columns, unless the check of the tape has counted them already."""
        if self._known is not None:
            return self._known
        count = Count(self._batches.rows)
        wanted = [name for name in Count.COLUMNS if name in self._batches.columns]
        for loans in self._with(columns=wanted):
            count.add(loans.frame)
        return count.totals()

    def __repr__(self) -> str:
        where = f" where {' and '.join(self._conditions)}" if self._conditions else ""
        counted = f": {len(self):,} loans, balance {self.balance:,.0f}" if self._known is not None else ""
        return f"<TapeStream {self.source}{where}{counted}>"

    def _with(self, conditions: Sequence[str] | None = None, columns: Sequence[str] | None = None) -> TapeStream:
        return TapeStream(
            self._batches,
            self.findings,
            repeats=self._repeats,
            totals=self._known if conditions is None else None,
            conditions=self._conditions if conditions is None else conditions,
            columns=self._columns if columns is None else columns,
        )

    def _needed(self) -> list[str] | None:
        """Columns to read; None for all, also where a condition names something that is computed from others."""
        if self._columns is None:
            return None
        used = {name for condition in self._conditions for name in names(parse(condition))}
        wanted = used | set(self._columns) | self._batches.always
        if not wanted <= set(self._batches.columns):
            return None
        return [name for name in self._batches.columns if name in wanted]

    def _chosen(self, view: View) -> View:
        keep = ~np.isin(view.rows, self._repeats) if len(self._repeats) else np.ones(len(view.frame), dtype=bool)
        for condition in self._conditions:
            keep &= select(view.frame, condition)
        return view if keep.all() else kept(view, keep)


class Count:
    """Totals of loans, counted batch by batch: 8 bytes a loan for its borrower."""

    COLUMNS = ("cutoff_date", "originator_id", "obligor_id", "current_balance")

    def __init__(self, loans: int) -> None:
        """loans: as many as there can be."""
        self.loans, self.balance = 0, 0.0
        self._cutoff: np.datetime64 | None = None
        self._originators: dict[str, None] = {}
        self._obligors = Store(loans, np.uint64)

    def add(self, frame: pd.DataFrame) -> None:
        """Count the loans of a batch in canonical dtypes."""
        self.loans += len(frame)
        if "current_balance" in frame:
            self.balance += float(np.nansum(frame["current_balance"].to_numpy()))
        if "originator_id" in frame:
            self._originators |= dict.fromkeys(frame["originator_id"].dropna().unique())
        if "obligor_id" in frame:
            self._obligors.add(np.unique(hashed(frame["obligor_id"].dropna())))
        if "cutoff_date" in frame and self._cutoff is None:
            known = frame["cutoff_date"].dropna()
            self._cutoff = known.to_numpy()[0] if len(known) else None

    def totals(self) -> Totals:
        ordered = self._obligors.taken()
        ordered.sort()
        borrowers = int((ordered[1:] != ordered[:-1]).sum()) + 1 if len(ordered) else 0
        cutoff = None if self._cutoff is None else self._cutoff.astype("datetime64[D]").item()
        return Totals(self.loans, self.balance, borrowers, cutoff, tuple(self._originators))
