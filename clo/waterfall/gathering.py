"""What a program reads on each payment date: the pool's flows by collection period, and values by date.

Axes: n input, q series of what a unit bought gives, v period value, t payment date, m collection month, g group, s scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from clo.curves import Curve
from clo.deal.terms import COLLECTED, RATINGS, Deal, Schedule
from clo.deal.vocabulary import RECOVERED
from clo.findings import DealError, Finding
from clo.pool.flows import Flow, PoolFlows
from clo.timeline import Timeline, as_days
from clo.waterfall.pool_inputs import LAG
from clo.waterfall.program import Program

Floats = NDArray[np.float64]
LEVELS = {"opening": Flow.closing, "balance": Flow.closing, "arrears": Flow.arrears}
"""Quantities that are levels, not flows, and their column."""


def gather(program: Program, flows: PoolFlows, timeline: Timeline) -> Floats:
    """The program's inputs [n, t, s]: each quantity of the collection period behind each payment date.

    Months and groups are added one after another, so that a scenario alone gives the same bits as in a batch.
    """
    scenarios = flows.amounts.shape[3]
    inputs = np.zeros((len(program.inputs), timeline.payments, scenarios))
    for n, (pool, asked) in enumerate(program.inputs):
        members = range(len(flows.groups)) if pool == "pool" else (flows.groups.index(pool),)
        quantity, _, lag = asked.partition(LAG)
        column = _column(flows, quantity) if quantity not in RECOVERED else _recovered(flows, quantity, int(lag))
        monthly = np.zeros((timeline.months, scenarios))
        for g in members:
            monthly += column[g]
        if lag and quantity not in RECOVERED:
            monthly = np.concatenate((np.zeros((int(lag), scenarios)), monthly))[: timeline.months]
        if quantity in LEVELS:
            start = np.zeros(scenarios)
            if quantity != "arrears":
                for g in members:
                    start += flows.amounts[Flow.opening, g, 0]
            levels = np.concatenate((start[None], monthly))
            inputs[n] = levels[timeline.first_month[:-1] if quantity == "opening" else timeline.first_month[1:]]
        else:
            for t in range(timeline.payments):
                for m in range(timeline.first_month[t], timeline.first_month[t + 1]):
                    inputs[n, t] += monthly[m]
    return inputs


def _column(flows: PoolFlows, quantity: str) -> Floats:
    """A quantity of each group by month [g, m, s]."""
    if quantity in COLLECTED:
        return flows.collected(quantity)
    return np.asarray(flows.amounts[LEVELS[quantity] if quantity in LEVELS else Flow[quantity]])


def _recovered(flows: PoolFlows, function: str, months: int) -> Floats:
    """What comes back of defaults so many months old, by then or after, of each group by month [g, m, s]."""
    if flows.recoveries is None:
        raise ValueError(f"{function}() asks for recoveries by how long ago the default was, and these flows do not tell them")
    return flows.recoveries.within(months) if function == "recovered_by" else flows.recoveries.after(months)


def unit_series(program: Program, flows: PoolFlows) -> Floats:
    """What a unit of cut-off balance of a sub-pool has given after m months, or what is left of it [q, m, s]."""
    months, scenarios = flows.amounts.shape[2:]
    units = np.zeros((len(program.units), months + 1, scenarios))
    for q, (pool, quantity) in enumerate(program.units):
        g = flows.groups.index(pool)
        monthly = _column(flows, quantity)[g]
        start = flows.amounts[Flow.opening, g, 0]
        if quantity in LEVELS:
            units[q, 0] = start if quantity == "balance" else 0.0
            units[q, 1:] = monthly
        else:
            units[q, 1:] = np.cumsum(monthly, axis=0)
        units[q] = np.divide(units[q], start, out=np.zeros_like(units[q]), where=start > 0.0)
    return units


# ---- values by payment date -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outside:
    """What a run takes from outside the deal: the curves that coupons and hedges follow, what is added to their fixings after
    the cut-off by index, and ratings of counterparties in place of the deal's."""

    curves: Mapping[str, Curve] = field(default_factory=dict)
    shift: Mapping[str, float] = field(default_factory=dict)
    ratings: Mapping[str, Mapping[date, str]] = field(default_factory=dict)


