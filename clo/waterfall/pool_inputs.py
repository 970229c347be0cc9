"""Quantities of the pool as slots: what its loans give, what loans bought since give, and nothing once it is sold."""

from __future__ import annotations

from collections.abc import Sequence

from clo.deal.vocabulary import POOL_FLOWS
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op

LAG = "@"
"""Between a quantity of the pool and by how many months it lags."""
FLOW, AT_END, AT_START = 0, 1, 2
"""How kernel.Op.GROWN reads a series."""


class PoolInputs:
    """The pool of one deal. purchases: sub-pools that `buy` steps name; sold: whether some step sells the pool."""

    def __init__(self, code: Assembler, pools: Sequence[str], purchases: Sequence[str], *, sold: bool) -> None:
        self.code, self.pools = code, ("pool", *pools)
        self.purchases = tuple(purchases)
        self.sold = sold
        for name in self.pools:
            code.constant(0.0, f"{name}.initial")
        if sold:
            code.new_slot("pool.held", start=code.parameter("pool.held", 1.0))
        for name in purchases:
            code.purchases.append(name)
            code.first(Op.COPY, code.new_slot(f"{name}.bought"), code.constant(0.0))
        if sold or purchases:  # a step changes them, so they are read before any step
            for name in self.pools:
                self.slot(name, "balance")

    def lagged(self, owner: str, word: str, months: int) -> int | None:
        """The slot of a flow as it was some months earlier; None of a pool that is bought for or sold."""
        bought = self.purchases and (owner == "pool" or owner in self.purchases)
        return None if self.sold or bought else self.code.input(owner, f"{word}{LAG}{months}")

    def slot(self, owner: str, word: str) -> int:
        """The slot of a quantity of the pool or of a sub-pool."""
        code, name = self.code, f"{owner}.{word}"
        if word == "closing":
            return self.slot(owner, "balance")
        if name in code.slots:
            return code.slots[name]
        if word == "cumulative_default":
            default = self.slot(owner, "default")
            running = code.new_slot(name)
            code.first(Op.ADD, running, running, default)
            return running
        slot = code.input(owner, word)
        for bought in self.purchases:
            if owner in ("pool", bought):
                grown = code.new_slot()
                how = FLOW if word in POOL_FLOWS else AT_START if word == "opening" else AT_END
                series = (bought, "balance" if word == "opening" else word)
                if series not in code.units:
                    code.units.append(series)
                code.first(Op.GROWN, grown, code.purchases.index(bought), code.units.index(series), how)
                code.first(Op.ADD, slot, slot, grown)
        if self.sold:
            code.first(Op.MULTIPLY, slot, slot, code.slots["pool.held"])
        return slot
