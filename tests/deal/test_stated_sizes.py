"""Sizes as the terms alone say them, before any loan is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import clo
from clo.deal.backing import published_sizes, stated_sizes
from clo.deal.terms import Deal


def with_figures(deal: Deal, **figures: Any) -> Deal:
    assert deal.figures is not None
    return deal.model_copy(update={"figures": deal.figures.model_copy(update=figures)})


@pytest.fixture
def deal(deals: Path) -> Deal:
    return clo.load_deal(deals / "purchase-08.yaml")


def test_the_rest_is_what_the_published_amount_leaves(deal: Deal) -> None:
    sizes, pool = stated_sizes(deal)
    assert pool == 13_500_000_000
    assert sizes == {"senior": 11_900_000_000, "mezzanine": 180_000_000, "subordinated": 1_420_000_000}


def test_nothing_is_left_of_an_amount_that_is_too_small_or_not_known(deal: Deal) -> None:
    for amount in (10_000_000_000, None):
        sizes, pool = stated_sizes(with_figures(deal, amount=amount))
        assert math.isnan(sizes["subordinated"])
        assert sizes["senior"] == 11_900_000_000
        assert math.isnan(pool) is (amount is None)
    assert math.isnan(stated_sizes(deal.model_copy(update={"figures": None}))[1])


def test_more_than_the_pool_may_back_the_tranches(deal: Deal) -> None:
    reserve = deal.accounts["reserve"].model_copy(update={"initial": 100_000_000.0})
    backed = deal.model_copy(
        update={"backing": "pool.initial + reserve.initial", "accounts": {**deal.accounts, "reserve": reserve}}
    )
    assert stated_sizes(backed)[0]["subordinated"] == 1_520_000_000
    one_of_two = deal.model_copy(update={"backing": "institutions.initial"})
    assert math.isnan(stated_sizes(one_of_two)[0]["subordinated"])


def test_without_an_amount_the_pool_is_what_all_sizes_sum_to(deals: Path) -> None:
    golub = clo.load_deal(deals / "examples" / "golub-2018.yaml")
    assert stated_sizes(golub)[1] == 602_400_000


def test_which_sizes_a_source_says(deal: Deal) -> None:
    assert published_sizes(deal) == {"senior", "mezzanine"}
    assert published_sizes(deal.model_copy(update={"published": {}})) == set()
