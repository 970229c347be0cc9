"""Which loans may be in a pool: criteria applied to a tape, with a log of what is left out and why."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.expressions import names, parse
from clo.findings import Finding
from clo.tape.codes import row_finding
from clo.tape.criteria import Criteria, CriteriaError, Criterion, given, misfits
from clo.tape.derived import borrowers, with_derived
from clo.tape.filters import answer
from clo.tape.rules.rule import counted
from clo.tape.view import Mask, stated

if TYPE_CHECKING:
    from clo.tape.loans import Loans

LOG = ("originator_id", "loan_id", "row", "rule", "because", "values", "balance")


@dataclass(frozen=True, eq=False, repr=False)
class Eligibility:
    """What criteria make of a tape.

    loans: those that keep every criterion. excluded: one row for each loan and rule that it breaks: originator_id, loan_id, row
    (of the file), rule, because (`broken`, or `missing` where a missing value decides), values (of the columns in the rule),
    balance. table: one row a rule: rule, loans, obligors and balance that it excludes, undecided (loans where a missing value
    decides), missing (what becomes of those), first_loans and first_balance (left out by this rule and none above it, so these
    add up). findings: one for each rule that is broken.
    """

    loans: Loans
    excluded: pd.DataFrame
    table: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether every loan is eligible."""
        return self.excluded.empty

    def __repr__(self) -> str:
        return f"<Eligibility: {self._counted()}>"

    def _counted(self) -> str:
        out = int(self.table["first_loans"].sum())
        kept = len(self.loans)
        return (
            f"{kept:,} of {kept + out:,} loans eligible, balance {self.loans.balance:,.0f}; "
            f"{out:,} excluded, balance {self.table['first_balance'].sum():,.0f}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._counted())}</p>{self.table.to_html(index=False)}"


def eligible(loans: Loans, criteria: Criteria | Iterable[Mapping[str, Any] | Criterion]) -> Eligibility:
    """The loans that keep all criteria, and what is known of the others.

    Beside the columns of the tape, rules may use what is derived from them (`clo.tape.derived`): remaining_term, original_term,
    age, vintage, fiscal_year, obligor_balance, the last over all loans of the tape. Raises CriteriaError with everything that is
    wrong with the criteria.
    """
    criteria = given(criteria, "criteria")
    wrong = list(misfits(criteria, loans.frame, "criteria"))
    if wrong:
        raise CriteriaError(wrong)
    used = {rule.name: list(dict.fromkeys(names(parse(rule.that)))) for rule in criteria.criteria}
    frame = with_derived(loans, {name for columns in used.values() for name in columns})
    balance = np.nan_to_num(loans.column("current_balance"))
    borrower = borrowers(loans)[0]
    gone = np.zeros(len(loans), dtype=bool)
    rows, log, found = [], [], []
    for at, rule in enumerate(criteria.criteria):
        holds = answer(frame, rule.that)
        out = ~holds.yes if rule.missing == "exclude" else ~holds.yes & ~holds.open
        first = out & ~gone
        gone |= out
        rows.append(
            {
                "rule": rule.name,
                "loans": int(out.sum()),
                "obligors": len(np.unique(borrower[out])),
                "balance": float(balance[out].sum()),
                "undecided": int(holds.open.sum()),
                "missing": rule.missing,
                "first_loans": int(first.sum()),
                "first_balance": float(balance[first].sum()),
            }
        )
        values = stated(frame, used[rule.name], np.flatnonzero(out))
        log.append(_logged(loans, rule, out, np.where(holds.open[out], "missing", "broken"), values))
        found += _findings(loans, criteria, at, out, values, holds.open)
    columns = ("rule", "loans", "obligors", "balance", "undecided", "missing", "first_loans", "first_balance")
    excluded = (
        pd.concat(log, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
        if log
        else _logged(loans, None, gone, np.array([], dtype=object), np.array([], dtype=object))
    )
    return Eligibility(loans.rows(~gone), excluded, pd.DataFrame(rows, columns=list(columns)), tuple(found))


def _logged(loans: Loans, rule: Criterion | None, out: Mask, because: NDArray[Any], values: NDArray[Any]) -> pd.DataFrame:
    frame = loans.frame
    return pd.DataFrame(
        {
            "originator_id": frame["originator_id"][out].to_numpy(),
            "loan_id": frame["loan_id"][out].to_numpy(),
            "row": loans.file_rows[out],
            "rule": rule.name if rule else "",
            "because": because,
            "values": values,
            "balance": np.nan_to_num(loans.column("current_balance"))[out],
        },
        columns=list(LOG),
    )


def _findings(
    loans: Loans, criteria: Criteria, number: int, out: Mask, values: NDArray[np.object_], undecided: Mask
) -> list[Finding]:
    """The loans that a rule excludes, and those it keeps without knowing."""
    rule = criteria.criteria[number]
    ids = loans.frame["loan_id"].to_numpy(dtype=object)
    says = rule.says or rule.that
    found = []
    if out.any():
        balance = np.nan_to_num(loans.column("current_balance"))
        share = balance[out].sum() / balance.sum() if balance.sum() > 0 else np.nan
        blank = int((out & undecided).sum())
        because = f", {blank:,} of them for missing values" if blank else ""
        said = f"{rule.name}: {counted(np.flatnonzero(out))} not eligible, {share:.1%} of the balance{because}"
        found.append(
            row_finding(
                "E-L020" if rule.severity == "error" else "W-L020", said, field="", file=loans.source,
                rows=loans.file_rows[out], who=ids[out], values=values, rule=says,
            )
        )  # fmt: skip
    kept = undecided & ~out
    if kept.any():
        said = f"{rule.name}: {counted(np.flatnonzero(kept))} kept without knowing, for values that are missing"
        at = np.flatnonzero(kept)
        blank_values = np.full(len(at), "blank", dtype=object)
        found.append(
            row_finding(
                "W-L022", said, field="", file=loans.source, rows=loans.file_rows[at], who=ids[at], values=blank_values,
                rule=says,
            )
        )  # fmt: skip
    return found
