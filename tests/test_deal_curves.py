"""A deal of floating loans from file to result: its curves, their shifts, and what is said where they do not fit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import clo

DEAL = """format: clo.deal/1
name: floating
structure: purchase_cash
currency: JPY
dates: {cutoff: 2026-03-31, closing: 2026-04-15, first_payment: 2026-05-15, legal_final: 2028-04-17}
payments: {frequency: monthly, day: 15, calendar: JP, business_day: following}
day_count: ACT/365F
rounding: down
pools: {all: {tape: pool.csv}}
curves: {TIBOR_3M: {file: jpy.csv, extrapolation: flat}}
accounts: {collections: {}}
tranches:
  senior: {size: 14_000_000, coupon: 1%}
  junior: {size: rest}
scenarios:
  base: {cdr: 1%, cpr: 2%, recovery: 30%, recovery_lag: 1}
  up:
    extends: base
    rates: {shift: 2%}
assumed: [dates, payments, day_count, rounding, pools, curves, accounts, tranches, scenarios]
"""
COLUMNS = {
    "cutoff_date": "2026-03-31", "originator_id": "0001", "obligor_type": "corp", "asset_type": "loan",
    "origination_date": "2025-03-31", "maturity_date": "2028-03-31", "original_balance": 10_000_000, "current_balance": 8_000_000,
    "currency": "JPY", "amortisation_type": "equal_principal", "principal_frequency": "monthly", "interest_frequency": "monthly",
    "rate_type": "floating", "current_rate": 0.015, "rate_index": "TIBOR", "rate_index_tenor": "3M", "rate_margin": 0.01,
    "rate_reset_months": 3, "next_reset_date": "2026-06-30", "rate_floor": 0, "account_status": "PERF", "days_in_arrears": 0,
    "arrears_balance": 0,
}  # fmt: skip


@pytest.fixture
def deal_file(tmp_path: Path) -> Path:
    """Two loans of 8m on three-month TIBOR + 1%, quarterly resets; TIBOR 0.5% until June 2026, 0.6% after."""
    pd.DataFrame({"loan_id": ["A", "B"], "obligor_id": ["X", "Y"], **COLUMNS}).to_csv(tmp_path / "pool.csv", index=False)
    (tmp_path / "jpy.csv").write_text("date,TIBOR_3M\n2025-12-31,0.5%\n2026-06-30,0.6%\n", "utf-8")
    (tmp_path / "deal.yaml").write_text(DEAL, "utf-8")
    return tmp_path / "deal.yaml"


def edited(file: Path, old: str, new: str) -> Path:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return file


def rate(result: clo.Result, month: int) -> float:
    """Interest of a month as an annual rate on what pays it."""
    row = result.pool.iloc[month - 1]
    return 12 * float(row["interest"] / (row["opening"] - row["default"]))


def test_loans_follow_the_curve_from_their_reset_on(deal_file: Path) -> None:
    result = clo.run(clo.load_deal(deal_file))
    assert result.ok
    assert [rate(result, month) for month in (1, 3, 4, 24)] == pytest.approx([0.015, 0.015, 0.016, 0.016])
    assert result.manifest["curves"] == {"TIBOR_3M": str(deal_file.parent / "jpy.csv")}
    up = clo.run(clo.load_deal(deal_file), scenario="up")
    assert [rate(up, month) for month in (3, 4)] == pytest.approx([0.015, 0.036])


def test_curves_may_be_given_to_the_run(deal_file: Path) -> None:
    """A curve that begins with the first reset is long enough; one that begins after it is not."""
    other = deal_file.parent / "other.csv"
    other.write_text("date,TIBOR_3M\n2026-06-30,1%\n", "utf-8")
    curves = clo.read_curves(other, extrapolation="flat")
    assert rate(clo.run(clo.load_deal(deal_file), curves=curves), 4) == pytest.approx(0.02)
    other.write_text("date,TIBOR_3M\n2026-07-01,1%\n", "utf-8")
    late = clo.read_curves(other, extrapolation="flat")
    with pytest.raises(clo.InputError, match="needed on 2026-06-30") as caught:
        clo.run(clo.load_deal(deal_file), curves=late)
    assert "earlier fixings" in caught.value.findings[-1].fix


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "line", "message"),
    [
        ("extrapolation: flat", "column: TIBOR_6M", "E-R119", "curves.TIBOR_3M", 10, "has no curve 'TIBOR_6M'"),
        ("jpy.csv", "jpx.csv", "E-R119", "curves.TIBOR_3M.file", 10, "No such file"),
        ("{shift: 2%}", "{TIBOR_6M: 2%}", "E-P089", "scenarios.up.rates", 19, "rates shift 'TIBOR_6M'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(
    deal_file: Path, old: str, new: str, code: str, path: str, line: int, message: str
) -> None:
    with pytest.raises(ValueError, match="problem") as caught:
        clo.run(clo.load_deal(edited(deal_file, old, new)), scenario="up")
    (finding,) = caught.value.findings  # type: ignore[attr-defined]
    assert (finding.code, finding.path, finding.line) == (code, path, line)
    assert message in finding.message


def test_notes_follow_the_curve_and_what_a_scenario_adds_to_it(deal_file: Path) -> None:
    """TIBOR stood at 0.5 % at closing and 0.6 % from 30 June: periods from 15 April, May, June, and then July.

    A scenario adds 2 % to fixings after the cut-off.
    """
    edited(deal_file, "coupon: 1%", "coupon: {index: TIBOR_3M, margin: 1%}")
    rates = {name: coupons(clo.run(clo.load_deal(deal_file), scenario=name))[:4] for name in ("base", "up")}
    assert rates["base"] == pytest.approx([0.015, 0.015, 0.015, 0.016], abs=1e-6)
    assert rates["up"] == pytest.approx([0.035, 0.035, 0.035, 0.036], abs=1e-6)
    one = coupons(clo.run(clo.load_deal(deal_file), rates={"TIBOR_3M": 0.01}))[:4]
    assert one == pytest.approx([0.025, 0.025, 0.025, 0.026], abs=1e-6)


def coupons(result: clo.Result) -> list[float]:
    """The senior note's interest of each period as a rate a year, to the yen."""
    notes = result.tranches[result.tranches["tranche"] == "senior"]
    fractions = result.timeline.accrual_fractions("ACT/365F")
    return [
        float(due / opening / fraction)
        for due, opening, fraction in zip(notes["interest_due"], notes["opening"], fractions, strict=True)
        if opening
    ]


