"""What a simulation is asked for, looked at before any work: numbers, kinds of arguments, and whether losses fit in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import numpy as np

from clo.behaviour.joint import JointDefaults
from clo.curves import Curves
from clo.findings import Finding
from clo.scenarios.reduced import Method
from clo.simulation.codes import problem
from clo.tape.batches import AnyLoans

SEEDS = 2**64
KEPT = 4
"""Bytes for the loss of each tranche, and of the pool, in each of many scenarios."""
WORKING = 32
"""Bytes for each scenario while the losses of one tranche are weighted and put in order."""
SOME_WEIGHTED = ("stratified", "importance")
"""Methods whose scenarios may have weights."""


def argument_findings(
    tranches: int,
    scenarios: Any,
    seed: Any,
    scenario: Any,
    loans: Any,
    simulation: Any,
    method: Any,
    draws: Any,
    curves: Any,
    threads: Any,
    progress: Any,
) -> Iterator[Finding]:
    """Every argument of `clo.simulate` that cannot be used, but keywords and what is in the deal and the loans."""
    if not _is_whole(scenarios) or scenarios < 1:
        yield problem("E-M013", f"{scenarios!r} scenarios cannot be simulated", field="scenarios=", value=str(scenarios))
    else:
        yield from too_many(int(scenarios), tranches, method)
    if not _is_whole(seed) or not 0 <= seed < SEEDS:
        yield problem("E-M014", f"{seed!r} is no seed", field="seed=", value=str(seed))
    known = isinstance(method, str) and method in get_args(Method)
    if not known or (draws is not None and method != "plain"):
        message = f"both {method!r} and draws= are given" if known else f"{method!r} is no method"
        yield problem("E-M018", message, field="method=", value=str(method))
    if threads is not None and (not _is_whole(threads) or threads < 1):
        yield _kind("threads=", threads, "a whole number from 1 on, or None for as many as there are processors")
    if not isinstance(scenario, str):
        yield _kind("scenario=", scenario, "the name of a scenario of the deal")
    for field, given in _loans_given(loans):
        if not isinstance(given, AnyLoans):
            yield _kind(field, given, _loans_fix(given))
    if simulation is not None and not isinstance(simulation, Mapping | JointDefaults):
        yield _kind("simulation=", simulation, "fields to replace, such as {'correlation': 0.1}")
    if curves is not None and not isinstance(curves, Curves):
        yield _kind("curves=", curves, "curves, as clo.read_curves(path) gives them")
    for field, given in (("draws=", draws), ("progress=", progress)):
        if given is not None and not callable(given):
            yield _kind(field, given, "a function, or leave it out")


def too_many(scenarios: int, tranches: int, method: Any) -> Iterator[Finding]:
    """More scenarios than this machine has the memory for, where the system says how much that is."""
    memory = _memory()
    each = KEPT * (tranches + 1) + WORKING + (np.float64().nbytes if method in SOME_WEIGHTED else 0)
    if memory is not None and scenarios * each > memory:
        most = memory // each
        message = (
            f"the losses of {scenarios:,} scenarios take {scenarios * each / 1e9:,.1f} GB, and there are {memory / 1e9:,.1f}"
        )
        yield problem("E-M038", message, field="scenarios=", value=str(scenarios), fix=f"simulate {most:,} at most")


def _memory() -> int | None:
    """Bytes of memory of the machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _loans_given(loans: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(loans, Mapping):
        yield from ((f"loans[{name!r}]", each) for name, each in loans.items())
    elif loans is not None:
        yield "loans=", loans


def _loans_fix(given: Any) -> str:
    if hasattr(given, "columns"):
        return "loans: clo.Loans.from_frame(frame)"
    if isinstance(given, str | os.PathLike):
        return "loans: clo.read_tape(path)"
    return "loans, or loans by sub-pool"


def _kind(field: str, given: Any, wanted: str) -> Finding:
    shown = repr(given) if isinstance(given, int | float | str) else f"a {type(given).__name__}"
    return problem("E-M037", f"{field.rstrip('=')} cannot be {shown}", field=field, fix=f"give {wanted}")
