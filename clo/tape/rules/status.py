"""Rules about how a loan stands: its status against arrears, default and what was recovered."""

from __future__ import annotations

import numpy as np

from clo.tape.rules.rule import MONEY_TOLERANCE, Positions, Rule, above, counted, saying, statuses, value
from clo.tape.view import Mask, View

WORKED_OUT = 0.01
"""Recovered plus lost may miss the default amount by this share of it: costs, interest after default."""


def _in_arrears(view: View, at: Positions) -> str:
    days = value(view, at, "days_in_arrears")
    return f"status PERF but{days}{' days' if days else ''} in arrears ({counted(at)})"


def _undated(view: View) -> Mask:
    """In default without a date; a date that is there and cannot be read is a finding of its own."""
    undated = view.among("account_status", "DFLT") & np.isnat(view.dates("default_date"))
    if "default_date" in view.declared.excused:
        undated = undated & ~view.declared.excused["default_date"]
    return undated


def _unexplained_default(view: View) -> Mask:
    """A default date on a loan that is not in default; realised outcomes after the cut-off date are no contradiction."""
    days = view.dates("default_date")
    dated = ~np.isnat(days)
    if "default_date" in view.declared.realised:
        dated &= ~(days > view.cutoff)
    return dated & view.among("account_status", "PERF", "RDMD")


def _owing_nothing_late(view: View) -> Mask:
    none_late: Mask = (view.numbers("days_in_arrears") == 0) & (view.numbers("arrears_balance") == 0)
    return none_late & view.among("account_status", "ARRE")


def _parts_differ(view: View) -> Mask:
    parts = view.numbers("arrears_principal") + view.numbers("arrears_interest")
    differ: Mask = np.abs(parts - view.numbers("arrears_balance")) > 2 * MONEY_TOLERANCE
    return differ


def _recovered_and_lost(view: View) -> Mask:
    """A work-out that has ended and whose recoveries and loss do not make up what defaulted."""
    ended: Mask = view.dates("workout_end_date") <= view.cutoff
    claim = view.numbers("default_amount")
    resolved = view.numbers("cumulative_recoveries") + view.numbers("allocated_loss")
    return ended & (np.abs(resolved - claim) > WORKED_OUT * claim + MONEY_TOLERANCE)


STATUS: tuple[Rule, ...] = (
    Rule("E-T061", "days_in_arrears", ("account_status",),
         lambda v: (v.numbers("days_in_arrears") > 0) & v.among("account_status", "PERF"), _in_arrears),
    Rule("W-T092", "arrears_balance", ("account_status", "days_in_arrears"),
         lambda v: (v.numbers("arrears_balance") > 0) & (v.numbers("days_in_arrears") == 0) & v.among("account_status", "PERF"),
         lambda v, at: f"status PERF and no days in arrears, but{value(v, at, 'arrears_balance')} past due ({counted(at)})"),
    Rule("W-T093", "arrears_balance", ("account_status", "days_in_arrears"), _owing_nothing_late,
         saying("status ARRE without days or an amount past due")),
    Rule("W-T094", "arrears_balance", ("arrears_principal", "arrears_interest"), _parts_differ,
         lambda v, at: f"past due{value(v, at, 'arrears_balance')}, but principal{value(v, at, 'arrears_principal')} and "
                       f"interest{value(v, at, 'arrears_interest')} do not add up to it ({counted(at)})"),
    Rule("E-T095", "arrears_principal", ("current_balance",),
         lambda v: above("arrears_principal", "current_balance")(v) & (v.numbers("current_balance") > 0),
         lambda v, at: f"principal past due exceeds the balance{value(v, at, 'current_balance')} ({counted(at)})"),
    Rule("E-T062", "default_date", ("account_status",), _undated, saying("status DFLT without a default date")),
    Rule("W-T064", "default_date", ("account_status",), _unexplained_default,
         lambda v, at: f"{statuses(v, at)} with a default date ({counted(at)})"),
    Rule("W-T089", "default_amount", ("account_status",),
         lambda v: v.among("account_status", "DFLT") & np.isnan(v.numbers("default_amount")),
         saying("status DFLT without a default amount")),
    Rule("E-T090", "cumulative_recoveries", ("default_amount",), above("cumulative_recoveries", "default_amount"),
         lambda v, at: f"recovered{value(v, at, 'cumulative_recoveries')} exceeds the default "
                       f"amount{value(v, at, 'default_amount')} ({counted(at)})"),
    Rule("W-T091", "allocated_loss", ("workout_end_date", "default_amount", "cumulative_recoveries", "cutoff_date"),
         _recovered_and_lost,
         lambda v, at: f"the work-out ended, and recovered{value(v, at, 'cumulative_recoveries')} plus "
                       f"lost{value(v, at, 'allocated_loss')} is not the default amount{value(v, at, 'default_amount')} "
                       f"({counted(at)})"),
)  # fmt: skip
