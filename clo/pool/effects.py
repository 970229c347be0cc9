"""What a scenario says and does not find in a group of loans: told once all of the group has been read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import Survival, TermStructure
from clo.findings import Finding
from clo.pool.cells import Cell
from clo.pool.interest import CAPITAL
from clo.pool.kernel import Column

Floats = NDArray[np.float64]


class Seen(NamedTuple):
    """What a group has shown under one scenario: its cells with their sums [h, k, t + 1], the indices its loans follow."""

    by_cell: Mapping[Cell, Floats]
    indices: tuple[str, ...]
    months: int
    charge_offs: int
    """Loans with a default date."""
    days_known: bool
    """Whether the tape says how many days loans are in arrears."""


def effect_findings(seen: Seen, assumed: Behaviour) -> Iterator[Finding]:
    """Fields that change nothing, curves that end early, and contracts that owe less than nothing."""
    if not seen.by_cell:
        return
    if assumed.from_tape and not seen.charge_offs:
        message, rule = "default_date is blank for every loan: no default happens", "defaults from the tape need their dates"
        yield Finding("W-P024", "warning", message, rule, "check the tape", field="default_date")
    yield from _idle(seen, assumed)
    yield from _short_curves(seen, assumed)
    principal = sum(part[0, Column.PRINCIPAL, :-1] for part in seen.by_cell.values())
    opening = sum(part[0, Column.OPENING, 0] for part in seen.by_cell.values())
    if (principal < -1e-9 * opening).any():
        message = f"scheduled principal of month {int(np.argmin(principal)) + 1} is {np.min(principal):,.0f}"
        rule = "a level payment covers the interest of its period"
        fix = "use equal months (1/12) for loans with a balloon near their balance, or call them bullets"
        yield Finding("W-P092", "warning", message, rule, fix, field="balloon_amount")


def _idle(seen: Seen, assumed: Behaviour) -> Iterator[Finding]:
    """The fields as a table: whether it is stated and finds nothing, field, why."""
    months, cells = seen.months, seen.by_cell
    repurchase, changes, failure = assumed.repurchase, assumed.restructuring, assumed.servicer_failure
    floating = [name for name in seen.indices if not name.startswith(CAPITAL)]
    prepays = any(value is not None for value in (assumed.cpr, assumed.smm, assumed.prepayment_ramp))
    table = [
        (assumed.setoff is not None and not _any(cells, Column.SETOFF), "setoff", "no loan has a deposit (deposit_setoff)"),
        (assumed.drawn_at_default is not None and not _any(cells, Column.DRAWN), "drawn_at_default",
         "no loan is a revolving line with something undrawn"),
        (assumed.rolls and not seen.days_known, "arrears.roll_rates",
         "the tape has no days_in_arrears, so every loan starts as current"),
        (repurchase is not None and repurchase.where is not None and not any(cell.breached for cell in cells),
         "repurchase.where", "no loan satisfies it"),
        (repurchase is not None and (repurchase.month or 0) > months, "repurchase.month", f"the horizon ends in month {months}"),
        (changes is not None and (changes.month or 0) > months, "restructuring.month", f"the horizon ends in month {months}"),
        (changes is not None and not changes.extension and not changes.rate_cut and changes.default_multiplier == 1.0,
         "restructuring", "the new terms are the old ones"),
        (failure is not None and failure.month - failure.months >= months, "servicer_failure.month",
         f"the horizon ends in month {months}"),
        (bool(assumed.rates) and not floating, "rates", "no loan follows an index"),
        (assumed.performance is not None and len(floating) == len(seen.indices), "performance",
         "no loan has a rate that follows the borrower's results"),
        (assumed.prepayment_incentive is not None and not floating, "prepayment_incentive", "no loan follows an index"),
        (assumed.prepayment_incentive is not None and not prepays, "prepayment_incentive", "there is no prepayment to multiply"),
        (assumed.prepayment_fee is not None and not prepays, "prepayment_fee", "there is no prepayment to charge"),
    ]  # fmt: skip
    rule, fix = "what is assumed finds something it applies to", "leave it out, or supply what it needs"
    for idle, name, why in table:
        if idle:
            yield Finding("W-P088", "warning", f"{name} changes nothing: {why}", rule, fix, field=name)
    if isinstance(assumed.defaults, TermStructure):
        unused = sorted(set(assumed.defaults.curves) - {str(cell.default_class) for cell in cells})
        if unused:
            message = f"no loan has {assumed.defaults.by} {', '.join(map(repr, unused[:5]))}: {len(unused)} curves are not used"
            yield Finding("W-P088", "warning", message, rule, "check the words of the column", field="defaults.curves")


def _any(cells: Mapping[Cell, Floats], column: Column) -> bool:
    return any(bool(part[:, column].any()) for part in cells.values())


def _short_curves(seen: Seen, assumed: Behaviour) -> Iterator[Finding]:
    """Curves of default that end before the last month in which some loan needs them."""
    model = assumed.defaults
    needs: dict[str, tuple[int, int]] = {}
    for cell in seen.by_cell:
        needed = seen.months + (cell.age if isinstance(model, TermStructure | Survival) and model.since == "origination" else 0)
        if isinstance(model, TermStructure):
            word = str(cell.default_class)
            curve = model.curve_of(word)
            length = model.months(curve) if isinstance(curve, tuple) else needed
            field = f"defaults.curves.{word}" if word in model.curves else "defaults.other"
        elif isinstance(model, Survival):
            length, field = len(model.survival), "defaults.survival"
        else:
            return
        if length < needed:
            needs[field] = (length, max(needed, needs.get(field, (0, 0))[1]))
    for field, (length, needed) in needs.items():
        message = f"{field} covers {length} months, and {needed} are needed: the hazard at its end holds on"
        yield Finding("W-A010", "warning", message, "a curve covers the months in which it is needed", "extend it", field=field)
