"""A compiled deal: a program of integers and floats, and the symbols that lead from its slots back to names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BOOKINGS = ("charge", "capitalise", "write_down", "write_up", "debit", "credit")
"""Why something moves that is not cash."""
Reason = Literal[
    "collect", "transfer", "draw", "earned", "purchase", "sale", "settle",
    "fee", "interest", "principal", "hedge", "residual_principal", "residual_interest",
    "charge", "capitalise", "write_down", "write_up", "debit", "credit",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Movement:
    """One place in the program where something moves, and what it is called.

    op: index into Program.ops. step: number of the step in the waterfall, 1-based, 0 for what accrues; path: where the deal
    says it. claim: what is paid, such as `senior.interest`. asked, available, moved: slots. condition: slot of the step's
    condition, or None; condition_text: as the deal says it.
    """

    op: int
    step: int
    path: str
    reason: Reason
    claim: str
    source: str
    to: str
    asked: int
    available: int
    moved: int
    condition: int | None = None
    condition_text: str = ""

    @property
    def cash(self) -> bool:
        return self.reason not in BOOKINGS


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names of a compiled deal: `slots` by quantity (`senior.balance`), `params` by quantity (`senior.coupon`).

    values: names of `let` values, in order.
    """

    slots: Mapping[str, int]
    params: Mapping[str, int]
    movements: tuple[Movement, ...]
    assertions: tuple[int, ...]
    """Slot of each assertion's truth, in the deal's order."""
    values: tuple[str, ...] = ()
    lines: tuple[tuple[str, int, int], ...] = ()
    """What the program does in order: words, and the ops from and up to which it does it."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What the machine runs. Structure stands in ops, numbers in params: sizing writes params and never recompiles.

    ops int32 [op, WIDTH]; starts int32 [slot], the parameter a slot starts from or -1; params [parameter];
    inputs: (pool or sub-pool, quantity) of each input row; period_values: names of the values by payment date;
    purchases: sub-pools that loans are bought for, units: (sub-pool, quantity) of each series of what a unit bought gives;
    balance_sheet [slot]: see kernel.run_block.
    """

    ops: NDArray[np.int32]
    starts: NDArray[np.int32]
    params: NDArray[np.float64]
    inputs: tuple[tuple[str, str], ...]
    period_values: tuple[str, ...]
    purchases: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    balance_sheet: NDArray[np.float64]
    symbols: Symbols

    def with_params(self, values: Mapping[str, float]) -> Program:
        """The same program with other numbers. Raises KeyError for a name that is not a parameter."""
        params = self.params.copy()
        for name, value in values.items():
            params[self.symbols.params[name]] = value
        return replace(self, params=params)
