"""The slow reading of the synthetic purchase-type: swaps back to back over monthly flows of each institution's loans.

Plain Python from the house plan's credit default swap terms. It reads terms of a deal and the pool's flows, never the language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
from oracle_dates import determination_date, payment_dates, year_fraction

from clo.deal.terms import Coupon, Deal

Key = tuple[date, str, str, str]
"""When, what, from whom, to whom."""


@dataclass
class Institution:
    """One swap: what is reported each month, and where its deductible stands."""

    deal: Deal
    months: list[dict[str, float]]
    unused: float
    """Of the deductible, as the last payment date left it."""
    used: float = 0.0
    lost: float = 0.0
    """D: settled loss so far."""
    passed: float = 0.0
    """The running maximum of D - d."""
    reference: float = field(init=False)

    def __post_init__(self) -> None:
        self.initial = self.reference = self.months[0]["opening"]

    def balance(self, until: int) -> float:
        """Of the loans that have not defaulted, after so many months."""
        return self.months[until - 1]["closing"] if until else self.initial

    def told(self, until: int, waiting: int) -> float:
        """Defaults that are credit events, so many months after the event, by the end of month number `until`."""
        events = self._swap.credit_events
        total = 0.0
        for number, month in enumerate(self.months[:until], start=1):
            if number + waiting <= until:
                total += events.bankruptcy * month["default"]
            if number + events.grace + waiting <= until:
                total += events.failure_to_pay * month["default"]
        return total

    @property
    def _swap(self) -> Any:
        return self.deal.swap

    def confirmed(self, until: int) -> float:
        return self.told(until, self._swap.determination)

    def settled(self, until: int) -> float:
        return self.told(until, self._swap.determination + self._swap.settlement)

    def reference_at(self, until: int) -> float:
        """What is outstanding less what is confirmed: defaults stay in while they wait, those that are no events leave."""
        events = self._swap.credit_events
        defaulted = sum(month["default"] for month in self.months[:until])
        covered = (events.bankruptcy + events.failure_to_pay) * defaulted
        return self.balance(until) + max(0.0, covered - self.confirmed(until))

    def determine(self, since: int, until: int) -> float:
        """A determination date: what is passed on of losses settled since the last one."""
        if self._swap.deductible.falls:
            repaid = sum(month["scheduled_principal"] + month["prepayment"] for month in self.months[since:until])
            left = 1.0 - repaid / self.reference if self.reference > 0.0 else 0.0
            self.unused *= max(0.0, left)
        before, self.lost = self.lost, (1.0 - self._swap.recovery) * self.settled(until)
        borne = min(self.unused, self.lost - before)
        self.used += borne
        self.unused -= borne
        passed, self.passed = self.passed, max(self.passed, self.lost - (self.used + self.unused))
        self.reference = self.reference_at(until)
        return self.passed - passed

    def protected(self, until: int) -> float:
        """What the notes must still be there for."""
        waiting = self.confirmed(until) - self.settled(until)
        return max(0.0, self.reference + max(0.0, waiting) - self.unused)

    def premium_base(self, on: str) -> float:
        return self.reference if on == "reference" else max(0.0, self.reference - self.unused)


@dataclass
class Swaps:
    """A deal's payments, one date after the other."""

    deal: Deal
    banks: dict[str, Institution]
    index: Mapping[str, float]
    """What each index stands at, all along."""
    paid: dict[Key, float] = field(default_factory=dict)
    tranches: dict[tuple[date, str], dict[str, float]] = field(default_factory=dict)
    progress: dict[tuple[date, str], dict[str, float]] = field(default_factory=dict)
    """Of each institution: reference balance, unused deductible, passed on."""

    def __post_init__(self) -> None:
        deal = self.deal
        self.owed = {name: float(tranche.size) for name, tranche in deal.tranches.items()}
        self.interest = dict.fromkeys(deal.tranches, 0.0)
        self.fees = dict.fromkeys(deal.fees, 0.0)
        self.cash = {"collateral": deal.accounts["collateral"].initial, "premiums": deal.accounts["premiums"].initial}

    # amounts

    def rounded(self, amount: float, half: float = 0.5) -> float:
        if self.deal.rounding == "none":
            return amount
        return float(math.floor(amount + (half if self.deal.rounding == "half_up" else 0.0) + 1e-4))

    def whole(self, amount: float) -> float:
        return self.rounded(amount, half=0.0)

    def years(self, since: date, until: date) -> float:
        return year_fraction(since, until, self.deal.day_count)

    def move(self, day: date, what: str, source: str, to: str, asked: float) -> float:
        """A payment out of an account is at most the whole units there."""
        amount = min(asked, self.whole(self.cash[source])) if source in self.cash else asked
        for name, change in ((source, -amount), (to, amount)):
            if name in self.cash:
                self.cash[name] += change
        if amount != 0.0:
            key = (day, what, source, to)
            self.paid[key] = self.paid.get(key, 0.0) + amount
        return amount

    # the deal

    def premiums(self, day: date, years: float) -> None:
        """In advance, for the period that begins."""
        legs = self.deal.swap.premium  # type: ignore[union-attr]
        for name, bank in self.banks.items():
            amount = legs.institutions.rate * bank.premium_base(legs.institutions.on) * years
            self.move(day, "corporation.premium", name, "corporation", self.rounded(amount))
        base = sum(bank.premium_base(legs.corporation.on) for bank in self.banks.values())
        self.move(day, "premiums.premium", "corporation", "premiums", self.rounded(legs.corporation.rate * base * years))

    def accrue(self, day: date, since: int, years: float) -> dict[str, float]:
        """Interest of the deposit, of the notes, and fees. Returns the notes' interest."""
        deposit, due = self.deal.accounts["collateral"], {}
        if deposit.earns is not None:
            earned = self.rounded(self.cash["collateral"] * float(deposit.earns) * years)
            self.move(day, "collateral.earned", deposit.bank, deposit.earns_into or "collateral", earned)
        for name, tranche in self.deal.tranches.items():
            coupon: Any = tranche.coupon
            rate = coupon.margin + self.index[coupon.index] if isinstance(coupon, Coupon) else float(coupon)
            due[name] = self.rounded(self.owed[name] * rate * years)
            self.interest[name] += due[name]
        opening = sum(bank.balance(since) for bank in self.banks.values())
        for name, fee in self.deal.fees.items():
            self.fees[name] += self.rounded(fee.rate * opening * years)  # type: ignore[operator]
        return due

    def protect(self, day: date, since: int, until: int) -> dict[str, float]:
        """What swaps pass on leaves the deposit and the notes, junior first. Returns what is written off each note."""
        passed = {name: bank.determine(since, until) for name, bank in self.banks.items()}
        for name, bank in self.banks.items():
            told = {"reference": bank.reference, "unused": bank.unused, "passed": passed[name]}
            self.progress[day, name] = told
        asked = self.rounded(sum(passed.values()))
        self.move(day, "corporation.protection", "collateral", "corporation", asked)
        written = {}
        for name in reversed(self.owed):
            written[name] = min(asked, self.owed[name])
            self.owed[name] -= written[name]
            asked -= written[name]
        for name in self.banks:
            self.move(day, f"{name}.protection", "corporation", name, self.rounded(passed[name]))
        return written

    def redeem(self, day: date, until: int, *, last: bool) -> dict[str, float]:
        """Down to what is still covered; in full at legal final."""
        balance = sum(self.owed.values())
        covered = 0.0 if last else sum(bank.protected(until) for bank in self.banks.values())
        left = min(self.rounded(max(0.0, balance - covered)), balance, self.whole(self.cash["collateral"]))
        if self.deal.principal == "sequential":
            parts = {}
            for name, owed in self.owed.items():
                parts[name] = min(owed, left)
                left -= parts[name]
        else:
            parts = {name: self.whole(left * owed / balance) if balance else 0.0 for name, owed in self.owed.items()}
            left -= sum(parts.values())
            for name, owed in self.owed.items():
                more = min(left, owed - parts[name])
                parts[name] += more
                left -= more
        for name, part in parts.items():
            self.owed[name] -= self.move(day, f"{name}.principal", "collateral", self.deal.tranches[name].holder, part)
        return parts

    def pay(self, day: date) -> dict[str, float]:
        """Fees, then interest in order, out of premiums. Returns the notes' interest that is paid."""
        for name, fee in self.deal.fees.items():
            self.fees[name] -= self.move(day, f"{name}.fee", "premiums", fee.payee or name, self.fees[name])
        paid = {}
        for name, tranche in self.deal.tranches.items():
            paid[name] = self.move(day, f"{name}.interest", "premiums", tranche.holder, self.interest[name])
            self.interest[name] -= paid[name]
        return paid

    def run(self, days: Sequence[tuple[date, date]], ends: Sequence[date]) -> Swaps:
        """days: (unadjusted, adjusted) of each payment; ends: of the collection months."""
        adjusted = self.deal.payments.accrual == "adjusted"
        starts = [self.deal.dates.closing, *(paid if adjusted else day for day, paid in days)]
        spans = [self.years(start, end) for start, end in pairwise(starts)] + [0.0]
        self.premiums(starts[0], spans[0])
        since = 0
        for number, (day, paid_on) in enumerate(days):
            until = sum(end <= determination_date(day) for end in ends)
            last = number == len(days) - 1
            opening = dict(self.owed)
            due = self.accrue(paid_on, since, spans[number])
            written = self.protect(paid_on, since, until)
            self.premiums(paid_on, spans[number + 1])
            paid = self.pay(paid_on)
            redeemed = self.redeem(paid_on, until, last=last)
            for name in self.owed:
                self.tranches[paid_on, name] = {
                    "opening": opening[name],
                    "interest_due": due[name],
                    "interest_paid": paid[name],
                    "interest_unpaid": self.interest[name],
                    "principal_paid": redeemed[name],
                    "writedown": written[name],
                    "closing": self.owed[name],
                }
            if last:
                for account in self.cash:
                    self.move(paid_on, "corporation.surplus", account, "corporation", self.whole(self.cash[account]))
            since = until
        return self


def slow_swaps(deal: Deal, pool: pd.DataFrame, index: Mapping[str, float] | None = None) -> Swaps:
    """deal: of structure purchase_synthetic; pool: monthly flows by institution, as `result.pool`; index: what each stands at."""
    swap = deal.swap
    assert swap is not None
    terms, banks = swap.deductible, {}
    flows = {str(name): rows.to_dict("records") for name, rows in pool.groupby("group", sort=False)}
    total = sum(months[0]["opening"] for months in flows.values())
    notes = sum(float(tranche.size) for tranche in deal.tranches.values())
    for name, months in flows.items():
        opening = months[0]["opening"]
        if terms.amounts is not None:
            deductible = terms.amounts[name]
        else:
            deductible = opening * (1.0 - notes / total if terms.share == "rest" else float(terms.share or 0.0))
        banks[name] = Institution(deal, months, deductible)
    ends = [end.date() for end in pool["period_end"].drop_duplicates()]
    return Swaps(deal, banks, index or {}).run(payment_dates(deal), ends)
