"""What is asked of a simulation that it cannot tell, and what it tells of few scenarios: findings, with the number needed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clo.findings import Finding, InputError, nearest
from clo.simulation.choosing import not_simulated
from clo.simulation.codes import problem
from clo.simulation.errors import beyond
from clo.simulation.intervals import unseen
from clo.simulation.quantiles import BEYOND, Tail, is_tail_level, needed, tail
from clo.study.result import Result

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

LEVEL = 0.999
FEW = 30
"""Losing scenarios below which a tranche's figures are warned of."""


def findings_of(simulation: Simulation) -> tuple[Finding, ...]:
    """What a user should know, that of the run without defaults included."""
    found = [each for each in simulation.quiet.input_findings if each.code != "W-P024"]
    found += _few_beyond(simulation)
    found += _few_losing(simulation)
    if simulation.tally.breached:
        message = f"{simulation.tally.breached:,} scenarios failed, the first of them {simulation.tally.first_breach}"
        found.append(problem("E-M020", message, value=str(simulation.tally.first_breach)))
    return tuple(found)


def _few_beyond(simulation: Simulation) -> Iterator[Finding]:
    """The worst 0.1 % of the pool's losses; weighted scenarios count as many as would tell as much without weights."""
    n, weights, pool = simulation.scenarios, simulation.weights, simulation.pool_losses
    seen = n * (1.0 - LEVEL) if weights is None else beyond(pool, weights, tail(pool, weights, LEVEL).var)
    if seen < BEYOND - ROUNDING:
        yield problem("W-M021", _told(n, seen, LEVEL, weights is not None), field="scenarios=", value=str(n))


def _told(scenarios: int, seen: float, level: float, weighted: bool) -> str:
    said = "by their weights " if weighted else ""
    need = f"{BEYOND} need {needed(scenarios, seen):,} of this method"
    return f"{said}{_number(seen)} of {scenarios:,} scenarios lie beyond a quantile of {100.0 * level:.10g}%: {need}"


def _number(seen: float) -> str:
    return f"{seen:,.0f}" if seen >= 1.0 else f"{seen:.1g}"


def _few_losing(simulation: Simulation) -> Iterator[Finding]:
    """Tranches of which few scenarios, or none, tell the loss."""
    t, draws = simulation.tally, simulation.engine.draws
    fix = "simulate more scenarios" if draws.method == "importance" else ""
    for name, seen in zip(simulation.names, t.losing.tolist(), strict=True):
        if seen == 0.0:
            chance = f"a loss is less probable than {unseen(t.scenarios / t.heaviest):.2g}, with a confidence of 95%"
            message = f"none of {t.scenarios:,} scenarios loses anything of {name}: {chance}"
            yield problem("W-M051", message, who=name, fix=fix)
        elif seen < FEW - ROUNDING:
            need = needed(t.scenarios, seen, FEW)
            said = "by their weights " if len(t.log_weights) else ""
            message = f"{said}{_number(seen)} of {t.scenarios:,} scenarios lose something of {name}"
            yield problem("W-M051", f"{message}: {FEW} need {need:,} of this method", who=name, fix=fix)


ROUNDING = 1e-6


def require_level(level: Any) -> None:
    """Raises InputError for a level at which no tail begins."""
    if not is_tail_level(level):
        raise InputError([problem("E-M050", f"{level!r} is no level of a tail", field="level=", value=str(level))])


def warn_of_tail(simulation: Simulation, tranche: str, level: float, found: Tail) -> None:
    """A warning of Python's where too few scenarios lie beyond a quantile."""
    if found.beyond < BEYOND - ROUNDING:
        message = _told(simulation.scenarios, found.beyond, level, simulation.weights is not None)
        finding = problem("W-M021", f"{tranche}: {message}", field="level=", value=f"{level:.10g}")
        warnings.warn(str(finding), stacklevel=3)


def worst_scenarios(simulation: Simulation, count: Any) -> list[int]:
    """The scenarios in which the pool loses most, the worst first; of equal ones the first; all, where there are fewer."""
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise InputError([problem("E-M053", f"{count!r} scenarios cannot be named", field="count=", value=str(count))])
    return [int(scenario) for scenario in np.argsort(-simulation.pool_losses, kind="stable")[:count]]


def require_frame(simulation: Simulation, frame: Any, scenarios: Iterable[Any]) -> list[int]:
    """The scenarios to replay for a frame. Raises InputError with every problem, before any is run."""
    asked, found = list(scenarios), []
    named = isinstance(frame, str) and not frame.startswith("_") and hasattr(Result, frame)
    if not (named and isinstance(getattr(simulation.quiet, frame), pd.DataFrame)):
        close = nearest(str(frame), [name for name in dir(Result) if not name.startswith("_")])
        hint = f"did you mean {close!r}?" if close else ""
        found.append(problem("E-M054", f"a run has no frame {frame!r}", field="frame=", value=str(frame), fix=hint))
    if not asked:
        found.append(problem("E-M054", "no scenario is named", field="scenarios="))
    found += not_simulated(dict.fromkeys(asked), simulation.scenarios, "scenarios=")
    if found:
        raise InputError(found)
    return asked
