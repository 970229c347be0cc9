"""The slow reading of the synthetic structures: swaps back to back over monthly flows of each institution's loans.

Plain Python from the house plan's credit default swap terms. It reads terms of a deal and the pool's flows, never the language.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
from oracle_dates import determination_date, payment_dates, year_fraction

from clo.deal.terms import Coupon, Deal, Scenario

Key = tuple[date, str, str, str]
"""When, what, from whom, to whom."""


@dataclass
class Recoveries:
    """Of a scenario with one recovery rate."""

    rate: float
    lag: int
    timing: tuple[float, ...]

    def within(self, months: int) -> float:
        """The share of a default that has come back so many months after it."""
        return self.rate * sum(share for later, share in enumerate(self.timing) if self.lag + later <= months)


@dataclass
class Institution:
    """One swap: what is reported each month, and where its deductible stands."""

    deal: Deal
    months: list[dict[str, float]]
    back: Recoveries
    """What comes back of a default of 1."""
    unused: float
    """Of the deductible, as the last payment date left it."""
    used: float = 0.0
    lost: float = 0.0
    """D: settled loss so far."""
    passed: float = 0.0
    """The running maximum of D - d."""
    later: float = 0.0
    """What has come back beyond settlement."""
    returned: float = 0.0
    reference: float = field(init=False)

    def __post_init__(self) -> None:
        self.initial = self.reference = self.months[0]["opening"]

    def balance(self, until: int) -> float:
        """Of the loans that have not defaulted, after so many months."""
        return self.months[until - 1]["closing"] if until else self.initial

    def told(self, until: int, waiting: int) -> float:
        """Defaults that are credit events, so many months after the event, by the end of month number `until`."""
        grace = self._swap.credit_events.grace
        total = 0.0
        for number, month in enumerate(self.months[:until], start=1):
            if number + waiting <= until:
                total += (self.share("bankruptcy") + self.share("restructuring")) * month["default"]
            if number + grace + waiting <= until:
                total += self.share("failure_to_pay") * month["default"]
        return total

    def share(self, event: str) -> float:
        """Of all defaults, those that come as this event, if the swap covers it."""
        mix = {"bankruptcy": 1.0} if self.deal.default_mix is None else self.deal.default_mix.model_dump()
        return mix.get(event, 0.0) if getattr(self._swap.credit_events, event) else 0.0

    @property
    def _swap(self) -> Any:
        return self.deal.swap

    def confirmed(self, until: int) -> float:
        return self.told(until, self._swap.determination)

    def settled(self, until: int) -> float:
        return self.told(until, self._swap.determination + self._swap.settlement)

    def reference_at(self, until: int) -> float:
        """What is outstanding less what is confirmed: defaults stay in while they wait, those that are no events leave."""
        defaulted = sum(month["default"] for month in self.months[:until])
        covered = sum(self.share(event) for event in ("bankruptcy", "failure_to_pay", "restructuring")) * defaulted
        return self.balance(until) + max(0.0, covered - self.confirmed(until))

    def determine(self, since: int, until: int) -> float:
        """A determination date: what is passed on of losses settled since the last one."""
        if self._swap.deductible.falls:
            repaid = sum(month["scheduled_principal"] + month["prepayment"] for month in self.months[since:until])
            left = 1.0 - repaid / self.reference if self.reference > 0.0 else 0.0
            self.unused *= max(0.0, left)
        before, self.lost = self.lost, self.settled(until) - self.counted(until)
        borne = min(self.unused, self.lost - before)
        self.used += borne
        self.unused -= borne
        passed, self.passed = self.passed, max(self.passed, self.lost - (self.used + self.unused))
        self.reference = self.reference_at(until)
        return self.passed - passed

    def events(self, until: int) -> Iterator[tuple[float, int, int]]:
        """Those settled by the end of a month: the amount, months from default to settlement, months since default."""
        wait = self._swap.determination + self._swap.settlement
        for number, month in enumerate(self.months[:until], start=1):
            for event in ("bankruptcy", "failure_to_pay", "restructuring"):
                months = wait + (self._swap.credit_events.grace if event == "failure_to_pay" else 0)
                if number + months <= until:
                    yield self.share(event) * month["default"], months, until - number

    def counted(self, until: int) -> float:
        """What is not paid for, of all that is settled."""
        if self._swap.recovery == "actual":
            return sum(amount * self.back.within(months) for amount, months, _ in self.events(until))
        return self._swap.recovery * self.settled(until)

    def give_back(self, until: int) -> float:
        """What has come back beyond settlement since the last date, as far as the loss was passed on."""
        so_far = sum(amount * self.back.within(age) for amount, _, age in self.events(until))
        before, self.later = self.later, max(self.later, so_far - self.counted(until))
        returned = min(self.later - before, self.passed - self.returned)
        self.returned += returned
        return returned

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
        self.written = dict.fromkeys(deal.tranches, 0.0)
        """Written off each note, and neither written up nor paid back."""
        self.unreturned = 0.0
        """Of what all swaps passed on."""
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
        for name, bank in self.banks.items() if legs.institutions is not None else ():
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
            self.written[name] += written[name]
            asked -= written[name]
        self.unreturned += sum(passed.values())
        for name in self.banks if self.deal.structure == "purchase_synthetic" else ():
            self.move(day, f"{name}.protection", "corporation", name, self.rounded(passed[name]))
        return written

    def give_back(self, day: date, until: int) -> dict[str, float]:
        """Later recoveries: to the corporation what notes did not bear, the rest to the notes. Returns what is written up."""
        swap: Any = self.deal.swap
        nothing = dict.fromkeys(self.owed, 0.0)
        if swap.later_recoveries == "kept":
            return nothing
        total = 0.0
        for name, bank in self.banks.items():
            amount = bank.give_back(until)
            total += amount
            if swap.premium.institutions is not None:
                self.move(day, "corporation.recovery", name, "corporation", self.rounded(amount))
        to_notes = max(0.0, total - max(0.0, self.unreturned - sum(self.written.values())))
        self.unreturned -= total
        self.move(day, "collateral.recovery", "corporation", "collateral", self.rounded(to_notes))
        if swap.write_up:
            up = self.in_turn(self.written, self.rounded(to_notes))
            for name, amount in up.items():
                self.owed[name] += amount
                self.written[name] -= amount
            return up
        for name, amount in self.in_turn(self.written, to_notes).items():
            self.written[name] -= amount
            holder = self.deal.tranches[name].holder
            self.move(day, f"{holder}.recovery", "collateral", holder, self.rounded(amount))
        return nothing

    def in_turn(self, owed: Mapping[str, float], left: float) -> dict[str, float]:
        """One note after the other, as far as the money goes."""
        parts = {}
        for name, balance in owed.items():
            parts[name] = min(balance, left)
            left -= parts[name]
        return parts

    def redeem(self, day: date, until: int, *, last: bool) -> dict[str, float]:
        """Down to what is still covered; in full at legal final."""
        covered = 0.0 if last else sum(bank.protected(until) for bank in self.banks.values())
        asked = self.rounded(max(0.0, sum(self.owed.values()) - covered))
        held = self.deal.swap.redeemed_at_end  # type: ignore[union-attr]
        falling = {name: owed for name, owed in self.owed.items() if name not in held}
        balance = sum(falling.values())
        left = min(asked, balance, self.whole(self.cash["collateral"]))
        if self.deal.principal == "sequential":
            parts = self.in_turn(falling, left)
        else:
            parts = {name: self.whole(left * owed / balance) if balance else 0.0 for name, owed in falling.items()}
            left -= sum(parts.values())
            for name, owed in falling.items():
                more = min(left, owed - parts[name])
                parts[name] += more
                left -= more
        there = self.whole(self.cash["collateral"]) - sum(parts.values())
        parts |= self.in_turn({name: self.owed[name] for name in held}, there if last else 0.0)
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
            up = self.give_back(paid_on, until)
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
                    "writeup": up[name],
                    "closing": self.owed[name],
                }
            if last:
                for account in self.cash:
                    self.move(paid_on, "corporation.surplus", account, "corporation", self.whole(self.cash[account]))
            since = until
        return self


def slow_swaps(deal: Deal, pool: pd.DataFrame, scenario: Scenario, index: Mapping[str, float] | None = None) -> Swaps:
    """deal: of swaps; pool: monthly flows by institution, as `result.pool`; index: what each stands at."""
    swap = deal.swap
    assert swap is not None
    terms, banks = swap.deductible, {}
    rate = scenario.recovery if isinstance(scenario.recovery, float) else 0.0
    rate *= 1.0 - (scenario.recovery_cost or 0.0)
    back = Recoveries(rate, scenario.recovery_lag or 0, tuple(scenario.recovery_timing or (1.0,)))
    flows = {str(name): rows.to_dict("records") for name, rows in pool.groupby("group", sort=False)}
    total = sum(months[0]["opening"] for months in flows.values())
    notes = sum(float(tranche.size) for tranche in deal.tranches.values())
    for name, months in flows.items():
        opening = months[0]["opening"]
        if terms.amounts is not None:
            deductible = terms.amounts[name]
        else:
            deductible = opening * (1.0 - notes / total if terms.share == "rest" else float(terms.share or 0.0))
        banks[name] = Institution(deal, months, back, deductible)
    ends = [end.date() for end in pool["period_end"].drop_duplicates()]
    return Swaps(deal, banks, index or {}).run(payment_dates(deal), ends)
