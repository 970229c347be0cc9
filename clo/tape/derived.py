"""What follows from the columns of a tape: terms, ages, years and an obligor's whole balance, by name, for rules and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.schema import TAPE, Kind

if TYPE_CHECKING:
    from clo.tape.loans import Loans

Floats = NDArray[np.float64]

DAYS = 31.0
FISCAL_YEAR_STARTS = 4
"""April."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value of each loan that is no column: how it is computed (shape: loans), its kind and its meaning."""

    compute: Callable[[Loans], NDArray[Any]]
    kind: Kind
    needs: tuple[str, ...]
    meaning: str


def remaining_months(loans: Loans) -> Floats:
    """Months from the cut-off date to maturity (shape: loans); negative where it lies behind, NaN where unknown."""
    return _months(loans.column("cutoff_date"), loans.column("maturity_date"))


def age_months(loans: Loans) -> Floats:
    """Months from origination to the cut-off date (shape: loans): the seasoning. NaN where unknown."""
    return _months(loans.column("origination_date"), loans.column("cutoff_date"))


def original_months(loans: Loans) -> Floats:
    """Months from origination to maturity (shape: loans); NaN where unknown."""
    return _months(loans.column("origination_date"), loans.column("maturity_date"))


def vintage(loans: Loans) -> Floats:
    """Calendar year of origination (shape: loans); NaN where unknown."""
    return np.floor(_month_number(loans) / 12.0)


def fiscal_year(loans: Loans) -> Floats:
    """Fiscal year of origination (shape: loans): April 2025 to March 2026 is 2025. NaN where unknown."""
    return np.floor((_month_number(loans) - (FISCAL_YEAR_STARTS - 1)) / 12.0)


def vintage_quarter(loans: Loans) -> NDArray[np.object_]:
    """Calendar quarter of origination (shape: loans) as `2006Q1`; None where unknown."""
    quarters = np.floor(_month_number(loans) / 3.0)
    codes, numbers = pd.factorize(quarters)
    words = np.array([f"{int(number // 4)}Q{int(number % 4) + 1}" for number in numbers] + [None], dtype=object)
    return np.asarray(words[codes])


def obligor_balance(loans: Loans) -> Floats:
    """Current balance of all loans of the borrower of each loan (shape: loans); groups of borrowers count as one."""
    codes, names = borrowers(loans)
    balance = np.nan_to_num(loans.column("current_balance"))
    held = np.bincount(codes, weights=balance, minlength=len(names))
    return np.asarray(held[codes], dtype=np.float64)


def borrowers(loans: Loans) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """(number of the borrower of each loan; names by number). Borrowers with a group_id are one borrower, called by it."""
    frame = loans.frame
    single, ids = pd.factorize(frame["obligor_id"], use_na_sentinel=False)
    if "group_id" not in frame.columns:
        return np.asarray(single, dtype=np.int64), np.asarray(ids, dtype=object)
    group, groups = pd.factorize(frame["group_id"])
    together = np.where(group >= 0, group, single + len(groups))
    codes, used = pd.factorize(together)
    names = np.concatenate((np.asarray(groups, dtype=object), np.asarray(ids, dtype=object)))
    return np.asarray(codes, dtype=np.int64), names[used]


def _months(start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> Floats:
    """Calendar months between days: 31 March 2024 to 31 March 2027 is 36, and each day more a 31st of a month.

    From one month end to another are whole months, whatever their lengths. NaN where a day is missing.
    """
    (first, day, at_end), (last, other, also_end) = (_in_month(days) for days in (start, end))
    parts = np.where(at_end & also_end, 0.0, (other - day) / DAYS)
    return np.where(np.isnat(start) | np.isnat(end), np.nan, last - first + parts)


def _in_month(days: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """(number of the month, day of the month, whether that is its last)."""
    months = days.astype("datetime64[M]")
    day = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    ends = (days.astype("datetime64[D]") + np.timedelta64(1, "D")).astype("datetime64[M]") != months
    return months.astype(np.int64), day, ends


def _month_number(loans: Loans) -> Floats:
    """Months of origination since the year 0; NaN where unknown."""
    days = loans.column("origination_date")
    months = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return np.where(np.isnat(days), np.nan, months.astype(np.float64))


DERIVED: Mapping[str, Derived] = {
    "remaining_term": Derived(remaining_months, "number", ("cutoff_date", "maturity_date"), "months from cut-off to maturity"),
    "original_term": Derived(original_months, "number", ("origination_date", "maturity_date"), "months from first to last day"),
    "age": Derived(age_months, "number", ("cutoff_date", "origination_date"), "months from origination to cut-off"),
    "vintage": Derived(vintage, "integer", ("origination_date",), "calendar year of origination"),
    "vintage_quarter": Derived(vintage_quarter, "text", ("origination_date",), "calendar quarter of origination"),
    "fiscal_year": Derived(fiscal_year, "integer", ("origination_date",), "fiscal year of origination"),
    "obligor_balance": Derived(obligor_balance, "money", ("obligor_id", "current_balance"), "whole balance of the borrower"),
}  # fmt: skip
"""By name; none is a name of the tape."""


def with_derived(loans: Loans, names: set[str]) -> pd.DataFrame:
    """The columns of the loans, and those of `names` that are derived."""
    frame = loans.frame
    wanted = [name for name in names if name in DERIVED and name not in frame.columns]
    return frame.assign(**{name: DERIVED[name].compute(loans) for name in wanted}) if wanted else frame


def kind(name: str) -> Kind:
    """Kind of a column or a derived value; one nobody knows is text."""
    return DERIVED[name].kind if name in DERIVED else TAPE[name].kind if name in TAPE else "text"
