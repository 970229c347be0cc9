"""What the published tables say of each deal, under the name of its file in the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from clo.reference import Tables

BILLION = 1_000_000_000
PREFIXES = {"purchase": "purchase", "guarantee": "guarantee", "synthetic_cbo": "cbo"}
"""What the names of deal files of the issuance table begin with, by type."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published deal. type: purchase, guarantee or synthetic_cbo of the issuance table; `clover`; or `comparable`.

    institutions and obligors are counts, amount is in yen, each None where it is not printed; amount_step is the unit in
    which the amount is printed. joint: composed with the corporation's own loans; None where the table does not tell.
    """

    name: str
    type: str
    month: str
    institutions: int | None
    obligors: int | None
    amount: float | None
    amount_step: float
    joint: bool | None
    source: str


@dataclass(frozen=True, slots=True)
class PublishedTranche:
    """amount: yen; share: percent of the pool, in steps of share_step; each None where there is none. derived: from what is
    printed of the others."""

    tranche: str
    amount: float | None
    share: float | None
    share_step: float
    derived: bool
    source: str


def deal_name(type_: str, number: int) -> str:
    """purchase, 3 -> `purchase-03`; synthetic_cbo, 1 -> `cbo-01`."""
    return f"{PREFIXES[type_]}-{number:02d}"


def published_deals(tables: Tables) -> dict[str, Published]:
    """Every deal of the issuance table, the Clover table and the table of tranches; the first that has a deal tells of it."""
    found: dict[str, Published] = {}
    for deal in (*_issuance(tables), *_clover(tables), *_comparables(tables)):
        found.setdefault(deal.name, deal)
    return found


def published_tranches(tables: Tables) -> dict[str, list[PublishedTranche]]:
    """By deal, every tranche of which an amount or a share of the pool is printed or follows from what is."""
    found: dict[str, list[PublishedTranche]] = {}
    for row in tables.table("tranches").to_dict("records"):
        amount, share = _amount(row["amount_jpy"], 1), None if pd.isna(row["share_pct"]) else float(row["share_pct"])
        if amount is not None or share is not None:
            step = 0.0 if share is None else float(row["share_step"])
            source = f"tranches, {row['source_id']}"
            derived = row["known"] == "derived"
            found.setdefault(row["deal"], []).append(PublishedTranche(row["tranche"], amount, share, step, derived, source))
    return found


def _issuance(tables: Tables) -> Iterator[Published]:
    rows = tables.table("issuance")
    step = BILLION * tables.step("issuance", "amount_bn_jpy")
    for row in rows.to_dict("records"):
        yield Published(
            name=deal_name(row["type"], row["number"]),
            type=row["type"],
            month=row["month"],
            institutions=_count(row["banks"]),
            obligors=_count(row["smes"]),
            amount=row["amount_bn_jpy"] * BILLION,
            amount_step=step,
            joint=bool(row["joint"]) if row["type"] == "purchase" else None,
            source=f"issuance, {row['source_id']}",
        )


def _clover(tables: Tables) -> Iterator[Published]:
    rows = tables.table("clover")
    for row in rows[rows["known"] == "published"].to_dict("records"):
        yield Published(
            name=row["deal"],
            type="clover",
            month=row["date"][:7],
            institutions=_count(row["institutions"]),
            obligors=_count(row["smes"]),
            amount=_amount(row["pool_bn_jpy"], BILLION),
            amount_step=_amount(row["pool_step_bn_jpy"], BILLION) or 0.0,
            joint=None,
            source=f"clover, {row['source_id']}",
        )


def _comparables(tables: Tables) -> Iterator[Published]:
    for row in tables.table("tranches").drop_duplicates("deal").to_dict("records"):
        if isinstance(row["date"], str):
            yield Published(
                name=row["deal"],
                type="comparable",
                month=row["date"][:7],
                institutions=_count(row["institutions"]),
                obligors=_count(row["obligors"]),
                amount=_amount(row["pool_amount_jpy"], 1),
                amount_step=_amount(row["pool_step_jpy"], 1) or 0.0,
                joint=None,
                source=f"tranches, {row['source_id']}",
            )


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _amount(value: float, unit: int) -> float | None:
    """In yen; printed decimals times a power of ten are whole yen."""
    return None if pd.isna(value) else float(round(value * unit))
