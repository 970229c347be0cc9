"""Dates of a deal, what accrues between them, and numbers that a deal gives by date."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Day, NumberOrRate, Terms
from clo.schema import MONTHS_BETWEEN

DayCount = Literal[
    "1/12", "30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360",
    "ACT/360", "ACT/365F", "ACT/365L", "NL/365", "ACT/ACT ISDA",
]  # fmt: skip


class Dates(Terms):
    """Adjusted dates. Collections after the cut-off belong to the deal."""

    cutoff: Day
    closing: Day
    first_payment: Day
    legal_final: Day


class Payments(Terms):
    """When notes pay. `accrual`: whether interest accrues between adjusted or unadjusted payment dates."""

    frequency: Literal["monthly", "quarterly", "semi_annual", "annual"]
    day: Annotated[int, Field(ge=1, le=31)]
    calendar: Literal["JP", "weekends", "none"]
    business_day: Literal["following", "modified_following", "preceding", "unadjusted"]
    accrual: Literal["adjusted", "unadjusted"] = "adjusted"

    @property
    def months_between(self) -> int:
        return MONTHS_BETWEEN[self.frequency]


class IndexCurve(Terms):
    """Fixings of an index: a column of a CSV file beside the deal file, under the index's own name unless said.

    Between two dates the earlier rate holds (step) or the line between them (linear); after the last, `extrapolation`.
    """

    file: str
    column: str | None = None
    interpolation: Literal["step", "linear"] = "step"
    extrapolation: Literal["none", "flat"] = "none"


class Schedule(Terms):
    """Numbers by date or by payment, which expressions ask for as `schedule.NAME`. One of three.

    level: what is in force from each date on (before the first, the first). flow: amounts, each due on the first payment
    date on or after its date. payments: one number for each payment; the last holds.
    """

    level: dict[Day, NumberOrRate] | None = None
    flow: dict[Day, NumberOrRate] | None = None
    payments: tuple[NumberOrRate, ...] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Schedule:
        given = [kind for kind in (self.level, self.flow, self.payments) if kind is not None]
        if len(given) != 1 or not given[0]:
            fix = "give one of level:, flow: (date: number) and payments: [number, ...]"
            raise PydanticCustomError("schedule", "a schedule is one of level, flow and payments", {"fix": fix})
        return self

    @property
    def by_date(self) -> dict[date, float]:
        return dict(sorted((self.level or self.flow or {}).items()))
