"""The slow reading of what is owed: what accrues from one payment date to the next, before anything is paid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

from oracle_expressions import known
from oracle_state import State

from clo.deal.terms import Coupon, Fee, Hedge, StepUp, Tier, Tranche


class Accruals(State):
    until: date
    """Where the accrual period ends."""

    def accrue(self) -> None:
        """All that becomes due, in its order. Earnings are credited last: what accrues sees balances without them."""
        earned = self._earnings()
        for name, tranche in self.deal.tranches.items():
            self._join("interest", name, self._interest(name, tranche))
        for name, facility in self.deal.facilities.items():
            fraction = self.years(facility.day_count)
            balance = self.owed["principal"][name]
            self._join("interest", name, self.rounded(balance * self.number(facility.rate) * fraction))
            fee = self.available(name) * self.number(facility.commitment_fee) * fraction
            self._join("fee", name, self.rounded(fee))
        for name, hedge in self.deal.hedges.items():
            self._hedge(name, hedge)
        for name, fee in self.deal.fees.items():
            self._join("fee", name, self._fee(fee))
        self._credit_earnings(earned)

    def years(self, day_count: str | None) -> float:
        """The accrual period in years, by an entry's own day count or the deal's."""
        return self.between(self.since, self.until, day_count)

    def _join(self, kind: str, name: str, amount: float) -> None:
        self.due[kind][name] = amount
        self.owed[kind][name] += amount

    # accounts

    def _earnings(self) -> dict[str, float]:
        self.earned = dict.fromkeys(self.deal.accounts, 0.0)
        for name, account in self.deal.accounts.items():
            if account.earns is None:
                continue
            rate = self.number(account.earns)
            if not 0.0 <= rate < math.inf:
                self.result.breaches.append((self.paid_on, 0, f"{name} earns {rate}"))
                continue
            self.earned[name] = self.rounded(self.cash[name] * rate * self.years(account.day_count))
        return self.earned

    def _credit_earnings(self, earned: dict[str, float]) -> None:
        for name, amount in earned.items():
            account = self.deal.accounts[name]
            into = account.earns_into or name
            self.cash[into] += amount
            if amount != 0.0:
                self.result.ledger.append((self.paid_on, 0, f"{name}.earned", account.bank, into, amount))

    # tranches

    def _interest(self, name: str, tranche: Tranche) -> float:
        rate = self._rate(tranche.coupon)
        on_unpaid = rate if tranche.interest_on_unpaid == "coupon" else self.number(tranche.interest_on_unpaid)
        balance, unpaid = self.owed["principal"][name], self.owed["interest"][name]
        fraction = self.years(tranche.day_count)
        if tranche.denomination is None or tranche.notional is not None:
            base = balance if tranche.notional is None else self.number(tranche.notional)
            return self.rounded((base * rate + unpaid * on_unpaid) * fraction)
        notes = self.notes(name)
        if notes == 0.0:
            return 0.0
        return self.rounded((balance / notes * rate + unpaid / notes * on_unpaid) * fraction) * notes

    def _rate(self, coupon: Any) -> float:
        if not isinstance(coupon, Coupon):
            return self.number(coupon)
        index = 0.0 if coupon.index is None else self.value(f"index.{coupon.index}")
        rate = coupon.multiplier * index + coupon.margin
        for step in coupon.step_ups:
            rate += self._stepped_up(step)
        return bounded(rate, coupon.floor, coupon.cap)

    def _stepped_up(self, step: StepUp) -> float:
        if step.when is None:
            return step.add if step.since is not None and self.since >= step.since else 0.0
        holds = self.read(step.when)
        return float(known(holds, holds, step.add if holds else 0.0))

    # hedges and fees

    def _hedge(self, name: str, hedge: Hedge) -> None:
        """Two legs; what is negative of one goes the other way."""
        self.notional[name] = self.number(hedge.notional)
        ended = 0.0 if hedge.terminated is None else self.read(hedge.terminated)
        if ended == 1.0:
            self._join("hedge", name, 0.0)
            self.coming[name] = self.receivable[name] = 0.0
            return
        paid = self.notional[name] * self.number(hedge.pay) * self.years(hedge.pay_day_count)
        received = self.notional[name] * self.number(hedge.receive) * self.years(hedge.receive_day_count)
        out = self.rounded(positive(paid)) + self.rounded(positive(-received))
        coming = self.rounded(positive(received)) + self.rounded(positive(-paid))
        if hedge.net:
            out, coming = positive(out - coming), positive(coming - out)
        self._join("hedge", name, known(ended, ended, out))
        self.coming[name] = known(ended, ended, coming)
        self.receivable[name] += self.coming[name]

    def _fee(self, fee: Fee) -> float:
        if not fee.accrues:
            return 0.0
        if fee.amount is not None:
            due = self.number(fee.amount)
        elif fee.tiers:
            due = tiered(fee.tiers, self.number(fee.on)) * self.years(fee.day_count)
        else:
            due = self.number(fee.rate) * self.number(fee.on) * self.years(fee.day_count)
        floor = None if fee.floor is None else self.number(fee.floor)
        cap = None if fee.cap is None else self.number(fee.cap)
        return self.rounded(bounded(due, floor, cap))


def positive(amount: float) -> float:
    return bounded(amount, 0.0, None)


def bounded(amount: float, floor: float | None, cap: float | None) -> float:
    """At least the floor, then at most the cap; what depends on what is no number is none either."""
    if any(bound is not None and math.isnan(bound) for bound in (amount, floor, cap)):
        return math.nan
    if floor is not None:
        amount = max(amount, floor)
    return amount if cap is None else min(amount, cap)


def tiered(tiers: Iterable[Tier], balance: float) -> float:
    """A year of it: each rate on its part of the balance."""
    year, reached = 0.0, 0.0
    for tier in tiers:
        up_to = math.inf if tier.up_to is None else tier.up_to
        part = min(positive(balance - reached), up_to - reached)
        year += math.nan if math.isnan(balance) else tier.rate * part
        reached = up_to
    return year
