"""Credit default swaps back to back: what each institution buys of the corporation on its own loans, and the corporation of the
issuer above what it keeps.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, TypeAdapter, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import AnyNames, Identifier, Money, Months, Rate, Share, Terms, Truth

_AS_RECOVERY = WithJsonSchema(
    {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^actual$|^[0-9][0-9_.]*\s*(%|bp)$"}]}
)
EVENTS = ("bankruptcy", "failure_to_pay", "restructuring")


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

    def of(self, name: str, initial: float, rest: float) -> float:
        """What that of an institution starts with. initial: its cut-off balance; rest: what the notes leave of all, a share."""
        if self.amounts is not None:
            return self.amounts[name]
        return initial * (rest if self.share == "rest" else float(self.share or 0.0))

    def first_loss(self, pool: float) -> float | None:
        """What all of them come to on a pool of this amount; None where it is what the notes leave."""
        if self.amounts is not None:
            return sum(self.amounts.values())
        return None if self.share == "rest" else float(self.share or 0.0) * pool


class Premium(Terms):
    """Paid in advance for each period: rate a year on the reference balance, or on what is covered of it (`cover`)."""

    rate: Rate
    on: Literal["reference", "cover"] = "reference"


class Premiums(Terms):
    """institutions: to the corporation, where they keep the loans; corporation: to the issuer."""

    institutions: Premium | None = None
    corporation: Premium


class CreditEvents(Terms):
    """What a loan's default must come as for the loss to be covered. What is off, the institution bears alone.

    grace: months from a missed payment to a failure to pay, which is an event only then. restructuring: terms eased for a
    borrower who cannot pay, at once.
    """

    bankruptcy: Truth = False
    failure_to_pay: Truth = False
    restructuring: Truth = False
    grace: Months = 0

    @model_validator(mode="after")
    def _some(self) -> CreditEvents:
        if not any(getattr(self, event) for event in EVENTS):
            fix = f"set one of {', '.join(EVENTS)} to true, or leave credit_events out"
            raise PydanticCustomError("credit_events", "no credit event is on: nothing would be covered", {"fix": fix})
        return self


class DefaultMix(Terms):
    """Which share of the defaults is assumed to come as each credit event; what is left comes as none."""

    bankruptcy: Share = 0.0
    failure_to_pay: Share = 0.0
    restructuring: Share = 0.0

    @model_validator(mode="after")
    def _at_most_all(self) -> DefaultMix:
        total = sum(getattr(self, event) for event in EVENTS)
        if total > 1.0 + 1e-12:
            said = {"total": f"{total:.2%}", "fix": "reduce a share: they add up to 100% at most"}
            raise PydanticCustomError("default_mix", "the mix comes to {total} of the defaults", said)
        return self


ALL_BANKRUPT = DefaultMix(bankruptcy=1.0)
"""The mix of a deal that says none."""


class Kind(NamedTuple):
    """Defaults that are events after the same months of grace: their share of all defaults, in or out of the swap."""

    share: float
    grace: int


def _recovery(value: Any) -> Any:
    if value == "actual":
        return value
    try:
        return _SHARE.validate_python(value)
    except ValidationError:
        said = {"value": repr(value), "fix": "write a share such as 10%, or actual"}
        raise PydanticCustomError("settlement_recovery", "{value} is no recovery at settlement", said) from None


_SHARE: TypeAdapter[float] = TypeAdapter(Share)


class CreditSwap(Terms):
    """determination: months from the event to its confirmation; settlement: months from there to cash. recovery: of the balance
    at the event, not paid for: a fixed share, or `actual`, what has come back of the event's loans by settlement.
    later_recoveries: what comes back beyond that stays with the institution (`kept`), or is `returned` in reverse order of loss;
    write_up: what reaches the notes is written up again, and not paid out. redeemed_at_end: notes that no repayment of loans
    redeems before legal final.

    Source: house plan, credit default swap terms; JFC's scheme outline (premiums every three months in advance).
    """

    deductible: Deductible
    credit_events: CreditEvents = CreditEvents(bankruptcy=True)
    determination: Months = 0
    settlement: Months = 0
    recovery: Annotated[float | Literal["actual"], BeforeValidator(_recovery), _AS_RECOVERY] = 0.0
    later_recoveries: Literal["kept", "returned"] = "kept"
    write_up: Truth = False
    premium: Premiums
    redeemed_at_end: AnyNames = ()

    @model_validator(mode="after")
    def _written_up(self) -> CreditSwap:
        if self.write_up and self.later_recoveries == "kept":
            fix = "say later_recoveries: returned, or remove write_up:"
            raise PydanticCustomError("write_up", "notes are written up by later recoveries, which are kept", {"fix": fix})
        return self

    def kinds(self, mix: DefaultMix | None) -> tuple[Kind, ...]:
        """Defaults that are covered, by months of grace; none where no share of the mix comes as an event that is on."""
        shares: dict[int, float] = {}
        for event in EVENTS:
            share = getattr(mix or ALL_BANKRUPT, event)
            if share and getattr(self.credit_events, event):
                grace = self.credit_events.grace if event == "failure_to_pay" else 0
                shares[grace] = shares.get(grace, 0.0) + share
        return tuple(Kind(share, grace) for grace, share in shares.items())
