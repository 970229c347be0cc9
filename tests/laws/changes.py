"""Changes to a drawn case that should change its results in a known way, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from laws.strategies import Case, Row

SECTIONS = ("pools", "accounts", "fees", "tranches", "triggers")


def names_of(case: Case) -> list[str]:
    return [name for section in SECTIONS for name in case.terms.get(section, {})]


def renamed(case: Case, names: Mapping[str, str]) -> Case:
    """The same deal with other names, in its sections, its steps and its expressions."""
    pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, names)) + r")(?!\w)")

    def inside(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda found: names[found[1]], value)
        if isinstance(value, list):
            return [inside(each) for each in value]
        if isinstance(value, dict):
            return {key: inside(each) for key, each in value.items()}
        return value

    terms = dict(case.terms)
    for section in SECTIONS:
        if section in terms:
            terms[section] = {names[name]: inside(value) for name, value in terms[section].items()}
    terms["waterfall"] = inside(terms.get("waterfall", []))
    return Case(terms, {names[pool]: rows for pool, rows in case.rows.items()})


def scaled(case: Case, factor: float) -> Case:
    """The same deal with all money multiplied."""

    def times(section: str, *fields: str) -> dict[str, Any]:
        return {
            name: terms | {key: terms[key] * factor for key in fields if isinstance(terms.get(key), float | int)}
            for name, terms in case.terms.get(section, {}).items()
        }

    terms = case.terms | {
        "tranches": times("tranches", "size", "denomination"),
        "accounts": times("accounts", "initial"),
        "fees": times("fees", "amount"),
    }

    def more(row: Row) -> Row:
        loss = row["allocated_loss"]
        return row | {
            "current_balance": row["current_balance"] * factor,
            "allocated_loss": None if loss is None else loss * factor,
        }

    return Case(terms, {pool: [more(row) for row in rows] for pool, rows in case.rows.items()})


def split(case: Case, share: float) -> Case:
    """The same deal with the first loan of each sub-pool made as two loans of the same obligor."""

    def part(row: Row, fraction: float, loan_id: str) -> Row:
        loss = row["allocated_loss"]
        return row | {
            "loan_id": loan_id,
            "current_balance": row["current_balance"] * fraction,
            "allocated_loss": None if loss is None else loss * fraction,
        }

    def parts(rows: Sequence[Row]) -> list[Row]:
        first, *others = rows
        return [part(first, share, "first half"), *others, part(first, 1.0 - share, "second half")]

    return Case(case.terms, {pool: parts(rows) for pool, rows in case.rows.items()})


def reversed_order(case: Case) -> Case:
    return Case(case.terms, {pool: list(reversed(rows)) for pool, rows in case.rows.items()})
