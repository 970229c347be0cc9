"""Guarantees: of a share of each loan (保証型), and of a share of what a tranche pays (証券化商品の一部保証)."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Identifier, Months, Rate, Share, Terms, Truth

CAP = 0.7
"""The most that JASME may guarantee of a loan. Source: JFC's business guide of 2016, guarantee-type: 上限7割."""


class Guarantor(Terms):
    """What both say. fee: a year, on the guaranteed balance; paid in arrears, or in advance for each period, the first time
    on the closing date by `first_fee_by`. guarantor: who it is; where it is a counterparty, it pays nothing while rated D.
    """

    guarantor: str = "corporation"
    fee: Rate = 0.0
    fee_payable: Literal["in_arrears", "in_advance"] = "in_arrears"
    first_fee_by: str = "institutions"

    @model_validator(mode="after")
    def _of_itself(self) -> Guarantor:
        if self.fee_payable == "in_advance" and self.fee and self.first_fee_by == self.guarantor:
            said = {"name": repr(self.guarantor), "fix": "say first_fee_by: another party"}
            raise PydanticCustomError("guarantor", "the guarantor {name} would pay itself the first fee", said)
        return self


class Guarantee(Guarantor):
    """Of each loan in default. share: of what is covered, at most `cap`. covers: its principal, or also interest that is not
    paid any more, `interest_rate` a year for `interest_months` (the waiting period, unless said). waiting: months from the
    default to the claim; lag: from there to cash. recoveries: after the claim, in the guaranteed share (`pro_rata`), or to
    the guarantor only once the holder has none of the loss left (`guarantor_last`).
    """

    share: Share
    cap: Share = CAP
    covers: Literal["principal", "principal_and_interest"] = "principal"
    interest_rate: Rate | None = None
    interest_months: Months | None = None
    waiting: Months = 0
    lag: Months = 0
    recoveries: Literal["pro_rata", "guarantor_last"] = "pro_rata"

    @property
    def covered(self) -> float:
        """What is covered of 1 of principal in default: itself, and the interest on it."""
        months = self.waiting if self.interest_months is None else self.interest_months
        return 1.0 + (self.interest_rate or 0.0) * months / 12.0

    @model_validator(mode="after")
    def _within_cap(self) -> Guarantee:
        if self.share > self.cap:
            said = {"share": f"{self.share:.2%}", "cap": f"{self.cap:.2%}", "fix": "reduce share:, or say the cap: of this deal"}
            raise PydanticCustomError("guarantee", "a guarantee of {share} is above the cap of {cap}", said)
        return self

    @model_validator(mode="after")
    def _interest(self) -> Guarantee:
        of_interest = self.interest_rate is not None or self.interest_months is not None
        if self.covers == "principal" and of_interest:
            fix = "say covers: principal_and_interest, or remove interest_rate: and interest_months:"
            raise PydanticCustomError("guarantee", "a guarantee of principal covers no interest", {"fix": fix})
        if self.covers == "principal_and_interest" and self.interest_rate is None:
            fix = "say interest_rate: (a year, on the principal in default)"
            raise PydanticCustomError("guarantee", "the rate of the interest that is covered is not stated", {"fix": fix})
        if self.covers == "principal_and_interest" and self.covered == 1.0:
            fix = "say interest_months: (or waiting:) and an interest_rate: above 0, or covers: principal"
            raise PydanticCustomError("guarantee", "the interest that is covered comes to nothing", {"fix": fix})
        return self


class TrancheGuarantee(Guarantor):
    """Of what one tranche is to pay: the share of interest that a payment date leaves unpaid, of what is written down of it, and
    of what it still owes at legal final. subrogation: interest that the guarantor has paid is its own claim, which is paid in
    the tranche's place.
    """

    tranche: Identifier
    covers: Literal["principal", "interest", "principal_and_interest"]
    share: Share = 1.0
    subrogation: Truth = True

    @property
    def interest(self) -> bool:
        return self.covers != "principal"

    @property
    def principal(self) -> bool:
        return self.covers != "interest"
