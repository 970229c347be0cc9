"""From a tape to the numbers the kernels take. Terms they cannot run are refused with the loans named.

Nothing is quietly treated as something else: a floating loan without its index, say, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, Tape, extended, month_of
from clo.pool.instalments import instalment_terms, is_plain, plain_terms
from clo.pool.interest import RATE_TYPES, rate_terms, resets_of
from clo.pool.kernel import Kind
from clo.pool.schedules import last_principal, payments_of, supplied
from clo.timeline import Days, as_days, month_end, month_index

_KINDS = {
    "equal_principal": Kind.EQUAL_PRINCIPAL,
    "level_payment": Kind.LEVEL_PAYMENT,
    "bullet": Kind.BULLET,
    "revolving": Kind.BULLET,
    "schedule": Kind.SCHEDULE,
}


GONE = frozenset({"DFLT", "NDFT", "DTCR", "DADB", "RDMD", "RE"})
"""Statuses of loans that have defaulted, been redeemed or been bought back."""


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """One group's loans as numbers. i loan (balance above 0 only).

    balance, rate (annual decimal), kind, term (months to maturity), default_month (1-based, 0 = none; empty if nobody
    is known to default), loss (recorded; nan where none): [i]. plain [i]: monthly, equal months, fixed rate, no grace, no
    balloon, no schedule. terms (TERMS) describes the loans that are not plain, in order; entries
    (ENTRIES) their supplied schedules. tau [basis, t]: year fraction of each month, row 0 equal months, to the last maturity with
    its extension. indices: what floating rates follow, with resets [x, 2], the first and last month whose fixing is
    needed.
    """

    balance: Floats
    rate: Floats
    kind: NDArray[np.int8]
    term: Ints
    default_month: Ints
    loss: Floats
    plain: Bools
    terms: NDArray[np.void]
    entries: NDArray[np.void]
    tau: Floats
    indices: tuple[str, ...]
    resets: Ints

    @property
    def index(self) -> Ints:
        """Each loan's row of `indices`, -1 for a fixed rate [i]."""
        row = np.full(len(self.plain), -1, dtype=np.int32)
        row[~self.plain] = self.terms["follows"]
        return row


class Batch:
    """Loans to be read, all at once or in parts: what the parts have in common, and findings about all of the loans together.

    with_defaults: read default_date (and with_loss, allocated_loss); otherwise nobody is known to default. A default
    date after a loan's last month with a balance counts in that month. A loan without balance is left out.
    extension: the months by which new terms may extend a loan; None where nobody gets any.
    """

    def __init__(
        self,
        loans: Tape | pd.DataFrame,
        ends: Days,
        cutoff: np.datetime64,
        *,
        with_defaults: bool = False,
        with_loss: bool = False,
        extension: int | None = None,
    ) -> None:
        self.loans = Columns.of(loans)
        self.ends, self.cutoff = ends, cutoff
        self.with_defaults, self.with_loss, self.extension = with_defaults, with_loss, extension
        tape = self.loans.with_balance()
        last = np.fmax(tape.latest("maturity_date"), ends[-1])  # fmax passes over a missing date
        self._all_ends = extended(ends, month_end(month_index(as_days([last])) + (extension or 0))[0], cutoff)
        table = None if isinstance(loans, pd.DataFrame) else loans.schedule
        by_schedule = np.zeros(0, dtype=np.bool_) if table is None else _kinds(tape) == Kind.SCHEDULE
        self._payments, self.findings = payments_of(tape, table, by_schedule)
        if with_defaults:
            self.findings += _recorded(tape)

    def parts(self, size: int) -> list[Columns]:
        """The loans in runs of at most `size`; at least one run."""
        return [self.loans.part(begin, begin + size) for begin in range(0, max(self.loans.size, 1), size)]

    def read(self, part: Columns) -> tuple[Columns, Contracts, list[Finding]]:
        """The loans of a part that have a balance: as columns, as the kernel takes them, and every finding about them."""
        tape, ends, cutoff, extension = part.with_balance(), self._all_ends, self.cutoff, self.extension
        maturity, kinds = tape.dates("maturity_date"), _kinds(tape)
        term = month_of(maturity, ends, cutoff)
        findings = [*_loan_findings(tape, term, maturity, kinds, ends=self.ends, cutoff=cutoff), *_line_findings(tape)]
        plain = is_plain(tape, kinds)
        others, at = tape.where(~plain), np.flatnonzero(~plain)
        months, other_kinds, terms = term[at], kinds[at], plain_terms(others.size)
        instalments, tau, found = instalment_terms(others, months, other_kinds, ends, cutoff)
        indices, rate_findings = rate_terms(others, months, other_kinds, ends, cutoff, terms)
        schedule, entries, schedule_findings = supplied(
            others, self._payments, other_kinds, ends, cutoff, changing=extension is not None
        )
        for name, values in (instalments | schedule).items():
            terms[name] = values
        findings += [*found, *rate_findings, *schedule_findings]

        default_month, loss = np.zeros(0, dtype=np.int32), np.zeros(0)
        if self.with_defaults:
            loss = tape.floats("allocated_loss")
            month = month_of(tape.dates("default_date"), ends, cutoff)
            findings += _default_findings(tape, month, loss, with_loss=self.with_loss)
            last = term.copy()
            last[at] = last_principal(terms, entries, months)
            default_month = np.where(month > 0, np.minimum(month, last), 0).astype(np.int32)
        contracts = Contracts(
            balance=tape.floats("current_balance"), rate=tape.floats("current_rate"), kind=kinds, term=term,
            default_month=default_month, loss=loss, plain=plain, terms=terms, entries=entries, tau=tau,
            indices=indices, resets=resets_of(terms, months + (extension or 0), len(indices), len(self.ends)),
        )  # fmt: skip
        return tape, contracts, findings


