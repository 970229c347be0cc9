"""Paying early: prepayment that depends on a loan's age or on its index."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from clo.quantities import AnnualShare, Number, Terms


class Ramp(Terms):
    """CPR that rises in a straight line with the age of the loan up to `to`, times speed.

    Source: SIFMA Standard Formulas, section on the PSA model: to 6%, months 30; speed 1 is 100 PSA.
    """

    to: AnnualShare
    months: Annotated[int, Field(ge=1, le=600, strict=True)]
    speed: Annotated[Number, Field(ge=0)] = 1.0

    def cpr(self, age: int, months: int) -> NDArray[np.float64]:
        """[months] of a loan that is `age` months old at the cut-off; its next month is the (age + 1)th of its life."""
        life = np.minimum(age + 1.0 + np.arange(months), self.months)
        return np.asarray(self.speed * self.to * life / self.months)


class Incentive(Terms):
    """How floating borrowers answer to their index: CPR times max(0, 1 + sensitivity x (index - index at the cut-off))."""

    sensitivity: Number

    def factor(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        """[t] for fixings [t + 1], the first of them at the cut-off."""
        return np.asarray(np.maximum(0.0, 1.0 + self.sensitivity * (index[1:] - index[0])))
