"""Terms other than plain monthly ones: frequencies, grace, balloon and day count, as the kernel takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, month_of
from clo.pool.kernel import Kind
from clo.timeline import DAY_COUNTS, Days, year_fraction

EQUAL_MONTHS = ("1/12", "30/360", "30E/360")
"""Day counts under which a loan's own payments, a month apart, are 1/12 of a year apart."""

STEPS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12, "at_maturity": 0}


def is_plain(tape: Columns, kinds: NDArray[np.int8]) -> Bools:
    """Which loans pay monthly on equal months, with no grace and no balloon [i]. A bullet has neither anyway."""
    bullet = kinds == Kind.BULLET
    plain = np.ones(tape.size, dtype=np.bool_)
    if tape.has("principal_frequency"):
        plain &= tape.look_up("principal_frequency", "monthly", lambda word: word == "monthly", np.bool_) | bullet
    if tape.has("interest_frequency"):
        plain &= tape.look_up("interest_frequency", "monthly", lambda word: word == "monthly", np.bool_)
    if tape.has("day_count"):
        plain &= tape.look_up("day_count", "1/12", lambda word: word in EQUAL_MONTHS, np.bool_)
    if tape.has("grace_end_date"):
        plain &= np.isnat(tape.dates("grace_end_date")) | bullet
    if tape.has("balloon_amount"):
        plain &= (np.nan_to_num(tape.floats("balloon_amount")) == 0.0) | bullet
    return plain


def other_terms(
    tape: Columns, term: Ints, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64
) -> tuple[dict[str, Any], list[Finding]]:
    """The fields of Contracts from grace to tau for the given loans (those that are not plain), and findings.

    Instalments are counted back from maturity, so an odd period comes first; a next_payment_date fixes them instead for
    loans that pay principal and interest together less often than monthly. A bullet has no grace and no balloon.
    """
    bullet = kinds == Kind.BULLET
    grace = np.maximum(month_of(tape.dates("grace_end_date"), ends, cutoff), 0)
    grace = np.where(bullet, 0, grace).astype(np.int32)
    balloon = np.where(bullet, 0.0, np.nan_to_num(tape.floats("balloon_amount", 0.0)))
    step = tape.look_up("principal_frequency", "monthly", lambda word: STEPS.get(word, -1), np.int32)
    step = np.where(bullet, 1, step).astype(np.int32)
    interest_step = tape.look_up("interest_frequency", "monthly", lambda word: STEPS.get(word, -1), np.int32)
    findings = list(_findings(tape, term, grace, balloon, steps=(step, interest_step)))

    together = np.where(bullet, interest_step, np.where(step == interest_step, step, 1)) > 1
    due = np.where(together, month_of(tape.dates("next_payment_date"), ends, cutoff), 0)
    step = np.maximum(step, 1)
    interest_step = np.where(interest_step < 1, np.maximum(term, 1), interest_step).astype(np.int32)
    codes, words = tape.words("day_count", "1/12")
    terms = {
        "grace": grace,
        "first": _first(term, step, grace, due),
        "step": step,
        "interest_first": _first(term, interest_step, grace, due),
        "interest_step": interest_step,
        "balloon": balloon,
        "basis": np.arange(len(words), dtype=np.int32)[codes],
        "tau": _fractions(words, ends[: max(1, int(term.max(initial=1)))], cutoff),
    }
    return terms, findings


def _first(term: Ints, step: Ints, grace: Ints, due: Ints) -> Ints:
    """Month of the first payment after grace: on the grid of the next payment if known, else of maturity."""
    anchor = np.where((due >= 1) & (due <= term), due, term)
    return (grace + 1 + (anchor - grace - 1) % step).astype(np.int32)


def _fractions(words: list[str], ends: Days, cutoff: np.datetime64) -> Floats:
    """Year fraction of each month under each day count [basis, t]."""
    starts = np.concatenate(([cutoff], ends[:-1]))
    tau = np.full((len(words), len(ends)), 1.0 / 12.0)
    for row, word in enumerate(words):
        if word in DAY_COUNTS and word not in EQUAL_MONTHS:
            tau[row] = year_fraction(word, starts, ends)
    return tau


def _findings(tape: Columns, term: Ints, grace: Ints, balloon: Floats, *, steps: tuple[Ints, Ints]) -> Iterator[Finding]:
    step, interest_step = steps
    balance = tape.floats("current_balance", np.nan)
    level = tape.look_up("amortisation_type", "", lambda word: word == "level_payment", np.bool_)
    known_day_count = tape.look_up("day_count", "1/12", lambda word: word in DAY_COUNTS, np.bool_)
    table: list[Rule] = [
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
        (~known_day_count, "E-P011", lambda at: tape.frame["day_count"].iloc[at].to_numpy(dtype=object), "day_count",
         "loan {id} has day count {value}", f"one of {', '.join(DAY_COUNTS)}", "correct the tape"),
    ]  # fmt: skip
    return tape.hits(table)
