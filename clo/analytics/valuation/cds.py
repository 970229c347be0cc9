"""What credit default swaps are worth: one, or a portfolio of them in one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.analytics.valuation.codes import problem, refuse
from clo.analytics.valuation.decay import Decay, Floats
from clo.analytics.valuation.discounting import DiscountCurve
from clo.analytics.valuation.hazards import HazardCurve, rate_problems, recovery_problems, shared_shape
from clo.analytics.valuation.legs import unit_legs
from clo.analytics.valuation.schedule import STANDARD, CdsConventions, convention_problems, premium_schedule
from clo.findings import Finding
from clo.timeline import Days, as_days

if TYPE_CHECKING:
    import pandas as pd

Amount = NDArray[np.float64] | np.float64
PAR = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class CdsValue:
    """Worth on the valuation date, in the currency of the notional; numbers, or arrays in the shape of what was given.

    protection_leg: what is paid at defaults. premium_leg: all premiums, the running one whole; of it accrual_on_default is paid
    at defaults. accrued: premium accrued by the day after the valuation date, which a buyer gets back at settlement.
    risky_annuity: the premium leg of a premium of 1 and a notional of 1, without what has accrued. fair_premium: a year, at which
    nothing is paid up front. upfront: what the buyer pays the seller at settlement, beside getting the accrued premium (below 0:
    is paid).
    """

    notional: Amount
    protection_leg: Amount
    premium_leg: Amount
    accrual_on_default: Amount
    accrued: Amount
    risky_annuity: Amount
    fair_premium: Amount
    upfront: Amount

    @property
    def value(self) -> Amount:
        """Of the swap as it stands, to the buyer of protection: protection leg less premium leg."""
        return self.protection_leg - self.premium_leg

    @property
    def clean_price(self) -> Amount:
        """100 less the upfront in percent of the notional, as standard contracts are quoted."""
        return PAR * (1.0 - self.upfront / self.notional)

    @property
    def dirty_price(self) -> Amount:
        """The same with the accrued premium settled: what 100 of risk taken on cost, net."""
        return PAR * (1.0 - (self.upfront - self.accrued) / self.notional)

    def to_frame(self) -> pd.DataFrame:
        """One row a swap."""
        import pandas as pd  # noqa: PLC0415  (heavy: loaded only when somebody asks for the frame)

        names = (*self.__slots__, "value", "clean_price", "dirty_price")
        return pd.DataFrame({name: np.ravel(getattr(self, name)) for name in names})


def value_cds(
    maturity: Any,
    premium: ArrayLike,
    *,
    recovery: ArrayLike,
    hazard: HazardCurve,
    discount: DiscountCurve,
    notional: ArrayLike = 1.0,
    start: Any = None,
    conventions: CdsConventions = STANDARD,
) -> CdsValue:
    """What credit default swaps are worth to their buyers, on the valuation date of the curves.

    maturity, premium (a year, decimal), recovery (share), notional: each a number or an array that broadcasts with the others
    and with the names of the hazard curve. start: the day from which the first premium accrues; without it the standard
    contract's, the last premium date on or before the day after the valuation date. Raises ValuationError with all that is wrong.
    Source: ISDA CDS Standard Model; R. White, The Pricing and Risk Management of Credit Default Swaps, with a Focus on the ISDA
    Model, OpenGamma Quantitative Research 16 (2013).
    """
    matures = as_days(maturity)
    begins = None if start is None else as_days(start)
    numbers = [np.asarray(each, dtype=np.float64) for each in (premium, recovery, notional)]
    names = ("premium", "recovery", "notional")
    shapes = {"maturity": matures.shape, **{name: each.shape for name, each in zip(names, numbers, strict=True)}}
    shape = shared_shape(shapes | {"hazard": hazard.names} | ({} if begins is None else {"start": begins.shape}))
    refuse(_problems(matures, numbers, hazard, discount, begins, conventions))
    days = np.broadcast_to(matures, shape).reshape(-1)
    rates, recovered, size = (np.broadcast_to(each, shape).reshape(-1) for each in numbers)
    since = None if begins is None else np.broadcast_to(begins, shape).reshape(-1)
    curves = np.broadcast_to(hazard.decay.exponents, (*shape, len(hazard.dates))).reshape(-1, len(hazard.dates))
    protection, annuity, dying, accrued, settled = np.zeros((5, len(days)))
    for own, first in _alike(days, since):
        schedule = premium_schedule(discount.date, days[own[0]], conventions, first)
        exponents = curves[own] if hazard.names else curves[:1]
        legs = unit_legs(schedule, Decay(hazard.dates, exponents), discount.decay, conventions)
        protection[own], annuity[own], dying[own] = legs.protection, legs.premium, legs.accrual
        accrued[own], settled[own] = schedule.accrued, discount.at(schedule.settles)
    clean = annuity - accrued * settled
    paid = size * (1.0 - recovered) * protection
    premiums = size * rates * annuity
    owed = size * rates * accrued
    with np.errstate(divide="ignore", invalid="ignore"):
        fair = (1.0 - recovered) * protection / clean
    upfront = (paid - premiums) / settled + owed
    columns = (size, paid, premiums, size * rates * dying, owed, clean, fair, upfront)
    return CdsValue(*(np.array(column).reshape(shape)[()] for column in columns))


def _alike(days: Days, since: Days | None) -> Iterator[tuple[NDArray[np.intp], Any]]:
    """The swaps that share their dates: their places, and where their first premium begins."""
    keys = days.astype(np.int64) if since is None else np.stack((days.astype(np.int64), since.astype(np.int64)), axis=-1)
    _, which = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(which, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
        yield own, None if since is None else since[own[0]]


def _problems(
    matures: Days,
    numbers: list[Floats],
    hazard: HazardCurve,
    discount: DiscountCurve,
    begins: Days | None,
    conventions: CdsConventions,
) -> Iterator[Finding]:
    premium, recovery, notional = numbers
    yield from convention_problems(conventions)
    yield from rate_problems("premium", premium)
    yield from recovery_problems(recovery)
    if not ((notional > 0.0) & np.isfinite(notional)).all():
        yield problem("E-V013", f"a notional is {notional.min():g}", field="notional", value=f"{notional.min():g}")
    if hazard.date != discount.date:
        yield problem("E-V014", f"the hazard curve is of {hazard.date}, the discount curve of {discount.date}", field="hazard")
    late = discount.date if begins is None else np.maximum(discount.date, begins)
    wrong = ~(matures > late)  # nor is a date that is missing after any other
    if wrong.any():
        day = str(np.broadcast_to(matures, wrong.shape)[wrong][0])
        yield problem("E-V011", f"{int(wrong.sum()):,} of {wrong.size:,}: {day}", field="maturity", value=day)
