"""The recipes of the library: they match the published rows, end before the legal finals, and made the committed tapes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import clo
from clo.builder.drawing import build_pool
from clo.builder.recipe import CORPORATION
from clo.builder.wanted import PROFILES, recipe_of_row
from clo.files.recipe import made_up
from clo.issuance.published import published_deals
from clo.reference import packaged
from clo.timeline.months import as_days, month_end, month_index

DEALS = Path(__file__).parents[2] / "deals"
RECIPES = {path.stem: path for path in sorted((DEALS / "recipes").glob("*.yaml"))}
PUBLISHED = published_deals(packaged())
FULL = {name: row for name, row in PUBLISHED.items() if row.obligors is not None and row.amount is not None and name in RECIPES}


def test_every_deal_that_is_drawn_has_its_recipe() -> None:
    assert len(RECIPES) == 32
    assert len(FULL) == 30
    assert set(RECIPES) - set(FULL) == {"purchase-2008-03", "receivables-example"}


@pytest.mark.parametrize("name", RECIPES)
def test_the_pool_has_the_firms_institutions_and_amount_of_the_row(name: str) -> None:
    recipe = clo.read_recipe(RECIPES[name])
    frame = build_pool(recipe)
    institutions = set(frame["originator_id"]) - {CORPORATION}
    assert recipe.deal_id == name
    assert recipe.figures is not None
    assert recipe.figures.obligors == frame["obligor_id"].nunique()
    assert recipe.figures.amount == frame["current_balance"].sum()
    if name not in FULL:
        return
    row = FULL[name]
    assert frame["obligor_id"].nunique() == row.obligors
    assert frame["current_balance"].sum() == row.amount
    if row.institutions is not None:
        assert len(institutions) == row.institutions == recipe.figures.institutions
    if row.joint is not None:
        assert (CORPORATION in set(frame["originator_id"])) is row.joint
    before = as_days(clo.load_deal(DEALS / f"{name}.yaml").dates.cutoff)
    assert as_days(recipe.cutoff) == before
    assert name == "purchase-03" or before == month_end(month_index(as_days(row.month)) - 1)


@pytest.mark.parametrize("name", RECIPES)
def test_the_committed_tape_is_what_the_recipe_makes(name: str) -> None:
    recipe = clo.read_recipe(RECIPES[name])
    loans = clo.read_tape(RECIPES[name].parent / recipe.tape)
    pd.testing.assert_frame_equal(loans.frame, build_pool(recipe), check_exact=True)
    (warning,) = loans.findings
    assert warning.code == "W-T083"
    assert made_up(recipe, f"the recipe {name}.yaml") in warning.message


@pytest.mark.parametrize("name", RECIPES)
def test_few_loans_of_a_tape_stand_at_a_limit(name: str) -> None:
    recipe = clo.read_recipe(RECIPES[name])
    frame, at = build_pool(recipe), 0
    standing = dict.fromkeys(("smallest", "largest"), 0)
    for pool in recipe.pools.values():
        owed = frame["current_balance"].iloc[at : at + pool.firms]
        standing = {limit: count + int((owed == getattr(pool.sizes, limit)).sum()) for limit, count in standing.items()}
        at += pool.firms
    assert max(standing.values()) < 0.02 * len(frame)


def test_the_loans_of_no_3_were_made_in_december() -> None:
    made = build_pool(clo.read_recipe(RECIPES["purchase-03"]))["origination_date"]
    assert (str(made.min().date()), str(made.max().date())) >= ("2005-12-01", "2005-12-19")
    assert made.max() <= pd.Timestamp("2005-12-20")


@pytest.mark.parametrize("name", RECIPES)
def test_every_loan_ends_before_the_legal_final(name: str) -> None:
    recipe = clo.read_recipe(RECIPES[name])
    final = clo.load_deal(DEALS / f"{name}.yaml").dates.legal_final
    assert build_pool(recipe)["maturity_date"].max() < pd.Timestamp(final)


def test_the_largest_firm_of_clover_2011_owes_three_percent() -> None:
    frame = build_pool(clo.read_recipe(RECIPES["clover-2011"]))
    assert frame["current_balance"].max() == 94_000_000
    assert frame["current_balance"].max() / frame["current_balance"].sum() == pytest.approx(0.03, abs=0.001)


@pytest.mark.parametrize("name", sorted(FULL))
def test_a_row_alone_gives_such_a_pool_too(name: str) -> None:
    row = FULL[name]
    recipe = recipe_of_row(row, institutions=5)
    assert (recipe.firms, recipe.amount) == (row.obligors, row.amount)
    assert as_days(recipe.cutoff) == month_end(month_index(as_days(row.month)) - 1)
    wanted = PROFILES.get(name) or PROFILES[row.type]
    assert {pool.profile for pool in recipe.pools.values()} <= {wanted, "jasme"}
    assert ("own" in recipe.pools) is (row.type == "synthetic_cbo" or bool(row.joint))
