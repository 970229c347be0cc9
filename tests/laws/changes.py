"""Changes to a drawn deal or mix of loans that should change its results in a known way, or not at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from oracle_dates import shifted
from oracle_pool import same_loan

from laws.borrowers import DATES, MONEY, Mix, Row
from laws.strategies import Case

SECTIONS = ("pools", "accounts", "ledgers", "fees", "tranches", "groups", "facilities", "hedges", "counterparties", "triggers")
"""Sections whose entries share one name space, with the names of `let` steps."""


def names_of(case: Case) -> list[str]:
    sections = [name for section in SECTIONS for name in case.terms.get(section, {})]
    return sections + list(dict.fromkeys(let_names(case.terms.get("waterfall", []))))


def let_names(steps: Any) -> Iterator[str]:
    """Names of all `let` steps, those inside sections included."""
    if isinstance(steps, list):
        for step in steps:
            yield from let_names(step)
    elif isinstance(steps, dict):
        for key, inner in steps.items():
            yield from inner if key == "let" else let_names(inner)


def renamed(case: Case, names: Mapping[str, str]) -> Case:
    """The same deal with other names, in its sections, its steps and its expressions."""
    pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, names)) + r")(?!\w)")

    def inside(value: Any, *, keys: bool = False) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda found: names[found[1]], value)
        if isinstance(value, list):
            return [inside(each) for each in value]
        if isinstance(value, dict):
            return {names.get(key, key) if keys else key: inside(each, keys=key == "let") for key, each in value.items()}
        return value

    terms = dict(case.terms)
    for section in SECTIONS:
        if section in terms:
            terms[section] = {names[name]: inside(value) for name, value in terms[section].items()}
    for part in ("waterfall", "macros", "backing", "closing"):
        if part in terms:
            terms[part] = inside(terms[part])
    terms["scenarios"] = {name: scenario | forced(scenario, names) for name, scenario in terms["scenarios"].items()}
    return replace(case, terms=terms, rows={names[pool]: rows for pool, rows in case.rows.items()})


def forced(scenario: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {"force": {names[name]: said for name, said in scenario["force"].items()}} if "force" in scenario else {}


def scales(case: Case) -> bool:
    """Whether all money of the deal stands where `scaled` multiplies it, and none of it is rounded."""
    notes = any(tranche.get("principal_per_note") for tranche in case.terms["tranches"].values())
    return not case.rounds and not notes and case.terms.get("backing") != "pool.initial - 1000"


def scaled(case: Case, factor: float) -> Case:
    """The same deal with all money multiplied. Numbers of schedules are money."""

    def times(value: Any, fields: Collection[str]) -> Any:
        if isinstance(value, list):
            return [times(each, fields) for each in value]
        return value | {
            key: scaled_numbers(value[key], factor) for key in fields if key in value and not isinstance(value[key], str)
        }

    def section(name: str, *fields: str) -> dict[str, Any]:
        return {entry: times(terms, fields) for entry, terms in case.terms.get(name, {}).items()}

    fees = section("fees", "amount", "floor", "cap")
    for name, fee in fees.items():
        if "tiers" in fee:
            fees[name] = fee | {"tiers": times(fee["tiers"], ("up_to",))}
    terms = case.terms | {
        "tranches": section("tranches", "size", "denomination"),
        "accounts": section("accounts", "initial"),
        "facilities": section("facilities", "limit"),
        "schedules": section("schedules", "level", "flow", "payments"),
        "fees": fees,
    }
    rows = {pool: [part_of(row, factor) for row in rows] for pool, rows in case.rows.items()}
    return replace(case, terms=terms, rows=rows, schedules=[part_of(due, factor) for due in case.schedules])


def scaled_numbers(value: Any, factor: float) -> Any:
    """A number, or the numbers of a list or by key, multiplied."""
    if isinstance(value, dict):
        return {key: each * factor for key, each in value.items()}
    return [each * factor for each in value] if isinstance(value, list) else value * factor


def split(case: Case, share: float) -> Case:
    """The same deal with the first loan of each sub-pool made as two loans of the same obligor."""
    rows, schedules = {}, case.schedules
    for pool, loans in case.rows.items():
        rows[pool], schedules = split_loans(loans, schedules, share)
    return replace(case, rows=rows, schedules=schedules)


def reversed_order(case: Case) -> Case:
    return replace(case, rows={pool: list(reversed(rows)) for pool, rows in case.rows.items()})


# loans


def part_of(row: Row, share: float, **changes: Any) -> Row:
    """The row of a loan or of a schedule with all its money multiplied."""
    return row | {column: row[column] * share for column in MONEY if row.get(column) is not None} | changes


def split_loans(rows: Sequence[Row], schedules: Sequence[Row], share: float) -> tuple[list[Row], list[Row]]:
    """The first loan made as two of the same obligor, with all that is its own in proportion."""
    first, *others = rows
    mine = [due for due in schedules if same_loan(due, first)]
    schedule = [due for due in schedules if not same_loan(due, first)]
    halves = {"first half": share, "second half": 1.0 - share}
    parts = [part_of(first, fraction, loan_id=name) for name, fraction in halves.items()]
    schedule += [part_of(due, fraction, loan_id=name) for name, fraction in halves.items() for due in mine]
    return [parts[0], *others, parts[1]], schedule


def named_anew(rows: Sequence[Row], schedules: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The same loans under other names, that sort the other way round."""

    def named(row: Row) -> Row:
        names = {"originator_id": "another", "loan_id": f"Z{999 - int(row['loan_id'][1:]):03d}", "obligor_id": "one for all"}
        return row | {column: name for column, name in names.items() if column in row}

    return [named(row) for row in rows], [named(due) for due in schedules]


# days


def later(mix: Mix, years: int) -> Mix:
    """The same loans, curves and borrowers some years later."""

    def moved(day: date) -> date:
        return shifted(day, 12 * years)

    def row(old: Row) -> Row:
        return old | {column: moved(old[column]) for column in (*DATES, "due_date") if old.get(column) is not None}

    curves = {name: [(moved(day), rate) for day, rate in points] for name, points in mix.curves.items()}
    rows, schedules = ([row(each) for each in some] for some in (mix.rows, mix.schedules))
    return replace(mix, cutoff=moved(mix.cutoff), rows=rows, schedules=schedules, curves=curves)
