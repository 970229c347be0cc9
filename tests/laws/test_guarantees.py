"""Laws of guarantees: who bears what of a loss, and two readings of each kind that agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import clo
from laws.borrowers import percents
from laws.comparison import differences, engine, slow_run
from laws.guarantees import guaranteed
from laws.receivables import bought
from laws.strategies import Case, ending_in_time, structured
from laws.swaps import synthetic


def little(case: Case) -> float:
    return 1e-11 * case.initial


def numbers(result: clo.Result) -> np.ndarray:
    return result.tranches.select_dtypes("number").to_numpy(dtype=float)


def streams(result: clo.Result, word: str) -> pd.DataFrame:
    return result.parties[result.parties["stream"].str.endswith(f".{word}")]


@given(guaranteed())
def test_engine_and_slow_reading_agree_and_cash_is_conserved(case: Case) -> None:
    result = engine(case)
    assert not differences(result, case.deal, slow_run(case))
    assert result.ok, result.checks[~result.checks["ok"]]


@given(structured(roundings=("none",), costs=False, triggers=False, scenario="model", interest=False), percents(0, 0.7))
def test_a_guarantee_without_lag_splits_the_loss(case: Case, share: float) -> None:
    """L becomes (1 - share) L for the holders and share x L for the guarantor, before recoveries."""
    case = ending_in_time(case.changed(structure="guarantee", guarantee={"share": share}))
    result = engine(case, cdr=0.2, recovery=0.0)
    lost = float(result.pool["default"].sum())
    told = result.tranches.groupby("tranche")
    borne = float((told["opening"].first() - told["principal_paid"].sum()).sum())
    assert abs(float(streams(result, "guarantee")["amount"].sum()) - share * lost) <= little(case)
    assert abs(borne - (1.0 - share) * lost) <= little(case)


@given(structured())
def test_no_share_is_no_guarantee(case: Case) -> None:
    plain = engine(case)
    notes = [name for name, note in case.terms["tranches"].items() if "coupon" in note]
    nothing = {f"wrap_{note}": {"tranche": note, "covers": "principal_and_interest", "share": 0} for note in notes}
    empty = case.changed(structure="guarantee", guarantee={"share": 0}, tranche_guarantees=nothing)
    np.testing.assert_array_equal(numbers(engine(empty)), numbers(plain))


@given(st.one_of(structured(), synthetic(), bought()), st.data(), st.booleans())
def test_a_tranche_that_a_sound_guarantor_stands_behind_never_loses(case: Case, data: st.DataObject, subrogation: bool) -> None:
    note = data.draw(st.sampled_from([name for name, terms in case.terms["tranches"].items() if "coupon" in terms]))
    wrap = {"tranche": note, "covers": "principal_and_interest", "subrogation": subrogation}
    result = engine(case.changed(tranche_guarantees={"wrap": wrap}))
    rows = result.tranches[result.tranches["tranche"] == note]
    assert rows["interest_unpaid"].max() <= little(case)
    assert rows["closing"].iloc[-1] <= little(case)
    size = rows["opening"].iloc[0]
    np.testing.assert_allclose(rows["principal_paid"].sum(), size, rtol=0, atol=little(case))
    np.testing.assert_allclose(rows["interest_paid"], rows["interest_due"], rtol=0, atol=little(case))


@given(guaranteed(("tranches", "both", "synthetic", "receivables")))
def test_a_ledger_of_claims_is_what_was_paid_less_what_was_paid_back(case: Case) -> None:
    result = engine(case)
    held = result.accounts[result.accounts["account"].isin(case.terms["tranche_guarantees"])]
    assert held["closing"].abs().max() <= little(case)  # nothing stays on its way
    for name, terms in case.terms["tranche_guarantees"].items():
        if terms["covers"] == "principal":
            continue
        ledger = result.ledgers[result.ledgers["ledger"] == f"{name}_claims"]
        assert ledger["closing"].min() >= 0
        into = result.ledger[(result.ledger["to"] == name) & (result.ledger["from"] == terms["guarantor"])]
        if terms["covers"] == "interest":
            np.testing.assert_allclose(ledger["debited"].sum(), into["amount"].sum(), rtol=0, atol=little(case))
        if not terms["subrogation"]:
            assert ledger["credited"].sum() == 0


@given(guaranteed())
def test_a_guarantor_in_default_from_the_start_pays_nothing_and_earns_nothing(case: Case) -> None:
    broken: dict[str, Any] = {each: {"ratings": {case.terms["dates"]["closing"]: "D"}} for each in ("corporation", "agency")}
    told = engine(case.changed(counterparties=case.terms["counterparties"] | broken))
    assert streams(told, "guarantee")["amount"].sum() + streams(told, "guaranteed_interest")["amount"].sum() == 0
    assert streams(told, "reimbursed_interest")["amount"].sum() == 0
    own = {f"{each}_fee" for each in case.terms.get("tranche_guarantees", {})} | {"guarantee"}
    assert told.fees.loc[told.fees["fee"].isin(own), "due"].sum() == 0
