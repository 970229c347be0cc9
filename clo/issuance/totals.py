"""The library together: totals by type as printed, the results of FY2006, and the count of a later report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from clo.issuance.comparison import Comparison, Unit
from clo.issuance.model import Model
from clo.issuance.published import BILLION, Published
from clo.reference import Tables
from clo.reference.deal_names import PREFIXES
from clo.reference.identities.issuance import FISCAL_2006

TOTAL = "all"


def totals(models: Mapping[str, Model], published: Mapping[str, Published], tables: Tables) -> Iterator[Comparison]:
    """Sums over the deals of the issuance table against every printed total. models, published: by name of deal."""
    listed = {name: deal for name, deal in published.items() if deal.type in PREFIXES}
    printed = tables.table("issuance_totals")
    step = BILLION * tables.step("issuance_totals", "amount_bn_jpy")
    for row in printed.to_dict("records"):
        of_type = [name for name, deal in listed.items() if row["type"] in (deal.type, TOTAL)]
        bound = (sum(listed[name].amount_step for name in of_type) + step) / 2
        yield from _of_type(row, of_type, models, bound)
    yield from _results_of_2006(models, listed, tables)
    yield from _report_of_2015(models, listed, tables)


def _of_type(row: Mapping[Any, Any], names: list[str], models: Mapping[str, Model], bound: float) -> Iterator[Comparison]:
    """Deals, firms, participations of institutions and amount of one type."""
    subject, source = f"total.{row['type']}", f"issuance_totals, {row['source_id']}"
    held = [models[name] for name in names if name in models]
    stated = [model.deal.figures for model in held if model.deal.figures is not None]

    def compare(item: str, unit: Unit, printed: float, said: float | None, found: float, within: float = 0.0) -> Comparison:
        return Comparison(subject, item, unit, printed, said, found, within, source)

    listed = float(len(names))  # the table prints no number of deals: its rows are counted
    yield Comparison(subject, "deals", "count", listed, None, len(held), 0.0, source, known="derived")
    obligors, amount = sum(model.figures.obligors for model in held), sum(model.figures.amount for model in held)
    yield compare("obligors", "count", row["smes"], _sum(figures.obligors for figures in stated), obligors)
    if not pd.isna(row["banks"]):
        found = sum(model.figures.institutions for model in held)
        yield compare("participations", "count", row["banks"], _sum(figures.institutions for figures in stated), found)
    printed = round(row["amount_bn_jpy"] * BILLION)
    yield compare("amount", "money", printed, _sum(figures.amount for figures in stated), amount, bound)


def _results_of_2006(models: Mapping[str, Model], listed: Mapping[str, Published], tables: Tables) -> Iterator[Comparison]:
    """The fiscal year's purchases without the corporation's own loans, those loans, and its guarantees."""
    step = BILLION * tables.step("results_fy2006", "amount_bn_jpy")
    results = {row["item"]: row for row in tables.table("results_fy2006").to_dict("records")}

    def of_year(type_: str) -> list[str]:
        return [n for n, deal in listed.items() if deal.type == type_ and FISCAL_2006[0] <= deal.month <= FISCAL_2006[1]]

    purchases, guarantees = of_year("purchase"), of_year("guarantee")
    for item, names, seller in (
        ("purchase_type", purchases, "institutions"),
        ("loans_of_which_synthetic_cbo", purchases, "corporation"),
        ("guarantee_type", guarantees, "institutions"),
    ):
        amounts = {name: models[name].amount_sold_by(seller) for name in names if name in models}
        bound = (sum(listed[name].amount_step for name, amount in amounts.items() if amount) + step) / 2
        if item == "purchase_type":  # what is taken off the joint deals is a printed figure as well
            bound += step / 2
        printed, source = round(results[item]["amount_bn_jpy"] * BILLION), f"results_fy2006, {results[item]['source_id']}"
        yield Comparison("results.fy2006", item, "money", printed, None, sum(amounts.values()), bound, source)


def _report_of_2015(models: Mapping[str, Model], listed: Mapping[str, Published], tables: Tables) -> Iterator[Comparison]:
    """The report counts "about four years to FY2007" in a way it does not explain: shown, and no check."""
    row = tables.table("study_report_2015").iloc[0]
    held = [models[name] for name, deal in listed.items() if deal.type != "synthetic_cbo" and name in models]
    source = f"study_report_2015, {row['source_id']}"
    firms, amount = sum(model.figures.obligors for model in held), sum(model.figures.amount for model in held)
    yield Comparison("study_group.2015", "obligors", "count", float(row["smes"]), None, firms, 0.0, source, gating=False)
    printed = round(float(row["amount_bn_jpy"]) * BILLION)
    yield Comparison("study_group.2015", "amount", "money", printed, None, amount, BILLION * 0.05, source, gating=False)


def _sum(values: Iterable[float | None]) -> float:
    return float(sum(value for value in values if value is not None))
