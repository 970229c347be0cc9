"""The work of `clo report`: the page of a run, of all runs of a deal, or of a simulation, made again from the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clo import study
from clo.cli import console
from clo.files.deal import load_deal
from clo.files.results import MANIFEST, PAGE, Rerun, is_simulation, plain, read_rerun, write_text
from clo.labels import Lang, label
from clo.report import render


def report(folder: Path, *, lang: Lang, as_json: bool, quiet: bool) -> int:
    """The page again, of one run, of all runs of a deal's folder, or of a simulation. Inputs must be the same."""
    if is_simulation(folder):
        html, ok = _simulated(folder, lang, quiet)
    else:
        html, ok = _run(folder, lang)
    page = folder / PAGE
    try:
        write_text(page, html)
    except OSError as error:
        return console.cannot_write(str(page), error, as_json=as_json)
    if as_json:
        console.show_json({"page": page, "ok": ok})
    console.say(f"{label('written_to', lang)} {page}", quiet=quiet)
    return 0 if ok else 1


def _run(folder: Path, lang: Lang) -> tuple[str, bool]:
    """The page of a run, or of all of a deal, and whether their checks hold."""
    places = [folder] if (folder / MANIFEST).exists() else sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    if not places:
        raise FileNotFoundError(2, "no run here: there is no manifest.json", str(folder))
    results = []
    for again in map(read_rerun, places):
        result = study.run(load_deal(again.deal), scenario=again.scenario, **again.overrides)
        again.require(result.manifest)
        _tell_versions(again, result.manifest)
        results.append(result)
    return render(results, lang), all(result.ok for result in results)


def _simulated(folder: Path, lang: Lang, quiet: bool) -> tuple[str, bool]:
    """The page of a simulation, which is simulated anew, and whether every scenario holds."""
    from clo.files.simulations import read_simulation  # noqa: PLC0415  (a run needs none of it)
    from clo.report.simulation import simulation_page  # noqa: PLC0415  (a run needs none of it)
    from clo.simulation.simulating import simulate  # noqa: PLC0415  (a run needs none of it)

    again = read_simulation(folder)
    with console.told_of_compiling(lang, quiet=quiet):
        found = simulate(load_deal(again.rerun.deal), scenario=again.rerun.scenario, **again.asked, **again.rerun.overrides)
        again.rerun.require(found.manifest)
        _tell_versions(again.rerun, found.manifest)
        return simulation_page(found, lang, bearers=again.bearers), found.ok


def _tell_versions(again: Rerun, manifest: Mapping[str, Any]) -> None:
    """Say which versions are not those of the run before."""
    changed = {k: v for k, v in plain(manifest["versions"]).items() if again.versions.get(k) != v}
    if changed:
        console.say(f"clo: made with other versions than the run in {again.folder}: {changed}")
