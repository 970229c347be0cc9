"""What the borrowers of a pool pay, month by month: contractual sums from the kernels, thinned by what is assumed.

Loans of a cell share every assumption, so their expected flows are one survival times the sum of their contracts. The
kernels therefore sum contracts once, and scenarios that differ in rates only share the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import STATES
from clo.behaviour.assumptions import ALL_CURVES, Behaviour, short_vectors
from clo.behaviour.defaults import Cumulative
from clo.curves import Curves
from clo.findings import Finding, InputError, has_errors, merged, nearest
from clo.pool.flows import Flow, PoolFlows, cash
from clo.pool.groups import Group, Pool, Tally, batches_of, columns_read
from clo.pool.recoveries import Recoveries, arriving
from clo.timeline import Days, as_days, month_index

__all__ = ["Contracted", "Flow", "PoolFlows", "project", "summed"]

Floats = NDArray[np.float64]
PLAIN_TERMS = (
    "cdr", "cpr", "smm", "recovery_lag", "recovery_timing", "recovery_cost", "order", "servicer_failure",
)  # fmt: skip
"""Fields that change no contract and no cell: scenarios that differ in nothing else share their sums."""


def project(
    pools: Mapping[str, Pool],
    assumptions: Behaviour | Sequence[Behaviour],
    *,
    period_ends: Any,
    cutoff: Any,
    curves: Curves | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PoolFlows:
    """Expected monthly flows of each group of loans under each of the assumptions.

    pools: group name -> Loans, a frame of them, or batches of Loans one after another. period_ends: the ends of the monthly
    collection periods [t], the first at most one month after the cut-off. curves: what floating rates follow.
    progress(done, total) is called in loans; an exception it raises stops the run.
    Raises InputError with every finding when loans cannot be projected or the dates are not monthly.
    Source of the order of a month: docs/behaviour.md, after SIFMA Standard Formulas.
    """
    return summed(
        pools, assumptions, period_ends=period_ends, cutoff=cutoff, curves=curves, threads=threads, progress=progress
    ).flows(assumptions)


def summed(
    pools: Mapping[str, Pool],
    assumptions: Behaviour | Sequence[Behaviour],
    *,
    period_ends: Any,
    cutoff: Any,
    curves: Curves | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Contracted:
    """The contracts of the loans, read and summed: the costly part of `project`, whose arguments and errors are the same."""
    scenarios, ends, start = _listed(assumptions), as_days(period_ends), as_days([cutoff])[0]
    findings = [*_date_findings(ends, start), *dict.fromkeys(f for each in scenarios for f in short_vectors(each, len(ends)))]
    findings += dict.fromkeys(found for each in scenarios for found in _shift_findings(each, curves or Curves()))
    if not scenarios:
        findings.append(Finding("E-P041", "error", "no assumptions are given", rule="at least one", field="assumptions"))
    if has_errors(findings):
        raise InputError(findings)

    terms: dict[str, Behaviour] = {}
    for each in scenarios:
        terms.setdefault(_shared(each), each)
    groups = {name: Group(tuple(terms.values()), ends, start, curves or Curves(), threads) for name in pools}
    sizes = [(groups[name].passes, len(pool) if isinstance(pool, Sized) else 0) for name, pool in pools.items()]
    tally = Tally(progress, sum(passes * size for passes, size in sizes))
    for name, pool in pools.items():
        for batch in batches_of(pool, columns_read(scenarios)):
            groups[name].add(batch, tally)
        findings += _of_group(name, merged(groups[name].findings))
    tally.finish()
    if has_errors(findings):
        raise InputError(findings)
    return Contracted(groups, ends, {key: number for number, key in enumerate(terms)}, tuple(findings))


@dataclass(frozen=True, slots=True, eq=False)
class Contracted:
    """Loans whose contracts are summed. numbers: which of the sums of a group assumptions share; findings: of the loans."""

    groups: Mapping[str, Group]
    ends: Days
    numbers: Mapping[str, int]
    findings: tuple[Finding, ...]

    def flows(self, assumptions: Behaviour | Sequence[Behaviour]) -> PoolFlows:
        """Flows of each group under each of the assumptions. Raises KeyError for some whose contracts were not summed."""
        scenarios, groups, ends, findings = _listed(assumptions), self.groups, self.ends, [*self.findings]
        amounts = np.zeros((len(Flow), len(groups), len(ends), len(scenarios)))
        due, lost = np.zeros((len(groups), len(ends), len(scenarios))), np.zeros((len(groups), len(scenarios)))
        states = []
        for s, each in enumerate(scenarios):
            number = self.numbers[_shared(each)]
            for g, (name, group) in enumerate(groups.items()):
                findings += _of_group(name, group.effects(each, number))
                thinned, by_state = group.flows(each, number)
                amounts[:, g, :, s], due[g, :, s], lost[g, s] = thinned.flows, thinned.due, thinned.lost
                findings += _of_group(name, _short(thinned.short))
                if by_state is not None:
                    states.append(_state_rows(by_state, name, s, ends))
            if each.servicer_failure is not None:
                amounts[Flow.commingling_loss, ..., s] = cash(amounts[..., s]) * each.servicer_failure.shares(len(ends))
        realised = None
        if any(each.from_tape for each in scenarios):
            realised = pd.DataFrame([group.realised(name) for name, group in groups.items()])
        return PoolFlows(
            tuple(groups), ends, amounts, lost, amounts[Flow.closing, :, -1], tuple(dict.fromkeys(findings)), realised,
            pd.concat(states, ignore_index=True) if states else None, _recoveries(scenarios, amounts, due),
        )  # fmt: skip


def _listed(assumptions: Behaviour | Sequence[Behaviour]) -> list[Behaviour]:
    return [assumptions] if isinstance(assumptions, Behaviour) else list(assumptions)


def _recoveries(scenarios: Sequence[Behaviour], amounts: Floats, due: Floats) -> Recoveries:
    """Recoveries by how long ago the default was. due [g, t, s]."""
    shares = [arriving(each.recovery_lag or 0, each.recovery_timing) for each in scenarios]
    by_age = np.zeros((max(map(len, shares)), len(scenarios)))
    for s, share in enumerate(shares):
        by_age[: len(share), s] = share
    passed_on = np.array([float(each.setoff == "recovered") for each in scenarios])
    return Recoveries(due, amounts[Flow.setoff] * passed_on, by_age)


def _shared(assumed: Behaviour) -> str:
    """What two scenarios have in common if they can use the same sums; a plain recovery rate or cumulative share changes none."""
    drop = {*PLAIN_TERMS, *(("recovery",) if isinstance(assumed.recovery, float) else ())}
    drop |= {"defaults"} if isinstance(assumed.defaults, Cumulative) else set()
    return assumed.model_dump_json(exclude=drop, exclude_none=True)


def _shift_findings(assumed: Behaviour, curves: Curves) -> Iterator[Finding]:
    """Shifts of indices that have no curve."""
    for name in assumed.rates or {}:
        if name != ALL_CURVES and name not in curves:
            close = nearest(name, curves)
            fix = f"did you mean {close!r}?" if close else f"write {ALL_CURVES}:, or one of {', '.join(curves) or 'no curves'}"
            rule = "rates shift all curves, or some by their names"
            yield Finding("E-P089", "error", f"rates shift {name!r}, which has no curve", rule, fix, field="rates", value=name)


def _short(short: float) -> Iterator[Finding]:
    if short > 0.0:
        message = f"{short:,.0f} of the defaults assumed finds no balance left to default"
        fix = "default earlier, or less, or say of: loans"
        yield Finding("W-P087", "warning", message, "what defaults is outstanding", fix, field="defaults")


def _of_group(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings with the sub-pool they are about, so that the same one about two sub-pools is told twice."""
    return (replace(each, path=each.path or f"pools.{name}") for each in findings)


