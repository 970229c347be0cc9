"""What `clo check` says of a deal: its own findings, those of its tapes, of every scenario run, and of its simulation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from clo import study
from clo.analytics.checks import BREACHES
from clo.deal.terms import Deal
from clo.files.deal import check_deal
from clo.findings import Finding, InputError
from clo.simulation.checking import simulation_findings
from clo.study import Result, resolve_pools


def deal_findings(file: Path) -> tuple[Finding, ...]:
    """Every finding of a deal, each once. Runs happen in memory and write nothing; the tapes are read once for all of them.

    Nothing is simulated: `simulation:` is held against the loans.
    """
    deal, findings = check_deal(file)
    if deal is None:
        return findings
    try:
        chosen = resolve_pools(deal, None)
    except InputError as error:
        return tuple(dict.fromkeys((*findings, *error.findings)))
    tapes = (one for loans in chosen.loans.values() for one in loans.findings)
    before = dict.fromkeys((*findings, *chosen.findings, *tapes))
    said: dict[Finding, list[str]] = {}
    for name in deal.scenarios:
        try:
            result = study.run(deal, chosen.loans, name)
            told = (*result.findings, *_failed_checks(deal, result))
        except InputError as error:
            told = error.findings
        for finding in dict.fromkeys(told):
            if finding not in before:
                said.setdefault(finding, []).append(name)
    of_runs = (_of_scenarios(finding, names, len(deal.scenarios)) for finding, names in said.items())
    return (*before, *of_runs, *simulation_findings(deal, chosen.loans))


def _failed_checks(deal: Deal, result: Result) -> list[Finding]:
    """Checks of a run that do not hold; a breach is told as the amount that it is, with its step and date."""
    rows = result.checks.to_dict("records")
    untold = [row for row in rows if not row["ok"] and row["check"] != BREACHES]
    return [_failed(deal, row["check"], row["largest_residual"], result.scenario_name) for row in untold]


def _failed(deal: Deal, check: str, off: float, scenario: str) -> Finding:
    """A published figure is about the deal and its tape, whatever the scenario; other checks are about a run."""
    figure = check.startswith("figures: ")
    path = "figures" if figure else f"scenarios.{scenario}"
    where = "" if figure else f" in scenario {scenario!r}"
    message = f"{check} does not hold{where}: off by {off:,.6g}"
    if figure:
        fix = "correct the figure, or the tape"
    elif check.startswith("assertion"):
        fix = "correct the assertion, or the deal"
    else:
        fix = "this is a defect of clo: report it"
    return deal.origin.finding("E-R203", path, message, fix, rule="every check of a run holds")


def _of_scenarios(finding: Finding, names: list[str], scenarios: int) -> Finding:
    """A finding that only some scenarios have names them, unless it already says who."""
    if len(names) == scenarios or finding.who or finding.path in {f"scenarios.{name}" for name in names}:
        return finding
    return dataclasses.replace(finding, who=f"scenario {', '.join(names)}")
