"""Loans with a schedule of their own: the child table of dated principal and interest, as the kernel takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, month_of
from clo.pool.kernel import Kind
from clo.pool.terms_kernel import ENTRIES
from clo.schema import KEYS
from clo.timeline import Days, as_days

ROUNDING = 1e-9
"""Share of a balance by which its schedule may miss it: sums of floats."""


class Payments(NamedTuple):
    """Rows of the child table whose loan repays by it, [e], loan by loan; `loan`: its position in a tape, or in a part of it."""

    loan: NDArray[np.intp]
    date: Days
    principal: Floats
    interest: Floats

    def of(self, loans: Columns) -> Payments:
        """Those of some loans of the tape, all that repay by a schedule among neighbours; `loan` counts these loans."""
        if loans.size == 0:
            return Payments(self.loan[:0], self.date[:0], self.principal[:0], self.interest[:0])
        at = loans.positions
        rows = slice(*np.searchsorted(self.loan, (at[0], at[-1] + 1)))
        return Payments(np.searchsorted(at, self.loan[rows]), self.date[rows], self.principal[rows], self.interest[rows])


def payments_of(tape: Columns, table: pd.DataFrame | None, by_schedule: Bools) -> tuple[Payments, list[Finding]]:
    """The rows of a tape's schedule by loan, and findings about rows that nobody uses. by_schedule: who repays by it [i]."""
    if table is None:
        no_days = np.zeros(0, dtype="datetime64[D]")
        return Payments(np.zeros(0, dtype=np.intp), no_days, np.zeros(0), np.zeros(0)), []
    loans = tape.where(by_schedule)
    loan, unused = _loan_of_rows(loans, table)
    mine = np.flatnonzero(loan >= 0)
    mine = mine[np.argsort(loan[mine], kind="stable")]
    date = as_days(table["due_date"].to_numpy(dtype="datetime64[s]")[mine])
    principal, interest = (np.array(table[name], dtype=np.float64)[mine] for name in ("principal", "interest"))
    return Payments(loans.positions[loan[mine]], date, principal, interest), list(_unused(tape, unused))


def supplied(
    tape: Columns, payments: Payments, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64, *, changing: bool
) -> tuple[dict[str, NDArray[Any]], NDArray[np.void], list[Finding]]:
    """The fields begin, end and interest_given of TERMS for the given loans, the entries they point to, and findings.

    payments: those of the whole tape. changing: whether loans may get new terms, which those whose interest is given as amounts
    cannot.
    """
    own = np.asarray(kinds == Kind.SCHEDULE)
    terms: dict[str, NDArray[Any]] = {name: np.zeros(tape.size, dtype=np.int32) for name in ("begin", "end")}
    terms["interest_given"] = np.zeros(tape.size, dtype=np.int8)
    if not own.any():
        return terms, np.zeros(0, dtype=ENTRIES), []
    loans = tape.where(own)
    rows = payments.of(loans)
    count = np.bincount(rows.loan, minlength=loans.size)
    stated = np.bincount(rows.loan[~np.isnan(rows.interest)], minlength=loans.size)
    end = np.cumsum(count)
    for name, values in (("begin", end - count), ("end", end), ("interest_given", stated > 0)):
        terms[name][own] = values
    entries = np.zeros(len(rows.loan), dtype=ENTRIES)
    entries["month"] = np.maximum(month_of(rows.date, ends, cutoff), 1)
    entries["principal"], entries["interest"] = rows.principal, np.nan_to_num(rows.interest)
    findings = [*_sums(loans, rows, count), *_dates(loans, rows, cutoff), *_interest(loans, count, stated, changing)]
    return terms, entries, findings


