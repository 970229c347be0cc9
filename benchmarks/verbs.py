"""What each verb of the language costs, and how the machine's speed follows the number of steps.

    python benchmarks/verbs.py [--json] [--scenarios N]

Every verb is put twenty times into one deal of three notes, a facility, a swap and a ledger; what the run takes more than
without them, divided, is what one such step costs on one payment date of one scenario. The second table runs deals with more
and more payments, each beside the same deal by hand in NumPy over all scenarios at once. Two threads, warm, medians, the
runs of all deals in turn.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

import numpy as np

from clo.deal.terms import COLLECTED, Deal
from clo.waterfall.allocation import Reads, run_program
from clo.waterfall.binding import TOLERANCE, bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.program import Program

PAYMENTS, THREADS, RUNS, TIMES = 24, 2, 5, 20
POOL = 13_500_000_000.0
COLLECT: dict[str, Any] = {"collect": {"from": list(COLLECTED), "to": "cash"}}
DRAWN: list[dict[str, Any]] = [
    {"draw": {"from": "line", "to": "cash", "amount": 1}},
    {"draw": {"from": "swap", "to": "cash"}},
    {"pay": {"hedge": "swap", "from": "cash"}},
    {"pay": {"fee": ["trustee", "line"], "from": "cash"}},
    {"pay": {"interest": ["line", "a", "b"], "from": "cash"}},
    {"pay": {"principal": "line", "from": "cash"}},
    {"debit": {"ledgers": "shortfall", "amount": "pool.default"}},
    {"credit": {"ledgers": "shortfall", "amount": "pool.recovery"}},
]
LAST: list[dict[str, Any]] = [
    {"pay": {"principal": ["a", "b"], "from": "cash", "amount": "1% * pool.initial"}},
    {"transfer": {"from": "spare", "to": "cash", "amount": "spare.balance"}},
    {"pay": {"residual": "c", "from": "cash"}},
]
STEPS: dict[str, dict[str, Any]] = {
    "transfer": {"transfer": {"from": "cash", "to": "spare", "amount": 1}},
    "transfer, with if": {"transfer": {"from": "cash", "to": "spare", "amount": 1, "if": "late"}},
    "draw": {"draw": {"from": "line", "to": "cash", "amount": 1}},
    "pay, one claim": {"pay": {"interest": "a", "from": "cash"}},
    "pay, two in order": {"pay": {"interest": ["a", "b"], "from": "cash"}},
    "pay, two pro rata": {"pay": {"interest": ["a", "b"], "from": "cash", "how": "pro_rata"}},
    "pay, two accounts": {"pay": {"interest": "a", "from": ["cash", "spare"]}},
    "pay, residual": {"pay": {"residual": "c", "from": "cash", "amount": 1}},
    "buy": {"buy": {"pool": "loans", "from": "cash", "amount": 1}},
    "sell": {"sell": {"to": "cash", "if": "late"}},
    "charge": {"charge": {"fee": "trustee", "amount": 1}},
    "capitalise": {"capitalise": {"interest": "b", "amount": 1}},
    "write_down": {"write_down": {"tranches": "c", "amount": 1}},
    "write_up": {"write_up": {"tranches": "c", "amount": 1}},
    "debit": {"debit": {"ledgers": "shortfall", "amount": 1}},
    "credit": {"credit": {"ledgers": "shortfall", "amount": 1}},
    "let": {"let": {"x{n}": "pool.balance - a.balance"}},
    "let, rolling over 12": {"let": {"x{n}": "rolling_sum(pool.default, 12)"}},
    "test": {"test": "late"},
}


def deal(steps: list[dict[str, Any]], *, buys: bool = False) -> Deal:
    """The deal with these steps between what every date draws and what it ends with."""
    first = [{"buy": {"pool": "loans", "from": "cash", "amount": 1}}] if buys else []
    return Deal.model_validate({
        "format": "clo.deal/1",
        "name": "benchmark",
        "currency": "JPY",
        "dates": {"cutoff": "2007-05-31", "closing": "2007-06-28", "first_payment": "2007-07-17", "legal_final": "2009-06-15"},
        "payments": {"frequency": "monthly", "day": 15, "calendar": "JP", "business_day": "following"},
        "day_count": "1/12",
        "rounding": "down",
        "pools": {"loans": {"tape": "none"}},
        "accounts": {"cash": {}, "spare": {"initial": 1000}},
        "ledgers": {"shortfall": {"limit": "a.balance"}},
        "facilities": {"line": {"limit": 1e9, "provider": "bank", "rate": "1%", "commitment_fee": "10bp"}},
        "hedges": {"swap": {"notional": "a.balance", "pay": "1%", "receive": "1.1%", "counterparty": "dealer"}},
        "fees": {"trustee": {"rate": "5bp", "on": "pool.opening"}},
        "tranches": {"a": {"size": 8e9, "coupon": "1.5%"}, "b": {"size": 3e9, "coupon": "1.8%"}, "c": {"size": "rest"}},
        "triggers": {"late": {"when": "pool.cumulative_default > 50% * pool.initial"}},
        "scenarios": {"base": {"cdr": 0.02, "cpr": 0.0, "recovery": 0.1, "recovery_lag": 12}},
        "waterfall": [COLLECT, *first, *DRAWN, *steps, *LAST],
    })  # fmt: skip


def repeated(step: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """The step so many times; `{n}` in it is its number."""
    return [json.loads(json.dumps(step).replace("{n}", str(n))) for n in range(times)]


def reads(program: Program, scenarios: int) -> Reads:
    """A pool that amortises in a straight line, with defaults that differ by scenario."""
    share = np.random.default_rng(1).gamma(2.0, 0.02, scenarios)
    month = np.arange(PAYMENTS)[:, None]
    flows = {
        "opening": POOL * (1 - month / PAYMENTS) * np.ones(scenarios),
        "balance": POOL * (1 - (month + 1) / PAYMENTS) * np.ones(scenarios),
        "default": POOL / PAYMENTS * share * np.ones((PAYMENTS, 1)),
        "scheduled_principal": POOL / PAYMENTS * (1 - share) * np.ones((PAYMENTS, 1)),
        "interest": POOL * (1 - month / PAYMENTS) * 0.028 / 12 * np.ones(scenarios),
    }
    nothing = np.zeros((PAYMENTS, scenarios))
    inputs = np.stack([flows.get(quantity, nothing) for _, quantity in program.inputs])
    values = np.full((len(program.period_values), PAYMENTS), 1 / 12)
    units = np.zeros((len(program.units), PAYMENTS + 1, scenarios))
    return Reads(values, inputs, units, np.arange(PAYMENTS + 1))


class Job:
    """A compiled deal, ready to run."""

    def __init__(self, terms: Deal, scenarios: int) -> None:
        self.program = bind(compile_deal(terms, trace=False), terms, {"loans": POOL})
        self.reads = reads(self.program, scenarios)
        self.records = np.array([self.program.symbols.slots[f"{name}.balance"] for name in "abc"], dtype=np.int32)
        self.seconds: list[float] = []

    def run(self) -> np.ndarray:
        begun = time.perf_counter()
        kept, leak, breach = run_program(self.program, self.reads, self.records, tolerance=TOLERANCE * POOL, threads=THREADS)
        self.seconds.append(time.perf_counter() - begun)
        if breach.max() >= 0 or np.abs(leak).max() > 1e-11 * POOL:
            sys.exit("a run is not sound")
        return kept


def by_hand(given: Reads, payments: int) -> float:
    """Seconds for as many payments of interest in NumPy, all scenarios at once, as a careful user would write them."""
    scenarios = given.inputs.shape[2]
    cash, owed, received = np.full(scenarios, POOL), np.full(scenarios, 1e6), np.zeros(scenarios)
    begun = time.perf_counter()
    for _ in range(PAYMENTS):
        for _ in range(payments):
            paid = np.maximum(0.0, np.minimum(owed, np.floor(cash + 1e-4)))
            cash = cash - paid
            owed = owed - paid
            received = received + paid
    return time.perf_counter() - begun


def cost_of_verbs(scenarios: int) -> list[dict[str, Any]]:
    """Ops and nanoseconds of one step of each verb, on one payment date of one scenario."""
    plain, buying = Job(deal([]), scenarios), Job(deal([], buys=True), scenarios)
    jobs = {verb: Job(deal(repeated(step, TIMES), buys=verb == "buy"), scenarios) for verb, step in STEPS.items()}
    for _ in range(RUNS + 1):
        for job in (plain, buying, *jobs.values()):
            job.run()
    rows = []
    for verb, job in jobs.items():
        base = buying if verb == "buy" else plain
        more = statistics.median(job.seconds[1:]) - statistics.median(base.seconds[1:])
        ops = (len(job.program.ops) - len(base.program.ops)) / TIMES
        rows.append({"verb": verb, "ops": ops, "ns": round(more / (TIMES * PAYMENTS * scenarios) * 1e9, 2)})
    return rows


def speed_by_steps(scenarios: int) -> list[dict[str, Any]]:
    """Scenarios a second of deals with more and more payments, and of the same payments in NumPy."""
    jobs = {count: Job(deal(repeated(STEPS["pay, one claim"], count)), scenarios) for count in (10, 20, 40, 80, 160, 320)}
    hand: dict[int, list[float]] = {count: [] for count in jobs}
    for _ in range(RUNS + 1):
        for count, job in jobs.items():
            job.run()
            hand[count].append(by_hand(job.reads, count))
    rows = []
    for count, job in jobs.items():
        ours, numpy_seconds = statistics.median(job.seconds[1:]), statistics.median(hand[count][1:])
        speeds = {"scenarios a second": round(scenarios / ours), "NumPy": round(scenarios / numpy_seconds)}
        rows.append({"steps": count, "ops": len(job.program.ops), **speeds, "ratio": round(numpy_seconds / ours, 1)})
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--scenarios", type=int, default=16_384)
    given = options.parse_args()
    figures = {"verbs": cost_of_verbs(given.scenarios), "steps": speed_by_steps(given.scenarios)}
    if given.json:
        print(json.dumps(figures))
        return
    for rows in figures.values():
        print("  ".join(f"{key:>22}" for key in rows[0]))
        for row in rows:
            print("  ".join(f"{value:>22,}" if isinstance(value, (int, float)) else f"{value:>22}" for value in row.values()))
        print()


if __name__ == "__main__":
    main()
