"""Hedges: swaps, caps and floors, and the counterparties behind them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from clo.deal.dates import DayCount
from clo.quantities import Day, ExpressionText, RateOrFormula, Terms, Truth

RATINGS = (
    "D", "C", "CC", "CCC-", "CCC", "CCC+", "B-", "B", "B+", "BB-", "BB", "BB+", "BBB-", "BBB", "BBB+",
    "A-", "A", "A+", "AA-", "AA", "AA+", "AAA",
)  # fmt: skip
"""Ratings from the worst to the best; an expression compares their places in this list."""


def _rating(value: Any) -> str:
    if str(value) not in RATINGS:
        fix = "write one of AAA, AA+, AA, ... BBB-, ... CCC, CC, C, D"
        raise PydanticCustomError("rating", "{value} is not a rating", {"value": repr(value), "fix": fix})
    return str(value)


Rating = Annotated[str, BeforeValidator(_rating), WithJsonSchema({"enum": list(RATINGS)})]


class Hedge(Terms):
    """What the issuer and a counterparty pay each other on a notional: `pay` and `receive` are rates a year.

    A swap has both; a cap receives max(0, index - strike), a floor max(0, strike - index). net: only the difference is
    paid. terminated: a condition under which nothing accrues any more and the counterparty owes nothing.
    """

    notional: ExpressionText
    counterparty: str
    pay: RateOrFormula | None = None
    receive: RateOrFormula | None = None
    pay_day_count: DayCount | None = None
    receive_day_count: DayCount | None = None
    net: Truth = True
    terminated: ExpressionText | None = None

    @model_validator(mode="after")
    def _some_leg(self) -> Hedge:
        if self.pay is None and self.receive is None:
            raise PydanticCustomError("hedge", "a hedge with neither leg", {"fix": "give pay:, receive: or both"})
        return self


class Counterparty(Terms):
    """A party outside the deal whose rating, by date, conditions may ask for."""

    ratings: Annotated[dict[Day, Rating], Field(min_length=1)]
