"""How much principal falls due between two cut-off dates, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.history.snapshots import Floats, Mask, Snapshot, month_number
from clo.schema import AMORTISATION_TYPES, FREQUENCIES, MONTHS_BETWEEN
from clo.timeline import month_index

_MONTHS = np.array([*(MONTHS_BETWEEN.get(name, 0) for name in FREQUENCIES), 1])
"""Months between instalments by the code of a frequency, 0 at maturity; the last is for a missing one, code -1."""
_EQUAL, _LEVEL, _BULLET = (AMORTISATION_TYPES.index(name) for name in ("equal_principal", "level_payment", "bullet"))


def principal_due(tape: Snapshot, at: NDArray[np.intp], until: np.datetime64) -> Floats:
    """Principal the loans at the rows `at` owe from the tape's date to `until` (shape: rows), with principal already overdue.

    NaN where the tape does not say: revolving lines, and loans whose schedule is not supplied. Instalments count back from
    maturity; a level payment divides the rate by the instalments of a year. What fell due is at most the balance.
    Source: docs/loans.md, Instalments.
    """
    balance = tape.column("current_balance")[at]
    step = _MONTHS[tape.column("principal_frequency")[at]]
    kind = tape.column("amortisation_type")[at]
    start = month_number(tape.date)
    term = _months(tape.column("maturity_date")[at], start)
    grace = np.nan_to_num(_months(tape.column("grace_end_date")[at], start))
    passed = float(month_number(until) - start)
    once = (kind == _BULLET) | (step == 0)
    every = np.where(once, 1, step)
    left = np.ceil((term - np.maximum(grace, 0.0)) / every)
    after = np.ceil((term - np.maximum(grace, passed)) / every)
    overdue = np.minimum(_overdue(tape, at), balance)
    current = balance - overdue
    balloon = np.nan_to_num(tape.column("balloon_amount")[at])
    regular = tape.column("regular_principal")[at]
    with np.errstate(invalid="ignore", divide="ignore"):
        equal = (current - balloon) * (left - after) / left
        rate = np.nan_to_num(tape.column("current_rate")[at]) * every / 12.0
        due = np.where(kind == _LEVEL, _level(current, balloon, rate, left, after), equal)
        due = np.where(np.isnan(regular), due, regular * (left - after))
    due[once] = 0.0
    due = np.where(np.isin(kind, (_EQUAL, _LEVEL, _BULLET)) | ~np.isnan(regular), due, _supplied(tape, until)[at])
    due = np.minimum(due + overdue, balance)
    return np.where(matured(tape, at, until), balance, due)


def matured(tape: Snapshot, at: NDArray[np.intp], until: np.datetime64) -> Mask:
    """Rows whose maturity has come by a date."""
    past: Mask = tape.column("maturity_date")[at] <= until
    return past


def _months(days: NDArray[Any], start: int) -> Floats:
    return np.where(np.isnat(days), np.nan, month_index(days) - start)


def _level(balance: Floats, balloon: Floats, rate: Floats, left: Floats, after: Floats) -> Floats:
    """Principal among the first `left - after` of `left` level payments."""
    grown = np.expm1((left - after) * np.log1p(rate)) / np.expm1(left * np.log1p(rate))
    return (balance - balloon) * np.where(rate > 0, grown, (left - after) / left)


def _supplied(tape: Snapshot, until: np.datetime64) -> Floats:
    """Principal of supplied schedules from the tape's date to `until` (shape: loans of the tape), NaN where there is none."""
    rows, days, principal = tape.schedule
    fallen = (days > tape.date) & (days <= until)
    size = len(tape.loan)
    due = np.bincount(rows, weights=np.where(fallen, principal, 0.0), minlength=size)
    return np.where(np.bincount(rows, minlength=size) > 0, due, np.nan)


def _overdue(tape: Snapshot, at: NDArray[np.intp]) -> Floats:
    """Principal past due at the tape's date; all that is past due where principal is not told apart."""
    principal, everything = tape.column("arrears_principal")[at], tape.column("arrears_balance")[at]
    return np.nan_to_num(np.where(np.isnan(principal), everything, principal))
