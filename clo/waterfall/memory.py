"""Functions over payment dates: what is remembered of a name, and the slots that remember it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clo.deal.vocabulary import LONGEST_LAG, LONGEST_MEMORY, POOL_FLOWS, RECOVERED, Quantity
from clo.expressions import Call, Expression, ExpressionError, Name, Number
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op


class Named(Protocol):
    """What memory asks of the names of a deal. used: names asked for so far; lets: `let` values; accruing: whether the place
    being compiled is something that accrues."""

    used: set[str]
    lets: Mapping[str, tuple[str, str]]

    @property
    def accruing(self) -> bool: ...
    def quantity(self, name: str) -> Quantity | None: ...
    def slot_of(self, name: str) -> int: ...
    def own_slot(self, name: str) -> int: ...
    def lagged_slot(self, name: str, months: int) -> int | None: ...
    def recovered_slot(self, function: str, name: str, months: int) -> int | None: ...
    def complain(self, code: str, message: str, fix: str, *, value: str = "") -> None: ...


class Memory:
    """What expressions of one deal remember. Its ops run first on a payment date, while slots are as the last one left them."""

    def __init__(self, scope: Named, code: Assembler) -> None:
        self.scope, self.code = scope, code
        self._back: dict[str, list[int]] = {}

    def slot(self, call: Call) -> int:
        """The slot of one of the functions over payment dates, such as `previous(name)` or `rolling_sum(name, n)`."""
        name = call.arguments[0]
        if not isinstance(name, Name):
            raise ExpressionError(f"{call.function}() takes a name; give the expression one with a `let` step first")
        if call.function == "previous":
            return self._previous(name.name)
        if call.function in ("lagged", *RECOVERED):
            return self._of_months(call.function, name.name, call.arguments[1])
        now = self._settled(call.function, name.name)
        if now is None:
            return self.code.constant(0.0)
        if call.function == "cumulative":
            return self.code.apply(Op.ADD, self._sum_before(name.name), now)
        count = _whole(call.function, call.arguments[1], LONGEST_MEMORY, "payment dates")
        total = now
        for slot in self._before(name.name, count - 1):
            total = self.code.apply(Op.ADD, total, slot)
        if call.function == "rolling_sum":
            return total
        dates = self.code.apply(Op.MINIMUM, self.code.constant(float(count)), self.code.period_value("payment.number"))
        return self.code.apply(Op.DIVIDE, total, dates)

    def _previous(self, name: str) -> int:
        code, scope = self.code, self.scope
        scope.used.add(name)
        if "." in name:
            quantity = scope.quantity(name)
            if quantity is None or not quantity.kept:
                scope.complain("E-D111", f"{name!r} is not kept from date to date", "give it a name with a `let` step first")
                return code.constant(0.0)
        if f"previous:{name}" not in code.slots:
            kept = scope.own_slot(name)
            code.remember(Op.COPY, code.new_slot(f"previous:{name}"), kept)
        return code.slots[f"previous:{name}"]

    def _of_months(self, function: str, name: str, argument: Expression) -> int:
        """Functions over months of the pool."""
        if function == "lagged":
            return self._lagged(name, _whole(function, argument, LONGEST_LAG, "months"))
        return self._recovered(function, name, _whole(function, argument, LONGEST_LAG, "months", 0))

    def _lagged(self, name: str, months: int) -> int:
        """What a flow of the pool was some months earlier."""
        self.scope.used.add(name)
        known = self.scope.quantity(name) is not None and name.rpartition(".")[2] in POOL_FLOWS
        slot = self.scope.lagged_slot(name, months) if known else None
        if slot is None:
            fix = f"take one of {', '.join(POOL_FLOWS)} of a pool that is neither bought for nor sold"
            self.scope.complain("E-D111", f"lagged() of {name!r}, which is no flow of the pool, or one that steps change", fix)
            return self.code.constant(0.0)
        return slot

    def _recovered(self, function: str, name: str, months: int) -> int:
        """What has come back of defaults some months old, by then or after."""
        self.scope.used.add(name)
        known = self.scope.quantity(name) is not None and name.rpartition(".")[2] == "default"
        slot = self.scope.recovered_slot(function, name, months) if known else None
        if slot is None:
            message = f"{function}() of {name!r}, which is no default of the pool, or one that steps change"
            self.scope.complain("E-D111", message, "take the .default of a pool that is neither bought for nor sold")
            return self.code.constant(0.0)
        return slot

    def _settled(self, function: str, name: str) -> int | None:
        """The slot of what the name stands for now, where it stands for one thing a payment date; else None, and a finding."""
        scope = self.scope
        quantity = scope.quantity(name) if "." in name else None
        if name not in scope.lets and (quantity is None or not quantity.settled):
            fix = "take a flow of the pool, an amount that accrues, or a value named by a `let` step"
            scope.complain("E-D111", f"{function}() of {name!r}, which is not settled once a payment date", fix)
            return None
        if name in scope.lets and scope.accruing:
            fix = f"name {function}({name}) with a `let` step, and read that here"
            scope.complain("E-D113", f"{function}() of {name!r} is read before {name!r} is computed", fix, value=name)
            return None
        return scope.slot_of(name)

    def _sum_before(self, name: str) -> int:
        code = self.code
        if f"cumulative:{name}" not in code.slots:
            total = code.new_slot(f"cumulative:{name}")
            code.remember(Op.ADD, total, total, self.scope.own_slot(name))
        return code.slots[f"cumulative:{name}"]

    def _before(self, name: str, count: int) -> list[int]:
        """Slots with the name's value at the ends of the last `count` payment dates, the latest first."""
        back = self._back.setdefault(name, [])
        while len(back) < count:
            back.append(self.code.new_slot(f"{len(back) + 1} before:{name}"))
        return back[:count]

    def finish(self) -> None:
        """Append the ops that move what is remembered one date back, oldest first."""
        for name, back in self._back.items():
            kept = self.scope.own_slot(name)
            for older, newer in reversed(list(zip(back, [kept, *back], strict=False))):
                self.code.remember(Op.COPY, older, newer)


def _whole(function: str, expression: Expression, most: int, what: str, least: int = 1) -> int:
    if isinstance(expression, Number) and least <= expression.value <= most and expression.value == int(expression.value):
        return int(expression.value)
    raise ExpressionError(f"{function}(name, n) takes a whole number of {what} from {least} to {most}")