def _state_rows(by_state: Floats, group: str, scenario: int, ends: Days) -> pd.DataFrame:
    months = len(ends)
    living = [state for state in STATES if state != "default"]
    table = by_state[:, [STATES.index(state) for state in living]]
    return pd.DataFrame({
        "period_end": np.repeat(ends.astype("datetime64[s]"), len(living)),
        "group": group,
        "scenario": scenario,
        "state": np.tile(np.asarray(living, dtype=object), months),
        "balance": table.ravel(),
    })  # fmt: skip


def _date_findings(ends: Days, cutoff: np.datetime64) -> Iterator[Finding]:
    months = month_index(np.concatenate(([cutoff], ends)))
    steps = np.diff(months)
    ordered = ends.size > 0 and bool((np.diff(np.concatenate(([cutoff], ends))) > np.timedelta64(0)).all())
    if not ordered or steps[0] > 1 or bool((steps[1:] != 1).any()):
        shown = ", ".join(str(end) for end in ends[:3])
        yield Finding(
            "E-P040", "error", f"the period ends {shown}, ... after cut-off {cutoff} are not monthly",
            rule="one in each calendar month, in order, the first in the cut-off's month or the next",
            fix="use the collection ends of the deal's timeline", field="period_ends",
        )  # fmt: skip
