"""What no pool can be drawn from, however well its values are formed: found for the whole recipe at once."""

from __future__ import annotations

from collections.abc import Iterator

from clo.builder.codes import finding
from clo.builder.distributions import DAYS_A_MONTH
from clo.builder.recipe import CORPORATION, OTHERS, PoolRecipe, Recipe
from clo.findings import Finding, nearest

LEEWAY = 5.0 / DAYS_A_MONTH
"""Months by which a loan may be older than its drawn age: months are of different lengths, and a weekend is no day of lending."""


def misfits(recipe: Recipe) -> Iterator[Finding]:
    """Findings with their path in the recipe."""
    lenders = recipe.lenders()
    for name, pool in recipe.pools.items():
        path = f"pools.{name}"
        yield from _lenders(pool, lenders[name], path)
        yield from _sizes(pool, path)
        yield from _terms(pool, path)
        yield from _rates(pool, path)
    yield from _figures(recipe)


def _lenders(pool: PoolRecipe, ids: tuple[str, ...], path: str) -> Iterator[Finding]:
    if len(ids) > pool.firms:
        said = f"{len(ids):,} originators and {pool.firms:,} firms"
        yield finding("E-B006", said, path=f"{path}.originators", value=str(len(ids)))
    for name in pool.homes:
        if name != OTHERS and name not in ids:
            close = nearest(name, ids)
            said, fix = f"{name!r} is no originator of the sub-pool", f"did you mean {close!r}?" if close else ""
            yield finding("E-B010", said, path=f"{path}.homes.{name}", value=name, fix=fix)


def _sizes(pool: PoolRecipe, path: str) -> Iterator[Finding]:
    """Firms times limits, in whole units, must leave room for the amount."""
    sizes, amount, at = pool.sizes, pool.amount, f"{path}.amount"
    if sizes.smallest > sizes.largest:
        said = f"smallest {sizes.smallest:,} is above largest {sizes.largest:,}"
        yield finding("E-B005", said, path=f"{path}.sizes.smallest", fix="exchange or correct them")
        return
    smallest, largest = sizes.limits
    if smallest > largest:
        said = f"no multiple of the unit {sizes.unit:,} between {sizes.smallest:,} and {sizes.largest:,}"
        yield finding("E-B005", said, path=at, fix="state a smaller unit under sizes")
        return
    if len(sizes.known) > pool.firms:
        said = f"{len(sizes.known)} known balances and {pool.firms} firms"
        yield finding("E-B005", said, path=f"{path}.sizes.known", fix="name fewer")
        return
    count, left = pool.firms - len(sizes.known), amount - sum(sizes.known)
    top = min(largest * sizes.unit, *sizes.known) if sizes.known else largest * sizes.unit
    least, most = count * smallest * sizes.unit, count * top
    if not least <= left <= most:
        of = f"{count:,} firms" + (" without a known balance" if sizes.known else "")
        bound = f"at least {smallest * sizes.unit:,}" if left < least else f"at most {top:,}"
        total, apart = (least, "above") if left < least else (most, "below")
        said = f"{of} with {bound} each owe {total:,} together, {apart} the amount {'left, ' * bool(sizes.known)}{left:,}"
        yield finding("E-B005", said, path=at, value=f"{amount:,}")


def _terms(pool: PoolRecipe, path: str) -> Iterator[Finding]:
    terms = [months for months, share in pool.terms.shares.items() if share > 0.0]
    grace = max(months for months, share in pool.grace.shares.items() if share > 0.0)
    if min(terms) <= pool.ages.oldest + LEEWAY:
        said = f"a loan of {min(terms)} months made {pool.ages.oldest:g} months before the cut-off has been repaid"
        yield finding("E-B009", said, path=f"{path}.ages.oldest", value=f"{pool.ages.oldest:g}")
    if grace and grace + pool.repayment.step > min(terms):
        said = f"{grace} months of grace leave no instalment to a loan of {min(terms)} months"
        yield finding("E-B009", said, path=f"{path}.grace.shares", value=str(grace))


def _rates(pool: PoolRecipe, path: str) -> Iterator[Finding]:
    years = [months / 12.0 - 3.0 for months, share in pool.terms.shares.items() if share > 0.0]
    premiums = [pool.rates.by_class.get(number, 0.0) for number, share in pool.classes.shares.items() if share > 0.0]
    lowest = pool.rates.base + min(pool.rates.per_year * year for year in years) + min(premiums)
    if lowest < 0.0:
        said = f"the lowest rate is {lowest:.3%}"
        yield finding("E-B003", said, path=f"{path}.rates", fix="raise base, or correct per_year")


def _figures(recipe: Recipe) -> Iterator[Finding]:
    if recipe.figures is None:
        return
    made = {"institutions": recipe.institutions, "obligors": recipe.firms, "amount": recipe.amount}
    for name, value in made.items():
        wanted = getattr(recipe.figures, name)
        if wanted is not None and wanted != value:
            without = f" (without {CORPORATION})" if name == "institutions" else ""
            said = f"the sub-pools have {value:,} {name}{without}, the figures {wanted:,}"
            yield finding("E-B007", said, path=f"figures.{name}", value=f"{wanted:,}")
