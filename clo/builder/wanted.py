"""Recipes without a file: for a row of a published table, or for a number of firms, institutions and an amount."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol

from clo.builder.codes import RecipeError, finding
from clo.builder.reading import recipe_from
from clo.builder.recipe import CORPORATION, FORMAT, Recipe
from clo.findings import nearest
from clo.timeline.months import as_days, month_end, month_index

PROFILES: Mapping[str, str] = MappingProxyType({
    "purchase": "purchase", "guarantee": "guarantee", "synthetic_cbo": "sme_bond", "clover": "clover",
    "tokyo-4-a": "tokyo_loan_3y", "tokyo-4-b": "tokyo_loan_5y", "tokyo-4-c": "tokyo_bond_2y",
    "wide-area-cbo-2006": "wide_area_bond",
})  # fmt: skip
"""Profile of a row, by its type or by its name."""
BANK_AVERAGE, OWN_AVERAGE, ROUND = 23_000_000, 46_000_000, 100_000_000
"""Loans of institutions and of the corporation in a joint deal, in yen: the first from the deals that are not joint, the second
so that the split of FY2006 comes out; and the step of the amounts of its sub-pools. Assumed."""
SPLIT = "how firms and amount are split between the institutions and the corporation is assumed"


class Row(Protocol):
    """A row of a published table; figures that are not printed are None."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def month(self) -> str: ...
    @property
    def institutions(self) -> int | None: ...
    @property
    def obligors(self) -> int | None: ...
    @property
    def amount(self) -> float | None: ...
    @property
    def joint(self) -> bool | None: ...


def row_named(name: str, rows: Mapping[str, Row]) -> Row:
    """The row of a name. Raises RecipeError with the nearest one."""
    if name not in rows:
        close = nearest(name, rows)
        fix = f"did you mean {close!r}?" if close else ""
        raise RecipeError([finding("E-B011", f"no published row is named {name!r}", value=name, fix=fix)])
    return rows[name]


def recipe_of_row(
    row: Row, *, institutions: int | None = None, cutoff: date | None = None, profile: str | None = None, seed: int | None = None
) -> Recipe:
    """A recipe that matches a published row. institutions: how many, where the row does not say.

    The cut-off is the last day of the month before the deal's. Raises RecipeError if the row lacks figures.
    """
    own = row.type == "synthetic_cbo"
    count = 0 if own else row.institutions or institutions
    figures = {"institutions": count, "obligors": row.obligors, "amount": row.amount}
    missing = [name for name, value in figures.items() if value is None]
    if count is None or row.obligors is None or row.amount is None:
        said = f"{row.name} has no published {' and '.join(missing)}"
        fix = "state --banks" if missing == ["institutions"] else "write a recipe that says what is assumed in its place"
        raise RecipeError([finding("E-B012", said, value=row.name, fix=fix)])
    named = profile or PROFILES.get(row.name) or PROFILES.get(row.type, "purchase")
    amount = round(row.amount)
    if row.joint:
        pools = _joint(count, row.obligors, amount, named)
    else:
        name, lenders = ("own", [CORPORATION]) if own else ("institutions", count)
        pools = {name: _pool(lenders, row.obligors, amount, named)}
    day = cutoff or month_end(month_index(as_days(row.month)) - 1).item()
    return recipe_from({
        "format": FORMAT, "deal_id": row.name, "cutoff": day, "pools": pools, "figures": figures,
        "note": SPLIT if row.joint else "", "seed": int(row.month.replace("-", "")) if seed is None else seed,
    })  # fmt: skip


def recipe_of_size(
    firms: int, institutions: int, amount: int, cutoff: date, *, profile: str = "purchase", seed: int | None = None
) -> Recipe:
    """A recipe of any size, one sub-pool. Raises RecipeError if no pool of that size can be drawn."""
    pools = {"institutions": _pool(institutions, firms, amount, profile)}
    name = f"made-up-{firms}"
    return recipe_from({"format": FORMAT, "deal_id": name, "cutoff": cutoff, "seed": 1 if seed is None else seed, "pools": pools})


def _joint(institutions: int, firms: int, amount: int, profile: str) -> dict[str, Any]:
    """Sub-pools of a joint deal: firms of either kind such that both have their assumed average."""
    of_banks = round((OWN_AVERAGE * firms - amount) / (OWN_AVERAGE - BANK_AVERAGE))
    of_banks = min(max(of_banks, institutions), firms - 1)
    lent = round(of_banks * BANK_AVERAGE / ROUND) * ROUND
    return {
        "institutions": _pool(institutions, of_banks, lent, profile),
        "own": _pool([CORPORATION], firms - of_banks, amount - lent, "jasme"),
    }


def _pool(originators: int | list[str], firms: int, amount: int, profile: str) -> dict[str, Any]:
    return {"originators": originators, "firms": firms, "amount": amount, "profile": profile}
