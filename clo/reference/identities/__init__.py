"""What must add up inside the published tables, and where the source itself does not."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

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


def identities(read: Read) -> Iterator[Identity]:
    """Every identity of every area."""
    for area in AREAS:
        yield from area.identities(read)


def identity_checks(read: Read, recorded: pd.DataFrame) -> pd.DataFrame:
    """table, row, rule, printed, computed, difference = printed - computed, bound, recorded, note, ok.

    recorded: differences of the source itself, table, row, rule, difference, note. A difference is ok within its bound, or
    where the source is known not to add up, and then only if it is the recorded one.
    """
    checks = pd.DataFrame([(i.table, i.row, i.rule, i.printed, i.computed, i.bound) for i in identities(read)],
                          columns=["table", "row", "rule", "printed", "computed", "bound"])  # fmt: skip
    checks.insert(5, "difference", (checks["printed"] - checks["computed"]).round(9))
    known = recorded.rename(columns={"difference": "recorded"})
    unknown = known.merge(checks[["table", "row", "rule"]], how="left", indicator=True)
    if (lost := unknown[unknown["_merge"] == "left_only"]).size:
        raise ValueError(f"recorded differences of no identity: {lost[['table', 'row', 'rule']].to_dict('records')}")
    checks = checks.merge(known[["table", "row", "rule", "recorded", "note"]], how="left", on=["table", "row", "rule"])
    within = checks["difference"].abs() <= checks["bound"] + SLACK
    as_recorded = (checks["difference"] - checks["recorded"]).abs() <= SLACK
    checks["ok"] = within.where(checks["recorded"].isna(), as_recorded)
    return checks
