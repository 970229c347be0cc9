"""The credit insurance: flows against results, results by kind, the reserve fund, limits carried forward.

The document lost the minus signs of the results. That of a total is proven by premiums + recoveries - claims, those of its
parts by being the only choice that sums to it within rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from clo.reference.identities.rows import Row, Rows, by, known
from clo.reference.identities.rule import Identity, Read

HALF = 0.5
"""Half the step in which the figures of the insurance are printed."""
PARTS = ("general_100m_jpy", "safety_net_100m_jpy", "special_100m_jpy")
TOTAL, CONTRIBUTION, BALANCE = "total_100m_jpy", "government_contribution_100m_jpy", "reserve_fund_balance_100m_jpy"


def identities(read: Read) -> Iterator[Identity]:
    account = by(read("insurance_account"), "fiscal_year")
    yield from _results(account, by(read("insurance_flows"), "fiscal_year"))
    yield from _reserve(account)
    yield from _carried(read("insured_limits").to_dict("records"))


def _results(account: Rows, flows: Rows) -> Iterator[Identity]:
    for year, row in account.items():
        flow, rule = flows[year], "premiums + recoveries - claims = result"
        computed = flow["premiums_100m_jpy"] + flow["recoveries_100m_jpy"] - flow["claims_100m_jpy"]
        yield Identity("insurance_account", f"FY{year}", rule, row[TOTAL], float(computed), 4 * HALF)
        parts, rule = [row[part] for part in PARTS if known(row[part])], "general + safety net + special = result"
        yield Identity("insurance_account", f"FY{year}", rule, row[TOTAL], sum(parts), (len(parts) + 1) * HALF)


def _reserve(account: Rows) -> Iterator[Identity]:
    rule = "balance before + contribution + result = balance"
    for (_, before), (year, row) in pairwise(account.items()):
        computed = before[BALANCE] + row[CONTRIBUTION] + row[TOTAL]
        yield Identity("insurance_account", f"FY{year}", rule, float(row[BALANCE]), float(computed), 4 * HALF)


def _carried(limits: list[Row]) -> Iterator[Identity]:
    """An arrow stands for the last limit printed before it."""
    before = Rows("insured_limits", ())
    for row in limits:
        if row["carried"]:
            label, printed = f"{row['insurance']} {row['date']}", float(row["limit_10k_jpy"])
            yield Identity("insured_limits", label, "arrow = limit before", printed, before[row["insurance"]], 0.0)
        if known(row["limit_10k_jpy"]):
            before[row["insurance"]] = float(row["limit_10k_jpy"])
