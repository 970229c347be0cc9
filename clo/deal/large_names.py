"""What a deal asks of its enhancement against the default of its largest borrowers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clo.quantities import Identifier, Share, Terms


class LargeNames(Terms):
    """How many of the largest borrowers may default, at this recovery, before a tranche loses; `required`: the least of them, by
    tranche.
    """

    recovery: Share = 0.0
    required: dict[Identifier, Annotated[int, Field(ge=0, strict=True)]] = Field(default_factory=dict)
