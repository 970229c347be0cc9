"""Where the stages meet: a deal, its loans and a scenario become a Result."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clo import __version__
from clo.analytics.checks import Run, run_checks, run_findings
from clo.analytics.summary import tranche_summary
from clo.deal.checks import timeline_of
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal, Scenario
from clo.findings import DealError, Finding
from clo.pool import kernel as pool_kernel
from clo.pool.assumptions import Assumptions
from clo.pool.loans import Loans
from clo.pool.projection import PoolFlows, project
from clo.timeline import Timeline
from clo.waterfall import frames
from clo.waterfall import kernel as waterfall_kernel
from clo.waterfall.allocation import DealFlows, allocate, bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.frames import Explanation

PACKAGES = ("numpy", "numba", "pandas", "pyarrow", "scipy", "pydantic", "jpholiday")
"""Packages whose version can move a result; they stand in the manifest."""


@dataclass(frozen=True, eq=False)
class Result:
    """One run of a deal: every frame, every check, and why each amount is what it is. Frames are made when first asked for."""

    deal: Deal
    scenario_name: str
    scenario: Scenario
    pools: Mapping[str, Loans]
    timeline: Timeline
    pool_flows: PoolFlows
    flows: DealFlows
    input_findings: tuple[Finding, ...]
    manifest: dict[str, Any] = field(repr=False)

    @cached_property
    def tranches(self) -> pd.DataFrame:
        """What each tranche is owed and gets, by payment date."""
        return frames.tranches(self.flows)

    @cached_property
    def pool(self) -> pd.DataFrame:
        """What the borrowers pay, by month and sub-pool."""
        return self.pool_flows.to_frame()

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Every movement of cash, in order; step 0 is the closing date."""
        return frames.ledger(self.flows, self.pool_flows)

    @cached_property
    def parties(self) -> pd.DataFrame:
        """What the parties pay each other."""
        return frames.parties(self.flows, self.pool_flows, self.ledger)

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """Each account from payment date to payment date."""
        return frames.accounts(self.flows)

    @cached_property
    def fees(self) -> pd.DataFrame:
        """Each fee: due, paid, carried."""
        return frames.fees(self.flows)

    @cached_property
    def triggers(self) -> pd.DataFrame:
        """Whether each trigger holds, by payment date."""
        return frames.triggers(self.flows)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per tranche: original, paid, loss, weighted average life, yield."""
        prices = {name: tranche.issue_price for name, tranche in self.deal.tranches.items()}
        return tranche_summary(self.tranches, self.timeline.closing, prices)

    @cached_property
    def checks(self) -> pd.DataFrame:
        """check, largest_residual, ok: what must hold of every run, and what the deal asserts."""
        return run_checks(self._run)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything a user should know of the run: warnings about loans, deal and outcome, and errors of a failed run."""
        return (*self.input_findings, *run_findings(self._run))

    @property
    def _run(self) -> Run:
        overridden = bool(self.manifest["overrides"])
        parts = (self.tranches, self.pool, self.ledger, self.parties, self.accounts, self.fees)
        return Run(self.deal, self.scenario_name, overridden, self.pools, self.pool_flows, self.flows, *parts)

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return bool(self.checks["ok"].all())

    @property
    def realised(self) -> pd.DataFrame | None:
        """With defaults from the tape: recorded charge-offs against the modelled ones."""
        return self.pool_flows.realised

    def waterfall(self, period: int) -> pd.DataFrame:
        """The steps of payment `period` (1 is the first): asked, available, paid, shortfall and why."""
        return frames.waterfall(self.flows, period)

    def explain(self, claim: str, period: int) -> Explanation:
        """Why a claim such as `mezzanine.interest` got what it got on payment `period`."""
        return frames.explain(self.flows, claim, period)

    def __repr__(self) -> str:
        state = "ok" if self.ok else "NOT OK"
        return f"<Result {self.deal.name}, scenario {self.scenario_name}: {self.timeline.payments} payments, {state}>"

    def _repr_html_(self) -> str:
        state = "ok" if self.ok else f"NOT OK: {', '.join(self.checks.loc[~self.checks['ok'], 'check'])}"
        table = self.summary.to_html(index=False, float_format=lambda value: f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}")
        return f"<p><b>{self.deal.name}</b>, scenario {self.scenario_name}: {state}</p>{table}"


