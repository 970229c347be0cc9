"""Figures of JASME's programmes, and of credit guarantees and insurance in public facts."""

from __future__ import annotations

from collections.abc import Iterator

from clo.reference.identities.rows import Row, Rows, by, quotient, where
from clo.reference.identities.rule import Identity, Read

HALF, HALF_TENTH = 0.5, 0.05
"""Half the step of whole figures and of those with one decimal."""


def identities(read: Read) -> Iterator[Identity]:
    yield _capital(read)
    yield from _financing(read)
    yield from _cofinancing(read("cofinancing").to_dict("records"))
    yield from _overseas(read)
    yield from _special_scheme(by(read("special_guarantee_scheme"), "item"))
    yield from _account_2002(read)
    for row in where(read("subrogation_later"), "average_m_jpy"):
        label, computed = f"{row['where']} {row['period']}", 1000 * row["amount_bn_jpy"] / row["cases"]
        yield Identity("subrogation_later", label, "amount / cases = average", row["average_m_jpy"], computed, HALF_TENTH)


def _capital(read: Read) -> Identity:
    accounts = read("capital")["amount_bn_jpy"].tolist()
    total, bound = read("capital_totals")["amount_bn_jpy"].tolist()[0], HALF_TENTH * (len(accounts) + 1)
    return Identity("capital_totals", "all", "sum of accounts = capital", total, float(sum(accounts)), bound)


def _financing(read: Read) -> Iterator[Identity]:
    """Shares are of 250 trillion yen, of which JASME's are its outstanding loans."""
    shares = by(read("financing_shares"), "lender").of("share_pct")
    whole = 1000 * by(read("financing_shares_totals"), "lender")["all"]["outstanding_trn_jpy"]
    bound = HALF_TENTH * len(shares)
    yield Identity("financing_shares", "all", "shares sum to 100%", 100.0, float(sum(shares.values())), bound)
    loans = by(read("results_fy2006"), "item")["loan_outstanding"]["amount_bn_jpy"]
    computed, bound = quotient(loans, whole, HALF_TENTH, 1000 * HALF, 100)
    rule = "loans outstanding / total = share"
    yield Identity("financing_shares", "jasme", rule, shares["jasme"], computed, bound + HALF_TENTH)


def _cofinancing(projects: list[Row]) -> Iterator[Identity]:
    for row in projects:
        computed = 100 * row["cofinanced"] / row["projects"]
        yield Identity("cofinancing", row["project_m_jpy"], "cofinanced / projects = share", row["share_pct"], computed, HALF)


def _overseas(read: Read) -> Iterator[Identity]:
    places, regions = read("overseas_clients").to_dict("records"), by(read("overseas_regions"), "region")
    total = float(by(read("overseas_regions_totals"), "region")["all"]["clients"])
    for region, row in regions.items():
        if clients := [place["clients"] for place in places if place["region"] == region]:
            yield Identity("overseas_regions", region, "sum of places = region", float(row["clients"]), float(sum(clients)), 0.0)
        computed = 100 * row["clients"] / total
        yield Identity("overseas_regions", region, "clients / total = share", row["share_pct"], computed, HALF_TENTH)
    computed = float(sum(row["clients"] for row in regions.values()))
    yield Identity("overseas_regions_totals", "all", "sum of regions = total", total, computed, 0.0)


def _special_scheme(scheme: Rows) -> Iterator[Identity]:
    """The shares are derived from the amounts as given, so only their own rounding counts."""
    for item, row in scheme.items():
        if row["ratio_of"] in scheme:
            computed = 100 * row["amount_bn_jpy"] / scheme[row["ratio_of"]]["amount_bn_jpy"]
            rule = f"share of {row['ratio_of']}"
            yield Identity("special_guarantee_scheme", item, rule, row["ratio_pct"], computed, HALF_TENTH)


def _account_2002(read: Read) -> Iterator[Identity]:
    """The account adds up in itself, and agrees with the flows and the result that another document prints in 100m yen."""
    account = by(read("insurance_account_2002"), "item").of("amount_bn_jpy")
    flows, results = by(read("insurance_flows"), "fiscal_year")[2002], by(read("insurance_account"), "fiscal_year")[2002]
    computed = account["claims"] - account["premiums"] - account["recoveries"]
    rule = "claims - premiums - recoveries = deficit"
    yield Identity("insurance_account_2002", "deficit", rule, account["deficit"], computed, 4 * HALF_TENTH)
    for item in ("premiums", "recoveries", "claims"):
        rule, computed = "FY2002 of insurance_flows", flows[f"{item}_100m_jpy"] / 10
        yield Identity("insurance_account_2002", item, rule, account[item], computed, HALF_TENTH + HALF / 10)
    rule, computed = "FY2002 of insurance_account", -results["total_100m_jpy"] / 10
    yield Identity("insurance_account_2002", "deficit", rule, account["deficit"], computed, HALF_TENTH + HALF / 10)
