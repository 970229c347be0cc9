"""The rates of capital-type loans (資本性ローン), which follow the borrower's latest results."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

CAPITAL_SOURCE = "日本政策金融公庫 中小企業事業「挑戦支援資本強化特例制度」, source 001 of the project, page of 2016"


@cache
def capital_rates() -> Mapping[str, tuple[float, float, float]]:
    """Annual rates for high, middle and low results, by index and tenor: JFC_CAPITAL_NEW_10Y. Source: CAPITAL_SOURCE."""
    text = files("clo.reference").joinpath("capital_rates.csv").read_text("utf-8")
    rates = {
        f"{row['index']}_{row['tenor']}": (float(row["high"]), float(row["middle"]), float(row["low"]))
        for row in csv.DictReader(text.splitlines())
    }
    return MappingProxyType(rates)
