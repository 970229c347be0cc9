"""Programmes, products, tranches: what holds inside and between the documents, and that a wrong digit is found."""

from __future__ import annotations

import re

import pytest
from changed_tables import failing, reading

from clo.reference import capital_rates, table
from clo.reference.identities import clover, products, programme, tranches

AREAS = {"tranches": (tranches, 96), "clover": (clover, 42), "programme": (programme, 22), "products": (products, 33)}


@pytest.mark.parametrize("area", AREAS)
def test_every_identity_holds_and_has_a_name_of_its_own(area):
    module, count = AREAS[area]
    every = list(module.identities(table))
    assert len({(one.table, one.row, one.rule) for one in every}) == len(every) == count
    assert not failing(module.identities)


@pytest.mark.parametrize(("area", "name", "column", "row", "value", "rule"), [
    ("programme", "capital", "amount_bn_jpy", 1, 35.6, "sum of accounts = capital"),
    ("programme", "financing_shares", "share_pct", 0, 90.7, "shares sum to 100%"),
    ("programme", "financing_shares", "share_pct", 3, 2.7, "loans outstanding / total = share"),
    ("programme", "cofinancing", "share_pct", 1, 98, "cofinanced / projects = share"),
    ("programme", "overseas_clients", "clients", 0, 441, "sum of places = region"),
    ("programme", "overseas_regions", "clients", 2, 691, "sum of regions = total"),
    ("programme", "overseas_regions", "share_pct", 4, 9.1, "clients / total = share"),
    ("programme", "special_guarantee_scheme", "amount_bn_jpy", 2, 287.0, "share of subrogated"),
    ("programme", "special_guarantee_scheme", "ratio_pct", 1, 8.0, "share of guaranteed"),
    ("programme", "insurance_account_2002", "amount_bn_jpy", 3, 604.6, "claims - premiums - recoveries = deficit"),
    ("programme", "insurance_account_2002", "amount_bn_jpy", 1, 211.9, "FY2002 of insurance_flows"),
    ("programme", "subrogation_later", "cases", 2, 2397, "amount / cases = average"),
    ("products", "eligible_sizes", "employees", 1, 50, "employees of eligible_sizes"),
    ("products", "insured_sizes", "capital_m_jpy", 3, 100, "capital_m_jpy of eligible_sizes"),
    ("products", "insurance_products", "limit_10k_jpy", 1, 8500, "ordinary + unsecured limit of insurance_products"),
    ("products", "insurance_products", "premium_classes", 9, 8, "classes of guarantee_fees"),
    ("products", "guarantee_limits", "limit_m_jpy", 1, 480.5, "ordinary + unsecured limit of insurance_products"),
    ("products", "guarantee_limits_2003", "limit_10k_jpy", 2, 1200, "last limit of insured_limits"),
    ("products", "guarantee_limits_2003", "separate_limit_10k_jpy", 0, 20001, "separate limit = limit"),
    ("products", "fee_change_2003", "rise_pct", 1, 0.36, "before + rise = after"),
    ("products", "fee_change_2003_totals", "rise_pct", 0, 0.4, "mean of the rises"),
    ("products", "premium_reform", "low_pct", 0, 0.86, "ordinary premium of fee_and_premium_history"),
    ("products", "guarantee_programmes_2003", "loan_limit_10k_jpy", 3, 11200, "limit / cover = largest loan"),
    ("tranches", "tranches", "amount_jpy", 1, 578_645_000, "sum of tranches = pool"),
    ("tranches", "tranches", "share_pct", 2, 5.601, "amount / pool = share"),
    ("tranches", "tranches", "enhancement_pct", 0, 39.6, "what is below it / pool = enhancement"),
    ("tranches", "tranches", "obligors", 22, 59, "obligors = SMEs of issuance"),
    ("tranches", "tranches", "institutions", 23, 13, "institutions = banks of issuance"),
    ("tranches", "tranches", "enhancement_pct", 62, 18.0, "enhancement from the pool that class 2 implies"),
    ("tranches", "santoshi_collections", "collection_bn_jpy", 0, 0.8, "1 - amount / collection = enhancement"),
    ("tranches", "tokyo_4_totals", "pool_bn_jpy", 0, 113.3, "sum of pools = total"),
    ("tranches", "tokyo_4_totals", "firms", 0, 2304, "sum of obligors = total"),
    ("tranches", "legal_finals", "years", 0, 6.04, "years from issue to legal final"),
    ("clover", "clover", "average_m_jpy", 1, 23.3, "pool / SMEs = average"),
    ("clover", "clover", "pool_bn_jpy", 5, 33.233, "pool_bn_jpy = pool_amount_jpy of tranches"),
    ("clover", "clover", "notes_bn_jpy", 2, 24.804, "notes = issued tranches"),
    ("clover", "clover_growth_2023", "growth_pct", 0, 30, "pool_bn_jpy of 2023 / growth"),
    ("clover", "clover_growth_2023", "growth_pct", 1, 20, "smes of 2023 / growth"),
    ("clover", "clover_growth_2023", "added", 2, 15, "institutions of 2023 - added"),
    ("clover", "performance", "delinquent_m_jpy", 0, 139, "delinquent / pool = share"),
    ("clover", "performance", "largest_obligor_m_jpy", 0, 95, "share of the largest obligor * pool"),
    ("clover", "wide_area_cbo_2006", "repaid_pct", 1, 84, "notes not repaid = loss"),
    ("clover", "wide_area_cbo_2006_totals", "loss_pct", 0, 15.4, "loss / notes = share"),
    ("clover", "wide_area_cbo_2006_totals", "years", 0, 3.5, "share lost a year, compounding"),
    ("clover", "tokyo_3", "junior_pct", 1, 22, "senior + junior = 100%"),
])  # fmt: skip
def test_a_wrong_figure_breaks_its_identity(area, name, column, row, value, rule):
    assert rule in [one.rule for one in failing(AREAS[area][0].identities, reading(name, column, row, value))]


