"""Tests and triggers: conditions that are read on payment dates, and statements about a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.quantities import Day, ExpressionText, Terms


class Trigger(Terms):
    """A condition, read on each payment date before anything is paid, or where a `test` step names it.

    It comes to hold when `when` has held at `after` observations in a row, and is cured when `cure` (unless said, that `when`
    does not hold) has held at `cure_after` in a row; `cure: never` latches it. Observed at every `every`-th payment, from
    and until a date; in between it stays as it is. effect: what it does in a structure; a waterfall spelled out names it.
    """

    when: ExpressionText
    effect: Literal["trap_excess"] | None = None
    every: Annotated[int, Field(ge=1)] = 1
    since: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None
    after: Annotated[int, Field(ge=1)] = 1
    cure: ExpressionText | None = None
    cure_after: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _dates_in_order(self) -> Trigger:
        if self.since is not None and self.until is not None and self.until < self.since:
            said = {"until": str(self.until), "since": str(self.since), "fix": "put from: before until:"}
            raise PydanticCustomError("trigger", "until {until} is before from {since}: the trigger is never observed", said)
        return self

    @property
    def remembers(self) -> bool:
        """Whether its state depends on earlier payment dates."""
        return (self.every, self.since, self.until, self.after, self.cure, self.cure_after) != (1, None, None, 1, None, 1)


class Assertion(Terms):
    """A statement about the run of one scenario, checked after a payment (1 is the first)."""

    after_payment: Annotated[int, Field(ge=1)]
    that: ExpressionText
    scenario: str = "base"


Force = Literal["pass", "fail", "as_modelled"]
"""What is made of a trigger from outside: it never holds, always holds, or is read."""
