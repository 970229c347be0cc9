"""The library with its loans counted, and what does not agree once a table or a deal is another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import clo
from clo.deal.terms import Deal
from clo.issuance.comparison import Comparison
from clo.issuance.deals import compared
from clo.issuance.model import Model, modelled
from clo.issuance.published import published_deals, published_tranches
from clo.reference import Tables, packaged

DEALS = Path(__file__).parents[2] / "deals"
PUBLISHED, TRANCHES = published_deals(packaged()), published_tranches(packaged())


@cache
def library() -> dict[str, Deal]:
    return clo.load_library(DEALS)


@cache
def models() -> dict[str, Model]:
    return {name: modelled(deal) for name, deal in library().items() if name in PUBLISHED}


@cache
def reconciliation() -> Any:
    return clo.reconcile(library())


class Changed(Tables):
    """The packaged tables, one of them with a cell changed."""

    def __init__(self, name: str, row: int, column: str, value: Any) -> None:
        super().__init__()
        self._changed = (name, row, column, value)

    def table(self, name: str) -> pd.DataFrame:
        frame = super().table(name)
        if name == self._changed[0]:
            frame.loc[self._changed[1], self._changed[2]] = self._changed[3]
        return frame


def other_digits(text: str) -> Iterator[str]:
    """The text with each digit changed in turn, the first not to 0."""
    for place, digit in enumerate(text):
        if digit.isdigit():
            yield text[:place] + str(int(digit) % 9 + 1) + text[place + 1 :]


def failing(comparisons: Iterable[Comparison]) -> list[str]:
    return [f"{one.deal} {one.item}" for one in comparisons if one.gating and not one.ok]


def of_deal(name: str, tables: Tables | None = None, model: Model | None = None) -> list[str]:
    """Items of a deal that do not agree, with its row of the tables or its model changed."""
    deals, tranches = (PUBLISHED, TRANCHES) if tables is None else (published_deals(tables), published_tranches(tables))
    return failing(compared(name, model or models()[name], deals[name], tranches.get(name, ())))
