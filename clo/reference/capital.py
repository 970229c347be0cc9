"""The rates of capital-type loans (資本性ローン), which follow the borrower's latest results."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from clo.reference.tables import packaged

CAPITAL_SOURCE = "日本政策金融公庫 中小企業事業「挑戦支援資本強化特例制度」, source 001 of the project, page of 2016"


@cache
def capital_rates() -> Mapping[str, tuple[float, float, float]]:
    """Annual rates for high, middle and low results, by index and tenor: JFC_CAPITAL_NEW_10Y. Source: CAPITAL_SOURCE."""
    rows = packaged().table("capital_loan_rates").to_dict("records")
    return MappingProxyType({
        f"{row['index']}_{row['tenor']}": (_decimal(row["high_pct"]), _decimal(row["middle_pct"]), _decimal(row["low_pct"]))
        for row in rows
    })  # fmt: skip


def _decimal(percent: float) -> float:
    """Percent of two decimals as the decimal next to it: 5.95 -> 0.0595."""
    return round(percent / 100, 4)
