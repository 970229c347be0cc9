"""The work of `clo run` with several deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from clo.cli import console, many
from clo.deal.terms import Deal
from clo.files.results import TERM_SHEET, folder_name, page_of, save, whole, write_text
from clo.findings import nearest
from clo.labels import Lang, label
from clo.programme import Programme, run_programme
from clo.report import programme_page, render
from clo.report.programme import programme_table, reasons
from clo.report.termsheet import termsheet
from clo.study import Result

NAME = "programme"
"""Of the files that show the deals side by side."""


def run(
    files: Sequence[Path], names: Sequence[str] | None, *, out: Path, lang: Lang, as_json: bool, quiet: bool, page: bool
) -> int:
    """Run the scenarios (None: all) of every deal, write each deal's outputs and the programme's, show the table."""
    many.require_own_folders(files)
    deals, refused = many.load_all(files)
    _require_some(deals, names)
    with (
        console.told_of_compiling(lang, quiet=quiet),
        console.progress(label("deal", lang), quiet=quiet, least=2) as advance,
    ):
        try:
            programme = run_programme(deals, names, progress=advance, finish=partial(_finish, out, lang, page))
            programme = programme.with_unread(
                {folder_name(each.file): each.findings for each in refused}, [folder_name(str(file)) for file in files]
            )
            written = _write(programme, deals, out, lang, page=page) if deals else {}
        except OSError as error:
            return console.cannot_write(str(out), error, as_json=as_json)
    refused += [many.Refused(deals[name].origin.file, findings) for name, findings in programme.refused.items()]
    code = max(many.tell(refused, lang, as_json=as_json), 0 if programme.ok else 1)
    if as_json:
        console.show_json(_as_dict(programme, refused, written, ok=code == 0))
    elif not quiet and deals:
        _show(programme, lang)
    for deal, scenario in _failed(programme):
        console.say(f"{label('run_not_ok', lang)}: {deal}: {label(scenario, lang)}")
    for place in (*(out / name for name in programme.finished), *written.values()):
        console.say(f"{label('written_to', lang)} {place}", quiet=quiet)
    return code


def _require_some(deals: Mapping[str, Deal], names: Sequence[str] | None) -> None:
    """Raise a usage error for a scenario that no deal has; a deal that lacks one which others have is told when it is run."""
    known = dict.fromkeys(name for deal in deals.values() for name in deal.scenarios)
    for name in names or ():
        if deals and name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near!r}?" if near else ""
            raise typer.BadParameter(f"scenario {name!r} is in no deal; they have {', '.join(known)}{hint}")


def _finish(out: Path, lang: Lang, page: bool, name: str, results: Sequence[Result]) -> dict[str, str]:
    """Write the outputs of a deal, and return the address of the page of each of its runs, as seen from `out`."""
    places = save(results, out, render(results, lang) if page else None)
    address = page_of(places).relative_to(out).as_posix()
    return {result.scenario_name: address for result in results} if page else {}


def _write(programme: Programme, deals: Mapping[str, Deal], out: Path, lang: Lang, *, page: bool) -> dict[str, Path]:
    """Term sheets, table and page. Returns the paths of the latter two kinds."""
    paths = {kind: out / f"{NAME}.{kind}" for kind in ("csv", "parquet")}
    with whole(paths["csv"]) as temporary:
        programme.table.to_csv(temporary, index=False, encoding="utf-8-sig")
    with whole(paths["parquet"]) as temporary:
        programme.table.to_parquet(temporary, index=False)
    if page:
        for name, deal in deals.items():
            write_text(out / name / TERM_SHEET, termsheet(deal, lang))
        sheets = {name: f"{name}/{TERM_SHEET}" for name in deals}
        pages = {(name, scenario): to for name, found in programme.finished.items() for scenario, to in found.items()}
        paths["page"] = out / f"{NAME}.html"
        write_text(paths["page"], programme_page(programme, lang, sheets=sheets, pages=pages))
    return paths


def _failed(programme: Programme) -> list[tuple[str, str]]:
    """Deal and scenario of every run that failed a check."""
    frame = programme.table[(programme.table["status"] == "ran") & ~programme.table["ok"]]
    return list(zip(frame["deal"], frame["scenario"], strict=True))


def _show(programme: Programme, lang: Lang) -> None:
    scenarios = [label(name, lang) for name in programme.table["scenario"].unique() if name]
    title = ": ".join((label("programme_table", lang), *(scenarios if len(scenarios) == 1 else ())))
    console.show_table(programme_table(programme, lang, brief=True), title, lang)
    console.out().print(console.marks_line(lang), style="dim")
    for names, status, reason in reasons(programme):
        console.out().print(f"{names}: {label(status, lang)}: {reason}", soft_wrap=True)


def _as_dict(programme: Programme, refused: Sequence[many.Refused], written: Mapping[str, Path], *, ok: bool) -> dict[str, Any]:
    return {
        "ok": ok,
        "deals": console.records(programme.table),
        "refused": [each.as_dict() for each in refused],
        "written": dict(written),
    }
