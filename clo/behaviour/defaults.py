"""Who defaults when: the models of default, and the monthly hazards that each stands for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.rates import mdr_from_cdr
from clo.quantities import AnnualShare, CumulativeShares, Number, Share, Terms, Word

Floats = NDArray[np.float64]
Since = Literal["cutoff", "origination"]
YEARS = 5
"""Of a named timing that does not say over how many years it runs."""
RECENT = 12
"""Months at the end of a survival curve whose mean hazard continues it."""
WHOLE = 1e-9
"""How far shares that add up to 1 may be off for being written with few digits."""


class Cumulative(Terms):
    """A share `cumulative` defaults over some years. timing: front, even, back, or the share of each year.

    of: `loans` counts loans that neither repaid nor prepaid, `balance` is a share of the balance at the cut-off.
    """

    cumulative: Share
    timing: Literal["front", "even", "back"] | tuple[Share, ...] = "even"
    years: Annotated[int, Field(ge=1, le=50, strict=True)] | None = None
    of: Literal["loans", "balance"] = "loans"

    @model_validator(mode="after")
    def _shares_of_years(self) -> Cumulative:
        if isinstance(self.timing, tuple):
            if abs(sum(self.timing) - 1.0) > WHOLE:
                said, fix = f"the shares of the years add up to {sum(self.timing):.6g}", "make them add up to 100%"
                raise PydanticCustomError("timing", "{said}", {"said": said, "fix": fix})
            if self.years not in (None, len(self.timing)):
                said = f"timing gives {len(self.timing)} years, years says {self.years}"
                raise PydanticCustomError("timing", "{said}", {"said": said, "fix": "leave out years:"})
        return self

    def distribution(self, months: int) -> Floats:
        """What defaults in each month, as a share of all that ever does [months]; adds up to 1 over the years."""
        if isinstance(self.timing, tuple):
            yearly = np.asarray(self.timing)
        else:
            count = self.years or YEARS
            rising = np.arange(1.0, count + 1.0)
            shape = {"front": rising[::-1], "even": np.ones(count), "back": rising}[self.timing]
            yearly = shape / shape.sum()
        monthly = np.repeat(yearly / 12.0, 12)[:months]
        return np.pad(monthly, (0, months - len(monthly)))


class LoanPd(Terms):
    """The one-year probability of default of each loan, for ever. nearest: PDs are rounded to whole multiples of it."""

    pd: Literal["tape"]
    nearest: AnnualShare | None = None


class TermStructure(Terms):
    """Cumulative probability of default by the words of a column, by year or month; one number: a year's, for ever."""

    by: str
    curves: dict[Word, CumulativeShares]
    other: CumulativeShares | None = None
    every: Literal["year", "month"] = "year"
    since: Since = "cutoff"

    @model_validator(mode="after")
    def _never_falling(self) -> TermStructure:
        for word, curve in (*self.curves.items(), ("other", self.other)):
            if isinstance(curve, tuple) and any(later < earlier for earlier, later in pairwise(curve)):
                said = f"the cumulative probability of {word!r} falls: {', '.join(f'{p:.6g}' for p in curve)}"
                fix = "give the probability of default by the end of each year, not within it"
                raise PydanticCustomError("term_structure", "{said}", {"said": said, "fix": fix})
        return self

    def curve_of(self, word: str) -> float | tuple[float, ...] | None:
        """The curve of a word, `other` where it has none; None where there is no other."""
        return self.curves.get(word, self.other)

    def months(self, curve: float | tuple[float, ...]) -> int:
        """How many months a curve covers; one number covers all, and counts none."""
        return len(curve) * (12 if self.every == "year" else 1) if isinstance(curve, tuple) else 0

    def hazard(self, word: str, first: int, months: int) -> Floats:
        """q [months] of the loans of a word, from month `first` of its curve on (0 is its first month)."""
        curve = self.curve_of(word)
        assert curve is not None  # loans without one were refused
        if isinstance(curve, tuple) and self.every == "month":
            return survival_hazard(tuple(1.0 - p for p in curve), first, months)
        return term_hazard(curve, first, months)


