"""Scenarios a second of clo.simulate, beside the same simulation of the same deal written by hand in NumPy.

    python benchmarks/simulation.py [--json] [--scenarios N]

500 obligors of uneven sizes, PDs and losses given default, on average 10 % of them in default within five years; 60 months,
three notes, two fees, a reserve, a trigger, whole yen; losses and average lives of every note in every scenario. All sides draw
from the same model (a Gaussian copula of one factor) and run alternately in one process, warm; clo on two threads, NumPy on
one, month by month over flags of who is alive, and tuned, with a table of what each default takes. Medians of the runs, and the
ratio of the medians. Before anything is timed all allocate the same default months, and must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's products are small, and with more threads take twice as long

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

import clo
from clo.deal.terms import Deal
from clo.simulation.blocks import CHUNK
from clo.simulation.result import Simulation
from clo.tape.loans import Loans

OBLIGORS, MONTHS, THREADS, RUNS, BLOCK = 500, 60, 2, 5, 1_024
RHO, LAG = 0.1, 6
NOTES = {"senior": (0.80, 0.012), "mezzanine": (0.10, 0.024)}
FEES = {"trustee": 0.0005, "servicer": 0.005}
DEAL: dict[str, Any] = {
    "format": "clo.deal/1",
    "name": "benchmark",
    "structure": "purchase_cash",
    "currency": "JPY",
    "dates": {"cutoff": "2024-03-31", "closing": "2024-04-05", "first_payment": "2024-05-15", "legal_final": "2029-04-16"},
    "payments": {"frequency": "monthly", "day": 15, "calendar": "JP", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {"loans": {"tape": "none"}},
    "accounts": {"collections": {}, "reserve": {"target": "min(1% * pool.initial, senior.balance + mezzanine.balance)"}},
    "fees": {name: {"rate": rate, "on": "pool.opening"} for name, rate in FEES.items()},
    "tranches": {},
    "triggers": {"losses": {"when": "pool.cumulative_default > 8% * pool.initial", "effect": "trap_excess"}},
    "scenarios": {"base": {"cdr": 0.02, "cpr": 0.0, "recovery": 0.1, "recovery_lag": LAG}},
    "simulation": {"pd": "tape", "correlation": RHO, "lgd": "tape"},
}


def tape(obligors: int = OBLIGORS) -> pd.DataFrame:
    """Loans of one obligor each, paid down over 60 months: half of them in equal parts, half by level payments."""
    rng = np.random.default_rng(1)
    names = [f"firm-{n:06d}" for n in range(obligors)]
    balance = np.round(rng.lognormal(17.0, 0.8, obligors), -4)
    five_years = rng.beta(1.2, 10.8, obligors)
    return pd.DataFrame({
        "deal_id": "benchmark", "cutoff_date": pd.Timestamp("2024-03-31"), "originator_id": "bank", "loan_id": names,
        "obligor_id": names, "obligor_type": "corp", "asset_type": "loan", "origination_date": pd.Timestamp("2024-03-01"),
        "maturity_date": pd.Timestamp("2029-03-31"), "original_balance": balance, "current_balance": balance, "currency": "JPY",
        "amortisation_type": np.where(np.arange(obligors) % 2 == 0, "equal_principal", "level_payment"),
        "principal_frequency": "monthly", "interest_frequency": "monthly",
        "rate_type": "fixed", "current_rate": rng.uniform(0.02, 0.04, obligors), "account_status": "PERF",
        "pd_1y": 1.0 - (1.0 - five_years) ** 0.2, "lgd": rng.uniform(0.5, 1.0, obligors),
    })  # fmt: skip


class ByHand:
    """The same simulation in NumPy, a block of scenarios at once, with a table of what any default takes: for this deal only."""

    def __init__(self, loans: pd.DataFrame, sizes: dict[str, float], years: np.ndarray, fractions: np.ndarray) -> None:
        balance, rate = loans["current_balance"].to_numpy()[:, None], loans["current_rate"].to_numpy()[:, None] / 12
        self.recovery, self.force = 1.0 - loans["lgd"].to_numpy(), -np.log1p(-loans["pd_1y"].to_numpy()) / 12
        self.last = ndtri(-np.expm1(-self.force * MONTHS))
        month = np.arange(MONTHS + 1)
        level = (1 - (1 + rate) ** (month - MONTHS)) / (1 - (1 + rate) ** -MONTHS)
        even = loans["amortisation_type"].to_numpy() == "equal_principal"
        self.balance = balance * np.where(even[:, None], 1 - month / MONTHS, level)
        interest = self.balance[:, :-1] * rate
        self.sizes, self.years, self.fractions, self.pool = sizes, years, fractions, float(balance.sum())
        self.whole = np.concatenate((self.balance[:, 1:], interest), axis=1).sum(axis=0)
        after = np.arange(MONTHS) >= np.arange(MONTHS)[:, None]  # [month of default, month]
        lost = np.concatenate((self.balance[:, None, 1:] * after, interest[:, None] * after), axis=2)
        self.lost = lost.reshape(OBLIGORS * MONTHS, 2 * MONTHS)
        """What a default of an obligor in a month takes from balances and interest of every month."""

    def months(self, rng: np.random.Generator, scenarios: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Who defaults: scenario, obligor, month from 0."""
        market, own = rng.standard_normal(scenarios)[:, None], rng.standard_normal((scenarios, OBLIGORS))
        value = np.sqrt(RHO) * market + np.sqrt(1 - RHO) * own
        s, i = np.nonzero(value <= self.last)
        month = np.ceil(-np.log1p(-ndtr(value[s, i])) / self.force[i]).astype(np.int64) - 1
        return s, i, np.minimum(month, MONTHS - 1)

    def allocate(self, s: np.ndarray, i: np.ndarray, month: np.ndarray, scenarios: int) -> tuple[np.ndarray, np.ndarray]:
        """Losses and average lives of the notes [note, s]."""
        closing, interest, default, recovered = self.cash(s, i, month, scenarios)
        recovery = np.zeros((MONTHS, scenarios))
        recovery[LAG:] = recovered[:-LAG]
        opening = np.concatenate((np.full((1, scenarios), self.pool), closing[:-1]))
        income = interest + (opening - closing - default) + recovery
        return self.waterfall(opening, closing, default, income)

    def cash(self, s: np.ndarray, i: np.ndarray, month: np.ndarray, scenarios: int) -> tuple[np.ndarray, ...]:
        """Closing balance, interest, what defaults and what of it is recovered [month, s]."""

        def gone(weight: np.ndarray) -> np.ndarray:
            """Sums by scenario and month of default."""
            return np.bincount(s * MONTHS + month, weight, scenarios * MONTHS).reshape(scenarios, MONTHS).T

        taken = np.zeros((scenarios, 2 * MONTHS))
        hit, first = np.unique(s, return_index=True)
        taken[hit] = np.add.reduceat(self.lost[i * MONTHS + month], first)
        closing, interest = np.ascontiguousarray((self.whole - taken).T).reshape(2, MONTHS, scenarios)
        exposure = self.balance[i, month]
        return closing, interest, gone(exposure), gone(self.recovery[i] * exposure)

    def waterfall(
        self, opening: np.ndarray, closing: np.ndarray, default: np.ndarray, income: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        scenarios = opening.shape[1]
        balance = {name: np.full(scenarios, size) for name, size in self.sizes.items()}
        unpaid, owed = ({name: np.zeros(scenarios) for name in names} for names in (NOTES, FEES))
        junior = self.pool - sum(self.sizes.values())
        first_loss, cash, reserve, lost = np.full(scenarios, junior), *np.zeros((3, scenarios))
        repaid, weighed = np.zeros((2, len(self.sizes) + 1, scenarios))

        def pay(asked: np.ndarray) -> np.ndarray:
            nonlocal cash
            paid = np.maximum(0.0, np.minimum(asked, np.floor(cash + 1e-4)))
            cash = cash - paid
            return paid

        def redeem(note: int, paid: np.ndarray, year: float) -> None:
            repaid[note] += paid
            weighed[note] += paid * year

        for t, (year, fraction) in enumerate(zip(self.years, self.fractions, strict=True)):
            for name, (_, coupon) in NOTES.items():
                unpaid[name] += np.floor(balance[name] * coupon * fraction + 1e-4)
            for name, rate in FEES.items():
                owed[name] += np.floor(rate * opening[t] * fraction + 1e-4)
            lost += default[t]
            trapped = lost > 0.08 * self.pool
            cash, reserve = cash + income[t] + reserve, np.zeros(scenarios)
            for name in FEES:
                owed[name] -= pay(owed[name])
            for name in NOTES:
                unpaid[name] -= pay(unpaid[name])
            left = np.floor(np.maximum(0.0, sum(balance.values()) - np.maximum(0.0, closing[t] - junior)) + 1e-4)
            for note, name in enumerate(NOTES):
                paid = pay(np.minimum(left, balance[name]))
                redeem(note, paid, year)
                balance[name] -= paid
                left -= paid
            outstanding = sum(balance.values())
            moved = np.maximum(0.0, np.minimum(np.minimum(0.01 * self.pool, outstanding) - reserve, cash))
            cash, reserve = cash - moved, reserve + moved
            free = ~trapped | (outstanding == 0)
            excess = np.floor(np.maximum(0.0, first_loss - np.maximum(0.0, closing[t] - outstanding)) + 1e-4)
            paid = pay(np.where(free, np.minimum(excess, first_loss), 0.0))
            redeem(len(NOTES), paid, year)
            first_loss -= paid
            pay(np.where(free, np.inf, 0.0))
        sizes = np.array([*self.sizes.values(), junior])[:, None]
        return sizes - repaid, np.divide(weighed, repaid, out=np.full_like(repaid, np.nan), where=repaid > 0.0)

    def run(self, scenarios: int) -> np.ndarray:
        """Mean loss and life of the notes, block by block."""

        def block(number: int) -> np.ndarray:
            loss, life = self.allocate(*self.months(np.random.default_rng([2, number]), BLOCK), BLOCK)
            return np.stack((loss.mean(axis=1), np.nanmean(life, axis=1)))

        return np.mean([block(number) for number in range(scenarios // BLOCK)], axis=0)


class MonthByMonth(ByHand):
    """The same without the table: flags of who is alive and who defaults [s, obligor], and in each month their products with what
    each obligor then owes and pays."""

    def __init__(self, loans: pd.DataFrame, sizes: dict[str, float], years: np.ndarray, fractions: np.ndarray) -> None:
        super().__init__(loans, sizes, years, fractions)
        before = self.balance[:, :-1]
        interest = before * loans["current_rate"].to_numpy()[:, None] / 12
        self.paid = np.ascontiguousarray(np.stack((self.balance[:, 1:], interest), axis=2).transpose(1, 0, 2))
        self.fallen = np.ascontiguousarray(np.stack((before, self.recovery[:, None] * before), axis=2).transpose(1, 0, 2))

    def cash(self, s: np.ndarray, i: np.ndarray, month: np.ndarray, scenarios: int) -> tuple[np.ndarray, ...]:
        when = np.full((scenarios, OBLIGORS), MONTHS, dtype=np.int8)
        when[s, i] = month
        alive, found = np.ones(when.shape), np.empty((4, MONTHS, scenarios))
        for t in range(MONTHS):
            falls = (when == t).astype(np.float64)
            alive -= falls
            found[:2, t] = (alive @ self.paid[t]).T
            found[2:, t] = (falls @ self.fallen[t]).T
        return tuple(found)


def disagreement(sim: Simulation, hand: ByHand, scenarios: int) -> float:
    """The largest difference of a note's loss where both sides allocate the same default months, in currency."""
    months = np.stack([sim.default_months(scenario).to_numpy() for scenario in range(scenarios)])
    s, i = np.nonzero(months)
    loss, life = hand.allocate(s, i, months[s, i].astype(np.int64) - 1, scenarios)
    ours = sim.engine.run(0, scenarios)
    if np.nanmax(np.abs(life - ours.life)) > 1e-6:
        sys.exit("the two sides disagree about average lives")
    return float(np.abs(loss - ours.loss).max())


def timed(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def simulated(frame: pd.DataFrame) -> tuple[Deal, Loans, dict[str, float]]:
    """The deal on these loans, and the sizes of its notes."""
    pool = float(frame["current_balance"].sum())
    sizes = {name: float(round(share * pool)) for name, (share, _) in NOTES.items()}
    tranches = {name: {"size": sizes[name], "coupon": coupon} for name, (_, coupon) in NOTES.items()}
    tranches["junior"] = {"size": "rest"}
    return Deal.model_validate(DEAL | {"tranches": tranches}), Loans.from_frame(frame, check=False), sizes


def rate_of(deal: Deal, loans: Loans, scenarios: int, runs: int = 3, **given: Any) -> float:
    """Scenarios a second once loans and deal are prepared, as they are for any number of scenarios."""
    engine = clo.simulate(deal, CHUNK, loans=loans, threads=THREADS, **given).engine
    starts = range(0, max(scenarios // CHUNK, THREADS) * CHUNK, CHUNK)

    def job() -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(lambda first: engine.run(first, CHUNK), starts):
                pass

    return len(starts) * CHUNK / statistics.median(timed(job) for _ in range(runs))


def institutions(scenarios: int) -> float:
    """Scenarios a second of the deal of benchmarks/synthetic.py: 2,400 firms of 50 institutions with a deductible each."""
    import synthetic  # noqa: PLC0415  (the benchmark beside this one)

    loans = Loans.from_frame(clo.build_pool(synthetic.recipe_from(synthetic.RECIPE)))
    assumed = {"pd": 0.02, "correlation": 0.05, "lgd": 0.9}
    return rate_of(Deal.model_validate(synthetic.DEAL), loans, scenarios, simulation=assumed)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--scenarios", type=int, default=262_144)
    given = options.parse_args()
    frame = tape()
    deal, loans, sizes = simulated(frame)
    sim = clo.simulate(deal, BLOCK, loans=loans, threads=THREADS)
    timeline = sim.quiet.timeline
    days = (timeline.payment_dates - np.datetime64(timeline.closing)).astype(np.float64)
    given_to_both = frame, sizes, days / 365, timeline.accrual_fractions(deal.day_count)
    tuned, monthly = ByHand(*given_to_both), MonthByMonth(*given_to_both)
    difference = max(disagreement(sim, hand, 256) for hand in (tuned, monthly))
    if difference > 1.0:
        sys.exit(f"the sides disagree by {difference}")
    fewer = max(BLOCK * THREADS, given.scenarios // 16)
    clo.simulate(deal, given.scenarios, loans=loans, threads=THREADS)
    ours, theirs, plainly = [], [], []
    for seed in range(RUNS):
        ours.append(timed(lambda: clo.simulate(deal, given.scenarios, seed, loans, threads=THREADS)))  # noqa: B023  (called before seed changes)
        theirs.append(timed(lambda: tuned.run(fewer)))
        plainly.append(timed(lambda: monthly.run(fewer)))
    rate, numpy_rate, plain_rate = (
        given.scenarios / statistics.median(ours),
        *(fewer / statistics.median(each) for each in (theirs, plainly)),
    )
    figures = {
        "obligors": OBLIGORS,
        "defaults a scenario": round(float(np.mean([(sim.default_months(s) > 0).sum() for s in range(500)])), 1),
        "payments": MONTHS,
        "ops": len(sim.engine.program.ops),
        "scenarios": given.scenarios,
        "threads": THREADS,
        "cores": os.cpu_count(),
        "scenarios a second": round(rate),
        "slowest, fastest run": [round(given.scenarios / max(ours)), round(given.scenarios / min(ours))],
        "NumPy month by month, scenarios a second": round(plain_rate),
        "ratio to it": round(rate / plain_rate, 1),
        "NumPy tuned, scenarios a second": round(numpy_rate),
        "ratio to it, tuned": round(rate / numpy_rate, 1),
        "largest difference": difference,
        "50 institutions, 2,400 firms, a second": round(institutions(given.scenarios // 8)),
    }
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:44} {value:>16,}" if isinstance(value, (int, float)) else f"{name:44} {value!s:>16}")


if __name__ == "__main__":
    main()
