"""What is assumed of the borrowers: default, prepayment and recovery, and the field's rates in monthly terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.findings import Finding, InputError

Defaults = Literal["model", "tape"]
Order = Literal["default_first", "prepayment_first"]

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


@dataclass(frozen=True, slots=True)
class Assumptions:
    """One scenario of the pool.

    cdr, cpr: annual decimals, one number or a monthly vector whose first entry is the first month after cut-off; a
    vector shorter than the horizon holds its last value. recovery: a fraction of the defaulted principal, or "tape":
    what each loan's recorded loss leaves of it, never below 0. recovery_lag: months from default to recovery, 0 = the
    same month. defaults: "model" applies cdr to every loan; "tape" takes the recorded default dates instead, so cdr
    stays absent, a loan recorded as defaulting does not prepay and no other loan defaults.

    A month, with opening balance B: D = q B defaults and pays nothing; the rest pays interest and scheduled principal;
    SMM of the survivors' balance after that prepays (with the interest it has earned, where interest is not monthly);
    recovery x D arrives recovery_lag months later. order="prepayment_first" has SMM of B - D prepay before interest and
    scheduled principal are taken on what is left, as some other tools do.

    Raises InputError with every problem at once.
    """

    cdr: float | tuple[float, ...] | None = None
    cpr: float | tuple[float, ...] = 0.0
    recovery: float | Literal["tape"] = 0.0
    recovery_lag: int = 0
    defaults: Defaults = "model"
    order: Order = "default_first"

    def __post_init__(self) -> None:
        for name in ("cdr", "cpr"):
            given = getattr(self, name)
            if isinstance(given, np.ndarray | list | tuple):
                object.__setattr__(self, name, tuple(np.asarray(given, dtype=object).ravel().tolist()))
        findings = [*self._curve_findings("cdr"), *self._curve_findings("cpr"), *self._other_findings()]
        if findings:
            raise InputError(findings)

    def _error(self, code: str, field: str, message: str, rule: str, fix: str) -> Finding:
        value = getattr(self, field)
        shown = "absent" if value is None else str(value)
        return Finding(code, "error", message, rule=rule, fix=fix, field=field, value=shown)

    def _curve_findings(self, name: str) -> Iterator[Finding]:
        given = getattr(self, name)
        if given is None and name == "cdr":
            return
        values = given if isinstance(given, tuple) else (given,)
        wrong = [(month, value) for month, value in enumerate(values, start=1) if not _is_fraction(value)]
        if not values:
            yield self._error("E-A001", name, "the monthly vector is empty", "one rate, or one a month", "give a rate")
        if wrong:
            listed = ", ".join(f"{value!r} in month {month}" for month, value in wrong[:5])
            message = f"{name} is not an annual rate: {listed if isinstance(given, tuple) else repr(given)}"
            yield self._error("E-A002", name, message, FRACTION, "write 2% as 0.02")

    def _other_findings(self) -> Iterator[Finding]:
        """The rules as a table: broken, code, field, message, rule, fix."""
        modelled = self.defaults == "model"
        recovery_is_known = self.recovery == "tape" or _is_fraction(self.recovery)
        lag = self.recovery_lag
        months = isinstance(lag, int | np.integer) and not isinstance(lag, bool) and lag >= 0
        table: list[tuple[bool, str, str, str, str, str]] = [
            (self.defaults not in ("model", "tape"), "E-A003", "defaults",
             "unknown source of defaults", "model or tape", "choose one of the two"),
            (self.order not in ("default_first", "prepayment_first"), "E-A004", "order",
             "unknown order of a month", "default_first or prepayment_first", "choose one of the two"),
            (modelled and self.cdr is None, "E-A005", "cdr",
             "no default rate is given", "modelled defaults need cdr, 0 allowed", "give cdr, or defaults: tape"),
            (self.defaults == "tape" and self.cdr is not None, "E-A006", "cdr",
             "the tape says who defaults", "cdr is absent with defaults: tape", "leave out cdr, or defaults: model"),
            (modelled and self.recovery == "tape", "E-A007", "recovery",
             "a modelled default has no recorded loss", "recovery: tape goes with defaults: tape", "give a fraction"),
            (not recovery_is_known, "E-A008", "recovery",
             "recovery is not a fraction of the defaulted principal", f"{FRACTION}, or tape", "write 10% as 0.1"),
            (not months, "E-A009", "recovery_lag",
             "recovery_lag is not a number of months", "a whole number, 0 or more", "give whole months"),
        ]  # fmt: skip
        return (self._error(*row) for broken, *row in table if broken)

    def monthly_default(self, months: int) -> NDArray[np.float64]:
        """Share q of the opening balance that defaults, [months]; zeros with defaults from the tape."""
        return np.zeros(months) if self.cdr is None else np.asarray(mdr_from_cdr(_vector(self.cdr, months)))

    def monthly_prepayment(self, months: int) -> NDArray[np.float64]:
        """SMM, [months]."""
        return np.asarray(smm_from_cpr(_vector(self.cpr, months)))

    def findings(self, months: int) -> list[Finding]:
        """What to know before a run over so many months: vectors that end before it."""
        found = []
        for name in ("cdr", "cpr"):
            given = getattr(self, name)
            if isinstance(given, tuple) and len(given) < months:
                message = f"{name} has {len(given)} months, the horizon {months}: its last, {given[-1]:.6g}, holds on"
                rule, fix = "a vector covers the horizon", "extend the vector"
                found.append(Finding("W-A010", "warning", message, rule=rule, fix=fix, field=name))
        return found


def _is_fraction(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return 0.0 <= float(value) <= 1.0  # false for nan


def _vector(given: float | tuple[float, ...], months: int) -> NDArray[np.float64]:
    """One value a month; a short vector holds its last value, a long one is cut."""
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))[:months]
    return np.pad(values, (0, months - len(values)), mode="edge")