def run(
    deal: Deal,
    loans: Loans | Mapping[str, Loans] | None = None,
    scenario: str = "base",
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **overrides: Any,
) -> Result:
    """Run a deal on its own tape, or on `loans`, under one of its scenarios.

    loans: a whole tape, from which each sub-pool takes what its `where` selects, or loans by sub-pool. A keyword replaces
    its own field of the scenario (cdr, cpr, recovery, recovery_lag, defaults); cdr= replaces the whole default model.
    Raises DealError, TapeError or InputError with every finding.
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    deal = spelled_out(deal)
    timeline = timeline_of(deal)
    if isinstance(timeline, list):
        raise DealError(timeline)
    assumed = resolve_scenario(deal, scenario, overrides)
    pools, findings = resolve_pools(deal, loans)
    projected = project(
        pools, _assumptions(assumed), period_ends=timeline.period_ends, cutoff=deal.dates.cutoff, threads=threads, progress=progress
    )
    program = bind(compile_deal(deal), deal, {name: pool.balance for name, pool in pools.items()})
    flows = allocate(deal, program, projected, timeline, threads=threads)
    manifest = _manifest(deal, scenario, assumed, overrides, pools, begun)
    result = Result(deal, scenario, assumed, pools, timeline, projected, flows, (*findings, *projected.findings), manifest)
    manifest["checks"] = result.checks.to_dict("records")
    manifest["seconds"] = round(time.perf_counter() - clock, 3)
    return result


def compiling() -> bool:
    """Whether the next run has to compile the kernels first: nothing of theirs is in numba's cache."""
    return any(_stale(dispatcher) for dispatcher in (waterfall_kernel.run_block, pool_kernel.add_monthly_loans))


def _stale(dispatcher: Any) -> bool:
    if dispatcher.signatures:
        return False
    source = Path(dispatcher.py_func.__code__.co_filename)
    index = [entry for entry in Path(dispatcher.stats.cache_path).glob(f"{source.stem}.{dispatcher.py_func.__qualname__}-*.nbi")]
    return not any(entry.stat().st_mtime >= source.stat().st_mtime for entry in index)


