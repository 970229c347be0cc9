"""Runs of the engine on drawn cases, and the comparison of any run with the slow reading, number by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from oracle import OracleRun, run_oracle

import clo
from clo.deal.terms import Deal
from clo.tape.loans import Loans
from laws import borrowers
from laws.borrowers import Row
from laws.strategies import Case

SMALL = 1e-12
"""Share of the original balance that engine and slow reading may differ by where nothing is rounded."""
Difference = tuple[Any, ...]


def as_loans(rows: Iterable[Row], cutoff: Any, bank: str, schedules: Iterable[Row] = ()) -> Loans:
    """Loans of one sub-pool; the bank is named after it where the rows name none."""
    return borrowers.as_loans([{"originator_id": bank, "cutoff_date": cutoff} | row for row in rows], list(schedules))


def engine(case: Case, scenario: str = "base", **overrides: Any) -> clo.Result:
    cutoff = case.deal.dates.cutoff
    loans = {name: as_loans(rows, cutoff, name, case.schedules) for name, rows in case.rows.items()}
    return clo.run(case.deal, loans=loans, scenario=scenario, curves=borrowers.as_curves(case.curves), **overrides)


def slow_run(case: Case) -> OracleRun:
    return run_oracle(case.deal, case.rows, curves=case.curves, schedules=case.schedules)


def differences(result: clo.Result, deal: Deal, slow: OracleRun) -> list[Difference]:
    """Everything in which the two readings differ: (frame, date, name, column, slow, engine)."""
    initial = sum(groups["pool"]["opening"] for groups in list(slow.pool.values())[:1])
    exact = deal.rounding != "none"
    found: list[Difference] = []

    def compare(what: str, frame: pd.DataFrame, slow_frame: Mapping[Any, Any], tolerance: float) -> None:
        date_column, name_column = frame.columns[:2]
        rows = {(row[date_column].date(), row[name_column]): row for row in frame.to_dict("records")}
        wanted = {(day, name): row for day, names in slow_frame.items() for name, row in names.items()}
        found.extend((what, *key, "row", key in wanted, key in rows) for key in wanted.keys() ^ rows.keys())
        for key in wanted.keys() & rows.keys():
            for column, value in wanted[key].items():
                if not abs(float(value) - float(rows[key][column])) <= tolerance:
                    found.append((what, *key, column, value, rows[key][column]))

    groups = set(result.pool["group"])
    pool = {day: {name: row for name, row in names.items() if name in groups} for day, names in slow.pool.items()}
    compare("pool", result.pool, pool, SMALL * initial)
    compare("tranches", result.tranches, slow.tranches, 0.0 if exact else SMALL * initial)
    compare("fees", result.fees, slow.fees, 0.0 if exact else SMALL * initial)
    closing = {day: {name: {"closing": cash} for name, cash in names.items()} for day, names in slow.accounts.items()}
    compare("accounts", result.accounts, closing, SMALL * initial * max(1, len(slow.pool)))
    held = {day: {name: {"breached": value} for name, value in names.items()} for day, names in slow.triggers.items()}
    compare("triggers", result.triggers, held, 0.0)
    lost = dict(zip(result.pool_flows.groups, result.pool_flows.lost_recovery[:, 0], strict=True))
    for group, value in lost.items():
        if abs(slow.lost_recoveries[group] - value) > SMALL * initial:
            found.append(("lost recoveries", group, slow.lost_recoveries[group], value))
    found.extend(ledger_differences(result.ledger, deal, slow, SMALL * initial * max(1, len(slow.pool))))
    if bool(slow.breaches) == result.ok:
        failed = result.checks.loc[~result.checks["ok"]].to_dict("records")
        found.append(("breach", slow.breaches[:3], failed))
    return sorted(found, key=str)


def ledger_differences(ledger: pd.DataFrame, deal: Deal, slow: OracleRun, tolerance: float) -> list[Difference]:
    """Movements of each step: collected by account, transferred by pair of accounts, paid by claim."""

    def key(day: Any, step: int, reason: str, source: str, to: str) -> tuple[Any, ...]:
        if source not in deal.accounts:
            return (day, step, "collect", to)
        return (day, step, source, to) if to in deal.accounts else (day, step, source, reason)

    totals: dict[tuple[Any, ...], list[float]] = {}
    for day, step, reason, source, to, amount in slow.ledger:
        totals.setdefault(key(day, step, reason, source, to), [0.0, 0.0])[0] += amount
    for row in ledger[ledger["step"] > 0].to_dict("records"):
        place = key(row["payment_date"].date(), row["step"], row["reason"], row["from"], row["to"])
        totals.setdefault(place, [0.0, 0.0])[1] += row["amount"]
    return [("ledger", *place, *pair) for place, pair in totals.items() if abs(pair[0] - pair[1]) > tolerance]


def case_differences(case: Case) -> list[Difference]:
    return differences(engine(case), case.deal, slow_run(case))
