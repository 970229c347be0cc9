"""From the columns of a tape to the numbers the kernel takes: months instead of dates, codes instead of words.

Month t is the interval (E_{t-1}, E_t] of period ends, E_0 the cut-off. Terms the kernel cannot run are refused with the
loans named; nothing is quietly treated as something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding, Occurrences
from clo.pool.kernel import Kind
from clo.timeline import DAY_COUNTS, Days, as_days, day_of_month, month_end, month_index, on_day, year_fraction

EQUAL_MONTHS = ("1/12", "30/360", "30E/360")
"""Day counts under which a loan's own payments, a month apart, are 1/12 of a year apart."""

STEPS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12, "at_maturity": 0}

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
_Rule = tuple[Bools, str, NDArray[Any], str, str, str, str]
"""Loans it hits, code, values, field, message, rule, fix."""


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """One group's loans as numbers. i loan (balance above 0 only).

    balance, rate (annual decimal), kind, term (months to maturity), default_month (1-based, 0 = none; empty if nobody
    is known to default), loss (recorded; nan where none): [i]. plain [i]: monthly, equal months, no grace, no balloon.
    The rest describe the loans that are not plain, in order: grace, first, step, interest_first, interest_step,
    balloon, basis (row of tau).
    tau [basis, t]: year fraction of each month, to the last maturity.
    """

    balance: Floats
    rate: Floats
    kind: NDArray[np.int8]
    term: Ints
    default_month: Ints
    loss: Floats
    plain: Bools
    grace: Ints
    first: Ints
    step: Ints
    interest_first: Ints
    interest_step: Ints
    balloon: Floats
    basis: NDArray[np.int8]
    tau: Floats


def month_of(dates: Days, ends: Days, cutoff: np.datetime64) -> Ints:
    """The month each date falls in: 0 on or before the cut-off, 1 for the first; -1 where there is no date."""
    month = np.searchsorted(ends, dates, side="left").astype(np.int32) + 1
    month[dates <= cutoff] = 0
    month[np.isnat(dates)] = -1
    return np.asarray(month, dtype=np.int32)


def extended(ends: Days, until: np.datetime64) -> Days:
    """The period ends, carried on monthly until they reach the given day."""
    last = int(month_index(ends[-1:])[0])
    more = last + np.arange(1, max(0, int(month_index(as_days([until]))[0]) - last) + 2)
    at_month_end = bool((ends == month_end(month_index(ends))).all())
    return np.concatenate((ends, month_end(more) if at_month_end else on_day(more, int(day_of_month(ends).max()))))


class _Frame:
    """A tape's columns with an absent optional one read as empty; rows and file say where a loan came from."""

    def __init__(self, frame: pd.DataFrame, rows: NDArray[np.int64], file: str) -> None:
        self.frame = frame
        self.size = len(frame)
        self.rows = rows
        self.file = file

    def floats(self, name: str, default: float) -> Floats:
        if name not in self.frame:
            return np.full(self.size, default)
        return self.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

    def dates(self, name: str) -> Days:
        if name not in self.frame:
            return np.full(self.size, "NaT", dtype="datetime64[D]")
        return as_days(self.frame[name].to_numpy(dtype="datetime64[s]"))

    def words(self, name: str, default: str) -> tuple[NDArray[np.int64], list[str]]:
        """Codes [i] into the list of words; an empty field reads as the default."""
        if name not in self.frame:
            return np.zeros(self.size, dtype=np.int64), [default]
        codes, words = pd.factorize(self.frame[name])
        found = [str(word) for word in words]
        return np.where(codes < 0, len(found), codes), [*found, default]

    def hits(self, table: Iterable[_Rule]) -> Iterator[Finding]:
        """One finding for each rule some loan breaks; {id} and {value} in its message stand for the first such loan."""
        for hit, code, values, field, message, rule, fix in table:
            at = np.flatnonzero(hit)
            if at.size == 0:
                continue
            who = (
                self.frame["loan_id"].iloc[at].to_numpy(dtype=object)
                if "loan_id" in self.frame
                else np.asarray([f"#{row + 1}" for row in at], dtype=object)
            )
            found = np.asarray(values[at]).astype(object)
            text = message.format(id=who[0], value=found[0])
            yield Finding(
                code, "error" if code.startswith("E") else "warning", text, rule=rule, fix=fix, who=str(who[0]),
                field=field, value=str(found[0]),
                file=self.file, row=int(self.rows[at[0]]), occurrences=Occurrences(rows=self.rows[at], who=who, values=found),
            )  # fmt: skip


class Tape(Protocol):
    """What is read of `Loans`."""

    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def file_rows(self) -> NDArray[np.int64]: ...
    @property
    def source(self) -> str: ...


