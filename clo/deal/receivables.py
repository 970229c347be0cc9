"""Receivables that are bought (売掛金債権証券化等): what is lent on them, what is never paid, and how long more are bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Day, Identifier, Price, Share, Shares, Terms, Truth


def _said_how(value: Any) -> str:
    return "terms" if isinstance(value, Mapping) else "shares"


Dilution = Annotated[
    Annotated[Shares, Tag("shares")] | Annotated[dict[Identifier, Shares], Tag("terms")], Discriminator(_said_how)
]
"""A share of what falls due, or one for each payment; for all sub-pools, or by sub-pool."""


class Ratio(Terms):
    """A ratio of the last payments together, and the level above which it stops purchases."""

    above: Share
    payments: Annotated[int, Field(ge=1, le=60, strict=True)] = 1


class Stops(Terms):
    """What ends the revolving period for good.

    default_ratio: what defaulted, of the balance at the start of the period. dilution_ratio: what was diluted, of what fell due.
    deficiency: all the cash there is would not bring the loans down to the borrowing base. seller_default: a seller is rated D.
    """

    default_ratio: Ratio | None = None
    dilution_ratio: Ratio | None = None
    deficiency: Truth = False
    seller_default: Truth = False

    @property
    def some(self) -> bool:
        return bool(self.default_ratio or self.dilution_ratio or self.deficiency or self.seller_default)


class Revolving(Terms):
    """until: the last date on which receivables are bought, each sub-pool up to its balance at the cut-off."""

    until: Day


class Receivables(Terms):
    """advance_rate: what is lent at most, of the face of what is eligible. price: of face, at closing and later.

    dilution: the share of what falls due that is credited to debtors and never paid, one for all sub-pools or by sub-pool; a list
    has one for each payment, the last for all that follow. deferred: when sellers get what is left in amortisation: as soon as
    the loans are `covered` by the advance rate, or once they are `repaid`.
    """

    advance_rate: Share
    price: Price = 1.0
    dilution: Dilution = 0.0
    revolving: Revolving | None = None
    stops: Stops = Stops()
    deferred: Literal["covered", "repaid"] = "covered"

    @model_validator(mode="after")
    def _within_the_price(self) -> Receivables:
        if self.price > 1.0:
            said = {"price": f"{self.price:.2%}", "fix": "receivables bear no interest: write a price of 100% or less"}
            raise PydanticCustomError("receivables", "a price of {price} is above what debtors pay", said)
        if self.advance_rate > self.price:
            said = {"rate": f"{self.advance_rate:.2%}", "price": f"{self.price:.2%}"}
            fix = {"fix": "lend at most what is paid: reduce advance_rate:"}
            raise PydanticCustomError("receivables", "an advance rate of {rate} is above the price of {price}", said | fix)
        if self.stops.some and self.revolving is None and self.deferred == "repaid":
            fix = {"fix": "add revolving:, or deferred: covered, or remove stops:"}
            raise PydanticCustomError("receivables", "there is nothing to stop: nothing is bought or let go before the end", fix)
        return self

    def dilution_of(self, pool: str) -> tuple[float, ...]:
        """The shares of a sub-pool by payment; one for all payments where it is not a list."""
        shares = self.dilution.get(pool, 0.0) if isinstance(self.dilution, dict) else self.dilution
        return shares if isinstance(shares, tuple) else (shares,)
