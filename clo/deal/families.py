"""Sub-pools that stand for several: one for each value of a column."""

from __future__ import annotations

import re

from clo.deal.terms import Deal, Pool


def families_filled_in(deal: Deal) -> Deal:
    """The deal with every sub-pool that says `by` and `of` replaced by one for each value."""
    if not any(pool.by for pool in deal.pools.values()):
        return deal
    pools: dict[str, Pool] = {}
    for name, pool in deal.pools.items():
        pools |= _members(pool) if pool.by is not None else {name: pool}
    return deal.model_copy(update={"pools": pools})


def member_name(value: str) -> str:
    """The sub-pool of a value: what is neither letter nor digit becomes `_`."""
    return re.sub(r"\W", "_", value)


def _members(pool: Pool) -> dict[str, Pool]:
    found = {}
    for value in pool.of:
        own = f"{pool.by} == '{value}'"
        where = own if pool.where is None else f"({pool.where}) and {own}"
        found[member_name(value)] = pool.model_copy(update={"by": None, "of": (), "where": where})
    return found
