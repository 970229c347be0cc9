"""Recipes, `clo.recipe/1`: which pool is wanted, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from clo.builder.distributions import Amount, Distribution, Words
from clo.builder.profiles import DISTRIBUTIONS, Profile, profiles
from clo.builder.regions import CODES
from clo.findings import nearest
from clo.quantities import Day, Terms

FORMAT: Literal["clo.recipe/1"] = "clo.recipe/1"
CORPORATION = "jasme"
"""The corporation itself, which is none of the institutions of a published row."""
OTHERS = "others"
"""In homes: every originator that is not named there."""
FALLBACK = "purchase"
"""Read in place of a profile that there is not, so that what else is wrong is found too."""


def _originators(value: Any) -> int | tuple[str, ...]:
    """How many, or their ids."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise PydanticCustomError(
                "lenders", "{value} originators", {"value": value, "fix": "at least one", "finding": "E-B006"}
            )
        return value
    names = value if isinstance(value, list | tuple) else ()
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        fix = "write a number, or a list of ids, codes of banks in quotes"
        raise PydanticCustomError("lenders", "{value} are not originators", {"value": repr(value), "fix": fix})
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PydanticCustomError("lenders", "{name} stands twice", {"name": twice, "fix": "name it once", "finding": "E-B006"})
    return tuple(names)


def _prefecture(value: Any) -> str:
    code = f"{value:02d}" if isinstance(value, int) and not isinstance(value, bool) else value
    if code not in CODES:
        fix = "write a JIS code, 01 (Hokkaido) to 47 (Okinawa)"
        raise PydanticCustomError("prefecture", "{value} is no prefecture", {"value": repr(value), "fix": fix})
    return str(code)


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        raise PydanticCustomError("currency", "{given} is no currency", {"given": repr(code), "fix": "write an ISO code: JPY"})
    return code


def _profile(name: str) -> str:
    if name not in profiles():
        close = nearest(name, profiles())
        fix = f"did you mean {close!r}?" if close else f"profiles: {', '.join(profiles())}"
        raise PydanticCustomError("profile", "no profile {name}", {"name": repr(name), "fix": fix, "finding": "E-B008"})
    return name


class PoolRecipe(Profile):
    """A sub-pool: who lends, to how many firms, how much in all, and what each loan is drawn from.

    originators: ids, or how many (then placeholders, bank-01 on). homes: prefectures of originators by JIS code; those not
    named are drawn. profile: where the distributions come from; one that is stated replaces its own keys of the profile's.
    """

    originators: Annotated[int | tuple[str, ...], PlainValidator(_originators)]
    homes: dict[str, Annotated[str, PlainValidator(_prefecture)]] = Field(default_factory=dict)
    firms: Annotated[int, Field(ge=1, le=100_000_000)]
    amount: Amount
    profile: Annotated[str, AfterValidator(_profile)]
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_profile(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        name = data.get("profile")
        base = profiles().get(name if isinstance(name, str) else FALLBACK, profiles()[FALLBACK])
        filled = {"says": base.says, "asset_type": base.asset_type, **data}
        for kind in DISTRIBUTIONS:
            usual = getattr(base, kind)
            filled[kind] = _stated(data[kind], usual, f"profile {name}") if kind in data else usual
        return filled


def _stated(given: Any, base: Distribution, profile: str) -> Any:
    """What a recipe states of a distribution, with the profile's for the rest."""
    if not isinstance(given, Mapping):
        return given
    kept = base.model_dump()
    own = [key for key in given if key != "source"]
    source = base.source if not own else f"{', '.join(own)}: assumed in the recipe"
    if own and set(kept) - {*own, "source"}:
        source += f"; the rest as {profile}: {base.source}"
    return kept | {"source": source} | dict(given)


class Figures(Terms):
    """The published row that the sub-pools add up to; institutions without the corporation itself."""

    institutions: Annotated[int, Field(ge=0)] | None = None
    obligors: Annotated[int, Field(ge=1)] | None = None
    amount: Amount | None = None


def _some(pools: dict[str, PoolRecipe]) -> dict[str, PoolRecipe]:
    if not pools:
        raise PydanticCustomError("pools", "there is no sub-pool", {"fix": "name one, such as institutions"})
    return pools


class Recipe(Terms):
    """A tape to draw. tape: where it goes, beside the recipe's file. note: what is published, derived and assumed of it."""

    format: Literal["clo.recipe/1"] = FORMAT
    deal_id: Words
    cutoff: Day
    currency: Annotated[str, AfterValidator(_currency)] = "JPY"
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    tape: str = ""
    note: str = ""
    figures: Figures | None = None
    pools: Annotated[dict[Words, PoolRecipe], AfterValidator(_some)]

    @property
    def firms(self) -> int:
        return sum(pool.firms for pool in self.pools.values())

    @property
    def amount(self) -> int:
        return int(sum(pool.amount for pool in self.pools.values()))

    def lenders(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of the originators of each sub-pool; placeholders are counted on through the sub-pools."""
        counts = [pool.originators for pool in self.pools.values() if isinstance(pool.originators, int)]
        width, used, ids = max(2, len(str(sum(counts)))), 0, dict[str, tuple[str, ...]]()
        for name, pool in self.pools.items():
            if isinstance(pool.originators, int):
                ids[name] = tuple(f"bank-{number:0{width}d}" for number in range(used + 1, used + pool.originators + 1))
                used += pool.originators
            else:
                ids[name] = pool.originators
        return ids

    @property
    def institutions(self) -> int:
        """Originators other than the corporation."""
        return len({one for ids in self.lenders().values() for one in ids} - {CORPORATION})
