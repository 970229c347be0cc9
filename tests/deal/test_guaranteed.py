"""The guarantee-type: what a guarantor pays, gets back and is paid, worked out by hand on three loans."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from by_hand import tape, terms
from pydantic import ValidationError

import clo
from clo.deal.guarantees import Guarantee
from clo.findings import DealError

FREE: dict[str, Any] = {
    "structure": "guarantee",
    "fees": {},
    "rounding": "none",
    "tranches": {
        "senior": {"size": 15_000, "coupon": 0},
        "mezzanine": {"size": 5_000, "coupon": 0},
        "junior": {"size": "rest", "holder": "seller"},
    },
}
"""Nothing but principal: no coupons, no fees, nothing rounded."""


def ran(guarantee: dict[str, Any] | None, scenario: dict[str, Any], **changes: Any) -> clo.Result:
    structure = "purchase_cash" if guarantee is None else "guarantee"
    deal = terms(**{**FREE, "guarantee": guarantee, **changes, "structure": structure})
    result = clo.run(deal, tape(ROWS), **scenario)
    assert result.ok, result.checks[~result.checks["ok"]]
    return result


ROWS = (("A", 12_000.0, 0.0, "equal_principal"), ("B", 8_000.0, 0.0, "bullet"), ("C", 4_000.0, 0.0, "equal_principal"))
LOST = {"defaults": {"cumulative": 0.5, "of": "balance", "years": 1}, "recovery": 0.0}


def stream(result: clo.Result, name: str) -> pd.Series[float]:
    rows = result.parties[result.parties["stream"].str.endswith(name)]
    return rows.groupby("payment_date")["amount"].sum()


def losses(result: clo.Result) -> float:
    return float(result.summary["loss"].sum())


def test_seventy_per_cent_without_lag_leaves_the_holder_thirty() -> None:
    guaranteed, alone = ran({"share": "70%"}, LOST), ran(None, LOST)
    lost = float(alone.pool["default"].sum())
    assert lost > 0
    assert losses(alone) == pytest.approx(lost)
    assert losses(guaranteed) == pytest.approx(0.3 * lost)
    assert stream(guaranteed, ".guarantee").sum() == pytest.approx(0.7 * lost)


def test_a_claim_is_paid_so_many_months_after_the_default() -> None:
    at_once, later = (stream(ran({"share": 0.7, **lag}, LOST), ".guarantee") for lag in ({}, {"waiting": 1, "lag": 1}))
    days = sorted(at_once.index)
    assert later.reindex(days).fillna(0.0).tolist() == pytest.approx([0.0, 0.0, *at_once.reindex(days).fillna(0.0).tolist()[:-2]])


def test_recoveries_are_shared_pro_rata_or_the_guarantor_comes_last() -> None:
    back = {**LOST, "recovery": 0.4, "recovery_lag": 0}
    shared, last = (ran({"share": 0.7, "recoveries": how}, back) for how in ("pro_rata", "guarantor_last"))
    lost = float(shared.pool["default"].sum())
    assert stream(shared, ".recovery")[lambda paid: paid > 0].sum() > 0
    to_guarantor = [float(r.parties.loc[r.parties["payee"] == "corporation", "amount"].sum()) for r in (shared, last)]
    assert to_guarantor == pytest.approx([0.7 * 0.4 * lost, (0.4 - 0.3) * lost])
    assert [losses(r) for r in (shared, last)] == pytest.approx([0.3 * 0.6 * lost, 0.0], abs=1e-6)


def test_the_fee_is_on_the_guaranteed_share_of_the_opening_balance() -> None:
    result = ran({"share": 0.7, "fee": "12%"}, {"recovery": 0.0, "cdr": 0.0})
    fee = result.fees[result.fees["fee"] == "guarantee"]
    opening = result.pool.groupby("period_end")["opening"].sum()
    first = float(opening.iloc[0])
    assert fee["due"].iloc[0] == pytest.approx(0.12 / 12 * 0.7 * first)
    assert set(result.parties.loc[result.parties["stream"] == "guarantee.fee", "payee"]) == {"corporation"}


def test_a_share_above_the_cap_is_refused_unless_the_deal_names_another() -> None:
    with pytest.raises(ValidationError, match=r"80\.00% is above the cap of 70\.00%"):
        Guarantee(share=0.8)
    assert Guarantee(share=0.8, cap=1.0).share == 0.8


def test_a_deal_that_says_no_guarantee_is_told_so() -> None:
    with pytest.raises(DealError) as caught:
        clo.run(terms(**{**FREE, "guarantee": None}), tape())
    assert [finding.code for finding in caught.value.findings] == ["E-D060"]
