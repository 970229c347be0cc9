"""Rules about balances: what is owed against what was lent."""

from __future__ import annotations

from clo.tape.rules.rule import MONEY_TOLERANCE, Positions, Rule, above, counted, saying, statuses, value
from clo.tape.view import Mask, View

RESOLVED = ("RDMD", "RE", "DFLT", "NDFT", "DTCR", "DADB", "OTHR")
"""Statuses a loan without a balance may have."""
OVER_ORIGINAL = 2.0
"""A balance above the original is capitalised interest at best; above twice the original it is a wrong number."""
MANY_TIMES = 100.0
"""From here on an excess is said to be large, not by how many digits of percent."""


def _over_twice(view: View) -> Mask:
    lent = view.numbers("original_balance")
    return (view.numbers("current_balance") > OVER_ORIGINAL * lent + MONEY_TOLERANCE) & (lent > 0)


def _over_once(view: View) -> Mask:
    """Above the original, but not above twice of it; an original of zero is a finding of its own."""
    return above("current_balance", "original_balance")(view) & ~_over_twice(view) & (view.numbers("original_balance") > 0)


def _over_original(view: View, at: Positions) -> str:
    over = float((view.numbers("current_balance")[at] / view.numbers("original_balance")[at]).max())
    if over >= MANY_TIMES:
        some = "" if len(at) == 1 else "at worst "
        return f"balance is {some}more than {MANY_TIMES:.0f} times the original ({counted(at)}): wrong unit?"
    said = f"by {over - 1.0:.0%}" if len(at) == 1 else f"by up to {over - 1.0:.0%}"
    return f"balance exceeds original {said} ({counted(at)}): capitalised interest or wrong unit?"


def _empty(view: View) -> Mask:
    empty: Mask = (view.numbers("current_balance") == 0) & (view.codes("account_status") >= 0)
    return empty & ~view.among("account_status", *RESOLVED)


BALANCES: tuple[Rule, ...] = (
    Rule("W-T051", "current_balance", ("account_status",), _empty,
         lambda v, at: f"zero balance, {statuses(v, at)} ({counted(at)})"),
    Rule("E-T096", "current_balance", ("account_status",),
         lambda v: (v.numbers("current_balance") > 0) & v.among("account_status", "RDMD"),
         lambda v, at: f"status RDMD with a balance{value(v, at, 'current_balance', ' of ')} ({counted(at)})"),
    Rule("E-T052", "current_balance", ("original_balance",), _over_twice, _over_original),
    Rule("W-T052", "current_balance", ("original_balance",), _over_once, _over_original),
    Rule("W-T068", "original_balance", (), lambda v: v.numbers("original_balance") == 0, saying("original balance of zero")),
    Rule("W-T065", "allocated_loss", ("original_balance",), above("allocated_loss", "original_balance"),
         lambda v, at: f"loss above the original balance{value(v, at, 'original_balance')} ({counted(at)})"),
)  # fmt: skip
