"""A tape from a recipe: each column drawn by inverse transforms from a stream of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.builder.amounts import firms_of_each
from clo.builder.borrowers import forms_and_classes
from clo.builder.distributions import DAYS_A_MONTH
from clo.builder.lending import lent_and_owed
from clo.builder.reading import recipe_from
from clo.builder.recipe import CORPORATION, OTHERS, PoolRecipe, Recipe
from clo.builder.regions import CODES, SCHEME, homes, regions
from clo.builder.streams import Draws, choices, exponentials, uniforms
from clo.tape.dtypes import canonical
from clo.tape.view import View
from clo.timeline.months import ONE_DAY, Days, as_days, day_of_month, month_index, on_day

SCORED = {"score_provider": "made up", "score_model": "nine classes of the guarantee fee table", "pd_source": "assumed by class"}
DIGITS = 9
"""Of a probability or a premium: a percentage divided by 100 has a few more that mean nothing."""
TENTHS = 1e5
"""Rates are whole tenths of a basis point."""


def build_pool(recipe: Recipe | Mapping[str, Any]) -> pd.DataFrame:
    """The loans of a recipe as a frame in the columns and types of the tape, one loan to a borrower, bank by bank.

    The same recipe and seed give the same values. Raises RecipeError with every finding where no such pool can be drawn.
    """
    wanted = recipe_from(recipe)
    lenders = wanted.lenders()
    parts = [_sub_pool(wanted, name, pool, lenders[name]) for name, pool in wanted.pools.items()]
    frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    owners = frame["originator_id"].str.upper()
    number = frame.groupby(owners, sort=False).cumcount() + 1
    width = max(4, len(str(number.max())))
    frame["loan_id"] = [f"{owner}-{at:0{width}d}" for owner, at in zip(owners, number, strict=True)]
    frame["obligor_id"] = "O-" + frame["loan_id"]
    view, _ = canonical(View(frame, np.arange(1, len(frame) + 1), wanted.deal_id))
    return view.frame


def _sub_pool(recipe: Recipe, name: str, pool: PoolRecipe, ids: tuple[str, ...]) -> pd.DataFrame:
    """One sub-pool, without ids of loans and borrowers."""
    count = pool.firms

    def draws(purpose: str, size: int = count) -> Draws:
        return uniforms(recipe.seed, (recipe.deal_id, name, purpose), size)

    def drawn(purpose: str, shares: Mapping[Any, float]) -> NDArray[Any]:
        return np.array(list(shares))[choices(draws(purpose), np.array(list(shares.values())))]

    bank = np.repeat(np.arange(len(ids)), firms_of_each(draws("lenders", len(ids)), count, pool.lenders.spread))
    cutoff = as_days(recipe.cutoff)
    made = _made(draws("ages"), cutoff, pool)
    term = drawn("terms", pool.terms.shares)
    repayment = drawn("repayment", pool.repayment.shares)
    bullet, level = repayment == "bullet", repayment == "level_payment"
    grace = np.where(bullet, 0, drawn("grace", pool.grace.shares))
    classes = drawn("classes", pool.classes.shares)
    rate = _rates(draws("margins"), term, classes, pool)
    left = _outstanding(made, cutoff, term, grace, bullet, rate * level, pool)
    sizes = draws("sizes")
    lent, current = lent_and_owed(sizes, draws("heaps"), left, int(pool.amount), pool.sizes)
    form, size_class = forms_and_classes(sizes, draws("obligor_types"), draws("enterprise_sizes"), pool)
    return pd.DataFrame({
        "deal_id": recipe.deal_id,
        "cutoff_date": np.full(count, cutoff.astype("datetime64[s]")),
        "originator_id": np.array(ids)[bank],
        "obligor_type": form,
        "region_code": regions(draws("regions"), _homes(draws("homes", len(ids)), ids, pool)[bank], pool.regions),
        "region_scheme": SCHEME,
        "industry_code": drawn("industries", pool.industries.shares),
        "industry_scheme": pool.industries.scheme,
        "enterprise_size": size_class,
        **SCORED,
        "score_value": classes.astype(np.float64),
        "pd_1y": _by_class(pool.classes.pd)[classes],
        "asset_type": pool.asset_type,
        "origination_date": made.astype("datetime64[s]"),
        "maturity_date": _after(made, term).astype("datetime64[s]"),
        "original_balance": lent,
        "current_balance": current.astype(np.float64),
        "currency": recipe.currency,
        "amortisation_type": repayment,
        "principal_frequency": np.where(bullet, "at_maturity", pool.repayment.principal),
        "interest_frequency": np.where(level, pool.repayment.principal, pool.repayment.interest),
        **({"grace_end_date": _grace_ends(made, grace)} if grace.any() else {}),
        "rate_type": "fixed",
        "current_rate": rate,
        "account_status": "PERF",
        "days_in_arrears": 0,
        "arrears_balance": 0.0,
    })  # fmt: skip


def _made(draws: Draws, cutoff: Days, pool: PoolRecipe) -> Days:
    """Weekdays on which the loans were made [count]; one that falls on a weekend is moved to the Friday before it."""
    ages = pool.ages
    days = np.floor((ages.youngest + draws * (ages.oldest - ages.youngest)) * DAYS_A_MONTH).astype(np.int64)
    return np.asarray(np.busday_offset(cutoff - days * ONE_DAY, 0, roll="backward"))


def _after(made: Days, months: NDArray[np.int64]) -> Days:
    return on_day(month_index(made) + months, day_of_month(made))


def _grace_ends(made: Days, grace: NDArray[np.int64]) -> NDArray[np.datetime64]:
    ends = _after(made, grace).astype("datetime64[s]")
    ends[grace == 0] = np.datetime64("NaT")
    return np.asarray(ends)


def _by_class(values: Mapping[int, float]) -> NDArray[np.float64]:
    """A value for each class, 0 where there is none, at the place of its number."""
    table = np.zeros(10)
    table[list(values)] = list(values.values())
    return table.round(DIGITS)


def _rates(draws: Draws, term: NDArray[np.int64], classes: NDArray[np.int64], pool: PoolRecipe) -> NDArray[np.float64]:
    terms = pool.rates
    exact = terms.base + terms.per_year * (term / 12.0 - 3.0) + _by_class(terms.by_class)[classes]
    return np.asarray(np.round((exact + terms.margin * exponentials(draws)) * TENTHS) / TENTHS)


def _outstanding(
    made: Days,
    cutoff: Days,
    term: NDArray[np.int64],
    grace: NDArray[np.int64],
    bullet: NDArray[np.bool_],
    level_rate: NDArray[np.float64],
    pool: PoolRecipe,
) -> Draws:
    """Share of what was lent that is left after the instalments that fell due by the cut-off [count].

    level_rate: the rate of level payments, else 0.
    """
    step = pool.repayment.step
    gone = month_index(cutoff) - month_index(made) - (day_of_month(made) > day_of_month(cutoff))
    of = -(-(term - grace) // step)
    left = np.minimum(of, -(-(term - gone) // step))
    growth = np.log1p(level_rate * step / 12.0)
    with np.errstate(invalid="ignore"):
        annuity = np.expm1(-left * growth) / np.expm1(-of * growth)
    return np.where(bullet, 1.0, np.where(level_rate > 0.0, annuity, left / of))


def _homes(draws: Draws, ids: tuple[str, ...], pool: PoolRecipe) -> NDArray[np.int64]:
    """Home of each originator [originators] as a position in CODES: stated, or drawn."""
    at = homes(draws)
    for number, name in enumerate(ids):
        stated = pool.homes.get(name) or (None if name == CORPORATION else pool.homes.get(OTHERS))
        if stated is not None:
            at[number] = CODES.index(stated)
    return at
