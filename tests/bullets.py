"""A deal that does nothing but allocate principal: bullet loans without interest, three classes paid in order, no fees."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from by_hand import COLLECT, CUTOFF, RESIDUAL, TERMS

from clo.deal.terms import Deal
from clo.tape.loans import Loans

MONTHS = 12
ATTACH = (0.05, 0.14)
"""Attachment of mezzanine and senior, as shares of the pool."""


def bullet_loans(count: int, seed: int = 3, pd_1y: float = 0.03) -> Loans:
    """Uneven loans, one an obligor, that repay all after a year; their probabilities of default differ."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "loan_id": [f"L{number}" for number in range(count)],
            "current_balance": np.round(np.exp(rng.normal(15.0, 0.6, count))),
            "current_rate": 0.0,
            "amortisation_type": "bullet",
            "pd_1y": np.clip(pd_1y * rng.lognormal(-0.125, 0.5, count), 0.001, 0.4),
            "industry_code": [f"{number % 4:02d}" for number in range(count)],
        }
    )
    frame = frame.assign(
        originator_id="bank",
        obligor_id=frame["loan_id"],
        cutoff_date=pd.Timestamp(CUTOFF),
        maturity_date=pd.Timestamp("2021-03-31"),
        allocated_loss=0.0,
    )
    return Loans.from_frame(frame, check=False)


def bullet_deal(loans: Loans, correlation: object = 0.15, **more: object) -> Deal:
    """Senior, mezzanine and the rest, with the simulation's assumptions; a loss given default of 60%."""
    pool = float(loans.frame["current_balance"].sum())
    senior = round(pool * (1.0 - ATTACH[1]))
    notes = {"principal": ["senior", "mezzanine"], "how": "sequential", "from": "collections", "amount": "collections.balance"}
    dates = TERMS["dates"] | {"legal_final": date(2021, 4, 15)}
    return Deal.model_validate(
        TERMS
        | {
            "structure": None,
            "waterfall": [COLLECT, {"pay": notes}, RESIDUAL],
            "dates": dates,
            "fees": {},
            "tranches": {
                "senior": {"size": senior, "coupon": 0},
                "mezzanine": {"size": round(pool * (1.0 - ATTACH[0])) - senior, "coupon": 0},
                "junior": {"size": "rest", "holder": "seller"},
            },
            "simulation": {"pd": "tape", "correlation": correlation, "lgd": 0.6, **more},
        }
    )
