"""run: a deal, its loans and a scenario become a Result. The one place where the stages meet."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import llvmlite.binding

from clo import __version__
from clo.curves import Curves
from clo.deal.terms import Deal, Scenario
from clo.study.inputs import placed
from clo.study.preparing import prepare
from clo.study.result import Result
from clo.tape.batches import AnyLoans

PACKAGES = ("numpy", "numba", "llvmlite", "pandas", "pyarrow", "scipy", "pydantic", "jpholiday")
"""Packages whose version can move a result; they stand in the manifest."""


def run(
    deal: Deal,
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    scenario: str = "base",
    *,
    curves: Curves | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    **overrides: Any,
) -> Result:
    """Run a deal on its own tape, or on `loans`, under one of its scenarios.

    loans: a whole tape (Loans, or a TapeStream), from which each sub-pool takes what its `where` selects, or loans by
    sub-pool. curves: what floating rates follow, in place of the deal's own. A keyword replaces its own field of the scenario
    (docs/behaviour.md lists them); cdr= replaces the whole default model.
    Raises DealError, TapeError, CurveError or InputError with every finding.
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    if not isinstance(deal, Deal):
        raise TypeError(f"clo.run takes a Deal, not {type(deal).__name__}: clo.run(clo.load_deal(path))")
    if loans is not None and not isinstance(loans, (AnyLoans, Mapping)):
        raise TypeError(f"loans= takes Loans, or Loans by sub-pool, not {type(loans).__name__}: use clo.read_tape(path)")
    ready = prepare(deal, loans, scenario, curves, overrides)
    deal, assumed, pools, fixings = ready.deal, ready.assumed, ready.chosen.loans, ready.curves
    projected = ready.projected(ready.summed(threads=threads, progress=progress), assumed)
    flows = ready.allocated(projected, threads=threads)
    manifest = _manifest(deal, scenario, assumed, overrides, pools, begun)
    manifest["curves"] = {name: curve.source for name, curve in fixings.items()}
    of_tapes = dict.fromkeys(finding for pool in pools.values() for finding in pool.findings)  # sub-pools share a tape
    of_pool = placed(deal, scenario, overrides, projected.findings)
    before = (*ready.found, *ready.chosen.findings, *fixings.findings, *of_tapes, *of_pool)
    result = Result(deal, scenario, assumed, pools, ready.timeline, projected, flows, before, ready.chosen.excluded, manifest)
    manifest["checks"] = result.checks.to_dict("records")
    manifest["seconds"] = round(time.perf_counter() - clock, 3)
    return result


def cpu_name() -> str:
    """The processor the kernels are compiled for: results are the same to the last bit on one CPU family."""
    return str(llvmlite.binding.get_host_cpu_name())


def _manifest(
    deal: Deal, name: str, scenario: Scenario, overrides: Mapping[str, Any], pools: Mapping[str, AnyLoans], begun: datetime
) -> dict[str, Any]:
    versions = {"clo": __version__, "python": platform.python_version()} | {package: version(package) for package in PACKAGES}
    tapes = {
        name: {
            "source": loans.source,
            "sha256": loans.sha256,
            "sidecar_sha256": loans.sidecar_sha256,
            "schedule_sha256": loans.schedule_sha256,
            "loans": len(loans),
            "balance": loans.balance,
        }
        for name, loans in pools.items()
    }
    return {
        "format": "clo.manifest/1",
        "deal": {"name": deal.name, "file": deal.origin.file, "sha256": deal.origin.sha256},
        "pools": tapes,
        "scenario": name,
        "assumptions": scenario.model_dump(exclude_none=True, exclude={"extends"}),
        "overrides": dict(overrides),
        "versions": versions,
        "platform": platform.platform(),
        "processor": cpu_name(),
        "started": begun.isoformat(timespec="seconds"),
    }
