"""A compiled deal in words: every step with its ops, every op with the names of its slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from clo.waterfall.kernel import Op
from clo.waterfall.program import Program

INPUTS, DATES, PURCHASES, UNITS = "input", "date", "purchases", "series"
_SHAPES: Mapping[Op, str] = {
    Op.INPUT: "oi",
    Op.PERIOD: "ov",
    Op.EQUAL: "osss",
    Op.NOT_EQUAL: "osss",
    Op.SELECT: "osss",
    Op.COLLECT: "-sss",
    Op.MOVE: "osss",
    Op.PAY: "osssss",
    Op.PAY_WHOLE: "osssss",
    Op.REMEMBER: "-ps",
    Op.GROWN: "opqg",
} | dict.fromkeys((Op.COPY, Op.NEGATE, Op.NOT, Op.ROUND_DOWN, Op.ROUND_HALF_UP, Op.POSITIVE), "os")
"""What the integers after the code are: o the slot of the result, s a slot, i an input, v a value by date, p purchases,
q a series of what they give, - nothing. Ops that are not here compute one slot of two."""


def listing(program: Program) -> pd.DataFrame:
    """part, op, code, result, operands: one row for each op of a program, in the order in which they run.

    part: what the op belongs to, in words. A slot is shown as its name and number, `senior.balance#5`; an intermediate
    result as its number.
    """
    return pd.DataFrame(_rows(program), columns=["part", "op", "code", "result", "operands"])


def _rows(program: Program) -> Iterator[tuple[str, int, str, str, str]]:
    names = slot_names(program)
    for words, start, end in program.symbols.lines:
        for number in range(start, end):
            row = program.ops[number]
            op = Op(int(row[0]))
            shape = _SHAPES.get(op, "oss")
            shown = [_operand(program, names, kind, int(value)) for kind, value in zip(shape, row[1:], strict=False)]
            yield words, number, op.name, shown[0], ", ".join(shown[1:])


def _operand(program: Program, names: Mapping[int, str], kind: str, value: int) -> str:
    match kind:
        case "i":
            return f"{INPUTS} {'.'.join(program.inputs[value])}"
        case "v":
            return f"{DATES} {program.period_values[value]}"
        case "p":
            return f"{PURCHASES} of {program.purchases[value]}"
        case "q":
            return f"{UNITS} {'.'.join(program.units[value])}"
        case "-" | "g":
            return "" if kind == "-" else ("as a flow", "at the end", "at the start")[value]
    return f"{names.get(value, '')}#{value}"


def slot_names(program: Program) -> dict[int, str]:
    """The name of each slot that has one; a movement's slots are called after its claim, a constant by its value."""
    found = {slot: name.removeprefix("=") for name, slot in program.symbols.slots.items()}
    for movement in program.symbols.movements:
        for word in ("asked", "available", "moved"):
            found.setdefault(getattr(movement, word), f"{movement.claim} {word}")
        if movement.condition is not None:
            found.setdefault(movement.condition, f"if {movement.step}")
    return found
