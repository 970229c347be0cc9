"""simulate: a deal, its loans and a default model become a Simulation, scenario by scenario through the whole waterfall."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.joint import JointDefaults
from clo.curves import Curves
from clo.deal.terms import Deal
from clo.findings import InputError, has_errors
from clo.pool.separate import separate_flows
from clo.pool.summing import in_order
from clo.scenarios.draws import Draws
from clo.scenarios.model import DefaultModel, default_model
from clo.scenarios.reduced import Method
from clo.simulation.blocks import CHUNK, Engine
from clo.simulation.codes import problem
from clo.simulation.reducing import draws_by
from clo.simulation.result import Simulation
from clo.simulation.staging import Stage, assumptions_of, staged
from clo.simulation.tables import tables
from clo.simulation.tally import Tally
from clo.study.result import Result
from clo.tape.batches import AnyLoans
from clo.timeline import as_days
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.gathering import Outside, gather, period_table

Floats = NDArray[np.float64]
SEEDS = 2**64


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
    Results are the same to the last bit for any number of threads. Raises DealError, TapeError, CurveError or InputError with
    every finding.
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    if not isinstance(deal, Deal):
        raise TypeError(f"clo.simulate takes a Deal, not {type(deal).__name__}: clo.simulate(clo.load_deal(path))")
    _require_numbers(scenarios, seed, method, draws)
    joint = assumptions_of(deal, simulation)
    stage = staged(deal, loans, scenario, curves, overrides, threads)
    engine, quiet = prepared(stage, joint, seed, draws)
    workers = threads or os.cpu_count() or 1
    if draws is None:
        engine.draws = draws_by(method, engine, stage.pools, seed, scenarios, workers)
    tally = Tally(scenarios, engine.sizes)

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


def _require_numbers(scenarios: int, seed: int, method: str, draws: Callable[[DefaultModel, int], Draws] | None) -> None:
    findings = []
    if isinstance(scenarios, bool) or not isinstance(scenarios, int | np.integer) or scenarios < 1:
        message = f"{scenarios!r} scenarios cannot be simulated"
        findings.append(problem("E-M013", message, field="scenarios=", value=str(scenarios)))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < SEEDS:
        findings.append(problem("E-M014", f"{seed!r} is no seed", field="seed=", value=str(seed)))
    if method not in get_args(Method) or (draws is not None and method != "plain"):
        message = f"{method!r} is no method" if method not in get_args(Method) else f"both {method!r} and draws= are given"
        findings.append(problem("E-M018", message, field="method=", value=str(method)))
    if findings:
        raise InputError(findings)


def prepared(
    stage: Stage, joint: JointDefaults, seed: int, draws: Callable[[DefaultModel, int], Draws] | None = None
) -> tuple[Engine, Result]:
    """The engine of a deal, and its run without defaults. Raises DealError or InputError with every finding."""
    deal, cutoff = stage.deal, as_days([stage.deal.dates.cutoff])[0]
    model, findings = default_model(stage.pools, joint, len(stage.ends), cutoff)
    program = compile_deal(deal)
    if program.purchases:
        message = f"the deal buys loans for {', '.join(program.purchases)}, whose defaults nobody draws"
        findings.append(problem("E-M012", message, path="waterfall", file=deal.origin.file))
    if model is None or has_errors(findings):
        raise InputError(findings)
    varies = model.spread is not None
    lgd = {name: np.zeros(len(owner)) if varies else stage.stated_lgd(name, joint.lgd) for name, owner in model.of_loan.items()}
    quiet = stage.quiet(lgd)
    separate = {
        name: separate_flows(loans, model.of_loan[name], stage.assumed, stage.ends, cutoff, stage.curves)
        for name, loans in stage.with_lgd(lgd).items()
    }
    if not any(movement.reason == "capitalise" for movement in program.symbols.movements):
        program = compile_deal(deal, trace=False)
    program = bind(program, deal, {name: each.balance for name, each in stage.pools.items()}, force=stage.assumed.force)
    shift = stage.assumed.rate_shifts(stage.curves)
    outside = Outside(stage.curves, shift, stage.assumed.ratings or {})
    built = tables(program, quiet.timeline, stage.assumed, model, separate)
    base = gather(program, quiet.pool_flows, quiet.timeline)[:, :, 0]
    factors = model.draws(seed) if draws is None else draws(model, seed)
    values = period_table(program, deal, quiet.timeline, outside)
    return Engine(deal, program, quiet.timeline, values, np.ascontiguousarray(base), model, built, factors), quiet
