"""What our files call the deals of the issuance table."""

from __future__ import annotations

PREFIXES = {"purchase": "purchase", "guarantee": "guarantee", "synthetic_cbo": "cbo"}
"""What their names begin with, by type."""


def deal_name(type_: str, number: int) -> str:
    """purchase, 3 -> `purchase-03`; synthetic_cbo, 1 -> `cbo-01`."""
    return f"{PREFIXES[type_]}-{number:02d}"
