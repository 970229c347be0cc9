"""What each party received and paid: views of one set of payments, which agree with every other frame."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from by_hand import DEALS

import clo
from clo.analytics.parties import flow_links
from clo.analytics.streams import KINDS, kinds, unknown

NAMES = ("purchase-05", "clover-2011", "guarantee-01", "cbo-01")


@cache
def ran(name: str) -> clo.Result:
    return clo.run(clo.load_deal(DEALS / f"{name}.yaml"), scenario="stress")


@pytest.mark.parametrize("name", NAMES)
def test_every_party_of_the_issue_is_there(name: str) -> None:
    result = ran(name)
    deal, found = result.deal, set(result.party_totals["party"])
    assert {"obligors", "issuer", *(tranche.holder for tranche in deal.tranches.values())} <= found
    assert {fee.payee or fee_name for fee_name, fee in deal.fees.items()} <= found
    assert {account.bank for account in deal.accounts.values() if account.earns} <= found
    makers = {name for name, pool in deal.pools.items() if pool.reference and deal.seller(name) != "corporation"}
    assert makers <= found
    sellers = {deal.seller(name) for name, pool in deal.pools.items() if not pool.reference}
    assert sellers <= found


@pytest.mark.parametrize("name", NAMES)
def test_totals_are_the_payments_seen_from_both_sides(name: str) -> None:
    result = ran(name)
    totals, frame = result.party_totals, result.parties
    assert list(totals.columns) == ["party", "stream", "kind", "received", "paid", "net"]
    assert totals["net"].sum() == pytest.approx(0, abs=1e-3)
    assert totals["paid"].sum() == pytest.approx(frame["amount"].sum())
    by_party = totals.groupby("party")["net"].sum()
    for party in by_party.index:
        came, went = (frame.loc[frame[side] == party, "amount"].sum() for side in ("payee", "payer"))
        assert by_party[party] == pytest.approx(came - went, abs=1e-3)
        assert result.party(party)["cumulative"].iloc[-1] == pytest.approx(came - went, abs=1e-3)


def test_one_party_by_date_and_stream() -> None:
    frame = ran("clover-2011").party("corporation")
    assert list(frame.columns) == ["payment_date", "stream", "kind", "other", "received", "paid", "net", "cumulative"]
    assert frame["payment_date"].is_monotonic_increasing
    assert not frame.duplicated(["payment_date", "stream", "other"]).any()
    bought = frame[frame["stream"] == "class_b.issue"]
    assert bought[["kind", "other", "paid"]].to_numpy().tolist() == [["funding", "issuer", 578_646_000.0]]
    premiums = frame[(frame["stream"] == "corporation.premium") & (frame["other"] == "bank_01")]
    assert (premiums["received"] > 0).all()
    assert (premiums["paid"] == 0).all()


def test_a_family_is_all_of_its_sub_pools() -> None:
    result = ran("clover-2011")
    together = result.party("institutions")
    assert together["net"].sum() == pytest.approx(sum(result.party(name)["net"].sum() for name in result.deal.pools))
    assert set(together["other"]) == {"obligors", "corporation"}


def test_a_party_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="did you mean 'corporation'"):
        ran("clover-2011").party("corporatoin")


def test_the_corporation_is_one_party_whose_own_loans_are_protected() -> None:
    """Of a synthetic CBO: its borrowers pay it, and the issuer pays protection to it."""
    totals = ran("cbo-01").party_totals
    own = set(totals.loc[totals["party"] == "corporation", "stream"])
    assert {"own.scheduled_principal", "own.interest", "corporation.protection", "premiums.premium"} <= own
    assert "own" not in set(totals["party"])


def test_two_tranches_of_one_holder_are_told_apart() -> None:
    totals = ran("purchase-05").party_totals
    investors = totals[totals["party"] == "investors"].set_index("stream")["received"]
    summary = ran("purchase-05").summary.set_index("tranche")
    for name in ("senior", "mezzanine"):
        assert investors[f"{name}.principal"] == summary.loc[name, "principal_paid"]


def test_every_stream_of_the_library_has_a_kind() -> None:
    for name in NAMES:
        result = ran(name)
        assert unknown(result.deal, result.parties["stream"]) == []
    assert len({word for words in KINDS.values() for word in words}) == sum(map(len, KINDS.values()))


def test_what_is_drawn_on_a_hedge_is_of_the_hedge() -> None:
    deal = ran("purchase-05").deal
    hedged = deal.model_copy(update={"hedges": {"swap": None}})
    assert kinds(hedged, ["swap.draw", "line.draw"]) == {"swap.draw": "hedge", "line.draw": "repayment"}


# ---- the flow picture


def test_links_run_from_left_to_right_and_carry_every_payment() -> None:
    result = ran("clover-2011")
    links = flow_links(result.deal, result.parties)
    assert links["amount"].sum() == pytest.approx(result.parties["amount"].sum())
    order = {"payer": 0, "between": 1, "payee": 2}
    assert all(order[source[0]] < order[target[0]] for source, target in zip(links["source"], links["target"], strict=True))
    assert ("between", "issuer") in set(links["source"]) & set(links["target"])


def test_a_large_family_is_one_node() -> None:
    result = clo.run(clo.load_deal(DEALS / "clover-2017.yaml"))
    links = flow_links(result.deal, result.parties)
    names = {name for side in ("source", "target") for _, name in links[side]}
    assert "institutions" in names
    assert not any(name.startswith("bank_") for name in names)


def test_nothing_is_paid_by_nobody() -> None:
    """Dates are those of closing and of payments."""
    result = ran("guarantee-01")
    days = {pd.Timestamp(result.deal.dates.closing), *pd.DatetimeIndex(result.timeline.payment_dates)}
    assert set(result.parties["payment_date"]) <= days
    assert (result.parties["amount"] > 0).all()
