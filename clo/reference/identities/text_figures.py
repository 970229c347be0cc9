"""Figures that the text about the guarantee system and one of its tables both print."""

from __future__ import annotations

from collections.abc import Iterator

from clo.reference.identities.rows import by
from clo.reference.identities.rule import Identity, Read

TABLE = "guarantee_system_figures"


def identities(read: Read) -> Iterator[Identity]:
    figures = by(read(TABLE), "figure")
    for figure, computed, half in _in_tables(read):
        printed = figures[figure]
        bound = printed["step"] / 2 + half
        yield Identity(TABLE, figure, "figure in the text = figure in the table", printed["value"], float(computed), bound)
    listed = figures["prefectural_programme_sets"]["value"] + figures["city_programme_sets"]["value"]
    yield Identity(TABLE, "associations", "prefectures + cities = associations", figures["associations"]["value"], listed, 0.0)


def _in_tables(read: Read) -> Iterator[tuple[str, float, float]]:
    """Each figure, what a table prints for it, and half the step in which it does; 0 for what is counted."""
    account, fees = by(read("insurance_account"), "fiscal_year"), by(read("fee_and_premium_history"), "fiscal_year")
    plans = by(read("revitalisation"), "outcome")
    programmes = by(read("local_programmes_totals").query("level == 'total'"), "fiscal_year")
    for year in (2003, 2004):
        yield f"insurance_deficit_{year}", -account[year]["total_100m_jpy"], 0.5
        yield f"reserve_fund_balance_{year}", account[year]["reserve_fund_balance_100m_jpy"], 0.5
    for fee in ("secured_fee", "unsecured_fee"):
        yield f"{fee}_guidance", fees[2003][f"{fee}_pct"], 0.005
    yield "local_programmes_2003", programmes[2003]["programmes"], 0.0
    yield "associations", len(read("associations")), 0.0
    yield "revitalisation_plans", plans["plans_completed"]["companies"], 0.0
    yield "revitalisation_involved", plans["association_involved"]["companies"], 0.0
    yield "revitalisation_guaranteed", plans["guaranteed"]["companies"], 0.0
