"""One tape of a history with only the columns that a history reads, its loans numbered the same on every tape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS
from clo.findings import Finding
from clo.history.findings import history_finding
from clo.history.standing import standing
from clo.schema import KEYS, NUMERIC, TAPE
from clo.tape.filters import FilterError
from clo.tape.loans import Loans
from clo.timeline import Days, as_days

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COLUMNS = (
    "original_balance", "current_balance", "current_rate", "days_in_arrears", "arrears_principal", "arrears_balance",
    "credit_limit", "balloon_amount", "regular_principal", "scheduled_principal_paid", "prepaid_principal",
    "recovery_received", "repurchased_amount", "cumulative_recoveries", "allocated_loss",
    "account_status", "amortisation_type", "principal_frequency",
    "origination_date", "maturity_date", "grace_end_date", "default_date", "restructuring_date", "redemption_date",
    "repurchase_date",
)  # fmt: skip
"""What a history keeps of every tape, where the tape has it."""


def month_number(day: np.datetime64) -> int:
    """Months since January 1970."""
    return int(day.astype("datetime64[M]").astype(np.int64))


class Register:
    """Numbers by key, from 0 in the order the keys are met."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def numbers(self, keys: Sequence[Any]) -> Ints:
        known = self._numbers
        return np.fromiter((known.setdefault(key, len(known)) for key in keys), dtype=np.int32, count=len(keys))

    def keys(self) -> list[Any]:
        return list(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A tape, arrays by row (shape: loans of the tape).

    loan: number of the loan in the history. renamed: number under which its loan_id_new stands, -1 without one. originator,
    obligor: numbers. state: place in `standing.STANDINGS`. odd_exit: exit_reason is no known word. words: columns asked for.
    schedule: row, due date and principal of each payment of loans with a schedule of their own.
    """

    date: np.datetime64
    source: str
    sha256: str
    rows: Ints
    loan: Ints
    renamed: Ints
    originator: Ints
    obligor: Ints
    currency: str
    state: NDArray[np.int8]
    odd_exit: Mask
    columns: dict[str, NDArray[Any]]
    words: dict[str, pd.Categorical]
    schedule: tuple[NDArray[np.intp], Days, Floats]

    def column(self, name: str) -> NDArray[Any]:
        """One of `COLUMNS`: numbers, dates as datetime64[D], codes of a category; all missing where the tape has it not."""
        if name in self.columns:
            return self.columns[name]
        kind = TAPE[name].kind
        if kind in NUMERIC:
            return np.full(len(self.loan), np.nan)
        if kind == "date":
            return np.full(len(self.loan), np.datetime64("NaT", "D"))
        return np.full(len(self.loan), -1, dtype=np.int8)

    @property
    def live(self) -> Mask:
        """Loans in the pool: neither in default nor gone."""
        return self.state < len(BUCKETS)

    @property
    def balance(self) -> Floats:
        """Balance in the pool: that of live loans, 0 of the others."""
        return np.where(self.live, np.nan_to_num(self.column("current_balance")), 0.0)


def unusable(loans: Loans, keep: Sequence[str]) -> Iterator[Finding]:
    """Why a tape has no place in a history: no single cut-off date, or no such column to keep."""
    try:
        _ = loans.cutoff
    except ValueError as error:
        yield history_finding("E-H001", str(error), field="cutoff_date", file=loans.source)
    for name in keep:
        try:
            loans.column(name)
        except FilterError as error:
            yield history_finding("E-H037", str(error), field="keep", file=loans.source, value=name)


def snapshot(loans: Loans, numbers: Register, originators: Register, obligors: Register, keep: Sequence[str]) -> Snapshot:
    """What a history keeps of a tape that is not `unusable`."""
    banks, ids, new = (loans.column(name).tolist() for name in (*KEYS, "loan_id_new"))
    loan = numbers.numbers(list(zip(banks, ids, strict=True)))
    renamed = np.full(len(loans), -1, dtype=np.int32)
    changed = [at for at, name in enumerate(new) if name is not None and name != ids[at]]
    renamed[changed] = numbers.numbers([(banks[at], new[at]) for at in changed])
    state, odd = standing(loans)
    held = set(loans.frame.columns)
    currencies: list[str] = loans.frame["currency"].dropna().unique().tolist() if "currency" in held else []
    return Snapshot(
        date=np.datetime64(loans.cutoff, "D"),
        source=loans.source,
        sha256=loans.sha256,
        rows=loans.file_rows.astype(np.int32),
        loan=loan,
        renamed=renamed,
        originator=originators.numbers(banks),
        obligor=obligors.numbers(loans.column("obligor_id").tolist()),
        currency=", ".join(currencies),
        state=state,
        odd_exit=odd,
        columns={name: _kept(loans, name) for name in COLUMNS if name in held and loans.frame[name].notna().any()},
        words={name: pd.Categorical(loans.frame[name].astype("str") if name in held else loans.column(name)) for name in keep},
        schedule=_payments(loans, list(zip(banks, ids, strict=True))),
    )


def _payments(loans: Loans, keys: list[tuple[str, str]]) -> tuple[NDArray[np.intp], Days, Floats]:
    if loans.schedule is None:
        return np.array([], dtype=np.intp), np.array([], dtype="datetime64[D]"), np.array([])
    place = {key: at for at, key in enumerate(keys)}
    own = zip(*(loans.schedule[name].tolist() for name in KEYS), strict=True)
    rows = np.array([place[key] for key in own], dtype=np.intp)
    return rows, as_days(loans.schedule["due_date"].to_numpy()), loans.schedule["principal"].to_numpy(dtype=np.float64)


def _kept(loans: Loans, name: str) -> NDArray[Any]:
    values = loans.column(name)
    return as_days(values) if TAPE[name].kind == "date" else values
