"""What the two legs of a credit default swap are worth for a notional of 1, under curves of piecewise constant rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clo.analytics.valuation.decay import YEAR, Decay, Floats, years
from clo.analytics.valuation.schedule import CdsConventions, Schedule
from clo.timeline import ONE_DAY, Days, year_fraction

SMALL = 0.05
"""Below it the closed form of `_ramp` cancels, and its series, to the seventh power, does not."""
HALF_DAY = 0.5 / YEAR
"""A default falls, on average, in the middle of its day."""


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """protection: for a loss of 1 at default; premium: for a premium of 1 a year; accrual: of it, what is paid at defaults.

    All [...], the shape of the hazard curves, worth on the valuation date.
    """

    protection: Floats
    premium: Floats
    accrual: Floats


def unit_legs(schedule: Schedule, hazard: Decay, discount: Decay, conventions: CdsConventions) -> Legs:
    """Both legs, by the integral over every day of default, or with defaults in the middle of each period."""
    middle = conventions.default_time == "middle"
    # a premium is due from who survives the day before it ends: protection begins and ends with the day
    observed = schedule.paid if middle else schedule.ends - ONE_DAY
    if conventions.paid == "advance":
        observed = np.maximum(schedule.begins - (0 if middle else 1) * ONE_DAY, hazard.dates[0])
    surviving = np.exp(-hazard.exponent(observed) - discount.exponent(schedule.paid))
    coupons = surviving @ schedule.fractions
    protection, accrual = (_halfway if middle else _any_day)(schedule, hazard, discount, conventions)
    if conventions.paid == "advance" or not conventions.accrued_on_default:
        accrual = np.zeros_like(accrual)
    return Legs(protection, coupons + accrual, accrual)


def _any_day(schedule: Schedule, hazard: Decay, discount: Decay, conventions: CdsConventions) -> tuple[Floats, Floats]:
    """(protection, accrual) as integrals of -dQ(t) P(t) and of that times the premium accrued by t.

    On a step where both rates are constant, with a = the decline of ln Q, x = that of ln PQ and u the share of the step that is
    over: PQ at its start x a x the integral over u of exp(-x u), or of u exp(-x u).
    Source: R. White, The Pricing and Risk Management of Credit Default Swaps, with a Focus on the ISDA Model, OpenGamma
    Quantitative Research 16 (2013), sections 5 and 6; with the half day of the ISDA model from version 1.8.2.
    """
    nodes = _nodes(schedule, hazard, discount)
    dying, decaying = hazard.exponent(nodes), discount.exponent(nodes)
    both = dying + decaying
    dies, shrinks = np.diff(dying), np.diff(both)
    at_start = np.exp(-both[..., :-1]) * dies
    level, ramp = _level(shrinks), _ramp(shrinks)
    protection = (at_start * level).sum(axis=-1)
    period = np.clip(np.searchsorted(schedule.begins - ONE_DAY, nodes[:-1], side="right") - 1, 0, None)
    since = years(schedule.begins[period] - ONE_DAY, nodes[:-1]) + HALF_DAY
    length = years(nodes[:-1], nodes[1:])
    # the integral counts in years of 365 days, the premium in those of its day count
    scale = schedule.fractions / years(schedule.begins, schedule.ends)
    accrual = (at_start * (since * level + length * ramp)) @ scale[period]
    return protection, accrual


def _nodes(schedule: Schedule, hazard: Decay, discount: Decay) -> Days:
    """Days between which both rates are constant and no premium period ends, from protection to maturity."""
    first, last = schedule.protected_from, schedule.matures
    inner = np.concatenate((hazard.dates, discount.dates, schedule.ends[:-1] - ONE_DAY))
    return np.unique(np.concatenate((inner[(inner > first) & (inner < last)], [first, last])))


def _level(x: Floats) -> Floats:
    """The integral of exp(-x u) for u from 0 to 1."""
    safe = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, -np.expm1(-safe) / safe)


def _ramp(x: Floats) -> Floats:
    """The integral of u exp(-x u) for u from 0 to 1."""
    safe = np.where(np.abs(x) < SMALL, 1.0, x)
    series = 1 / 2 - x * (1 / 3 - x * (1 / 8 - x * (1 / 30 - x * (1 / 144 - x * (1 / 840 - x * (1 / 5760 - x / 45360))))))
    return np.where(np.abs(x) < SMALL, series, (-np.expm1(-safe) - safe * np.exp(-safe)) / safe**2)


def _halfway(schedule: Schedule, hazard: Decay, discount: Decay, conventions: CdsConventions) -> tuple[Floats, Floats]:
    """(protection, accrual) with every default of a period halfway between its start, or the valuation date, and its end."""
    ends = np.append(schedule.ends[:-1], schedule.matures)
    begins = np.append(schedule.protected_from, schedule.begins[1:])
    default = begins + (ends - begins) // 2
    dying = np.exp(-hazard.exponent(begins)) - np.exp(-hazard.exponent(ends))
    worth = dying * np.exp(-discount.exponent(default))
    over = default.copy()
    if conventions.last_day:
        over[-1] += ONE_DAY
    return worth.sum(axis=-1), worth @ year_fraction(conventions.day_count, schedule.begins, over)
