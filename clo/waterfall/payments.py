"""Pay steps as ops: sequential, pro rata and residual payments out of an account."""

from __future__ import annotations

from clo.deal.terms import Deal, Pay
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.program import Movement, Reason

_CLAIM = {"fee": "unpaid", "interest": "interest_unpaid", "principal": "balance"}
_ROUND = {"down": Op.ROUND_DOWN, "half_up": Op.ROUND_HALF_UP, "none": Op.COPY}


def rounded(code: Assembler, deal: Deal, slot: int, out: int | None = None) -> int:
    """A slot with the amount rounded as the deal rounds, free to be counted down."""
    return code.apply(_ROUND[deal.rounding], slot, out=out)


def payee(deal: Deal, kind: str, name: str) -> str:
    """Who receives a fee or what a tranche is paid."""
    return deal.fees[name].payee or name if kind == "fee" else deal.tranches[name].holder


class PayStep:
    """One pay step being compiled: its account, its condition, and what it may pay in all."""

    def __init__(self, deal: Deal, scope: Scope, step: Pay, number: int) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code
        self.step, self.number = step, number
        self.rounds = deal.rounding != "none"
        self.source = self.code.slots[f"{step.source}.balance"]
        self.condition = None if step.condition is None else scope.value(step.condition, out=self.code.new_slot(), condition=True)

    def compile(self) -> None:
        """Append the ops of the step."""
        limit = self._limit()
        if self.step.kind == "residual":
            self._residual(limit)
        elif self.step.how == "pro_rata":
            self._pro_rata(limit)
        else:
            for name in self.step.names:
                self._pay(name, self._claim(name), limit)

    def _limit(self) -> int:
        """A slot with the most the step may still pay, free to be counted down."""
        code = self.code
        limit = code.unbounded if self.step.amount is None else rounded(code, self.deal, self.scope.amount(self.step.amount))
        return limit if self.condition is None else code.apply(Op.SELECT, self.condition, limit, code.constant(0.0))

    def _claim(self, name: str) -> int:
        return self.code.slots[f"{name}.{_CLAIM[self.step.kind]}"]

    def _pay(self, name: str, claim: int, limit: int, reason: Reason | None = None) -> int:
        """One payment: the claim, at most the limit, at most what is there. Returns the slot of what was paid."""
        code, step = self.code, self.step
        party = payee(self.deal, step.kind, name)
        out = code.movement_slots()
        pay = Op.PAY_WHOLE if self.rounds else Op.PAY
        op = code.emit(pay, out, self.source, code.slots[f"received.{party}"], claim, limit)
        if reason is None:
            reason = "fee" if step.kind == "fee" else "interest" if step.kind == "interest" else "principal"
        movement = Movement(
            op=op,
            step=self.number,
            reason=reason,
            claim=f"{name}.{step.kind}",
            source=step.source,
            to=party,
            asked=out,
            available=out + 1,
            moved=out + 2,
            condition=self.condition,
            condition_text=step.condition or "",
        )
        code.movements.append(movement)
        return movement.moved

    def _pro_rata(self, limit: int) -> None:
        """Shares by claim; with rounding the remainder goes to the first named that still has a claim, then the next."""
        code, names = self.code, self.step.names
        claims = [self._claim(name) for name in names]
        everything = claims[0]
        for claim in claims[1:]:
            everything = code.apply(Op.ADD, everything, claim)
        available = code.apply(Op.ROUND_DOWN, self.source) if self.rounds else self.source
        total = code.apply(Op.MINIMUM, code.apply(Op.MINIMUM, limit, everything), available)
        divisor = code.apply(Op.SELECT, everything, everything, code.constant(1.0))
        shares = []
        for claim in claims:
            share = code.apply(Op.DIVIDE, code.apply(Op.MULTIPLY, total, claim), divisor)
            shares.append(code.apply(Op.ROUND_DOWN, share) if self.rounds else share)
        remainder = code.apply(Op.COPY, total)
        for name, claim, share in zip(names, claims, shares, strict=True):
            paid = self._pay(name, claim, share)
            code.apply(Op.SUBTRACT, remainder, paid, out=remainder)
        if self.rounds:
            for name, claim in zip(names, claims, strict=True):
                self._pay(name, claim, remainder)

    def _residual(self, limit: int) -> None:
        """Principal up to the excess of the balance over what the pool leaves after the other tranches; interest beyond."""
        code, (name,) = self.code, self.step.names
        balance = code.slots[f"{name}.balance"]
        left = code.input("pool", "balance")
        for other in self.deal.tranches:
            if other != name:
                left = code.apply(Op.SUBTRACT, left, code.slots[f"{other}.balance"])
        zero = code.constant(0.0)
        excess = code.apply(Op.SUBTRACT, balance, code.apply(Op.MAXIMUM, left, zero))
        excess = rounded(code, self.deal, code.apply(Op.MAXIMUM, excess, zero))
        remaining = code.apply(Op.COPY, limit)
        paid = self._pay(name, balance, code.apply(Op.MINIMUM, excess, remaining), "residual_principal")
        code.apply(Op.SUBTRACT, remaining, paid, out=remaining)
        self._pay(name, code.unbounded, remaining, "residual_interest")
