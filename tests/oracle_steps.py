"""The slow reading of the verbs: what each step of a priority of payments moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from oracle_portfolio import Portfolio
from oracle_shares import shared, turns
from oracle_triggers import Triggers

from clo.deal.terms import (
    Buy,
    Capitalise,
    Charge,
    Collect,
    Credit,
    Debit,
    Draw,
    Let,
    Pay,
    Section,
    Sell,
    Settle,
    Test,
    Transfer,
    WriteDown,
    WriteUp,
)


class Steps(Triggers):
    portfolio: Portfolio
    next_month: int
    """The first month, from 0, of the next collection period."""

    def run_steps(self, steps: Iterable[Any], guards: tuple[float, ...] = ()) -> None:
        """guards: what the conditions of the sections around were when the sections were reached."""
        for step in steps:
            if isinstance(step, Section):
                holds = 1.0 if step.condition is None else self.read(step.condition)
                self.run_steps(step.steps, (*guards, holds))
                self.run_steps(step.otherwise, (*guards, math.nan if math.isnan(holds) else 1.0 - holds))
                continue
            self.index += 1
            if isinstance(step, Let):
                for name, text in step.values.items():
                    self.lets[name] = self.read(text)
            elif isinstance(step, Collect):
                self._collect(step)
            elif isinstance(step, Test):
                if all(guard == 1.0 for guard in guards):
                    for name in step.triggers:
                        self.observe(name)
            elif not (isinstance(step, Buy | Sell) and self.portfolio.sold_in is not None) and self._holds(step, guards):
                self._run(step)

    def _holds(self, step: Any, guards: tuple[float, ...]) -> bool:
        """Whether a step's condition and those around it hold; where that is not a number, it is a breach, and nothing moves."""
        conditions = [*guards, 1.0 if step.condition is None else self.read(step.condition)]
        if 0.0 in conditions:
            return False
        if any(math.isnan(each) for each in conditions):
            self._breach(f"{step.condition} is nan")
            return False
        return True

    def _run(self, step: Any) -> None:
        verbs: dict[type, Callable[[Any], None]] = {
            Transfer: self._transfer,
            Draw: self._draw,
            Pay: self._pay,
            Buy: self._buy,
            Sell: self._sell,
            Settle: self._settle,
            Charge: self._charge,
            Capitalise: self._capitalise,
            WriteDown: self._write_down,
            WriteUp: self._write_up,
            Debit: self._debit,
            Credit: self._credit,
        }
        verbs[type(step)](step)

    # what steps ask, and what they leave written

    def _breach(self, what: str) -> None:
        self.result.breaches.append((self.paid_on, self.index, what))

    def _checked(self, amount: float, what: str) -> float | None:
        """An amount that is asked for; a negative one or no number is a breach, and None.

        Less than 1e-12 of the pool, or than what paying a whole unit may overdraw an account by (1e-4), is no amount.
        """
        if not -self.smallest <= amount < math.inf:
            self._breach(f"{what} is {amount}")
            return None
        return max(0.0, float(amount))

    def _asked(self, text: str) -> float:
        return self._checked(self.read(text), text) or 0.0

    def _limit(self, text: str | None) -> float:
        """The most that a step moves in all."""
        return math.inf if text is None else self.rounded(self._asked(text))

    def _note(self, reason: str, source: str, to: str, amount: float) -> None:
        if amount != 0.0:
            self.result.ledger.append((self.paid_on, self.index, reason, source, to, amount))

    def _book(self, name: str, what: str, amount: float) -> None:
        self.moved[what, name] += amount
        if amount != 0.0:
            self.result.bookings.append((self.paid_on, self.index, f"{name}.{what}", name, name, amount))

    # cash

    def _collect(self, step: Collect) -> None:
        if any(pool.reference for name, pool in self.deal.pools.items() if step.pool in ("pool", name)):
            raise ValueError(f"{step.pool} has loans of others, who collect themselves")
        amount = math.fsum(self.period[step.pool][column] for column in step.columns)
        self.cash[step.to] += amount
        self._note("collect", step.pool, step.to, amount)

    def _transfer(self, step: Transfer) -> None:
        amount = max(0.0, min(self._asked(step.amount), self.cash[step.source]))
        self.cash[step.source] -= amount
        self.cash[step.to] += amount
        self._note("transfer", step.source, step.to, amount)
        if step.credits is not None:
            self._count_down(step.credits, amount)

    def _draw(self, step: Draw) -> None:
        facility = step.source in self.deal.facilities
        left = self.available(step.source) if facility else self.receivable[step.source]
        limit = self._limit(step.amount)
        left = self._checked(left, f"{step.source} has") or 0.0
        amount = min(limit, self.whole(left) if facility else left)
        self.cash[step.to] += amount
        self.moved["drawn", step.source] += amount
        if facility:
            self.owed["principal"][step.source] += amount
            self.drawn[step.source] += amount
        else:
            self.receivable[step.source] -= amount
        self._note(f"{step.source}.draw", step.source, step.to, amount)

    def _buy(self, step: Buy) -> None:
        paid = max(0.0, min(self.rounded(self._asked(step.amount)), self.whole(self.cash[step.source])))
        bought = paid / step.price
        self.cash[step.source] -= paid
        self.portfolio.buy(step.pool, self.next_month, bought)
        for group in ("pool", step.pool):
            self.period[group]["balance"] += bought
        self._note(f"{step.pool}.purchase", step.source, self.deal.seller(step.pool), paid)

    def _sell(self, step: Sell) -> None:
        asked = self._checked(self.read(step.amount), step.amount)
        if asked is None:
            return
        amount = self.rounded(asked)
        self.cash[step.to] += amount
        self.portfolio.sold_in = self.next_month
        for period in self.period.values():
            period["balance"] = 0.0
        self._note("pool.sale", "buyer", step.to, amount)

    def _settle(self, step: Settle) -> None:
        """Under a contract: out of an account what is there, in whole units; a party pays all of it."""
        amount = self.rounded(self._asked(step.amount))
        if step.source in self.cash:
            amount = max(0.0, min(amount, self.whole(self.cash[step.source])))
            self.cash[step.source] -= amount
        if step.to in self.cash:
            self.cash[step.to] += amount
        self._note(step.paid_as, step.source, step.to, amount)

    def _pay(self, step: Pay) -> None:
        limit = self._limit(step.amount)
        if step.kind == "residual":
            self._pay_residual(step.names[0], step.sources[0], limit, step.booked_as)
            return
        owed = self.owed[step.kind]

        def units() -> dict[str, float]:
            return {account: max(0.0, self.whole(self.cash[account])) for account in step.sources}

        def cash() -> float:
            return math.fsum(units().values())

        def down(name: str, amount: float) -> float:
            return self._in_notes(name, amount) if step.kind == "principal" else amount

        def give(paid: dict[str, float]) -> None:
            there = units()
            for name, amount in paid.items():
                owed[name] -= amount
                self.moved[step.kind, name] += amount
                self._pay_out(f"{name}.{step.kind}", name, amount, there)

        self._allocate(step.names, step.how, owed, limit, give, cash=cash, down=down)

    def _allocate(
        self,
        names: Iterable[str],
        how: str,
        claims_of: dict[str, float],
        limit: float,
        give: Callable[[dict[str, float]], None],
        *,
        cash: Callable[[], float] = lambda: math.inf,
        down: Callable[[str, float], float] = lambda _, amount: amount,
    ) -> None:
        """Gives what each claim gets, turn after turn.

        What a turn asks is gone from the limit even where cash is short of it; what its notes cannot take is left to the next.
        """
        for turn in turns(names, how, self.deal.groups):
            claims = {name: self._checked(claims_of[name], f"claim of {name}") or 0.0 for name in turn}
            asked = min(limit, math.fsum(claims.values()))
            to_pay = min(asked, cash())
            paid = shared(claims, to_pay, self.whole, down)
            limit -= asked - max(0.0, to_pay - math.fsum(paid.values()))
            give(paid)

    def _in_notes(self, name: str, amount: float) -> float:
        """Principal as it can be paid: where it is paid a note, a whole amount of each."""
        if name not in self.deal.tranches or not self.deal.tranches[name].principal_per_note or self.size[name] == 0.0:
            return amount
        notes = self.notes(name)
        return math.floor((amount + self.smallest) / notes) * notes

    def _pay_out(self, reason: str, to: str, amount: float, units: dict[str, float]) -> None:
        """Out of the first account what it has of `units`, then out of the next."""
        for account, there in units.items():
            part = min(amount, there)
            units[account] = there - part
            amount -= part
            self.cash[account] -= part
            self._note(reason, account, to, part)

    def _pay_residual(self, name: str, source: str, limit: float, booked_as: str | None) -> None:
        amount = max(0.0, min(limit, self.whole(self.cash[source])))
        balance = self.owed["principal"]
        others = math.fsum(balance[other] for other in self.deal.tranches if other != name)
        excess = balance[name] - max(0.0, self.period["pool"]["balance"] - others)
        most = {"interest": 0.0, "principal": balance[name]}.get(booked_as or "", self.rounded(max(0.0, excess)))
        principal = self._in_notes(name, min(amount, most, balance[name]))
        balance[name] -= principal
        self.cash[source] -= amount
        self.moved["principal", name] += principal
        self.moved["income", name] += amount - principal
        self._note(f"{name}.residual_principal", source, name, principal)
        self._note(f"{name}.residual_interest", source, name, amount - principal)

    # accounts of what is not cash

    def _charge(self, step: Charge) -> None:
        amount = self.rounded(self._asked(step.amount))
        self.due["fee"][step.fee] += amount
        self.owed["fee"][step.fee] += amount
        self._book(step.fee, "charge", amount)

    def _capitalise(self, step: Capitalise) -> None:
        def give(amounts: dict[str, float]) -> None:
            for name, amount in amounts.items():
                self.owed["interest"][name] -= amount
                self.owed["principal"][name] += amount
                self._book(name, "capitalise", amount)

        self._allocate(step.interest, "sequential", self.owed["interest"], self._limit(step.amount), give)

    def _write_down(self, step: WriteDown) -> None:
        def give(amounts: dict[str, float]) -> None:
            for name, amount in amounts.items():
                self.owed["principal"][name] -= amount
                self.written_down[name] += amount
                self._book(name, "write_down", amount)

        self._allocate(step.tranches, step.how, self.owed["principal"], self._limit(step.amount), give)

    def _write_up(self, step: WriteUp) -> None:
        def give(amounts: dict[str, float]) -> None:
            for name, amount in amounts.items():
                self.owed["principal"][name] += amount
                self.written_down[name] -= amount
                self._book(name, "write_up", amount)

        self._allocate(step.tranches, step.how, self.written_down, self._limit(step.amount), give)

    def _debit(self, step: Debit) -> None:
        limit = self._asked(step.amount)
        for ledger in step.ledgers:
            most = self.ledger_limit(ledger)
            if math.isnan(most):
                self._breach(f"limit of {ledger} is nan")
                continue
            amount = min(limit, max(0.0, most - self.counted[ledger]))
            limit -= amount
            self.counted[ledger] += amount
            self._book(ledger, "debit", amount)

    def _credit(self, step: Credit) -> None:
        limit = self._asked(step.amount)
        for ledger in step.ledgers:
            limit -= self._count_down(ledger, limit)

    def _count_down(self, ledger: str, limit: float) -> float:
        amount = min(limit, self.counted[ledger])
        self.counted[ledger] -= amount
        self._book(ledger, "credit", amount)
        return amount
