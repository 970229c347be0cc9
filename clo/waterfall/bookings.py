"""Steps of account as ops: what is owed more, becomes balance, is written down or up, is debited or credited. No cash moves."""

from __future__ import annotations

from collections.abc import Sequence

from clo.deal.terms import Capitalise, Charge, Credit, Deal, Debit, WriteDown, WriteUp
from clo.waterfall.compiling import Condition, members, rounded, summed, where
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.payments import shares_of
from clo.waterfall.program import Movement, Reason

AnyBooking = Charge | Capitalise | WriteDown | WriteUp | Debit | Credit


class Booking:
    """One step of account being compiled."""

    def __init__(self, deal: Deal, scope: Scope, number: int, path: str, condition: Condition | None) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code
        self.number, self.path, self.condition = number, path, condition

    def compile(self, step: AnyBooking) -> None:
        """Append the ops of the step."""
        slots = self.code.slots
        match step:
            case Charge(fee=fee):
                amount = self._limit(step.amount)
                moved = self._move(f"{fee}.charge", "charge", self.code.unbounded, slots[f"{fee}.unpaid"], amount)
                self.code.apply(Op.ADD, slots[f"{fee}.due"], moved, out=slots[f"{fee}.due"])
            case Capitalise():
                limit = self._limit(step.amount)
                for name in members(self.deal, step.interest):
                    unpaid, balance = slots[f"{name}.interest_unpaid"], slots[f"{name}.balance"]
                    if step.amount is not None:
                        self._up_to(f"{name}.capitalise", "capitalise", unpaid, balance, limit)
                    else:
                        self._move(f"{name}.capitalise", "capitalise", unpaid, balance, where(self.code, self.condition, unpaid))
            case WriteDown():
                self._written(step, "write_down", "balance", "written_down")
            case WriteUp():
                self._written(step, "write_up", "written_down", "balance")
            case Debit():
                limit = self._limit(step.amount, whole=False)
                for name in step.ledgers:
                    balance = slots[f"{name}.balance"]
                    self._up_to(f"{name}.debit", "debit", self._room(name, balance), balance, limit)
            case Credit():
                self.credit(step.ledgers, self._limit(step.amount, whole=False))

    def credit(self, ledgers: Sequence[str], limit: int) -> None:
        """Credit ledgers in order by what the slot `limit` holds, which is counted down."""
        for name in ledgers:
            beyond = self.code.apply(Op.COPY, self.code.constant(0.0))
            self._up_to(f"{name}.credit", "credit", self.code.slots[f"{name}.balance"], beyond, limit)

    def _room(self, name: str, balance: int) -> int:
        """How much more a ledger may stand at."""
        code = self.code
        if self.deal.ledgers[name].limit is None:
            return code.apply(Op.COPY, code.unbounded)
        room = code.apply(Op.SUBTRACT, self.scope.slot_of(f"{name}.limit"), balance)
        return code.apply(Op.MAXIMUM, room, code.constant(0.0))

    def _limit(self, amount: str | None, *, whole: bool = True) -> int:
        """A slot with the most the step may still move, free to be counted down."""
        code = self.code
        if amount is None:
            limit = code.apply(Op.COPY, code.unbounded)
        else:
            limit = self.scope.amount(amount)
            limit = rounded(code, self.deal, limit) if whole else code.apply(Op.COPY, limit)
        return where(code, self.condition, limit)

    def _written(self, step: WriteDown | WriteUp, reason: Reason, taken: str, given: str) -> None:
        code, limit = self.code, self._limit(step.amount)
        names = members(self.deal, step.tranches)
        sources = [code.slots[f"{name}.{taken}"] for name in names]
        targets = [code.slots[f"{name}.{given}"] for name in names]
        claims = [f"{name}.{reason}" for name in names]
        if step.how == "pro_rata":
            whole = self.deal.rounding != "none"
            total = code.apply(Op.MINIMUM, limit, summed(code, sources))
            shares = shares_of(code, total, sources, whole=whole)
            limit = code.apply(Op.COPY, total)
            for claim, source, target, share in zip(claims, sources, targets, shares, strict=True):
                asked = code.apply(Op.MINIMUM, share, total)  # a negative total is asked for as it is
                moved = self._up_to(claim, reason, source, target, asked)
                code.apply(Op.SUBTRACT, limit, moved, out=limit)
            if not whole:
                return
        for claim, source, target in zip(claims, sources, targets, strict=True):
            self._up_to(claim, reason, source, target, limit)

    def _up_to(self, claim: str, reason: Reason, source: int, target: int, limit: int) -> int:
        """What the limit asks, at most all of a source; the limit is counted down. Returns the slot of what moved."""
        moved = self._move(claim, reason, source, target, limit)
        self.code.apply(Op.SUBTRACT, limit, moved, out=limit)
        return moved

    def _move(self, claim: str, reason: Reason, source: int, target: int, amount: int) -> int:
        out = self.code.movement_slots()
        self._note(self.code.emit(Op.MOVE, out, source, target, amount), claim, reason, out)
        return out + 2

    def _note(self, op: int, claim: str, reason: Reason, out: int) -> None:
        owner = claim.partition(".")[0]
        slot, text = (None, "") if self.condition is None else (self.condition.slot, self.condition.text)
        movement = Movement(op, self.number, self.path, reason, claim, owner, owner, out, out + 1, out + 2, slot, text)
        self.code.movements.append(movement)
