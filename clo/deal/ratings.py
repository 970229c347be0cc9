"""Ratings of tranches, on either of two scales, compared."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from clo.deal.hedges import RATINGS

MOODYS = (
    "C", "Ca", "Caa3", "Caa2", "Caa1", "B3", "B2", "B1", "Ba3", "Ba2", "Ba1", "Baa3", "Baa2", "Baa1",
    "A3", "A2", "A1", "Aa3", "Aa2", "Aa1", "Aaa",
)  # fmt: skip
"""Moody's ratings from the worst to the best; each stands where RATINGS has one more, whose worst is a default."""


def rank(rating: str) -> int:
    """The place of a rating of either scale, from 0, a default."""
    return MOODYS.index(rating) + 1 if rating in MOODYS and rating != "C" else RATINGS.index(rating)


def _either(value: Any) -> str:
    if str(value) not in (*RATINGS, *MOODYS):
        fix = "write one of AAA, AA+, ... D, or of Aaa, Aa1, ... C, without (P) or (sf)"
        raise PydanticCustomError("rating", "{value} is not a rating", {"value": repr(value), "fix": fix})
    return str(value)


AnyRating = Annotated[str, BeforeValidator(_either), WithJsonSchema({"enum": list(dict.fromkeys((*RATINGS, *MOODYS)))})]
