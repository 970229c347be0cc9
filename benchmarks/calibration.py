"""How often the intervals of a calibration hold the truth: series simulated under known PD and correlation.

    python benchmarks/calibration.py [--json] [--series N] [--years N ...]

An interval without an upper end, of moments at a correlation of 0, counts as one that holds it.
"""

from __future__ import annotations

import argparse
import json
from itertools import product

import numpy as np
from scipy.special import ndtr, ndtri

import clo

PD, CORRELATION, OBLIGORS = 0.02, 0.05, 500
SERIES, YEARS = 400, (5, 10, 20, 40)
METHODS = ("likelihood", "large_pool", "moments")


def series(years: int, rng: np.random.Generator, large: bool) -> np.ndarray:
    """Defaults [year] among OBLIGORS, or the rates of a large pool."""
    factor = rng.standard_normal(years)
    rates = ndtr((ndtri(PD) - np.sqrt(CORRELATION) * factor) / np.sqrt(1.0 - CORRELATION))
    return rates if large else rng.binomial(OBLIGORS, rates)


def study(years: int, method: str, repetitions: int) -> tuple[float, ...]:
    """(mean of the PDs, of the correlations, share of 95% intervals that hold the PD, the correlation)."""
    found = []
    for seed in range(repetitions):
        drawn = series(years, np.random.default_rng((seed, years)), method == "large_pool")
        obligors = None if method == "large_pool" else np.full(years, OBLIGORS)
        try:
            one = clo.calibrate_correlation(drawn, obligors, method=method)
        except clo.CalibrationError:
            continue
        held = [ends[0] <= truth for ends, truth in ((one.pd_interval, PD), (one.correlation_interval, CORRELATION))]
        below = [not ends[1] < truth for ends, truth in ((one.pd_interval, PD), (one.correlation_interval, CORRELATION))]
        found.append((one.pd, one.correlation, *(left and right for left, right in zip(held, below, strict=True))))
    return tuple(np.mean(found, axis=0).tolist())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true")
    options.add_argument("--series", type=int, default=SERIES)
    options.add_argument("--years", type=int, nargs="*", default=YEARS)
    given = options.parse_args()
    names = ("years", "method", "pd", "correlation", "pd_held", "correlation_held")
    rows = [
        dict(zip(names, (years, method, *study(years, method, given.series)), strict=True))
        for years, method in product(given.years, METHODS)
    ]
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"PD {PD:.0%}, correlation {CORRELATION:.0%}, {OBLIGORS} obligors, {given.series} series each")
    print("| years | `method` | mean PD | mean correlation | PD held | correlation held |\n|--:|---|--:|--:|--:|--:|")
    for row in rows:
        estimates = f"{row['pd']:.2%} | {row['correlation']:.2%} | {row['pd_held']:.0%} | {row['correlation_held']:.0%}"
        print(f"| {row['years']} | `{row['method']}` | {estimates} |")


if __name__ == "__main__":
    main()
