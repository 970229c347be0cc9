"""The Clover programme: averages, agreement with the tranches, growth; what was seen of its pools and of comparable deals.

Averages and shares are derived from the figures as given, so only their own rounding counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from clo.reference.identities.rows import MissingRowError, Row, Rows, by, known, quotient, where
from clo.reference.identities.rule import Identity, Read

HALF, HALF_TENTH = 0.5, 0.05
"""Half the step of whole figures and of those with one decimal."""
HALF_OF_TEN = 5.0
"""The number of SMEs of 2022 is given in tens."""
WIDE_AREA = "wide-area-cbo-2006"
ELSEWHERE = (("pool_bn_jpy", "pool_amount_jpy", 1e9), ("smes", "obligors", 1), ("institutions", "institutions", 1))
"""Columns of clover, those of tranches that say the same, and their unit in that of clover."""


def identities(read: Read) -> Iterator[Identity]:
    clover, tranches = read("clover"), read("tranches")
    pools = by(tranches, "deal")
    for row in where(clover, "average_m_jpy"):
        computed = 1000 * row["pool_bn_jpy"] / row["smes"]
        yield Identity("clover", row["deal"], "pool / SMEs = average", row["average_m_jpy"], computed, HALF_TENTH)
    yield from _pools(clover.to_dict("records"), pools)
    yield from _notes(where(clover, "notes_bn_jpy"), tranches.to_dict("records"))
    yield from _growth(by(clover, "deal"), by(read("clover_growth_2023"), "item"))
    yield from _performance(where(read("performance"), "delinquent_pct"), pools)
    yield from _wide_area(read, tranches[tranches["deal"] == WIDE_AREA].to_dict("records"))
    for row in where(read("tokyo_3"), "senior_pct"):
        parts = row["senior_pct"] + row["junior_pct"]
        yield Identity("tokyo_3", row["method"], "senior + junior = 100%", 100.0, parts, 2 * HALF)


def _pools(clover: list[Row], pools: Rows) -> Iterator[Identity]:
    for row in clover:
        for column, elsewhere, unit in ELSEWHERE:
            other = pools[row["deal"]][elsewhere]
            if known(row[column]) and known(other):
                rule = f"{column} = {elsewhere} of tranches"
                yield Identity("clover", row["deal"], rule, float(row[column]), other / unit, 0.0)


def _notes(clover: list[Row], tranches: list[Row]) -> Iterator[Identity]:
    """The notes are the tranches without the deductible."""
    notes = [row for row in tranches if row["tranche"] != "deductible"]
    for row in clover:
        issued = sum(note["amount_jpy"] for note in notes if note["deal"] == row["deal"])
        yield Identity("clover", row["deal"], "notes = issued tranches", row["notes_bn_jpy"], issued / 1e9, 0.0)


def _growth(clover: Rows, growth: Rows) -> Iterator[Identity]:
    """Figures of 2022 are known from those of 2023 and their growth only."""
    before, after = clover["clover-2022"], clover["clover-2023"]
    for item, column, own, half in (
        ("pool", "pool_bn_jpy", before["pool_step_bn_jpy"] / 2, after["pool_step_bn_jpy"] / 2),
        ("smes", "smes", HALF_OF_TEN, 0.0),
    ):
        computed, bound = quotient(after[column], 1 + growth[item]["growth_pct"] / 100, half, HALF / 100)
        yield Identity("clover", "clover-2022", f"{column} of 2023 / growth", float(before[column]), computed, own + bound)
    computed = after["institutions"] - growth["institutions"]["added"]
    yield Identity("clover", "clover-2022", "institutions of 2023 - added", float(before["institutions"]), computed, 0.0)


def _performance(performance: list[Row], pools: Rows) -> Iterator[Identity]:
    for row in performance:
        pool = pools[row["deal"]]["pool_amount_jpy"] / 1e6
        computed = 100 * row["delinquent_m_jpy"] / pool
        yield Identity("performance", row["deal"], "delinquent / pool = share", row["delinquent_pct"], computed, HALF_TENTH)
        rule, computed = "share of the largest obligor * pool", row["largest_obligor_pct"] / 100 * pool
        yield Identity("performance", row["deal"], rule, row["largest_obligor_m_jpy"], computed, HALF)


def _wide_area(read: Read, classes: list[Row]) -> Iterator[Identity]:
    """The loss is what was not repaid; its shares are derived from it as given."""
    if not classes:
        raise MissingRowError("tranches", WIDE_AREA)
    repaid, total = by(read("wide_area_cbo_2006"), "tranche"), read("wide_area_cbo_2006_totals").iloc[0].to_dict()
    loss = bound = 0.0
    for row in classes:
        amount, share = row["amount_jpy"] / 1e9, 1 - repaid[row["tranche"]]["repaid_pct"] / 100
        loss += amount * share
        bound += HALF_TENTH * share + (amount * HALF / 100 if 0 < share < 1 else 0.0)  # all or nothing is exact
    yearly = 100 * (1 - (1 - total["loss_pct"] / 100) ** (1 / total["years"]))
    for column, rule, computed, within in (
        ("loss_bn_jpy", "notes not repaid = loss", loss, bound + HALF_TENTH),
        ("loss_pct", "loss / notes = share", 100 * total["loss_bn_jpy"] / (classes[0]["pool_amount_jpy"] / 1e9), HALF_TENTH),
        ("loss_a_year_pct", "share lost a year, compounding", yearly, HALF_TENTH),
    ):
        yield Identity("wide_area_cbo_2006_totals", "all", rule, total[column], computed, within)
