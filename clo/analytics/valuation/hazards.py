"""Hazard curves: how likely names are to live, given, or found from default probabilities or from par spreads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clo.analytics.valuation.codes import ValuationError, problem, refuse
from clo.analytics.valuation.decay import DatedCurve, Decay, Floats, date_problems, years
from clo.analytics.valuation.discounting import DiscountCurve
from clo.analytics.valuation.legs import unit_legs
from clo.analytics.valuation.schedule import STANDARD, CdsConventions, Schedule, convention_problems, premium_schedule
from clo.findings import Finding
from clo.timeline import ONE_DAY, Days, as_days

MOST_STEPS = 200
"""Of the search for a hazard rate: halving alone would need 60."""
MOST_HAZARD = 1e4
"""A year: who has it lives an hour."""
ENOUGH = 1e-15
"""Of a spread, and of the hazard rate beside 1."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HazardCurve(DatedCurve):
    """dates: datetime64[D] [n + 1], ascending, the first the valuation date; hazards: float64 [..., n], decimals a year ACT/365F.

    The hazard rate is constant between dates, and the last goes on. Leading axes of `hazards` are names, which share the dates.
    Raises ValuationError with all that is wrong. Source: survival = exp(-sum of hazard x years).
    """

    hazards: Floats

    def __post_init__(self) -> None:
        self._hold("hazards", _problems, _decay)

    @property
    def names(self) -> tuple[int, ...]:
        """The shape of the names; () for one."""
        return self.hazards.shape[:-1]

    @classmethod
    def flat(cls, date: Any, hazard: ArrayLike) -> HazardCurve:
        """One hazard rate for all dates: a number, or an array [...] with one for each name."""
        start = as_days(date)
        return cls(np.array([start, start + 365 * ONE_DAY]), np.asarray(hazard, dtype=np.float64)[..., None])

    @classmethod
    def from_pds(cls, date: Any, dates: Any, pds: ArrayLike) -> HazardCurve:
        """Cumulative probabilities of default [..., n] by each of the dates [n] after `date`."""
        days, given = np.append(as_days(date), as_days(dates)), np.asarray(pds, dtype=np.float64)
        refuse([*date_problems("default probabilities", days, given, one_less=True), *_pd_problems(given)])
        died = -np.log1p(-np.concatenate((np.zeros((*given.shape[:-1], 1)), given), axis=-1))
        return cls(days, np.diff(died, axis=-1) / years(days[:-1], days[1:]))

    @classmethod
    def from_spreads(
        cls,
        maturities: Any,
        spreads: ArrayLike,
        *,
        recovery: ArrayLike,
        discount: DiscountCurve,
        conventions: CdsConventions = STANDARD,
    ) -> HazardCurve:
        """Under which swaps at par spreads [..., n] a year to each of the maturities [n] have those as fair premiums.

        recovery: a number, or one for each name [...]. The hazard rate is constant between maturities. Raises ValuationError
        where no rate of 0 or more matches a spread.
        Source: the bootstrap of the ISDA CDS Standard Model.
        """
        ends, quoted = np.atleast_1d(as_days(maturities)), np.asarray(spreads, dtype=np.float64)
        days = np.append(discount.date, ends)
        quoted = quoted[..., None] if quoted.ndim == 0 else quoted
        recovered = np.asarray(recovery, dtype=np.float64)
        names = shared_shape({"spreads": quoted.shape[:-1], "recovery": recovered.shape})
        refuse(
            [
                *date_problems("spreads", days, quoted, one_less=True),
                *rate_problems("spread", quoted),
                *recovery_problems(recovered),
                *convention_problems(conventions),
            ]
        )
        quoted = np.broadcast_to(quoted, (*names, len(ends))).reshape(-1, len(ends))
        loss = np.broadcast_to(1.0 - recovered, names).reshape(-1)
        hazards = np.zeros((len(loss), 0))
        for n, maturity in enumerate(ends):
            schedule = premium_schedule(discount.date, maturity, conventions)
            found = _Pillar(schedule, days[: n + 2], hazards, loss, discount, conventions).solve(quoted[:, n])
            hazards = np.column_stack((hazards, found))
        return cls(days, hazards.reshape(*names, len(ends)))

    def survival(self, dates: Any) -> Floats:
        """The probability of no default by the end of each date [..., dates]."""
        return np.exp(-self.decay.exponent(dates))

    def default_probability(self, dates: Any) -> Floats:
        """The probability of a default by the end of each date [..., dates]."""
        return -np.expm1(-self.decay.exponent(dates))

    def __repr__(self) -> str:
        names = f" of {int(np.prod(self.names)):,} names" if self.names else ""
        return f"<HazardCurve{names} from {self.date}: {len(self.dates) - 1:,} dates to {self.dates[-1]}>"


