"""Steps that move cash between accounts and into them, as ops; pay has a file of its own."""

from __future__ import annotations

import math

from clo.deal.terms import Buy, Collect, Deal, Draw, Sell, Settle, Transfer
from clo.waterfall.assembler import SMALLEST
from clo.waterfall.bookings import Booking
from clo.waterfall.compiling import BUYER, TALLY, Condition, rounded, where
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.program import Movement, Reason


class CashStep:
    """One step of cash being compiled."""

    def __init__(self, deal: Deal, scope: Scope, number: int, path: str, condition: Condition | None) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code
        self.number, self.path, self.condition = number, path, condition
        self.rounds = deal.rounding != "none"

    def compile(self, step: Collect | Transfer | Draw | Buy | Sell | Settle) -> None:
        """Append the ops of the step, whose names are known to be there."""
        match step:
            case Collect():
                self._collect(step)
            case Transfer():
                self._transfer(step)
            case Draw() if step.source in self.deal.facilities:
                self._lend(step)
            case Draw():
                self._receive(step)
            case Buy():
                self._buy(step)
            case Sell():
                self._sell(step)
            case Settle() if step.source in self.deal.accounts:
                self._pay_out(step)
            case Settle():
                self._settle(step)

    def _balance(self, account: str) -> int:
        return self.code.slots[f"{account}.balance"]

    def _if(self, slot: int) -> int:
        return where(self.code, self.condition, slot)

    def _note(self, op: int, reason: Reason, claim: str, source: str, to: str, slots: tuple[int, int, int]) -> None:
        condition, text = (None, "") if self.condition is None else (self.condition.slot, self.condition.text)
        self.code.movements.append(Movement(op, self.number, self.path, reason, claim, source, to, *slots, condition, text))

    def _moved(self, reason: Reason, claim: str, names: tuple[str, str], source: int, to: int, amount: int) -> int:
        """Move an amount, at most what is in the source. Returns the slot of what moved."""
        out = self.code.movement_slots()
        op = self.code.emit(Op.MOVE, out, source, to, amount)
        self._note(op, reason, claim, *names, (out, out + 1, out + 2))
        return out + 2

    def _paid_out(self, reason: Reason, claim: str, names: tuple[str, str], asked: int) -> int:
        """Pay a party out of an account: what is asked, at most the whole units there. Returns the slot of what was paid."""
        code, (source, to) = self.code, names
        out = code.movement_slots()
        pay, unlimited = Op.PAY_WHOLE if self.rounds else Op.PAY, code.apply(Op.COPY, code.unbounded)
        owed, received = code.apply(Op.COPY, asked), code.slots[f"received:{to}"]
        op = code.emit(pay, out, self._balance(source), received, owed, unlimited, code.constant(1.0))
        self._note(op, reason, claim, source, to, (out, out + 1, out + 2))
        return out + 2

    def _came_in(self, moved: int) -> None:
        tally = self.code.slots[TALLY]
        self.code.apply(Op.ADD, tally, moved, out=tally)

    def _collect(self, step: Collect) -> None:
        code = self.code
        for column in step.columns:
            value = self.scope.pool.slot(step.pool, column)
            op = code.emit(Op.COLLECT, 0, self._balance(step.to), code.slots[TALLY], value)
            self._note(op, "collect", f"{step.pool}.{column}", "obligors", step.to, (value, value, value))

    def _transfer(self, step: Transfer) -> None:
        amount = self._if(self.scope.amount(step.amount))
        names = (step.source, step.to)
        moved = self._moved("transfer", f"{step.to}.transfer", names, self._balance(step.source), self._balance(step.to), amount)
        if step.credits is not None:
            kept = self.code.apply(Op.COPY, moved)
            Booking(self.deal, self.scope, self.number, self.path, self.condition).credit((step.credits,), kept)

    def _lend(self, step: Draw) -> None:
        """From a facility: what may still be drawn, in whole units where the deal rounds."""
        code, name = self.code, step.source
        there = self.scope.available(name)
        there = code.apply(Op.ROUND_DOWN if self.rounds else Op.COPY, there)
        asked = there if step.amount is None else rounded(code, self.deal, self.scope.amount(step.amount))
        asked = self._if(asked)
        moved = self._moved("draw", f"{name}.draw", (name, step.to), there, self._balance(step.to), asked)
        for slot in (code.slots[f"{name}.balance"], code.slots[f"{name}.drawn"]):
            code.apply(Op.ADD, slot, moved, out=slot)
        self._came_in(moved)

    def _receive(self, step: Draw) -> None:
        """From a hedge: what its counterparty owes."""
        code, name = self.code, step.source
        owed = code.slots[f"{name}.receivable"]
        asked = owed if step.amount is None else rounded(code, self.deal, self.scope.amount(step.amount))
        asked = self._if(asked)
        self._came_in(self._moved("draw", f"{name}.draw", (name, step.to), owed, self._balance(step.to), asked))

    def _buy(self, step: Buy) -> None:
        code, pool = self.code, step.pool
        seller = self.deal.seller(pool)
        asked = self._if(rounded(code, self.deal, self.scope.amount(step.amount)))
        if self.scope.pool.sold:
            asked = code.apply(Op.SELECT, code.slots["pool.held"], asked, code.constant(0.0))
        paid = self._paid_out("purchase", f"{pool}.purchase", (step.source, seller), asked)
        bought = code.apply(Op.DIVIDE, paid, code.constant(step.price, f"{pool}.price_{self.number}"))
        for slot in (code.slots[f"{pool}.bought"], code.slots[f"{pool}.balance"], code.slots["pool.balance"]):
            code.apply(Op.ADD, slot, bought, out=slot)

    def _pay_out(self, step: Settle) -> None:
        """A contract that an account pays."""
        asked = self._if(rounded(self.code, self.deal, self.scope.amount(step.amount)))
        self._paid_out("settle", f"{step.to}.{step.paid_as}", (step.source, step.to), asked)

    def _settle(self, step: Settle) -> None:
        """A contract that a party pays: into an account, or to another party, which moves nothing of the deal."""
        code = self.code
        asked = self._if(rounded(code, self.deal, self.scope.amount(step.amount)))
        inside = step.to in self.deal.accounts
        to = self._balance(step.to) if inside else code.apply(Op.COPY, code.constant(0.0))
        names = (step.source, step.to)
        moved = self._moved("settle", f"{step.to}.{step.paid_as}", names, code.unbounded, to, asked)
        if inside:
            self._came_in(moved)

    def _sell(self, step: Sell) -> None:
        """The price comes in, and the pool is held no more; an amount that is a breach sells nothing."""
        code = self.code
        held, one, zero = code.slots["pool.held"], code.constant(1.0), code.constant(0.0)
        asked = self._if(rounded(code, self.deal, self.scope.amount(step.amount)))
        asked = code.apply(Op.SELECT, held, asked, zero)
        moved = self._moved("sale", "pool.sale", (BUYER, step.to), code.unbounded, self._balance(step.to), asked)
        self._came_in(moved)
        breach = code.apply(Op.LESS, asked, code.apply(Op.NEGATE, code.constant(0.0, SMALLEST)))
        sold = code.apply(Op.SELECT, breach, code.constant(math.nan), self._if(one))
        sold = code.apply(Op.SELECT, held, sold, zero)
        out = code.new_slots(3)
        code.emit(Op.MOVE, out, held, code.apply(Op.COPY, zero), sold)
        for name in self.scope.pool.pools:
            balance = code.slots[f"{name}.balance"]
            code.apply(Op.MULTIPLY, balance, held, out=balance)
