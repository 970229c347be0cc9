"""Findings about recipes and the rows they are to match."""

from __future__ import annotations

from clo.catalogue import Catalogue
from clo.findings import InputError

CATALOGUE = Catalogue(
    {
        "E-B001": ("a recipe is YAML, in UTF-8", "correct the text"),
        "E-B002": ("a recipe has known keys only", "use the nearest key"),
        "E-B003": ("every value of a recipe has its form", "correct the value"),
        "E-B004": ("shares add up to 1", "correct a share"),
        "E-B005": ("firms within the limits of a loan can owe the amount", "change firms, amount, or the limits under sizes"),
        "E-B006": ("every institution lends to at least one firm", "name fewer originators, or more firms"),
        "E-B007": ("the sub-pools add up to the figures", "correct a sub-pool, or the figures"),
        "E-B008": ("a profile is one of those in docs/pools.md", "use the nearest name"),
        "E-B009": ("a loan is still owed at the cut-off, and repays before it matures", "change terms, grace or ages"),
        "E-B010": ("a home is that of an originator of the sub-pool", "correct the name, or write others"),
        "E-B011": ("a row is one of the published tables", "name a row that is there"),
        "E-B012": ("a row has the figures that a pool is drawn from", "state what is missing"),
    },
    subject="loan",
)
finding = CATALOGUE.finding


class RecipeError(InputError):
    """A recipe from which no pool can be drawn."""