@dataclass(frozen=True, slots=True, eq=False)
class _Pillar:
    """The swap to one maturity, when the hazard rates [name, n] up to the one before are known."""

    schedule: Schedule
    days: Days
    known: Floats
    loss: Floats
    discount: DiscountCurve
    conventions: CdsConventions

    def excess(self, hazard: Floats, spreads: Floats) -> tuple[Floats, Floats]:
        """(protection less premium at the spread, both for a notional of 1; the annuity), with this rate in the last step."""
        curve = _decay(self.days, np.column_stack((self.known, hazard)))
        legs = unit_legs(self.schedule, curve, self.discount.decay, self.conventions)
        annuity = legs.premium - self.schedule.accrued * float(self.discount.at(self.schedule.settles))
        return self.loss * legs.protection - spreads * annuity, annuity

    def solve(self, spreads: Floats) -> Floats:
        """The rates with which the legs are equal: secants, and halving where a secant leaves the bracket."""
        low, high = np.zeros_like(spreads), np.full_like(spreads, MOST_HAZARD)
        below, above = self.excess(low, spreads)[0], self.excess(high, spreads)[0]
        refuse(_unmatched(spreads, below, above, self.days[-1]))
        last, at_last = low, below
        guess = np.minimum(spreads / self.loss, MOST_HAZARD)
        for _ in range(MOST_STEPS):
            value, annuity = self.excess(guess, spreads)
            done = (np.abs(value) <= ENOUGH * annuity) | (high - low <= ENOUGH * (1.0 + low))
            if done.all():
                break
            low, high = np.where(value < 0.0, guess, low), np.where(value < 0.0, high, guess)
            rise = value - at_last
            with np.errstate(divide="ignore", invalid="ignore"):
                secant = guess - value * (guess - last) / rise
            inside = (secant > low) & (secant < high)
            step = np.where(done, guess, np.where(inside, secant, (low + high) / 2))
            last, at_last, guess = guess, value, step
        return guess


def _decay(days: Days, hazards: Floats) -> Decay:
    grown = np.cumsum(hazards * years(days[:-1], days[1:]), axis=-1)
    return Decay(days, np.concatenate((np.zeros((*hazards.shape[:-1], 1)), grown), axis=-1))


def _problems(dates: Days, hazards: Floats) -> Iterator[Finding]:
    yield from date_problems("hazard curve", dates, hazards, one_less=True)
    if (hazards < 0.0).any():
        yield problem("E-V004", f"a hazard rate is {hazards.min():g}", field="hazards", value=f"{hazards.min():g}")


def _pd_problems(pds: Floats) -> Iterator[Finding]:
    outside = pds[~((pds >= 0.0) & (pds < 1.0))]
    if outside.size:
        yield problem("E-V005", f"{outside[0]:g} is not from 0 to below 1", field="pds", value=f"{outside[0]:g}")
    elif pds.ndim and (np.diff(pds, axis=-1) < 0.0).any():
        yield problem("E-V005", "a later probability is below an earlier one", field="pds")


def shared_shape(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape to which all of them broadcast. Raises ValuationError where there is none."""
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValuationError([problem("E-V015", f"the shapes are {told}")]) from None


def rate_problems(field_name: str, rates: Floats) -> Iterator[Finding]:
    """Premiums or spreads that are negative or no numbers."""
    wrong = rates[~((rates >= 0.0) & np.isfinite(rates))]
    if wrong.size:
        yield problem("E-V012", f"{wrong.size:,} of {rates.size:,}: {wrong[0]:g}", field=field_name, value=f"{wrong[0]:g}")


def recovery_problems(recovery: Floats) -> Iterator[Finding]:
    """Recoveries outside [0, 1)."""
    wrong = recovery[~((recovery >= 0.0) & (recovery < 1.0))]
    if wrong.size:
        yield problem("E-V010", f"{wrong.size:,} of {recovery.size:,}: {wrong[0]:g}", field="recovery", value=f"{wrong[0]:g}")


def _unmatched(spreads: Floats, below: Floats, above: Floats, maturity: np.datetime64) -> Iterator[Finding]:
    """Spreads that are already earned without any default after the maturity before, or never."""
    for wrong, said in ((below > ENOUGH, "is too low beside the earlier ones: it"), (above < -ENOUGH, "is so high that it")):
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            message = f"the spread {spreads[at]:.4%} to {maturity} {said} asks for a hazard rate {_beyond(below[at])}"
            who = f"name {at + 1:,}" if spreads.size > 1 else ""
            yield problem("E-V006", message, who=who, field="spreads", value=f"{spreads[at]:g}")


def _beyond(below: float) -> str:
    return "below 0" if below > 0.0 else "without limit"
