"""A small deal and its loans, for tests of simulations."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd

from clo.deal.terms import Deal
from clo.tape.loans import Loans

DEAL: dict[str, Any] = {
    "format": "clo.deal/1",
    "name": "simulated",
    "structure": "purchase_cash",
    "currency": "JPY",
    "dates": {"cutoff": "2024-03-31", "closing": "2024-04-05", "first_payment": "2024-05-15", "legal_final": "2027-04-15"},
    "payments": {"frequency": "monthly", "day": 15, "calendar": "JP", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {
        "near": {"tape": "none", "where": "originator_id == 'a'"},
        "far": {"tape": "none", "where": "originator_id == 'b'"},
    },
    "accounts": {"collections": {}, "reserve": {"target": "1% * pool.initial"}},
    "fees": {"servicer": {"rate": 0.005, "on": "pool.opening"}},
    "tranches": {
        "senior": {"size": 300_000_000, "coupon": 0.012},
        "mezzanine": {"size": 40_000_000, "coupon": 0.024},
        "junior": {"size": "rest"},
    },
    "triggers": {"losses": {"when": "far.cumulative_default > 8% * pool.initial", "effect": "trap_excess"}},
    "scenarios": {"base": {"cdr": 0.02, "cpr": 0.0, "recovery": 0.3, "recovery_lag": 6}},
    "simulation": {"pd": 0.08, "correlation": 0.15, "lgd": 0.7},
}


def deal(**changed: Any) -> Deal:
    """The deal with other sections."""
    return Deal.model_validate(copy.deepcopy(DEAL) | changed)


def frame(loans: int = 60, seed: int = 1) -> pd.DataFrame:
    """Loans of uneven size, term, rate and repayment at two banks; every tenth obligor has two of them."""
    rng = np.random.default_rng(seed)
    number = np.arange(loans)
    balance = np.round(rng.lognormal(15.6, 0.7, loans), -3)
    months = rng.integers(6, 37, loans)
    maturity = pd.Timestamp("2024-03-31") + pd.to_timedelta(0, "D") + np.array([pd.DateOffset(months=int(m)) for m in months])
    return pd.DataFrame({
        "deal_id": "simulated", "cutoff_date": pd.Timestamp("2024-03-31"), "originator_id": np.where(number % 3 == 0, "b", "a"),
        "loan_id": [f"loan-{n:03d}" for n in number], "obligor_id": [f"firm-{n - (n % 10 == 9):03d}" for n in number],
        "group_id": [f"group-{n // 20}" if n % 4 == 0 else None for n in number], "obligor_type": "corp", "asset_type": "loan",
        "region_code": [f"{1 + n % 3:02d}" for n in number], "industry_code": [("D", "E", "F", "G")[n % 4] for n in number],
        "enterprise_size": np.where(number % 2 == 0, "MICE", "SMAE"), "internal_rating": np.where(number % 5 == 0, "B", "A"),
        "origination_date": pd.Timestamp("2024-03-01"), "maturity_date": maturity, "original_balance": balance,
        "current_balance": balance, "currency": "JPY",
        "amortisation_type": np.array(["equal_principal", "level_payment", "bullet"])[number % 3],
        "principal_frequency": "monthly", "interest_frequency": np.where(number % 3 == 2, "quarterly", "monthly"),
        "rate_type": "fixed", "current_rate": rng.uniform(0.015, 0.04, loans), "account_status": "PERF",
        "deposit_setoff": np.where(number % 6 == 0, 200_000.0, 0.0),
        "pd_1y": rng.uniform(0.01, 0.2, loans), "lgd": rng.uniform(0.3, 1.0, loans),
    })  # fmt: skip


def loans(count: int = 60, seed: int = 1) -> Loans:
    return Loans.from_frame(frame(count, seed), check=False)
