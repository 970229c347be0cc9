"""Profiles: every distribution of a sub-pool under one name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from clo.builder import distributions as of
from clo.builder.programmes import BASES, PROGRAMMES, USUAL, rates_of_classes
from clo.quantities import Terms


class Profile(Terms):
    """What is drawn of each loan of a sub-pool. says: whose loans these are."""

    says: of.Words
    asset_type: Literal["loan", "bond", "receivable"] = "loan"
    sizes: of.Sizes
    lenders: of.Lenders
    terms: of.Months
    grace: of.Months
    repayment: of.Repayment
    ages: of.Ages
    classes: of.Classes
    rates: of.Rates
    regions: of.Regions
    industries: of.Industries
    enterprise_sizes: of.EnterpriseSizes
    obligor_types: of.ObligorTypes


DISTRIBUTIONS = tuple(name for name in Profile.model_fields if name not in ("says", "asset_type"))
"""The distributions of a profile, each of which a recipe may replace in whole or in part."""


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by name."""
    made = {name: Profile.model_validate(_usual(name) | own) for name, own in PROGRAMMES.items()}
    return MappingProxyType(made)


def _usual(name: str) -> dict[str, Any]:
    return USUAL | ({"rates": rates_of_classes(BASES[name])} if name in BASES else {})
