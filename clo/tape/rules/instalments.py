"""Rules about how principal is repaid: the instalments a tape states against those its terms give.

Only loans that pay monthly, are up to date and whose terms are complete are recomputed. One instalment more or fewer is allowed
for, because a tape may stand before or after the payment of its month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.schema import MONTHS_BETWEEN, TAPE
from clo.tape.rules.rule import Positions, Rule, counted, value
from clo.tape.view import Mask, View, number

Floats = NDArray[np.float64]

TOLERANCE = 0.05
"""Share of an instalment by which it may differ: interest by days, a changed rate."""
ROUNDING = {"JPY": 1_000.0}
"""Instalments are agreed in round amounts: in yen, thousands."""
ROUND_OTHERWISE = 10.0
NEEDED = ("current_balance", "current_rate", "maturity_date", "cutoff_date", "principal_frequency", "interest_frequency",
          "account_status", "days_in_arrears")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What instalments are computed from, by loan: amounts in currency units, rate a month, number of instalments left."""

    balance: Floats
    balloon: Floats
    rate: Floats
    left: Floats
    rounding: float
    usual: Mask

    @classmethod
    def of(cls, view: View) -> Terms:
        cutoff = view.dates("cutoff_date").astype("datetime64[M]")
        start = cutoff
        usual = view.among("principal_frequency", "monthly") & view.among("interest_frequency", "monthly")
        usual &= view.among("account_status", "PERF", "RNAR") & (view.numbers("days_in_arrears") == 0)
        if view.has("grace_end_date"):
            grace = view.dates("grace_end_date").astype("datetime64[M]")
            start = np.where(np.isnat(grace), start, np.maximum(start, grace))
        months = view.dates("maturity_date").astype("datetime64[M]") - start
        left = np.where(np.isnat(months), np.nan, months.astype(np.int64))
        balloon = np.nan_to_num(view.numbers("balloon_amount")) if view.has("balloon_amount") else np.zeros(len(left))
        currency = str(view.frame["currency"].iloc[0]) if view.has("currency") and len(view.frame) else ""
        rounding = ROUNDING.get(currency, ROUND_OTHERWISE)
        rate = view.numbers("current_rate") / 12.0
        return cls(view.numbers("current_balance"), balloon, rate, left, rounding, usual & (left >= 1))

    def principal(self, instalments: Floats) -> Floats:
        """Equal principal over a number of instalments."""
        return (self.balance - self.balloon) / instalments

    def level(self, instalments: Floats) -> Floats:
        """The level payment that takes the balance to the balloon: B = P (1 - v^n)/r + balloon v^n, v = 1/(1+r)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            later = (1.0 + self.rate) ** -instalments
            level = (self.balance - self.balloon * later) * self.rate / (1.0 - later)
        return np.where(self.rate == 0.0, self.principal(instalments), level)

    def off(self, stated: Floats, kind: str, interest: bool) -> Mask:
        """Whether a stated instalment is none that `left`, one more or one fewer instalments would give."""
        owed = self.balance * self.rate if interest and kind == "equal_principal" else 0.0
        fewer, more = np.maximum(self.left - 1.0, 1.0), self.left + 1.0
        compute = self.principal if kind == "equal_principal" else self.level
        high = (compute(fewer) + owed) * (1.0 + TOLERANCE) + self.rounding
        low = (compute(more) + owed) * (1.0 - TOLERANCE) - self.rounding
        wrong: Mask = (stated > 0) & ((stated > high) | (stated < low)) & self.usual
        return wrong


def _principal_off(view: View) -> Mask:
    equal = view.among("amortisation_type", "equal_principal")
    return equal & Terms.of(view).off(view.numbers("regular_principal"), "equal_principal", interest=False)


def _principal_said(view: View, at: Positions) -> str:
    if len(at) > 1:
        return f"regular principal is not what equal principal to maturity gives ({counted(at)})"
    terms = Terms.of(view)
    given = number(float(np.round(terms.principal(terms.left)[at[0]])))
    return (
        f"regular principal{value(view, at, 'regular_principal')}, where equal principal over "
        f"{terms.left[at[0]]:.0f} months is {given} ({counted(at)})"
    )


def _payment_off(view: View) -> Mask:
    terms, due = Terms.of(view), view.numbers("payment_due")
    paying = np.ones(len(due), dtype=bool)
    if view.has("grace_end_date"):
        paying = ~(view.dates("grace_end_date") > view.cutoff)  # until then interest alone is due
    wrong = np.zeros(len(due), dtype=bool)
    for kind in ("equal_principal", "level_payment"):
        wrong |= view.among("amortisation_type", kind) & terms.off(due, kind, interest=True)
    return wrong & paying


def _payment_said(view: View, at: Positions) -> str:
    """What the terms give, and the other type of loan if that is what the payments look like."""
    terms, due = Terms.of(view), view.numbers("payment_due")
    codes, order = view.codes("amortisation_type"), TAPE["amortisation_type"].levels
    other = {"equal_principal": "level_payment", "level_payment": "equal_principal"}
    hints = []
    for kind, instead in other.items():
        mine = at[codes[at] == order.index(kind)]
        fits = ~terms.off(due, instead, interest=True)[mine]
        if len(mine) and fits.mean() > 0.5:
            hints.append(f"{instead} in place of {kind}?")
    guess = f": {' '.join(hints)}" if hints else ""
    if len(at) > 1:
        return f"payment due is not what the terms give ({counted(at)}){guess}"
    one = int(at[0])
    level = order[codes[one]] == "level_payment"
    given = terms.level(terms.left)[one] if level else (terms.principal(terms.left) + terms.balance * terms.rate)[one]
    return (
        f"payment due{value(view, at, 'payment_due')}, where the terms give {number(round(float(given)))} ({counted(at)}){guess}"
    )


def _bullet_paying(view: View) -> Mask:
    """A bullet loan whose next payment is more than the interest of its period, and not the last."""
    table = np.array([*(MONTHS_BETWEEN.get(word, np.nan) for word in TAPE["interest_frequency"].levels), np.nan])
    terms = Terms.of(view)
    interest = terms.balance * terms.rate * table[view.codes("interest_frequency")]
    more: Mask = view.numbers("payment_due") > interest * (1.0 + TOLERANCE) + terms.rounding
    if view.has("next_payment_date"):
        more &= ~(view.dates("next_payment_date") >= view.dates("maturity_date"))
    return more & view.among("amortisation_type", "bullet") & (terms.left > 1)


INSTALMENTS: tuple[Rule, ...] = (
    Rule("W-T067", "amortisation_type", ("regular_principal",),
         lambda v: v.among("amortisation_type", "bullet") & (v.numbers("regular_principal") > 0),
         lambda v, at: f"bullet with regular principal{value(v, at, 'regular_principal')} ({counted(at)})"),
    Rule("W-T098", "regular_principal", ("amortisation_type", *NEEDED), _principal_off, _principal_said),
    Rule("W-T099", "payment_due", ("amortisation_type", *NEEDED), _payment_off, _payment_said),
    Rule("W-T100", "payment_due", ("amortisation_type", *NEEDED), _bullet_paying,
         lambda v, at: f"bullet, but{value(v, at, 'payment_due')} due is more than interest ({counted(at)})"),
)  # fmt: skip
