"""`clo value`: what it shows, JSON, both languages, exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
BANKS = EXAMPLES / "two-banks.yaml"
PRICES = {"premium_leg", "claims", "returned_claims", "protection_leg", "value", "fair_multiple", "rate", "fair_premium"}


def test_every_contract_and_the_sum_of_a_seller(clo: Any) -> None:
    done = clo("value", BANKS, "--rate", "2%")
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines()]
    assert ["north", "Corporation", "13,434", "256,164", "0", "242,730", "19.07", "2.00%", "38.14%"] in rows
    assert ["Corporation", "Issuer", "22,036", "256,164", "0", "234,127", "11.62", "1.80%", "20.92%"] in rows
    assert ["Total", "Corporation", "28,360", "256,164", "0", "227,804", "9.03", "2.00%", "18.07%"] in rows
    assert "2.00% · JPY" in done.out


def test_japanese(clo: Any) -> None:
    done = clo("value", BANKS, "--rate", "2%", "--lang", "ja")
    assert "プロテクションの買い手" in done.out
    assert "合計" in done.out
    assert "Premium" not in done.out


def test_json_of_several_scenarios(clo: Any) -> None:
    done = clo("value", EXAMPLES / "guaranteed-twice.yaml", "--rate", "1%", "-s", "base", "-s", "guarantor_fails", "--json")
    assert done.code == 0
    assert [each["scenario"] for each in done.json["values"]] == ["base", "guarantor_fails"]
    base, fails = (each["contracts"][0] for each in done.json["values"])
    assert set(base) == PRICES | {"buyer", "seller"}
    assert fails["claims"] < base["claims"]
    assert base["rate"] is None  # a guarantee of the loans and one of a tranche, at two rates
    assert done.json["weights"] is None


def test_weights(clo: Any) -> None:
    deal = EXAMPLES / "guaranteed-twice.yaml"
    apart = clo("value", deal, "--rate", "1%", "-s", "base", "-s", "guarantor_fails", "--json").json["values"]
    together = clo("value", deal, "--rate", "1%", "--weight", "base=75%", "--weight", "guarantor_fails=25%", "--json").json
    base, fails = (each["contracts"][0]["claims"] for each in apart)
    assert together["values"][0]["contracts"][0]["claims"] == pytest.approx(0.75 * base + 0.25 * fails)
    assert together["weights"] == {"base": 0.75, "guarantor_fails": 0.25}
    shown = clo("value", deal, "--rate", "1%", "--weight", "base=75%", "--weight", "guarantor_fails=25%").out
    assert "Expected over: Base 75.00%, guarantor fails 25.00%" in shown


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "--rate"),
        (("--rate", "much"), 2, "--rate much"),
        (("--rate", "1%", "--weight", "base"), 2, "stress=10%"),
        (("--rate", "1%", "--weight", "base=2"), 2, "--weight 2"),
        (("--rate", "1%", "-s", "base", "--weight", "base=100%"), 2, "exclude each other"),
        (("--rate", "1%", "-s", "bsae"), 2, "did you mean 'base'?"),
        (("--rate", "1%", "--weight", "base=90%"), 1, "E-V022"),
        (("--rate", "-100%"), 1, "E-V008"),
    ],
)
def test_what_it_refuses(clo: Any, options: tuple[str, ...], code: int, said: str) -> None:
    done = clo("value", BANKS, *options)
    assert done.code == code
    assert said in done.err
    assert not done.out


def test_a_deal_that_buys_no_protection(clo: Any, deals: Path) -> None:
    done = clo("value", deals / "purchase-08.yaml", "--rate", "1%", "--json")
    assert done.code == 1
    assert [finding["code"] for finding in done.json["findings"]] == ["E-V024"]
