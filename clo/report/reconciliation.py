"""The reconciliation of the library with what is published, as tables, lines and a page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from clo.issuance.comparison import plain
from clo.issuance.reconciling import Reconciliation
from clo.labels import NONE, Lang, label, money, path_label
from clo.report.html import page_text
from clo.report.tables import Column, Table

COMPARED = (
    Column("deal", "place"),
    Column("item", "place"),
    Column("known", "word"),
    Column("published", "figure"),
    Column("stated", "figure"),
    Column("modelled", "figure"),
    Column("difference", "figure"),
    Column("bound", "figure"),
    Column("status", "verdict"),
    Column("source"),
)
INSIDE = (
    Column("table"),
    Column("rule"),
    Column("identities", "integer"),
    Column("largest_difference", "figure"),
    Column("bound", "figure"),
    Column("recorded", "integer"),
    Column("status", "status"),
)
RECORDED = (
    Column("table"),
    Column("row"),
    Column("rule"),
    Column("printed", "figure"),
    Column("computed", "figure"),
    Column("difference", "figure"),
    Column("note"),
)


def render(found: Reconciliation, lang: Lang = "en") -> str:
    """The page as HTML text: verdict, what failed, every comparison."""
    return page_text(
        "reconciliation.html.j2",
        lang,
        sources={},
        verdict=verdict(found, lang),
        failures=failures(found, lang),
        sections=sections(found, lang),
    )


def sections(found: Reconciliation, lang: Lang) -> list[tuple[str, Table]]:
    """(key of the title, table) of each part that has rows."""
    tables = [
        ("reconciled_totals", _compared(found.totals, lang)),
        ("reconciled_deals", _compared(found.deals, lang)),
        ("reconciled_tables", _inside(found.tables)),
        ("recorded_differences", _recorded(found.tables)),
    ]
    return [(key, table) for key, table in tables if table.rows]


def verdict(found: Reconciliation, lang: Lang) -> str:
    """Reconciles, or does not, and of how many."""
    failed = len(found.failed) + int((~found.tables["ok"]).sum())
    counts = found.counts | {"identities": len(found.tables), "failed": failed}
    told = label("reconciled_counts", lang).format(**{key: f"{count:,}" for key, count in counts.items()})
    return f"{label('reconciles' if found.ok else 'does_not_reconcile', lang)}: {told}"


def failures(found: Reconciliation, lang: Lang) -> list[str]:
    """One line for each deal that cannot be used, and for each figure that is outside its bound, with the row it stands in."""
    lines = [
        f"{name}: {label('cannot_be_used', lang)} ({', '.join(dict.fromkeys(one.code for one in findings))})"
        for name, findings in found.refused.items()
    ]
    for row in found.failed.to_dict("records"):
        figures = {key: _figure(row[key], row["unit"], lang) for key in ("published", "stated", "modelled")}
        figures = {row["known"] if key == "published" else key: text for key, text in figures.items()}
        told = ", ".join(f"{label(key, lang).lower()} {text}" for key, text in figures.items() if text != NONE)
        bound = f"{label('bound', lang).lower()} {_figure(row['bound'], _unit_apart(row['unit']), lang)}"
        deal, item = path_label(_subject(row["deal"]), lang), path_label(row["item"], lang)
        lines.append(f"{deal} · {item}: {told}, {bound} ({row['source']})")
    for row in found.tables[~found.tables["ok"]].to_dict("records"):
        told = f"{label('printed', lang).lower()} {row['printed']:g}, {label('computed', lang).lower()} {row['computed']:g}"
        lines.append(f"{row['table']} · {row['row']} · {row['rule']}: {told}, {label('bound', lang).lower()} {row['bound']:g}")
    return lines


def _compared(frame: pd.DataFrame, lang: Lang) -> Table:
    rows = []
    for row in frame.to_dict("records"):
        figures = [_figure(row[key], row["unit"], lang) for key in ("published", "stated", "modelled")]
        apart = [_figure(row[key], _unit_apart(row["unit"]), lang) for key in ("difference", "bound")]
        status = row["ok"] if row["gating"] else "shown_only"
        rows.append((_subject(row["deal"]), row["item"], row["known"], *figures, *apart, status, row["source"]))
    return Table(COMPARED, tuple(rows))


def _inside(frame: pd.DataFrame) -> Table:
    """One row for each rule of a table: how often it stands, what comes nearest its bound, differences recorded."""
    rules: dict[tuple[str, str], list[dict[Any, Any]]] = {}
    for row in frame.to_dict("records"):
        rules.setdefault((row["table"], row["rule"]), []).append(row)
    rows = []
    for (table, rule), held in rules.items():
        free = [row for row in held if pd.isna(row["recorded"])]
        worst = max(free, key=lambda row: abs(row["difference"]) - row["bound"], default=None)
        figures = (NONE, NONE) if worst is None else (f"{worst['difference'] + 0.0:g}", f"{worst['bound']:g}")
        rows.append((table, rule, len(held), *figures, len(held) - len(free), all(row["ok"] for row in held)))
    return Table(INSIDE, tuple(rows))


def _recorded(frame: pd.DataFrame) -> Table:
    known = frame[frame["recorded"].notna()]
    keys = [column.key for column in RECORDED]
    return Table(RECORDED, tuple(
        tuple(f"{row[key]:g}" if isinstance(row[key], float) else row[key] for key in keys) for row in known.to_dict("records")
    ))  # fmt: skip


def _subject(deal: str) -> str:
    """A deal, or the totals of a type by the key of its words."""
    return deal.replace("total.", "total.type_")


def _unit_apart(unit: str) -> str:
    """The unit of a difference: months and days apart are counted."""
    return "count" if unit in ("month", "day", "flag") else unit


def _figure(value: Any, unit: str, lang: Lang) -> str:
    """As its unit reads: a month, a day, a count, yen, per cent, yes or no."""
    if value is None or pd.isna(value):
        return NONE
    if unit == "flag":
        return label("yes" if value else "no", lang)
    if unit in ("month", "day"):
        return str(plain(value, unit))
    return f"{value:.3f}%" if unit == "percent" else money(value)
