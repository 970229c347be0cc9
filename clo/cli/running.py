"""The work of `clo run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clo import report, study
from clo.cli import console
from clo.cli.endings import TAPE_SUFFIXES
from clo.cli.listing import print_assumed, print_findings
from clo.deal.terms import Deal
from clo.files.deal import load_deal
from clo.files.results import page_of, save
from clo.findings import nearest
from clo.labels import Lang, check_name, label
from clo.report import parties, tables

if TYPE_CHECKING:
    from clo.study import Result


def run(file: Path, names: Sequence[str] | None, *, out: Path, lang: Lang, as_json: bool, quiet: bool, page: bool) -> int:
    """Run the scenarios (None: all), write the outputs, show the tables. 1 if a check failed."""
    deal = load(file)
    results = run_all(deal, names or tuple(deal.scenarios), lang, quiet)
    html = report.render(results, lang) if page else None
    try:
        folders = save(results, out, html)
    except OSError as error:
        return console.cannot_write(str(out), error, as_json=as_json)
    written_page = page_of(folders) if page else None
    if as_json:
        console.show_json(_as_dict(deal, results, folders, written_page))
    elif not quiet:
        _show(deal, results, lang)
    for result, folder in zip(results, folders, strict=True):
        if not result.ok:
            console.say(f"{label('run_not_ok', lang)}: {label(result.scenario_name, lang)}: {', '.join(_failed(result, lang))}")
        console.say(f"{label('written_to', lang)} {folder}", quiet=quiet)
    if written_page is not None:
        console.say(f"{label('written_to', lang)} {written_page}", quiet=quiet)
    return 0 if all(result.ok for result in results) else 1


def load(file: Path) -> Deal:
    if file.name.lower().endswith(TAPE_SUFFIXES):
        fix = "a deal file (.yaml) names its tapes; `clo check` and `clo strat` take a tape"
        raise typer.BadParameter(f"{file.name} is a loan tape by its ending, and this needs a deal file: {fix}")
    return load_deal(file)


def run_all(deal: Deal, names: Sequence[str], lang: Lang, quiet: bool) -> list[Result]:
    for name in names:
        if name not in deal.scenarios:
            near = nearest(name, deal.scenarios)
            hint = f"; did you mean {near!r}?" if near else ""
            raise typer.BadParameter(f"scenario {name!r} is not in the deal; it has {', '.join(deal.scenarios)}{hint}")
    with console.told_of_compiling(lang, quiet=quiet), console.progress(label("loans", lang), quiet=quiet) as advance:
        return [study.run(deal, scenario=name, progress=advance) for name in names]


def _failed(result: Result, lang: Lang) -> list[str]:
    return [check_name(str(name), lang) for name in result.checks.loc[~result.checks["ok"].astype(bool), "check"]]


def _show(deal: Deal, results: Sequence[Result], lang: Lang) -> None:
    out = console.out()
    for result in results:
        if not result.ok:
            out.print(f"{label('run_not_ok', lang)}: {label(result.scenario_name, lang)}", style="bold red")
    names = (deal.name_ja, deal.name) if lang == "ja" else (deal.name, deal.name_ja)
    out.print("  ".join(name for name in names if name), style="bold")
    console.show_table(tables.capital_structure(results[0]), f"{label('capital_structure', lang)} ({deal.currency})", lang)
    out.print(console.marks_line(lang), style="dim")
    for result in results:
        out.print()
        console.show_table(
            tables.tranche_summary(result), f"{label('scenario', lang)}: {label(result.scenario_name, lang)}", lang
        )
        if (borne := parties.losses_in_short(result)) is not None:
            console.show_table(borne, label("who_bears_the_loss", lang), lang)
        if (realised := tables.realised(result)) is not None:
            console.show_table(realised, label("realised_table", lang), lang)
        out.print(f"{label('checks', lang)}: {_checks_line(result, lang)}", soft_wrap=True)
        warnings = [finding for finding in result.findings if finding.code not in tables.ASSUMED]
        if warnings:
            out.print(f"{label('warnings', lang)}:")
            print_findings(warnings, out, lang)
    if assumed := tables.assumed(results):
        out.print()
        print_assumed(assumed, out, lang)


def _checks_line(result: Result, lang: Lang) -> str:
    failed = _failed(result, lang)
    passed = f"{len(result.checks) - len(failed)}/{len(result.checks)} {label('passed', lang)}"
    return passed if not failed else f"{passed}; {label('failed', lang)}: {', '.join(failed)}"


def _as_dict(deal: Deal, results: Sequence[Result], folders: Sequence[Path], page: Path | None) -> dict[str, Any]:
    return {
        "deal": {"name": deal.name, "name_ja": deal.name_ja, "currency": deal.currency},
        "ok": all(result.ok for result in results),
        "capital_structure": console.rows_as_dicts(tables.capital_structure(results[0])),
        "scenarios": [
            {
                "scenario": result.scenario_name,
                "ok": result.ok,
                "summary": result.summary.to_dict("records"),
                "checks": result.checks.to_dict("records"),
                "losses_by_party": console.records(result.losses_by_party),
                "sub_pools": console.records(result.sub_pools),
                "realised": None if result.realised is None else result.realised.to_dict("records"),
                "findings": [finding.as_dict() for finding in result.findings],
                "folder": folder,
            }
            for result, folder in zip(results, folders, strict=True)
        ],
        "page": page,
    }
