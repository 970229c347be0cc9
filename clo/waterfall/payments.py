"""Pay steps as ops: sequential, pro rata and residual payments out of accounts."""

from __future__ import annotations

from collections.abc import Sequence

from clo.deal.terms import Deal, Pay
from clo.waterfall.assembler import Assembler
from clo.waterfall.compiling import Condition, members, payee, rounded, summed
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.program import Movement, Reason

_CLAIMS = {
    ("fee", "fee"): "unpaid",
    ("fee", "facility"): "unpaid",
    ("interest", "tranche"): "interest_unpaid",
    ("interest", "facility"): "interest_unpaid",
    ("principal", "tranche"): "balance",
    ("principal", "facility"): "balance",
    ("hedge", "hedge"): "unpaid",
}
"""The slot of what is owed, by kind of payment and of entry."""


class PayStep:
    """One pay step being compiled: its accounts, its condition, and what it may pay in all."""

    def __init__(self, deal: Deal, scope: Scope, step: Pay, number: int, path: str, condition: Condition | None) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code
        self.step, self.number, self.path, self.condition = step, number, path, condition
        self.rounds = deal.rounding != "none"
        self.accounts = [self.code.slots[f"{name}.balance"] for name in step.sources]

    def compile(self) -> None:
        """Append the ops of the step."""
        limit = self._limit()
        if self.step.kind == "residual":
            self._residual(limit)
        elif self.step.how == "pro_rata":
            self._pro_rata(members(self.deal, self.step.names), limit)
        else:
            self._sequential(self.step.names, limit)

    def _limit(self) -> int:
        """A slot with the most the step may still pay, free to be counted down."""
        code = self.code
        if self.step.amount is None:
            limit = code.apply(Op.COPY, code.unbounded) if self._counts_down else code.unbounded
        else:
            limit = rounded(code, self.deal, self.scope.amount(self.step.amount))
        return limit

    @property
    def _counts_down(self) -> bool:
        """Whether the step writes into the slot of its limit."""
        return len(self.accounts) > 1 or any(name in self.deal.groups or self._per_note(name) for name in self.step.names)

    def _claim(self, name: str) -> int:
        kind = "tranche" if name in self.deal.tranches else self.scope.owners[name]
        return self.code.slots[f"{name}.{_CLAIMS[self.step.kind, kind]}"]

    def _there(self, account: int) -> int:
        """What can be paid out of an account."""
        return self.code.apply(Op.ROUND_DOWN, account) if self.rounds else account

    def _all_there(self) -> int:
        """What can be paid out of all accounts of the step."""
        total = self._there(self.accounts[0])
        for account in self.accounts[1:]:
            total = self.code.apply(Op.ADD, total, self._there(account))
        return total

    # ---- one claim ----

    def _per_note(self, name: str) -> bool:
        of_principal = self.step.kind in ("principal", "residual")
        return of_principal and name in self.deal.tranches and self.deal.tranches[name].principal_per_note

    def _sequential(self, names: Sequence[str], limit: int) -> None:
        """Each in its turn; a group in its own order."""
        for name in names:
            group = self.deal.groups.get(name)
            if group is None:
                self._in_turn(name, limit)
            elif group.how == "sequential":
                for member in members(self.deal, (name,)):
                    self._in_turn(member, limit)
            else:
                inner = members(self.deal, (name,))
                owed = [self.code.apply(Op.POSITIVE, self._claim(member)) for member in inner]
                asked = self.code.apply(Op.MINIMUM, summed(self.code, owed), limit)
                left = self._pro_rata(inner, limit)
                self.code.apply(Op.SUBTRACT, limit, asked, out=limit)
                if left is not None:
                    self.code.apply(Op.ADD, limit, left, out=limit)

    def _in_turn(self, name: str, limit: int) -> None:
        """One claim, at most the limit, which falls by what is asked; per note, by what is paid."""
        code, claim = self.code, self._claim(name)
        if self._per_note(name):
            asked = code.apply(Op.MINIMUM, code.apply(Op.MINIMUM, claim, limit), self._all_there())
            share = self._whole_notes(name, asked)
            code.apply(Op.SUBTRACT, limit, code.apply(Op.POSITIVE, share), out=limit)
            self._pay(name, claim, share)
        elif len(self.accounts) == 1:
            self._pay(name, claim, limit)
        else:
            asked = code.apply(Op.MINIMUM, claim, limit)
            code.apply(Op.SUBTRACT, limit, code.apply(Op.POSITIVE, asked), out=limit)
            self._pay(name, claim, asked)

    def _whole_notes(self, name: str, share: int) -> int:
        """The most of a share that is a whole amount a note; a share below 0 stays as it is, to be asked for."""
        code, notes, zero = self.code, self.code.slots[f"{name}.notes"], self.code.constant(0.0)
        some = code.apply(Op.SELECT, notes, notes, code.constant(1.0))
        each = code.apply(Op.ROUND_DOWN, code.apply(Op.DIVIDE, share, some))
        whole = code.apply(Op.MULTIPLY, each, notes)
        return code.apply(Op.SELECT, code.apply(Op.LESS, share, zero), share, whole)

    def _pay(self, name: str, claim: int, limit: int, reason: Reason | None = None) -> int:
        """Payments out of each account in turn: the claim, at most the limit. Returns the slot of what was paid in all.

        Out of one account the limit falls by what was asked of it.
        """
        code = self.code
        if len(self.accounts) == 1:
            return self._payment(name, self.step.sources[0], claim, limit, reason)
        total, left = code.apply(Op.COPY, code.constant(0.0)), code.apply(Op.COPY, limit)
        for account in self.step.sources:
            asked = code.apply(Op.COPY, left)
            paid = self._payment(name, account, claim, asked, reason)
            code.apply(Op.SUBTRACT, left, paid, out=left)
            code.apply(Op.ADD, total, paid, out=total)
        return total

    def _payment(self, name: str, account: str, claim: int, limit: int, reason: Reason | None) -> int:
        """One payment out of one account: the claim, at most the limit, at most what is there."""
        code, kind = self.code, self.step.kind
        party = payee(self.deal, name)
        out = code.movement_slots()
        pay = Op.PAY_WHOLE if self.rounds else Op.PAY
        holds = code.constant(1.0) if self.condition is None else self.condition.slot
        op = code.emit(pay, out, code.slots[f"{account}.balance"], code.slots[f"received:{party}"], claim, limit, holds)
        if reason is None:
            reason = "residual_principal" if kind == "residual" else kind
        code.movements.append(
            Movement(
                op=op,
                step=self.number,
                path=self.path,
                reason=reason,
                claim=f"{name}.{kind}",
                source=account,
                to=party,
                asked=out,
                available=out + 1,
                moved=out + 2,
                condition=None if self.condition is None else self.condition.slot,
                condition_text="" if self.condition is None else self.condition.text,
            )
        )
        return out + 2

    # ---- several claims ----

    def _pro_rata(self, names: Sequence[str], limit: int) -> int | None:
        """Shares by claim; the remainder of rounding them down joins the share of the first named that still has a claim.

        Returns the slot of what notes could not take, where tranches are paid per note.
        """
        code = self.code
        claims = [self._claim(name) for name in names]
        owed = [code.apply(Op.POSITIVE, claim) for claim in claims]  # a claim that is a breach takes from no other
        total = code.apply(Op.MINIMUM, code.apply(Op.MINIMUM, limit, summed(code, owed)), self._all_there())
        shares = shares_of(code, total, owed, whole=self.rounds)
        per_note = any(self._per_note(name) for name in names)
        if not self.rounds and not per_note:
            for name, claim, share in zip(names, claims, shares, strict=True):
                self._pay(name, claim, code.apply(Op.MINIMUM, share, total))  # a negative total is asked for as it is
            return None
        remainder = code.apply(Op.SUBTRACT, total, summed(code, shares))
        for name, claim, most, share in zip(names, claims, owed, shares, strict=True):
            more = code.apply(Op.MINIMUM, remainder, code.apply(Op.SUBTRACT, most, share))
            amount = code.apply(Op.ADD, share, code.apply(Op.MAXIMUM, more, code.constant(0.0)))
            amount = code.apply(Op.MINIMUM, amount, total)  # a negative total is asked for as it is
            if self._per_note(name):
                amount = self._whole_notes(name, amount)
            code.apply(Op.ADD, remainder, code.apply(Op.SUBTRACT, share, amount), out=remainder)
            self._pay(name, claim, amount)
        return remainder if per_note else None

    def _residual(self, limit: int) -> None:
        """Principal up to its part, interest beyond."""
        code, (name,) = self.code, self.step.names
        balance, remaining = code.slots[f"{name}.balance"], code.apply(Op.COPY, limit)
        if self.step.booked_as != "interest":
            excess = balance if self.step.booked_as == "principal" else self._excess(name, balance)
            principal = code.apply(Op.MINIMUM, excess, remaining)
            if self._per_note(name):
                principal = code.apply(Op.MINIMUM, code.apply(Op.MINIMUM, principal, balance), self._all_there())
                principal = self._whole_notes(name, principal)
            paid = self._pay(name, balance, principal, "residual_principal")
            code.apply(Op.SUBTRACT, remaining, paid, out=remaining)
        self._pay(name, code.unbounded, remaining, "residual_interest")

    def _excess(self, name: str, balance: int) -> int:
        """What the balance exceeds, of what the pool leaves after the other tranches."""
        code = self.code
        left = self.scope.pool.slot("pool", "balance")
        for other in self.deal.tranches:
            if other != name:
                left = code.apply(Op.SUBTRACT, left, code.slots[f"{other}.balance"])
        zero = code.constant(0.0)
        excess = code.apply(Op.SUBTRACT, balance, code.apply(Op.MAXIMUM, left, zero))
        return rounded(code, self.deal, code.apply(Op.MAXIMUM, excess, zero))


def shares_of(code: Assembler, total: int, claims: Sequence[int], *, whole: bool) -> list[int]:
    """A total shared by claim, each share rounded down where `whole`; nothing where nobody claims."""
    everything = summed(code, claims)
    divisor = code.apply(Op.SELECT, everything, everything, code.constant(1.0))
    shares = [code.apply(Op.DIVIDE, code.apply(Op.MULTIPLY, total, claim), divisor) for claim in claims]
    return [code.apply(Op.ROUND_DOWN, share) for share in shares] if whole else shares
