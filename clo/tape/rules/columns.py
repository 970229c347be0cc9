"""Rules that every column of its kind keeps: present where required, not negative, not infinite, not in percent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clo.findings import Finding, nearest
from clo.schema import TAPE, required
from clo.tape.codes import finding
from clo.tape.rules.rule import counted
from clo.tape.view import View

SIGNED = frozenset({"obligor_ebitda"})
"""Money that may be negative."""
SIGN_FIXES = {
    "current_balance": "set the status to RDMD with a zero balance, or correct the sign",
    "days_in_arrears": "enter 0 for a loan that is paid up or ahead, or correct the sign",
    "arrears_balance": "enter 0 for a loan that is paid up or ahead, or correct the sign",
    "current_rate": "correct the sign, or enter 0 for a loan whose reference rate went below its spread",
}
UNBOUNDED = frozenset({"purchase_price_pct", "pd_1y"})
"""Ratios that may pass 1, or have a rule of their own."""
STACKED = 2.0
"""A share above 1 and up to this is no percent: several guarantees added up, more likely."""


def missing_columns(view: View) -> Iterator[Finding]:
    present = list(view.frame.columns)
    for name in required():
        if name not in {*present, *view.declared.may_be_missing, *view.declared.absent}:
            close = nearest(name, [column for column in present if column not in TAPE])
            hint = f"; closest header: {close!r}" if close else ""
            yield finding("E-T011", f"required column {name} not found{hint}", field=name, file=view.source)


def missing_values(view: View) -> Iterator[Finding]:
    for name in required():
        if name not in view.frame.columns:
            continue
        blank = view.frame[name].isna().to_numpy()
        if name in view.declared.excused:
            blank = blank & ~view.declared.excused[name]
        if not blank.any():
            continue
        reason = view.declared.may_be_missing.get(name)
        count = f"{name} blank for {counted(np.flatnonzero(blank))}"
        if reason is None:
            yield view.report("E-T030", name, blank, count)
        else:
            yield view.report("W-T030", name, blank, f"{count}: {reason}")


def signs_and_sizes(view: View) -> Iterator[Finding]:
    """Negative amounts, shares outside 0 to 1, and totals past the last exactly whole float, for every numeric column."""
    for name in view.frame.columns:
        kind = TAPE[name].kind if name in TAPE else "text"
        if kind == "ratio" and name not in UNBOUNDED:
            yield from _share(view, name)
        if (kind in ("money", "integer") and name not in SIGNED) or name == "current_rate":
            low = view.numbers(name) < 0
            if low.any():
                said = f"{name} is negative for {counted(np.flatnonzero(low))}"
                yield view.report("E-T050", name, low, said, fix=SIGN_FIXES.get(name, "correct the sign"))
        if kind == "money":
            values = np.abs(view.numbers(name))
            total = float(np.nansum(values))
            if total >= 2**53:
                biggest = np.array([int(np.nanargmax(values))])
                yield view.report("E-T027", name, biggest, f"total of {name} is {total:,.0f}, above 2^53 = {2**53:,}")


def _share(view: View, name: str) -> Iterator[Finding]:
    values = view.numbers(name)
    outside = (values < 0) | (values > 1)
    if not outside.any():
        return
    largest = float(np.nanmax(values))
    guess = "percent, such as 80 for 0.8?" if largest > STACKED else f"{largest:.0%}: several added up?" if largest > 1 else ""
    said = f"{name} outside 0 to 1 for {counted(np.flatnonzero(outside))}"
    yield view.report("E-T033", name, outside, f"{said}: {guess}" if guess else said)
