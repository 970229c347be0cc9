"""What is to be said of a deal's `simulation:` before it is drawn from: what its loans lack, what of a scenario goes unused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from clo.behaviour.defaults import TermStructure
from clo.behaviour.joint import CorrelationBy, JointDefaults
from clo.deal.terms import Deal
from clo.findings import Finding
from clo.scenarios.reading import read_loans
from clo.simulation.codes import problem
from clo.simulation.staging import OWN
from clo.tape.batches import AnyLoans, in_memory
from clo.timeline import as_days

BASE = "base"
OFF = 1e-9
"""How far a recovery and a loss given default may be from adding up to 1, for being written with few digits."""
COLUMNS = (
    "current_balance", "originator_id", "loan_id", "obligor_id", "group_id", "industry_code", "region_code", "pd_1y", "lgd",
    "origination_date",
)  # fmt: skip
"""What the default model may read of a tape, beside the columns that the deal names."""


def simulation_findings(deal: Deal, loans: Mapping[str, AnyLoans]) -> list[Finding]:
    """What `clo.simulate` would say of the loans, and of the scenario `base`, each with its place in the deal file."""
    joint = deal.simulation
    if joint is None:
        return []
    named = [by.by for by in (joint.pd, joint.correlation) if isinstance(by, TermStructure | CorrelationBy)]
    pools = {name: in_memory(each, (*COLUMNS, *named)) for name, each in loans.items()}
    _, found = read_loans(pools, joint, 1, as_days([deal.dates.cutoff])[0])
    return [*(_placed(deal, each) for each in found), *(not_used(deal, BASE, joint, None) if BASE in deal.scenarios else ())]


def not_used(deal: Deal, scenario: str, joint: JointDefaults, given: Any) -> Iterator[Finding]:
    """Fields of a scenario in whose place the simulation has its own, where they would lead a reader astray.

    That is a recovery that does not go with the loss given default, unless `simulation=` replaced that (given: what it said);
    and fields by which the scenario differs from `base`, or without one from the first.
    """
    stated, opposed = deal.scenario(scenario).model_dump(exclude_none=True), False
    recovery, lgd = stated.get("recovery"), None if _says_lgd(given) else joint.lgd
    if isinstance(recovery, float) and isinstance(lgd, float) and abs(recovery + lgd - 1.0) > OFF:
        opposed = True
        message = f"recovery {recovery:.6g} of scenario {scenario!r} and lgd {lgd:.6g} of the simulation do not add up to 1"
        yield _of_deal(deal, "W-M036", f"scenarios.{scenario}.recovery", f"{message}: the simulation takes its lgd")
    first = BASE if BASE in deal.scenarios else next(iter(deal.scenarios))
    other = deal.scenario(first).model_dump(exclude_none=True)
    differing = {name for name in {*stated, *other} if stated.get(name) != other.get(name)}
    fields = [name for name in OWN if name in differing and name in stated and not (name == "recovery" and opposed)]
    if fields:
        takes = ["defaults are drawn from simulation.pd"] if set(fields) - {"recovery"} else []
        takes += ["what is recovered follows simulation.lgd"] if "recovery" in fields else []
        verb = "is" if len(fields) == 1 else "are"
        message = f"{' and '.join(fields)} of scenario {scenario!r} {verb} not used: {', '.join(takes)}"
        if differing <= set(OWN):
            message += f"; nothing else tells it from {first!r}, whose numbers these are"
        yield _of_deal(deal, "W-M035", f"scenarios.{scenario}.{fields[0]}", message)


def _says_lgd(given: Any) -> bool:
    return isinstance(given, JointDefaults) or (given is not None and "lgd" in given)


def _of_deal(deal: Deal, code: str, path: str, message: str) -> Finding:
    line, column = deal.origin.place(path) or (None, None)
    return problem(code, message, path=path, file=deal.origin.file, line=line, column=column)


def _placed(deal: Deal, finding: Finding) -> Finding:
    """A finding about a field of the simulation with where the deal file states it; those about loans are as they are."""
    if not finding.field.startswith("simulation."):
        return finding
    line, column = deal.origin.place(finding.field) or (None, None)
    return replace(finding, file=deal.origin.file, line=line, column=column, path=finding.field, field="")
