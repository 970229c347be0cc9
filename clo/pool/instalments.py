"""When a loan pays, and how much of a year each of its months is: frequencies, grace, balloon and day count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, month_of
from clo.pool.kernel import Kind
from clo.pool.terms_kernel import NEVER, TERMS
from clo.schema import MONTHS_BETWEEN
from clo.timeline import DAY_COUNTS, EQUAL_MONTHS, Days, year_fraction

STEPS = {**MONTHS_BETWEEN, "at_maturity": NEVER}
UNKNOWN = -1


def plain_terms(size: int) -> NDArray[np.void]:
    """TERMS of loans paid monthly on equal months at a fixed rate, with no grace, balloon or schedule [i]."""
    terms = np.zeros(1, dtype=TERMS)
    for name in ("first", "step", "interest_first", "interest_step", "first_reset", "reset_step"):
        terms[name] = 1
    terms["follows"] = -1
    terms["floor"] = -np.inf
    for name in ("cap", "first_cap", "periodic_cap"):
        terms[name] = np.inf
    return np.repeat(terms, size)


def is_plain(tape: Columns, kinds: NDArray[np.int8]) -> Bools:
    """Which loans pay monthly on equal months at a fixed rate, with no grace and no balloon [i]. A bullet has neither anyway."""
    bullet = kinds == Kind.BULLET
    plain = np.asarray(kinds != Kind.SCHEDULE)
    if tape.has("principal_frequency"):
        plain &= tape.look_up("principal_frequency", "monthly", lambda word: word == "monthly", np.bool_) | bullet
    if tape.has("interest_frequency"):
        plain &= tape.look_up("interest_frequency", "monthly", lambda word: word == "monthly", np.bool_)
    if tape.has("day_count"):
        plain &= tape.look_up("day_count", "1/12", lambda word: word in EQUAL_MONTHS, np.bool_)
    if tape.has("grace_end_date"):
        plain &= tape.empty("grace_end_date") | bullet
    if tape.has("balloon_amount"):
        plain &= (np.nan_to_num(tape.floats("balloon_amount")) == 0.0) | bullet
    if tape.has("rate_type"):
        plain &= tape.look_up("rate_type", "fixed", lambda word: word == "fixed", np.bool_)
    return plain


def instalment_terms(
    tape: Columns, term: Ints, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64
) -> tuple[dict[str, Any], Floats, list[Finding]]:
    """The fields of TERMS about instalments for the given loans, tau [basis, t], and findings.

    Instalments are counted back from maturity, so an odd period comes first; a next_payment_date fixes them instead for
    loans that pay principal and interest together less often than monthly. Only instalment loans have grace and balloon.
    """
    instalments = (kinds == Kind.EQUAL_PRINCIPAL) | (kinds == Kind.LEVEL_PAYMENT)
    grace = np.where(instalments, np.maximum(month_of(tape.dates("grace_end_date"), ends, cutoff), 0), 0).astype(np.int32)
    balloon = np.where(instalments, np.nan_to_num(tape.floats("balloon_amount", 0.0)), 0.0)
    stated = tape.look_up("principal_frequency", "monthly", lambda word: STEPS.get(word, UNKNOWN), np.int32)
    step = np.where(instalments, stated, 1).astype(np.int32)
    interest_step = tape.look_up("interest_frequency", "monthly", lambda word: STEPS.get(word, UNKNOWN), np.int32)
    findings = list(_findings(tape, term, grace, balloon, steps=(step, interest_step)))

    together = (stated == interest_step) & (interest_step > 1) & (interest_step < NEVER)
    coming = np.where(together, month_of(tape.dates("next_payment_date"), ends, cutoff), 0)
    coming = np.where((coming >= 1) & (coming <= term), coming, 0).astype(np.int32)
    anchor, before = np.where(coming > 0, coming, term), np.maximum(coming - 1, 0)
    codes, words = tape.words("day_count", "1/12")
    bases = [word for word in dict.fromkeys(words) if word in DAY_COUNTS and word not in EQUAL_MONTHS]
    row_of = {word: row for row, word in enumerate(bases, start=1)}
    terms = {
        "first": _first_after(np.maximum(grace, before), anchor, step),
        "step": step,
        "interest_first": np.where(interest_step == NEVER, NEVER, _first_after(before, anchor, interest_step)).astype(np.int32),
        "interest_step": interest_step,
        "monthly_until": np.zeros_like(term),
        "balloon": balloon,
        "basis": np.asarray([row_of.get(word, 0) for word in words], dtype=np.int32)[codes],
    }
    return terms, month_fractions(bases, ends, cutoff), findings


def _first_after(month: Ints, anchor: NDArray[Any], step: Ints) -> Ints:
    """The first month after the given one that lies a whole number of steps from the anchor."""
    return (month + 1 + (anchor - month - 1) % np.maximum(step, 1)).astype(np.int32)


def month_fractions(bases: list[str], ends: Days, cutoff: np.datetime64) -> Floats:
    """Year fraction of each month [basis, t]: row 0 of equal months, then one for each of the day counts given."""
    starts = np.concatenate(([cutoff], ends[:-1]))
    return np.stack([np.full(len(ends), 1.0 / 12.0), *(year_fraction(word, starts, ends) for word in bases)])


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
        ((step == UNKNOWN) | (step == NEVER), "E-P008", tape.said("principal_frequency"), "principal_frequency",
         "loan {id} repays in instalments, yet its principal_frequency is {value}",
         "an instalment loan repays monthly, quarterly, semi_annual or annual", "call it a bullet, or correct it"),
        (interest_step == UNKNOWN, "E-P076", tape.said("interest_frequency"), "interest_frequency",
         "loan {id} pays interest {value}", f"interest falls due {', '.join(STEPS)}", "correct the tape"),
        (level & (step != interest_step), "E-P009", tape.said("interest_frequency"), "interest_frequency",
         "loan {id} has level payments, yet interest and principal fall due at different times",
         "a level payment is principal and interest together", "make the two frequencies equal"),
        (~known_day_count, "E-P011", tape.said("day_count"), "day_count",
         "loan {id} has day count {value}", f"one of {', '.join(DAY_COUNTS)}", "correct the tape"),
    ]  # fmt: skip
    return tape.hits(table)
