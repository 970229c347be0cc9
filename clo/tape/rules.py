"""Rules over the rows of a tape: a table, each rule one vectorised test that makes at most one finding.

Rules compare a row with itself and with the cut-off date; `units.py` compares columns and originators as wholes,
`keys.py` compares rows with each other. A comparison with a missing value never breaks a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding, nearest
from clo.schema import TAPE, required
from clo.tape.codes import finding
from clo.tape.keys import key_findings
from clo.tape.units import unit_findings
from clo.tape.view import Mask, View, number

Positions = NDArray[np.intp]

RESOLVED = ("RDMD", "RE", "DFLT", "NDFT", "DTCR", "DADB", "OTHR")
"""Statuses a loan without a balance may have."""
LATE = ("ARRE", "RARR", "DFLT", "NDFT", "DTCR", "DADB", "RE", "OTHR")
"""Statuses under which a maturity may lie before the cut-off date with a balance still owed."""
SIGNED = frozenset({"obligor_ebitda"})
"""Money that may be negative."""
SIGN_FIXES = {
    "current_balance": "set the status to RDMD with a zero balance, or correct the sign",
    "days_in_arrears": "enter 0 for a loan that is paid up or ahead, or correct the sign",
    "arrears_balance": "enter 0 for a loan that is paid up or ahead, or correct the sign",
    "current_rate": "correct the sign, or enter 0 for a loan whose reference rate went below its spread",
}
LONGEST = np.timedelta64(50 * 36525 // 100, "D")
MONEY_TOLERANCE = 0.5
OVER_ORIGINAL = 2.0
MANY_TIMES = 100.0
"""From here on an excess is said to be large, not by how many digits of percent."""
"""A balance above the original is capitalised interest at best; above twice the original it is a wrong number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One test: its finding is about `field`; it runs where the tape has that column and all of `needs`."""

    code: str
    field: str
    needs: tuple[str, ...]
    broken: Callable[[View], Mask]
    message: Callable[[View, Positions], str]


def _first(view: View, at: Positions, name: str) -> str:
    """The value of a column in the first broken row, as text."""
    values = view.frame[name]
    if TAPE[name].kind == "date":
        return str(view.dates(name)[at[0]].astype("datetime64[D]"))
    if TAPE[name].kind in ("money", "integer", "rate", "ratio", "number"):
        return number(float(view.numbers(name)[at[0]]))
    return str(values.iloc[at[0]])


def _n(at: Positions) -> str:
    return f"{len(at):,} loan{'s' if len(at) != 1 else ''}"


def _value(view: View, at: Positions, name: str, before: str = " ") -> str:
    """The value of a column where one row is broken; with several it stands in the occurrences, not in the message."""
    return before + _first(view, at, name) if len(at) == 1 else ""


def _statuses(view: View, at: Positions) -> str:
    """The statuses of all broken rows: they are words of a short list, and say more than a count."""
    names = view.frame["account_status"].iloc[at].dropna().astype(str).unique()
    return f"status {' or '.join(sorted(names))}" if len(names) else "status blank"


def _over_original(view: View, at: Positions) -> str:
    over = float((view.numbers("current_balance")[at] / view.numbers("original_balance")[at]).max())
    if over >= MANY_TIMES:
        some = "" if len(at) == 1 else "at worst "
        return f"balance is {some}more than {MANY_TIMES:.0f} times the original ({_n(at)}): wrong unit?"
    said = f"by {over - 1.0:.0%}" if len(at) == 1 else f"by up to {over - 1.0:.0%}"
    return f"balance exceeds original {said} ({_n(at)}): capitalised interest or wrong unit?"


def _matured(view: View, at: Positions) -> str:
    due, owed = _value(view, at, "maturity_date"), _value(view, at, "current_balance", ", balance ")
    cutoff = view.cutoff.astype("datetime64[D]")
    return f"maturity{due} precedes cut-off {cutoff}{owed}, {_statuses(view, at)} ({_n(at)})"


def _after_grace(view: View, at: Positions) -> str:
    grace, due = _value(view, at, "grace_end_date"), _value(view, at, "maturity_date")
    return f"grace_end{grace} is after maturity{due}: principal would never be paid ({_n(at)})"


def _years_out(view: View, at: Positions) -> str:
    made, due = _value(view, at, "origination_date"), _value(view, at, "maturity_date")
    return f"matures{due}{',' if due else ''} more than 50 years after origination{made} ({_n(at)})"


def _in_arrears(view: View, at: Positions) -> str:
    days = _value(view, at, "days_in_arrears")
    return f"status PERF but{days}{' days' if days else ''} in arrears ({_n(at)})"


def _undated(view: View) -> Mask:
    """In default without a date; a date that is there and cannot be read is a finding of its own."""
    undated = view.among("account_status", "DFLT") & np.isnat(view.dates("default_date"))
    if "default_date" in view.declared.excused:
        undated = undated & ~view.declared.excused["default_date"]
    return undated


def _ratio(first: str, second: str) -> Callable[[View], Mask]:
    return lambda view: view.numbers(first) > view.numbers(second) + MONEY_TOLERANCE


def _over_twice(view: View) -> Mask:
    lent = view.numbers("original_balance")
    return (view.numbers("current_balance") > OVER_ORIGINAL * lent + MONEY_TOLERANCE) & (lent > 0)


def _over_once(view: View) -> Mask:
    """Above the original, but not above twice of it; an original of zero is a finding of its own."""
    return _ratio("current_balance", "original_balance")(view) & ~_over_twice(view) & (view.numbers("original_balance") > 0)


def _unexplained_default(view: View) -> Mask:
    """A default date on a loan that is not in default; realised outcomes after the cut-off date are no contradiction."""
    days = view.dates("default_date")
    dated = ~np.isnat(days)
    if "default_date" in view.declared.realised:
        dated &= ~(days > view.cutoff)
    return dated & view.among("account_status", "PERF", "RDMD")


def _future(name: str) -> Callable[[View], Mask]:
    def broken(view: View) -> Mask:
        if name in view.declared.realised:
            return np.zeros(len(view.frame), dtype=bool)
        later: Mask = view.dates(name) > view.cutoff
        return later

    return broken


def _bad_corporate_number(view: View) -> Mask:
    """Check digit of 法人番号: 9 - (sum of digits x 1, 2, 1, 2... from the right) mod 9."""
    numbers = view.frame["corporate_number"]
    known = np.asarray(numbers.notna())
    whole = known & np.asarray(numbers.str.fullmatch(r"[0-9]{13}").fillna(False), dtype=bool)
    broken: Mask = known & ~whole
    at = np.flatnonzero(whole)
    if len(at):
        digits = np.array([list(text) for text in numbers.iloc[at]], dtype=np.int64)
        weights = np.array([2, 1] * 6)
        broken[at] = 9 - (digits[:, 1:] * weights).sum(axis=1) % 9 != digits[:, 0]
    return broken


def _fiscal_year_off(view: View) -> Mask:
    label = view.frame["financials_fiscal_year"].str.extract(r"(\d{4})")[0].astype("float64").to_numpy()
    days = view.dates("financials_date").astype("datetime64[M]")
    months = np.where(np.isnat(days), np.nan, days.astype(np.int64) + 1970 * 12)
    off: Mask = np.abs(months - 3 - label * 12 - 5.5) > 6
    return off


RULES: tuple[Rule, ...] = (
    Rule("W-T051", "current_balance", ("account_status",),
         lambda v: (v.numbers("current_balance") == 0) & (v.codes("account_status") >= 0) & ~v.among("account_status", *RESOLVED),
         lambda v, at: f"zero balance, {_statuses(v, at)} ({_n(at)})"),
    Rule("E-T052", "current_balance", ("original_balance",), _over_twice, _over_original),
    Rule("W-T052", "current_balance", ("original_balance",), _over_once, _over_original),
    Rule("W-T068", "original_balance", (),
         lambda v: v.numbers("original_balance") == 0, lambda v, at: f"original balance of zero ({_n(at)})"),
    Rule("E-T053", "maturity_date", ("current_balance", "account_status", "cutoff_date"),
         lambda v: (v.dates("maturity_date") < v.cutoff) & (v.numbers("current_balance") > 0) & ~v.among("account_status", *LATE),
         _matured),
    Rule("E-T054", "maturity_date", ("origination_date",),
         lambda v: v.dates("maturity_date") <= v.dates("origination_date"),
         lambda v, at: f"maturity is not after origination{_value(v, at, 'origination_date')} ({_n(at)})"),
    Rule("E-T055", "maturity_date", ("origination_date",),
         lambda v: v.dates("maturity_date") - v.dates("origination_date") > LONGEST, _years_out),
    Rule("E-T056", "origination_date", ("cutoff_date",),
         lambda v: v.dates("origination_date") > v.cutoff,
         lambda v, at: f"made after the cut-off date {v.cutoff.astype('datetime64[D]')} ({_n(at)})"),
    Rule("W-T057", "next_payment_date", ("cutoff_date",),
         lambda v: v.dates("next_payment_date") < v.cutoff,
         lambda v, at: f"before the cut-off date {v.cutoff.astype('datetime64[D]')} ({_n(at)})"),
    Rule("E-T058", "grace_end_date", ("maturity_date",),
         lambda v: v.dates("grace_end_date") > v.dates("maturity_date"), _after_grace),
    Rule("E-T061", "days_in_arrears", ("account_status",),
         lambda v: (v.numbers("days_in_arrears") > 0) & v.among("account_status", "PERF"),
         _in_arrears),
    Rule("E-T062", "default_date", ("account_status",),
         _undated,
         lambda v, at: f"status DFLT without a default date ({_n(at)})"),
    Rule("W-T063", "default_date", ("cutoff_date",), _future("default_date"),
         lambda v, at: f"default after the cut-off date {v.cutoff.astype('datetime64[D]')} ({_n(at)})"),
    Rule("W-T064", "default_date", ("account_status",), _unexplained_default,
         lambda v, at: f"{_statuses(v, at)} with a default date ({_n(at)})"),
    Rule("W-T065", "allocated_loss", ("original_balance",), _ratio("allocated_loss", "original_balance"),
         lambda v, at: f"loss above the original balance{_value(v, at, 'original_balance')} ({_n(at)})"),
    Rule("W-T066", "amortisation_type", ("current_rate",),
         lambda v: v.among("amortisation_type", "level_payment") & (v.numbers("current_rate") == 0),
         lambda v, at: f"level payment with a rate of zero ({_n(at)})"),
    Rule("W-T067", "amortisation_type", ("regular_principal",),
         lambda v: v.among("amortisation_type", "bullet") & (v.numbers("regular_principal") > 0),
         lambda v, at: f"bullet with regular principal{_value(v, at, 'regular_principal')} ({_n(at)})"),
    Rule("W-T071", "corporate_number", (), _bad_corporate_number,
         lambda v, at: f"fails its check digit, or has not 13 digits ({_n(at)})"),
    Rule("W-T045", "financials_date", ("financials_fiscal_year",), _fiscal_year_off,
         lambda v, at: f"label{_value(v, at, 'financials_fiscal_year')} does not hold its date (April to March; {_n(at)})"),
)  # fmt: skip


def check(view: View) -> list[Finding]:
    """Every finding the rules make about a tape in canonical dtypes; empty for a clean one."""
    found = [*_missing_columns(view)]
    if view.frame.empty:
        return [*found, finding("E-T009", "the tape has no loans", file=view.source)]
    found += _missing_values(view)
    found += _signs_and_sizes(view)
    units = list(unit_findings(view))
    for rule in RULES:
        if view.has(rule.field, *rule.needs):
            broken = rule.broken(view)
            if rule.code.endswith("T052"):
                broken = broken & ~_in_another_unit(view, units)
            if broken.any():
                at = np.flatnonzero(broken)
                found.append(view.report(rule.code, rule.field, at, rule.message(view, at)))
    if view.has("account_status") and not view.has("default_date"):
        undated = view.among("account_status", "DFLT")
        if undated.any():
            found.append(view.report("E-T062", "default_date", undated, "status DFLT and no default_date column"))
    found += units
    found += key_findings(view)
    return found


def _in_another_unit(view: View, units: list[Finding]) -> Mask:
    """Rows whose money is already said to be in another unit: that their balances do not compare is the same mistake."""
    hit = np.zeros(len(view.frame), dtype=bool)
    for found in units:
        if found.code in ("E-T024", "E-T029") and found.occurrences is not None:
            hit |= np.isin(view.rows, found.occurrences.rows)
    return hit


def _missing_columns(view: View) -> Iterator[Finding]:
    present = list(view.frame.columns)
    for name in required():
        if name not in {*present, *view.declared.may_be_missing, *view.declared.absent}:
            close = nearest(name, [column for column in present if column not in TAPE])
            hint = f"; closest header: {close!r}" if close else ""
            yield finding("E-T011", f"required column {name} not found{hint}", field=name, file=view.source)


def _missing_values(view: View) -> Iterator[Finding]:
    for name in required():
        if name not in view.frame.columns:
            continue
        blank = view.frame[name].isna().to_numpy()
        if name in view.declared.excused:
            blank = blank & ~view.declared.excused[name]
        if not blank.any():
            continue
        reason = view.declared.may_be_missing.get(name)
        count = f"{name} blank for {_n(np.flatnonzero(blank))}"
        if reason is None:
            yield view.report("E-T030", name, blank, count)
        else:
            yield view.report("W-T030", name, blank, f"{count}: {reason}")


def _signs_and_sizes(view: View) -> Iterator[Finding]:
    """Negative amounts, infinite numbers, and totals past the last exactly whole float, for every numeric column."""
    for name in view.frame.columns:
        kind = TAPE[name].kind if name in TAPE else "text"
        if kind not in ("money", "integer", "ratio") and name != "current_rate":
            continue
        values = view.numbers(name)
        low = values < 0
        if kind != "ratio" and name not in SIGNED and low.any():
            said = f"{name} is negative for {_n(np.flatnonzero(low))}"
            yield view.report("E-T050", name, low, said, fix=SIGN_FIXES.get(name, "correct the sign"))
        if kind == "ratio" and name not in ("purchase_price_pct", "pd_1y"):
            outside = low | (values > 1)
            if outside.any():
                said = f"{name} outside 0 to 1 for {_n(np.flatnonzero(outside))}: percent, such as 80 for 0.8?"
                yield view.report("E-T033", name, outside, said)
        if kind == "money":
            total = float(np.nansum(np.abs(values)))
            if total >= 2**53:
                biggest = np.array([int(np.nanargmax(np.abs(values)))])
                yield view.report("E-T027", name, biggest, f"total of {name} is {total:,.0f}, above 2^53 = {2**53:,}")