def period_table(program: Program, deal: Deal, timeline: Timeline, outside: Outside) -> Floats:
    """The values the program asks for by payment date [v, t]. Raises DealError for an index without a rate on a date."""
    table = np.empty((len(program.period_values), timeline.payments))
    findings: list[Finding] = []
    for v, name in enumerate(program.period_values):
        owner, _, word = name.rpartition(".")
        if name.startswith("fraction:"):
            table[v] = timeline.accrual_fractions(name.partition(":")[2])
        elif name.startswith("next:"):
            table[v] = np.append(timeline.accrual_fractions(name.partition(":")[2])[1:], 0.0)
        elif name.startswith("observed:"):
            table[v] = _observed(deal, name.partition(":")[2], timeline)
        elif owner == "payment":
            table[v] = _of_payment(word, timeline)
        elif owner == "schedule":
            table[v] = scheduled(deal.schedules[word], timeline)
        elif owner == "index":
            table[v] = _fixings(deal, word, timeline, outside, findings)
        else:
            ratings = outside.ratings.get(owner, deal.counterparties[owner].ratings)
            table[v] = _in_force({day: float(RATINGS.index(rating)) for day, rating in ratings.items()}, timeline)
    if findings:
        raise DealError(findings)
    return table


def _of_payment(word: str, timeline: Timeline) -> Floats:
    days, start = timeline.payment_dates, timeline.accrual_start
    number = np.arange(1, timeline.payments + 1)
    found = {
        "number": number,
        "left": timeline.payments - number,
        "date": days,
        "start": start,
        "days": timeline.accrual_end - start,
        "month": days.astype("datetime64[M]").astype(np.int64) % 12 + 1,
        "year": days.astype("datetime64[Y]").astype(np.int64) + 1970,
    }
    return np.asarray(found[word].astype(np.float64))


def _observed(deal: Deal, name: str, timeline: Timeline) -> Floats:
    """Whether a trigger is observed."""
    trigger, days = deal.triggers[name], timeline.payment_dates
    seen = np.arange(1, timeline.payments + 1) % trigger.every == 0
    if trigger.since is not None:
        seen &= days >= as_days([trigger.since])[0]
    if trigger.until is not None:
        seen &= days <= as_days([trigger.until])[0]
    return np.asarray(seen.astype(np.float64))


def scheduled(schedule: Schedule, timeline: Timeline) -> Floats:
    """The numbers of a schedule by payment date [t]."""
    if schedule.payments is not None:
        numbers = np.array(schedule.payments, dtype=np.float64)
        last: Floats = numbers[np.minimum(np.arange(timeline.payments), len(numbers) - 1)]
        return last
    if schedule.level is not None:
        return _in_force(schedule.level, timeline)
    entries = schedule.by_date
    due = np.searchsorted(timeline.payment_dates, as_days(list(entries)))
    flow = np.zeros(timeline.payments)
    for t, amount in zip(due, entries.values(), strict=True):
        if t < timeline.payments:
            flow[t] += amount
    return flow


def _in_force(numbers: dict[date, float], timeline: Timeline) -> Floats:
    """The number of the last date on or before each payment date; before all of them the first."""
    dates = sorted(numbers)
    last = np.searchsorted(as_days(dates), timeline.payment_dates, side="right") - 1
    values = np.array([numbers[day] for day in dates], dtype=np.float64)
    return np.asarray(values[np.maximum(last, 0)])


def _fixings(deal: Deal, name: str, timeline: Timeline, outside: Outside, findings: list[Finding]) -> Floats:
    """The rate of an index where each accrual period begins."""
    curve = outside.curves.get(name)
    if curve is None:
        message = f"no curve is given for index {name!r}"
        findings.append(deal.origin.finding("E-R123", f"curves.{name}", message, "add it to curves=, or to the deal's curves"))
        return np.full(timeline.payments, np.nan)
    rates = curve.at(timeline.accrual_start)
    unknown = np.flatnonzero(np.isnan(rates))
    if len(unknown):
        message = f"curve {name!r} knows no rate on {timeline.accrual_start[unknown[0]]}, where an accrual period begins"
        fix = "add fixings, or say extrapolation: flat"
        findings.append(deal.origin.finding("E-R124", f"curves.{name}", message, fix, rule="an index is fixed for every period"))
    after = timeline.accrual_start > as_days([timeline.cutoff])[0]
    return np.asarray(rates + np.where(after, outside.shift.get(name, 0.0), 0.0))
