"""The work of `clo reference` and `clo reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from clo.cli import console
from clo.files.library import load_library
from clo.files.results import whole
from clo.issuance import Reconciliation, reconcile
from clo.labels import Lang, label
from clo.reference import packaged
from clo.reference.tables import PROVENANCE
from clo.report import reconciliation
from clo.report.tables import Column, Kind, Table

KINDS: dict[str, Kind] = {"count": "figure", "number": "figure"}
PAGE = "reconcile.html"


def reference(name: str | None, *, lang: Lang, as_json: bool, as_csv: bool) -> int:
    """The list of published tables, or one of them."""
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    frame = packaged().listing() if name is None else packaged().table(name)
    if as_csv:
        typer.echo(frame.to_csv(index=False), nl=False)
    elif as_json:
        console.show_json(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    elif name is None:
        shown = frame.drop(columns="title" if lang == "ja" else "title_ja").rename(columns={"title_ja": "title"})
        console.show_table(_table(shown, {"rows": "figure"}), label("reference_tables", lang), lang)
    else:
        _show(name, frame, lang)
    return 0


def _show(name: str, frame: pd.DataFrame, lang: Lang) -> None:
    """A table as printed, then where it is printed and what its columns are."""
    columns = packaged().columns(name)
    kinds = {column.name: KINDS.get(column.kind, "text") for column in columns}
    entry = packaged().entry(name)
    title = entry["title_ja"] if lang == "ja" and entry["title_ja"] else entry["title"]
    console.show_table(_table(frame.drop(columns=list(PROVENANCE)), kinds), title, lang)
    out = console.out()
    for key in PROVENANCE:
        out.print(f"{label(key, lang)}: {frame[key].iloc[0]}", soft_wrap=True)
    for column in columns:
        unit = f" ({column.unit})" if column.unit else ""
        out.print(f"  {column.name}{unit}: {column.meaning}", soft_wrap=True)


def _table(frame: pd.DataFrame, kinds: dict[str, Kind]) -> Table:
    """Figures as they are printed: never rounded, whole ones without a point."""
    columns = tuple(Column(str(name), kinds.get(str(name), "text")) for name in frame.columns)
    rows = tuple(tuple(map(_cell, row)) for row in frame.itertuples(index=False, name=None))
    return Table(columns, rows)


def _cell(value: Any) -> Any:
    if pd.isna(value):
        return None
    return f"{value:.15g}" if isinstance(value, float) else value


def run_reconcile(names: Sequence[str], *, deals: Path, out: Path, lang: Lang, as_json: bool, quiet: bool, page: bool) -> int:
    """Published against model for the library, or for the deals named. 1 if a figure that gates is outside its bound."""
    with console.told_of_compiling(lang, quiet=quiet):
        found = reconcile(load_library(deals, names), only=bool(names))
    if as_json:
        console.show_json(_as_dict(found))
    elif not quiet or not found.ok:
        _tell(found, lang, quiet)
    if page:
        target = out / PAGE
        try:
            with whole(target) as temporary:
                temporary.write_text(reconciliation.render(found, lang), encoding="utf-8")
        except OSError as error:
            return console.cannot_write(str(target), error, as_json=as_json)
        console.say(f"{label('written_to', lang)} {target}", quiet=quiet)
    return 0 if found.ok else 1


def _tell(found: Reconciliation, lang: Lang, quiet: bool) -> None:
    """Every comparison of deals and totals, the identities that need a word; last what failed, and the verdict."""
    if not quiet:
        for title, table in reconciliation.sections(found, lang):
            console.show_table(table, label(title, lang), lang)
    out = console.out()
    for line in reconciliation.failures(found, lang):
        out.print(line, style="bold red", soft_wrap=True)
    out.print(reconciliation.verdict(found, lang), style="bold", soft_wrap=True)


def _as_dict(found: Reconciliation) -> dict[str, Any]:
    frames = {"deals": found.deals, "totals": found.totals, "tables": found.tables}
    return {"ok": found.ok} | {
        name: frame.astype(object).where(frame.notna(), None).to_dict("records") for name, frame in frames.items()
    }
