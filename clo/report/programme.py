"""The page of a programme: deals side by side, one chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clo.deal.terms import Mark
from clo.labels import Lang, label, party, percent
from clo.programme.rows import KNOWN, LOSSES
from clo.report.html import page_text, plotly_script, script_json
from clo.report.tables import Column, Marked, Table

if TYPE_CHECKING:
    from clo.programme import Programme

COLUMNS = (
    Column("deal"),
    Column("scenario", "word"),
    Column("structure", "word"),
    Column("month"),
    Column("currency"),
    Column("obligors", "integer"),
    Column("pool_size", "money"),
    Column("sizes_published", "figure"),
    Column("senior_enhancement", "percent"),
    Column("senior_wal", "number"),
    Column("notes_wal", "number"),
    Column("loss_rate", "percent"),
    *(Column(loss, "percent") for loss in LOSSES.values()),
    Column("checks", "figure"),
)
MARKED = dict(zip(("obligors", "pool_size", "senior_enhancement"), KNOWN, strict=True))
"""Figures with the column that says how each is known."""
SHOWN = 0.00005
"""A share that two decimals of a per cent show."""
LEFT_OUT = {"structure", "sizes_published", "notes_wal", "checks", *LOSSES.values()}
BRIEF = (
    *(column for column in COLUMNS if column.key not in LEFT_OUT),
    Column("loss_borne_by"),
    COLUMNS[-1],
)
"""What a terminal has room for: the losses of all parties in one column."""


def programme_table(programme: Programme, lang: Lang, *, brief: bool = False) -> Table:
    """One row for each deal and scenario; losses as shares of the pool. What is the same or empty everywhere has no column."""
    frame = programme.table
    unused = {loss for loss in LOSSES.values() if frame[loss].isna().all()}
    unused |= {key for key in ("currency", *(("scenario",) if brief else ())) if frame[key].replace("", None).nunique() < 2}
    columns = tuple(column for column in (BRIEF if brief else COLUMNS) if column.key not in unused)
    rows = []
    for record in frame.to_dict("records"):
        row = {str(key): value for key, value in record.items()}
        told: dict[str, Any] = {**row, **{loss: row[loss] / row["pool_size"] for loss in LOSSES.values()}}
        for key, known in MARKED.items():
            told[key] = Marked(row[key], Mark(row[known], "")) if row[known] else row[key]
        read = row["status"] != "not_read"
        told["sizes_published"] = f"{row['sizes_published']}/{row['tranches']}" if read else None
        told["loss_borne_by"] = _losers({holder: told[loss] for holder, loss in LOSSES.items()}, lang)
        told["checks"] = _checks(row, lang)
        rows.append(tuple(told[column.key] for column in columns))
    return Table(columns, tuple(rows))


def _losers(shares: Mapping[str, float], lang: Lang) -> str | None:
    """Who loses how much of the pool, where it shows in the figures; a dash where nobody does."""
    return ", ".join(f"{party(holder, lang)} {percent(share)}" for holder, share in shares.items() if share >= SHOWN) or None


def reasons(programme: Programme) -> list[tuple[str, str, str]]:
    """Why deals were not run: the deals, key of the word for how they stand, the reason that they share."""
    together: dict[tuple[str, str], dict[str, None]] = {}
    for row in programme.table.to_dict("records"):
        if row["status"] != "ran":
            together.setdefault((row["status"], row["reason"]), {})[row["deal"]] = None
    return [(", ".join(deals), status, reason) for (status, reason), deals in together.items()]


def programme_page(
    programme: Programme,
    lang: Lang = "en",
    *,
    sheets: Mapping[str, str] | None = None,
    pages: Mapping[tuple[str, str], str] | None = None,
) -> str:
    """The page as HTML text. sheets: address of a deal's term sheet; pages: of the page of a run, by (deal, scenario)."""
    frame = programme.table
    failed = frame[(frame["status"] == "ran") & ~frame["ok"]]
    keys = list(zip(frame["deal"], frame["scenario"], strict=True))
    titles = dict(
        zip(
            frame["deal"],
            frame["name_ja"].where(frame["name_ja"] != "", frame["name"]) if lang == "ja" else frame["name"],
            strict=True,
        )
    )
    return page_text(
        "programme.html.j2",
        lang,
        sources={},
        styles=("programme.css",),
        table=programme_table(programme, lang),
        links=[((sheets or {}).get(deal), (pages or {}).get((deal, scenario))) for deal, scenario in keys],
        titles=[titles[deal] for deal, _ in keys],
        linked=bool(sheets),
        failed=[(deal, scenario) for deal, scenario in zip(failed["deal"], failed["scenario"], strict=True)],
        reasons=reasons(programme),
        counts={
            "deals_in_all": frame["deal"].nunique(),
            **{status: frame.loc[frame["status"] == status, "deal"].nunique() for status in ("ran", "refused", "not_read")},
        },
        chart=script_json(programme.plot(lang).update_layout(title=None, margin={"t": 40}).to_json()) if len(frame) else None,
        plotly=plotly_script(),
    )


def _checks(row: Mapping[str, Any], lang: Lang) -> str:
    if row["status"] != "ran":
        return label(row["status"], lang)
    passed = f"{row['checks_passed']}/{row['checks']}"
    return passed if row["ok"] else f"{passed} {label('failed', lang)}"
