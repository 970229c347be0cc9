"""Where pool and deal meet: pool flows gathered into payment dates, the program run over them, cash followed throughout.

Axes: n input, t payment date, m collection month, g group, s scenario, r record.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.deal.terms import Deal
from clo.findings import Finding, nearest
from clo.pool.flows import PoolFlows
from clo.timeline import Timeline
from clo.waterfall import kernel
from clo.waterfall.binding import smallest_amount
from clo.waterfall.gathering import Outside, gather, period_table, unit_series
from clo.waterfall.program import Program

Floats = NDArray[np.float64]
WHOLE = kernel.WHOLE
BLOCK_BYTES = 640_000
"""What the slots of a block may take: a core's second-level cache holds them, and each op sweeps as many scenarios as fit."""
SMALLEST_BLOCK, LARGEST_BLOCK = 64, 1024
LEAK = 1e-11
"""Drift of cash allowed over a whole run, as a share of the original pool balance: rounding of float64 sums."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DealFlows:
    """What the machine left behind.

    kept [r, t, s]: the recorded slots, in the order of `records`, which ascends; leak [s]: largest drift of cash; breach
    [2, s]: op and payment date of the first amount that was negative or not a number, -1 for none.
    """

    deal: Deal
    program: Program
    timeline: Timeline
    records: NDArray[np.int32]
    kept: Floats
    leak: Floats
    breach: NDArray[np.int64]

    def __repr__(self) -> str:
        payments, scenarios = self.kept.shape[1:]
        return f"<DealFlows {self.deal.name}: {payments} payments, {scenarios} scenario{'s' if scenarios != 1 else ''}>"

    @property
    def scenarios(self) -> int:
        return int(self.kept.shape[2])

    def slot(self, slot: int, scenario: int | slice = 0) -> Floats:
        """A recorded slot after each payment date [t], of some scenarios [t, s]. Raises KeyError for one not recorded."""
        row = int(np.searchsorted(self.records, slot))
        if row == len(self.records) or self.records[row] != slot:
            raise KeyError(f"slot {slot} was not recorded")
        return self.kept[row, :, scenario]

    def value(self, name: str, scenario: int | slice = 0) -> Floats:
        """A quantity of the deal, such as `senior.balance`, after each payment date [t], of some scenarios [t, s]."""
        return self.slot(self.program.symbols.slots[name], scenario)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether an amount was none, or cash leaked [s]."""
        return np.asarray((self.breach[0] >= 0) | ~(np.abs(self.leak) <= LEAK * self.parameter("pool.initial")))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of the language that the deal computes."""
        return tuple(slot for slot in self.program.symbols.slots if not set("=:@") & set(slot))

    def quantity(self, name: str, scenario: int | slice = 0) -> Floats:
        """`value` of a name of the language. Raises KeyError, with the nearest, for one not computed."""
        if name not in self.quantities:
            close = nearest(name, self.quantities)
            hint = f"did you mean {close!r}?" if close else "a `let` step computes what no other step asks for"
            raise KeyError(f"{name!r} is not computed in this deal; {hint}")
        return self.value(name, scenario)

    @property
    def closing(self) -> tuple[float, ...]:
        """What each contract of the closing date came to."""
        return tuple(self.parameter(f"closing[{number}]") for number in range(len(self.deal.closing)))

    def parameter(self, name: str) -> float:
        """A number the program ran with, such as `senior.size`."""
        return float(self.program.params[self.program.symbols.params[name]])


def allocate(
    deal: Deal,
    program: Program,
    flows: PoolFlows,
    timeline: Timeline,
    *,
    outside: Outside | None = None,
    threads: int | None = None,
) -> DealFlows:
    """Run a bound program over pool flows, every scenario, and keep everything a result can be asked about.

    outside: curves and ratings. Raises DealError for an index that is asked for and not known.
    """
    reads = Reads(
        period_table(program, deal, timeline, outside or Outside()),
        gather(program, flows, timeline),
        unit_series(program, flows),
        timeline.first_month,
    )
    return traced(deal, program, reads, timeline, threads=threads)


def traced(deal: Deal, program: Program, reads: Reads, timeline: Timeline, *, threads: int | None = None) -> DealFlows:
    """Run a bound program that traces its movements over what it reads, and keep all that frames are made of."""
    records = np.array(sorted(_named_slots(program)), dtype=np.int32)
    tolerance = smallest_amount(deal, float(program.params[program.symbols.params["pool.initial"]]))
    kept, leak, breach = run_program(program, reads, records, tolerance=tolerance, threads=threads)
    return DealFlows(deal, program, timeline, records, kept, leak, breach)


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """What a program reads: period_values [v, t], inputs [n, t, s], units [q, m, s], first_month [t + 1]."""

    period_values: Floats
    inputs: Floats
    units: Floats
    first_month: NDArray[np.int64]


def run_program(
    program: Program, reads: Reads, records: NDArray[np.int32], *, tolerance: float, threads: int | None = None
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Run the machine over all scenarios in blocks; same bits for any number of threads.

    records [r]: the slots to keep. Returns kept [r, t, s], leak [s], breach [2, s].
    """
    payments, scenarios = reads.inputs.shape[1], reads.inputs.shape[2]
    block = min(block_size(len(program.starts)), scenarios) or 1
    kept = np.empty((len(records), payments, scenarios))
    leak = np.empty(scenarios)
    breach = np.empty((2, scenarios), dtype=np.int64)
    machine = Machine(program, reads.period_values, reads.first_month, records, tolerance)

    def run(start: int) -> None:
        part = slice(start, min(start + block, scenarios))
        done = machine.run(np.ascontiguousarray(reads.inputs[:, :, part]), np.ascontiguousarray(reads.units[:, :, part]))
        kept[:, :, part], leak[part], breach[:, part] = done.kept, done.leak, done.breach

    starts = range(0, scenarios, block)
    if len(starts) <= 1:
        for start in starts:
            run(start)
    else:
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            for _ in pool.map(run, starts):
                pass
    return kept, leak, breach


