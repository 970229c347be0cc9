"""The work of `clo simulate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clo.cli import console
from clo.cli.listing import print_findings
from clo.cli.running import load
from clo.files.results import PAGE
from clo.files.simulations import require_writable
from clo.labels import Lang, label
from clo.outputs import save
from clo.report import losses
from clo.report.terms import joint_table
from clo.scenarios.reduced import Method
from clo.simulation.bearers import require_runs
from clo.simulation.result import Simulation
from clo.simulation.simulating import simulate

MANY_SCENARIOS = 100_000
"""From here on a simulation takes long enough for a progress bar."""


def run(
    file: Path,
    *,
    scenarios: int,
    seed: int,
    scenario: str,
    method: Method,
    bearers: int | None,
    out: Path | None,
    lang: Lang,
    as_json: bool,
    quiet: bool,
) -> int:
    """Simulate a deal, show its tranches, and write the outputs where they are asked for. 1 if a scenario failed."""
    deal = load(file)
    if bearers is not None and scenarios > 0:
        require_runs(scenarios, bearers)
    if out is not None:
        try:
            require_writable(out)
        except OSError as error:
            return console.cannot_write(str(out), error, as_json=as_json)
    with (
        console.told_of_compiling(lang, quiet=quiet),
        console.progress(label("simulated_scenarios", lang), quiet=quiet, least=MANY_SCENARIOS) as advance,
    ):
        found = simulate(deal, scenarios, seed, scenario=scenario, method=method, progress=advance)
        if bearers is not None:
            found.losses_by_party(bearers)
        try:
            folder = None if out is None else save(found, out, lang, bearers=bearers)[0]
        except OSError as error:
            return console.cannot_write(str(out), error, as_json=as_json)
    if as_json:
        console.show_json(_as_dict(found, bearers, folder))
    else:
        _show(found, bearers, lang)
    if not found.ok:
        console.say(label("simulation_not_ok", lang))
    if not quiet and not as_json:
        print_findings(list(found.findings), console.err(), lang)
    for place in () if folder is None else (folder, folder / PAGE):
        console.say(f"{label('written_to', lang)} {place}", quiet=quiet)
    return 0 if found.ok else 1


def _show(found: Simulation, bearers: int | None, lang: Lang) -> None:
    deal = found.quiet.deal
    title = f"{deal.name_ja or deal.name}" if lang == "ja" else deal.name
    console.show_table(losses.brief(found), f"{title}: {label('simulation_table', lang)}", lang)
    if bearers is not None:
        borne = found.losses_by_party(bearers, together=True)
        console.show_table(losses.bearers(borne), f"{label('chart_bearers', lang)} ({deal.currency})", lang)
    said = {
        "simulated_scenarios": f"{found.scenarios:,}",
        "seed": str(found.engine.draws.seed),
        "method": label(found.engine.draws.method, lang),
        "scenario": label(found.stage.scenario, lang),
    }
    told = " · ".join(f"{label(key, lang)} {value}" for key, value in said.items())
    rows = joint_table(deal, found.assumptions, lang).rows
    model = " · ".join(
        f"{name} {value.value}{f' {console.letter(value.mark, lang)}' if value.mark else ''}" for name, value in rows
    )
    for line in (told, model, console.marks_line(lang)):
        console.out().print(line, style="dim", soft_wrap=True)


def _as_dict(found: Simulation, bearers: int | None, folder: Path | None) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "deal": found.stage.deal.name,
        "ok": found.ok,
        "scenarios": found.scenarios,
        "seed": found.engine.draws.seed,
        "tranches": console.records(found.tranches),
        "assumptions": found.assumptions.model_dump(exclude_none=True),
        "model": console.rows_as_dicts(joint_table(found.quiet.deal, found.assumptions, "en")),
        "findings": [finding.as_dict() for finding in found.findings],
        "manifest": found.manifest,
    }
    if bearers is not None:
        told["losses_by_party"] = console.records(found.losses_by_party(bearers))
    if folder is not None:
        told |= {"folder": folder, "page": folder / PAGE}
    return told