def _loan_of_rows(tape: Columns, table: pd.DataFrame) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Which of the loans each row belongs to, -1 for none of them [e], and the keys that belong to none; by runs of rows."""
    texts = [table[name].reset_index(drop=True) for name in KEYS]
    changes = [np.asarray(text.iloc[1:].array != text.iloc[:-1].array, dtype=np.bool_) for text in texts]
    begins = np.append(np.full(min(len(table), 1), True), np.logical_or(*changes))
    first = np.flatnonzero(begins)
    wanted = pd.DataFrame({name: text.iloc[first].array for name, text in zip(KEYS, texts, strict=True)})
    have = _keys(tape)
    if wanted.equals(have):  # one after another, as a schedule is usually written: nothing to look up
        loan = np.arange(len(first))
    elif tape.size:
        loan = pd.MultiIndex.from_frame(have).get_indexer(pd.MultiIndex.from_frame(wanted))
    else:
        loan = np.full(len(first), -1)
    return loan[np.cumsum(begins) - 1], wanted[loan < 0]


def _keys(tape: Columns) -> pd.DataFrame:
    return pd.DataFrame({name: tape.column(name).array for name in KEYS})


def _unused(everybody: Columns, keys: pd.DataFrame) -> Iterator[Finding]:
    if keys.empty:
        return
    known = pd.MultiIndex.from_frame(_keys(everybody)).isin(pd.MultiIndex.from_frame(keys))
    yield from everybody.hits([(
        np.asarray(known), "W-P074", everybody.said("amortisation_type"), "amortisation_type",
        "loan {id} has rows in the schedule and repays by {value}: they are not used",
        "a schedule belongs to a loan of type schedule", "correct its type, or leave its rows out",
    )])  # fmt: skip


def _sums(tape: Columns, rows: Payments, count: NDArray[np.intp]) -> Iterator[Finding]:
    balance = tape.floats("current_balance")
    total = np.bincount(rows.loan, weights=rows.principal, minlength=tape.size)
    amounts = (rows.principal >= 0.0) & ~(rows.interest < 0.0)
    bad = _any(tape, rows, ~amounts)
    table: list[Rule] = [
        (count == 0, "E-P064", tape.said("amortisation_type"), "amortisation_type",
         "loan {id} repays by a schedule of its own, and none is there", "a loan of type schedule has rows in the schedule",
         "supply its rows, or correct its type"),
        (bad, "E-P065", total, "principal", "the schedule of loan {id} has an amount that is missing or below 0",
         "principal is 0 or more, interest empty or 0 or more", "correct the schedule"),
        ((count > 0) & ~bad & ~(np.abs(total - balance) <= ROUNDING * balance), "E-P066", total, "principal",
         "the schedule of loan {id} repays {value}, which is not its balance", "principal adds up to current_balance",
         "correct the schedule, or the balance"),
    ]  # fmt: skip
    return tape.hits(table)


def _dates(tape: Columns, rows: Payments, cutoff: np.datetime64) -> Iterator[Finding]:
    same_loan = np.append(False, rows.loan[1:] == rows.loan[:-1]) if rows.loan.size else np.zeros(0, dtype=np.bool_)
    ascends = np.append(True, rows.date[1:] > rows.date[:-1]) if rows.loan.size else same_loan
    maturity = tape.dates("maturity_date")[rows.loan]
    problems = [
        (np.isnat(rows.date), "E-P063", "a due date that is missing", "every row has its due date"),
        (same_loan & ~ascends, "E-P067", "due dates that do not ascend", "due dates of a loan ascend"),
        (rows.date <= cutoff, "E-P068", "a payment on or before the cut-off", "due dates come after the cut-off"),
        (rows.date > maturity, "E-P069", "a payment after its maturity", "due dates come by maturity_date"),
    ]
    for hit, code, said, rule in problems:
        first = np.full(tape.size, "NaT", dtype="datetime64[D]")
        first[rows.loan[hit][::-1]] = rows.date[hit][::-1]
        message = f"the schedule of loan {{id}} has {said}: {{value}}"
        where = _any(tape, rows, hit)
        yield from tape.hits([(where, code, first, "due_date", message, rule, "correct the schedule")])


def _interest(tape: Columns, count: NDArray[np.intp], stated: NDArray[np.intp], changing: bool) -> Iterator[Finding]:
    table: list[Rule] = [
        ((stated > 0) & (stated < count), "E-P071", stated, "interest",
         "the schedule of loan {id} gives interest in some rows ({value}) and leaves it empty in others",
         "interest is given in every row of a loan, or in none", "fill it in, with 0 where none is due, or clear it"),
        (changing & (stated > 0), "E-P072", tape.said("amortisation_type"), "interest",
         "loan {id} has a schedule with interest as amounts, and new terms would change them",
         "loans that may get new terms compute their interest", "clear interest in its schedule, or leave restructuring out"),
    ]  # fmt: skip
    return tape.hits(table)


def _any(tape: Columns, rows: Payments, hit: Bools) -> Bools:
    """The loans with at least one such row [i]."""
    found = np.zeros(tape.size, dtype=np.bool_)
    found[rows.loan[hit]] = True
    return found


def last_principal(terms: Any, entries: NDArray[np.void], term: Ints) -> Ints:
    """The last month with a balance of each of the loans that `terms` describes: of a supplied schedule its last principal."""
    last = term.copy()
    own = terms["end"] > terms["begin"]
    if own.any():  # entries stand loan by loan, in the order of the loans
        paid = np.where(entries["principal"] > 0.0, entries["month"], 1)
        last[own] = np.maximum.reduceat(paid, terms["begin"][own])
    return last
