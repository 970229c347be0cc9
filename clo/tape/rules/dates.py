"""Rules about the order of a loan's dates, and against the cut-off date."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clo.tape.rules.rule import Positions, Rule, counted, statuses, value
from clo.tape.view import Mask, View

LATE = ("ARRE", "RARR", "DFLT", "NDFT", "DTCR", "DADB", "RE", "OTHR")
"""Statuses under which a maturity may lie before the cut-off date with a balance still owed."""
LONGEST = np.timedelta64(50 * 36525 // 100, "D")
EVENTS = {
    "default_date": "default",
    "restructuring_date": "change of terms",
    "credit_event_date": "credit event",
    "redemption_date": "redemption",
    "repurchase_date": "repurchase",
    "workout_end_date": "end of the work-out",
}
"""Dates of what happened to a loan: not before it was made, and known only up to the cut-off date."""


def _day(view: View) -> str:
    return str(view.cutoff.astype("datetime64[D]"))


def _matured(view: View, at: Positions) -> str:
    due, owed = value(view, at, "maturity_date"), value(view, at, "current_balance", ", balance ")
    return f"maturity{due} precedes cut-off {_day(view)}{owed}, {statuses(view, at)} ({counted(at)})"


def _after_grace(view: View, at: Positions) -> str:
    grace, due = value(view, at, "grace_end_date"), value(view, at, "maturity_date")
    return f"grace_end{grace} is after maturity{due}: principal would never be paid ({counted(at)})"


def _years_out(view: View, at: Positions) -> str:
    made, due = value(view, at, "origination_date"), value(view, at, "maturity_date")
    return f"matures{due}{',' if due else ''} more than 50 years after origination{made} ({counted(at)})"


def _after(first: str, second: str) -> Callable[[View], Mask]:
    return lambda view: view.dates(first) > view.dates(second)


def _later_than(first: str, second: str, words: str) -> Callable[[View, Positions], str]:
    """`reset 2031-09-30 is after maturity 2031-03-31 (1 loan)`, with the dates where it is one loan."""

    def said(view: View, at: Positions) -> str:
        subject, other = words.split(" is after ")
        return f"{subject}{value(view, at, first)} is after {other}{value(view, at, second)} ({counted(at)})"

    return said


def _future(name: str) -> Callable[[View], Mask]:
    def broken(view: View) -> Mask:
        if name in view.declared.realised:
            return np.zeros(len(view.frame), dtype=bool)
        later: Mask = view.dates(name) > view.cutoff
        return later

    return broken


def _fiscal_year_off(view: View) -> Mask:
    label = view.frame["financials_fiscal_year"].str.extract(r"(\d{4})")[0].astype("float64").to_numpy()
    days = view.dates("financials_date").astype("datetime64[M]")
    months = np.where(np.isnat(days), np.nan, days.astype(np.int64) + 1970 * 12)
    off: Mask = np.abs(months - 3 - label * 12 - 5.5) > 6
    return off


def _no_day(view: View) -> Mask:
    days = view.numbers("payment_day")
    none: Mask = (days == 0) | (days > 31)
    return none


def _event_rules(name: str, words: str) -> tuple[Rule, Rule]:
    """An event is known only if it came by the cut-off date, and cannot come before the loan."""
    return (
        Rule("W-T063", name, ("cutoff_date",), _future(name),
             lambda v, at: f"{words} after the cut-off date {_day(v)} ({counted(at)})"),
        Rule("E-T088", name, ("origination_date",), _after("origination_date", name),
             lambda v, at: f"{words}{value(v, at, name)} before origination{value(v, at, 'origination_date')} ({counted(at)})"),
    )  # fmt: skip


DATES: tuple[Rule, ...] = (
    Rule("E-T053", "maturity_date", ("current_balance", "account_status", "cutoff_date"),
         lambda v: (v.dates("maturity_date") < v.cutoff) & (v.numbers("current_balance") > 0) & ~v.among("account_status", *LATE),
         _matured),
    Rule("E-T054", "maturity_date", ("origination_date",),
         lambda v: v.dates("maturity_date") <= v.dates("origination_date"),
         lambda v, at: f"maturity is not after origination{value(v, at, 'origination_date')} ({counted(at)})"),
    Rule("E-T055", "maturity_date", ("origination_date",),
         lambda v: v.dates("maturity_date") - v.dates("origination_date") > LONGEST, _years_out),
    Rule("E-T056", "origination_date", ("cutoff_date",),
         lambda v: v.dates("origination_date") > v.cutoff,
         lambda v, at: f"made after the cut-off date {_day(v)} ({counted(at)})"),
    Rule("W-T057", "next_payment_date", ("cutoff_date",),
         lambda v: v.dates("next_payment_date") < v.cutoff,
         lambda v, at: f"before the cut-off date {_day(v)} ({counted(at)})"),
    Rule("W-T084", "next_payment_date", ("maturity_date",), _after("next_payment_date", "maturity_date"),
         _later_than("next_payment_date", "maturity_date", "next payment is after maturity")),
    Rule("E-T085", "payment_day", (), _no_day,
         lambda v, at: f"payment_day{value(v, at, 'payment_day')} is no day of a month ({counted(at)})"),
    Rule("E-T058", "grace_end_date", ("maturity_date",), _after("grace_end_date", "maturity_date"), _after_grace),
    Rule("W-T086", "next_reset_date", ("maturity_date",), _after("next_reset_date", "maturity_date"),
         _later_than("next_reset_date", "maturity_date", "reset is after maturity")),
    Rule("W-T087", "next_reset_date", ("cutoff_date",),
         lambda v: v.dates("next_reset_date") < v.cutoff,
         lambda v, at: f"reset{value(v, at, 'next_reset_date')} before the cut-off date {_day(v)} ({counted(at)})"),
    Rule("W-T045", "financials_date", ("financials_fiscal_year",), _fiscal_year_off,
         lambda v, at: f"label{value(v, at, 'financials_fiscal_year')} does not hold its date (April to March; {counted(at)})"),
    *(rule for name, words in EVENTS.items() for rule in _event_rules(name, words)),
)  # fmt: skip
