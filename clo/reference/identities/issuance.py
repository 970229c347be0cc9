"""The issuance table of JASME's securitization programmes: totals, averages, the results of FY2006, a later report.

What the facts derive from printed figures (averages, what is left of a year) is derived from them as printed, so only its own
rounding counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clo.reference.identities.rows import Row, Rows, by, known
from clo.reference.identities.rule import Identity, Read

HALF = 0.05
"""Half the step of amounts in billions of yen and of averages in millions."""
COLUMNS = {"banks": 0.0, "smes": 0.0, "amount_bn_jpy": HALF}
"""Columns that are summed, each with half the step in which it is printed; counts are exact."""
FISCAL_2006 = ("2006-04", "2007-03")
AMOUNT, OWN = "amount_bn_jpy", "loans_of_which_synthetic_cbo"


def identities(read: Read) -> Iterator[Identity]:
    deals, totals = read("issuance").to_dict("records"), by(read("issuance_totals"), "type")
    of_year = [deal for deal in deals if FISCAL_2006[0] <= deal["month"] <= FISCAL_2006[1]]
    results = by(read("results_fy2006"), "item").of(AMOUNT)
    yield from _totals(deals, totals)
    yield from _averages(by(read("issuance"), "type", "number"), read("issuance_averages").to_dict("records"))
    yield from _results(of_year, results)
    yield from _own(of_year, results, by(read("issuance_own_fy2006"), "item").of(AMOUNT))
    yield from _report(by(read("study_report_2015"), "item"), totals)


def _totals(deals: list[Row], totals: Rows) -> Iterator[Identity]:
    """Deals against the total of their type; deals of all types, and the totals of the types, against that of all."""
    types = [row for kind, row in totals.items() if kind != "all"]
    for column, half in COLUMNS.items():
        for kind, total in totals.items():
            if known(total[column]):
                figures = [deal[column] for deal in deals if kind in (deal["type"], "all")]
                yield _sum(total, column, f"sum of {column} of deals = total", figures, half)
        if known(totals["all"][column]):
            yield _sum(totals["all"], column, f"sum of {column} of types = total", [row[column] for row in types], half)


def _sum(total: Row, column: str, rule: str, figures: list[float], half: float) -> Identity:
    return Identity("issuance_totals", total["type"], rule, float(total[column]), float(sum(figures)), half * (len(figures) + 1))


def _averages(deals: Rows, averages: list[Row]) -> Iterator[Identity]:
    for row in averages:
        deal = deals[row["type"], row["number"]]
        computed, label = 1000 * deal[AMOUNT] / deal["smes"], f"{row['type']} {row['number']}"
        yield Identity("issuance_averages", label, "amount / SMEs = average", row["average_m_jpy"], computed, HALF)


def _of_type(deals: Iterable[Row], kind: str) -> list[float]:
    return [deal[AMOUNT] for deal in deals if deal["type"] == kind]


def _results(of_year: list[Row], results: Rows) -> Iterator[Identity]:
    """The year's purchases without the corporation's own loans in joint deals, and its guarantees, are the printed results."""
    purchases, guarantees = _of_type(of_year, "purchase"), _of_type(of_year, "guarantee")
    rule, computed = "deals of FY2006 - synthetic CBO loans = result", sum(purchases) - results[OWN]
    yield Identity("results_fy2006", "purchase_type", rule, results["purchase_type"], computed, HALF * (len(purchases) + 2))
    rule, computed = "deals of FY2006 = result", float(sum(guarantees))
    yield Identity("results_fy2006", "guarantee_type", rule, results["guarantee_type"], computed, HALF * (len(guarantees) + 1))


def _own(of_year: list[Row], results: Rows, own: Rows) -> Iterator[Identity]:
    """What the facts derive of the corporation's own part of FY2006; P5 is the year's only joint deal."""
    joint = sum(deal[AMOUNT] for deal in of_year if deal["joint"])
    for item, rule, computed in (
        ("deals_of_the_year", "sum of purchase-type deals of FY2006", sum(_of_type(of_year, "purchase"))),
        ("own", "synthetic CBO loans of results_fy2006", results[OWN]),
        ("less_own", "deals of the year - own", own["deals_of_the_year"] - own["own"]),
        ("purchase_05_own", "own", own["own"]),
        ("purchase_05_banks", "joint deals of FY2006 - own", joint - own["purchase_05_own"]),
    ):
        yield Identity("issuance_own_fy2006", item, rule, own[item], float(computed), 0.0)


def _report(report: Rows, totals: Rows) -> Iterator[Identity]:
    """What the report of 2015 is compared with: purchase and guarantee types of the issuance table."""
    item = "issuance_purchase_and_guarantee"
    for column in ("smes", AMOUNT):
        computed = float(totals["purchase"][column] + totals["guarantee"][column])
        rule = f"{column} of purchase + guarantee of issuance_totals"
        yield Identity("study_report_2015", item, rule, float(report[item][column]), computed, 0.0)
