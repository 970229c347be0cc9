"""How concentrated a pool is: its largest borrowers, the Herfindahl index, and the number of equal borrowers it amounts to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clo.tape.filters import FilterError

if TYPE_CHECKING:
    from clo.tape.loans import Loans


def top_obligors(loans: Loans, n: int = 20) -> pd.DataFrame:
    """The n largest borrowers: rank, obligor_id, loans, originators, balance, share, cumulative_share."""
    frame = loans.frame[["obligor_id", "originator_id", "current_balance"]]
    groups = frame.groupby("obligor_id", sort=False, observed=True)
    table = pd.DataFrame(
        {
            "loans": groups.size(),
            "originators": groups["originator_id"].nunique(),
            "balance": groups["current_balance"].sum(),
        }
    ).reset_index()
    total = table["balance"].sum()
    table = table.sort_values(["balance", "obligor_id"], ascending=[False, True], kind="stable").head(n).reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["share"] = table["balance"] / total if total > 0 else np.nan
    table["cumulative_share"] = table["share"].cumsum()
    return table


def hhi(loans: Loans, by: str = "obligor_id") -> float:
    """Herfindahl index: the sum of squared shares of balance, from 1/n (n equal parts) to 1. NaN without a balance.

    by: a text or category column; loans without a value count as one part. Raises ValueError for an unknown column.
    """
    frame = loans.frame
    if by not in frame.columns:
        loans.column(by)
        raise FilterError(f"the tape has no column {by!r}")
    codes, names = pd.factorize(frame[by])
    balance = np.nan_to_num(loans.column("current_balance"))
    amount = np.bincount(np.where(codes < 0, len(names), codes), weights=balance)
    total = amount.sum()
    return float(np.sum((amount / total) ** 2)) if total > 0 else float("nan")


def effective_obligors(loans: Loans) -> float:
    """Number of equal borrowers with the same concentration: 1 / sum of squared shares. NaN without a balance."""
    return 1.0 / hhi(loans, "obligor_id")
