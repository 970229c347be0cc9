"""The work of `clo simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clo.cli import console
from clo.cli.listing import print_findings
from clo.cli.running import load
from clo.labels import Lang, label, party, position
from clo.report.tables import Column, Table
from clo.scenarios.reduced import Method
from clo.simulation.result import Simulation
from clo.simulation.simulating import simulate

COLUMNS = (
    Column("tranche", "word"),
    Column("expected_loss", "figure"),
    Column("standard_error", "figure"),
    Column("prob_loss", "figure"),
    Column("var_999", "figure"),
    Column("es_999", "figure"),
    Column("wal_mean", "number"),
)
BEARERS = (
    Column("party", "text"),
    Column("position", "text"),
    Column("expected_loss", "money"),
    Column("standard_error", "money"),
    Column("share", "percent"),
    Column("tail_loss", "money"),
)
KEYS = tuple(column.key for column in COLUMNS)
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
    lang: Lang,
    as_json: bool,
    quiet: bool,
) -> int:
    """Simulate a deal and show its tranches. 1 if a scenario failed."""
    deal = load(file)
    with (
        console.told_of_compiling(lang, quiet=quiet),
        console.progress(label("simulated_scenarios", lang), quiet=quiet, least=MANY_SCENARIOS) as advance,
    ):
        found = simulate(deal, scenarios, seed, scenario=scenario, method=method, progress=advance)
        borne = None if bearers is None else found.losses_by_party(bearers)
    if as_json:
        told_too = {} if borne is None else {"losses_by_party": console.records(borne)}
        console.show_json(_as_dict(found) | told_too)
        return 0 if found.ok else 1
    table = Table(COLUMNS, tuple(tuple(map(_cell, COLUMNS, row)) for row in found.tranches[[*KEYS]].itertuples(index=False)))
    title = f"{deal.name_ja or deal.name}" if lang == "ja" else deal.name
    console.show_table(table, f"{title}: {label('simulation_table', lang)}", lang)
    if borne is not None:
        rows = [tuple(row) for row in borne[[column.key for column in BEARERS]].itertuples(index=False)]
        named = tuple((party(row[0], lang), position(row[1], lang), *row[2:]) for row in rows)
        console.show_table(Table(BEARERS, named), label("chart_bearers", lang), lang)
    words = {"method": label(method, lang), "scenario": label(scenario, lang)}
    said = {"simulated_scenarios": f"{scenarios:,}", "seed": str(seed)} | words
    told = " · ".join(f"{label(key, lang)} {value}" for key, value in said.items())
    console.out().print(told, style="dim", soft_wrap=True)
    if not found.ok:
        console.say(label("simulation_not_ok", lang))
    if not quiet:
        print_findings(list(found.findings), console.err(), lang)
    return 0 if found.ok else 1


def _cell(column: Column, value: Any) -> Any:
    """A loss is a share of which four digits after the percentage's point are told: of senior tranches it is small."""
    return f"{value:.4%}" if column.kind == "figure" else value


def _as_dict(found: Simulation) -> dict[str, Any]:
    return {
        "deal": found.stage.deal.name,
        "ok": found.ok,
        "scenarios": found.scenarios,
        "seed": found.engine.draws.seed,
        "tranches": console.records(found.tranches),
        "assumptions": found.assumptions.model_dump(exclude_none=True),
        "findings": [finding.as_dict() for finding in found.findings],
        "manifest": found.manifest,
    }
