"""What must add up inside the published tables, and where the source itself does not."""

from __future__ import annotations

from math import isfinite

import pandas as pd

from clo.findings import Finding
from clo.reference.codes import TableError, finding
from clo.reference.identities import (
    associations,
    clover,
    collection,
    insurance,
    issuance,
    local_programmes,
    products,
    programme,
    text_figures,
    tranches,
)
from clo.reference.identities.rows import MissingRowError, known
from clo.reference.identities.rule import Identity, Read

AREAS = (
    issuance,
    tranches,
    clover,
    programme,
    products,
    associations,
    insurance,
    local_programmes,
    collection,
    text_figures,
)
SLACK = 1e-9
"""Sums of decimals are exact to this."""


def identities(read: Read) -> list[Identity]:
    """Every identity of every area. Raises TableError with every malformed table, and every row or figure that is not there."""
    found: list[Identity] = []
    troubles: dict[Finding, None] = {}
    for area in AREAS:
        name = area.__name__.rpartition(".")[2]
        try:
            found += area.identities(read)
        except TableError as error:
            troubles |= dict.fromkeys(error.findings)
        except MissingRowError as gone:
            message = f"the identities of {name} need a row that table {gone.table} does not have"
            troubles[finding("E-N008", message, file=f"{gone.table}.csv", who=f"row {gone.row}")] = None
        except (LookupError, TypeError, ValueError, ZeroDivisionError) as error:
            message = f"the identities of {name} cannot be worked out with what stands in the tables: {error}"
            troubles[finding("E-N008", message)] = None
    for one in found:
        if not all(known(figure) and isfinite(figure) for figure in (one.printed, one.computed)):
            message = f"{one.rule}: a figure that it needs is not there"
            troubles[finding("E-N008", message, file=f"{one.table}.csv", who=f"row {one.row}")] = None
    if troubles:
        raise TableError(troubles)
    return found


def identity_checks(read: Read, recorded: pd.DataFrame) -> pd.DataFrame:
    """table, row, rule, printed, computed, difference = printed - computed, bound, recorded, note, ok.

    recorded: differences of the source itself, table, row, rule, difference, note. A difference is ok within its bound, or
    where the source is known not to add up, and then only if it is the recorded one. Raises TableError as `identities` does,
    and where a recorded difference is of no identity.
    """
    checks = pd.DataFrame([(i.table, i.row, i.rule, i.printed, i.computed, i.bound) for i in identities(read)],
                          columns=["table", "row", "rule", "printed", "computed", "bound"])  # fmt: skip
    checks.insert(5, "difference", (checks["printed"] - checks["computed"]).round(9))
    differences = recorded.rename(columns={"difference": "recorded"})
    there = set(zip(checks["table"], checks["row"], checks["rule"], strict=True))
    lost = [row for row in differences.to_dict("records") if (row["table"], row["row"], row["rule"]) not in there]
    if lost:
        raise TableError(
            finding("E-N014", f"no row {row['row']} of table {row['table']} has this identity", file="discrepancies.csv",
                    who=f"row {row['table']} {row['row']}", field="rule", value=row["rule"]) for row in lost
        )  # fmt: skip
    checks = checks.merge(differences[["table", "row", "rule", "recorded", "note"]], how="left", on=["table", "row", "rule"])
    within = checks["difference"].abs() <= checks["bound"] + SLACK
    as_recorded = (checks["difference"] - checks["recorded"]).abs() <= SLACK
    checks["ok"] = within.where(checks["recorded"].isna(), as_recorded)
    return checks
