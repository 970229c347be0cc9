"""The field's rates in monthly terms: default and prepayment, annual and monthly, and vectors by month."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FRACTION = "a decimal from 0 to 1 (0.02 is 2%)"


def _checked(value: ArrayLike, name: str, meaning: str) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    wrong = ~((array >= 0.0) & (array <= 1.0))
    if wrong.any():
        raise ValueError(f"{name} = {array[wrong].flat[0]}: {meaning} is {FRACTION}")
    return array


def _shaped(array: NDArray[np.float64]) -> float | NDArray[np.float64]:
    return float(array) if array.ndim == 0 else array


def _to_monthly(annual: NDArray[np.float64]) -> float | NDArray[np.float64]:
    with np.errstate(divide="ignore"):  # a rate of 1 is log(0): everything goes in the first month
        return _shaped(np.asarray(-np.expm1(np.log1p(-annual) / 12.0)))


def _to_annual(monthly: NDArray[np.float64]) -> float | NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return _shaped(np.asarray(-np.expm1(12.0 * np.log1p(-monthly))))


def smm_from_cpr(cpr: ArrayLike) -> float | NDArray[np.float64]:
    """Single monthly mortality from the conditional prepayment rate: SMM = 1 - (1 - CPR)^(1/12).

    cpr: annual decimal, a number or an array of any shape; the answer has its shape. Raises ValueError outside 0..1.
    Source: SIFMA, Standard Formulas for the Analysis of Mortgage-Backed Securities, SF-5.
    """
    return _to_monthly(_checked(cpr, "cpr", "a conditional prepayment rate"))


def cpr_from_smm(smm: ArrayLike) -> float | NDArray[np.float64]:
    """Annual prepayment rate from the monthly one: CPR = 1 - (1 - SMM)^12. Otherwise as `smm_from_cpr`."""
    return _to_annual(_checked(smm, "smm", "a single monthly mortality"))


def mdr_from_cdr(cdr: ArrayLike) -> float | NDArray[np.float64]:
    """Monthly default rate from the conditional default rate: q = 1 - (1 - CDR)^(1/12).

    cdr: annual decimal, a number or an array of any shape; the answer has its shape. Raises ValueError outside 0..1.
    Source: SIFMA, Standard Formulas for the Analysis of Mortgage-Backed Securities, default section (MDR and CDR).
    """
    return _to_monthly(_checked(cdr, "cdr", "a conditional default rate"))


def cdr_from_mdr(mdr: ArrayLike) -> float | NDArray[np.float64]:
    """Annual default rate from the monthly one: CDR = 1 - (1 - q)^12. Otherwise as `mdr_from_cdr`."""
    return _to_annual(_checked(mdr, "mdr", "a monthly default rate"))


def by_month(given: float | tuple[float, ...], months: int) -> NDArray[np.float64]:
    """One value a month [months]; a short vector holds its last value, a long one is cut."""
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))[:months]
    return np.pad(values, (0, months - len(values)), mode="edge")