def read_contracts(
    loans: Tape | pd.DataFrame, ends: Days, cutoff: np.datetime64, *, with_defaults: bool = False, with_loss: bool = False
) -> tuple[Contracts, list[Finding]]:
    """The loans of a group as the kernel takes them, with every finding; with one at error level they are not to be run.

    with_defaults: read default_date (and with_loss, allocated_loss); otherwise nobody is known to default. A default
    date after a loan's maturity counts in its last month, the last with a balance. A loan without balance is left out.
    """
    frame = loans if isinstance(loans, pd.DataFrame) else loans.frame
    rows = np.arange(2, len(frame) + 2) if isinstance(loans, pd.DataFrame) else loans.file_rows
    owing = np.asarray(frame["current_balance"].to_numpy(dtype=np.float64, na_value=np.nan) != 0.0)
    if not owing.all():
        frame, rows = frame[owing], rows[owing]
    tape = _Frame(frame, rows, "" if isinstance(loans, pd.DataFrame) else loans.source)
    maturity = tape.dates("maturity_date")
    known = maturity[~np.isnat(maturity)]
    all_ends = extended(ends, known.max() if known.size else ends[-1])
    term = month_of(maturity, all_ends, cutoff)
    kind, kind_words = tape.words("amortisation_type", "")
    kinds = np.asarray([_KINDS.get(word, -1) for word in kind_words], dtype=np.int8)[kind]
    findings = list(_loan_findings(tape, term, maturity, kinds, ends=ends, cutoff=cutoff))
    terms, basis_words, more = _terms(tape, term, kinds, all_ends, cutoff)
    findings += more
    default_month, loss = np.zeros(0, dtype=np.int32), np.zeros(0)
    if with_defaults:
        loss = tape.floats("allocated_loss", np.nan)
        month = month_of(tape.dates("default_date"), all_ends, cutoff)
        findings += _default_findings(tape, month, loss, with_loss=with_loss)
        default_month = np.where(month > 0, np.minimum(month, term), 0).astype(np.int32)

    equal_months = np.isin(basis_words, EQUAL_MONTHS)
    plain = (terms["grace"] == 0) & (terms["step"] == 1) & (terms["interest_step"] == 1) & (terms["balloon"] == 0.0)
    plain &= equal_months[terms["basis"]]
    longest = max(1, int(term[~plain].max(initial=1)))
    starts = np.concatenate(([cutoff], all_ends[:-1]))[:longest]
    tau = np.full((len(basis_words), longest), 1.0 / 12.0)
    for row, word in enumerate(basis_words):
        if word in DAY_COUNTS and word not in EQUAL_MONTHS:
            tau[row] = year_fraction(word, starts, all_ends[:longest])
    rest = {name: values[~plain] for name, values in terms.items()}
    return Contracts(
        balance=tape.floats("current_balance", np.nan), rate=tape.floats("current_rate", np.nan), kind=kinds,
        term=term, default_month=default_month, loss=loss, plain=plain, tau=tau, **rest,
    ), findings  # fmt: skip


_KINDS = {"equal_principal": Kind.EQUAL_PRINCIPAL, "level_payment": Kind.LEVEL_PAYMENT, "bullet": Kind.BULLET}


def _loan_findings(
    tape: _Frame, term: Ints, maturity: Days, kinds: NDArray[np.int8], *, ends: Days, cutoff: np.datetime64
) -> Iterator[Finding]:
    """What every loan must have: balance, rate, maturity, a kind of repayment the kernel knows, a fixed rate."""
    kind, kind_words = tape.words("amortisation_type", "absent")
    rate_type, rate_words = tape.words("rate_type", "fixed")
    balance, rate = tape.floats("current_balance", np.nan), tape.floats("current_rate", np.nan)
    table: list[_Rule] = [
        (~(balance >= 0.0), "E-P001", balance, "current_balance",
         "loan {id} has balance {value}", "a balance is 0 or more", "correct the tape"),
        (~((rate >= 0.0) & np.isfinite(rate)), "E-P002", rate, "current_rate",
         "loan {id} has rate {value}", "a rate is a decimal, 0 or more", "correct the tape"),
        (term < 1, "E-P003", maturity, "maturity_date",
         f"loan {{id}} has a balance and matures {{value}}, cut-off {cutoff}", "maturity_date is after the cut-off",
         "leave it out of the pool, or correct the date"),
        (kinds < 0, "E-P004", np.asarray(kind_words, dtype=object)[kind], "amortisation_type",
         "loan {id} repays by {value}: it cannot be projected", "equal_principal, level_payment or bullet",
         "leave it out of the pool; loans with an individual schedule are not supported yet"),
        (np.asarray([word != "fixed" for word in rate_words])[rate_type], "E-P005",
         np.asarray(rate_words, dtype=object)[rate_type], "rate_type",
         "loan {id} has rate type {value}: it cannot be projected", "rate_type is fixed",
         "leave it out of the pool; floating rates are not supported yet"),
        (term > len(ends), "W-P030", maturity, "maturity_date",
         f"loan {{id}} matures {{value}}, the horizon ends {ends[-1]}: what is then outstanding stays unpaid",
         "loans mature within the horizon", "end the horizon later, or leave the loan out of the pool"),
    ]  # fmt: skip
    return tape.hits(table)


