"""The frames of a result: their columns, no row for the closing date, and figures that agree from one to the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from by_hand import DEALS, RESERVE, TAPE_DEFAULTS, TERMS, TRAP, run, tape, terms

import clo
from clo.deal.terms import COLLECTED
from clo.study import Result

COLUMNS = {
    "tranches": [
        "payment_date", "tranche", "opening", "interest_due", "interest_paid", "interest_unpaid", "capitalised", "principal_paid",
        "writedown", "writeup", "closing",
    ],
    "pool": [
        "period_end", "group", "opening", "interest", "scheduled_principal", "prepayment", "default", "recovery",
        "guarantee_paid", "closing", "repurchase", "substitution", "drawing", "prepayment_fee", "setoff", "recovery_cost",
        "commingling_loss", "arrears", "restructured", "bought", "sold",
    ],
    "parties": ["payment_date", "payer", "payee", "stream", "amount"],
    "party_totals": ["party", "stream", "kind", "received", "paid", "net"],
    "losses_by_party": ["party", "position", "given", "received", "loss", "share"],
    "sub_pools": [
        "group", "party", "institutions", "loans", "obligors", "opening", "default", "recovery", "diluted", "servicer_loss",
        "sale_loss", "outstanding", "loss", "loss_ratio",
    ],
    "losses_by_sub_pool": ["group", "party", "position", "loss"],
    "ledger": ["payment_date", "step", "reason", "from", "to", "amount"],
    "summary": ["tranche", "original", "principal_paid", "interest_paid", "loss", "wal_years", "yield", "first_payment",
    "last_payment"],
    "checks": ["check", "largest_residual", "ok"],
    "accounts": ["payment_date", "account", "opening", "inflow", "outflow", "closing", "target"],
    "fees": ["payment_date", "fee", "due", "paid", "unpaid"],
    "triggers": ["payment_date", "trigger", "breached"],
}  # fmt: skip


def by_hand() -> Result:
    trapping = TERMS["tranches"] | {"mezzanine": {"size": 5_000, "coupon": "12%", "deferrable": True, "issue_price": 0.99}}
    deal = terms(
        accounts=RESERVE | {"reserve": {"initial": 20, "target": 100}}, triggers=TRAP, tranches=trapping, scenarios=TAPE_DEFAULTS
    )
    return run(deal, tape(defaults={"C": "2020-06-20"}))


RUNS = {
    "by hand": by_hand,
    "base": lambda: clo.run(clo.load_deal(DEALS / "purchase-08.yaml")),
    "stress": lambda: clo.run(clo.load_deal(DEALS / "purchase-08.yaml"), scenario="stress"),
    "prepaying": lambda: clo.run(clo.load_deal(DEALS / "purchase-08.yaml"), cpr=0.2, recovery=0.5, recovery_lag=3),
}


@pytest.fixture(scope="module", params=RUNS)
def result(request: pytest.FixtureRequest) -> Result:
    made = RUNS[request.param]()
    assert made.ok
    return made


@pytest.mark.parametrize("frame", COLUMNS)
def test_columns(result: Result, frame: str) -> None:
    assert list(getattr(result, frame).columns) == COLUMNS[frame]


def test_amounts_are_numbers_and_never_negative(result: Result) -> None:
    for name in ("tranches", "pool", "parties", "ledger", "fees"):
        numbers = getattr(result, name).select_dtypes("number")
        assert np.isfinite(numbers.to_numpy()).all(), name
        assert (numbers.to_numpy() >= 0).all(), name


def test_types(result: Result) -> None:
    for name, columns in COLUMNS.items():
        frame = getattr(result, name)
        for column in columns:
            kind = frame[column].dtype.kind
            if column in ("payment_date", "period_end", "first_payment", "last_payment"):
                assert frame[column].dtype == "datetime64[s]", (name, column)
            elif column in ("breached", "ok"):
                assert kind == "b"
            elif column in (
                "tranche",
                "group",
                "payer",
                "payee",
                "stream",
                "reason",
                "from",
                "to",
                "check",
                "account",
                "fee",
                "trigger",
                "party",
                "position",
                "kind",
            ):
                assert pd.api.types.is_string_dtype(frame[column]) or kind == "O"
            else:
                assert kind in "fi", (name, column)


def test_one_row_a_date_and_name_and_none_at_closing(result: Result) -> None:
    dates = pd.to_datetime(result.timeline.payment_dates)
    for name, column in (("tranches", "tranche"), ("accounts", "account"), ("fees", "fee"), ("triggers", "trigger")):
        frame = getattr(result, name)
        kinds = list(getattr(result.deal, name))
        assert list(frame["payment_date"]) == [day for day in dates for _ in kinds]
        assert list(frame[column]) == kinds * len(dates)
    assert len(result.pool) == result.timeline.months * len(result.pools)
    assert (result.pool["period_end"] > pd.Timestamp(result.deal.dates.cutoff)).all()


def test_ledger(result: Result) -> None:
    ledger, closing = result.ledger, pd.Timestamp(result.deal.dates.closing)
    assert (ledger["amount"] > 0).all()
    assert ledger["payment_date"].is_monotonic_increasing
    assert set(ledger.loc[ledger["payment_date"] == closing, "step"]) == {0}
    later = ledger[ledger["payment_date"] > closing]
    assert later["step"].between(1, len(result.deal.waterfall)).all()
    assert not later.duplicated(["payment_date", "step", "reason", "from", "to"]).any()
    within = later.groupby("payment_date")["step"].apply(lambda steps: steps.is_monotonic_increasing)
    assert within.all()
    assert set(later["payment_date"]) <= set(pd.to_datetime(result.timeline.payment_dates))


def test_closing_date(result: Result) -> None:
    """Notes are sold at their price; accounts are funded; the rest buys the loans, each sub-pool by its share."""
    ledger = result.ledger[result.ledger["step"] == 0].set_index("reason")["amount"]
    prices = {name: tranche.issue_price for name, tranche in result.deal.tranches.items()}
    original = result.summary.set_index("tranche")["original"]
    for name, price in prices.items():
        assert ledger[f"{name}.issue"] == pytest.approx(original[name] * price, rel=1e-15)
    funded = {name: account.initial for name, account in result.deal.accounts.items() if account.initial}
    assert {name: ledger[f"{name}.initial"] for name in funded} == funded
    total = sum(pool.balance for pool in result.pools.values())
    spent = sum(original[name] * price for name, price in prices.items()) - sum(funded.values())
    for name, pool in result.pools.items():
        assert ledger[f"{name}.purchase"] == pytest.approx(spent * pool.balance / total, rel=1e-14)
    parties = result.parties[result.parties["payment_date"] == pd.Timestamp(result.deal.dates.closing)]
    assert not set(parties["stream"]) & {f"{name}.initial" for name in funded}  # accounts are the issuer's own
    received = parties.loc[parties["payee"] == "issuer", "amount"].sum()
    assert received - parties.loc[parties["payer"] == "issuer", "amount"].sum() == pytest.approx(sum(funded.values()), abs=1e-5)


def test_parties_agree_with_tranches(result: Result) -> None:
    """What a tranche is paid on a date is what the issuer pays on its streams."""
    paid = result.parties[
        (result.parties["payer"] == "issuer") & (result.parties["payment_date"] > pd.Timestamp(result.deal.dates.closing))
    ]
    for name, tranche in result.deal.tranches.items():
        streams = [f"{name}.{kind}" for kind in ("interest", "principal", "residual_principal", "residual_interest")]
        own = paid[paid["stream"].isin(streams)]
        assert set(own["payee"]) <= {tranche.holder}
        by_date = own.groupby("payment_date")["amount"].sum()
        frame = result.tranches[result.tranches["tranche"] == name].set_index("payment_date")
        cash = frame["interest_paid"] + frame["principal_paid"]
        pd.testing.assert_series_equal(
            by_date.reindex(cash.index, fill_value=0.0), cash, check_names=False, rtol=1e-14, atol=1e-6
        )


def test_parties_agree_with_pool_and_fees(result: Result) -> None:
    collected = result.parties[result.parties["payer"] == "obligors"]
    assert set(collected["payee"]) == {"issuer"}
    for group in result.pools:
        frame = result.pool[result.pool["group"] == group]
        for column in COLLECTED:
            total = collected.loc[collected["stream"] == f"{group}.{column}", "amount"].sum()
            assert total == pytest.approx(frame[column].sum(), rel=1e-12)
    for fee in result.deal.fees:
        total = result.parties.loc[result.parties["stream"] == f"{fee}.fee", "amount"].sum()
        assert total == pytest.approx(result.fees.loc[result.fees["fee"] == fee, "paid"].sum(), rel=1e-14)


def test_parties_agree_with_the_ledger(result: Result) -> None:
    """Date by date, what comes from borrowers and what leaves to parties."""
    held = {*result.deal.accounts, "issuer"}
    out = result.ledger[~result.ledger["to"].isin(held)].groupby("payment_date")["amount"].sum()
    paid = result.parties[result.parties["payer"] == "issuer"].groupby("payment_date")["amount"].sum()
    pd.testing.assert_series_equal(out, paid, check_names=False, rtol=1e-13)
    into = result.ledger[result.ledger["from"] == "obligors"].groupby("payment_date")["amount"].sum()
    received = result.parties[result.parties["payer"] == "obligors"].groupby("payment_date")["amount"].sum()
    pd.testing.assert_series_equal(into, received, check_names=False, rtol=1e-13)


def test_accounts_agree_with_the_ledger(result: Result) -> None:
    later = result.ledger[result.ledger["step"] > 0]
    for name in result.deal.accounts:
        own = result.accounts[result.accounts["account"] == name].set_index("payment_date")
        for column, side in (("inflow", "to"), ("outflow", "from")):
            moved = later[later[side] == name].groupby("payment_date")["amount"].sum().reindex(own.index, fill_value=0.0)
            pd.testing.assert_series_equal(own[column], moved, check_names=False, rtol=1e-12, atol=1e-6)
        assert own["opening"].iloc[0] == result.deal.accounts[name].initial


def test_balances_roll_forward(result: Result) -> None:
    for name in result.deal.tranches:
        own = result.tranches[result.tranches["tranche"] == name]
        np.testing.assert_array_equal(own["opening"].iloc[1:], own["closing"].iloc[:-1])
        rolled = own["opening"] + own["capitalised"] + own["writeup"] - own["principal_paid"] - own["writedown"]
        np.testing.assert_allclose(rolled, own["closing"], rtol=0, atol=1e-6)


def test_what_a_payment_date_says_of_its_steps(result: Result) -> None:
    for period in (1, result.timeline.payments // 2, result.timeline.payments):
        table = result.waterfall(period)
        assert list(table.columns) == ["step", "claim", "from", "to", "asked", "available", "paid", "shortfall", "why"]
        assert table["step"].is_monotonic_increasing
        assert (table["paid"] <= table["asked"] + 1e-9).all()
        assert (table["why"] != "").all()
        day = pd.Timestamp(result.timeline.payment_dates[period - 1])
        booked = result.ledger.loc[result.ledger["payment_date"] == day, "amount"].sum()
        assert table["paid"].sum() == pytest.approx(booked, rel=1e-13)
        np.testing.assert_allclose(table["shortfall"], np.maximum(0, table["asked"] - table["paid"]))


def test_explanations_agree_with_the_tranches(result: Result) -> None:
    for period in (1, 2, result.timeline.payments):
        day = pd.Timestamp(result.timeline.payment_dates[period - 1])
        frame = result.tranches[result.tranches["payment_date"] == day].set_index("tranche")
        for name, tranche in result.deal.tranches.items():
            if tranche.coupon is not None:
                found = result.explain(f"{name}.interest", period)
                assert found.paid == pytest.approx(frame.loc[name, "interest_paid"])
                assert found.asked == pytest.approx(frame.loc[name, "interest_paid"] + frame.loc[name, "interest_unpaid"])
                assert found.shortfall == pytest.approx(frame.loc[name, "interest_unpaid"])
        for claim in dict.fromkeys(movement.claim for movement in result.flows.program.symbols.movements):
            assert result.explain(claim, period).why


def test_a_deal_without_fees_and_triggers_has_empty_frames_with_columns() -> None:
    result = run(terms(fees={}))
    assert list(result.fees.columns) == COLUMNS["fees"]
    assert list(result.triggers.columns) == COLUMNS["triggers"]
    assert (len(result.fees), len(result.triggers)) == (0, 0)
    assert result.fees["payment_date"].dtype == "datetime64[s]"
    assert result.ok
