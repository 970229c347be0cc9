"""Writes a program op by op: hands out slots and parameters, and lowers expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from clo.expressions import MEMORY, Call, Expression, Name, Number
from clo.waterfall.kernel import UNBOUNDED, WIDTH, Op
from clo.waterfall.program import Movement, Program, Symbols

_BINARY = {
    "+": Op.ADD,
    "-": Op.SUBTRACT,
    "*": Op.MULTIPLY,
    "/": Op.DIVIDE,
    "<": Op.LESS,
    "<=": Op.LESS_EQUAL,
    "min": Op.MINIMUM,
    "max": Op.MAXIMUM,
    "and": Op.AND,
    "or": Op.OR,
}
_EQUALITY = {"==": Op.EQUAL, "!=": Op.NOT_EQUAL}
_SWAPPED = {">": Op.LESS, ">=": Op.LESS_EQUAL}
_UNARY = {"neg": Op.NEGATE, "not": Op.NOT}


SMALLEST = "smallest amount"
"""The parameter within which amounts of money are equal: what float64 sums over the pool may lack."""


class Assembler:
    """A program in the making. Slots of intermediate results are used again from step to step; named ones are kept.

    Its ops stand in three parts, one after the other: memory (what is remembered of the payment date before), head (what is
    known of this one), and body, in the order written. trace: each movement keeps what it asked, found and moved, so that a
    run can be explained; without, a block needs less memory and runs faster.
    """

    def __init__(self, *, trace: bool = True) -> None:
        self.slots: dict[str, int] = {}
        self.params: dict[str, int] = {}
        self.inputs: list[tuple[str, str]] = []
        self.period_values: list[str] = []
        self.purchases: list[str] = []
        self.units: list[tuple[str, str]] = []
        self.movements: list[Movement] = []
        self.lines: list[tuple[str, int, int]] = []
        self.memory: list[tuple[int, ...]] = []
        self.head: list[tuple[int, ...]] = []
        self._ops: list[tuple[int, ...]] = []
        self._starts: list[int] = []
        self._values: list[float] = []
        self._balance_sheet: list[float] = []
        self._scratch: list[int] = []
        self._scratch_used = 0
        self._trace = trace
        self._untraced = -1
        self.unbounded = self.constant(UNBOUNDED)

    # ---- slots ----

    def new_slot(self, name: str = "", *, start: int = -1, weight: float = 0.0) -> int:
        """A slot of its own; `start` is the parameter it starts from, `weight` its place on the cash balance sheet."""
        slot = len(self._starts)
        self._starts.append(start)
        self._balance_sheet.append(weight)
        if name:
            self.slots[name] = slot
        return slot

    def new_slots(self, count: int) -> int:
        """The first of `count` slots in a row."""
        first = self.new_slot()
        for _ in range(count - 1):
            self.new_slot()
        return first

    def movement_slots(self) -> int:
        """The first of three slots for what a movement asks, finds and moves: its own where movements are traced."""
        if self._trace:
            return self.new_slots(3)
        if self._untraced < 0:
            self._untraced = self.new_slots(3)
        return self._untraced

    def parameter(self, name: str, value: float) -> int:
        """The index of a named number that a caller may change without recompiling."""
        self.params[name] = len(self._values)
        self._values.append(value)
        return self.params[name]

    def constant(self, value: float, name: str = "") -> int:
        """A slot that holds a number; the same unnamed number is held once."""
        key = name or f"={value!r}"
        if key not in self.slots:
            if key not in self.params:
                self.parameter(key, value)
            self.new_slot(key, start=self.params[key])
        return self.slots[key]

    def scratch(self) -> int:
        """A slot for an intermediate result, free again after `release`."""
        if self._scratch_used == len(self._scratch):
            self._scratch.append(self.new_slot())
        self._scratch_used += 1
        return self._scratch[self._scratch_used - 1]

    def release(self) -> None:
        """Intermediate results are no longer needed."""
        self._scratch_used = 0

    def input(self, pool: str, quantity: str) -> int:
        """The slot that holds a quantity of the collection period; a balance starts from that of the cut-off."""
        name = f"{pool}.{quantity}"
        if name not in self.slots:
            slot = self.new_slot(name, start=self.params[f"{pool}.initial"] if quantity == "balance" else -1)
            self.first(Op.INPUT, slot, len(self.inputs))
            self.inputs.append((pool, quantity))
        return self.slots[name]

    def period_value(self, name: str) -> int:
        """The slot that holds a value of the payment date, such as the accrual fraction."""
        if name not in self.slots:
            slot = self.new_slot(name)
            self.first(Op.PERIOD, slot, len(self.period_values))
            self.period_values.append(name)
        return self.slots[name]

    def first(self, op: Op, *operands: int) -> None:
        """Append an op to the head: what is known before anything accrues."""
        self.head.append(_row(op, operands))

    def remember(self, op: Op, *operands: int) -> None:
        """Append an op to the memory: what is done while all slots are as the payment date before left them."""
        self.memory.append(_row(op, operands))

    # ---- ops ----

    def emit(self, op: Op, *operands: int) -> int:
        """Append an op to the body; returns its place there."""
        self._ops.append(_row(op, operands))
        return len(self._ops) - 1

    @property
    def place(self) -> int:
        """The place in the body of the next op."""
        return len(self._ops)

    def apply(self, op: Op, *operands: int, out: int | None = None) -> int:
        """Append an op that computes; returns the slot of its result."""
        slot = self.scratch() if out is None else out
        self.emit(op, slot, *operands)
        return slot

    def lower(
        self,
        expression: Expression,
        slot_of: Callable[[str], int],
        is_money: Callable[[Expression], bool],
        remembered: Callable[[Call], int],
        out: int | None = None,
    ) -> int:
        """Append what computes the expression; returns the slot of its value. Text has no value here: ValueError.

        slot_of: of a name; is_money: whether == and != compare to within what counts; remembered: the slot of a function
        over payment dates.
        """
        match expression:
            case Number(value):
                slot = self.constant(value)
            case Name(name):
                slot = slot_of(name)
            case Call(function) if function in MEMORY:
                slot = remembered(expression)
            case Call(function, arguments):
                operands = [self.lower(argument, slot_of, is_money, remembered) for argument in arguments]
                if function in _EQUALITY:
                    money = any(is_money(argument) for argument in arguments)
                    within = self.constant(0.0, SMALLEST) if money else self.constant(0.0)
                    return self.apply(_EQUALITY[function], *operands, within, out=out)
                return self._call(function, operands, out)
            case _:
                raise ValueError("text in quotes is compared with a date or a rating, or with the words of a tape's filter")
        return slot if out is None else self.apply(Op.COPY, slot, out=out)

    def _call(self, function: str, operands: list[int], out: int | None) -> int:
        if function == "if":
            return self.apply(Op.SELECT, *operands, out=out)
        if function in _UNARY:
            return self.apply(_UNARY[function], *operands, out=out)
        if function in _SWAPPED:
            return self.apply(_SWAPPED[function], operands[1], operands[0], out=out)
        result = operands[0]
        for number, operand in enumerate(operands[1:], start=2):
            last = number == len(operands)
            result = self.apply(_BINARY[function], result, operand, out=out if last else None)
        return result

    def finish(self, assertions: tuple[int, ...], values: tuple[str, ...] = ()) -> Program:
        """The program, complete."""
        before = len(self.memory) + len(self.head)
        movements = tuple(replace(movement, op=before + movement.op) for movement in self.movements) if self._trace else ()
        known = ("what is remembered", 0, len(self.memory)), ("what is known of the date", len(self.memory), before)
        lines = (*known, *((words, before + start, before + end) for words, start, end in self.lines))
        return Program(
            ops=np.array([*self.memory, *self.head, *self._ops], dtype=np.int32).reshape(-1, WIDTH),
            starts=np.array(self._starts, dtype=np.int32),
            params=np.array(self._values, dtype=np.float64),
            inputs=tuple(self.inputs),
            period_values=tuple(self.period_values),
            purchases=tuple(self.purchases),
            units=tuple(self.units),
            balance_sheet=np.array(self._balance_sheet, dtype=np.float64),
            symbols=Symbols(dict(self.slots), dict(self.params), movements, assertions, values, lines),
        )


def _row(op: Op, operands: tuple[int, ...]) -> tuple[int, ...]:
    return (int(op), *operands) + (0,) * (WIDTH - 1 - len(operands))
