"""A compiled deal: a program of integers and floats, and the symbols that lead from its slots back to names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reason = Literal["collect", "transfer", "fee", "interest", "principal", "residual_principal", "residual_interest"]


@dataclass(frozen=True, slots=True)
class Movement:
    """One place in the program where cash moves, and what it is called.

    op: index into Program.ops. step: number of the step in the waterfall, 1-based. claim: what is paid, such as
    `senior.interest`. asked, available, moved: slots. condition: slot of the step's condition, or None; condition_text: as
    the deal says it.
    """

    op: int
    step: int
    reason: Reason
    claim: str
    source: str
    to: str
    asked: int
    available: int
    moved: int
    condition: int | None = None
    condition_text: str = ""


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names of a compiled deal: `slots` by quantity (`senior.balance`), `params` by quantity (`senior.coupon`)."""

    slots: Mapping[str, int]
    params: Mapping[str, int]
    movements: tuple[Movement, ...]
    assertions: tuple[int, ...]
    """Slot of each assertion's truth, in the deal's order."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What the machine runs. Structure stands in ops, numbers in params: sizing writes params and never recompiles.

    ops int32 [op, WIDTH]; starts int32 [slot], the parameter a slot starts from or -1; params [parameter];
    inputs: (pool or sub-pool, quantity) of each input row; period_values: names of the values by payment date;
    balance_sheet [slot]: see kernel.run_block.
    """

    ops: NDArray[np.int32]
    starts: NDArray[np.int32]
    params: NDArray[np.float64]
    inputs: tuple[tuple[str, str], ...]
    period_values: tuple[str, ...]
    balance_sheet: NDArray[np.float64]
    symbols: Symbols

    def with_params(self, values: Mapping[str, float]) -> Program:
        """The same program with other numbers. Raises KeyError for a name that is not a parameter."""
        params = self.params.copy()
        for name, value in values.items():
            params[self.symbols.params[name]] = value
        return Program(self.ops, self.starts, params, self.inputs, self.period_values, self.balance_sheet, self.symbols)
