"""Rates that reset, and payments that follow them, against other people's numbers; sources in rates.json."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from clo.pool.amortisation import amortise
from clo.pool.interest import reset_path

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("rates.json").read_text("utf-8"))["cases"]}
RESETS = ["arm-reset-none", "arm-reset-periodcap", "arm-reset-lifecap", "arm-reset-roundfloor"]


def path_of(given, **options):
    return reset_path(
        given["start_rate"], given["spread"], given["index_fixings"], first_cap=given["initial_cap"],
        periodic_cap=given["periodic_cap"], cap=given["life_cap"], floor=given["floor"], round_down_to=given["round_floor_to"],
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("name", RESETS)
def test_resets_as_the_source_has_them(name):
    case = CASES[name]
    np.testing.assert_allclose(path_of(case["inputs"], limit_falls=False), case["expected"], rtol=0, atol=case["tolerance"])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("arm-reset-none", [0.05, 0.035, 0.03, 0.04]),
        ("arm-reset-periodcap", [0.05, 0.035, 0.055, 0.04]),
        ("arm-reset-lifecap", [0.05, 0.035, 0.035, 0.035]),
        ("arm-reset-roundfloor", [0.05, 0.035, 0.02, 0.04]),
    ],
)
def test_resets_knowingly_differ_where_a_fall_is_limited_too(name, ours):
    """The source limits rises only: its first reset falls from 5% to 2% under an initial cap of 1.5%. Ours falls to 3.5%."""
    np.testing.assert_allclose(path_of(CASES[name]["inputs"]), ours, rtol=1e-12)
    assert CASES[name]["expected"][1] == 0.02


def test_a_level_payment_follows_its_rate():
    case = CASES["arm-mortgage-cashflow"]
    given = case["inputs"]
    rates = dict(enumerate(given["annual_rates_by_payment"], start=1))
    frame = amortise(
        given["current_balance"], rates[1], given["remaining_term"], "level_payment", rates=rates, first_date="2024-05-01"
    )
    for expected in case["expected"]:
        row = frame.iloc[expected["row"] - 1]
        assert str(row["date"].date()) == expected["date"]
        got = [row["closing"], row["principal"], row["interest"]]
        assert got == pytest.approx([expected[name] for name in ("balance", "principal", "interest")], abs=case["tolerance"])


def test_a_level_payment_with_the_floors_of_the_source():
    """The one difference is rounding: rates floored to six decimals and amounts to cents give the source's figures."""
    case = CASES["arm-mortgage-cashflow"]
    given = case["inputs"]
    balance, rows = float(given["current_balance"]), {}
    for number, annual in enumerate(given["annual_rates_by_payment"], start=1):
        rate = math.floor(annual / 12 * 1e6 + 1e-6) / 1e6
        payment = floored(balance * rate / (1 - (1 + rate) ** -(given["remaining_term"] - number + 1)))
        interest = floored(balance * rate)
        principal = floored(payment - interest)
        balance = floored(balance - principal)
        rows[number] = [balance, principal, interest]
    for expected in case["expected"]:
        want = [expected[name] for name in ("balance", "principal", "interest")]
        assert rows[expected["row"]] == pytest.approx(want, abs=0.011)


def floored(amount):
    return math.floor(amount * 100 + 1e-7) / 100


def test_every_case_is_used():
    text = Path(__file__).read_text("utf-8")
    assert all(f'"{name}"' in text for name in CASES)
