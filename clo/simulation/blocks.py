"""Scenarios, some at a time: drawn, defaulted, allocated, and brought down to what each comes to. Memory is that of a block.

Axes: j tranche, n input, k payment date, s scenario (of a chunk).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.deal.terms import Deal
from clo.scenarios import kernel as scenarios_kernel
from clo.scenarios.draws import Draws, halves, seed_words
from clo.scenarios.model import DefaultModel
from clo.simulation import kernel
from clo.simulation.tables import Tables, runs
from clo.timeline import Timeline, year_fraction
from clo.waterfall.allocation import LEAK, Machine, block_size
from clo.waterfall.binding import smallest_amount
from clo.waterfall.program import Program

Floats = NDArray[np.float64]
CHUNK = 4_096
"""Scenarios whose results are added up together. Fixed, and chunks are added up in order: neither threads nor blocks show."""
BLOCK = 256
"""Scenarios at once, at most: what the program reads of them is to stay in a core's second-level cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What scenarios come to. loss, life [j, s]: of tranches, in currency and years (not a number where no principal is paid);
    unpaid [j, s]: interest still owed at the end; pool [2, s]: what defaulted, what of it came back in time; log_weight [s];
    breached [s]: whether an amount was none, or cash leaked."""

    loss: Floats
    life: Floats
    unpaid: Floats
    pool: Floats
    log_weight: Floats
    breached: NDArray[np.bool_]


class Engine:
    """A deal ready to be run under any of its scenarios; from any number of threads.

    program: bound, traced where a tranche capitalises. base [n, k]: its inputs without defaults.
    """

    def __init__(
        self, deal: Deal, program: Program, timeline: Timeline, period_values: Floats, base: Floats, model: DefaultModel,
        tables: Tables, draws: Draws, block: int | None = None,
    ) -> None:  # fmt: skip
        self.program, self.model, self.tables, self.draws, self.base = program, model, tables, draws, base
        symbols, names = program.symbols, list(deal.tranches)
        self.sizes = np.array([program.params[symbols.params[f"{name}.size"]] for name in names])
        initial = float(program.params[symbols.params["pool.initial"]])
        self.leak = LEAK * initial
        records = [symbols.slots[f"{name}.balance"] for name in names]
        self._rows = np.full((len(names), 2), -1, dtype=np.int32)
        self._rows[:, 0] = np.arange(len(names))
        for j, name in enumerate(names):
            self._rows[j, 1] = len(records)
            records.append(symbols.slots[f"{name}.written_down"])
        added = []
        for movement in symbols.movements:
            if movement.reason == "capitalise":
                added.append((names.index(movement.claim.partition(".")[0]), len(records)))
                records.append(movement.moved)
        self._capitalised = np.array(added, dtype=np.int32).reshape(-1, 2)
        self._unpaid = [symbols.slots.get(f"{name}.interest_unpaid", -1) for name in names]
        self._years = year_fraction("ACT/365F", np.datetime64(timeline.closing), timeline.payment_dates)
        self._machine = Machine(
            program, period_values, timeline.first_month, np.array(records, dtype=np.int32), smallest_amount(deal, initial)
        )
        self.block = block or min(BLOCK, 2 ** int(np.log2(block_size(len(program.starts)))))
        sector = model.sector
        last = np.maximum(tables.last, 1)
        at_last = np.where(tables.last > 0, model.thresholds[np.arange(len(last)), last - 1], -np.inf)
        self._ceiling = (at_last / model.own[sector]).astype(np.float32)
        self.runs = runs(model.thresholds)
        self._keys = halves(model.keys)
        self._recovery = np.zeros(0) if model.spread is None else model.recovery
        self._own = threading.local()

    def inputs(self, first: int, factors: Floats, scale: Floats, out: Floats) -> Floats:
        """Fill out [n, k, s] with what the program reads, from scenario `first` (a multiple of 4) on; returns pool [2, s]."""
        t, model = self.tables, self.model
        pool = np.empty((2, out.shape[2]))
        with np.errstate(all="ignore"):  # compiled code never warns; the plain code is not to either
            scenarios_kernel.fill_block(
                first, *seed_words(self.draws.seed), factors, scale, *self._keys, model.sector, model.index, model.weight,
                model.own, t.last, *self.runs, self._ceiling, t.rows, t.account, self._recovery,
                model.spread or 0.0, model.market, t.shift, t.falls, t.edges, t.rises, t.kind, t.into, t.column, t.factor,
                t.exposure, t.recoverable, t.setoff, t.share, t.channels, t.span, self.base, t.parts_of, t.parts, t.read,
                t.source, t.returned, out, pool,
            )  # fmt: skip
        return pool

    def run(self, first: int, count: int) -> Outcomes:
        """Scenarios first, ..., first + count - 1; first is a multiple of 4."""
        common = self.draws(first, count)
        tranches = len(self.sizes)
        found = Outcomes(
            np.empty((tranches, count)), np.empty((tranches, count)), np.zeros((tranches, count)), np.empty((2, count)),
            common.log_weight, np.zeros(count, dtype=np.bool_),
        )  # fmt: skip
        for begin in range(0, count, self.block):
            part = slice(begin, min(begin + self.block, count))
            self._run_block(first + begin, common.factors[part], common.scale[part], part, found)
        return found

    def _run_block(self, first: int, factors: Floats, scale: Floats, part: slice, found: Outcomes) -> None:
        width = part.stop - part.start
        if getattr(self._own, "width", 0) != width:
            self._own.width = width
            self._own.inputs = np.empty((*self.base.shape, width))
            self._own.units = np.empty((0, 1, width))
            self._own.loss, self._own.life = np.empty((2, len(self.sizes), width))
        own = self._own
        found.pool[:, part] = self.inputs(first, factors, scale, own.inputs)
        done = self._machine.run(own.inputs, own.units)
        with np.errstate(all="ignore"):
            kernel.outcomes(done.kept, self._rows, self._capitalised, self.sizes, self._years, own.loss, own.life)
        found.loss[:, part], found.life[:, part] = own.loss, own.life
        for j, slot in enumerate(self._unpaid):
            if slot >= 0:
                found.unpaid[j, part] = done.slots[slot]
        found.breached[part] = (done.breach[0] >= 0) | ~(np.abs(done.leak) <= self.leak)
