"""The work of `clo termsheet`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clo.cli import console, many
from clo.files.results import TERM_SHEET, write_text
from clo.labels import Lang, label
from clo.report.tables import Column, Table
from clo.report.termsheet import known, termsheet

COLUMNS = (
    Column("deal"),
    Column("published", "integer"),
    Column("derived", "integer"),
    Column("assumed", "integer"),
    Column("sizes_published", "figure"),
)


def run(files: Sequence[Path], *, out: Path, lang: Lang, as_json: bool, quiet: bool) -> int:
    """Write the term sheet of each deal; no deal is run and no loan is read."""
    many.require_own_folders(files)
    deals, refused = many.load_all(files)
    pages: dict[str, Path] = {}
    for name, deal in deals.items():
        pages[name] = out / name / TERM_SHEET
        try:
            write_text(pages[name], termsheet(deal, lang))
        except OSError as error:
            return console.cannot_write(str(pages[name]), error, as_json=as_json)
    code = many.tell(refused, lang, as_json=as_json)
    counts = {name: known(deal) for name, deal in deals.items()}
    if as_json:
        told = [
            {
                "deal": name,
                "name": deals[name].name,
                "known": counts[name]._asdict(),
                "outline": counts[name].outline,
                "page": page,
            }
            for name, page in pages.items()
        ]
        console.show_json({"ok": code == 0, "deals": told, "refused": [each.as_dict() for each in refused]})
    elif not quiet and deals:
        rows = [(name, *found[:3], f"{found.sizes}/{found.tranches}") for name, found in counts.items()]
        console.show_table(Table(COLUMNS, tuple(rows)), label("what_is_known", lang), lang)
    for page in pages.values():
        console.say(f"{label('written_to', lang)} {page}", quiet=quiet)
    return code
