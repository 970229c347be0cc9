"""Credit default swaps back to back: what each institution buys of the corporation on its own loans, and the corporation of the
issuer above what it keeps.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Identifier, Money, Rate, Share, Terms, Truth

Months = Annotated[int, Field(ge=0, le=60, strict=True)]


class Deductible(Terms):
    """The first loss that each institution keeps on its own loans (免責金額), never of another's.

    share: of its cut-off balance; `rest`: what the notes leave of the pool, in the same share for all. amounts: by sub-pool.
    falls: what is unused falls in the proportion of the reference balance that is repaid or prepaid; otherwise it stays.
    """

    share: Share | Literal["rest"] | None = None
    amounts: dict[Identifier, Money] | None = None
    falls: Truth = False

    @model_validator(mode="after")
    def _one(self) -> Deductible:
        if (self.share is None) == (self.amounts is None):
            fix = "give share: (3.67%, or rest) or amounts: (by sub-pool)"
            raise PydanticCustomError("deductible", "a deductible is either a share or amounts", {"fix": fix})
        return self


class Premium(Terms):
    """Paid in advance for each period: rate a year on the reference balance, or on what is covered of it (`cover`)."""

    rate: Rate
    on: Literal["reference", "cover"] = "reference"


class Premiums(Terms):
    """institutions: to the corporation, where they keep the loans; corporation: to the issuer."""

    institutions: Premium | None = None
    corporation: Premium


class CreditEvents(Terms):
    """The share of defaults that comes as each event, and is covered; what comes otherwise the institution bears alone.

    grace: months from the default to a failure to pay, which is an event only then.
    """

    bankruptcy: Share = 0.0
    failure_to_pay: Share = 0.0
    grace: Months = 0

    @model_validator(mode="after")
    def _some(self) -> CreditEvents:
        total = self.bankruptcy + self.failure_to_pay
        if not 0.0 < total <= 1.0 + 1e-12:
            said = {"total": f"{total:.2%}", "fix": "the shares of defaults that are covered add up to 100% at most"}
            raise PydanticCustomError("credit_events", "the credit events cover {total} of the defaults", said)
        return self


class CreditSwap(Terms):
    """determination: months from the event to its confirmation; settlement: months from there to cash; recovery: the fixed
    share of the balance at the event that is not paid for. Source: house plan, credit default swap terms; JFC's scheme outline
    (premiums every three months in advance).
    """

    deductible: Deductible
    credit_events: CreditEvents = CreditEvents(bankruptcy=1.0)
    determination: Months = 0
    settlement: Months = 0
    recovery: Share = 0.0
    premium: Premiums
