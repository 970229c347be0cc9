"""Sub-pools that stand for several: one for each value of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from clo.deal.terms import NAMED, Deal, Pool
from clo.findings import Finding
from clo.quantities import Identifier

_NAME: TypeAdapter[str] = TypeAdapter(Identifier)
LARGEST_SHOWN = 6
"""Sub-pools of a family that tables and pictures show one by one."""


def families_filled_in(deal: Deal) -> Deal:
    """The deal with every sub-pool that says `by` and `of` replaced by one for each value."""
    if not any(pool.by for pool in deal.pools.values()):
        return deal
    pools: dict[str, Pool] = {}
    for name, pool in deal.pools.items():
        pools |= _members(pool) if pool.by is not None else {name: pool}
    filled = deal.model_copy(update={"pools": pools})
    filled._families = {name: pool for name, pool in deal.pools.items() if pool.by is not None}
    return filled


def members(family: Pool) -> tuple[str, ...]:
    """The sub-pools that a family stands for."""
    return tuple(member_name(value) for value in family.of)


def large_families(deal: Deal) -> dict[str, str]:
    """The family of each sub-pool, where a family is too large for all to be shown."""
    large = {name: family for name, family in deal.families.items() if len(family.of) > LARGEST_SHOWN}
    return {member: name for name, family in large.items() for member in members(family)}


def written_pools(deal: Deal) -> dict[str, Pool]:
    """Sub-pools as the file says them, a family as one."""
    home = {member: name for name, family in deal.families.items() for member in members(family)}
    found = {}
    for name, pool in deal.pools.items():
        family = home.get(name, name)
        found[family] = deal.families.get(family, pool)
    return found


def family_findings(deal: Deal) -> Iterator[Finding]:
    """Values of `of` that make no name of a sub-pool, or one that is taken."""
    homes = {name: f"{section}.{name}" for section in NAMED for name in getattr(deal, section)}
    homes = {name: home for name, home in homes.items() if name not in deal.pools or deal.pools[name].by is None}
    for name, pool in deal.pools.items():
        path = f"pools.{name}.of"
        for value in pool.of:
            member = member_name(value)
            try:
                _NAME.validate_python(member)
            except ValidationError:
                fix = "write a sub-pool of its own for this value, with where:"
                yield deal.origin.finding("E-D013", path, f"{member!r}, of value {value!r}, is no name", fix, value=value)
                continue
            if member in homes:
                message = f"{member!r}, of value {value!r}, is the name of {homes[member]} already"
                rule = "sub-pools of a family share one name space with everything else"
                yield deal.origin.finding("E-D020", path, message, "name each value once, or rename", rule=rule, value=value)
            homes[member] = path


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
