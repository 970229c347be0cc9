"""Liabilities: tranches and their coupons, and groups of tranches that are paid as one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from clo.deal.dates import DayCount
from clo.deal.ratings import AnyRating
from clo.quantities import (
    Day,
    ExpressionText,
    Formula,
    Money,
    Names,
    Number,
    Price,
    Rate,
    RateOrFormula,
    SignedRate,
    Terms,
    Truth,
    written_as,
)


class StepUp(Terms):
    """What is added to a coupon for accrual periods that begin on a date or later, or while a condition holds."""

    add: SignedRate
    since: Annotated[Day | None, Field(alias="from")] = None
    when: ExpressionText | None = None

    @model_validator(mode="after")
    def _one_reason(self) -> StepUp:
        if (self.since is None) == (self.when is None):
            fix = "give from: (a date) or when: (a condition)"
            raise PydanticCustomError("step_up", "a step-up has either a date or a condition", {"fix": fix})
        return self


class Coupon(Terms):
    """multiplier x index + margin + step-ups, at least `floor`, at most `cap`. Without an index: margin + step-ups.

    index: a curve of the deal, fixed where the accrual period begins. A negative multiplier is an inverse floater.
    """

    index: str | None = None
    multiplier: Number = 1.0
    margin: SignedRate = 0.0
    step_ups: tuple[StepUp, ...] = ()
    floor: SignedRate | None = None
    cap: SignedRate | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Coupon:
        if self.floor is not None and self.cap is not None and self.floor > self.cap:
            said = {"floor": f"{self.floor:.4%}", "cap": f"{self.cap:.4%}", "fix": "the floor is at most the cap"}
            raise PydanticCustomError("coupon", "the floor {floor} is above the cap {cap}", said)
        return self

    def __str__(self) -> str:
        times = "" if self.multiplier == 1.0 else f"{self.multiplier:g} x "
        parts = [f"{times}{self.index}"] if self.index is not None else []
        if self.margin or not parts:
            parts.append(f"{self.margin:.2%}")
        parts += [f"{step.add:.2%} {f'from {step.since}' if step.since else f'if {step.when}'}" for step in self.step_ups]
        bounds = [f"{word} {bound:.2%}" for word, bound in (("floor", self.floor), ("cap", self.cap)) if bound is not None]
        return ", ".join([" + ".join(parts), *bounds])


AnyCoupon = Annotated[
    Annotated[Rate, Tag("number")] | Annotated[Formula, Tag("formula")] | Annotated[Coupon, Tag("terms")],
    Discriminator(written_as),
]


class Tranche(Terms):
    """A class of notes or certificates. size: an amount, or `rest` (what backs the tranches less the others).

    coupon: a rate, a formula, or its terms; none: a residual. notional: what interest accrues on, where it is not the
    balance. interest_on_unpaid: what interest carried forward earns, `coupon` for the tranche's own rate. denomination:
    interest is rounded once a note of it; principal_per_note: principal is paid in a whole amount a note as well.
    """

    size: Money | Literal["rest"]
    coupon: AnyCoupon | None = None
    day_count: DayCount | None = None
    notional: ExpressionText | None = None
    interest_on_unpaid: Literal["coupon"] | RateOrFormula | None = None
    holder: str = "investors"
    deferrable: Truth = False
    denomination: Annotated[Money, Field(gt=0)] | None = None
    principal_per_note: Truth = False
    issue_price: Price = 1.0
    rating: AnyRating | None = None

    @model_validator(mode="after")
    def _notes(self) -> Tranche:
        if self.principal_per_note and self.denomination is None:
            fix = "add denomination:, or remove principal_per_note"
            raise PydanticCustomError("tranche", "principal_per_note without a denomination", {"fix": fix})
        bare = [key for key in ("notional", "interest_on_unpaid", "day_count") if getattr(self, key) is not None]
        if self.coupon is None and bare:
            said = {"keys": ", ".join(bare), "fix": "add coupon:, or leave them out"}
            raise PydanticCustomError("tranche", "{keys} without a coupon: no interest accrues", said)
        return self

    @property
    def coupon_text(self) -> str:
        """The coupon in few words: `1.60%`, `TIBOR_3M + 0.50%`, or its formula; nothing where there is none."""
        if isinstance(self.coupon, Coupon):
            return str(self.coupon)
        return format(self.coupon, ".2%") if isinstance(self.coupon, float) else self.coupon or ""

    def divides(self, size: float) -> bool:
        """Whether a size is a whole number, one or more, of notes of the denomination; always where there is none."""
        if self.denomination is None:
            return True
        notes = size / self.denomination
        return notes > 0.5 and abs(notes - round(notes)) <= 1e-12 * notes


class Group(Terms):
    """Tranches that steps may name as one. how: in which order its members are paid when the group is."""

    tranches: Names
    how: Literal["sequential", "pro_rata"] = "pro_rata"
