"""The slow reading against other people's numbers: cases of tests/golden, each with its source, which the engine meets too."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from laws.small import loan
from oracle_behaviour import BANDS
from oracle_dates import month_end, shifted
from oracle_hazards import annually, hazard, monthly
from oracle_loans import Market, contract
from oracle_pool import pool_flows

GOLDEN = Path(__file__).with_name("golden")
CASES: dict[str, Any] = {
    case["id"]: case
    for name in ("amortisation", "behaviour", "rates")
    for case in json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))["cases"]
}


def given_of(name: str) -> tuple[dict[str, Any], Any, Any]:
    """(inputs, expected, the tolerance of its comparisons) of a case."""
    case = CASES[name]
    return case["inputs"], case["expected"], lambda value: pytest.approx(value, abs=case["tolerance"])


def level(given: dict[str, Any], cutoff: date, months: int, **more: Any) -> dict[str, Any]:
    end = month_end(cutoff, months).isoformat()
    return loan(given["current_balance"], "level_payment", end, given["annual_rate"], **more)


def by_days(annual: float, cutoff: date, months: int) -> list[float]:
    """The annual rates whose monthly ones are 1 - (1 - annual)^(days / 365), as the peer has them."""
    days = [(month_end(cutoff, month) - month_end(cutoff, month - 1)).days for month in range(1, months + 1)]
    return [annually(1 - (1 - annual) ** (each / 365)) for each in days]


def test_level_payment_with_prepayment_first() -> None:
    given, expected, near = given_of("mortgage-level-cpr-3pct")
    start = date.fromisoformat(given["start"])
    scenario = {"cpr": by_days(given["cpr"], start, 4), "order": "prepayment_first"}
    flows, _ = pool_flows([level(given, start, given["remaining_term"])], start, 4, scenario)
    names = {"balance": "closing", "principal": "scheduled_principal", "interest": "interest", "prepayment": "prepayment"}
    for flow, row in ((flows[0], "row1"), (flows[3], "row4")):
        assert [flow[column] for column in names.values()] == near([expected[row][name] for name in names])
    assert sum(flow["prepayment"] for flow in flows) == near(expected["cum_prepayment_row4"])


def test_default_during_life_and_at_the_end() -> None:
    given, expected, near = given_of("mortgage-default-at-end")
    start, term = date.fromisoformat(given["start"]), given["remaining_term"]
    # what a level schedule of the long term leaves after the months of this loan is its balloon
    long = contract(level(given, start, given["balloon_schedule_term"] - given["origin_term"] + term), start)
    cdr = by_days(given["cdr_life"], start, term)
    cdr[-1] = annually(1 - (1 - given["cdr_at_end"]) ** ((month_end(start, term) - start).days / 365))
    row = level(given, start, term, balloon_amount=long[term - 1].closing)
    flows, _ = pool_flows([row], start, term, {"cdr": cdr})
    columns = ("default", "scheduled_principal", "interest")
    first, last = ([flow[column] for column in columns] for flow in (flows[0], flows[-1]))
    assert first == near([expected[f"row1_{name}"] for name in ("default", "principal", "interest")])
    assert [last[0], last[2]] == near([expected["last_default"], expected["last_interest"]])
    # the source floors default and principal to cents: up to two a month less is paid, half of that on average
    assert last[1] == pytest.approx(expected["last_principal"], abs=0.01 * term)
    assert last[1] < expected["last_principal"]


def test_recovery_over_default() -> None:
    given, expected, near = given_of("default-recovery-ratio")
    start = date.fromisoformat(given["origination"])
    row = level({"current_balance": given["balance"]} | given, start, given["term"])
    scenario = {"cdr": given["cdr"], "recovery": given["recovery_rate"], "recovery_lag": given["lag"]}
    flows, lost = pool_flows([row], start, given["term"] + given["lag"], scenario)
    assert sum(flow["recovery"] for flow in flows) / sum(flow["default"] for flow in flows) == near(expected["ratio"])
    assert lost == 0.0


def test_rates_under_caps() -> None:
    """The index is far above what the caps of a first 1.5%, 1% at a time and 9% for life let through, but for the fifth reset."""
    given, expected, near = given_of("arm-mortgage-cashflow")
    cutoff = date(2024, 4, 1)
    row = level(given | {"annual_rate": given["annual_rates_by_payment"][0]}, cutoff, given["remaining_term"])
    row |= {"rate_type": "floating", "rate_index": "SOFR3M", "rate_margin": 0.01, "rate_reset_months": 2}
    row |= {"next_reset_date": "2024-05-01", "rate_first_cap": 0.015, "rate_periodic_cap": 0.01, "rate_cap": 0.09}
    fixings = [(date(2024, 4, 1), 0.2), (date(2025, 1, 1), 0.07), (date(2025, 3, 1), 0.2)]
    months = contract(row, cutoff, Market({"SOFR3M": fixings}))
    for each in expected:
        month = months[each["row"] - 1]
        assert [month.closing, month.principal, month.interest] == near([each[k] for k in ("balance", "principal", "interest")])


@pytest.mark.parametrize(("speed", "months"), [(1.0, (1, 100)), (1.65, (1, 27))])
def test_a_pass_through_at_psa_speeds(speed: float, months: tuple[int, ...]) -> None:
    """The published figures were written down from memory and recomputed, not read off the page: the case says so."""
    given, expected, near = given_of("fabozzi_psa_passthrough_cashflow")
    assert CASES["fabozzi_psa_passthrough_cashflow"]["from_memory"]
    cutoff = date(2000, 1, 31)
    loan_terms = {"current_balance": given["balance"], "annual_rate": given["wac"]}
    row = level(loan_terms, cutoff, given["wam"], origination_date=shifted(cutoff, -given["seasoning_months"]))
    ramp = {"prepayment_ramp": {"to": 0.06, "months": 30, "speed": speed}}
    flows, _ = pool_flows([row], cutoff, max(months), ramp)
    for month in months:
        balance, _, payment, _, scheduled, prepaid, _, _ = expected[f"{speed * 100:.0f}PSA_m{month}"]
        flow = flows[month - 1]
        found = [flow["opening"], flow["interest"] + flow["scheduled_principal"], flow["scheduled_principal"], flow["prepayment"]]
        assert found == near([balance, payment, scheduled, prepaid])


def test_vectors_by_original_term_advanced_by_age() -> None:
    given, expected, near = given_of("by-term-vectors")
    for terms, wanted in zip(given["loans"], expected, strict=True):
        alive, vector = [1.0], given["vectors"][f"t{terms['origin_term']}"]
        for share in vector:
            alive.append(alive[-1] * (1 - share))
        cutoff = date(2026, 3, 31)
        row = {"origination_date": shifted(cutoff, terms["remaining"] - terms["origin_term"])}
        model = {"defaults": {"survival": alive[1:], "since": "origination"}}
        assert [hazard(model, row, cutoff, month) for month in range(1, terms["remaining"] + 1)] == near(wanted)


def test_arrears_that_default_or_are_cured() -> None:
    """Here the cured pay at once what they missed; the peer lets them start again where they stopped, so its cash comes later."""
    given, expected, near = given_of("delinquency-level-loan")
    cutoff, behind = date(2021, 10, 1), monthly(given["delinquency_annual"])
    rows: dict[str, dict[str, float]] = {band: {"current": 1.0} for band in BANDS}
    rows["current"] = {"1-29": behind, "current": 1 - behind}
    rows["1-29"] = {"30-59": 1.0}
    rows["30-59"] = {"default": given["default_pct"], "current": 1 - given["default_pct"]}
    flows, _ = pool_flows([level(given, cutoff, 3)], cutoff, 5, {"arrears": {"roll_rates": rows}})
    assert flows[0]["arrears"] == near(expected["row0"]["delinquent"])
    assert [flow["default"] for flow in flows[:4]] == near([expected[f"row{row}"]["default"] for row in range(4)])
    assert [flow["interest"] for flow in flows[:2]] == near([expected[f"row{row}"]["interest"] for row in range(2)])
