"""Where pool and deal meet: pool flows gathered into payment dates, the program run over them, cash followed throughout.

Axes: n input, t payment date, m collection month, g group, s scenario, r record.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.deal.checks import uneven_notes
from clo.deal.terms import COLLECTED, Deal
from clo.findings import DealError, Finding
from clo.pool.flows import Flow, PoolFlows
from clo.timeline import Timeline
from clo.waterfall import kernel
from clo.waterfall.assembler import SMALLEST
from clo.waterfall.program import Program

Floats = NDArray[np.float64]
KERNELS = (kernel.run_block,)
"""What is compiled on the first run."""
WHOLE = kernel.WHOLE
BLOCK_BYTES = 640_000
"""What the slots of a block may take: a core's second-level cache holds them, and each op sweeps as many scenarios as fit."""
SMALLEST_BLOCK, LARGEST_BLOCK = 64, 1024
TOLERANCE = 1e-12
"""The smallest amount that counts, as a share of the original pool balance."""
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

    def slot(self, slot: int, scenario: int = 0) -> Floats:
        """A recorded slot after each payment date [t]. Raises KeyError for one that was not recorded."""
        row = int(np.searchsorted(self.records, slot))
        if row == len(self.records) or self.records[row] != slot:
            raise KeyError(f"slot {slot} was not recorded")
        return self.kept[row, :, scenario]

    def value(self, name: str, scenario: int = 0) -> Floats:
        """A quantity of the deal, such as `senior.balance`, after each payment date [t]."""
        return self.slot(self.program.symbols.slots[name], scenario)

    def parameter(self, name: str) -> float:
        """A number the program ran with, such as `senior.size`."""
        return float(self.program.params[self.program.symbols.params[name]])


def bind(program: Program, deal: Deal, initial: Mapping[str, float]) -> Program:
    """The program with the numbers that depend on the loans: cut-off balances, and the tranche that takes the rest.

    initial: cut-off balance of each sub-pool. Raises DealError where tranches and pool do not add up.
    """
    pool = sum(initial.values())
    sizes = {name: tranche.size for name, tranche in deal.tranches.items() if not isinstance(tranche.size, str)}
    rest = [name for name, tranche in deal.tranches.items() if tranche.size == "rest"]
    left = pool - sum(sizes.values())
    listed = " + ".join(f"{name} {size:,.0f}" for name, size in sizes.items())
    place = f"tranches.{rest[0]}.size" if rest else "tranches"
    if rest and left < 0:
        message = f"{listed} exceed the pool of {pool:,.0f} by {-left:,.0f}; nothing is left for {rest[0]!r}"
        raise DealError([deal.origin.finding("E-D070", place, message, "reduce the sizes, or add loans", rule="tranches = pool")])
    if not rest and abs(left) > TOLERANCE * pool:
        message = f"{listed} = {sum(sizes.values()):,.0f}; pool {pool:,.0f}: {left:,.0f} unallocated"
        raise DealError(
            [deal.origin.finding("E-D070", place, message, "let one tranche take `size: rest`", rule="tranches = pool")]
        )
    whole = sizes | dict.fromkeys(rest, left)
    findings = [*(uneven for name in rest if left for uneven in uneven_notes(deal, name, left)), *_unfunded(deal, whole)]
    if findings:
        raise DealError(findings)
    numbers = {"pool.initial": pool} | {f"{name}.initial": balance for name, balance in initial.items()}
    numbers |= {f"{name}.size": left for name in rest}
    for name, tranche in deal.tranches.items():
        if tranche.denomination is not None:
            numbers[f"{name}.notes"] = whole[name] / tranche.denomination
    if SMALLEST in program.symbols.params:
        numbers[SMALLEST] = smallest_amount(deal, pool)
    return program.with_params(numbers)


def _unfunded(deal: Deal, sizes: Mapping[str, float]) -> Iterator[Finding]:
    """Accounts that the proceeds of the issue do not fund."""
    proceeds = sum(size * deal.tranches[name].issue_price for name, size in sizes.items())
    funded = sum(account.initial for account in deal.accounts.values())
    if funded > proceeds:
        message = f"accounts start with {funded:,.0f}, more than the {proceeds:,.0f} that the issue brings in"
        rule = "accounts are funded from the proceeds of the issue, and the rest buys the loans"
        yield deal.origin.finding("E-D071", "accounts", message, "reduce initial:", rule=rule)


