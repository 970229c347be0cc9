"""Laws of deals that buy receivables: what is lent, who bears what, and that all cash is somebody's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given

import clo
from laws.comparison import engine
from laws.receivables import bought
from laws.strategies import Case, ending_in_time


def little(case: Case) -> float:
    return 1e-11 * case.initial


def owed(result: clo.Result) -> np.ndarray:
    """What is lent after each payment date."""
    loans = result.tranches[result.tranches["tranche"] != "deferred"]
    return loans.groupby("payment_date")["closing"].sum().to_numpy(dtype=float)


def agreed(case: Case, **changes: Any) -> Case:
    return case.changed(receivables=case.terms["receivables"] | changes)


@given(bought())
def test_cash_is_conserved_and_all_of_it_is_paid_out(case: Case) -> None:
    result = engine(case)
    assert result.ok, result.checks[~result.checks["ok"]]
    if owed(result)[-1] <= little(case):
        assert result.accounts["closing"].iloc[-1] < (1.0 if case.rounds else little(case))


@given(bought(revolving=True))
def test_more_is_lent_than_the_base_bears_only_where_it_is_told(case: Case) -> None:
    """After a payment date of the revolving period, purchases counted: or the deficiency trigger holds."""
    result = engine(agreed(case, stops={"deficiency": True}, deferred="covered"))
    ended = result.triggers["breached"].to_numpy(dtype=bool)
    terms = case.terms["receivables"]
    ledger = result.ledger[(result.ledger["step"] > 0) & result.ledger["reason"].str.endswith(".purchase")]
    spent = ledger.groupby("payment_date")["amount"].sum().reindex(result.tranches["payment_date"].unique(), fill_value=0.0)
    held = result.quantity("eligible").to_numpy(dtype=float) + spent.to_numpy(dtype=float) / terms["price"]
    over = owed(result) - terms["advance_rate"] * held
    most = 2.0 * (1 + len(case.rows)) if case.rounds else little(case)
    assert not ((over > most) & ~ended)[:-1].any()  # at the end there is nothing left to cover


@given(bought(scenario="calm", sound=True, all_lent=True))
def test_nobody_who_lends_all_loses_where_nothing_is_lost(case: Case) -> None:
    """No dilution, no default, an advance rate of 100% and no cost: lenders get all of it back, and the sellers nothing more."""
    result = engine(ending_in_time(sound(case)))
    lent = sum(result.flows.parameter(f"{name}.size") for name in case.terms["tranches"] if name != "deferred")
    assert abs(owed(result)[-1]) <= little(case)
    repaid = result.tranches.groupby("tranche")["principal_paid"].sum()
    assert abs(repaid.drop("deferred").sum() - lent) <= little(case)


def sound(case: Case) -> Case:
    """The same receivables, none of which defaults; bought only as long as they are due in time."""
    rows = {name: [row | {"default_date": None, "allocated_loss": None} for row in some] for name, some in case.rows.items()}
    terms = {key: value for key, value in case.terms["receivables"].items() if key != "revolving"}
    return Case(case.terms | {"receivables": terms}, rows)


@given(bought(sound=True))
def test_dilution_costs_nobody_but_sellers_while_they_can_pay(case: Case) -> None:
    """Each pays just what debtors were credited, so that everything else is as it would be without."""
    stopping = {key: stop for key, stop in case.terms["receivables"].get("stops", {}).items() if key != "dilution_ratio"}
    diluted = engine(agreed(case, dilution=0.05, stops=stopping))
    pure = engine(agreed(case, dilution=0.0, stops=stopping))
    told = diluted.parties.groupby("stream")["amount"].sum()
    assert abs(told.get("debtors.dilution", 0.0) - told.get("collections.deemed_collection", 0.0)) <= little(case)
    np.testing.assert_allclose(diluted.tranches["closing"], pure.tranches["closing"], rtol=0, atol=10 * little(case))


@given(bought())
def test_a_stop_is_for_good_and_ends_purchases(case: Case) -> None:
    result = engine(case)
    for _, trigger in result.triggers.groupby("trigger"):
        assert trigger["breached"].is_monotonic_increasing
    stopped = result.triggers.groupby("payment_date")["breached"].any()
    later = result.ledger[result.ledger["reason"].str.endswith(".purchase") & (result.ledger["step"] > 0)]
    assert not later["payment_date"].isin(stopped.index[stopped]).any()
