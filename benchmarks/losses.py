"""Expected tranche losses of an uneven pool: time against the error reached, and careful NumPy recursions beside it.

    python benchmarks/losses.py [--obligors N] [--runs R] [--survey POOLS [--beyond]] [--json]

500 obligors: lognormal exposures, PDs of 10% on average over five years, LGDs from 30% to 90%, six tranches, Gaussian copula with
correlation 0.2. Errors are against a grid and nodes that are much finer (accuracy 1e-10), on which the NumPy recursion agrees.
Two NumPy programs run in the same process, warm, each with every node of the factor in one array:

  lattice  what a careful user would write: each loss split over the two grid points beside it, 97 nodes, a fine grid.
  algebra  clo's own shortcut: each loss split over four points, so that a coarse grid suffices; clo's grid and step of the nodes.

Python's QuantLib has no tranche engine; FinancePy rounds losses to a common divisor, so it cannot take uneven ones. Each time
is the best of the runs, because the machine is shared. The error of each is shown beside it. --survey asks of so many random
pools instead (17 to 400 obligors, three in ten with one obligor of 30% of all) what share of the accuracy the error takes; with
--beyond of pools with factors of groups, recoveries that vary, Student-t, or several of these.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

import clo

POINTS = np.array([0.0, 0.03, 0.06, 0.09, 0.12, 0.22, 1.0])
RHO = 0.2
CORRELATIONS = (0.0, 0.03, 0.1, 0.2, 0.4, 0.7)
"""Of the pools of the survey."""
INDUSTRIES = 12
BEYOND: dict[str, dict[str, object]] = {
    "Student-t with 5 degrees": {"degrees": 5.0},
    "12 industries": {"correlation": 0.15, "groups": (), "group_correlation": 0.05},
    "recoveries vary": {"recovery_spread": 0.5},
    "recoveries vary with the market": {"recovery_spread": 0.5, "recovery_market": 0.3},
    "12 industries, recoveries with the market": {
        "correlation": 0.15, "groups": (), "group_correlation": 0.05, "recovery_spread": 0.5, "recovery_market": 0.3,
    },
}  # fmt: skip
"""What goes beyond one factor and fixed recoveries; () stands for as many industries, drawn evenly."""
FINE = 4_000
"""Grid points up to the last detachment but one of the NumPy lattice: an error near 1e-5."""


def pool(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(20261122)
    pd = np.clip(draw.lognormal(0.0, 0.6, count), 0.05, 5.0)
    return draw.lognormal(16.0, 1.0, count), 0.1 * pd / pd.mean(), draw.uniform(0.3, 0.9, count)


def numpy_tranches(loans: tuple[np.ndarray, np.ndarray, np.ndarray], unit: float, nodes: int, *, four: bool) -> np.ndarray:
    """The recursion over obligors, one array operation for all nodes and grid points. unit: a share of the exposure."""
    exposure, pd, lgd = loans
    size = np.sort(exposure * lgd / exposure.sum())[::-1]
    pd = pd[np.argsort(-exposure * lgd)]
    market = np.linspace(-8.0, 8.0, nodes)
    weight = np.exp(-0.5 * market**2) / np.sqrt(2.0 * np.pi) * (market[1] - market[0])
    given = ndtr((ndtri(pd)[:, None] - np.sqrt(RHO) * market) / np.sqrt(1.0 - RHO))
    shift = np.floor(size / unit).astype(int)
    part = size / unit - shift
    if four:
        a, b = 1.0 - part, 2.0 - part
        taps = [-part * a * b / 6.0, (1.0 + part) * a * b / 2.0, (1.0 + part) * part * b / 2.0, -part * a * (1.0 + part) / 6.0]
    else:
        taps = [np.zeros(len(part)), 1.0 - part, part, np.zeros(len(part))]
    margin = 24
    cells = margin + int(POINTS[-2] / unit) + 4 + margin
    pad = int(shift.max()) + 2
    old = np.zeros((nodes, pad + cells + 1))
    old[:, pad + margin] = 1.0
    for i in range(len(size)):
        p, begin = given[i][:, None], pad - shift[i]
        new = (1.0 - p) * old[:, pad : pad + cells]
        for at, tap in enumerate(taps):
            if tap[i]:
                new += p * tap[i] * old[:, begin + 1 - at : begin + 1 - at + cells]
        old[:, pad : pad + cells] = new
    pmf = weight @ old[:, pad : pad + cells]
    losses = (np.arange(cells) - margin) * unit
    inside = POINTS[1:-1]
    short = unit * smoothed((inside[:, None] - losses) / unit) if four else np.maximum(inside[:, None] - losses, 0.0)
    capped = np.concatenate(([0.0], inside - short @ pmf, [size @ pd]))
    return np.diff(capped) / np.diff(POINTS)


def smoothed(x: np.ndarray) -> np.ndarray:
    """(x - t)+ averaged over the function by which four-point interpolation joins grid points."""
    away = np.abs(x)
    far, near = np.maximum(2.0 - away, 0.0), 1.0 - np.minimum(away, 1.0)
    inner = -7.0 / 360.0 - near / 24.0 + near**3 / 6.0 + near**4 / 24.0 - near**5 / 40.0
    return np.maximum(x, 0.0) + np.where(away < 1.0, inner, far**5 / 120.0 - far**3 / 36.0)


def best(job: Callable[[], object], runs: int) -> float:
    """Seconds of the quickest run, after one that is not counted."""
    job()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    return min(taken)


def tranches(loans: tuple[np.ndarray, np.ndarray, np.ndarray], accuracy: float, **more: object) -> np.ndarray:
    told = clo.expected_tranche_loss(*loans, POINTS, **{"correlation": RHO, "accuracy": accuracy} | more)
    return told["expected_loss"].to_numpy()


def measured(count: int, runs: int) -> dict[str, object]:
    loans = pool(count)
    exact = tranches(loans, 1e-10)
    figures: dict[str, object] = {"obligors": count}
    for accuracy in (1e-5, 1e-6, 1e-7, 1e-8):
        seconds = best(lambda asked=accuracy: tranches(loans, asked), runs)
        error = float(np.abs(tranches(loans, accuracy) - exact).max())
        figures[f"clo, asked {accuracy:g}"] = {"ms": round(1e3 * seconds, 1), "error": error}
    chosen = clo.expected_tranche_loss(*loans, POINTS, correlation=RHO, accuracy=1e-6).attrs
    unit, nodes = chosen["unit"] / loans[0].sum(), 2 * chosen["nodes"] - 1
    sides = {
        "NumPy, algebra": lambda: numpy_tranches(loans, unit, nodes, four=True),
        "NumPy, lattice": lambda: numpy_tranches(loans, POINTS[-2] / FINE, 97, four=False),
    }
    for name, job in sides.items():
        seconds, error = best(job, max(1, runs // 4)), float(np.abs(job() - exact).max())
        figures[name] = {"ms": round(1e3 * seconds, 1), "error": error}
    if float(np.abs(sides["NumPy, algebra"]() - exact).max()) > 1e-5:
        sys.exit("the two sides disagree")
    for name, beyond in BEYOND.items():
        drawn = {"groups": np.random.default_rng(1).integers(0, INDUSTRIES, count)} if "groups" in beyond else {}
        more = beyond | drawn
        seconds = best(lambda said=more: tranches(loans, 1e-6, **said), max(1, runs // 2))
        error = float(np.abs(tranches(loans, 1e-6, **more) - tranches(loans, 1e-8, **more)).max())
        figures[f"{name}, asked 1e-06"] = {"ms": round(1e3 * seconds, 1), "error": error}
    whole = best(lambda: clo.loss_distribution(*loans, correlation=RHO), max(1, runs // 4))
    figures["the whole distribution"] = {"ms": round(1e3 * whole, 1)}
    return figures


def survey(pools: int, *, beyond: bool) -> dict[str, object]:
    """The largest error as a share of the accuracy, by the number of obligors."""
    draw = np.random.default_rng(20261122)
    worst: dict[str, float] = {}
    finest, asked = (1e-8, (1e-5, 1e-6)) if beyond else (1e-10, (1e-5, 1e-6, 1e-7))
    for _ in range(pools):
        count, correlation = int(np.exp(draw.uniform(np.log(17), np.log(400)))), float(draw.choice(CORRELATIONS))
        exposure = draw.lognormal(0.0, draw.uniform(0.2, 2.0), count)
        if draw.random() < 0.3:
            exposure[0] = 3.0 / 7.0 * exposure[1:].sum()
        pd = np.clip(draw.lognormal(np.log(draw.choice([0.005, 0.02, 0.1])), 0.7, count), 0.0, 0.9)
        lgd, points = draw.uniform(0.2, 1.0, count), np.unique(np.append(draw.uniform(0.005, 0.4, 4), [0.0, 1.0]))
        given = {"exposure": exposure, "pd": pd, "lgd": lgd, "attachments": points, "correlation": correlation}
        if beyond:
            given |= extension(draw, count)
        exact = clo.expected_tranche_loss(**given, accuracy=finest)["expected_loss"]
        key = "fewer than 60" if count < 60 else "60 to 199" if count < 200 else "200 and more"
        for accuracy in asked:
            told = clo.expected_tranche_loss(**given, accuracy=accuracy)["expected_loss"]
            worst[key] = max(worst.get(key, 0.0), float(np.abs(told - exact).max()) / accuracy)
    return {"pools": pools} | {f"error / accuracy, {key} obligors": round(value, 3) for key, value in worst.items()}


def extension(draw: np.random.Generator, count: int) -> dict[str, object]:
    """Groups, recoveries that vary, Student-t: one of them, or a second one too."""
    kinds: list[dict[str, object]] = [
        {
            "groups": draw.integers(0, int(draw.integers(2, 16)), count),
            "group_correlation": float(draw.choice([0.02, 0.1, 0.25])),
        },
        {"recovery_spread": float(draw.choice([0.2, 0.5, 1.0])), "recovery_market": float(draw.choice([0.0, 0.3, 0.7]))},
        {"degrees": float(draw.choice([3.0, 6.0, 20.0]))},
    ]
    first, second = draw.choice(3, 2, replace=False)
    return kinds[first] | (kinds[second] if draw.random() < 0.2 else {})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--obligors", type=int, default=500)
    options.add_argument("--runs", type=int, default=12)
    options.add_argument("--survey", type=int, default=0)
    options.add_argument("--beyond", action="store_true")
    given = options.parse_args()
    warnings.simplefilter("ignore")  # that 1e-10 is not reached everywhere
    figures = survey(given.survey, beyond=given.beyond) if given.survey else measured(given.obligors, given.runs)
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        if isinstance(value, dict):
            error = f"   error {value['error']:.1e}" if "error" in value else ""
            print(f"{name:40} {value['ms']:>10,.1f} ms{error}")
        else:
            print(f"{name:44} {value:>6,}")
    if given.survey:
        return
    print(
        "\nBound: obligors x nodes x grid points that hold anything x 9 multiplications and additions, in the first-level cache,"
        "\nand an error function for every obligor and node, 10 ns each: a sixth of the time at 1e-5, less where more is asked."
    )


if __name__ == "__main__":
    main()
