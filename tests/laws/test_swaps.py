"""Laws of the synthetic purchase-type: whose loss goes where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import clo
from laws.borrowers import Draw, percents
from laws.comparison import engine
from laws.strategies import Case, ending_in_time
from laws.swaps import synthetic


def each(case: Case, result: clo.Result, word: str) -> np.ndarray:
    """Of every institution over the payment dates: [institution, date]."""
    return np.array([result.quantity(f"{name}_{word}").to_numpy(dtype=float) for name in case.rows])


def little(case: Case) -> float:
    return 1e-11 * case.initial


def with_swap(case: Case, **swap: Any) -> Case:
    return case.changed(swap=case.terms["swap"] | swap)


@st.composite
def with_amounts(draw: Draw, **options: Any) -> Case:
    """A deal of fixed amounts that institutions bear; most of them lose something."""
    case: Case = draw(synthetic(falls=False, scenario="model", **options))
    balances = {name: sum(row["current_balance"] for row in rows) for name, rows in case.rows.items()}
    room = 1.0 - case.terms["accounts"]["collateral"]["initial"] / sum(balances.values())
    amounts = {name: float(int(balance * min(room, draw(percents(0, 0.1))))) for name, balance in balances.items()}
    return with_swap(case, deductible={"amounts": amounts}, determination=0, settlement=draw(st.integers(0, 1)))


def alone(case: Case, name: str) -> Case:
    """The same deal with one of its institutions, and one note on what it does not bear."""
    amount = case.terms["swap"]["deductible"]["amounts"][name]
    size = float(int(sum(row["current_balance"] for row in case.rows[name]) - amount))
    own = with_swap(case, deductible={"amounts": {name: amount}}, redeemed_at_end=[])
    own = own.changed(tranches={"aa": {"size": size, "coupon": 0.0}}, pools={name: case.terms["pools"][name]})
    accounts = own.terms["accounts"] | {"collateral": {"initial": size}}
    return replace(own.changed(accounts=accounts), rows={name: case.rows[name]})


@given(with_amounts(roundings=("none",)))
def test_an_unused_deductible_absorbs_nothing_of_another(case: Case) -> None:
    result = engine(case, cdr=0.2)
    together = each(case, result, "passed")
    for passed, name in zip(together, case.rows, strict=True):
        lonely = alone(case, name)
        np.testing.assert_allclose(each(lonely, engine(lonely, cdr=0.2), "passed")[0], passed, rtol=0, atol=little(case))
    np.testing.assert_allclose(result.quantity("passed_on"), together.sum(axis=0), rtol=0, atol=little(case))


def pooled(case: Case, result: clo.Result) -> np.ndarray:
    """What would have been passed on so far above one deductible for all."""
    lost = each(case, result, "loss").sum(axis=0).cumsum()
    return np.maximum(0.0, lost - sum(case.terms["swap"]["deductible"]["amounts"].values()))


@given(with_amounts())
def test_a_pooled_deductible_never_passes_on_more(case: Case) -> None:
    result = engine(case, cdr=0.2)
    passed = result.quantity("passed_on").to_numpy(dtype=float).cumsum()
    assert (pooled(case, result) <= passed + little(case)).all()


@given(with_amounts(banks=(1, 1)))
def test_a_pooled_deductible_of_one_institution_is_its_own(case: Case) -> None:
    result = engine(case, cdr=0.2)
    passed = result.quantity("passed_on").to_numpy(dtype=float).cumsum()
    np.testing.assert_allclose(passed, pooled(case, result), rtol=0, atol=little(case))


@given(synthetic(falls=False, scenario="model"), percents(0, 0.4), percents(0, 0.4))
def test_more_default_never_passes_on_less(case: Case, cdr: float, more: float) -> None:
    few, many = (each(case, engine(case, cdr=rate), "passed").cumsum(axis=1) for rate in (cdr, cdr + more))
    assert (many >= few - little(case)).all()


@given(synthetic(), percents(0, 0.5))
def test_cash_is_conserved(case: Case, cdr: float) -> None:
    """And nothing of what the notes brought in stays with the issuer, but fractions."""
    result = engine(case) if "defaults" in case.terms["scenarios"]["base"] else engine(case, cdr=cdr)
    assert result.ok, result.checks[~result.checks["ok"]]
    closing = result.accounts.groupby("account")["closing"].last()
    assert closing.max() < (1.0 if case.rounds else little(case))


@given(synthetic(falls=False, scenario="model"), st.booleans())
def test_protection_goes_from_the_issuer_to_the_institutions(case: Case, falls: bool) -> None:
    """Where deductibles are what the notes leave of the pool, the notes can always pay, and nothing stays between."""
    case = with_swap(case, deductible={"share": "rest", "falls": falls})
    result = engine(case, cdr=0.3)
    told = result.parties[result.parties["stream"].str.endswith(".protection")]
    by_payer = {
        payer: told[told["payer"] == payer].groupby("payment_date")["amount"].sum() for payer in ("issuer", "corporation")
    }
    paid, received = (amounts.reindex(result.tranches["payment_date"].unique(), fill_value=0.0) for amounts in by_payer.values())
    assert ((paid - received).abs() <= (len(case.rows) if case.rounds else little(case))).all()
    written = result.tranches.groupby("payment_date")["writedown"].sum()
    np.testing.assert_allclose(written, paid, rtol=0, atol=little(case))


def costless(case: Case) -> Case:
    """One institution without lags, interest, premiums and fees, whose deductible is what the notes leave of the pool."""
    nothing = {"rate": 0.0, "on": "reference"}
    swap = {
        "deductible": {"share": "rest"},
        "recovery": case.terms["swap"]["recovery"],
        "premium": {"institutions": nothing, "corporation": nothing},
    }
    rows = {name: [row | {"current_rate": 0.0} for row in own] for name, own in case.rows.items()}
    tranches = {name: tranche | {"coupon": 0.0} for name, tranche in case.terms["tranches"].items()}
    free = case.changed(swap=swap, default_mix=None, tranches=tranches, fees={}, principal="sequential")
    free = free.changed(accounts={"collateral": {"initial": case.terms["accounts"]["collateral"]["initial"]}, "premiums": {}})
    return ending_in_time(replace(free, rows=rows))


def in_cash(case: Case) -> Case:
    """The same loans bought: the deductible is a subordinated tranche."""
    terms = {key: value for key, value in case.terms.items() if key not in ("swap", "default_mix")} | {
        "structure": "purchase_cash",
        "pools": {name: {"tape": "none.parquet"} for name in case.rows},
        "accounts": {"collections": {}},
        "tranches": case.terms["tranches"] | {"junior": {"size": "rest"}},
    }
    return replace(case, terms=terms)


@given(synthetic(banks=(1, 1), roundings=("none",), scenario="model", issued=(0.85, 1.0)), percents(0, 0.95))
def test_notes_lose_what_they_lose_in_a_cash_deal(case: Case, cdr: float) -> None:
    case = costless(case)
    run = {"cdr": cdr, "cpr": 0.1, "recovery": case.terms["swap"]["recovery"], "recovery_lag": 0}
    frame = engine(case, **run).tranches
    cash = engine(in_cash(case), **run).tranches
    paid = frame.pivot(index="payment_date", columns="tranche", values="principal_paid")
    bought = cash.pivot(index="payment_date", columns="tranche", values="principal_paid")
    np.testing.assert_allclose(bought[paid.columns], paid, rtol=0, atol=little(case))
    lost = cash.groupby("tranche")["closing"].last()
    written = frame.groupby("tranche")["writedown"].sum()
    np.testing.assert_allclose(lost[written.index], written, rtol=0, atol=little(case))
