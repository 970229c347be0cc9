"""Laws of who gets what."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle_pool
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_dates import payment_dates

import clo
from clo.behaviour.assumptions import Assumptions
from clo.deal.checks import timeline_of
from clo.pool.projection import project
from clo.waterfall.allocation import allocate
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal
from laws.changes import names_of, renamed, reversed_order, scaled
from laws.comparison import as_loans, engine
from laws.strategies import Case, cases, ending_in_time, percents, structured

AMOUNTS = ["opening", "interest_due", "interest_paid", "interest_unpaid", "principal_paid", "closing"]


def numbers(result: clo.Result) -> np.ndarray:
    return result.tranches[AMOUNTS].to_numpy(dtype=float)


def last(result: clo.Result, column: str = "closing") -> pd.Series:
    """Of each tranche, at the last payment date, in the deal's order."""
    frame = result.tranches
    return frame[frame["payment_date"] == frame["payment_date"].max()].set_index("tranche")[column]


def small(case: Case) -> float:
    """What rounding, or the last bits, may add up to over the deal."""
    return len(payment_dates(case.deal)) * 2.0 if case.rounds else 1e-11 * case.initial


@given(cases())
def test_cash_is_conserved(case: Case) -> None:
    result = engine(case)
    dates = result.tranches["payment_date"].unique()
    entries = result.ledger[result.ledger["step"] > 0]
    collected = entries[~entries["from"].isin(case.terms["accounts"])]
    into = collected.groupby("payment_date")["amount"].sum().reindex(dates, fill_value=0.0)
    out = result.tranches.groupby("payment_date")[["interest_paid", "principal_paid"]].sum().sum(axis=1)
    if len(result.fees):
        out = out + result.fees.groupby("payment_date")["paid"].sum()
    change = result.accounts.groupby("payment_date")[["opening", "closing"]].sum()
    np.testing.assert_allclose(
        change["closing"] - change["opening"], into.to_numpy() - out.to_numpy(), rtol=0, atol=1e-11 * case.initial
    )
    spent = result.pool[["substitution", "commingling_loss"]].to_numpy().sum()
    paid_in = result.pool[list(oracle_pool.CASH)].to_numpy().sum() - spent
    np.testing.assert_allclose(into.sum(), paid_in, rtol=1e-12, atol=1e-11 * case.initial)


@given(cases())
def test_balances_follow_from_what_is_paid(case: Case) -> None:
    frame = engine(case).tranches
    assert (frame[AMOUNTS].to_numpy() >= -small(case)).all()
    np.testing.assert_allclose(frame["closing"], frame["opening"] - frame["principal_paid"], rtol=0, atol=1e-12 * case.initial)
    for _, rows in frame.groupby("tranche"):
        np.testing.assert_array_equal(rows["opening"].iloc[1:], rows["closing"].iloc[:-1])
        carried = rows["interest_unpaid"].shift(fill_value=0.0) + rows["interest_due"] - rows["interest_paid"]
        np.testing.assert_allclose(rows["interest_unpaid"], carried, rtol=0, atol=1e-12 * case.initial)


@given(structured(triggers=False))
def test_the_junior_is_exhausted_before_the_senior_loses(case: Case) -> None:
    case = case.changed(principal="sequential")
    result = engine(case)
    paid = result.tranches.groupby("tranche", sort=False)["principal_paid"].sum().to_numpy()
    lost = last(result).to_numpy()
    for senior in range(len(lost) - 1):
        if lost[senior] > small(case):
            assert (paid[senior + 1 :] <= small(case)).all()


@given(
    structured(triggers=False, costs=False, interest=False, roundings=("none",), scenario="model"),
    percents(0, 0.4),
    percents(0, 0.4),
    st.integers(0, 3),
)
def test_more_default_never_lowers_a_loss(case: Case, cdr: float, more: float, lag: int) -> None:
    """Where loans and notes carry no interest, loans end in time and every recovery arrives before the end."""
    case = ending_in_time(case, months_before=lag)
    few, many = (engine(case, cdr=rate, recovery_lag=lag) for rate in (cdr, cdr + more))
    assume(few.pool_flows.lost_recovery.max() == 0.0 and many.pool_flows.lost_recovery.max() == 0.0)
    assert (last(many).to_numpy() >= last(few).to_numpy() - small(case)).all()


@given(structured(triggers=False, carry=True, scenario="calm"))
def test_no_default_and_no_negative_carry_mean_no_loss(case: Case) -> None:
    case = ending_in_time(case)
    assert last(engine(case)).max() <= small(case)


@given(cases(roundings=("none",)), st.sampled_from([2.0, 0.5, 1024.0, 3.0, 0.1]))
def test_all_money_scales_together(case: Case, factor: float) -> None:
    one, other = engine(case), engine(scaled(case, factor))
    np.testing.assert_allclose(numbers(other), numbers(one) * factor, rtol=1e-9, atol=1e-11 * case.initial * factor)


@given(cases())
def test_order_of_loans_changes_nothing(case: Case) -> None:
    tolerance = 0.0 if case.rounds else 1e-11 * case.initial
    one, other = engine(case), engine(reversed_order(case))
    np.testing.assert_allclose(numbers(other), numbers(one), rtol=0, atol=tolerance)


@given(cases())
def test_names_change_nothing(case: Case) -> None:
    """`collections` has a meaning in a structure and keeps its name."""
    fixed = {"collections"} if "structure" in case.terms else set()
    names = names_of(case)
    other_names = {name: name if name in fixed else f"z{len(names) - n:02d}_{name[::-1]}" for n, name in enumerate(names)}
    one, other = engine(case), engine(renamed(case, other_names))
    np.testing.assert_array_equal(numbers(other), numbers(one))
    np.testing.assert_array_equal(other.accounts["closing"], one.accounts["closing"])
    np.testing.assert_array_equal(other.ledger["amount"], one.ledger["amount"])


@given(cases(scenario="model"), st.lists(percents(0, 0.5), min_size=1, max_size=9), st.integers(0, 9))
def test_a_scenario_alone_is_the_same_in_a_batch(case: Case, rates: list[float], at: int) -> None:
    deal, at = case.deal, at % len(rates)
    timeline: Any = timeline_of(deal)
    loans = {name: as_loans(rows, deal.dates.cutoff, name) for name, rows in case.rows.items()}
    program = bind(compile_deal(deal), deal, {name: pool.balance for name, pool in loans.items()})
    assumed = [Assumptions(cdr=rate, recovery=0.3, recovery_lag=2) for rate in rates]

    def kept(some: list[Assumptions]) -> np.ndarray:
        projected = project(loans, some, period_ends=timeline.period_ends, cutoff=deal.dates.cutoff)
        return allocate(deal, program, projected, timeline).kept

    np.testing.assert_array_equal(kept(assumed)[:, :, at], kept([assumed[at]])[:, :, 0])
