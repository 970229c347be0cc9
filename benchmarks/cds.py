"""Many credit default swaps, and the curves of many names, valued in one call; QuantLib beside it, one after the other.

    python benchmarks/cds.py [--swaps N] [--json]

Every swap is on a name of its own, with a hazard curve of five steps, a maturity of 1 to 10 years and a running premium of 100
basis points; one discount curve. QuantLib values the same swaps with its ISDA engine on the same curves, which stand ready
beforehand, as they do for clo. Curves through five par spreads a name are found by both as well: clo all at once, QuantLib name
by name with its bootstrap of ISDA helpers. QuantLib's objects are made and called from Python, as its users do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import QuantLib as ql  # noqa: N813  (its own name for itself)

import clo

DAY = "2026-11-20"
STEPS = (1, 3, 5, 7, 10)
PREMIUM, NOTIONAL = 0.01, 1e8
MOST = 0.06
"""Of the spreads that are drawn: beyond it, high recoveries and ten years leave nobody to pay a premium."""
BOOTSTRAPPED = 200
"""Names whose curves QuantLib finds: it is timed by name."""


@dataclass(frozen=True)
class Book:
    """maturities, recoveries: [swap]; spreads: [swap, step], par spreads to `ends`."""

    maturities: np.ndarray
    recoveries: np.ndarray
    spreads: np.ndarray
    ends: np.ndarray
    discount: clo.DiscountCurve

    def curves(self) -> clo.HazardCurve:
        return clo.HazardCurve.from_spreads(self.ends, self.spreads, recovery=self.recoveries, discount=self.discount)


def book(swaps: int) -> Book:
    rng = np.random.default_rng(20261120)
    zeros = clo.DiscountCurve.from_zeros(
        DAY, ["2027-11-20", "2029-03-31", "2031-11-20", "2036-11-20"], [0.005, 0.011, 0.015, 0.019]
    )
    level = np.minimum(np.exp(rng.normal(-4.5, 0.8, swaps)), MOST)
    spreads = np.sort(level[:, None] * (1.0 + 0.1 * rng.random((swaps, len(STEPS)))), axis=1)
    return Book(
        np.array([clo.cds_maturity(DAY, int(years)) for years in rng.integers(1, 11, swaps)]),
        rng.choice([0.2, 0.4, 0.6], swaps),
        spreads,
        np.array([clo.cds_maturity(DAY, years) for years in STEPS]),
        zeros,
    )


def to_ql(day: Any) -> Any:
    return ql.Date(str(np.datetime64(day, "D")), "%Y-%m-%d")


def their_discount(own: Book) -> Any:
    curve = ql.DiscountCurve([to_ql(day) for day in own.discount.dates], list(own.discount.factors), ql.Actual365Fixed())
    curve.enableExtrapolation()
    return ql.YieldTermStructureHandle(curve)


def their_curves(own: Book, hazards: clo.HazardCurve) -> list[Any]:
    days = [to_ql(day) for day in hazards.dates]
    handles = []
    for rates in hazards.hazards:
        curve = ql.HazardRateCurve(days, [rates[0], *map(float, rates)], ql.Actual365Fixed())
        curve.enableExtrapolation()
        handles.append(ql.DefaultProbabilityTermStructureHandle(curve))
    return handles


def their_upfronts(own: Book, curves: list[Any], rates: Any) -> np.ndarray:
    found = np.empty(len(curves))
    ends = [to_ql(day) for day in own.maturities]
    for n, (curve, recovery, end) in enumerate(zip(curves, map(float, own.recoveries), ends, strict=True)):
        swap = ql.MakeCreditDefaultSwap(end, PREMIUM, nominal=NOTIONAL)
        swap.setPricingEngine(ql.IsdaCdsEngine(curve, recovery, rates, False))
        found[n] = swap.fairUpfront() * NOTIONAL
    return found


def their_bootstrap(own: Book, names: int, rates: Any) -> np.ndarray:
    """Survival to the last maturity [name]."""
    found = np.empty(names)
    tenors = [ql.Period(years, ql.Years) for years in STEPS]
    for n in range(names):
        helpers = [
            ql.SpreadCdsHelper(
                float(spread), tenor, 0, ql.WeekendsOnly(), ql.Quarterly, ql.Following, ql.DateGeneration.CDS2015, ql.Actual360(),
                float(own.recoveries[n]), rates, True, True, ql.Date(), ql.Actual360(True), True, ql.CreditDefaultSwap.ISDA,
            )
            for spread, tenor in zip(own.spreads[n], tenors, strict=True)
        ]  # fmt: skip
        curve = ql.PiecewiseFlatHazardRate(to_ql(DAY), helpers, ql.Actual365Fixed())
        found[n] = curve.survivalProbability(to_ql(own.ends[-1]), True)
    return found


def best(action: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def measure(swaps: int) -> dict[str, Any]:
    own = book(swaps)
    ql.Settings.instance().evaluationDate = to_ql(DAY)
    hazards, rates = own.curves(), their_discount(own)
    ready, names = their_curves(own, hazards), min(swaps, BOOTSTRAPPED)

    def ours() -> Any:
        return clo.value_cds(
            own.maturities, PREMIUM, recovery=own.recoveries, hazard=hazards, discount=own.discount, notional=NOTIONAL
        ).upfront

    apart = float(np.abs(ours() - their_upfronts(own, ready, rates)).max()) / NOTIONAL
    survival = hazards.survival(own.ends[-1:])[:names, 0]
    result: dict[str, Any] = {
        "swaps": swaps,
        "cpu": f"{platform.machine()}, {os.cpu_count()} cores",
        "largest_difference": apart,
        "largest_difference_of_survival": float(np.abs(survival - their_bootstrap(own, names, rates)).max()),
        "clo_s": best(ours, 7),
        "quantlib_s": best(lambda: their_upfronts(own, ready, rates), 3),
        "clo_curves_s": best(own.curves, 3),
        "quantlib_curves_s": best(lambda: their_bootstrap(own, names, rates), 1) / names * swaps,
    }
    result["swaps_a_second"] = swaps / result["clo_s"]
    result["times_quantlib"] = result["quantlib_s"] / result["clo_s"]
    result["times_quantlib_curves"] = result["quantlib_curves_s"] / result["clo_curves_s"]
    return result


def table(r: dict[str, Any]) -> str:
    rows = [
        ("clo, all swaps in one call", f"{r['clo_s'] * 1e3:,.1f} ms", f"{r['swaps_a_second']:,.0f} swaps a second, one thread"),
        ("QuantLib, one by one", f"{r['quantlib_s'] * 1e3:,.0f} ms", "its ISDA engine, called from Python"),
        ("  ratio", f"{r['times_quantlib']:,.0f} x", ""),
        ("largest difference", f"{r['largest_difference']:.1e}", "of the notional"),
        ("clo, curves of all names", f"{r['clo_curves_s'] * 1e3:,.0f} ms", "five par spreads each, all names at once"),
        ("QuantLib, name by name", f"{r['quantlib_curves_s'] * 1e3:,.0f} ms", f"of {BOOTSTRAPPED} names, scaled up"),
        ("  ratio", f"{r['times_quantlib_curves']:,.0f} x", ""),
        ("largest difference", f"{r['largest_difference_of_survival']:.1e}", "of survival to the last maturity"),
    ]
    lines = [f"{r['swaps']:,} swaps; {r['cpu']}", "", *(f"{name:<28}{figure:>14}   {said}" for name, figure, said in rows)]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--swaps", type=int, default=2_400)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(given.swaps)
    print(json.dumps(result, indent=1) if given.json else table(result))


if __name__ == "__main__":
    main()