def _default_findings(tape: _Frame, month: Ints, loss: Floats, *, with_loss: bool) -> Iterator[Finding]:
    """What recorded defaults must have."""
    dates = tape.dates("default_date")
    table: list[_Rule] = [
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


def _terms(
    tape: _Frame, term: Ints, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64
) -> tuple[dict[str, Any], list[str], list[Finding]]:
    """Frequencies, grace, balloon and day count [i]; the words of the day counts; findings.

    Instalments are counted back from maturity, so an odd period comes first; a next_payment_date fixes them instead for
    loans that pay principal and interest together less often than monthly. A bullet has no grace and no balloon.
    """
    bullet = kinds == Kind.BULLET
    grace = np.maximum(month_of(tape.dates("grace_end_date"), ends, cutoff), 0)
    grace = np.where(bullet, 0, grace).astype(np.int32)
    balloon = np.where(bullet, 0.0, np.nan_to_num(tape.floats("balloon_amount", 0.0)))
    code, words = tape.words("principal_frequency", "monthly")
    step = np.asarray([STEPS.get(word, -1) for word in words], dtype=np.int32)[code]
    step = np.where(bullet, 1, step).astype(np.int32)
    code, interest_words = tape.words("interest_frequency", "monthly")
    interest_step = np.asarray([STEPS.get(word, -1) for word in interest_words], dtype=np.int32)[code]
    basis, basis_words = tape.words("day_count", "1/12")
    findings = list(_terms_findings(tape, term, grace, balloon, steps=(step, interest_step)))
    named = np.asarray(basis_words, dtype=object)[basis]
    findings += tape.hits([
        (~np.isin(basis_words, DAY_COUNTS)[basis], "E-P011", named, "day_count",
         "loan {id} has day count {value}", f"one of {', '.join(DAY_COUNTS)}", "correct the tape"),
    ])  # fmt: skip

    together = np.where(bullet, interest_step, np.where(step == interest_step, step, 1)) > 1
    due = np.where(together, month_of(tape.dates("next_payment_date"), ends, cutoff), 0)
    step = np.where(step < 1, 1, step).astype(np.int32)
    interest_step = np.where(interest_step < 1, np.maximum(term, 1), interest_step).astype(np.int32)
    terms = {
        "grace": grace,
        "first": _first(term, step, grace, due),
        "step": step,
        "interest_first": _first(term, interest_step, grace, due),
        "interest_step": interest_step,
        "balloon": balloon,
        "basis": basis.astype(np.int8),
    }
    return terms, basis_words, findings


def _first(term: Ints, step: Ints, grace: Ints, due: Ints) -> Ints:
    """Month of the first payment after grace: on the grid of the next payment if known, else of maturity."""
    anchor = np.where((due >= 1) & (due <= term), due, term)
    return (grace + 1 + (anchor - grace - 1) % step).astype(np.int32)


def _terms_findings(tape: _Frame, term: Ints, grace: Ints, balloon: Floats, *, steps: tuple[Ints, Ints]) -> Iterator[Finding]:
    step, interest_step = steps
    balance = tape.floats("current_balance", np.nan)
    kind, kind_words = tape.words("amortisation_type", "")
    level = np.asarray([word == "level_payment" for word in kind_words])[kind]
    table: list[_Rule] = [
        ((grace > 0) & (grace >= term), "E-P006", tape.dates("grace_end_date"), "grace_end_date",
         "loan {id} has grace until {value}, not before its last month", "grace ends before the last instalment",
         "call it a bullet, or correct the date"),
        (~((balloon >= 0.0) & (balloon <= balance)), "E-P007", balloon, "balloon_amount",
         "loan {id} has balloon {value}", "a balloon is between 0 and the balance", "correct the tape"),
        (step < 1, "E-P008", step, "principal_frequency",
         "loan {id} repays in instalments, yet its principal_frequency is not one of them",
         "an instalment loan repays monthly, quarterly, semi_annual or annual", "call it a bullet, or correct it"),
        (level & (step != interest_step), "E-P009", interest_step, "interest_frequency",
         "loan {id} has level payments, yet interest and principal fall due at different times",
         "a level payment is principal and interest together", "make the two frequencies equal"),
        ((grace > 0) & (interest_step != 1) & (interest_step != step), "E-P010", interest_step, "interest_frequency",
         "loan {id} has a grace period with interest not monthly", "in grace, interest is paid monthly",
         "correct the tape; other interest in grace is not supported yet"),
    ]  # fmt: skip
    return tape.hits(table)
