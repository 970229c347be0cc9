"""What methods of variance reduction are worth for a senior note that loses one part in 100,000, through the whole waterfall.

    python benchmarks/variance.py [--json] [--seeds N] [--scenarios N]

The deal of benchmarks/simulation.py (500 uneven obligors, 60 months, fees, reserve, trigger, three notes) with a senior note so
small that its expected loss is near 1e-5. Each method runs under several seeds, warm, on two threads. The variance ratio is that
of a single plain scenario to scenarios x the variance of the estimates over the seeds; the standard error that a run states is
beside it. Then: the scenarios and seconds (and processor seconds, of both threads together) in which importance sampling, its
trial and the setting up included, comes to a relative standard error of 1 %.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import numpy as np
from simulation import DEAL, tape

import clo
from clo.deal.terms import Deal
from clo.scenarios.reduced import Method
from clo.simulation.result import Simulation
from clo.tape.loans import Loans

THREADS, SCENARIOS, SEEDS = 2, 16_384, 12
METHODS: tuple[Method, ...] = ("plain", "stratified", "sobol", "importance")
CORRELATIONS = {0.1: (0.84, 0.08), 0.2: (0.70, 0.20)}
"""Shares of senior and mezzanine note that make the expected loss of the senior one near 1e-5."""
GOAL, STEP = 0.01, 4_096


def deal_of(correlation: float, loans: Loans) -> Deal:
    pool = float(loans.frame["current_balance"].sum())
    senior, mezzanine = CORRELATIONS[correlation]
    notes = {"senior": (senior, 0.012), "mezzanine": (mezzanine, 0.024)}
    tranches = {name: {"size": int(share * pool), "coupon": coupon} for name, (share, coupon) in notes.items()}
    assumed = DEAL["simulation"] | {"correlation": correlation}
    return Deal.model_validate(DEAL | {"tranches": tranches | {"subordinated": {"size": "rest"}}, "simulation": assumed})


def run(deal: Deal, loans: Loans, method: Method, seed: int, scenarios: int) -> tuple[Simulation, float, float]:
    """(what came out, seconds, processor seconds)."""
    begun, worked = time.perf_counter(), time.process_time()
    found = clo.simulate(deal, scenarios, seed, loans=loans, method=method, threads=THREADS)
    return found, time.perf_counter() - begun, time.process_time() - worked


def measured(deal: Deal, loans: Loans, method: Method, seeds: int, scenarios: int) -> dict[str, Any]:
    """Of the three notes: mean over the seeds, relative standard deviation, that told, ratio of variances; seconds of a run."""
    runs = [run(deal, loans, method, seed, scenarios) for seed in range(1, seeds + 1)]
    means = np.array([found.tranches["expected_loss"] for found, *_ in runs])
    errors = np.array([found.tranches["standard_error"] for found, *_ in runs])
    plain = np.array([found.tranches["effective_scenarios"] for found, *_ in runs]) * errors**2
    spread = means.var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "mean": means.mean(axis=0).tolist(), "relative_sd": (np.sqrt(spread) / means.mean(axis=0)).tolist(),
            "relative_error_told": (errors.mean(axis=0) / means.mean(axis=0)).tolist(),
            "variance_ratio": (plain.mean(axis=0) / scenarios / spread).tolist(),
            "variance_ratio_told": np.median(plain / scenarios / errors**2, axis=0).tolist(),
            "seconds": statistics.median(seconds for _, seconds, _ in runs),
            "processor_seconds": statistics.median(worked for *_, worked in runs),
        }  # fmt: skip


def to_the_goal(deal: Deal, loans: Loans, goal: float) -> dict[str, float]:
    """Scenarios, in steps of 4,096, of importance sampling for a relative standard error of the senior of `goal`, and seconds."""
    senior = run(deal, loans, "importance", 1, SCENARIOS)[0].tranches.iloc[0]
    relative = float(senior["standard_error"] / senior["expected_loss"])
    scenarios = STEP * int(np.ceil(SCENARIOS * (relative / goal) ** 2 / STEP))
    runs = [run(deal, loans, "importance", seed, scenarios) for seed in range(2, 7)]
    told = [found.tranches.iloc[0] for found, *_ in runs]
    return {
        "scenarios": scenarios,
        "relative_error": statistics.median(float(one["standard_error"] / one["expected_loss"]) for one in told),
        "seconds": statistics.median(seconds for _, seconds, _ in runs),
        "processor_seconds": statistics.median(worked for *_, worked in runs),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true")
    options.add_argument("--seeds", type=int, default=SEEDS)
    options.add_argument("--scenarios", type=int, default=SCENARIOS)
    options.add_argument("--goal", type=float, default=GOAL)
    given = options.parse_args()
    loans = Loans.from_frame(tape(), check=False)
    told: dict[str, Any] = {}
    for correlation in CORRELATIONS:
        deal = deal_of(correlation, loans)
        run(deal, loans, "plain", 0, 4_096)
        told[f"{correlation:g}"] = {method: measured(deal, loans, method, given.seeds, given.scenarios) for method in METHODS}
        told[f"{correlation:g}"]["goal"] = to_the_goal(deal, loans, given.goal)
    if given.json:
        print(json.dumps(told, indent=2))
        return
    for correlation, by_method in told.items():
        print(f"correlation {correlation}, {given.scenarios:,} scenarios, {given.seeds} seeds: senior, mezzanine, subordinated")
        for method in METHODS:
            one = by_method[method]
            cells = [" ".join(f"{value:10.3g}" for value in one[name]) for name in ("mean", "relative_sd", "variance_ratio")]
            print(f"  {method:11s} mean {cells[0]}  relative sd {cells[1]}  variance ratio {cells[2]}  {one['seconds']:.2f} s")
        goal = by_method["goal"]
        spent = f"{goal['seconds']:.2f} s, {goal['processor_seconds']:.2f} s of processors"
        print(f"  {goal['relative_error']:.2%} of the senior: {goal['scenarios']:,} scenarios, {spent}")


if __name__ == "__main__":
    main()
