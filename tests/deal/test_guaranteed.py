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


def test_interest_is_covered_at_a_stated_rate_for_so_many_months() -> None:
    terms = {"share": 0.7, "covers": "principal_and_interest", "interest_rate": "12%", "interest_months": 3}
    result = ran(terms, LOST)
    lost = float(result.pool["default"].sum())
    assert stream(result, ".guarantee").sum() == pytest.approx(0.7 * lost)
    assert stream(result, ".guaranteed_interest").sum() == pytest.approx(0.7 * lost * 0.12 * 3 / 12)
    assert result.quantity("guarantee_claim").sum() == pytest.approx(0.7 * lost * 1.03)
    waiting = {key: value for key, value in terms.items() if key != "interest_months"} | {"waiting": 3}
    assert Guarantee(**waiting).covered == pytest.approx(Guarantee(**terms).covered)


def test_a_fee_in_advance_is_paid_at_closing_and_then_for_the_coming_period() -> None:
    result = ran({"share": 0.7, "fee": "12%", "fee_payable": "in_advance"}, {"recovery": 0.0, "cdr": 0.0})
    at_closing = result.parties[result.parties["stream"] == "corporation.guarantee_fee"]
    assert at_closing[["payer", "payee"]].to_numpy().tolist() == [["institutions", "corporation"]]
    assert at_closing["amount"].tolist() == pytest.approx([0.12 / 12 * 0.7 * 24_000])
    fee = result.fees[result.fees["fee"] == "guarantee"]
    assert fee["due"].tolist() == pytest.approx([0.12 / 12 * 0.7 * balance for balance in (20_000, 16_000, 12_000, 0)])


def rated(*days: str) -> dict[str, Any]:
    """The corporation, in default from the second of the days on, and sound again from the third on."""
    return {"corporation": {"ratings": dict(zip(days, ("A", "D", "A"), strict=False))}}


def test_a_guarantor_in_default_pays_nothing_and_earns_nothing() -> None:
    terms, back = {"share": 0.7, "fee": "12%"}, {**LOST, "recovery": 0.4, "recovery_lag": 1}
    result = ran(terms, back, counterparties=rated("2020-04-15", "2020-06-15", "2020-07-16"))
    values = {name: result.quantity(name).tolist() for name in ("guarantee_claim", "guarantee_paid", "guarantee_unpaid")}
    claims = values["guarantee_claim"]
    assert min(claims) > 0
    assert values["guarantee_paid"] == [claims[0], 0, 0, claims[3]]
    assert values["guarantee_unpaid"] == [0, claims[1], claims[2], 0]
    fee = result.fees[result.fees["fee"] == "guarantee"]
    assert (fee["due"] > 0).tolist() == [True, False, False, True]
    recovered = result.pool.groupby("period_end")["recovery"].sum().tolist()
    paid = [claims[0] / sum(claims[:date]) for date in (1, 2, 3)] + [(claims[0] + claims[3]) / sum(claims)]
    expected = [0.7 * share * amount for share, amount in zip(paid, recovered, strict=True)]
    assert result.quantity("guarantor_recovery").tolist() == pytest.approx(expected)
    assert result.quantity("guarantor_outstanding").iloc[-1] == pytest.approx(claims[0] + claims[3] - sum(expected))


def test_what_the_guarantor_pays_is_told_by_month_and_sub_pool() -> None:
    terms = {"share": 0.7, "waiting": 1, "covers": "principal_and_interest", "interest_rate": "12%"}
    pools = {name: {"tape": "none.csv", "where": f"loan_id {sign} 'A'"} for name, sign in (("first", "=="), ("rest", "!="))}
    result = ran(terms, LOST, pools=pools, counterparties=rated("2020-04-15", "2020-07-01", "2020-08-01"))
    months = result.pool.pivot(index="period_end", columns="group", values="guarantee_paid")
    default = result.pool.pivot(index="period_end", columns="group", values="default")
    expected = 0.7 * 1.01 * default.shift(1, fill_value=0.0)
    expected.iloc[2] = 0.0  # paid on 15 July, when the guarantor is in default
    pd.testing.assert_frame_equal(months, expected)
    assert months.sum(axis=1).tolist() == pytest.approx(result.quantity("guarantee_paid").tolist())
    assert (ran(None, LOST).pool["guarantee_paid"] == 0.0).all()


def test_a_holder_that_a_failed_guarantor_left_alone_comes_first() -> None:
    terms, back = {"share": 0.7, "recoveries": "guarantor_last"}, {**LOST, "recovery": 0.9, "recovery_lag": 0}
    failed_at_first = {"corporation": {"ratings": {"2020-04-15": "D", "2020-06-16": "A"}}}
    result = ran(terms, back, counterparties=failed_at_first)
    lost, unpaid = float(result.pool["default"].sum()), float(result.quantity("guarantee_unpaid").sum())
    assert unpaid == pytest.approx(0.7 * lost / 2)
    assert result.quantity("guarantor_recovered").iloc[-1] == pytest.approx(0.9 * lost - 0.3 * lost - unpaid)


def test_a_share_above_the_cap_is_refused_unless_the_deal_names_another() -> None:
    with pytest.raises(ValidationError, match=r"80\.00% is above the cap of 70\.00%"):
        Guarantee(share=0.8)
    assert Guarantee(share=0.8, cap=1.0).share == 0.8


def test_a_deal_that_says_no_guarantee_is_told_so() -> None:
    with pytest.raises(DealError) as caught:
        clo.run(terms(**{**FREE, "guarantee": None}), tape())
    assert [finding.code for finding in caught.value.findings] == ["E-D060"]
