"""What a programme keeps of each deal: one row a scenario, and one for each tranche. Small, so that results need not be kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from clo.analytics.enhancement import attachment_points
from clo.analytics.figures import pool_figures
from clo.deal.backing import published_sizes, stated_sizes
from clo.deal.known import figure_mark, structure_marks
from clo.deal.terms import Deal
from clo.findings import Finding
from clo.study import Result

HOLDERS = ("investors", "corporation", "institutions", "guarantor")
"""Who has a column of losses of its own; all others share one."""
LOSSES = {holder: f"loss_{holder}" for holder in (*HOLDERS, "others")}
"""Column of the losses of each holder, and of all others together."""
COLUMNS = (
    "deal", "name", "name_ja", "scenario", "status", "structure", "month", "currency", "obligors", "obligors_known",
    "pool_size", "pool_size_known", "sizes_published", "tranches", "senior_enhancement", "enhancement_known", "senior_wal",
    "notes_wal", "loss_rate", *LOSSES.values(), "checks_passed", "checks", "ok", "reason",
)  # fmt: skip
KNOWN = ("obligors_known", "pool_size_known", "enhancement_known")
"""How a figure is known: published, derived or assumed; empty where there is none."""
LAYERS = ("deal", "scenario", "tranche", "holder", "size", "published", "attachment", "detachment", "loss", "wal_years")


def run_rows(key: str, result: Result) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of a run, and one of each of its tranches, senior first."""
    deal, summary = result.deal, result.summary
    pool = result.flows.parameter("pool.initial")
    tranches = summary.to_dict("records")
    sizes = {str(row["tranche"]): float(row["original"]) for row in tranches}
    layers = _layers(key, deal, result.scenario_name, sizes, pool)
    for layer, row in zip(layers, tranches, strict=True):
        layer |= {"loss": float(row["loss"]), "wal_years": float(row["wal_years"])}
    notes = summary[[deal.tranches[name].coupon is not None for name in summary["tranche"]]]
    obligors = None if deal.figures is None else deal.figures.obligors
    told = _stated(key, deal, result.scenario_name, layers) | {
        "status": "ran",
        "obligors": pool_figures(deal, result.pools).obligors if obligors is None else obligors,
        "obligors_known": _known(deal, "obligors"),
        "pool_size": pool,
        "pool_size_known": _known(deal, "amount"),
        "senior_wal": layers[0]["wal_years"],
        "notes_wal": _average(notes["wal_years"], notes["principal_paid"]),
        "loss_rate": result.pool_loss,
        "checks_passed": int(result.checks["ok"].sum()),
        "checks": len(result.checks),
        "ok": result.ok,
    }
    for holder, column in LOSSES.items():
        own = [layer["loss"] for layer in layers if _column_of(layer["holder"]) == holder]
        told[column] = float(sum(own)) if own else math.nan
    return told, layers


def idle_rows(
    key: str, deal: Deal, scenario: str, status: str, findings: Sequence[Finding]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The same of a deal that was not run, as far as its terms say it; why, in the words of the first error."""
    sizes, pool = stated_sizes(deal)
    layers = _layers(key, deal, scenario, sizes, pool)
    obligors = None if deal.figures is None else deal.figures.obligors
    told = _stated(key, deal, scenario, layers) | {
        "status": status,
        "obligors": obligors,
        "obligors_known": "" if obligors is None else _known(deal, "obligors"),
        "pool_size": pool,
        "pool_size_known": "" if math.isnan(pool) else _known(deal, "amount"),
        "reason": _first(findings),
    }
    return told, layers


def unread_row(key: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """The row of a file that is no deal: its name, and why."""
    empty = dict.fromkeys(("name", "name_ja", "scenario", "structure", "month", "currency", *KNOWN), "")
    return {"deal": key, **empty, "status": "not_read", "reason": _first(findings)}


def _first(findings: Sequence[Finding]) -> str:
    return next((finding.message for finding in findings if finding.severity == "error"), "")


def table_of(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows of `run_rows` and `idle_rows` as a frame: text, whole numbers (missing where there is none), amounts and shares."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = ("obligors", "sizes_published", "tranches", "checks_passed", "checks")
    shares = ("pool_size", "senior_enhancement", "senior_wal", "notes_wal", "loss_rate", *LOSSES.values())
    kinds = dict.fromkeys(whole, "Int64") | dict.fromkeys(shares, "float64") | {"ok": "boolean"}
    return frame.astype(kinds | {name: "str" for name in COLUMNS if name not in kinds})


def layers_of(layers: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(layers, columns=list(LAYERS))


def _stated(key: str, deal: Deal, scenario: str, layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the terms say of any deal."""
    return dict.fromkeys(COLUMNS) | {
        "deal": key,
        "name": deal.name,
        "name_ja": deal.name_ja,
        "scenario": scenario,
        "structure": deal.structure or "spelled_out",
        "month": deal.figures.month if deal.figures is not None else f"{deal.dates.closing:%Y-%m}",
        "currency": deal.currency,
        "sizes_published": sum(layer["published"] for layer in layers),
        "tranches": len(layers),
        "senior_enhancement": layers[0]["attachment"],
        "enhancement_known": "" if math.isnan(layers[0]["attachment"]) else _enhancement_known(deal),
        "reason": "",
    }


def _layers(key: str, deal: Deal, scenario: str, sizes: dict[str, float], pool: float) -> list[dict[str, Any]]:
    points = attachment_points([sizes[name] for name in deal.tranches], pool)
    published = published_sizes(deal)
    return [
        dict(
            zip(
                LAYERS,
                (key, scenario, name, terms.holder, sizes[name], name in published, *point, math.nan, math.nan),
                strict=True,
            )
        )
        for (name, terms), point in zip(deal.tranches.items(), points, strict=True)
    ]


def _known(deal: Deal, figure: str) -> str:
    mark = figure_mark(deal, figure)
    return "" if mark is None else mark.kind


def _enhancement_known(deal: Deal) -> str:
    mark = structure_marks(deal, [figure_mark(deal, "amount")])[next(iter(deal.tranches))]["attachment"]
    return "" if mark is None else mark.kind


def _column_of(holder: str) -> str:
    return holder if holder in HOLDERS else "others"


def _average(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Weighted; what has no weight does not count. NaN without any."""
    counted = weights.to_numpy(np.float64) > 0.0
    if not counted.any():
        return math.nan
    return float(np.average(values.to_numpy(np.float64)[counted], weights=weights.to_numpy(np.float64)[counted]))
