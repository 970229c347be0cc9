"""Makes tapes/purchase-08.parquet: a pool that matches the published row of JASME purchase-type No. 8 exactly.

Published: 355 firms, 13.5bn yen, Ehime Bank and JASME's own loans (issuance table; Moody's 2011). Everything else is drawn,
seeded, from assumptions that say where they come from. Nothing here is a real borrower.

    python deals/make_purchase_08.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

FIRMS, AMOUNT, UNIT = 355, 13_500_000_000, 100_000
SEED = 200706
CUTOFF = pd.Timestamp("2007-05-31")

# Sub-pools. The split is assumed: institutions' loans average 20-25m in the deals without JASME's own paper (Nos. 2-4, 6, 7,
# 9 of the same table), which puts about 3bn with the bank and leaves larger loans to JASME.
SUB_POOLS = {
    "ehime": {"firms": 130, "amount": 3_000_000_000, "smallest": 5_000_000, "largest": 80_000_000, "region": ["38"]},
    "jasme": {"firms": 225, "amount": 10_500_000_000, "smallest": 10_000_000, "largest": 80_000_000, "region": None},
}
# JASME lends unsecured up to 80m and 5 years (source: JASME presentation, "No-collateral provision").
TENORS = {36: 0.15, 48: 0.15, 60: 0.70}  # assumed: legal final about six years after closing leaves five-year loans
REPAYMENT = {"equal_principal": 0.85, "level_payment": 0.10, "bullet": 0.05}  # assumed: equal principal is the usual SME term
INDUSTRIES = {"D": 0.20, "E": 0.35, "H": 0.08, "I": 0.27, "R": 0.10}  # JSIC sections, assumed
SIZES = {"SMAE": 0.55, "MEDE": 0.40, "MICE": 0.05}  # assumed


def amounts(rng: np.random.Generator, firms: int, total: int, smallest: int, largest: int) -> np.ndarray:
    """Loan amounts in multiples of 100,000 yen within the limits that add up to the total exactly."""
    draws = np.exp(rng.normal(0.0, 0.55, firms))
    for _ in range(200):
        draws = np.clip(draws * (total / draws.sum()), smallest, largest)
    units = np.round(draws / UNIT).astype(np.int64)
    difference = total // UNIT - units.sum()
    step = int(np.sign(difference))
    order = rng.permutation(firms)
    while difference:
        for i in order:
            if difference and smallest <= (units[i] + step) * UNIT <= largest:
                units[i] += step
                difference -= step
    return units * UNIT


def chosen(rng: np.random.Generator, shares: dict, count: int) -> np.ndarray:
    return rng.choice(np.array(list(shares)), size=count, p=list(shares.values()))


def sub_pool(rng: np.random.Generator, originator: str, terms: dict) -> pd.DataFrame:
    firms = terms["firms"]
    amount = amounts(rng, firms, terms["amount"], terms["smallest"], terms["largest"])
    made = pd.Timestamp("2007-04-02") + pd.to_timedelta(rng.integers(0, 55, firms), unit="D")
    tenor = chosen(rng, TENORS, firms).astype(int)
    repayment = chosen(rng, REPAYMENT, firms)
    # Rates by tenor with a spread for the borrower, assumed.
    rate = 0.021 + 0.0015 * (tenor - 36) / 12 + rng.gamma(2.0, 0.0025, firms)
    regions = terms["region"] or [f"{number:02d}" for number in range(1, 48)]
    number = [f"{originator.upper()}-{n:04d}" for n in range(1, firms + 1)]
    return pd.DataFrame(
        {
            "deal_id": "purchase-08",
            "cutoff_date": CUTOFF,
            "originator_id": originator,
            "loan_id": number,
            "obligor_id": [f"O-{name}" for name in number],
            "obligor_type": np.where(rng.random(firms) < 0.97, "corp", "sole_prop"),
            "region_code": rng.choice(regions, firms),
            "region_scheme": "JIS",
            "industry_code": chosen(rng, INDUSTRIES, firms),
            "industry_scheme": "JSIC",
            "enterprise_size": chosen(rng, SIZES, firms),
            "asset_type": "loan",
            "origination_date": made,
            "maturity_date": [day + pd.DateOffset(months=int(months)) for day, months in zip(made, tenor, strict=True)],
            "original_balance": amount.astype(float),
            "current_balance": amount.astype(float),
            "currency": "JPY",
            "amortisation_type": repayment,
            "principal_frequency": np.where(repayment == "bullet", "at_maturity", "monthly"),
            "interest_frequency": "monthly",
            "rate_type": "fixed",
            "current_rate": np.round(rate, 4),
            "account_status": "PERF",
            "days_in_arrears": 0,
            "arrears_balance": 0.0,
        }
    )


def tape() -> pd.DataFrame:
    """The tape, loan by loan; the same every time."""
    rng = np.random.default_rng(SEED)
    frame = pd.concat([sub_pool(rng, name, terms) for name, terms in SUB_POOLS.items()], ignore_index=True)
    if frame["obligor_id"].nunique() != FIRMS or frame["current_balance"].sum() != AMOUNT:
        raise ValueError("the pool misses the published row")
    return frame


if __name__ == "__main__":
    target = Path(__file__).parent / "tapes" / "purchase-08.parquet"
    made = target.with_suffix(".tmp")
    tape().to_parquet(made, compression="zstd", index=False)
    made.replace(target)
    sys.stdout.write(f"{target}: {FIRMS} loans, {AMOUNT:,} yen\n")
