"""The work of `clo reference`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import typer

from clo.cli import console
from clo.labels import Lang, label
from clo.reference import packaged
from clo.reference.tables import PROVENANCE
from clo.report.tables import Column, Kind, Table

KINDS: dict[str, Kind] = {"count": "figure", "number": "figure"}


def reference(name: str | None, *, lang: Lang, as_json: bool, as_csv: bool) -> int:
    """The list of published tables, or one of them."""
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    frame = packaged().listing() if name is None else packaged().table(name)
    if as_csv:
        typer.echo(frame.to_csv(index=False), nl=False)
    elif as_json:
        console.show_json(console.records(frame))
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
    console.show_table(_table(frame.drop(columns=list(PROVENANCE)), kinds), title, lang, as_named=True)
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
    return np.format_float_positional(value, trim="-") if isinstance(value, float) else value