@dataclass(slots=True, eq=False)
class Block:
    """What the machine leaves of a block of scenarios: kept [r, t, s], slots [k, s] at the end, leak [s], breach [2, s]."""

    history: Floats
    slots: Floats
    kept: Floats
    leak: Floats
    breach: NDArray[np.int64]


class Machine:
    """A bound program with what it reads by date, to be run over blocks of scenarios from any number of threads.

    Every array that a block works on is its thread's own and contiguous, so that one compiled machine serves every deal and
    every number of scenarios; new memory for every block costs as much as the run. A block holds until the thread's next one.
    """

    def __init__(
        self,
        program: Program,
        period_values: Floats,
        first_month: NDArray[np.int64],
        records: NDArray[np.int32],
        tolerance: float,
    ) -> None:
        self.program, self.period_values, self.first_month = program, period_values, first_month
        self.records, self.tolerance = records, tolerance
        self._own = threading.local()

    def run(self, inputs: Floats, units: Floats) -> Block:
        """A block of scenarios; inputs [n, t, s], units [q, m, s]."""
        program, (payments, width) = self.program, inputs.shape[1:]
        if getattr(self._own, "width", 0) != width:
            self._own.width = width
            self._own.block = Block(
                np.empty((len(program.purchases), payments, width)), np.empty((len(program.starts), width)),
                np.empty((len(self.records), payments, width)), np.empty(width), np.empty((2, width), dtype=np.int64),
            )  # fmt: skip
        block: Block = self._own.block
        with np.errstate(all="ignore"):  # compiled code never warns; the plain code is not to either
            kernel.run_block(
                program.ops, program.starts, program.params, self.period_values, inputs, units, self.first_month, self.records,
                program.balance_sheet, self.tolerance, block.history, block.slots, block.kept, block.leak, block.breach,
            )  # fmt: skip
        return block


def block_size(slots: int) -> int:
    """Scenarios in one block of a program with so many slots."""
    return max(SMALLEST_BLOCK, min(LARGEST_BLOCK, BLOCK_BYTES // (8 * max(slots, 1)) // SMALLEST_BLOCK * SMALLEST_BLOCK))


def _named_slots(program: Program) -> set[int]:
    """Slots that a result can be asked about: quantities by name, movements, conditions, assertions."""
    symbols = program.symbols
    found = {slot for name, slot in symbols.slots.items() if not name.startswith("=")}
    for movement in symbols.movements:
        found |= {movement.asked, movement.available, movement.moved}
        if movement.condition is not None:
            found.add(movement.condition)
    return found | set(symbols.assertions)


def breach_findings(flows: DealFlows, scenario: int = 0) -> list[Finding]:
    """What went wrong inside the machine in one scenario: an amount below 0 or not a number, cash that leaked."""
    deal, program = flows.deal, flows.program
    found = []
    op, period = (int(part) for part in flows.breach[:, scenario])
    if op >= 0:
        path, what, date = "waterfall", f"op {op}", flows.timeline.payment_dates[period]
        for movement in program.symbols.movements:
            if movement.op == op:
                path = movement.path
                amount = flows.slot(movement.asked, scenario)[period]
                where = f"step {movement.step}" if movement.step else "what accrues"
                what = f"{where} ({movement.claim}) asked for {amount:,.6g}"
        message = f"{what} on {date}, which is no amount; nothing was moved"
        fix = "guard the amount with max(0, ...), and divide by nothing that can be 0"
        place = deal.origin.place(path) or deal.origin.place("structure")
        rule = "an amount is a number, 0 or more"
        found.append(deal.origin.finding("E-R201", path, message, fix, rule=rule, place=place))
    drift = flows.leak[scenario]
    if not abs(drift) <= LEAK * flows.parameter("pool.initial"):
        message = f"cash in, cash out and cash held differ by {drift:,.6g}"
        found.append(
            deal.origin.finding("E-R202", "waterfall", message, "report this as a defect of clo", rule="cash is conserved")
        )
    return found
