"""What the published tables say of each deal, under the name of its file in the library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import pandas as pd

from clo.reference import Tables
from clo.reference.deal_names import deal_name

BILLION = 1_000_000_000
DAY = len("YYYY-MM-DD")
FIXED = re.compile(r"([0-9]+(?:\.[0-9]+)?)% fixed\b")
"""How the table of tranches begins a coupon of which the rate is printed."""


@dataclass(frozen=True, slots=True)
class PublishedDay:
    """A day of a deal that is printed in full."""

    item: Literal["closing", "legal_final"]
    day: date
    source: str


@dataclass(frozen=True, slots=True)
class Published:
    """A published deal. type: purchase, guarantee or synthetic_cbo of the issuance table; `clover`; or `comparable`.

    institutions and obligors are counts, amount is in yen, each None where it is not printed; amount_step is the unit in
    which the amount is printed. joint: composed with the corporation's own loans; None where the table does not tell. days: of
    closing and legal final, each once, or more where tables differ.
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
    days: tuple[PublishedDay, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedTranche:
    """amount: yen; share: percent of the pool, in steps of share_step; coupon: percent, where it is one rate; each None where
    there is none. derived: the amount follows from what is printed of the others."""

    tranche: str
    amount: float | None
    share: float | None
    share_step: float
    coupon: float | None
    derived: bool
    source: str


def published_deals(tables: Tables) -> dict[str, Published]:
    """Every deal of the issuance table, the Clover table and the table of tranches; the first that has a deal tells of it."""
    found: dict[str, Published] = {}
    days = _days(tables)
    for deal in (*_issuance(tables), *_clover(tables), *_comparables(tables)):
        found.setdefault(deal.name, replace(deal, days=tuple(days.get(deal.name, ()))))
    return found


def published_tranches(tables: Tables) -> dict[str, list[PublishedTranche]]:
    """By deal, every tranche of which an amount, a share of the pool or a rate is printed or follows from what is."""
    found: dict[str, list[PublishedTranche]] = {}
    for row in tables.table("tranches").to_dict("records"):
        amount, share = _amount(row["amount_jpy"], 1), None if pd.isna(row["share_pct"]) else float(row["share_pct"])
        fixed = FIXED.match(row["coupon"]) if isinstance(row["coupon"], str) else None
        if amount is not None or share is not None or fixed is not None:
            step = 0.0 if share is None else float(row["share_step"])
            coupon = None if fixed is None else float(fixed[1])
            derived, source = row["known"] == "derived", f"tranches, {row['source_id']}"
            tranche = PublishedTranche(row["tranche"], amount, share, step, coupon, derived, source)
            found.setdefault(row["deal"], []).append(tranche)
    return found


def _days(tables: Tables) -> dict[str, list[PublishedDay]]:
    """By deal, every day of closing or legal final that is printed in full; one that several tables print has them all."""
    columns = (("clover", "date", "closing"), ("tranches", "date", "closing"), ("tranches", "legal_maturity", "legal_final"))
    sources: dict[tuple[str, Any, str], dict[str, None]] = {}
    for table, column, item in columns:
        for row in tables.table(table).to_dict("records"):
            if isinstance(row[column], str) and len(row[column]) == DAY:
                sources.setdefault((row["deal"], item, row[column]), {})[f"{table}, {row['source_id']}"] = None
    found: dict[str, list[PublishedDay]] = {}
    for (deal, item, day), where in sources.items():
        found.setdefault(deal, []).append(PublishedDay(item, date.fromisoformat(day), "; ".join(where)))
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
            amount=_amount(row["amount_bn_jpy"], BILLION),
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
