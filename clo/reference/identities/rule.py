"""One identity inside the published tables: a printed figure against what other printed figures make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

Read = Callable[[str], pd.DataFrame]
"""Gives a table by name, as `clo.reference.table` does."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A printed figure of `row` of `table`, in the units of the table.

    rule: the identity in words, short and stable. computed: what the other figures make of it. bound: the largest
    difference that the rounding of all figures involved explains, half a step for each.
    """

    table: str
    row: str
    rule: str
    printed: float
    computed: float
    bound: float
