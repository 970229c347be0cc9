"""Every rule over one tape, in one pass, everything found at once.

`units.py` compares columns and originators as wholes, `keys.py` rows with each other, `identity.py` the rows of a borrower.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clo.findings import Finding
from clo.tape.codes import finding
from clo.tape.keys import key_findings
from clo.tape.rules.balances import BALANCES
from clo.tape.rules.columns import missing_columns, missing_values, signs_and_sizes
from clo.tape.rules.dates import DATES
from clo.tape.rules.identity import identity_findings
from clo.tape.rules.instalments import INSTALMENTS
from clo.tape.rules.interest import INTEREST
from clo.tape.rules.rule import Rule
from clo.tape.rules.status import STATUS
from clo.tape.units import unit_findings
from clo.tape.view import Mask, View

RULES: tuple[Rule, ...] = (*BALANCES, *DATES, *STATUS, *INTEREST, *INSTALMENTS)
UNIT_CODES = ("E-T021", "E-T022", "E-T024", "E-T029")
"""Findings that say that a column is in another unit."""
UNIT_SENSITIVE = frozenset({"E-T052", "W-T052", "W-T098", "W-T099", "W-T100", "W-T103"})
"""Rules that compare amounts or rates: broken by another unit, which is then said once, as that."""


def check(view: View) -> list[Finding]:
    """Every finding the rules make about a tape in canonical dtypes; empty for a clean one."""
    if view.frame.empty:
        return [*missing_columns(view), finding("E-T009", "the tape has no loans", file=view.source)]
    units = list(unit_findings(view))
    return [*row_findings(view, units), *units, *key_findings(view), *identity_findings(view)]


def row_findings(view: View, units: Sequence[Finding] = ()) -> list[Finding]:
    """What each row says by itself, whatever the others hold; rows that `units` says are in another unit are not told twice."""
    found = [*missing_columns(view), *missing_values(view), *signs_and_sizes(view)]
    for rule in RULES:
        if view.has(rule.field, *rule.needs):
            broken = rule.broken(view)
            if rule.code in UNIT_SENSITIVE:
                broken = broken & ~_in_another_unit(view, units)
            if broken.any():
                at = np.flatnonzero(broken)
                found.append(view.report(rule.code, rule.field, at, rule.message(view, at)))
    if view.has("account_status") and not view.has("default_date"):
        undated = view.among("account_status", "DFLT")
        if undated.any():
            found.append(view.report("E-T062", "default_date", undated, "status DFLT and no default_date column"))
    return found


def _in_another_unit(view: View, units: Sequence[Finding]) -> Mask:
    """Rows already said to be in another unit: that their amounts do not compare is the same mistake."""
    hit = np.zeros(len(view.frame), dtype=bool)
    for found in units:
        if found.code in UNIT_CODES and found.occurrences is not None:
            hit |= np.isin(view.rows, found.occurrences.rows)
    return hit