class Survival(Terms):
    """The share of loans that has not defaulted by the end of month 1, 2, ..., as Kaplan-Meier estimates it."""

    survival: Annotated[tuple[Share, ...], Field(min_length=1)]
    since: Since = "cutoff"

    @model_validator(mode="after")
    def _never_rising(self) -> Survival:
        steps = list(pairwise((1.0, *self.survival)))
        if any(later > earlier for earlier, later in steps):
            month = next(month for month, (earlier, later) in enumerate(steps, start=1) if later > earlier)
            said = f"survival rises in month {month}"
            raise PydanticCustomError("survival", "{said}", {"said": said, "fix": "give what is left at the end of each month"})
        return self


_TELLING = {
    "pd": "LoanPd", "curves": "TermStructure", "by": "TermStructure", "survival": "Survival", "cumulative": "Cumulative",
}  # fmt: skip


def _model(value: Any) -> str:
    """Which default model is meant, by the key that only it has."""
    if isinstance(value, Cumulative | LoanPd | TermStructure | Survival):
        return type(value).__name__
    keys = value if isinstance(value, Mapping) else ()
    return next((model for key, model in _TELLING.items() if key in keys), "tape")


def _known(value: Any) -> Any:
    if isinstance(value, Mapping) and _model(value) == "tape":
        said = f"no model of default has the keys {', '.join(map(str, value)) or 'none'}"
        fix = "give cumulative:, pd: tape, by: with curves:, or survival:"
        raise PydanticCustomError("defaults", "{said}", {"said": said, "fix": fix})
    if not isinstance(value, Mapping | Terms) and value != "tape":
        fix = "write tape, or a model: cumulative:, pd: tape, by: with curves:, survival:"
        raise PydanticCustomError("defaults", "{value} is no source of defaults", {"value": repr(value), "fix": fix})
    return value


Defaults = Annotated[
    Annotated[Literal["tape"], Tag("tape")]
    | Annotated[Cumulative, Tag("Cumulative")]
    | Annotated[LoanPd, Tag("LoanPd")]
    | Annotated[TermStructure, Tag("TermStructure")]
    | Annotated[Survival, Tag("Survival")],
    Discriminator(_model),
    BeforeValidator(_known),
]
"""What takes the place of a CDR."""


class DefaultScale(Terms):
    """Hazards times a factor by the words of a column, or by `vintage`, the year of origination. other: for words not named."""

    by: str
    factors: dict[Word, Annotated[Number, Field(ge=0)]]
    other: Annotated[Number, Field(ge=0)] | None = None

    def factor_of(self, word: str) -> float | None:
        return self.factors.get(word, self.other)


def scaled(hazard: Floats, factor: float | Floats) -> Floats:
    """A monthly hazard times a factor, never above 1: q becomes 1 - (1 - q)^factor.

    Source: proportional hazards, in discrete time S becomes S^factor.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        changed = -np.expm1(factor * np.log1p(-hazard))
    return np.where(hazard >= 1.0, np.where(np.asarray(factor) > 0.0, 1.0, 0.0), changed)


def cumulative_hazard(model: Cumulative, months: int) -> Floats:
    """q [months] of a model `of: loans`: what defaults in a month over what has not defaulted before."""
    gone = np.concatenate(([0.0], np.cumsum(model.cumulative * model.distribution(months))))
    left = 1.0 - gone[:-1]
    return np.divide(np.diff(gone), left, out=np.zeros(months), where=left > 0.0)


def term_hazard(curve: float | tuple[float, ...], first: int, months: int) -> Floats:
    """q [months] of a cumulative curve by year, from month `first` of it (0 is its first month) on.

    Within a year the hazard is constant; past the last year its hazard holds on.
    """
    if not isinstance(curve, tuple):
        return np.full(months, float(mdr_from_cdr(curve)))
    survival = 1.0 - np.concatenate(([0.0], np.asarray(curve)))
    yearly = -np.expm1(np.diff(np.log(survival)) / 12.0)
    year = np.minimum((first + np.arange(months)) // 12, len(curve) - 1)
    return np.asarray(yearly[year])


def survival_hazard(curve: tuple[float, ...], first: int, months: int) -> Floats:
    """q [months] of a survival curve by month, from month `first` of it on; past its end the recent mean holds on."""
    survival = np.concatenate(([1.0], np.asarray(curve)))
    hazard = np.divide(
        survival[:-1] - survival[1:], survival[:-1], out=np.ones(len(curve)), where=survival[:-1] > 0.0
    )  # nobody is left to default
    longer = np.concatenate((hazard, np.full(max(0, first + months - len(hazard)), hazard[-RECENT:].mean())))
    return longer[first : first + months]
