"""What a run is made of: the scenario with its overrides, and the loans of each sub-pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from clo.behaviour.assumptions import conflicts, plain, replaced
from clo.curves import Curve, Curves
from clo.deal.terms import Deal, Scenario
from clo.findings import CurveError, DealError, Finding, has_errors, nearest
from clo.schema import KEYS
from clo.tape.batches import AnyLoans, batches, currencies, fingerprints


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
    return Finding("E-R102", "error", detail["msg"], rule, fix, field=f"{name}=", value=shown)


def resolve_curves(deal: Deal) -> Curves:
    """The curves that the deal names, read. Raises DealError with every one that cannot be."""
    findings: list[Finding] = []
    read: dict[str, Curve] = {}
    for name, terms in deal.curves.items():
        path = f"curves.{name}"
        if deal._load_curve is None:
            message = f"curve {name!r} names file {terms.file!r}, and the deal was not read from a file"
            findings.append(deal.origin.finding("E-R118", path, message, "give curves=, or use clo.load_deal"))
            continue
        try:
            read[name] = deal._load_curve(name, terms)
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
    return Curves(read.values())


def resolve_pools(deal: Deal, loans: AnyLoans | Mapping[str, AnyLoans] | None) -> tuple[dict[str, AnyLoans], list[Finding]]:
    """Each sub-pool's loans, and warnings. Raises DealError where a sub-pool is empty or its tape does not fit the deal."""
    findings: list[Finding] = []
    pools: dict[str, AnyLoans] = {}
    for name, terms in deal.pools.items():
        path = f"pools.{name}"
        if isinstance(loans, Mapping):
            if name not in loans:
                findings.append(
                    deal.origin.finding("E-R110", path, f"no loans are given for pool {name!r}", "add them to loans=")
                )
                continue
            chosen = loans[name]
        else:
            if loans is None and deal._load_tape is None:
                message = f"pool {name!r} names tape {terms.tape!r}, and the deal was not read from a file"
                findings.append(deal.origin.finding("E-R111", path, message, "give loans=, or use clo.load_deal"))
                continue
            try:
                tape = loans if loans is not None else deal._load_tape(terms.tape)  # type: ignore[misc]
            except OSError as error:
                message = f"tape {terms.tape!r} of pool {name!r} cannot be read: {error.strerror or error}"
                fix = "correct tape:, which is a path from the folder of the deal file"
                findings.append(deal.origin.finding("E-R117", f"{path}.tape", message, fix, value=terms.tape))
                continue
            try:
                chosen = tape if terms.where is None else tape.where(terms.where)
            except ValueError as error:
                findings.append(
                    deal.origin.finding("E-R112", f"{path}.where", str(error), "correct the filter", value=terms.where or "")
                )
                continue
        findings += _pool_findings(deal, name, chosen)
        pools[name] = chosen
    findings += _overlap(deal, pools)
    if has_errors(findings):
        raise DealError(findings)
    return pools, findings


def _pool_findings(deal: Deal, name: str, loans: AnyLoans) -> list[Finding]:
    path, origin = f"pools.{name}", deal.origin
    if len(loans) and loans.balance <= 0.0:
        return [origin.finding("E-R113", path, f"the loans of pool {name!r} have no balance", "use a tape with balances")]
    if len(loans) == 0:
        fix = "change where:, or the tape"
        return [origin.finding("E-R113", path, f"pool {name!r} holds no loans", fix, value=deal.pools[name].where or "")]
    found = []
    cutoff = pd.Timestamp(loans.cutoff).date()
    if cutoff != deal.dates.cutoff:
        message = f"the tape of pool {name!r} is as of {cutoff}, the deal's cut-off is {deal.dates.cutoff}"
        value = str(deal.dates.cutoff)
        found.append(origin.finding("E-R114", "dates.cutoff", message, "use the tape of the cut-off date", value=value))
    other = currencies(loans) - {deal.currency}
    if other:
        message = f"pool {name!r} holds loans in {', '.join(sorted(other))}, the deal is in {deal.currency}"
        found.append(origin.finding("E-R115", "currency", message, "one currency a deal"))
    return found


def _overlap(deal: Deal, pools: Mapping[str, AnyLoans]) -> list[Finding]:
    if len(pools) < 2:
        return []
    keys = [np.unique(fingerprints(loans, *KEYS)) for loans in pools.values()]
    found, times = np.unique(np.concatenate(keys), return_counts=True)
    twice = found[times > 1]
    if not len(twice):
        return []
    first = next(_named(loans, twice) for loans, own in zip(pools.values(), keys, strict=True) if np.isin(own, twice).any())
    message = f"{len(twice):,} loans are in more than one sub-pool, first {first}"
    return [deal.origin.finding("E-R116", "pools", message, "make the filters of the sub-pools exclude each other")]


def _named(loans: AnyLoans, keys: NDArray[np.uint64]) -> str:
    """The first loan that has one of the keys."""
    for part in batches(loans):
        at = np.flatnonzero(np.isin(fingerprints(part, *KEYS), keys))
        if len(at):
            return " ".join(part.frame[list(KEYS)].iloc[at[0]].astype(str))
    raise AssertionError("a key belongs to a loan")
