"""Small tapes of one pool for tests of histories: loans by name, month by month from March 2026."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from clo.tape.loans import Loans

USUAL: dict[str, Any] = {
    "originator_id": "0001",
    "obligor_type": "corp",
    "asset_type": "loan",
    "origination_date": np.datetime64("2025-03-31", "s"),
    "maturity_date": np.datetime64("2027-03-31", "s"),
    "original_balance": 2400.0,
    "currency": "JPY",
    "amortisation_type": "equal_principal",
    "principal_frequency": "monthly",
    "interest_frequency": "monthly",
    "rate_type": "fixed",
    "current_rate": 0.02,
    "account_status": "PERF",
    "days_in_arrears": 0,
    "arrears_balance": 0.0,
}


def day(month: int) -> np.datetime64:
    """The end of the month so many months after March 2026."""
    return (np.datetime64("2026-03", "M") + month + 1).astype("datetime64[D]") - 1


def loan(name: str, balance: float, **changes: Any) -> dict[str, Any]:
    """A loan of the usual terms: 12 instalments are left in March 2026. A text that looks like a date becomes one."""
    days = changes.get("days_in_arrears", 0)
    late = {"account_status": "ARRE"} if days else {}
    plain = {key: np.datetime64(value, "s") if key.endswith("_date") and value else value for key, value in changes.items()}
    return USUAL | {"loan_id": name, "obligor_id": f"of {name}", "current_balance": float(balance)} | late | plain


def tape(month: int, *loans: dict[str, Any], source: str = "") -> Loans:
    """The loans at the end of a month."""
    frame = pd.DataFrame(list(loans)).assign(cutoff_date=day(month).astype("datetime64[s]"))
    return Loans.from_frame(frame, source=source or f"tape {month}", check=False)


def random_tapes(months: int, count: int, seed: int) -> list[Loans]:
    """Loans that fall behind, catch up, default, repay and join at random; some are missing now and then."""
    draw = np.random.default_rng(seed)
    behind = draw.integers(0, 3, count)
    gone = np.zeros(count, dtype=bool)
    joined = draw.integers(-months, months // 2, count)
    balance = np.floor(draw.uniform(1000.0, 9000.0, count))
    made = draw.integers(1, 24, count)
    tapes = []
    for month in range(months):
        behind = np.maximum(behind + draw.choice([-8, -1, 0, 1, 2], count, p=[0.25, 0.1, 0.3, 0.3, 0.05]), 0)
        rows = []
        for at in np.flatnonzero(~gone & (joined <= month) & (draw.random(count) > 0.02)):
            ends = draw.random()
            days = int(min(behind[at], 9)) * 30 - (15 if behind[at] else 0)
            changes: dict[str, Any] = {
                "originator_id": f"000{at % 3}",
                "days_in_arrears": days,
                "origination_date": (np.datetime64("2026-03", "M") - made[at]).astype("datetime64[D]"),
                "maturity_date": "2029-03-31",
            }
            if ends < 0.03:
                changes |= {"account_status": "DFLT", "default_date": day(month) - int(draw.integers(0, 20))}
            elif ends < 0.06:
                changes |= {"account_status": "RDMD"}
            gone[at] = ends < 0.06
            balance[at] = np.floor(balance[at] * draw.uniform(0.9, 1.0))
            rows.append(loan(f"L{at}", balance[at], **changes))
        tapes.append(tape(month, *rows))
    return tapes
