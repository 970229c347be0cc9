"""Guarantee and insurance products: the same limits, sizes, rates and classes in documents of different years.

Limits, sizes and rates are set by rule and not measured: where they agree, they agree exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

from clo.reference.identities.rows import Row, Rows, by, where
from clo.reference.identities.rule import Identity, Read

HALF_TENTH = 0.05
HALF_MILLION = 50.0
"""Half of a million yen, in 10k yen: the step of the largest loan against receivables."""
SIZES = {"manufacturing": "other", "wholesale": "wholesale", "retail": "retail", "services": "services"}
"""Industries of eligible_sizes and of insured_sizes that are the same."""


def identities(read: Read) -> Iterator[Identity]:
    products = read("insurance_products")
    yield from _sizes(by(read("eligible_sizes"), "industry"), by(read("insured_sizes"), "size", "industry"))
    yield from _city(by(products, "product"), by(read("guarantee_limits"), "who"))
    yield from _limits_2003(read, by(products, "product"))
    for row in where(products, "premium_classes"):  # premiums by credit risk have as many classes as guarantee fees
        classes = len(read("guarantee_fees"))
        yield _set("insurance_products", row["product"], "classes of guarantee_fees", row["premium_classes"], classes)
    yield from _fees(read)
    yield _receivables(by(read("guarantee_programmes_2003"), "programme")["receivables"])


def _set(table: str, row: str, rule: str, printed: float, computed: float) -> Identity:
    """A figure set by rule, exact wherever it is printed."""
    return Identity(table, row, rule, float(printed), float(computed), 0.0)


def _sizes(lending: Rows, insured: Rows) -> Iterator[Identity]:
    for ours, theirs in SIZES.items():
        for column in ("capital_m_jpy", "employees"):
            rule = f"{column} of eligible_sizes"
            yield _set("insured_sizes", f"sme {theirs}", rule, insured["sme", theirs][column], lending[ours][column])


def _city(products: Rows, city: Rows) -> Iterator[Identity]:
    """A limit of Yokohama is that of ordinary and unsecured insurance together, of which the latter has one limit for all."""
    unsecured = products["unsecured"]["limit_10k_jpy"]
    for who, column in (("firm", "limit_10k_jpy"), ("association", "association_limit_10k_jpy")):
        rule, computed = "ordinary + unsecured limit of insurance_products", (products["ordinary"][column] + unsecured) / 100
        yield _set("guarantee_limits", who, rule, city[who]["limit_m_jpy"], computed)


def _limits_2003(read: Read, products: Rows) -> Iterator[Identity]:
    """The limits of 2003 are those of 2016, and the last of the history that another document prints."""
    last = Rows("insured_limits", read("insured_limits").groupby("insurance")["limit_10k_jpy"].last().items())
    for row in read("guarantee_limits_2003").to_dict("records"):
        product, limit = row["product"], row["limit_10k_jpy"]
        for rule, printed, computed in (
            ("separate limit = limit", row["separate_limit_10k_jpy"], limit),
            ("limit of insurance_products", limit, products[product]["limit_10k_jpy"]),
            ("last limit of insured_limits", limit, last[product]),
        ):
            yield _set("guarantee_limits_2003", product, rule, printed, computed)


def _fees(read: Read) -> Iterator[Identity]:
    """Fees of April 2003 and the flat premium are those of the history that another document prints."""
    history, changed = by(read("fee_and_premium_history"), "fiscal_year"), where(read("fee_change_2003"), "rise_pct")
    for row in changed:
        guarantee = row["guarantee"]
        for rule, printed, computed in (
            ("before + rise = after", row["after_pct"], row["before_pct"] + row["rise_pct"]),
            ("basic fee of fee_and_premium_history", row["before_pct"], history[2000]["basic_fee_pct"]),
            ("fee of fee_and_premium_history", row["after_pct"], history[2003][f"{guarantee}_fee_pct"]),
        ):
            yield _set("fee_change_2003", guarantee, rule, printed, computed)
    printed = by(read("fee_change_2003_totals"), "guarantee")["general"]["rise_pct"]
    mean = sum(row["rise_pct"] for row in changed) / len(changed)
    yield Identity("fee_change_2003_totals", "general", "mean of the rises", printed, mean, HALF_TENTH)
    flat = by(read("premium_reform"), "structure")["flat"]
    for product in ("ordinary", "unsecured"):
        rule, computed = f"{product} premium of fee_and_premium_history", history[2003][f"{product}_premium_pct"]
        yield _set("premium_reform", flat["period"], rule, flat["low_pct"], computed)


def _receivables(programme: Row) -> Identity:
    """The largest loan is the one that the largest guarantee covers."""
    rule, computed = "limit / cover = largest loan", programme["limit_10k_jpy"] / (programme["cover_pct"] / 100)
    printed = programme["loan_limit_10k_jpy"]
    return Identity("guarantee_programmes_2003", "receivables", rule, printed, computed, HALF_MILLION)