def resolve_scenario(deal: Deal, name: str, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario to run, with what it extends filled in and the overrides in place."""
    if name not in deal.scenarios:
        message = f"scenario {name!r} is not in the deal; it has {', '.join(deal.scenarios)}"
        raise DealError([deal.origin.finding("E-R101", "scenarios", message, "name one of them", value=name)])
    fields = deal.scenario(name).model_dump(exclude_none=True)
    if "cdr" in overrides:
        fields.pop("defaults", None)
        if fields.get("recovery") == "tape" and "recovery" not in overrides:
            message = f"cdr= replaces the defaults of scenario {name!r}, but its recovery comes from the tape"
            raise DealError([deal.origin.finding("E-R103", f"scenarios.{name}.recovery", message, "give recovery= as well")])
    if overrides.get("defaults") == "tape":
        fields.pop("cdr", None)
    try:
        return Scenario.model_validate(fields | dict(overrides))
    except ValidationError as error:
        known = ", ".join(key for key in Scenario.model_fields if key != "extends")
        raise DealError(
            deal.origin.finding(
                "E-R102",
                f"scenarios.{name}",
                f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}",
                detail.get("ctx", {}).get("fix", f"keywords are {known}"),
                value=str(detail["input"]),
            )
            for detail in error.errors(include_url=False)
        ) from None


def _assumptions(scenario: Scenario) -> Assumptions:
    return Assumptions(
        cdr=scenario.cdr,
        cpr=scenario.cpr if scenario.cpr is not None else 0.0,
        recovery=scenario.recovery if scenario.recovery is not None else 0.0,
        recovery_lag=scenario.recovery_lag or 0,
        defaults=scenario.defaults or "model",
    )


def resolve_pools(deal: Deal, loans: Loans | Mapping[str, Loans] | None) -> tuple[dict[str, Loans], list[Finding]]:
    """Each sub-pool's loans, and warnings. Raises DealError where a sub-pool is empty or its tape does not fit the deal."""
    findings: list[Finding] = []
    pools: dict[str, Loans] = {}
    for name, terms in deal.pools.items():
        path = f"pools.{name}"
        if isinstance(loans, Mapping):
            if name not in loans:
                findings.append(deal.origin.finding("E-R110", path, f"no loans are given for pool {name!r}", "add them to loans="))
                continue
            chosen = loans[name]
        else:
            if loans is None and deal._load_tape is None:
                message = f"pool {name!r} names tape {terms.tape!r}, and the deal was not read from a file"
                findings.append(deal.origin.finding("E-R111", path, message, "give loans=, or use clo.load_deal"))
                continue
            tape = loans if loans is not None else deal._load_tape(terms.tape)  # type: ignore[misc]
            try:
                chosen = tape if terms.where is None else tape.where(terms.where)
            except ValueError as error:
                findings.append(deal.origin.finding("E-R112", f"{path}.where", str(error), "correct the filter", value=terms.where or ""))
                continue
        findings += _pool_findings(deal, name, chosen)
        pools[name] = chosen
    findings += _overlap(deal, pools)
    if any(finding.severity == "error" for finding in findings):
        raise DealError(findings)
    return pools, findings


def _pool_findings(deal: Deal, name: str, loans: Loans) -> list[Finding]:
    path, origin = f"pools.{name}", deal.origin
    if len(loans) == 0:
        fix = "change where:, or the tape"
        return [origin.finding("E-R113", path, f"pool {name!r} holds no loans", fix, value=deal.pools[name].where or "")]
    found = []
    cutoff = pd.Timestamp(loans.cutoff).date()
    if cutoff != deal.dates.cutoff:
        message = f"the tape of pool {name!r} is as of {cutoff}, the deal's cut-off is {deal.dates.cutoff}"
        found.append(origin.finding("E-R114", "dates.cutoff", message, "use the tape of the cut-off date", value=str(cutoff)))
    if "currency" in loans.frame and (other := set(loans.frame["currency"].dropna()) - {deal.currency}):
        message = f"pool {name!r} holds loans in {', '.join(sorted(other))}, the deal is in {deal.currency}"
        found.append(origin.finding("E-R115", "currency", message, "one currency a deal"))
    return found


def _overlap(deal: Deal, pools: Mapping[str, Loans]) -> list[Finding]:
    keys = [loans.frame[["originator_id", "loan_id"]].assign(pool=name) for name, loans in pools.items() if len(loans)]
    if len(keys) < 2:
        return []
    together = pd.concat(keys, ignore_index=True)
    twice = together[together.duplicated(["originator_id", "loan_id"], keep=False)]
    if twice.empty:
        return []
    first = twice.iloc[0]
    message = f"{len(twice) // 2:,} loans are in two sub-pools, first {first['originator_id']} {first['loan_id']}"
    return [deal.origin.finding("E-R116", "pools", message, "make the filters of the sub-pools exclude each other")]


def _manifest(
    deal: Deal, name: str, scenario: Scenario, overrides: Mapping[str, Any], pools: Mapping[str, Loans], begun: datetime
) -> dict[str, Any]:
    versions = {"clo": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    tapes = {name: {"source": loans.source, "sha256": loans.sha256, "loans": len(loans), "balance": loans.balance} for name, loans in pools.items()}
    return {
        "format": "clo.manifest/1",
        "deal": {"name": deal.name, "file": deal.origin.file, "sha256": deal.origin.sha256},
        "pools": tapes,
        "scenario": name,
        "assumptions": scenario.model_dump(exclude_none=True, exclude={"extends"}),
        "overrides": dict(overrides),
        "versions": versions,
        "platform": platform.platform(),
        "started": begun.isoformat(timespec="seconds"),
    }
