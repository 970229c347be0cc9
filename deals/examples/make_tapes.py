"""Makes the tapes of the examples: invented pools whose total is what the public documents say of the portfolio.

Each row stands for many loans of the real portfolio. Everything but the total is drawn, seeded, from assumptions that stand here.
Nothing here is a real borrower.

    python deals/examples/make_tapes.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

TAPES = Path(__file__).parent / "tapes"
SIDECAR = """format: clo.map/1
made_up: >-
  {rows} rows drawn by deals/examples/make_tapes.py so that they add up to {total:,} {currency}, {why};
  sizes, terms and rates are assumed
"""


def amounts(rng: np.random.Generator, rows: int, total: int, unit: int, spread: float) -> np.ndarray:
    """Amounts in whole units that add up to the total exactly."""
    draws = np.exp(rng.normal(0.0, spread, rows))
    units = np.maximum(1, np.floor(draws / draws.sum() * (total // unit))).astype(np.int64)
    units[np.argsort(-draws)[: total // unit - units.sum()]] += 1
    if units.sum() * unit != total:
        raise ValueError("the pool misses its total")
    return units * unit


def months_after(day: pd.Timestamp, months: np.ndarray) -> pd.DatetimeIndex:
    """The ends of the months that many months after a month end."""
    return pd.DatetimeIndex([day + pd.offsets.MonthEnd(int(number)) for number in months])


def plain(name: str, cutoff: pd.Timestamp, currency: str, amount: np.ndarray) -> pd.DataFrame:
    """The columns that every pool fills in the same way."""
    number = [f"{name}-{row:03d}" for row in range(1, len(amount) + 1)]
    return pd.DataFrame(
        {
            "cutoff_date": cutoff,
            "originator_id": name,
            "loan_id": number,
            "obligor_id": [f"O-{text}" for text in number],
            "obligor_type": "corp",
            "asset_type": "loan",
            "original_balance": amount,
            "current_balance": amount,
            "currency": currency,
            "account_status": "PERF",
            "days_in_arrears": 0,
            "arrears_balance": 0,
        }
    )


def golub() -> pd.DataFrame:
    """Loans to mid-sized companies: floating over three-month LIBOR, five to seven years, most repaid at the end."""
    rng, cutoff, rows = np.random.default_rng(2018), pd.Timestamp("2018-10-31"), 90
    amount = amounts(rng, rows, 602_400_000, 10_000, 0.5)
    age = rng.integers(2, 40, rows)
    term = rng.choice([60, 72, 84], rows, p=[0.3, 0.5, 0.2])
    bullet = rng.random(rows) < 0.7
    margin = np.round(0.05 + rng.gamma(2.0, 0.0035, rows), 4)
    left = np.maximum(term - age, 14)
    return plain("golub", cutoff, "USD", amount).assign(
        origination_date=months_after(cutoff, -age),
        maturity_date=months_after(cutoff, left),
        amortisation_type=np.where(bullet, "bullet", "equal_principal"),
        principal_frequency=np.where(bullet, "at_maturity", "quarterly"),
        interest_frequency="quarterly",
        balloon_amount=np.where(bullet, 0, np.round(0.85 * amount)).astype(np.int64),
        rate_type="floating",
        current_rate=np.round(0.024 + margin, 4),
        rate_index="LIBOR",
        rate_index_tenor="3M",
        rate_margin=margin,
        rate_floor=0.06,  # a floor of 1% on the index, at the lowest margin
        rate_reset_months=3,
        next_reset_date=months_after(cutoff, 1 + rng.integers(0, 3, rows)),
    )


def friary() -> pd.DataFrame:
    """Mortgages: most fixed for two or five years and over SONIA then, some over SONIA at once, a few without repayment."""
    rng, cutoff, rows = np.random.default_rng(2022), pd.Timestamp("2022-08-31"), 150
    amount = amounts(rng, rows, 489_100_000, 10_000, 0.35)
    age = rng.integers(6, 48, rows)
    left = rng.integers(15 * 12, 35 * 12, rows)
    fixed = np.arange(rows) % 16 != 0
    early = np.arange(rows) % 5 < 3  # 60% of the fixed rates end in 2024, the others in 2027
    bullet = rng.random(rows) < 0.06
    margin = np.where(fixed, 0.025, 0.028)
    resets = np.where(fixed, np.where(early, 28, 63), 1)
    return plain("friary", cutoff, "GBP", amount).assign(
        obligor_type="sole_prop",
        origination_date=months_after(cutoff, -age),
        maturity_date=months_after(cutoff, left),
        amortisation_type=np.where(bullet, "bullet", "level_payment"),
        principal_frequency=np.where(bullet, "at_maturity", "monthly"),
        interest_frequency="monthly",
        rate_type=np.where(fixed, "fixed_then_floating", "floating"),
        current_rate=np.where(fixed, np.round(0.024 + rng.normal(0.0, 0.003, rows), 4), 0.044),
        rate_index="SONIA",
        rate_margin=margin,
        rate_floor=0.0,
        rate_reset_months=3,
        next_reset_date=months_after(cutoff, resets),
    )


def amcar() -> pd.DataFrame:
    """Subprime car loans: fixed, level payments, five to six years."""
    rng, cutoff, rows = np.random.default_rng(2013), pd.Timestamp("2013-03-31"), 150
    amount = amounts(rng, rows, 1_160_950_000, 10_000, 0.3)
    age = rng.integers(1, 14, rows)
    term = rng.choice([60, 66, 72], rows, p=[0.15, 0.15, 0.7])
    return plain("amcar", cutoff, "USD", amount).assign(
        obligor_type="sole_prop",
        origination_date=months_after(cutoff, -age),
        maturity_date=months_after(cutoff, term - age),
        amortisation_type="level_payment",
        principal_frequency="monthly",
        interest_frequency="monthly",
        rate_type="fixed",
        current_rate=np.round(np.clip(rng.normal(0.138, 0.025, rows), 0.07, 0.22), 4),
    )


POOLS = {
    "golub-2018": (golub, "the amount of all notes"),
    "friary-7": (friary, "class A and class B together"),
    "amcar-2013-2": (amcar, "the notes over 1 less the initial overcollateralization, to the next 50,000"),
}

if __name__ == "__main__":
    for name, (pool, why) in POOLS.items():
        frame = pool()
        target = TAPES / f"{name}.csv"
        frame.to_csv(target, index=False, date_format="%Y-%m-%d", lineterminator="\n")
        total, currency = int(frame["current_balance"].sum()), frame["currency"].iloc[0]
        text = SIDECAR.format(rows=len(frame), total=total, currency=currency, why=why)
        target.with_name(f"{target.name}.map.yaml").write_text(text, encoding="utf-8")
        sys.stdout.write(f"{target}: {len(frame)} rows, {total:,} {currency}\n")
