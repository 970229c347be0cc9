"""What accrues on a payment date, as ops: earnings of accounts, interest, commitment fees, hedges, fees.

The order is that of docs/waterfall.md: what accrues may read what has accrued before it, and nothing after.
"""

from __future__ import annotations

import math

from clo.deal.terms import Account, Coupon, Deal, Facility, Fee, Hedge, Tranche
from clo.waterfall.compiling import TALLY, rounded
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.program import Movement


class Accruals:
    """The accruals of one deal being compiled."""

    def __init__(self, deal: Deal, scope: Scope) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code

    def compile(self) -> None:
        """Append the ops of everything that accrues, in order."""
        self._pending()
        start = self.code.place
        earning = {name: account for name, account in self.deal.accounts.items() if account.earns is not None}
        for name, account in earning.items():
            self._earned(name, account)
        for name, tranche in self.deal.tranches.items():
            if tranche.coupon is not None:
                self._interest(name, tranche)
        for name, facility in self.deal.facilities.items():
            self._facility(name, facility)
        for name, hedge in self.deal.hedges.items():
            self._hedge(name, hedge)
        for name, fee in self.deal.fees.items():
            self._fee(name, fee)
        for name, account in earning.items():
            self._credited(name, account)
        self.code.lines.append(("what accrues", start, self.code.place))

    def _pending(self) -> None:
        """Nothing has accrued yet."""
        deal, pending = self.deal, self.scope.pending
        pending |= {f"{name}.earned" for name in deal.accounts}
        pending |= {f"{name}.interest_due" for name in (*deal.tranches, *deal.facilities)}
        pending |= {f"{name}.due" for name in (*deal.facilities, *deal.hedges, *deal.fees)}
        pending |= {f"{name}.notional" for name in deal.hedges}

    def _known(self, *names: str) -> None:
        self.scope.pending -= set(names)
        self.code.release()

    def _fraction(self, day_count: str | None) -> int:
        return self.code.period_value(f"fraction:{day_count or self.deal.day_count}")

    def _join(self, due: str, unpaid: str) -> None:
        slots = self.code.slots
        self.code.apply(Op.ADD, slots[unpaid], slots[due], out=slots[unpaid])

    # ---- accounts ----

    def _earned(self, name: str, account: Account) -> None:
        code, scope = self.code, self.scope
        scope.path = f"accounts.{name}.earns"
        rate = scope.number(account.earns or 0.0, f"{name}.earns")
        earned = code.apply(Op.MULTIPLY, code.slots[f"{name}.balance"], rate)
        earned = code.apply(Op.MULTIPLY, earned, self._fraction(account.day_count))
        rounded(code, self.deal, earned, out=code.slots[f"{name}.earned"])
        self._known(f"{name}.earned")

    def _credited(self, name: str, account: Account) -> None:
        code, into = self.code, account.earns_into or name
        if into not in self.deal.accounts:
            return  # told with the names of the deal
        out = code.movement_slots()
        op = code.emit(Op.MOVE, out, code.unbounded, code.slots[f"{into}.balance"], code.slots[f"{name}.earned"])
        code.apply(Op.ADD, code.slots[TALLY], out + 2, out=code.slots[TALLY])
        path, claim = f"accounts.{name}", f"{name}.earned"
        code.movements.append(Movement(op, 0, path, "earned", claim, account.bank, into, out, out, out + 2))

    # ---- tranches ----

    def _interest(self, name: str, tranche: Tranche) -> None:
        """Rounded once for the tranche, or once for a note of its denomination times the number of notes."""
        code, scope = self.code, self.scope
        scope.path = f"tranches.{name}.coupon"
        rate = self._coupon(name, tranche)
        notes = None
        base = self._base(name, tranche)
        unpaid = code.slots[f"{name}.interest_unpaid"]
        if tranche.denomination is not None and tranche.notional is None:
            notes = code.slots[f"{name}.notes"]
            some = code.apply(Op.SELECT, notes, notes, code.constant(1.0))  # a tranche of nothing has no notes
            base = code.apply(Op.DIVIDE, base, some)
            unpaid = code.apply(Op.DIVIDE, unpaid, some)
        accrued = code.apply(Op.MULTIPLY, base, rate)
        if tranche.interest_on_unpaid is not None:
            scope.path = f"tranches.{name}.interest_on_unpaid"
            stated = tranche.interest_on_unpaid
            late = rate if stated == "coupon" else scope.number(stated, f"{name}.interest_on_unpaid")
            accrued = code.apply(Op.ADD, accrued, code.apply(Op.MULTIPLY, unpaid, late))
        accrued = code.apply(Op.MULTIPLY, accrued, self._fraction(tranche.day_count))
        due = code.slots[f"{name}.interest_due"]
        if notes is None:
            rounded(code, self.deal, accrued, out=due)
        else:
            code.apply(Op.MULTIPLY, rounded(code, self.deal, accrued), notes, out=due)
        self._join(f"{name}.interest_due", f"{name}.interest_unpaid")
        self._known(f"{name}.interest_due")

    def _base(self, name: str, tranche: Tranche) -> int:
        if tranche.notional is None:
            return self.code.slots[f"{name}.balance"]
        coupon, self.scope.path = self.scope.path, f"tranches.{name}.notional"
        slot = self.scope.value(tranche.notional)
        self.scope.path = coupon
        return slot

    def _coupon(self, name: str, tranche: Tranche) -> int:
        """The rate a year of the period."""
        terms, code, scope = tranche.coupon, self.code, self.scope
        if not isinstance(terms, Coupon):
            return scope.number(0.0 if terms is None else terms, f"{name}.coupon")
        rate = code.constant(terms.margin, f"{name}.margin")
        if terms.index is not None:
            scope.path = f"tranches.{name}.coupon.index"
            index = scope.value(f"index.{terms.index}")
            times = code.apply(Op.MULTIPLY, code.constant(terms.multiplier, f"{name}.multiplier"), index)
            rate = code.apply(Op.ADD, times, rate)
        for number, step in enumerate(terms.step_ups):
            scope.path = f"tranches.{name}.coupon.step_ups[{number}]"
            if step.when is not None:
                holds = scope.value(step.when, condition=True)
            else:
                holds = scope.value(f"payment.start >= '{step.since}'", condition=True)
            added = code.constant(step.add, f"{name}.step_up_{number + 1}")
            rate = code.apply(Op.ADD, rate, code.apply(Op.SELECT, holds, added, code.constant(0.0)))
        for bound, op in (("floor", Op.MAXIMUM), ("cap", Op.MINIMUM)):
            stated = getattr(terms, bound)
            if stated is not None:
                rate = code.apply(op, rate, code.constant(stated, f"{name}.{bound}"))
        return rate

    # ---- facilities and hedges ----

    def _facility(self, name: str, facility: Facility) -> None:
        code, scope = self.code, self.scope
        fraction = self._fraction(facility.day_count)
        for due, unpaid, key, base in (
            ("interest_due", "interest_unpaid", "rate", code.slots[f"{name}.balance"]),
            ("due", "unpaid", "commitment_fee", None),
        ):
            scope.path = f"facilities.{name}.{key}"
            rate = scope.number(getattr(facility, key), f"{name}.{key}")
            accrued = code.apply(Op.MULTIPLY, scope.available(name) if base is None else base, rate)
            rounded(code, self.deal, code.apply(Op.MULTIPLY, accrued, fraction), out=code.slots[f"{name}.{due}"])
            self._join(f"{name}.{due}", f"{name}.{unpaid}")
            self._known(f"{name}.{due}")

    def _hedge(self, name: str, hedge: Hedge) -> None:
        """What goes out and what comes in; of a net hedge, the excess of one over the other."""
        code, scope, slots = self.code, self.scope, self.code.slots
        zero = code.constant(0.0)
        scope.path = f"hedges.{name}.notional"
        scope.value(hedge.notional, out=slots[f"{name}.notional"])
        self._known(f"{name}.notional")
        going, coming = code.new_slot(f"{name}.going"), slots[f"{name}.accrued"]
        code.apply(Op.COPY, zero, out=going)
        code.apply(Op.COPY, zero, out=coming)
        for leg, rate, day_count in (
            ("pay", hedge.pay, hedge.pay_day_count),
            ("receive", hedge.receive, hedge.receive_day_count),
        ):
            if rate is None:
                continue
            scope.path = f"hedges.{name}.{leg}"
            flow = code.apply(Op.MULTIPLY, slots[f"{name}.notional"], scope.number(rate, f"{name}.{leg}"))
            flow = code.apply(Op.MULTIPLY, flow, self._fraction(day_count))
            sides = (going, coming) if leg == "pay" else (coming, going)
            for side, amount in zip(sides, (flow, code.apply(Op.NEGATE, flow)), strict=True):
                part = rounded(code, self.deal, code.apply(Op.MAXIMUM, amount, zero))
                code.apply(Op.ADD, side, part, out=side)
        if hedge.net:
            apart = code.apply(Op.SUBTRACT, coming, going)
            code.apply(Op.MAXIMUM, apart, zero, out=coming)
            code.apply(Op.MAXIMUM, code.apply(Op.NEGATE, apart), zero, out=going)
        if hedge.terminated is not None:
            scope.path = f"hedges.{name}.terminated"
            over = scope.value(hedge.terminated, condition=True)
            for slot in (going, coming, slots[f"{name}.receivable"]):
                code.apply(Op.SELECT, over, zero, slot, out=slot)
        code.apply(Op.COPY, going, out=slots[f"{name}.due"])
        code.apply(Op.ADD, slots[f"{name}.receivable"], coming, out=slots[f"{name}.receivable"])
        self._join(f"{name}.due", f"{name}.unpaid")
        self._known(f"{name}.due")

    # ---- fees ----

    def _fee(self, name: str, fee: Fee) -> None:
        code, scope = self.code, self.scope
        due = code.slots[f"{name}.due"]
        if not fee.accrues:
            code.apply(Op.COPY, code.constant(0.0), out=due)
            self._known(f"{name}.due")
            return
        accrued = self._fee_amount(name, fee)
        for bound, op in (("floor", Op.MAXIMUM), ("cap", Op.MINIMUM)):
            stated = getattr(fee, bound)
            if stated is not None:
                scope.path = f"fees.{name}.{bound}"
                accrued = code.apply(op, accrued, scope.number(stated, f"{name}.{bound}"))
        rounded(code, self.deal, accrued, out=due)
        self._join(f"{name}.due", f"{name}.unpaid")
        self._known(f"{name}.due")

    def _fee_amount(self, name: str, fee: Fee) -> int:
        """Before floor, cap and rounding."""
        code, scope = self.code, self.scope
        if fee.amount is not None:
            scope.path = f"fees.{name}.amount"
            return scope.number(fee.amount, f"{name}.amount")
        scope.path = f"fees.{name}.on"
        base = scope.value(fee.on or "")
        if fee.rate is not None:
            scope.path = f"fees.{name}.rate"
            yearly = code.apply(Op.MULTIPLY, scope.number(fee.rate, f"{name}.rate"), base)
        else:
            yearly = self._tiers(name, fee, base)
        return code.apply(Op.MULTIPLY, yearly, self._fraction(fee.day_count))

    def _tiers(self, name: str, fee: Fee, base: int) -> int:
        """Each tier's rate on its part of the balance."""
        code, total, below = self.code, self.code.constant(0.0), 0.0
        for number, tier in enumerate(fee.tiers, start=1):
            upper = math.inf if tier.up_to is None else tier.up_to
            part = base if tier.up_to is None else code.apply(Op.MINIMUM, base, code.constant(upper))
            part = code.apply(Op.SUBTRACT, part, code.constant(below)) if below else part
            part = code.apply(Op.MAXIMUM, part, code.constant(0.0))
            charged = code.apply(Op.MULTIPLY, part, code.constant(tier.rate, f"{name}.rate_{number}"))
            total = code.apply(Op.ADD, total, charged)
            below = upper
        return total
