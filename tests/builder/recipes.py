"""A small recipe as plain data, and ways to change it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import clo

RECIPE: dict[str, Any] = {
    "format": "clo.recipe/1",
    "deal_id": "small",
    "cutoff": "2007-05-31",
    "seed": 1,
    "pools": {"institutions": {"originators": 4, "firms": 120, "amount": 2_700_000_000, "profile": "purchase"}},
}


def recipe(**pool: Any) -> dict[str, Any]:
    """The recipe with keys of its sub-pool changed."""
    changed = deepcopy(RECIPE)
    changed["pools"]["institutions"] |= pool
    return changed


def refused(data: Any) -> list[tuple[str, str, str]]:
    """(code, path, message) of everything that is wrong with a recipe; none if it can be drawn."""
    try:
        clo.build_pool(data)
    except clo.RecipeError as error:
        return [(found.code, found.path, found.message) for found in error.findings]
    return []