def smallest_amount(deal: Deal, initial: float) -> float:
    """The smallest amount that counts in a deal on a pool of this cut-off balance."""
    return TOLERANCE * initial if deal.rounding == "none" else max(TOLERANCE * initial, WHOLE)


def allocate(deal: Deal, program: Program, flows: PoolFlows, timeline: Timeline, *, threads: int | None = None) -> DealFlows:
    """Run a bound program over pool flows, every scenario, and keep everything a result can be asked about."""
    inputs = gather(program, flows, timeline)
    records = np.array(sorted(_named_slots(program)), dtype=np.int32)
    period_values = {"fraction": timeline.accrual_fractions(deal.day_count)}
    table = np.array([period_values[name] for name in program.period_values]).reshape(-1, timeline.payments)
    tolerance = smallest_amount(deal, float(program.params[program.symbols.params["pool.initial"]]))
    kept, leak, breach = run_program(program, table, inputs, records, tolerance=tolerance, threads=threads)
    return DealFlows(deal, program, timeline, records, kept, leak, breach)


def run_program(
    program: Program,
    period_values: Floats,
    inputs: Floats,
    records: NDArray[np.int32],
    *,
    tolerance: float,
    threads: int | None = None,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Run the machine over all scenarios in blocks; same bits for any number of threads.

    period_values [v, t], inputs [n, t, s], records [r]. Returns kept [r, t, s], leak [s], breach [2, s].
    """
    payments, scenarios = inputs.shape[1], inputs.shape[2]
    block = min(block_size(len(program.starts)), scenarios) or 1
    kept = np.empty((len(records), payments, scenarios))
    leak = np.empty(scenarios)
    breach = np.empty((2, scenarios), dtype=np.int64)

    storage = threading.local()  # one set of slots a thread: new memory for every block costs as much as the run

    def run(start: int) -> None:
        part = slice(start, min(start + block, scenarios))
        if not hasattr(storage, "slots"):
            storage.slots = np.empty((len(program.starts), block))
        slots = storage.slots[:, : part.stop - part.start]
        with np.errstate(all="ignore"):  # compiled code never warns; the plain code is not to either
            kernel.run_block(
                program.ops,
                program.starts,
                program.params,
                period_values,
                inputs[:, :, part],
                records,
                program.balance_sheet,
                tolerance,
                slots,
                kept[:, :, part],
                leak[part],
                breach[:, part],
            )

    starts = range(0, scenarios, block)
    if len(starts) <= 1:
        for start in starts:
            run(start)
    else:
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            for _ in pool.map(run, starts):
                pass
    return kept, leak, breach


def block_size(slots: int) -> int:
    """Scenarios in one block of a program with so many slots."""
    return max(SMALLEST_BLOCK, min(LARGEST_BLOCK, BLOCK_BYTES // (8 * max(slots, 1)) // SMALLEST_BLOCK * SMALLEST_BLOCK))


def gather(program: Program, flows: PoolFlows, timeline: Timeline) -> Floats:
    """The program's inputs [n, t, s]: each quantity of the collection period behind each payment date.

    Months and groups are added one after another, so that a scenario alone gives the same bits as in a batch.
    """
    scenarios = flows.amounts.shape[3]
    collected = {name: flows.collected(name) for name in COLLECTED}
    inputs = np.zeros((len(program.inputs), timeline.payments, scenarios))
    for n, (pool, quantity) in enumerate(program.inputs):
        members = range(len(flows.groups)) if pool == "pool" else (flows.groups.index(pool),)
        balance = quantity in ("opening", "balance")
        column = collected[quantity] if quantity in collected else flows.amounts[Flow.closing if balance else Flow[quantity]]
        monthly = np.zeros((timeline.months, scenarios))
        for g in members:
            monthly += column[g]
        if balance:
            start = np.zeros(scenarios)
            for g in members:
                start += flows.amounts[Flow.opening, g, 0]
            closings = np.concatenate((start[None], monthly))
            inputs[n] = closings[timeline.first_month[:-1] if quantity == "opening" else timeline.first_month[1:]]
        else:
            for t in range(timeline.payments):
                for m in range(timeline.first_month[t], timeline.first_month[t + 1]):
                    inputs[n, t] += monthly[m]
    return inputs


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
                path = f"waterfall[{movement.step - 1}]"
                amount = flows.slot(movement.asked, scenario)[period]
                what = f"step {movement.step} ({movement.claim}) asked for {amount:,.6g}"
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
