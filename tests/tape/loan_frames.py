"""Frames of loans for tests of the pool: any number of clean loans, at one date."""

from __future__ import annotations

import numpy as np
import pandas as pd


def clean(count: int, seed: int = 1) -> pd.DataFrame:
    """`count` performing yen loans of five banks, in the dtypes of the tape or ones that convert to them."""
    draw = np.random.default_rng(seed)
    cutoff = np.datetime64("2026-03-31", "s")
    original = np.floor(draw.lognormal(17.0, 0.5, count))
    number = np.arange(count)
    return pd.DataFrame(
        {
            "cutoff_date": np.full(count, cutoff),
            "originator_id": pd.Series(np.array(["0001", "0002", "0003", "0004", "0005"])[number % 5], dtype="str"),
            "loan_id": pd.Series(number.astype("U8"), dtype="str"),
            "obligor_id": pd.Series((number // 2).astype("U8"), dtype="str"),
            "obligor_type": "corp",
            "asset_type": "loan",
            "region_code": pd.Series(np.char.zfill((number // 2 % 47 + 1).astype("U2"), 2), dtype="str"),
            "industry_code": pd.Series(np.char.zfill((number // 2 % 20).astype("U2"), 2), dtype="str"),
            "origination_date": cutoff - draw.integers(10, 900, count).astype("m8[D]"),
            "maturity_date": cutoff + draw.integers(30, 2500, count).astype("m8[D]"),
            "original_balance": original,
            "current_balance": np.floor(original * draw.uniform(0.2, 1.0, count)),
            "currency": "JPY",
            "amortisation_type": np.array(["equal_principal", "level_payment", "bullet"])[number % 3],
            "principal_frequency": "monthly",
            "interest_frequency": "monthly",
            "rate_type": "fixed",
            "current_rate": draw.uniform(0.01, 0.04, count),
            "guarantee_ratio": 0.8,
            "employees": number % 50 + 1,
            "account_status": "PERF",
            "days_in_arrears": 0,
            "arrears_balance": 0.0,
        }
    )
