"""Who bears the loss: each kind of bearer by hand, on three loans, and what every division must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from by_hand import DEALS, run, spelled, tape, terms

import clo
from clo.analytics.loss_bearers import shown_losses

FREE: dict[str, Any] = {
    "fees": {},
    "rounding": "none",
    "tranches": {
        "senior": {"size": 15_000, "coupon": 0},
        "mezzanine": {"size": 5_000, "coupon": 0},
        "junior": {"size": "rest", "holder": "seller"},
    },
}
"""Nothing but principal."""
ROWS = (("A", 12_000.0, 0.0, "equal_principal"), ("B", 8_000.0, 0.0, "bullet"), ("C", 4_000.0, 0.0, "equal_principal"))
DEFAULTS = {"scenarios": {"base": {"defaults": "tape", "cpr": 0, "recovery": 0.25, "recovery_lag": 0}}}
B_FAILS = {"B": "2020-05-20"}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}


def borne(result: clo.Result) -> dict[tuple[str, str], float]:
    """What each bears, where it is not nothing."""
    assert result.ok, result.checks[~result.checks["ok"]]
    frame = result.losses_by_party
    found = zip(frame["party"], frame["position"], frame["loss"], strict=True)
    return {(party, position): loss for party, position, loss in found if abs(loss) > 1e-6}


def kept(*steps: dict[str, Any], rows: Any = ROWS, defaults: Any = B_FAILS, **changes: Any) -> clo.Result:
    """A deal spelled out, over loans of which B defaults owing 8,000, of which 2,000 are recovered."""
    return run(spelled(*steps, **(FREE | DEFAULTS | changes)), tape(rows, defaults=defaults))


def test_the_junior_bears_first() -> None:
    assert borne(kept(PRINCIPAL)) == pytest.approx({("seller", "junior"): 4_000, ("investors", "mezzanine"): 2_000})


def test_income_that_repays_notes_bears_what_it_repays() -> None:
    """Loans at 12% bring interest, which the structure pays out as principal."""
    result = run(terms(**(FREE | DEFAULTS)), tape(tuple((n, b, 0.12, k) for n, b, _, k in ROWS), defaults=B_FAILS))
    found = borne(result)
    covered = found.pop(("issuer", "excess_spread"))
    assert covered > 0
    assert sum(found.values()) == pytest.approx(6_000 - covered)
    assert covered == pytest.approx(result.pool["interest"].sum() - result.tranches["interest_paid"].sum())


def test_a_guarantor_bears_claims_less_recoveries() -> None:
    result = run(
        terms(**(FREE | DEFAULTS | {"structure": "guarantee", "guarantee": {"share": 0.7}})), tape(ROWS, defaults=B_FAILS)
    )
    assert borne(result) == pytest.approx({("seller", "junior"): 1_800, ("corporation", "guarantee"): 4_200})
    row = result.losses_by_party.set_index("position").loc["guarantee"]
    assert (row["given"], row["received"], row["share"]) == pytest.approx((5_600, 1_400, 0.7))


def test_who_keeps_the_loans_bears_what_protection_does_not_pay() -> None:
    """6,000 are lost on loans that the bank keeps; 5,000 are paid to it out of what the notes brought in."""
    pays = {"settle": {"from": "collections", "to": "loans", "amount": "if(payment.number == 2, 5_000, 0)", "as": "protection"}}
    down = {"write_down": {"tranches": ["junior", "mezzanine"], "amount": "if(payment.number == 2, 5_000, 0)"}}
    residual = {"pay": {"residual": "junior", "from": "collections", "as": "principal"}}
    changes = {
        "pools": {"loans": {"tape": "none.csv", "reference": True}},
        "accounts": {"collections": {"initial": 24_000}},
        "structure": None,
        "waterfall": [pays, down, *({"pay": {**step["pay"], "if": "payment.left == 0"}} for step in (PRINCIPAL, residual))],
    }
    result = run(terms(**(FREE | DEFAULTS | changes)), tape(ROWS, defaults=B_FAILS))
    assert borne(result) == pytest.approx(
        {("loans", "own_loans"): 1_000, ("seller", "junior"): 4_000, ("investors", "mezzanine"): 1_000}
    )


def test_interest_that_is_capitalised_and_not_paid_is_no_loss_of_the_pool() -> None:
    steps = ({"capitalise": {"interest": "mezzanine", "if": "payment.number == 1"}}, PRINCIPAL)
    notes = FREE["tranches"] | {"mezzanine": {"size": 5_000, "coupon": "12%"}}
    found = borne(kept(*steps, tranches=notes))
    assert found["investors", "mezzanine"] == pytest.approx(2_050)
    assert found["issuer", "excess_spread"] == pytest.approx(-50)


def test_a_discount_of_the_issue_is_income() -> None:
    notes = FREE["tranches"] | {"senior": {"size": 15_000, "coupon": 0, "issue_price": 0.98}}
    found = borne(kept(PRINCIPAL, tranches=notes))
    assert sum(found.values()) == pytest.approx(6_000)
    assert "institutions" not in {party for party, _ in found}  # who was paid 300 less for the loans has lost none of them
    assert ("issuer", "excess_spread") not in found  # 300 less for the loans, 300 less for the notes


def test_a_provider_bears_what_is_not_repaid() -> None:
    line = {"facilities": {"line": {"limit": 500, "provider": "bank"}}}
    drawn = {"draw": {"from": "line", "to": "collections", "amount": "if(payment.number == 1, 500, 0)"}}
    back = {"pay": {"principal": "line", "from": "collections", "amount": "if(payment.number == 2, 200, 0)"}}
    found = borne(kept(drawn, back, PRINCIPAL, **line))
    assert found["bank", "line"] == pytest.approx(300)
    assert sum(found.values()) == pytest.approx(6_000)


def test_loans_sold_below_their_balance_are_a_loss_of_the_pool() -> None:
    sell = {"sell": {"to": "collections", "amount": "90% * pool.balance", "if": "payment.number == 2"}}
    result = kept(sell, PRINCIPAL, defaults={})
    assert result.sub_pools["sale_loss"].tolist() == pytest.approx([1_600])
    assert borne(result) == pytest.approx({("seller", "junior"): 1_600})


def test_loans_that_are_left_at_the_end_are_a_loss_of_the_issuer() -> None:
    buy = {"buy": {"pool": "loans", "from": "collections", "amount": "if(payment.number == 1, 4_000, 0)", "price": 0.8}}
    result = kept(buy, PRINCIPAL, defaults={})
    assert result.sub_pools["outstanding"].iloc[0] > 0
    assert result.losses_by_party["loss"].sum() == pytest.approx(result.sub_pools["loss"].sum())


def test_what_a_servicer_loses_of_principal_is_a_loss() -> None:
    lost = {"scenarios": {"base": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0, "servicer_failure": {"month": 2}}}}
    result = kept(PRINCIPAL, defaults={}, **lost)
    assert result.sub_pools["servicer_loss"].tolist() == pytest.approx([4_000])
    assert borne(result) == pytest.approx({("seller", "junior"): 4_000})


def test_dilution_is_a_loss_that_the_seller_makes_good() -> None:
    credited = {"settle": {"from": "collections", "to": "debtors", "amount": 100, "as": "dilution"}}
    made_good = {"settle": {"from": "institutions", "to": "collections", "amount": 60, "as": "deemed_collection"}}
    result = kept(credited, made_good, PRINCIPAL, defaults={})
    assert result.sub_pools["diluted"].tolist() == pytest.approx([400])
    assert borne(result) == pytest.approx({("institutions", "dilution"): 240, ("seller", "junior"): 160})


def test_a_word_that_is_not_known_is_told_and_counts_as_income() -> None:
    gift = {"settle": {"from": "sponsor", "to": "collections", "amount": 100, "as": "gift"}}
    result = kept(gift, PRINCIPAL)
    found = borne(result)
    assert found["issuer", "excess_spread"] == pytest.approx(400)
    assert sum(found.values()) == pytest.approx(6_000)
    (told,) = [finding for finding in result.findings if finding.code == "W-R218"]
    assert told.message.startswith("'gift', what 'collections.gift' pays, is neither principal nor income")
    assert "protection" in told.fix


@pytest.mark.parametrize("write_up", [False, True])
def test_recoveries_that_swaps_return_reach_who_bore_the_loss(write_up: bool) -> None:
    """Of 400,000, 160,000 come back after settlement, and go to the holder of the junior note, told as its principal or not."""
    deal = clo.load_deal(DEALS.parent / "docs" / "examples" / "two-banks.yaml")
    assert deal.swap is not None
    terms_of_return = {"recovery": "actual", "later_recoveries": "returned", "write_up": write_up}
    deal = deal.model_copy(update={"swap": deal.swap.model_copy(update=terms_of_return)})
    found = borne(clo.run(deal, recovery=0.4, recovery_lag=6))
    assert found.pop(("north", "own_loans")) == pytest.approx(100_000)
    back = {("corporation", "junior"): 300_000, ("corporation", "returned"): -160_000}
    assert found == pytest.approx({("corporation", "junior"): 140_000} if write_up else back)


# ---- the library


@cache
def ran(name: str, scenario: str = "stress") -> clo.Result:
    return clo.run(clo.load_deal(DEALS / f"{name}.yaml"), scenario=scenario)


@pytest.mark.parametrize("name", ["purchase-05", "clover-2011", "clover-2017", "guarantee-01", "cbo-01"])
def test_every_division_sums_to_the_loss_of_the_pool(name: str) -> None:
    result = ran(name)
    lost = result.pool["default"].sum() - result.pool["recovery"].sum()
    assert lost > 0
    assert result.losses_by_party["loss"].sum() == pytest.approx(lost, rel=1e-12)
    assert result.losses_by_party["share"].sum() == pytest.approx(1)
    by_pool = result.losses_by_sub_pool.groupby("group", sort=False)["loss"].sum()
    assert by_pool.to_numpy() == pytest.approx(result.sub_pools["loss"].to_numpy())
    by_bearer = result.losses_by_sub_pool.groupby(["party", "position"], sort=False)["loss"].sum()
    for party, position, loss in result.losses_by_party[["party", "position", "loss"]].to_numpy():
        assert by_bearer[party, position] == pytest.approx(loss, abs=1e-3)
    tranches = result.losses_by_party[result.losses_by_party["position"].isin(result.deal.tranches)]
    assert tranches["loss"].to_numpy() == pytest.approx(result.summary["loss"].to_numpy())


def test_each_institution_bears_its_own() -> None:
    result = ran("clover-2017")
    frame = result.losses_by_sub_pool
    own = frame[frame["position"] == "own_loans"]
    assert (own["group"] == own["party"]).all()
    assert set(own["group"]) == set(result.deal.pools)
    passed = frame[frame["position"] != "own_loans"].groupby("group")["loss"].sum()
    for name in result.deal.pools:
        rounded = result.timeline.payments  # a yen a date at most
        assert passed[name] == pytest.approx(result.quantity(f"{name}_passed").sum(), abs=rounded)


def test_a_joint_deal_tells_its_sub_pools_apart() -> None:
    frame = ran("purchase-05").sub_pools.set_index("group")
    assert frame["party"].to_dict() == {"institutions": "institutions", "own": "corporation"}
    assert frame["opening"].to_dict() == {"institutions": 2_700_000_000, "own": 9_400_000_000}
    assert frame["institutions"].tolist() == [8, 1]
    assert frame["loans"].sum() == 338


def test_a_large_family_is_shown_as_one() -> None:
    result = ran("clover-2017")
    shown = shown_losses(result)
    assert shown["party"].tolist().count("institutions") == 1
    assert not shown["party"].str.startswith("bank_").any()
    assert shown["loss"].sum() == pytest.approx(result.losses_by_party["loss"].sum(), abs=1)
