"""simulate: a deal, its loans and a default model become a Simulation, scenario by scenario through the whole waterfall."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.joint import JointDefaults
from clo.curves import Curves
from clo.deal.terms import Deal
from clo.findings import Finding, InputError, gathered, has_errors
from clo.pool.separate import separate_flows
from clo.pool.summing import in_order
from clo.scenarios.draws import Draws
from clo.scenarios.model import DefaultModel, default_model
from clo.scenarios.reduced import Method
from clo.simulation.arguments import argument_findings
from clo.simulation.blocks import CHUNK, Engine
from clo.simulation.checking import not_used
from clo.simulation.codes import problem
from clo.simulation.reducing import draws_by
from clo.simulation.result import Simulation
from clo.simulation.staging import Stage, assumptions_of, carried, staged
from clo.simulation.tables import tables
from clo.simulation.tally import Tally
from clo.study.result import Result
from clo.tape.batches import AnyLoans
from clo.timeline import as_days
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.gathering import gather, period_table
from clo.waterfall.program import Program

Floats = NDArray[np.float64]


def simulate(
    deal: Deal,
    scenarios: int = 10_000,
    seed: int = 1,
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    scenario: str = "base",
    *,
    simulation: Mapping[str, Any] | JointDefaults | None = None,
    method: Method = "plain",
    draws: Callable[[DefaultModel, int], Draws] | None = None,
    curves: Curves | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **overrides: Any,
) -> Simulation:
    """Run a deal under correlated defaults: default months by obligor, flows of the pool, and the waterfall of each scenario.

    scenario: of the deal, for all but who defaults and what is recovered; keywords replace its fields as in `clo.run`.
    simulation: fields of the deal's `simulation:` to replace (docs/simulation.md lists them). method: how factors are drawn
    (docs/variance.md); draws: others than its. progress(done, total) is called in scenarios; what it raises stops the run.
    Results are the same to the last bit for any number of threads. Raises InputError with every finding, before any work.
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    if not isinstance(deal, Deal):
        raise TypeError(f"clo.simulate takes a Deal, not {type(deal).__name__}: clo.simulate(clo.load_deal(path))")
    found = list(argument_findings(
        len(deal.tranches), scenarios, seed, scenario, loans, simulation, method, draws, curves, threads, progress,
    ))  # fmt: skip
    joint, stage = _stated(found, deal, simulation, loans, scenario, curves, overrides, threads)
    engine, quiet = prepared(stage, joint, seed, draws)
    quiet = replace(quiet, input_findings=(*not_used(stage.deal, scenario, joint, simulation), *quiet.input_findings))
    workers = threads or os.cpu_count() or 1
    if draws is None:
        engine.draws = draws_by(method, engine, stage.pools, seed, scenarios, workers)
    try:
        tally = Tally(scenarios, engine.sizes, engine.draws)
    except MemoryError:
        message = f"there is no memory left for the losses of {scenarios:,} scenarios"
        raise InputError([problem("E-M038", message, field="scenarios=", value=str(scenarios))]) from None

    def run(first: int) -> Any:
        return engine.run(first, min(CHUNK, scenarios - first))

    for first, outcomes in in_order(run, range(0, scenarios, CHUNK), workers):
        tally.add(first, outcomes)
        if progress is not None:
            progress(min(first + CHUNK, scenarios), scenarios)
    manifest = quiet.manifest | {
        "simulation": joint.model_dump(exclude_none=True), "scenarios": scenarios, "seed": seed, "method": engine.draws.method,
        "overrides": dict(overrides), "started": begun.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }  # fmt: skip
    manifest.pop("checks", None)
    return Simulation(stage, joint, engine, tally, quiet, manifest)


def _stated(
    found: list[Finding],
    deal: Deal,
    simulation: Mapping[str, Any] | JointDefaults | None,
    loans: AnyLoans | Mapping[str, AnyLoans] | None,
    scenario: str,
    curves: Curves | None,
    overrides: Mapping[str, Any],
    threads: int | None,
) -> tuple[JointDefaults, Stage]:
    """The assumptions, and the deal with its loans. An argument of the wrong kind is not looked into.

    Raises InputError with what was found before and all that is wrong here.
    """
    wrong = {each.field for each in found if each.code == "E-M037"}
    joint = stage = None
    if "simulation=" not in wrong:
        with gathered(found):
            joint = assumptions_of(deal, simulation)
    with gathered(found):
        if not any(field.startswith(("scenario=", "loans", "curves=")) for field in wrong):
            stage = staged(deal, loans, scenario, curves, overrides, threads)
        elif "scenario=" not in wrong:
            found += carried(deal, scenario, overrides)[2]
    if joint is None or stage is None or found:
        if joint is not None and stage is not None:
            found += _modelled(stage, joint)[2]
        raise InputError(found)
    return joint, stage


def _modelled(stage: Stage, joint: JointDefaults) -> tuple[DefaultModel | None, Program, list[Finding]]:
    """The default model of the loans, None where they do not allow one; the waterfall; and what is to be said of both."""
    deal, program = stage.deal, compile_deal(stage.deal)
    model, findings = default_model(stage.pools, joint, len(stage.ends), as_days([deal.dates.cutoff])[0])
    if program.purchases:
        message = f"the deal buys loans for {', '.join(program.purchases)}, whose defaults nobody draws"
        findings.append(problem("E-M012", message, path="waterfall", file=deal.origin.file))
    return model, program, findings


def prepared(
    stage: Stage, joint: JointDefaults, seed: int, draws: Callable[[DefaultModel, int], Draws] | None = None
) -> tuple[Engine, Result]:
    """The engine of a deal, and its run without defaults, with what is to be said of its loans.

    Raises InputError with every finding.
    """
    deal, cutoff = stage.deal, as_days([stage.deal.dates.cutoff])[0]
    model, program, findings = _modelled(stage, joint)
    if model is None or has_errors(findings):
        raise InputError(findings)
    varies = model.spread is not None
    lgd = {name: np.zeros(len(owner)) if varies else stage.stated_lgd(name, joint.lgd) for name, owner in model.of_loan.items()}
    quiet = stage.quiet(lgd)
    quiet = replace(quiet, input_findings=(*findings, *quiet.input_findings))
    separate = {
        name: separate_flows(loans, model.of_loan[name], stage.assumed, stage.ends, cutoff, stage.curves)
        for name, loans in stage.with_lgd(lgd).items()
    }
    if not any(movement.reason == "capitalise" for movement in program.symbols.movements):
        program = compile_deal(deal, trace=False)
    program = bind(program, deal, {name: each.balance for name, each in stage.pools.items()}, force=stage.assumed.force)
    built = tables(program, quiet.timeline, stage.assumed, model, separate)
    base = gather(program, quiet.pool_flows, quiet.timeline)[:, :, 0]
    factors = model.draws(seed) if draws is None else draws(model, seed)
    values = period_table(program, deal, quiet.timeline, stage.outside)
    return Engine(deal, program, quiet.timeline, values, np.ascontiguousarray(base), model, built, factors), quiet
