"""Rules about the interest a loan bears: what a floating rate needs, caps and floors, a rate of zero."""

from __future__ import annotations

import numpy as np

from clo.tape.rules.rule import Positions, Rule, counted, value
from clo.tape.view import Mask, View

FLOATING = ("rate_index", "rate_margin", "rate_reset_months", "next_reset_date")
"""What a floating rate is made of; without any of them it cannot be projected."""


def _blank(view: View, name: str) -> Mask:
    """Rows without a value; all where the tape has no such column."""
    if not view.has(name):
        return np.ones(len(view.frame), dtype=bool)
    blank: Mask = view.frame[name].isna().to_numpy()
    return blank


def _incomplete(view: View) -> Mask:
    floating = view.among("rate_type", "floating", "fixed_then_floating")
    if not floating.any():
        return floating
    incomplete: Mask = floating & np.logical_or.reduce([_blank(view, name) for name in FLOATING])
    return incomplete


def _lacking(view: View, at: Positions) -> str:
    lacks = [name for name in FLOATING if _blank(view, name)[at].any()]
    return f"floating without {', '.join(lacks)} ({counted(at)})"


def _outside(view: View) -> Mask:
    rate = view.numbers("current_rate")
    outside = np.zeros(len(rate), dtype=bool)
    if view.has("rate_floor"):
        outside |= rate < view.numbers("rate_floor")
    if view.has("rate_cap"):
        outside |= rate > view.numbers("rate_cap")
    return outside


INTEREST: tuple[Rule, ...] = (
    Rule("W-T101", "rate_type", (), _incomplete, _lacking),
    Rule("E-T102", "rate_cap", ("rate_floor",),
         lambda v: v.numbers("rate_cap") < v.numbers("rate_floor"),
         lambda v, at: f"cap{value(v, at, 'rate_cap')} below floor{value(v, at, 'rate_floor')} ({counted(at)})"),
    Rule("W-T103", "current_rate", (), _outside,
         lambda v, at: f"rate{value(v, at, 'current_rate')} outside its cap and floor ({counted(at)})"),
    Rule("W-T066", "amortisation_type", ("current_rate",),
         lambda v: v.among("amortisation_type", "level_payment") & (v.numbers("current_rate") == 0),
         lambda v, at: f"level payment with a rate of zero ({counted(at)})"),
)  # fmt: skip
