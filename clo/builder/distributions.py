"""What is drawn of a loan, as data. Every distribution says where it comes from: a source, or `assumed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Money, Number, Rate, Share, SignedRate, Terms, Word
from clo.schema import MONTHS_BETWEEN

DAYS_A_MONTH = 365.25 / 12.0
NEAR_ONE = 1e-9

Repaid = Literal["equal_principal", "level_payment", "bullet"]
Frequency = Literal["monthly", "quarterly", "semi_annual", "annual"]
Words = Annotated[str, Field(min_length=1)]


def _to_one(shares: Mapping[object, float]) -> Mapping[object, float]:
    total = sum(shares.values())
    if abs(total - 1.0) > NEAR_ONE:
        fix = f"add or take away {abs(1.0 - total):.6g}"
        raise PydanticCustomError("shares", "the shares add up to {total}, not 1", {"total": f"{total:.6g}", "fix": fix})
    return shares


def _yen(value: float) -> int:
    if value != int(value) or value < 1:
        fix = "write an amount of 1 or more in whole currency units"
        raise PydanticCustomError("whole", "{value} is not a whole amount", {"value": f"{value:g}", "fix": fix})
    return int(value)


Amount = Annotated[Money, AfterValidator(_yen), PlainSerializer(int)]
"""Whole currency units, 1 or more."""
Correlation = Annotated[Number, Field(ge=0.0, le=1.0)]
MonthShares = Annotated[dict[Annotated[int, Field(ge=0, le=600)], Share], AfterValidator(_to_one)]
ClassShares = Annotated[dict[Annotated[int, Field(ge=1, le=9)], Share], AfterValidator(_to_one)]


class Distribution(Terms):
    """source: where it comes from, in words that may name several sources; `assumed` where nothing is behind it."""

    source: Words = "assumed"


class Sizes(Distribution):
    """Balances at the cut-off: lognormal, truncated to the limits. What was lent is a whole number of units.

    spread: standard deviation of the logarithm, before the limits cut it off. known: balances of the largest borrowers, where
    they are known. heaped: share of the loans within a quarter of one of the round amounts `heaps` that are of that amount.
    """

    smallest: Amount
    largest: Amount
    spread: Annotated[Number, Field(ge=0.0, le=3.0)]
    unit: Amount = 1_000_000
    heaps: tuple[Amount, ...] = ()
    heaped: Share = 0.0
    known: tuple[Amount, ...] = ()

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest balance in whole units."""
        return int(-(-self.smallest // self.unit)), int(self.largest // self.unit)


class Lenders(Distribution):
    """How unevenly firms are spread over institutions: standard deviation of the logarithm of an institution's weight."""

    spread: Annotated[Number, Field(ge=0.0, le=3.0)]


class Months(Distribution):
    """Shares of loans by a number of months."""

    shares: MonthShares


class Industries(Distribution):
    """Shares of borrowers by industry."""

    shares: Annotated[dict[Word, Share], AfterValidator(_to_one)]
    scheme: Words = "JSIC"


class EnterpriseSizes(Distribution):
    """Shares of borrowers by size class. correlation: of the normal scores of class and balance."""

    shares: Annotated[dict[Literal["MICE", "SMAE", "MEDE", "LARE"], Share], AfterValidator(_to_one)]
    correlation: Correlation = 0.0


class ObligorTypes(Distribution):
    """Shares of borrowers by legal form; a sole proprietor is of one of the two smallest size classes.

    correlation: of the normal scores of form, corporations above sole proprietors, and balance.
    """

    shares: Annotated[dict[Literal["corp", "sole_prop"], Share], AfterValidator(_to_one)]
    correlation: Correlation = 0.0


class Repayment(Distribution):
    """Shares of loans by kind of repayment, and how often instalments and interest are paid.

    A level payment pays both as often as principal.
    """

    shares: Annotated[dict[Repaid, Share], AfterValidator(_to_one)]
    principal: Frequency = "monthly"
    interest: Frequency = "monthly"

    @property
    def step(self) -> int:
        """Months between instalments."""
        return MONTHS_BETWEEN[self.principal]


class Ages(Distribution):
    """How many months before the cut-off loans were made, evenly from youngest to oldest."""

    youngest: Annotated[Number, Field(ge=0.0, le=240.0)]
    oldest: Annotated[Number, Field(ge=0.0, le=240.0)]

    @model_validator(mode="after")
    def _in_order(self) -> Ages:
        if self.youngest > self.oldest:
            raise PydanticCustomError("order", "youngest is above oldest", {"fix": "youngest is the smaller number of months"})
        return self


class Classes(Distribution):
    """Shares of loans by credit class, and each class's probability of default within a year.

    The classes are those of the guarantee fee table: 1 pays the highest fee, 9 the lowest.
    """

    shares: ClassShares
    pd: dict[Annotated[int, Field(ge=1, le=9)], Share]

    @model_validator(mode="after")
    def _every_class(self) -> Classes:
        without = [number for number in self.shares if number not in self.pd]
        if without:
            context = {"classes": ", ".join(map(str, without)), "fix": "state one for each class"}
            raise PydanticCustomError("classes", "no pd for class {classes}", context)
        return self


class Rates(Distribution):
    """A fixed rate: base + per_year x (years of term - 3) + the class's premium + an exponential margin of mean `margin`."""

    base: Rate
    per_year: SignedRate
    by_class: dict[Annotated[int, Field(ge=1, le=9)], Rate]
    margin: Rate


class Regions(Distribution):
    """Shares of borrowers in their institution's home prefecture and in those beside it; the rest are anywhere.

    Anywhere, and which of those beside it, goes by the guarantees outstanding in each prefecture.
    """

    home: Share
    neighbours: Share

    @model_validator(mode="after")
    def _at_most_all(self) -> Regions:
        if self.home + self.neighbours > 1.0 + NEAR_ONE:
            said = "home and neighbours add up to {total}"
            raise PydanticCustomError("shares", said, {"total": f"{self.home + self.neighbours:g}", "fix": "at most 1 together"})
        return self
