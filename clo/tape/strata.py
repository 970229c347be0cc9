"""What a pool is made of: tables by band or word, the largest borrowers, and how concentrated it is.

Shares and weights are of the current balance. Money in whole currency units, rates as decimals, terms in months.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.schema import kind_of
from clo.tape.filters import FilterError
from clo.tape.loans import Loans

REMAINING = "remaining_term"
"""Name of the months from the cut-off date to maturity; a name to stratify by, as a column's is."""
MONTH_DAYS = 365.25 / 12
RATE_BANDS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.10, 0.15)
TERM_BANDS = (0.0, 12.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0, 180.0, 240.0, 360.0)
RATIO_BANDS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MISSING = "missing"

STANDARD = (
    "current_balance", REMAINING, "current_rate", "originator_id", "industry_code", "region_code",
    "amortisation_type", "account_status",
)  # fmt: skip
"""What `stratification_report` stratifies by, where the tape has it."""


def strata(loans: Loans, by: str, bands: Sequence[float] | None = None) -> pd.DataFrame:
    """One row a stratum: stratum, loans, obligors, balance, share, average_rate, remaining_months (both balance-weighted).

    by: a column, or `remaining_term`. Numbers fall into bands [edge, next edge): `bands` gives the edges, ascending, with
    defaults by kind. Dates fall into years. Bands and categories stand in their own order, other words by falling balance;
    loans without a value come last as `missing`. Raises ValueError for an unknown column or edges that do not ascend.
    """
    codes, labels, ordered = _strata_of(loans, by, bands)
    balance = np.nan_to_num(loans.column("current_balance"))
    codes = np.where(codes < 0, len(labels), codes)
    names = np.array([*labels, MISSING], dtype=object)
    size = len(names)
    count = np.bincount(codes, minlength=size)
    amount = np.bincount(codes, weights=balance, minlength=size)
    total = amount.sum()
    obligor = pd.factorize(loans.frame["obligor_id"])[0].astype(np.int64)
    pairs = np.unique(codes * (obligor.max(initial=0) + 2) + obligor + 1)
    obligors = np.bincount((pairs // (obligor.max(initial=0) + 2)).astype(np.intp), minlength=size)
    table = pd.DataFrame(
        {
            "stratum": names,
            "loans": count,
            "obligors": obligors,
            "balance": amount,
            "share": amount / total if total > 0 else np.full(size, np.nan),
            "average_rate": _weighted(codes, size, loans.column("current_rate"), balance),
            "remaining_months": _weighted(codes, size, remaining_months(loans), balance),
        }
    )
    used = table[table["loans"] > 0]
    if not ordered:
        last = used["stratum"] == MISSING
        used = pd.concat([used[~last].sort_values(["balance", "loans"], ascending=False, kind="stable"), used[last]])
    return used.reset_index(drop=True)


def remaining_months(loans: Loans) -> NDArray[np.float64]:
    """Months from the cut-off date to maturity (shape: loans); negative where it lies behind, NaN where unknown."""
    days = loans.column("maturity_date") - loans.column("cutoff_date")
    months: NDArray[np.float64] = np.where(np.isnat(days), np.nan, days / np.timedelta64(1, "D")) / MONTH_DAYS
    return months


def _weighted(codes: NDArray[Any], size: int, values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of the known values in each stratum; NaN where nothing has weight."""
    known = ~np.isnan(values)
    weight = np.bincount(codes[known], weights=weights[known], minlength=size)
    total = np.bincount(codes[known], weights=(values * weights)[known], minlength=size)
    mean: NDArray[np.float64] = np.divide(total, weight, out=np.full(size, np.nan), where=weight > 0)
    return mean


def _strata_of(loans: Loans, by: str, bands: Sequence[float] | None) -> tuple[NDArray[Any], list[str], bool]:
    """(stratum of each loan, -1 for none; names of the strata; whether they have an order of their own)."""
    frame = loans.frame
    if by != REMAINING and by not in frame.columns:
        loans.column(by)  # raises for a name that is no column, with the nearest one
        raise FilterError(f"the tape has no column {by!r}")
    numeric = by == REMAINING or (
        pd.api.types.is_numeric_dtype(frame[by].dtype) and not isinstance(frame[by].dtype, pd.CategoricalDtype)
    )
    if numeric:
        amounts = remaining_months(loans) if by == REMAINING else loans.column(by)
        edges = np.asarray(default_bands(loans, by) if bands is None else bands, dtype=np.float64)
        if len(edges) == 0 or (np.diff(edges) <= 0).any():
            raise ValueError(f"bands of {by} must ascend: {edges.tolist()}")
        return *_banded(amounts, edges, _shown(by)), True
    if bands is not None:
        raise ValueError(f"{by} is {kind_of(by)}: bands are for numbers")
    values = frame[by]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes, dtype=np.int64), [str(level) for level in values.cat.categories], True
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.dt.year.astype("Int64").astype("str")
        codes, names = pd.factorize(values, sort=True)
        return np.asarray(codes), [str(name) for name in names], True
    codes, names = pd.factorize(values)
    return np.asarray(codes), [str(name) for name in names], False


def _banded(values: NDArray[np.float64], edges: NDArray[np.float64], show: Any) -> tuple[NDArray[Any], list[str]]:
    place = np.searchsorted(edges, values, side="right")
    codes = np.where(np.isnan(values), -1, place)
    labels = [f"below {show(edges[0])}"]
    labels += [f"{show(low)} to {show(high)}" for low, high in pairwise(edges)]
    return codes, [*labels, f"{show(edges[-1])} and above"]


def _shown(by: str) -> Any:
    if by != REMAINING and kind_of(by) in ("rate", "ratio"):
        return lambda edge: f"{edge * 100:g}%"
    return lambda edge: f"{edge:,.0f}" if edge == int(edge) else f"{edge:,g}"


def default_bands(loans: Loans, by: str) -> tuple[float, ...]:
    """Edges for a numeric column: fixed for rates, ratios and terms, otherwise 1, 2, 5, 10, ... over most of the values."""
    if by == REMAINING:
        return TERM_BANDS
    kind = kind_of(by)
    if kind == "rate":
        return RATE_BANDS
    if kind == "ratio":
        return RATIO_BANDS
    values = loans.column(by)
    values = values[values > 0]
    if not len(values):
        return (0.0,)
    low, high = np.quantile(values, [0.02, 0.999])
    steps = [lead * 10.0**power for power in range(-6, 18) for lead in (1, 2, 5)]
    edges = [step for step in steps if low <= step <= high]
    return tuple(edges) or (float(max(step for step in steps if step <= low)),)


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


def summary(loans: Loans) -> pd.DataFrame:
    """The pool in one column: measure, value. Balance-weighted means; shares as decimals."""
    balance = np.nan_to_num(loans.column("current_balance"))
    total = balance.sum()
    one = np.zeros(len(loans), dtype=np.int64)
    age = (loans.column("cutoff_date") - loans.column("origination_date")) / np.timedelta64(1, "D") / MONTH_DAYS
    top = top_obligors(loans, 20)["share"]
    values: dict[str, Any] = {
        "loans": len(loans),
        "obligors": loans.obligors,
        "originators": int(loans.frame["originator_id"].nunique()),
        "current_balance": float(total),
        "original_balance": float(np.nansum(loans.column("original_balance"))),
        "average_balance_per_obligor": float(total) / max(loans.obligors, 1),
        "largest_loan": float(balance.max(initial=0.0)),
        "average_rate": float(_weighted(one, 1, loans.column("current_rate"), balance)[0]),
        "remaining_months": float(_weighted(one, 1, remaining_months(loans), balance)[0]),
        "age_months": float(_weighted(one, 1, age, balance)[0]),
        "largest_obligor_share": float(top.iloc[0]) if len(top) else float("nan"),
        "top_20_obligors_share": float(top.sum()),
        "effective_obligors": effective_obligors(loans),
    }
    for name in ("originator_id", "industry_code", "region_code"):
        if name in loans.frame.columns:
            values[f"hhi_{name}"] = hhi(loans, name)
    return pd.DataFrame({"measure": list(values), "value": pd.Series(list(values.values()), dtype=np.float64)})


def stratification_report(loans: Loans) -> dict[str, pd.DataFrame]:
    """`summary`, `top_obligors` and one table for each of the usual columns the tape has, by name."""
    report = {"summary": summary(loans), "top_obligors": top_obligors(loans)}
    for by in STANDARD:
        if by == REMAINING or by in loans.frame.columns:
            report[by] = strata(loans, by)
    return report
