"""Tranches against their pools, and the pools against the other tables that have them.

What the facts derive (shares, enhancement of the pages that print none, residual classes) is derived from the figures as given,
so only its own rounding counts. The rows of a deal stand from senior to junior.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from clo.reference.deal_names import deal_name
from clo.reference.identities.rows import Row, Rows, by, known, quotient, where
from clo.reference.identities.rule import Identity, Read

HALF, HALF_HUNDREDTH = 0.05, 0.005
"""Half the step of enhancement in percent and totals in billions of yen; of scheduled collections in billions."""
YEAR = 365.25
SANTOSHI = "santoshi-2009"


def identities(read: Read) -> Iterator[Identity]:
    tranches = read("tranches")
    rows = tranches.to_dict("records")
    for deal, grouped in groupby(rows, lambda row: row["deal"]):
        classes = list(grouped)
        if len(classes) > 1 and all(known(row["amount_jpy"]) and known(row["pool_amount_jpy"]) for row in classes):
            yield _sum(deal, classes)
            yield from _enhancement(classes)
    yield from _shares(where(tranches, "share_pct"))
    yield from _santoshi(by(tranches[tranches["deal"] == SANTOSHI], "tranche"), by(read("santoshi_collections"), "tranche"))
    yield from _issuance(rows, read("issuance").to_dict("records"))
    pools = list(by(tranches, "deal").values())
    yield from _tokyo([row for row in pools if row["deal"].startswith("tokyo-4-")], read("tokyo_4_totals").iloc[0].to_dict())
    finals = by(tranches[tranches["legal_maturity"].notna()], "deal")
    yield from _legal_finals(finals, read("legal_finals").to_dict("records"))


def _of(row: Row, rule: str, printed: float, computed: float, bound: float = 0.0) -> Identity:
    return Identity("tranches", f"{row['deal']} {row['tranche']}", rule, float(printed), float(computed), bound)


def _sum(deal: str, classes: list[Row]) -> Identity:
    """A deal whose residual class is derived sums to its pool exactly."""
    steps = classes[0]["pool_step_jpy"] + sum(row["amount_step_jpy"] for row in classes)
    bound = 0.0 if any(row["known"] == "derived" for row in classes) else steps / 2
    total = sum(row["amount_jpy"] for row in classes)
    return Identity("tranches", deal, "sum of tranches = pool", classes[0]["pool_amount_jpy"], total, bound)


def _enhancement(classes: list[Row]) -> Iterator[Identity]:
    for place, row in enumerate(classes):
        if known(row["enhancement_pct"]):
            below = sum(other["amount_jpy"] for other in classes[place + 1 :])
            computed = 100 * below / row["pool_amount_jpy"]
            yield _of(row, "what is below it / pool = enhancement", row["enhancement_pct"], computed, HALF)


def _shares(rows: list[Row]) -> Iterator[Identity]:
    for row in rows:
        computed = 100 * row["amount_jpy"] / row["pool_amount_jpy"]
        yield _of(row, "amount / pool = share", row["share_pct"], computed, row["share_step"] / 2)


def _santoshi(classes: Rows, collections: Rows) -> Iterator[Identity]:
    """A class 1 is covered by its collection; classes 2 and 3 by a pool that is not printed, but is the same for both."""
    for tranche, row in collections.items():
        own, collection = classes[tranche], row["collection_bn_jpy"]
        part, bound = quotient(own["amount_jpy"] / 1e9, collection, own["amount_step_jpy"] / 2e9, HALF_HUNDREDTH, 100)
        yield _of(own, "1 - amount / collection = enhancement", own["enhancement_pct"], 100 - part, bound + HALF)
    upper, lower = classes["class_2"], classes["class_3"]
    above = [row for tranche, row in classes.items() if tranche != "class_3"]
    amount, step = (sum(row[column] for row in above) for column in ("amount_jpy", "amount_step_jpy"))
    lent = 100 - upper["enhancement_pct"]
    added, bound = quotient(lower["amount_jpy"], amount, lower["amount_step_jpy"] / 2, step / 2, lent)
    rule = "enhancement from the pool that class 2 implies"
    yield _of(lower, rule, lower["enhancement_pct"], 100 - lent - added, bound + HALF * (2 + added / lent))


def _issuance(rows: list[Row], issuance: list[Row]) -> Iterator[Identity]:
    listed = {deal_name(deal["type"], deal["number"]): deal for deal in issuance}
    for row in rows:
        if deal := listed.get(row["deal"]):
            yield _of(row, "pool = amount of issuance", row["pool_amount_jpy"], round(deal["amount_bn_jpy"] * 1e9))
            yield _of(row, "obligors = SMEs of issuance", row["obligors"], deal["smes"])
            if known(deal["banks"]):
                yield _of(row, "institutions = banks of issuance", row["institutions"], deal["banks"])


def _tokyo(pools: list[Row], total: Row) -> Iterator[Identity]:
    amount, steps = (sum(pool[column] for pool in pools) for column in ("pool_amount_jpy", "pool_step_jpy"))
    rule, bound = "sum of pools = total", HALF + steps / 2e9
    yield Identity("tokyo_4_totals", "all", rule, total["pool_bn_jpy"], amount / 1e9, bound)
    firms = float(sum(pool["obligors"] for pool in pools))
    yield Identity("tokyo_4_totals", "all", "sum of obligors = total", float(total["firms"]), firms, 0.0)


def _legal_finals(days: Rows, finals: list[Row]) -> Iterator[Identity]:
    for row in finals:
        issue, final = (date.fromisoformat(days[row["deal"]][column]) for column in ("date", "legal_maturity"))
        rule, computed = "years from issue to legal final", (final - issue).days / YEAR
        yield Identity("legal_finals", row["deal"], rule, row["years"], computed, row["years_step"] / 2)
