"""What changes loans other than default and prepayment: new terms, repurchase for breach, the failure of the servicer."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.rates import mdr_from_cdr
from clo.quantities import AnnualShare, ExpressionText, Number, Rate, Share, Terms

Month = Annotated[int, Field(ge=1, le=1200, strict=True)]


class Restructuring(Terms):
    """New terms (条件変更): at a rate a year of the loans that never had any, or for a share of them in one month."""

    rate: AnnualShare | None = None
    share: Share | None = None
    month: Month | None = None
    extension: Annotated[int, Field(ge=0, le=600, strict=True)] = 0
    rate_cut: Rate = 0.0
    default_multiplier: Annotated[Number, Field(ge=0)] = 1.0

    @model_validator(mode="after")
    def _one_of_them(self) -> Restructuring:
        if (self.rate is None) == (self.share is None) or (self.share is None) != (self.month is None):
            said, fix = "new terms come at a rate, or to a share in a month", "give rate:, or share: and month:"
            raise PydanticCustomError("restructuring", "{said}", {"said": said, "fix": fix})
        return self

    def shares(self, months: int) -> NDArray[np.float64]:
        """Share of the loans still on their first terms that gets new ones at the start of each month [months]."""
        if self.rate is not None:
            return np.full(months, float(mdr_from_cdr(self.rate)))
        hit = np.arange(1, months + 1) == self.month
        return np.where(hit, self.share or 0.0, 0.0)


class Repurchase(Terms):
    """Bought back for a breach: at a rate a year in the first `months` months, or all that satisfy `where` in one month.

    substitution: share of it replaced by loans of the same terms.
    """

    rate: AnnualShare | None = None
    months: Month | None = None
    where: ExpressionText | None = None
    month: Month | None = None
    substitution: Share = 0.0

    @model_validator(mode="after")
    def _one_of_them(self) -> Repurchase:
        by_rate = self.rate is not None and self.where is None and self.month is None
        by_breach = self.rate is None and self.months is None and self.where is not None and self.month is not None
        if not by_rate and not by_breach:
            said, fix = "loans are bought back at a rate, or where they breach, in a month", "give rate:, or where: and month:"
            raise PydanticCustomError("repurchase", "{said}", {"said": said, "fix": fix})
        return self

    def shares(self, months: int, *, breached: bool) -> NDArray[np.float64]:
        """Share of the balance left that is bought back at the end of each month [months]."""
        number = np.arange(1, months + 1)
        if self.rate is not None:
            return np.where(number <= (self.months or months), float(mdr_from_cdr(self.rate)), 0.0)
        return np.where((number == self.month) & breached, 1.0, 0.0)


class ServicerFailure(Terms):
    """The share of the cash of `months` months, up to and including `month`, that is lost with the servicer."""

    month: Month
    months: Annotated[int, Field(ge=1, le=24, strict=True)] = 1
    share: Share = 1.0

    def shares(self, months: int) -> NDArray[np.float64]:
        """Share of each month's cash that is lost [months]."""
        number = np.arange(1, months + 1)
        return np.where((number <= self.month) & (number > self.month - self.months), self.share, 0.0)