def read_contracts(
    loans: Tape | pd.DataFrame,
    ends: Days,
    cutoff: np.datetime64,
    *,
    with_defaults: bool = False,
    with_loss: bool = False,
    extension: int | None = None,
) -> tuple[Contracts, list[Finding]]:
    """All the loans of a `Batch` as the kernel takes them, with every finding; with one at error level they are not to be run."""
    batch = Batch(loans, ends, cutoff, with_defaults=with_defaults, with_loss=with_loss, extension=extension)
    _, contracts, findings = batch.read(batch.loans)
    return contracts, [*findings, *batch.findings]


def _kinds(tape: Columns) -> NDArray[np.int8]:
    return tape.look_up("amortisation_type", "", lambda word: _KINDS.get(word, -1), np.int8)


def _loan_findings(
    tape: Columns, term: Ints, maturity: Days, kinds: NDArray[np.int8], *, ends: Days, cutoff: np.datetime64
) -> Iterator[Finding]:
    """What every loan must have: balance, rate, maturity, a kind of repayment and of rate that can be projected."""
    known_rate = tape.look_up("rate_type", "fixed", lambda word: word in RATE_TYPES, np.bool_)
    balance, rate, due = tape.floats("current_balance"), tape.floats("current_rate"), tape.dates("next_payment_date")
    gone = tape.look_up("account_status", "", lambda word: word in GONE, np.bool_)
    monthly = tape.look_up("principal_frequency", "monthly", lambda word: word == "monthly", np.bool_)
    table: list[Rule] = [
        (~((balance >= 0.0) & np.isfinite(balance)), "E-P001", balance, "current_balance",
         "loan {id} has balance {value}", "a balance is 0 or more", "correct the tape"),
        (~((rate >= 0.0) & np.isfinite(rate)), "E-P002", rate, "current_rate",
         "loan {id} has rate {value}", "a rate is a decimal, 0 or more", "correct the tape"),
        (term < 1, "E-P003", maturity, "maturity_date",
         f"loan {{id}} has a balance and matures {{value}}, cut-off {cutoff}", "maturity_date is after the cut-off",
         "leave it out of the pool, or correct the date"),
        (kinds < 0, "E-P004", tape.said("amortisation_type"), "amortisation_type",
         "loan {id} repays by {value}: it cannot be projected", f"one of {', '.join(_KINDS)}", "leave it out of the pool"),
        (~known_rate, "E-P005", tape.said("rate_type"), "rate_type",
         "loan {id} has rate type {value}: it cannot be projected", f"one of {', '.join(RATE_TYPES)}",
         "leave it out of the pool"),
        (gone, "E-P096", tape.said("account_status"), "account_status",
         "loan {id} has a balance and status {value}", "a loan of the pool has not defaulted or left it by the cut-off",
         "leave it out of the pool, as where: \"account_status == 'PERF' or account_status == 'ARRE'\" does"),
        (monthly & (month_of(due, ends, cutoff) > 1), "W-P098", due, "next_payment_date",
         "loan {id} pays monthly, and next on {value}: it is projected to pay from the first month on",
         "a monthly loan pays every month", "correct the date, or the frequency; a time without principal is grace_end_date"),
        (term > len(ends), "W-P030", maturity, "maturity_date",
         f"loan {{id}} matures {{value}}, the horizon ends {ends[-1]}: what is then outstanding stays unpaid",
         "loans mature within the horizon", "end the horizon later, or leave the loan out of the pool"),
    ]  # fmt: skip
    return tape.hits(table)


def _line_findings(tape: Columns) -> Iterator[Finding]:
    """What revolving lines must have."""
    line = tape.look_up("amortisation_type", "", lambda word: word == "revolving", np.bool_)
    if not line.any():
        return
    limit, balance = tape.floats("credit_limit"), tape.floats("current_balance")
    yield from tape.hits([
        (line & ~np.isfinite(limit), "E-P073", limit, "credit_limit", "revolving loan {id} has no credit limit",
         "what may be drawn is credit_limit less the balance", "give credit_limit, the balance if nothing more may be drawn"),
        (line & (limit < balance), "W-P075", limit, "credit_limit",
         "revolving loan {id} has a limit of {value}, below its balance",
         "a balance is at most its credit limit", "check both; nothing more is taken to be drawn"),
    ])  # fmt: skip


def _recorded(tape: Columns) -> Iterator[Finding]:
    """Whether the tape records defaults at all: silence about them is not the same as none."""
    rule = "defaults from the tape need the dates they happened"
    if not tape.has("default_date"):
        message = "the tape has no column default_date: no default would happen"
        yield Finding("E-P023", "error", message, rule, "add the column, or give a cdr", file=tape.file, field="default_date")


def _default_findings(tape: Columns, month: Ints, loss: Floats, *, with_loss: bool) -> Iterator[Finding]:
    """What recorded defaults must have."""
    dates = tape.dates("default_date")
    table: list[Rule] = [
        (month == 0, "E-P020", dates, "default_date", "loan {id} has a balance and defaulted {value}, before the cut-off",
         "a loan of the pool has not defaulted at the cut-off", "leave it out of the pool"),
        (with_loss & (month > 0) & ~(loss >= 0.0), "E-P021", loss, "allocated_loss",
         "loan {id} defaults on the tape with loss {value}", "recovery: tape needs the loss of every default, 0 or more",
         "give allocated_loss, or a recovery fraction"),
        ((month < 0) & (loss > 0.0), "E-P022", loss, "default_date",
         "loan {id} has a loss of {value} and no default date", "a loss comes with its default date",
         "give default_date, or clear allocated_loss"),
    ]  # fmt: skip
    return tape.hits(table)
