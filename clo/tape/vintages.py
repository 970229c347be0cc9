"""Vintages: what became, up to the cut-off date, of the loans made in a year or a quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.schema import TAPE
from clo.tape.bands import MISSING, sorted_by

if TYPE_CHECKING:
    from clo.tape.loans import Loans

DEFAULTED = ("DFLT", "NDFT", "DTCR", "DADB")
"""Statuses of a loan in default."""
Per = Literal["year", "quarter", "fiscal_year"]
_NAMES: dict[Per, str] = {"year": "vintage", "quarter": "vintage_quarter", "fiscal_year": "fiscal_year"}


def vintages(loans: Loans, per: Per = "year") -> pd.DataFrame:
    """One row a vintage: vintage, loans, obligors, original, current, factor, arrears, defaulted_loans, defaulted, loss.

    per: calendar year, quarter, or fiscal year (April to March) of origination. factor is current / original balance; arrears the
    balance of loans with days past due that are not in default; defaulted the default_amount, or the balance where it is
    missing, of loans in default by their status, or by a default_date up to the cut-off; loss their allocated_loss, likewise up
    to the cut-off. Amounts in currency units. Loans without an origination date come last as `missing`.
    Raises ValueError for another `per`.
    """
    if per not in _NAMES:
        raise ValueError(f"per {per!r} is none of {', '.join(_NAMES)}")
    codes, names, _ = sorted_by(loans, _NAMES[per])
    codes = np.where(codes < 0, len(names), codes)
    size = len(names) + 1
    default = in_default(loans)
    balance = np.nan_to_num(loans.column("current_balance"))
    claim = loans.column("default_amount")
    claim = np.where(np.isnan(claim), balance, claim)
    late = (loans.column("days_in_arrears") > 0) & ~default

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(codes, weights=np.nan_to_num(values), minlength=size).astype(np.float64)

    original, current = total(loans.column("original_balance")), total(balance)
    pairs = pd.DataFrame({"vintage": codes, "obligor": loans.frame["obligor_id"].to_numpy()}).drop_duplicates()
    table = pd.DataFrame(
        {
            "vintage": [*names, MISSING],
            "loans": np.bincount(codes, minlength=size),
            "obligors": np.bincount(pairs["vintage"].to_numpy(), minlength=size),
            "original": original,
            "current": current,
            "factor": np.divide(current, original, out=np.full(size, np.nan), where=original > 0),
            "arrears": total(np.where(late, balance, 0.0)),
            "defaulted_loans": np.bincount(codes, weights=default, minlength=size).astype(np.int64),
            "defaulted": total(np.where(default, claim, 0.0)),
            "loss": total(np.where(default, loans.column("allocated_loss"), 0.0)),
        }
    )
    return table[table["loans"] > 0].reset_index(drop=True)


def in_default(loans: Loans) -> NDArray[np.bool_]:
    """Whether each loan is in default at the cut-off date: by its status, or by a default date up to it (shape: loans)."""
    levels = TAPE["account_status"].levels
    by_status = np.isin(loans.column("account_status"), [levels.index(word) for word in DEFAULTED])
    by_date: NDArray[np.bool_] = loans.column("default_date") <= loans.column("cutoff_date")
    return by_status | by_date
