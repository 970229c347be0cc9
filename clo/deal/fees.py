"""Fees: what accrues on each payment date, and what is charged by a step."""

from __future__ import annotations

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from clo.deal.dates import DayCount
from clo.quantities import ExpressionText, Money, MoneyOrFormula, Rate, RateOrFormula, Terms


class Tier(Terms):
    """The rate of the part of a balance above the tier before and up to `up_to`; of all above it, where that is left out."""

    rate: Rate
    up_to: Money | None = None


class Fee(Terms):
    """`rate` a year, or `tiers`, `on` a balance; or an `amount` each payment date; or neither: steps charge it.

    floor, cap: the least and the most that accrues on a payment date. Unpaid fees are carried.
    """

    rate: RateOrFormula | None = None
    tiers: tuple[Tier, ...] = ()
    on: ExpressionText | None = None
    amount: MoneyOrFormula | None = None
    floor: MoneyOrFormula | None = None
    cap: MoneyOrFormula | None = None
    day_count: DayCount | None = None
    payee: str | None = None

    @property
    def accrues(self) -> bool:
        """Whether it accrues by itself on every payment date."""
        return self.rate is not None or bool(self.tiers) or self.amount is not None

    @model_validator(mode="after")
    def _one_kind(self) -> Fee:
        kinds = [self.rate is not None, bool(self.tiers), self.amount is not None]
        if sum(kinds) > 1:
            fix = "give rate: and on:, or tiers: and on:, or amount:"
            raise PydanticCustomError("fee", "a fee has either a rate, or tiers, or an amount", {"fix": fix})
        if (self.rate is not None or self.tiers) and self.on is None:
            fix = "add on: pool.opening, pool.average, pool.closing or another balance"
            raise PydanticCustomError("fee", "the balance that the fee's rate applies to is not stated", {"fix": fix})
        if not self.accrues and (self.floor, self.cap, self.on) != (None, None, None):
            fix = "give rate:, tiers: or amount:, or leave on:, floor: and cap: out"
            raise PydanticCustomError("fee", "on, floor and cap are about a fee that accrues by itself", {"fix": fix})
        edges = [tier.up_to for tier in self.tiers]
        bounds = [edge for edge in edges if edge is not None]
        if edges and (edges[-1] is not None or None in edges[:-1] or bounds != sorted(set(bounds))):
            fix = "give up_to: rising from tier to tier, and none in the last"
            raise PydanticCustomError("fee", "the tiers of the fee do not follow each other", {"fix": fix})
        return self
