"""A synthetic deal of 50 institutions and 2,400 firms: how long it takes to compile and to run, and scenarios a second of its
waterfall beside the same deal written by hand in NumPy, over all institutions and scenarios at once.

    python benchmarks/synthetic.py [--json]

Each institution has its own deductible, so the loss of each is followed apart: 18 quarters, three notes, swaps back to back,
events that are determined and settled months later, whole yen. Both sides run alternately in one process, warm; medians of the
runs, and the ratio of the medians. The balance of every note on every date is compared before anything is timed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

import clo
from clo.builder.reading import recipe_from
from clo.deal.checks import timeline_of
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from clo.tape.loans import Loans
from clo.waterfall.allocation import Reads, run_program
from clo.waterfall.binding import TOLERANCE, bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.gathering import Outside, period_table
from clo.waterfall.program import Program

INSTITUTIONS, FIRMS, PAYMENTS, QUARTER, THREADS, RUNS = 50, 2_400, 18, 3, 2, 5
POOL = 45_000_000_000.0
NOTES = {"a": (24.0e9, 0.005), "b": (16.0e9, 0.017), "c": (3.4e9, 0.008)}
PAID, RECEIVED, DEPOSIT, FEE = 0.018, 0.017, 0.0005, 0.0005
DETERMINATION, SETTLEMENT, RECOVERY = 2, 1, 0.1
BANKS = [f"bank_{n:02d}" for n in range(1, INSTITUTIONS + 1)]
DEAL = {
    "format": "clo.deal/1",
    "name": "benchmark",
    "structure": "purchase_synthetic",
    "currency": "JPY",
    "dates": {"cutoff": "2024-02-29", "closing": "2024-03-15", "first_payment": "2024-06-17", "legal_final": "2028-09-15"},
    "payments": {"frequency": "quarterly", "day": 15, "calendar": "JP", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {
        "banks": {"tape": "none", "reference": True, "by": "originator_id", "of": [f"bank-{name[-2:]}" for name in BANKS]},
    },
    "accounts": {
        "collateral": {"initial": sum(size for size, _ in NOTES.values()), "earns": DEPOSIT, "earns_into": "premiums"},
        "premiums": {},
    },
    "fees": {"administration": {"rate": FEE, "on": "pool.opening"}},
    "tranches": {name: {"size": size, "coupon": coupon} for name, (size, coupon) in NOTES.items()},
    "swap": {
        "deductible": {"share": "rest", "falls": False},
        "determination": DETERMINATION,
        "settlement": SETTLEMENT,
        "recovery": RECOVERY,
        "premium": {"institutions": {"rate": RECEIVED, "on": "reference"}, "corporation": {"rate": PAID, "on": "cover"}},
    },
    "scenarios": {"base": {"cdr": 0.01, "cpr": 0.0, "recovery": 0.1, "recovery_lag": 12}},
}
RECIPE = {
    "format": "clo.recipe/1",
    "deal_id": "benchmark",
    "cutoff": dt.date(2024, 2, 29),
    "seed": 1,
    "tape": "none.parquet",
    "figures": {"institutions": INSTITUTIONS, "obligors": FIRMS, "amount": int(POOL)},
    "pools": {"banks": {"originators": INSTITUTIONS, "firms": FIRMS, "amount": int(POOL), "profile": "clover"}},
}

Months = np.ndarray
"""[institution, month, scenario]."""


def months(scenarios: int) -> tuple[Months, Months]:
    """Defaults and balances of each institution: loans repaid in a straight line, defaults that cluster by scenario and bank."""
    rng = np.random.default_rng(1)
    count = PAYMENTS * QUARTER
    bad = rng.gamma(0.5, 0.06, scenarios) * rng.gamma(2.0, 0.5, (INSTITUTIONS, scenarios))
    rate = np.minimum(bad, 0.5)[:, None, :] / count * (0.5 + rng.random((INSTITUTIONS, count, scenarios)))
    left = 1 - np.cumsum(np.full(count, 1 / count))
    alive = np.cumprod(1 - rate, axis=1)
    balance = POOL / INSTITUTIONS * left[None, :, None] * alive
    before = np.concatenate([np.full((INSTITUTIONS, 1, scenarios), POOL / INSTITUTIONS), balance[:, :-1]], axis=1)
    return rate * before, balance


def quarterly(monthly: Months, lag: int = 0) -> np.ndarray:
    """What fell into each quarter, so many months late. [institution, payment, scenario]."""
    late = np.zeros_like(monthly)
    late[:, lag:] = monthly[:, : monthly.shape[1] - lag]
    return late.reshape(INSTITUTIONS, PAYMENTS, QUARTER, -1).sum(axis=2)


def pool_inputs(program: Program, default: Months, balance: Months) -> np.ndarray:
    """What the program reads of the pool, [n, t, s]."""
    at_end = balance[:, QUARTER - 1 :: QUARTER]
    opening = np.concatenate([np.full_like(at_end[:, :1], POOL / INSTITUTIONS), at_end[:, :-1]], axis=1)
    found = []
    for owner, quantity in program.inputs:
        name, _, lag = quantity.partition("@")
        series = quarterly(default, int(lag or 0)) if name == "default" else {"balance": at_end, "opening": opening}[name]
        found.append(series.sum(axis=0) if owner == "pool" else series[BANKS.index(owner)])
    return np.stack(found)


def by_hand(default: Months, balance: Months) -> np.ndarray:
    """The same deal in NumPy, every institution and scenario at once: what a careful user would write. Balances [note, t, s]."""
    scenarios = default.shape[2]
    settled, confirmed = quarterly(default, DETERMINATION + SETTLEMENT), quarterly(default, DETERMINATION)
    covered, at_end = quarterly(default), balance[:, QUARTER - 1 :: QUARTER]
    notes = {name: np.full(scenarios, size) for name, (size, _) in NOTES.items()}
    unpaid = {name: np.zeros(scenarios) for name in NOTES}
    share = (POOL - sum(size for size, _ in NOTES.values())) / POOL
    unused = np.full((INSTITUTIONS, scenarios), share * POOL / INSTITUTIONS)
    waiting, unsettled, owed = np.zeros_like(unused), np.zeros_like(unused), np.zeros(scenarios)
    collateral = sum(notes.values())
    funded = float(sum(size for size, _ in NOTES.values()))
    premiums = np.full(scenarios, np.floor(PAID * min(POOL, funded) * 0.25 + 1e-4))
    opening, kept = np.full(scenarios, POOL), np.empty((len(NOTES), PAYMENTS, scenarios))

    def whole(amount: np.ndarray) -> np.ndarray:
        return np.floor(amount + 1e-4)

    for t in range(PAYMENTS):
        premiums = premiums + whole(collateral * DEPOSIT * 0.25)
        for name, (_, coupon) in NOTES.items():
            unpaid[name] += whole(notes[name] * coupon * 0.25)
        owed += whole(FEE * opening * 0.25)
        opening = at_end[:, t].sum(axis=0)
        loss = (1 - RECOVERY) * settled[:, t]
        passed = np.maximum(0.0, loss - unused)
        unused = np.maximum(0.0, unused - loss)
        waiting = waiting + covered[:, t] - confirmed[:, t]
        unsettled = unsettled + confirmed[:, t] - settled[:, t]
        reference = at_end[:, t] + np.maximum(0.0, waiting)
        protected = np.maximum(0.0, reference + np.maximum(0.0, unsettled) - unused).sum(axis=0)
        total = passed.sum(axis=0)
        paid = np.minimum(whole(total), whole(collateral))
        collateral = collateral - paid
        left = whole(total)
        for name in reversed(NOTES):
            written = np.minimum(left, notes[name])
            notes[name] = notes[name] - written
            left = left - written
        if t < PAYMENTS - 1:
            premiums = premiums + whole(PAID * np.maximum(0.0, reference - unused).sum(axis=0) * 0.25)
        paid = np.minimum(owed, whole(premiums))
        owed, premiums = owed - paid, premiums - paid
        for name in NOTES:
            paid = np.minimum(unpaid[name], whole(premiums))
            unpaid[name], premiums = unpaid[name] - paid, premiums - paid
        outstanding = sum(notes.values())
        left = outstanding if t == PAYMENTS - 1 else whole(np.maximum(0.0, outstanding - protected))
        for row, name in enumerate(NOTES):
            paid = np.minimum(np.minimum(left, notes[name]), whole(collateral))
            left = left - np.minimum(left, notes[name])
            notes[name], collateral = notes[name] - paid, collateral - paid
            kept[row, t] = notes[name]
    return kept


def timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def one_run(deal: Deal) -> dict[str, float]:
    """Seconds to compile the deal, and of a run from loans in memory, compiling included: medians."""
    loans = Loans.from_frame(clo.build_pool(recipe_from(RECIPE)))
    clo.run(deal, loans=loans)  # the kernels are compiled
    compiled = statistics.median(timed(lambda: compile_deal(deal)) for _ in range(RUNS))
    return {"compile": compiled, "run": statistics.median(timed(lambda: clo.run(deal, loans=loans)) for _ in range(RUNS))}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--scenarios", type=int, default=2_048)
    given = options.parse_args()
    deal = spelled_out(Deal.model_validate(DEAL))
    single = one_run(deal)
    program = bind(compile_deal(deal, trace=False), deal, dict.fromkeys(BANKS, POOL / INSTITUTIONS))
    default, balance = months(given.scenarios)
    inputs, timeline = pool_inputs(program, default, balance), timeline_of(deal)
    assert not isinstance(timeline, list)
    values = period_table(program, deal, timeline, Outside())
    reads = Reads(values, inputs, np.empty((0, 1, given.scenarios)), timeline.first_month)
    records = np.array([program.symbols.slots[f"{name}.balance"] for name in NOTES], dtype=np.int32)

    def machine() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return run_program(program, reads, records, tolerance=TOLERANCE * POOL, threads=THREADS)

    kept, leak, breach = machine()
    theirs = by_hand(default, balance)
    difference = float(np.abs(kept - theirs).max())
    if difference > 1.0 or breach.max() >= 0 or np.abs(leak).max() > 1e-11 * POOL:
        sys.exit(f"the two sides disagree by {difference}")
    ours, numpys = [], []
    for _ in range(RUNS):
        ours.append(timed(machine))
        numpys.append(timed(lambda: by_hand(default, balance)))
    seconds, numpy_seconds = statistics.median(ours), statistics.median(numpys)
    figures = {
        "institutions": INSTITUTIONS,
        "firms": FIRMS,
        "ops": len(program.ops),
        "payments": PAYMENTS,
        "scenarios": given.scenarios,
        "threads": THREADS,
        "cores": os.cpu_count(),
        "deal compiled, ms": round(single["compile"] * 1e3, 1),
        "one run of the deal, s": round(single["run"], 3),
        "scenarios a second": round(given.scenarios / seconds),
        "slowest, fastest run": [round(given.scenarios / max(ours)), round(given.scenarios / min(ours))],
        "op-scenarios a second": round(len(program.ops) * PAYMENTS * given.scenarios / seconds),
        "NumPy, scenarios a second": round(given.scenarios / numpy_seconds),
        "ratio to NumPy": round(numpy_seconds / seconds, 1),
        "largest difference": difference,
    }
    if as_json := given.json:
        print(json.dumps(figures))
    for name, value in figures.items() if not as_json else ():
        print(f"{name:42} {value:>14,}" if isinstance(value, (int, float)) else f"{name:42} {value!s:>14}")


if __name__ == "__main__":
    main()
