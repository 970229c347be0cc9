"""The issuance table: its shape, its totals, and that a wrong digit is found."""

from __future__ import annotations

import pytest
from changed_tables import failing, reading

from clo.reference import packaged, table
from clo.reference.identities import issuance, tranches

COLUMNS = ["type", "number", "month", "banks", "smes", "amount_bn_jpy", "joint"]


def test_it_has_nineteen_deals_with_their_provenance():
    deals = table("issuance")
    assert list(deals.columns) == [*COLUMNS, "document", "printed_table", "source_id"]
    assert [str(dtype) for dtype in deals.dtypes[COLUMNS]] == ["str", "Int64", "str", "Int64", "Int64", "float64", "boolean"]
    assert deals["type"].value_counts().to_dict() == {"purchase": 11, "guarantee": 6, "synthetic_cbo": 2}
    assert set(deals["source_id"]) == {"000"}


def test_banks_are_printed_for_purchases_only_and_stars_for_four_of_them():
    deals = table("issuance")
    assert (deals["banks"].notna() == (deals["type"] == "purchase")).all()
    assert deals.loc[deals["joint"], ["type", "number"]].to_numpy().tolist() == [["purchase", n] for n in (5, 8, 10, 11)]


def test_every_identity_holds_and_has_a_name_of_its_own():
    every = list(issuance.identities(table))
    assert len({(one.table, one.row, one.rule) for one in every}) == len(every) == 39
    assert not failing(issuance.identities)


def test_totals_miss_by_rounding_only():
    sums = {one.row: one for one in issuance.identities(table) if one.rule == "sum of amount_bn_jpy of deals = total"}
    assert {row: round(one.printed - one.computed, 6) for row, one in sums.items()} == {
        "purchase": -0.1, "guarantee": 0.1, "synthetic_cbo": 0.0, "all": 0.0,
    }  # fmt: skip
    assert sums["purchase"].bound == pytest.approx(11 * 0.05 + 0.05)


def test_the_purchases_of_fy2006_are_the_result_only_without_the_corporations_own_loans():
    year = next(one for one in issuance.identities(table) if one.row == "purchase_type")
    assert (year.printed, round(year.computed, 6), round(year.bound, 6)) == (38.8, 38.9, 0.25)


@pytest.mark.parametrize("row", range(19))
@pytest.mark.parametrize(("column", "step"), [("smes", 1), ("amount_bn_jpy", 0.1), ("amount_bn_jpy", -0.1)])
def test_a_last_digit_off_is_found_in_every_deal(row, column, step):
    read = reading("issuance", column, row, table("issuance").at[row, column] + step)
    assert failing(issuance.identities, read) or failing(tranches.identities, read)


@pytest.mark.parametrize(("name", "column", "row", "value", "rule"), [
    ("issuance", "banks", 1, 13, "sum of banks of deals = total"),
    ("issuance", "amount_bn_jpy", 0, 3.6, "sum of amount_bn_jpy of deals = total"),
    ("issuance_totals", "banks", 0, 125, "sum of banks of deals = total"),
    ("issuance_totals", "smes", 3, 7651, "sum of smes of types = total"),
    ("issuance_totals", "amount_bn_jpy", 3, 268.8, "sum of amount_bn_jpy of types = total"),
    ("issuance_averages", "average_m_jpy", 0, 44.9, "amount / SMEs = average"),
    ("results_fy2006", "amount_bn_jpy", 1, 9.8, "deals of FY2006 - synthetic CBO loans = result"),
    ("results_fy2006", "amount_bn_jpy", 4, 11.4, "deals of FY2006 = result"),
    ("issuance_own_fy2006", "amount_bn_jpy", 4, 2.6, "joint deals of FY2006 - own"),
    ("study_report_2015", "smes", 1, 6955, "smes of purchase + guarantee of issuance_totals"),
])  # fmt: skip
def test_a_wrong_figure_breaks_its_identity(name, column, row, value, rule):
    assert rule in [one.rule for one in failing(issuance.identities, reading(name, column, row, value))]


def test_steps_are_those_of_the_bounds():
    steps = {packaged().step(name, "amount_bn_jpy") for name in ("issuance", "issuance_totals", "results_fy2006")}
    assert steps == {2 * issuance.HALF}
