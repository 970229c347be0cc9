"""A guarantee of a share of each loan (保証型): claim, fee, and how recoveries are shared after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Rate, Share, Terms

Months = Annotated[int, Field(ge=0, le=60, strict=True)]
CAP = 0.7
"""The most that JASME may guarantee of a loan. Source: JFC's business guide of 2016, guarantee-type: 上限7割."""


class Guarantee(Terms):
    """share: of the principal of each loan in default, at most `cap`. waiting: months from the default to the claim; lag: from
    there to cash. fee: a year, on the guaranteed share of the pool's opening balance, in arrears. recoveries: after the claim,
    in the guaranteed share (`pro_rata`), or to the guarantor only once the holder has none of the loss left (`guarantor_last`).
    """

    share: Share
    cap: Share = CAP
    waiting: Months = 0
    lag: Months = 0
    fee: Rate = 0.0
    recoveries: Literal["pro_rata", "guarantor_last"] = "pro_rata"
    guarantor: str = "corporation"

    @model_validator(mode="after")
    def _within_cap(self) -> Guarantee:
        if self.share > self.cap:
            said = {"share": f"{self.share:.2%}", "cap": f"{self.cap:.2%}", "fix": "reduce share:, or say the cap: of this deal"}
            raise PydanticCustomError("guarantee", "a guarantee of {share} is above the cap of {cap}", said)
        return self
