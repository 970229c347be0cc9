"""What a run is made of: the scenario with its overrides, and the loans of each sub-pool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from clo.behaviour.assumptions import conflicts, plain, replaced
from clo.curves import Curve, Curves
from clo.deal.name_checks import not_there
from clo.deal.terms import Deal, Scenario
from clo.findings import CurveError, DealError, Finding, nearest
from clo.quantities import in_words


def resolve_scenario(deal: Deal, name: str, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario to run, with what it extends filled in and the overrides in place."""
    if name not in deal.scenarios:
        close = nearest(name, deal.scenarios)
        hint = f"did you mean {close!r}?" if close else f"it has {', '.join(deal.scenarios)}"
        message = f"scenario {name!r} is not in the deal; {hint}"
        raise DealError([deal.origin.finding("E-R101", "scenarios", message, "name one of them", value=name)])
    if "extends" in overrides:
        rule, fix = "a keyword replaces a field of the scenario", "give the scenario's name as scenario="
        message = "a run does not extend a scenario"
        raise DealError([Finding("E-R102", "error", message, rule, fix, field="extends=", value=str(overrides["extends"]))])
    fields = deal.scenario(name).model_dump(exclude_none=True)
    modelled = "cdr" in overrides or overrides.get("defaults", "tape") != "tape"
    if modelled and fields.get("recovery") == "tape" and "recovery" not in overrides:
        message = f"defaults of scenario {name!r} are replaced, but its recovery comes from the tape"
        raise DealError([deal.origin.finding("E-R103", f"scenarios.{name}.recovery", message, "give recovery= as well")])
    try:
        scenario = Scenario.model_validate(replaced(fields, {key: plain(value) for key, value in overrides.items()}))
    except ValidationError as error:
        raise DealError(_of_keyword(detail) for detail in error.errors(include_url=False)) from None
    found = [
        Finding("E-R102", "error", each.message, each.rule, each.fix, field=f"{each.field}=") for each in conflicts(scenario)
    ]
    rule = "a keyword names what the deal has"
    for field, named, message, fix in not_there(scenario, deal.triggers, deal.counterparties):
        if field in overrides:
            found.append(Finding("E-R102", "error", message, rule, fix, field=f"{field}=", value=named))
    if found:
        raise DealError(found)
    return scenario


def _of_keyword(detail: Mapping[str, Any]) -> Finding:
    name = str(detail["loc"][0])
    known = [key for key in Scenario.model_fields if key != "extends"]
    close = nearest(name, known) if detail["type"] == "extra_forbidden" else None
    hint = f"did you mean {close!r}?" if close else f"keywords are {', '.join(known)}"
    fix = detail.get("ctx", {}).get("fix", hint)
    rule = "a keyword replaces a field of the scenario"
    shown = "" if isinstance(detail["input"], Mapping) else str(detail["input"])
    return Finding("E-R102", "error", in_words(detail), rule, fix, field=f"{name}=", value=shown)


def placed(deal: Deal, scenario: str, overrides: Mapping[str, Any], findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings about a field of the scenario with its place: the keyword of the run, or where the deal file states it."""
    for finding in findings:
        field, pool = finding.field.partition(".")[0], finding.path.removeprefix("pools.")
        if finding.file or field not in Scenario.model_fields:
            yield finding
            continue
        message = f"{pool}: {finding.message}" if pool in deal.pools and len(deal.pools) > 1 else finding.message
        if field in overrides:
            yield replace(finding, message=message, field=f"{finding.field}=", path="")
            continue
        path = f"scenarios.{_stating(deal, scenario, field)}.{finding.field}"
        line, column = deal.origin.place(path) or (None, None)
        yield replace(finding, message=message, file=deal.origin.file, line=line, column=column, path=path)


def _stating(deal: Deal, scenario: str, field: str) -> str:
    """The scenario that states the field: the given one, or one it extends."""
    following: str | None = scenario
    while following in deal.scenarios:
        if field in deal.scenarios[following].model_fields_set:
            return following
        following = deal.scenarios[following].extends
    return scenario


def resolve_curves(deal: Deal) -> Curves:
    """The curves that the deal names, read. Raises DealError with every one that cannot be."""
    findings: list[Finding] = []
    read: dict[str, Curve] = {}
    told: dict[Finding, None] = {}
    for name, terms in deal.curves.items():
        path = f"curves.{name}"
        if deal._load_curve is None:
            message = f"curve {name!r} names file {terms.file!r}, and the deal was not read from a file"
            findings.append(deal.origin.finding("E-R118", path, message, "give curves=, or use clo.load_deal"))
            continue
        try:
            read[name], of_file = deal._load_curve(name, terms)
            told |= dict.fromkeys(of_file)
        except OSError as error:
            message = f"file {terms.file!r} of curve {name!r} cannot be read: {error.strerror or error}"
            fix = "correct file:, which is a path from the folder of the deal file"
            findings.append(deal.origin.finding("E-R119", f"{path}.file", message, fix, value=terms.file))
        except KeyError:
            message = f"file {terms.file!r} has no curve {terms.column or name!r}"
            findings.append(deal.origin.finding("E-R119", path, message, "name its column:", value=terms.column or name))
        except CurveError as error:
            findings += error.findings
    if findings:
        raise DealError(findings)
    return Curves(read.values(), told)
