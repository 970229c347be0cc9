"""What a pool is made of: tables by band or word, one by another, and a summary.

Shares and weights are of the current balance. Money in whole currency units, rates as decimals, terms in months.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.tape.bands import MISSING, sorted_by
from clo.tape.concentration import effective_obligors, hhi, top_obligors
from clo.tape.derived import DERIVED, age_months, remaining_months

if TYPE_CHECKING:
    from clo.tape.loans import Loans

TOTAL = "total"
Measure = Literal["balance", "loans", "obligors", "share"]

STANDARD = (
    "current_balance", "remaining_term", "current_rate", "originator_id", "industry_code", "region_code",
    "amortisation_type", "account_status",
)  # fmt: skip
"""What `stratification_report` stratifies by, where the tape has it."""


NEEDED = (
    "cutoff_date", "originator_id", "obligor_id", "origination_date", "maturity_date", "original_balance", "current_balance",
    "current_rate", "industry_code", "region_code", "amortisation_type", "account_status",
)  # fmt: skip
"""The columns that `stratification_report` reads."""


def strata(
    loans: Loans,
    by: str,
    bands: Sequence[float] | None = None,
    *,
    across: str | None = None,
    across_bands: Sequence[float] | None = None,
    measure: Measure = "balance",
) -> pd.DataFrame:
    """One row a stratum: stratum, loans, obligors, balance, share, average_rate, remaining_months (both balance-weighted).

    by: a column, or a value derived from columns (`clo.tape.derived`): remaining_term, original_term, age, vintage,
    vintage_quarter, fiscal_year (April to March), obligor_balance. Numbers fall into bands [edge, next edge): `bands` gives the
    edges, ascending, with defaults by kind. Dates fall into years. Bands, years and categories stand in their own order, other
    words by falling balance; loans without a value come last as `missing`.

    across: a second column or derived value, with `across_bands`. Then the columns are stratum, one for each stratum across, and
    `total`, the last row is `total`, and the cells hold the `measure`.

    Raises ValueError for an unknown column or edges that do not ascend.
    """
    if across is not None:
        return _crossed(loans, _strata_of(loans, by, bands), _strata_of(loans, across, across_bands), measure)
    codes, names, ordered = _strata_of(loans, by, bands)
    balance = np.nan_to_num(loans.column("current_balance"))
    size = len(names)
    count = np.bincount(codes, minlength=size)
    amount = np.bincount(codes, weights=balance, minlength=size)
    total = amount.sum()
    table = pd.DataFrame(
        {
            "stratum": names,
            "loans": count,
            "obligors": _distinct(codes, loans, size),
            "balance": amount,
            "share": amount / total if total > 0 else np.full(size, np.nan),
            "average_rate": weighted(codes, size, loans.column("current_rate"), balance),
            "remaining_months": weighted(codes, size, remaining_months(loans), balance),
        }
    )
    return table.iloc[_order(count, amount, ordered)].reset_index(drop=True)


def weighted(codes: NDArray[Any], size: int, values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of the known values in each stratum; NaN where nothing has weight."""
    known = ~np.isnan(values)
    weight = np.bincount(codes[known], weights=weights[known], minlength=size)
    total = np.bincount(codes[known], weights=(values * weights)[known], minlength=size)
    mean: NDArray[np.float64] = np.divide(total, weight, out=np.full(size, np.nan), where=weight > 0)
    return mean


def _strata_of(loans: Loans, by: str, bands: Sequence[float] | None) -> tuple[NDArray[Any], NDArray[np.object_], bool]:
    """(stratum of each loan; names, `missing` the last; whether they have an order of their own)."""
    codes, names, ordered = sorted_by(loans, by, bands)
    return np.where(codes < 0, len(names), codes), np.array([*names, MISSING], dtype=object), ordered


def _order(count: NDArray[Any], amount: NDArray[Any], ordered: bool) -> NDArray[np.intp]:
    """Places of the strata that hold loans as they are shown: in their own order or by falling balance, `missing` last."""
    used = np.flatnonzero(count > 0)
    if ordered:
        return used
    last = used == len(count) - 1
    return used[np.lexsort((-count[used], -amount[used], last))]


def _distinct(codes: NDArray[Any], loans: Loans, size: int) -> NDArray[np.intp]:
    """Number of borrowers in each stratum."""
    obligor = pd.factorize(loans.frame["obligor_id"])[0].astype(np.int64)
    many = obligor.max(initial=0) + 2
    pairs = pd.unique(codes * many + obligor + 1)
    return np.bincount((pairs // many).astype(np.intp), minlength=size)


def _crossed(loans: Loans, rows: tuple[Any, ...], columns: tuple[Any, ...], measure: Measure) -> pd.DataFrame:
    """One table by another, with totals; a borrower in several strata counts once in a total."""
    balance = np.nan_to_num(loans.column("current_balance"))
    row, down = _placed(balance, *rows)
    column, along = _placed(balance, *columns)
    high, wide = len(down), len(along)

    def cells(keys: NDArray[Any], size: int) -> NDArray[Any]:
        if measure == "obligors":
            return _distinct(keys, loans, size)
        return np.bincount(keys, weights=None if measure == "loans" else balance, minlength=size)

    inner = cells(row * wide + column, high * wide).reshape(high, wide)
    everything = cells(np.zeros(len(row), dtype=np.int64), 1)
    body = np.block([[inner, cells(row, high)[:, None]], [cells(column, wide)[None, :], everything[:, None]]])
    if measure == "share":
        body = body / everything[0] if everything[0] > 0 else np.full(body.shape, np.nan)
    table = pd.DataFrame(body, columns=[*along, TOTAL])
    table.insert(0, "stratum", [*down, TOTAL], allow_duplicates=True)
    return table


def _placed(
    balance: NDArray[np.float64], codes: NDArray[Any], names: NDArray[Any], ordered: bool
) -> tuple[NDArray[Any], list[str]]:
    """(place of each loan's stratum among those shown; their names)."""
    amount = np.bincount(codes, weights=balance, minlength=len(names))
    order = _order(np.bincount(codes, minlength=len(names)), amount, ordered)
    place = np.zeros(len(names), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [str(name) for name in names[order]]


def summary(loans: Loans) -> pd.DataFrame:
    """The pool in one column: measure, value. Balance-weighted means; shares as decimals."""
    balance = np.nan_to_num(loans.column("current_balance"))
    total = balance.sum()
    one = np.zeros(len(loans), dtype=np.int64)
    top = top_obligors(loans, 20)["share"]
    values: dict[str, Any] = {
        "loans": len(loans),
        "obligors": loans.obligors,
        "originators": int(loans.frame["originator_id"].nunique()),
        "current_balance": float(total),
        "original_balance": float(np.nansum(loans.column("original_balance"))),
        "average_balance_per_obligor": float(total) / max(loans.obligors, 1),
        "largest_loan": float(balance.max(initial=0.0)),
        "average_rate": float(weighted(one, 1, loans.column("current_rate"), balance)[0]),
        "remaining_months": float(weighted(one, 1, remaining_months(loans), balance)[0]),
        "age_months": float(weighted(one, 1, age_months(loans), balance)[0]),
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
        if by in DERIVED or by in loans.frame.columns:
            report[by] = strata(loans, by)
    return report
