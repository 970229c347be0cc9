"""What associations and their servicer spend on collection, and what became of plans of the revitalisation councils."""

from __future__ import annotations

from collections.abc import Iterator

from clo.reference.identities.rows import Row, Rows, by, known
from clo.reference.identities.rule import Identity, Read

HALF, HALF_TENTH, EXACT = 0.5, 0.05, 0.0
"""Half a step of money and of shares; persons and companies are counted."""
APART = ("guaranteed", "terms_changed", "in_team_without_guarantee")
"""What an association involved may have done, one each."""


def identities(read: Read) -> Iterator[Identity]:
    yield from _servicer(read("servicer").to_dict("records"))
    yield from _plans(by(read("revitalisation"), "outcome"))


def _servicer(rows: list[Row]) -> Iterator[Identity]:
    for row in rows:
        label = f"{row['organisation']} FY{row['fiscal_year']}"
        costs = float(row["staff_cost_m_jpy"] + row["management_cost_m_jpy"])
        yield Identity("servicer", label, "staff + management = costs", float(row["costs_m_jpy"]), costs, 3 * HALF)
        if known(row["own_staff"]):
            heads = float(row["own_staff"] + row["seconded_staff"])
            yield Identity("servicer", label, "own + seconded = collectors", float(row["collectors"]), heads, EXACT)


def _plans(plans: Rows) -> Iterator[Identity]:
    companies = plans.of("companies")
    involved, computed = "association_involved", sum(companies[outcome] for outcome in APART)
    rule = "guaranteed + terms changed + in team = involved"
    yield Identity("revitalisation", involved, rule, float(companies[involved]), float(computed), EXACT)
    for outcome, row in plans.items():
        if known(row["share_pct"]):
            computed = 100 * companies[outcome] / companies["plans_completed"]
            yield Identity("revitalisation", outcome, "companies / plans = share", row["share_pct"], computed, HALF_TENTH)
