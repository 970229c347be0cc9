"""Criteria of a pool on the terminal and as JSON: what `clo check TAPE --criteria FILE` says beside the findings of the tape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clo.cli import console
from clo.files.criteria import read_criteria
from clo.findings import Finding
from clo.labels import Lang, label, money
from clo.report.tables import Column, Table
from clo.tape.criteria import Criteria, CriteriaError
from clo.tape.eligibility import Eligibility, eligible
from clo.tape.limits import LimitCheck, check_limits, figures, measure
from clo.tape.loans import Loans
from clo.tape.obligors import match_obligors

ELIGIBILITY = (
    Column("rule"), Column("loans", "integer"), Column("obligors", "integer"), Column("balance", "money"),
    Column("undecided", "integer"), Column("if_missing", "word"), Column("first_loans", "integer"),
    Column("first_balance", "money"),
)  # fmt: skip
LIMITS = (
    Column("limit"), Column("measure"), Column("level", "figure"), Column("threshold", "figure"), Column("headroom", "figure"),
    Column("ok", "status"), Column("binds"), Column("remove", "money"),
)  # fmt: skip


@dataclass(frozen=True)
class Applied:
    """Criteria and what they make of the loans: limits are those of the eligible loans, matched borrowers counted as one."""

    criteria: Criteria
    eligibility: Eligibility
    limits: LimitCheck

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.eligibility.findings, *self.limits.findings)

    def as_dict(self) -> dict[str, Any]:
        kept = self.eligibility.loans
        return {
            "eligible": {"loans": len(kept), "obligors": kept.obligors, "balance": kept.balance},
            "eligibility": self.eligibility.table.to_dict("records"),
            "limits": self.limits.table.to_dict("records"),
        }


ALWAYS = frozenset({"cutoff_date", "originator_id", "loan_id", "obligor_id", "group_id", "corporate_number", "current_balance"})
"""Columns that are looked at whatever the criteria say."""


def read(file: Path) -> tuple[Criteria | None, tuple[Finding, ...]]:
    """(criteria, or None where they cannot be used; what is wrong with them)."""
    try:
        return read_criteria(file), ()
    except CriteriaError as error:
        return None, error.findings


def apply(criteria: Criteria, loans: Loans) -> tuple[Applied | None, tuple[Finding, ...]]:
    """(what criteria make of the loans, or None where they do not fit the tape; all findings)."""
    wrong: list[Finding] = []
    try:
        chosen = eligible(loans, criteria)
    except CriteriaError as error:
        wrong += error.findings
        chosen = None
    kept = loans if chosen is None else chosen.loans
    try:
        limits = check_limits(kept, criteria, match_obligors(kept))
    except CriteriaError as error:
        return None, (*wrong, *error.findings)
    if chosen is None:
        return None, tuple(wrong)
    applied = Applied(criteria, chosen, limits)
    return applied, applied.findings


def tell(applied: Applied, lang: Lang) -> None:
    """How many loans are eligible, what each rule leaves out, and where the pool stands against its limits."""
    chosen = applied.eligibility
    if len(chosen.table):
        out = int(chosen.table["first_loans"].sum())
        kept = chosen.loans
        counts = {"kept": f"{len(kept):,}", "all": f"{len(kept) + out:,}", "balance": money(kept.balance)}
        heading = f"{label('eligibility', lang)}: {label('eligible_of', lang).format(**counts)}"
        console.show_table(_eligibility(chosen, lang), heading, lang)
    if len(applied.limits.table):
        console.show_table(_limits(applied, lang), label("limits", lang), lang)


def _eligibility(chosen: Eligibility, lang: Lang) -> Table:
    """What each rule leaves out, and in the last row all of them."""
    rows = [tuple(row) for row in chosen.table.itertuples(index=False, name=None)]
    out, balance = int(chosen.table["first_loans"].sum()), float(chosen.table["first_balance"].sum())
    total = (label("total", lang), out, "", balance, "", "", out, balance)
    return Table(ELIGIBILITY, (*rows, total), totals=1)


def _limits(applied: Applied, lang: Lang) -> Table:
    rows = []
    for limit, stands in zip(applied.criteria.limits, applied.limits.table.to_dict("records"), strict=True):
        write = figures(limit)
        told = [write(float(stands[name])) for name in ("level", "threshold", "headroom")]
        rows.append((limit.name, measure(limit, lang), *told, stands["ok"], stands["binds"], stands["remove"]))
    return Table(LIMITS, tuple(rows))
