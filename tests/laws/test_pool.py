"""Laws of what the borrowers pay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from laws.changes import reversed_order, scaled, split
from laws.comparison import engine
from laws.strategies import Case, structured

FLOWS = ["opening", "interest", "scheduled_principal", "prepayment", "default", "recovery", "closing"]


def flows(case: Case) -> pd.DataFrame:
    return engine(case).pool[FLOWS]


def same(one: pd.DataFrame, other: pd.DataFrame, initial: float, factor: float = 1.0) -> None:
    np.testing.assert_allclose(other.to_numpy(), one.to_numpy() * factor, rtol=1e-12, atol=1e-12 * initial * factor)


@given(structured(), st.integers(1, 99))
def test_a_loan_in_two_parts_pays_the_same(case: Case, percent: int) -> None:
    same(flows(case), flows(split(case, percent / 100)), case.initial)


@given(structured())
def test_order_of_loans_changes_nothing(case: Case) -> None:
    same(flows(case), flows(reversed_order(case)), case.initial)


@given(structured(), st.sampled_from([2.0, 0.5, 3.0, 0.1, 1e6]))
def test_twice_the_loans_pay_twice(case: Case, factor: float) -> None:
    case = case.changed(rounding="none")
    same(flows(case), flows(scaled(case, factor)), case.initial, factor)


@given(structured())
def test_principal_is_repaid_prepaid_defaulted_or_outstanding(case: Case) -> None:
    result = engine(case)
    pool = result.pool
    left = pool["opening"] - pool["scheduled_principal"] - pool["prepayment"] - pool["default"]
    np.testing.assert_allclose(pool["closing"], left, rtol=0, atol=1e-12 * case.initial)
    assert (pool[FLOWS] >= 0).all(axis=None)
    for _, months in pool.groupby("group"):
        np.testing.assert_array_equal(months["opening"].iloc[1:], months["closing"].iloc[:-1])
    recovered = pool["recovery"].sum() + result.pool_flows.lost_recovery.sum()
    assert recovered <= pool["default"].sum() * (1 + 1e-12)


@given(structured(scenario="model"))
def test_nothing_defaults_at_a_rate_of_zero(case: Case) -> None:
    result: clo.Result = engine(case, cdr=0.0)
    assert result.pool[["default", "recovery"]].to_numpy().max() == 0.0
    assert result.pool_flows.lost_recovery.max() == pytest.approx(0.0)
