"""What comes back of a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from clo.quantities import Share, Terms, Word


class RecoveryBy(Terms):
    """Share recovered by the words of a column; other: for words not named."""

    by: str
    rates: dict[Word, Share]
    other: Share | None = None


def _kind(value: Any) -> str:
    if isinstance(value, Mapping | RecoveryBy):
        return "RecoveryBy"
    return "Word" if isinstance(value, str) and value in ("tape", "lgd") else "Share"


def _said(value: Any) -> Any:
    if value is None or isinstance(value, list | tuple):
        fix = "write 10%, lgd, tape, or {by: COLUMN, rates: {...}}"
        raise PydanticCustomError("recovery", "{value} is no recovery", {"value": repr(value), "fix": fix})
    return value


Recovery = Annotated[
    Annotated[Share, Tag("Share")] | Annotated[Literal["tape", "lgd"], Tag("Word")] | Annotated[RecoveryBy, Tag("RecoveryBy")],
    Discriminator(_kind),
    BeforeValidator(_said),
]
"""Of the claim: a share, 1 less the tape's lgd of the loan, what the tape's loss leaves, or a share by a column."""