def test_a_keyword_is_told_as_one(deal_file: Path) -> None:
    with pytest.raises(clo.InputError) as caught:
        clo.run(clo.load_deal(deal_file), rates={"TIBOR_6M": 0.01})
    assert [(finding.field, finding.line) for finding in caught.value.findings] == [("rates=", None)]


def test_a_deal_without_a_file_needs_its_curves(deal_file: Path) -> None:
    deal = clo.load_deal(deal_file)
    loans = clo.read_tape(deal_file.parent / "pool.csv")
    with pytest.raises(clo.DealError) as caught:
        clo.run(clo.Deal(**deal.model_dump(exclude={"waterfall"}, exclude_unset=True)), loans=loans)
    assert [finding.code for finding in caught.value.findings] == ["E-R118"]


def test_a_rate_that_falls_below_nothing_without_a_floor_is_refused(deal_file: Path) -> None:
    tape = deal_file.parent / "pool.csv"
    tape.write_text(tape.read_text("utf-8").replace(",0,PERF", ",,PERF"), "utf-8")
    with pytest.raises(clo.InputError) as caught:
        clo.run(clo.load_deal(deal_file), rates={"shift": -0.05})
    assert [(finding.code, finding.count) for finding in caught.value.findings if finding.severity == "error"] == [("E-P056", 2)]


def test_what_reading_a_curve_showed_reaches_the_result(deal_file: Path) -> None:
    (deal_file.parent / "jpy.csv").write_text("date,TIBOR_3M\n2025-12-31,0.3\n2026-06-30,0.3\n", "utf-8")
    codes = {finding.code for finding in clo.run(clo.load_deal(deal_file)).findings}
    assert {"W-C007", "W-P059"} <= codes
