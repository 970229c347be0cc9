"""The work of `clo reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clo.cli import console, many
from clo.deal.terms import Deal
from clo.files.library import library_files
from clo.files.results import write_text
from clo.findings import InputError
from clo.issuance.comparison import plain
from clo.issuance.reconciling import Reconciliation, reconcile
from clo.labels import Lang, label
from clo.report import reconciliation

PAGE = "reconcile.html"
BRIEF = ("reconciled_totals", "recorded_differences")
"""Parts that are shown unless all are asked for."""


def run(names: Sequence[str], *, deals: Path, out: Path, lang: Lang, as_json: bool, quiet: bool, page: bool, every: bool) -> int:
    """Published against model for the library, or for the deals named. 1 if a figure that gates is outside its bound, or if a
    deal cannot be used; 3 if its file cannot be read."""
    loaded, refused = _load(names, deals)
    with console.told_of_compiling(lang, quiet=quiet):
        found = reconcile(loaded, only=bool(names))
    homes = {name: deal.origin.file for name, deal in loaded.items()}
    unused = [*refused, *(many.Refused(homes[name], findings) for name, findings in found.refused.items())]
    found = replace(found, refused={Path(each.file).stem: each.findings for each in unused})
    code = max(many.tell(unused, lang, as_json=as_json), 0 if found.ok else 1)
    if as_json:
        console.show_json(_as_dict(found, unused))
    elif not quiet or not found.ok:
        _tell(found, lang, quiet=quiet, every=every or bool(names))
    if page:
        target = out / PAGE
        try:
            write_text(target, reconciliation.render(found, lang))
        except OSError as error:
            return console.cannot_write(str(target), error, as_json=as_json)
        console.say(f"{label('written_to', lang)} {target}", quiet=quiet)
    return code


def _load(names: Sequence[str], folder: Path) -> tuple[dict[str, Deal], list[many.Refused]]:
    """The deals of the folder, or those named; a path is that very file. Raises InputError where the folder lacks one."""
    paths = [Path(name) for name in dict.fromkeys(names)]
    given = [path for path in paths if path.suffix == ".yaml" and (path.parent != Path() or path.is_file())]
    stems = [path.stem if path.suffix == ".yaml" else str(path) for path in paths if path not in given]
    files: dict[str, Path] = {}
    if stems or not names:
        files, wrong = library_files(folder, stems)
        if wrong:
            raise InputError(wrong)
    several = [*files.values(), *given]
    many.require_own_folders(several)
    return many.load_all(several)


def _tell(found: Reconciliation, lang: Lang, *, quiet: bool, every: bool) -> None:
    """The totals and where sources do not add up, or every part; last what failed, and the verdict."""
    if not quiet:
        for title, table in reconciliation.sections(found, lang):
            if every or title in BRIEF:
                console.show_table(table, label(title, lang), lang)
    out = console.out()
    for line in reconciliation.failures(found, lang):
        out.print(line, style="bold red", soft_wrap=True)
    out.print(reconciliation.verdict(found, lang), style="bold", soft_wrap=True)


def _as_dict(found: Reconciliation, refused: Sequence[many.Refused]) -> dict[str, Any]:
    """Months, days and flags as they are written, other figures as numbers."""
    compared = {"deals": console.records(found.deals), "totals": console.records(found.totals)}
    for row in (row for rows in compared.values() for row in rows):
        row |= {key: plain(row[key], row["unit"]) for key in ("published", "stated", "modelled")}
    inside = console.records(found.tables)
    return {"ok": found.ok, **compared, "tables": inside, "refused": [each.as_dict() for each in refused]}
