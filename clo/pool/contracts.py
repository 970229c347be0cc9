"""From a tape to the numbers the kernel takes. Terms it cannot run are refused with the loans named.

Nothing is quietly treated as something else: a loan with an individual schedule or a floating rate is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, Tape, extended, month_of
from clo.pool.instalments import is_plain, other_terms
from clo.pool.kernel import Kind
from clo.timeline import Days

_KINDS = {"equal_principal": Kind.EQUAL_PRINCIPAL, "level_payment": Kind.LEVEL_PAYMENT, "bullet": Kind.BULLET}


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
    basis: Ints
    tau: Floats


def read_contracts(
    loans: Tape | pd.DataFrame, ends: Days, cutoff: np.datetime64, *, with_defaults: bool = False, with_loss: bool = False
) -> tuple[Contracts, list[Finding]]:
    """The loans of a group as the kernel takes them, with every finding; with one at error level they are not to be run.

    with_defaults: read default_date (and with_loss, allocated_loss); otherwise nobody is known to default. A default
    date after a loan's maturity counts in its last month, the last with a balance. A loan without balance is left out.
    """
    tape = Columns.of(loans)
    tape = tape.where(tape.floats("current_balance") != 0.0)
    maturity = tape.dates("maturity_date")
    last = np.fmax.reduce(maturity, initial=ends[-1])  # fmax passes over missing dates
    all_ends = extended(ends, last, cutoff)
    term = month_of(maturity, all_ends, cutoff)
    kinds = tape.look_up("amortisation_type", "", lambda word: _KINDS.get(word, -1), np.int8)
    findings = list(_loan_findings(tape, term, maturity, kinds, ends=ends, cutoff=cutoff))
    plain = is_plain(tape, kinds)
    terms, found = other_terms(tape.where(~plain), term[~plain], kinds[~plain], all_ends, cutoff)
    findings += found
    default_month, loss = np.zeros(0, dtype=np.int32), np.zeros(0)
    if with_defaults:
        loss = tape.floats("allocated_loss")
        month = month_of(tape.dates("default_date"), all_ends, cutoff)
        findings += [*_default_findings(tape, month, loss, with_loss=with_loss), *_recorded(tape, month)]
        default_month = np.where(month > 0, np.minimum(month, term), 0).astype(np.int32)
    return Contracts(
        balance=tape.floats("current_balance"), rate=tape.floats("current_rate"), kind=kinds, term=term,
        default_month=default_month, loss=loss, plain=plain, **terms,
    ), findings  # fmt: skip


def _loan_findings(
    tape: Columns, term: Ints, maturity: Days, kinds: NDArray[np.int8], *, ends: Days, cutoff: np.datetime64
) -> Iterator[Finding]:
    """What every loan must have: balance, rate, maturity, a kind of repayment the kernel knows, a fixed rate."""
    fixed = tape.look_up("rate_type", "fixed", lambda word: word == "fixed", np.bool_)
    balance, rate = tape.floats("current_balance"), tape.floats("current_rate")

    def words(name: str) -> Callable[[NDArray[np.intp]], NDArray[Any]]:
        return lambda at: tape.frame[name].iloc[at].to_numpy(dtype=object, na_value="nothing")

    table: list[Rule] = [
        (~(balance >= 0.0), "E-P001", balance, "current_balance",
         "loan {id} has balance {value}", "a balance is 0 or more", "correct the tape"),
        (~((rate >= 0.0) & np.isfinite(rate)), "E-P002", rate, "current_rate",
         "loan {id} has rate {value}", "a rate is a decimal, 0 or more", "correct the tape"),
        (term < 1, "E-P003", maturity, "maturity_date",
         f"loan {{id}} has a balance and matures {{value}}, cut-off {cutoff}", "maturity_date is after the cut-off",
         "leave it out of the pool, or correct the date"),
        (kinds < 0, "E-P004", words("amortisation_type"), "amortisation_type",
         "loan {id} repays by {value}: it cannot be projected", "equal_principal, level_payment or bullet",
         "leave it out of the pool; loans with an individual schedule are not supported yet"),
        (~fixed, "E-P005", words("rate_type"), "rate_type",
         "loan {id} has rate type {value}: it cannot be projected", "rate_type is fixed",
         "leave it out of the pool; floating rates are not supported yet"),
        (term > len(ends), "W-P030", maturity, "maturity_date",
         f"loan {{id}} matures {{value}}, the horizon ends {ends[-1]}: what is then outstanding stays unpaid",
         "loans mature within the horizon", "end the horizon later, or leave the loan out of the pool"),
    ]  # fmt: skip
    return tape.hits(table)


def _recorded(tape: Columns, month: Ints) -> Iterator[Finding]:
    """Whether the tape records defaults at all: silence about them is not the same as none."""
    rule = "defaults from the tape need the dates they happened"
    if not tape.has("default_date"):
        message = "the tape has no column default_date: no default would happen"
        yield Finding("E-P023", "error", message, rule, "add the column, or give a cdr", file=tape.file, field="default_date")
    elif not (month >= 0).any():
        message = "default_date is blank for every loan: no default happens"
        yield Finding("W-P024", "warning", message, rule, "check the tape", file=tape.file, field="default_date")


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
