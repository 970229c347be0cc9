"""The slow reading of deals that buy receivables: monthly flows of each sub-pool, what is bought of it later, and one account.

Plain Python from docs/receivables.md. It reads terms of a deal and the flows of what was bought at closing, never the language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from laws.comparison import SMALL
from oracle_dates import determination_date, payment_dates, year_fraction

import clo
from clo.deal.terms import Deal

Key = tuple[date, str, str, str]
"""When, what, from whom, to whom."""
ACCOUNT = "collections"
FLOWS = ("interest", "prepayment_fee", "scheduled_principal", "prepayment", "recovery", "default")


@dataclass
class SubPool:
    """Receivables of one seller: those of closing, and each purchase since, which behaves as they did from the start."""

    months: list[dict[str, float]]
    bought: list[tuple[int, float]] = field(default_factory=list)
    """The month from which a purchase behaves so, and its face."""

    def __post_init__(self) -> None:
        self.initial = self.months[0]["opening"]
        self.bought.append((0, self.initial))

    def level(self, until: int, word: str) -> float:
        """closing or arrears, after so many months."""
        start = 1.0 if word == "closing" else 0.0
        ages = [(face, until - begun) for begun, face in self.bought]
        return sum(face * (self.months[age - 1][word] / self.initial if age else start) for face, age in ages)

    def flow(self, since: int, until: int, word: str) -> float:
        total = 0.0
        for begun, face in self.bought:
            months = range(max(since, begun), until)
            total += sum(self.months[month - begun][word] for month in months) * face / self.initial
        return total


@dataclass
class Receivables:
    """A deal's payments, one date after the other."""

    deal: Deal
    pools: dict[str, SubPool]
    ratings: Mapping[str, Mapping[date, str]]
    paid: dict[Key, float] = field(default_factory=dict)
    progress: dict[date, dict[str, float]] = field(default_factory=dict)
    """Eligible balance, borrowing base, ratios, loans, deferred price, and whether it is still revolving."""
    tranches: dict[tuple[date, str], dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        deal = self.deal
        terms: Any = deal.receivables
        self.terms = terms
        *loans, self.deferred = deal.tranches
        self.initial = sum(pool.initial for pool in self.pools.values())
        self.owed = {name: float(deal.tranches[name].size) for name in loans}
        size = deal.tranches[self.deferred].size
        self.deferred_price = terms.price * self.initial - sum(self.owed.values()) if size == "rest" else float(size)
        self.interest = dict.fromkeys(loans, 0.0)
        self.fees = dict.fromkeys(deal.fees, 0.0)
        self.cash, self.stopped = 0.0, False
        self.history: list[dict[str, float]] = []

    # amounts

    def rounded(self, amount: float, half: float = 0.5) -> float:
        if self.deal.rounding == "none":
            return amount
        return float(math.floor(amount + (half if self.deal.rounding == "half_up" else 0.0) + 1e-4))

    def whole(self, amount: float) -> float:
        return self.rounded(amount, half=0.0)

    def pay(self, day: date, what: str, to: str, asked: float) -> float:
        """Out of the account: at most the whole units there."""
        amount = max(0.0, min(asked, self.whole(self.cash)))
        self.cash -= amount
        return self.note(day, what, ACCOUNT, to, amount)

    def note(self, day: date, what: str, source: str, to: str, amount: float) -> float:
        if amount != 0.0:
            self.paid[day, what, source, to] = self.paid.get((day, what, source, to), 0.0) + amount
        return amount

    # what is known on a date

    def share(self, name: str, number: int) -> float:
        """Of what falls due in payment `number`, what is dilution."""
        said = self.terms.dilution
        said = said.get(name, 0.0) if isinstance(said, dict) else said
        return float(said[min(number, len(said)) - 1]) if isinstance(said, tuple) else float(said)

    def failed(self, name: str, day: date) -> bool:
        """Whether who sells the receivables of a sub-pool has defaulted."""
        seller = self.deal.pools[name].seller
        assert seller is not None
        ratings = self.ratings.get(seller, self.deal.counterparties[seller].ratings)
        known = [when for when in sorted(ratings) if when <= day] or [min(ratings)]
        return ratings[known[-1]] == "D"

    def eligible(self, day: date, number: int, until: int) -> float:
        total = 0.0
        for name, pool in self.pools.items():
            kept = max(0.0, pool.level(until, "closing") - pool.level(until, "arrears"))
            total += kept * (1.0 - self.share(name, number) if self.failed(name, day) else 1.0)
        return total

    def ratio(self, part: str, whole: str, payments: int) -> float:
        last = self.history[-payments:]
        below = sum(row[whole] for row in last)
        return sum(row[part] for row in last) / below if below > 0.0 else 0.0

    # the deal

    def collect(self, day: date, number: int, since: int, until: int) -> None:
        """Collections, and dilution: what debtors are credited, and what sellers pay for it."""
        diluted = {}
        for name, pool in self.pools.items():
            self.cash += sum(pool.flow(since, until, word) for word in FLOWS if word != "default")
            diluted[name] = self.share(name, number) * pool.flow(since, until, "scheduled_principal")
        for name, amount in diluted.items():
            self.pay(day, "debtors.dilution", "debtors", self.rounded(amount))
            if not self.failed(name, day):
                self.cash += self.note(
                    day, "collections.deemed_collection", str(self.deal.pools[name].seller), ACCOUNT, self.rounded(amount)
                )
        row = {word: sum(pool.flow(since, until, word) for pool in self.pools.values()) for word in FLOWS}
        row["opening"] = sum(pool.level(since, "closing") for pool in self.pools.values())
        self.history.append(row | {"dilution": sum(diluted.values())})

    def running_costs(self, day: date, years: float, opening: float) -> None:
        for name, fee in self.deal.fees.items():
            self.fees[name] += self.rounded(fee.rate * opening * years)  # type: ignore[operator]
            self.fees[name] -= self.pay(day, f"{name}.fee", fee.payee or name, self.fees[name])
        for name, owed in self.owed.items():
            tranche: Any = self.deal.tranches[name]
            due = self.rounded(owed * tranche.coupon * years)
            self.interest[name] += due
            paid = self.pay(day, f"{name}.interest", tranche.holder, self.interest[name])
            self.interest[name] -= paid
            self.tranches[day, name] = {"opening": owed, "interest_due": due, "interest_paid": paid}

    def stops(self, day: date, deficiency: float) -> bool:
        stops, held = self.terms.stops, self.stopped
        ratios = ((stops.default_ratio, "default", "opening"), (stops.dilution_ratio, "dilution", "scheduled_principal"))
        for said, part, whole in ratios:
            held = held or (said is not None and self.ratio(part, whole, said.payments) > said.above)
        unnoticed = 1e-9 * self.initial if self.deal.rounding == "none" else 1.0 + len(self.pools)
        held = held or (stops.deficiency and deficiency > unnoticed)
        return held or (stops.seller_default and any(self.failed(name, day) for name in self.pools))

    def repay(self, day: date, asked: float) -> None:
        """Principal of the loans, in order or in proportion."""
        balance = sum(self.owed.values())
        left = max(0.0, min(self.rounded(max(0.0, asked)), balance, self.whole(self.cash)))
        parts = dict.fromkeys(self.owed, 0.0)
        if self.deal.principal == "pro_rata" and balance:
            parts = {name: self.whole(left * owed / balance) for name, owed in self.owed.items()}
        left -= sum(parts.values())
        for name, owed in self.owed.items():
            more = min(left, owed - parts[name])
            parts[name] += more
            left -= more
        for name, part in parts.items():
            self.owed[name] -= self.pay(day, f"{name}.principal", self.deal.tranches[name].holder, part)

    def buy(self, day: date, until: int, base: float) -> None:
        """Repays what cannot stay lent, then fills each sub-pool up as far as the cash goes."""
        rate, price = self.terms.advance_rate, self.terms.price
        gaps = {
            name: 0.0 if self.failed(name, day) else max(0.0, pool.initial - pool.level(until, "closing"))
            for name, pool in self.pools.items()
        }
        gap, over = sum(gaps.values()), sum(self.owed.values()) - base
        short = over - rate * self.cash / price
        self.repay(day, max(over - rate * gap, short / (1.0 - rate / price) if rate < price else short))
        spend = min(self.cash, price * gap)
        for name, pool in self.pools.items():
            if gap > 0.0:
                what, seller = f"{name}.purchase", str(self.deal.pools[name].seller)
                paid = self.pay(day, what, seller, self.rounded(spend * gaps[name] / gap))
                pool.bought.append((until, paid / price))

    def let_go(self, day: date, until: int) -> None:
        """What is left, to the sellers: the deferred price as the pool no longer holds it, and interest beyond."""
        amount, holder = self.whole(self.cash), self.deal.tranches[self.deferred].holder
        pool = sum(each.level(until, "closing") for each in self.pools.values())
        excess = max(0.0, self.deferred_price - max(0.0, pool - sum(self.owed.values())))
        principal = min(amount, self.rounded(excess), self.deferred_price)
        self.deferred_price -= self.pay(day, f"{self.deferred}.residual_principal", holder, principal)
        self.pay(day, f"{self.deferred}.residual_interest", holder, amount - principal)

    def run(self, days: Sequence[tuple[date, date]], ends: Sequence[date]) -> Receivables:
        """days: (unadjusted, adjusted) of each payment; ends: of the collection months."""
        adjusted = self.deal.payments.accrual == "adjusted"
        starts = [self.deal.dates.closing, *(paid if adjusted else day for day, paid in days)]
        spans = [year_fraction(start, end, self.deal.day_count) for start, end in pairwise(starts)]
        since = 0
        for number, (unadjusted, day) in enumerate(days, start=1):
            until = sum(end <= determination_date(unadjusted) for end in ends)
            opening = sum(pool.level(since, "closing") for pool in self.pools.values())
            self.collect(day, number, since, until)
            self.running_costs(day, spans[number - 1], opening)
            eligible = self.eligible(day, number, until)
            base = self.terms.advance_rate * eligible
            self.stopped = self.stops(day, max(0.0, sum(self.owed.values()) - base - self.cash))
            until_when = None if self.terms.revolving is None else self.terms.revolving.until
            revolving = until_when is not None and day <= until_when and not self.stopped
            first = self.stopped or number == len(days) or self.terms.deferred == "repaid"
            if revolving:
                self.buy(day, until, base)
            else:
                self.repay(day, sum(self.owed.values()) - (0.0 if first else base))
            if revolving or not first or sum(self.owed.values()) <= 1e-12 * self.initial:
                self.let_go(day, until)
            for name, owed in self.owed.items():
                self.tranches[day, name] |= {"principal_paid": self.tranches[day, name]["opening"] - owed, "closing": owed}
            self.progress[day] = {
                "eligible": eligible,
                "borrowing_base": base,
                "revolving": float(revolving),
                "stopped": float(self.stopped),
                "deferred": self.deferred_price,
            }
            since = until
        return self


def slow_receivables(deal: Deal, pool: pd.DataFrame, ratings: Mapping[str, Mapping[date, str]] | None = None) -> Receivables:
    """deal: of structure receivables; pool: monthly flows by group, as `result.pool`; ratings: in place of the deal's."""
    flows = {str(name): rows.to_dict("records") for name, rows in pool.groupby("group", sort=False)}
    pools = {name: SubPool(flows[name]) for name in deal.pools}
    ends = [end.date() for end in pool["period_end"].drop_duplicates()]
    return Receivables(deal, pools, ratings or {}).run(payment_dates(deal), ends)


# ---- the engine beside it


def moved(result: clo.Result) -> dict[tuple[date, str, str, str], float]:
    """What is paid on each date, by reason, from and to, without the issue and what debtors pay."""
    ledger, found = result.ledger, {}
    for day, reason, source, to, amount in zip(
        ledger["payment_date"].dt.date, ledger["reason"], ledger["from"], ledger["to"], ledger["amount"], strict=True
    ):
        if source != "obligors" and day > result.deal.dates.closing:
            found[day, reason, source, to] = found.get((day, reason, source, to), 0.0) + amount
    return found


def agree(result: clo.Result, slow: Receivables) -> None:
    """Every payment and every balance, period by period: equal where the deal rounds."""
    little = SMALL * slow.initial
    exact = 0.0 if result.deal.rounding != "none" else 10 * little
    frame = result.tranches
    for day, name, row in zip(frame["payment_date"].dt.date, frame["tranche"], frame.to_dict("records"), strict=True):
        if name in slow.owed:
            wanted = slow.tranches[day, name]
            assert {column: row[column] for column in wanted} == pytest.approx(wanted, rel=0, abs=exact), (day, name)
        else:
            assert row["closing"] == pytest.approx(slow.progress[day]["deferred"], rel=0, abs=exact + little)
    mine = moved(result)
    apart = {key: (slow.paid.get(key, 0.0), mine.get(key, 0.0)) for key in mine.keys() | slow.paid.keys()}
    apart = {key: pair for key, pair in apart.items() if abs(pair[0] - pair[1]) > exact}
    assert not apart, sorted(apart.items())[:5]
    days = [day.date() for day in result.tranches["payment_date"].drop_duplicates()]
    for word in ("eligible", "borrowing_base"):
        told = [slow.progress[day][word] for day in days]
        assert result.quantity(word).tolist() == pytest.approx(told, rel=0, abs=10 * little)
    if result.deal.triggers:
        stopped = result.triggers.groupby("payment_date")["breached"].any()
        assert stopped.astype(float).tolist() == [slow.progress[day]["stopped"] for day in days]
    assert result.accounts.groupby("account")["closing"].last()[ACCOUNT] == pytest.approx(slow.cash, rel=0, abs=10 * little)
