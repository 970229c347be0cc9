"""Laws of what the borrowers pay, on random mixes of all kinds of loans and everything that borrowers do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle_dates import EQUAL_MONTHS

import clo
from laws.borrowers import Mix, engine, mixes, percents
from laws.changes import later, named_anew, part_of, split_loans
from laws.comparison import engine as run_deal
from laws.strategies import Case, structured

SMALL = 1e-12
"""Share of what a pool may owe that two ways to the same sum may differ by."""
MANY = settings(max_examples=settings().max_examples * 2)
PRINCIPAL = ("scheduled_principal", "prepayment", "default", "repurchase")


def flows(mix: Mix) -> pd.DataFrame:
    return engine(mix).to_frame().drop(columns=["period_end", "group"])


def size(mix: Mix) -> float:
    return mix.initial + float(sum(row["credit_limit"] or 0.0 for row in mix.rows))


def same(one: Mix, other: Mix, factor: float = 1.0) -> None:
    expected, found = flows(one) * factor, flows(other)
    np.testing.assert_allclose(found, expected, rtol=0, atol=SMALL * size(one) * max(1.0, factor))


@MANY
@given(mixes(), st.integers(1, 99))
def test_a_loan_in_two_parts_pays_the_same(mix: Mix, percent: int) -> None:
    rows, schedules = split_loans(mix.rows, mix.schedules, percent / 100)
    same(mix, replace(mix, rows=rows, schedules=schedules))


@given(mixes())
def test_order_of_loans_and_of_their_schedules_changes_nothing(mix: Mix) -> None:
    same(mix, replace(mix, rows=mix.rows[::-1], schedules=mix.schedules[::-1]))


@given(mixes())
def test_names_change_nothing(mix: Mix) -> None:
    rows, schedules = named_anew(mix.rows, mix.schedules)
    same(mix, replace(mix, rows=rows, schedules=schedules))


@MANY
@given(mixes(), st.sampled_from([2.0, 0.5, 3.0, 0.1, 1e6]))
def test_twice_the_loans_pay_twice(mix: Mix, factor: float) -> None:
    rows, schedules = ([part_of(row, factor) for row in some] for some in (mix.rows, mix.schedules))
    same(mix, replace(mix, rows=rows, schedules=schedules), factor)


@given(mixes(), st.sampled_from([4, 8, 28]))
def test_leap_years_later_everything_is_the_same(mix: Mix, years: int) -> None:
    """Four years later every day falls into the calendar as it did, whatever the day count; vintages have names of their own."""
    scale = mix.scenario.get("default_scale", {})
    assume(scale.get("by") != "vintage")
    same(mix, later(mix, years))


@given(mixes(), st.integers(1, 3))
def test_loans_of_equal_months_pay_the_same_in_any_year(mix: Mix, years: int) -> None:
    """Where no day is the 29th of February, and the cut-off is in another month: an E(t) then never changes its meaning."""
    scale = mix.scenario.get("default_scale", {})
    assume(scale.get("by") != "vintage" and mix.cutoff.month != 2 and not leap_days(mix))
    rows = [row | {"day_count": EQUAL_MONTHS[number % len(EQUAL_MONTHS)]} for number, row in enumerate(mix.rows)]
    mix = replace(mix, rows=rows)
    same(mix, later(mix, years))


def leap_days(mix: Mix) -> bool:
    cells: list[Any] = [cell for row in (*mix.rows, *mix.schedules) for cell in row.values()]
    cells += [day for points in mix.curves.values() for day, _ in points]
    return any(isinstance(cell, date) and (cell.month, cell.day) == (2, 29) for cell in cells)


@MANY
@given(mixes())
def test_a_month_closes_with_what_came_and_went(mix: Mix) -> None:
    pool = flows(mix)
    came = pool["opening"] + pool["drawing"] + pool["substitution"]
    np.testing.assert_allclose(pool["closing"], came - pool[list(PRINCIPAL)].sum(axis=1), rtol=0, atol=SMALL * size(mix))
    np.testing.assert_allclose(pool["opening"].iloc[1:], pool["closing"].iloc[:-1], rtol=0, atol=SMALL * size(mix))
    assert pool["opening"].iloc[0] == pytest.approx(mix.initial, rel=1e-12)
    assert (pool >= -SMALL * size(mix)).all(axis=None)
    assert (pool["arrears"] <= pool["closing"] + SMALL * size(mix)).all()
    assert (pool["restructured"] <= pool["opening"] + SMALL * size(mix)).all()
    assert (pool["substitution"] <= pool["repurchase"] * (1 + 1e-12)).all()


@MANY
@given(mixes())
def test_principal_is_repaid_prepaid_bought_back_defaulted_or_outstanding(mix: Mix) -> None:
    pool = flows(mix)
    had = mix.initial + pool["drawing"].sum() + pool["substitution"].sum()
    gone = sum(pool[column].sum() for column in PRINCIPAL)
    assert gone + pool["closing"].iloc[-1] == pytest.approx(had, rel=1e-11)


@MANY
@given(mixes())
def test_no_more_comes_back_than_defaulted(mix: Mix) -> None:
    found = engine(mix)
    pool = found.to_frame()
    back = pool["recovery"].sum() + pool["recovery_cost"].sum() + found.lost_recovery.sum()
    if mix.scenario.get("setoff") == "lost":
        back += pool["setoff"].sum()
    assert back <= pool["default"].sum() * (1 + 1e-12) + SMALL * size(mix)


@MANY
@given(mixes(), percents(0, 0.5), percents(0, 0.5))
def test_more_default_never_lowers_the_loss(mix: Mix, cdr: float, more: float) -> None:
    """Of what defaults before the last month, whenever it is recovered; no loan owes more later than it does now."""
    replaced = ("defaults", "arrears", "default_scale")
    scenario = {name: value for name, value in mix.scenario.items() if name not in replaced}
    scenario["recovery"] = 0.5 if scenario["recovery"] == "tape" else scenario["recovery"]
    few, many = (replace(mix, scenario=scenario | {"cdr": rate}) for rate in (cdr, cdr + more))
    assert loss(many) >= loss(few) - 1e-11 * size(mix)


def loss(mix: Mix) -> float:
    found = engine(mix)
    pool = found.to_frame()
    return float(pool["default"].sum() - pool["recovery"].sum() - found.lost_recovery.sum())


@given(structured(scenario="model"))
def test_nothing_defaults_at_a_rate_of_zero(case: Case) -> None:
    result: clo.Result = run_deal(case, cdr=0.0)
    assert result.pool[["default", "recovery"]].to_numpy().max() == 0.0
    assert result.pool_flows.lost_recovery.max() == pytest.approx(0.0)