def test_the_rates_of_capital_type_loans_are_the_printed_percents_as_decimals():
    rows = table("capital_loan_rates").set_index(["index", "tenor"])
    for (index, tenor), row in rows.iterrows():
        decimals = capital_rates()[f"{index}_{tenor}"]
        assert decimals == tuple(float(f"{row[column]:.2f}e-2") for column in ("high_pct", "middle_pct", "low_pct"))


def test_unequal_instalments_cost_a_tenth_more():
    """In all four rows as printed, half a hundredth rounded up."""
    rows = table("instalment_coefficients")
    assert ((rows["equal"] * 110 + 0.5 + 1e-9) // 1 / 100 == rows["unequal"]).all()


def test_fees_fall_with_the_class_and_premiums_lie_in_the_span_of_the_products():
    assert table("guarantee_fees")["fee_pct"].is_monotonic_decreasing
    premiums = table("insurance_products")
    assert (premiums["premium_low_pct"] <= premiums["premium_high_pct"]).all()
    assert (premiums["premium_classes"].notna() == (premiums["premium_low_pct"] < premiums["premium_high_pct"])).all()
    assert set(premiums["cover_pct"]) <= set(table("insurance_coverage")["coverage_pct"])


def test_lending_programmes_have_a_limit_and_a_term():
    programmes = table("loan_programmes")
    assert programmes["limit_10k_jpy"].notna().sum() == 20  # one is printed once for two variants
    assert programmes[["equipment_years", "working_capital_years", "years"]].notna().any(axis=1).all()
    assert not (programmes["direct_only"] & programmes["direct_only_partly"]).any()


def test_every_rating_of_a_class_is_in_its_text():
    texts = table("tranches").set_index(["deal", "tranche"])["rating"]
    for row in table("rating_actions").to_dict("records"):
        words = row["rating"] if row["date"] != row["date"] else f"{row['rating']} {row['date']}"
        assert words in texts[row["deal"], row["tranche"]]


def test_a_tranche_says_how_it_is_known_and_where():
    rows = table("tranches")
    assert set(rows["known"].dropna()) == {"published", "derived", "planned"}
    assert rows.loc[rows["amount_jpy"].notna() | rows["pool_amount_jpy"].notna(), "known"].notna().all()
    assert (rows["share_pct"].notna() == rows["share_step"].notna()).all()
    for urls in rows["url"]:
        assert all(url == "source 000" or re.match(r"https?://\S+$", url) for url in urls.split(" ; "))


def test_a_clover_deal_is_as_complete_as_its_figures():
    rows = table("clover").set_index("deal")
    assert list(rows.index) == ["clover-2011", *(f"clover-{year}" for year in range(2016, 2027))]
    classes = table("tranches").dropna(subset="amount_jpy").groupby("deal")["tranche"].apply(set)
    assert {deal for deal, status in rows["status"].items() if status == "complete"} == {
        deal for deal in rows.index if {"class_a", "class_b", "class_c", "deductible"} <= classes.get(deal, set())
    }
    assert (rows["known"].eq("published") == rows["status"].isin(["complete", "partial"])).all()
