"""The monthly shares that a scenario assumes of each cell: who defaults, prepays, is bought back, and the fee for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import (
    Cumulative,
    LoanPd,
    Survival,
    TermStructure,
    cumulative_hazard,
    scaled,
    survival_hazard,
)
from clo.behaviour.rates import by_month, mdr_from_cdr, smm_from_cpr
from clo.findings import Finding, InputError
from clo.pool.cells import Cell

Floats = NDArray[np.float64]


class Hazards(NamedTuple):
    """Monthly shares by cell [c, t]. known [c]: cells whose defaults are the tape's. fee: of what is prepaid.

    repurchase: of the balance left; bought: the part of it that no substitute replaces. amounts [t]: what defaults in each month
    in the currency of the tape, in place of `default`; None where that is a share.
    """

    known: NDArray[np.bool_]
    default: Floats
    prepayment: Floats
    repurchase: Floats
    bought: Floats
    fee: Floats
    amounts: Floats | None

    @property
    def keep(self) -> Floats:
        """Share of what is left after the instalment that is neither bought back nor prepaid [c, t]."""
        return np.asarray((1.0 - self.bought) * (1.0 - self.prepayment))


def hazards_of(cells: Sequence[Cell], assumed: Behaviour, months: int, initial: float, index: Mapping[str, Floats]) -> Hazards:
    """Hazards of a group whose balance at the cut-off is `initial`; index: fixings [t + 1] by name, where incentives need them.

    Raises InputError where a ramp or an incentive drives a CPR to 100% or beyond.
    """
    amounts = None
    if isinstance(assumed.defaults, Cumulative) and assumed.defaults.of == "balance":
        amounts = assumed.defaults.cumulative * initial * assumed.defaults.distribution(months)
    rows = [
        (_default(cell, assumed, months), _cpr(cell, assumed, months, index), _repurchase(cell, assumed, months),
         _fee(cell, assumed, months))
        for cell in cells
    ]  # fmt: skip
    default, cpr, repurchase, fee = (np.stack(column) for column in zip(*rows, strict=True))
    findings = list(_too_fast(cells, cpr))
    if findings:
        raise InputError(findings)
    known = np.asarray([cell.known for cell in cells])
    smm = np.asarray(smm_from_cpr(cpr)) if assumed.smm is None else np.tile(by_month(assumed.smm, months), (len(cells), 1))
    smm[known] = 0.0
    kept = 0.0 if assumed.repurchase is None else assumed.repurchase.substitution
    return Hazards(known, default, smm, repurchase, repurchase * (1.0 - kept), fee, amounts)


def _default(cell: Cell, assumed: Behaviour, months: int) -> Floats:
    model = assumed.defaults
    if assumed.cdr is not None:
        hazard = np.asarray(mdr_from_cdr(by_month(assumed.cdr, months)))
    elif isinstance(model, Cumulative):
        hazard = cumulative_hazard(model, months) if model.of == "loans" else np.zeros(months)
    elif isinstance(model, LoanPd):
        hazard = np.full(months, float(mdr_from_cdr(float(cell.default_class))))
    elif isinstance(model, TermStructure):
        hazard = model.hazard(str(cell.default_class), cell.age if model.since == "origination" else 0, months)
    elif isinstance(model, Survival):
        hazard = survival_hazard(model.survival, cell.age if model.since == "origination" else 0, months)
    else:
        return np.zeros(months)
    return hazard if cell.scale == 1.0 else scaled(hazard, cell.scale)


def _cpr(cell: Cell, assumed: Behaviour, months: int, index: Mapping[str, Floats]) -> Floats:
    cpr = np.zeros(months) if assumed.cpr is None else by_month(assumed.cpr, months)
    if assumed.prepayment_ramp is not None:
        cpr = assumed.prepayment_ramp.cpr(cell.age, months)
    if assumed.prepayment_incentive is not None and cell.follows:
        factor = assumed.prepayment_incentive.factor(index[cell.follows][: months + 1])
        cpr = cpr * np.nan_to_num(factor, nan=1.0)  # months without a fixing come after the last loan
    return cpr


def _too_fast(cells: Sequence[Cell], cpr: Floats) -> Iterator[Finding]:
    """The first month in which loans of some index, or of none, would all prepay and more."""
    for follows in dict.fromkeys(cell.follows for cell in cells):
        own = cpr[[cell.follows == follows for cell in cells]].max(axis=0)
        if (own >= 1.0).any():
            month = int(np.flatnonzero(own >= 1.0)[0]) + 1
            message = f"the CPR of month {month} comes to {own[month - 1]:.4g}" + (f" for loans on {follows}" if follows else "")
            field = "prepayment_incentive" if follows else "prepayment_ramp"
            rule, fix = "a CPR is below 100%", "lower the speed or the sensitivity"
            yield Finding("E-A037", "error", message, rule, fix, field=field)


def _repurchase(cell: Cell, assumed: Behaviour, months: int) -> Floats:
    return np.zeros(months) if assumed.repurchase is None else assumed.repurchase.shares(months, breached=cell.breached)


def _fee(cell: Cell, assumed: Behaviour, months: int) -> Floats:
    """Of what is prepaid, by year of the loan's age: its next month is the (age + 1)th of its life."""
    fee = assumed.prepayment_fee
    if not isinstance(fee, tuple):
        return np.full(months, fee or 0.0)
    year = (cell.age + np.arange(months)) // 12
    return np.append(np.asarray(fee), 0.0)[np.minimum(year, len(fee))]
