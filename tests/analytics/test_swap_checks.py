"""The checks of swaps hold of a run, and notice any column that does not foot."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import clo
from clo.analytics.swap_checks import residuals
from clo.waterfall.swaps import COLUMNS

DEALS = Path(__file__).parents[2] / "deals"
ALONE = ("defaulted", "not_covered", "recovered", "returned", "premium")
"""Columns that stand in no sum with others: defaults beside events, and what is paid."""


@cache
def ran() -> clo.Result:
    return clo.run(clo.load_deal(DEALS / "clover-2011.yaml"), scenario="stress", cdr=0.2)


def test_every_check_holds() -> None:
    found = dict(residuals(ran()))
    assert len(found) == 6
    assert max(found.values()) < 1e-3
    assert set(found) <= set(ran().checks["check"])
    assert not dict(residuals(clo.run(clo.load_deal(DEALS / "purchase-08.yaml"))))


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in ALONE])
def test_a_column_that_is_off_is_noticed(column: str) -> None:
    frame = ran().swaps
    assert frame is not None
    row = frame["confirmed"].argmax()
    wrong = frame.assign(**{column: frame[column].where(frame.index != row, frame[column] + 7.0)})
    run = SimpleNamespace(deal=ran().deal, flows=ran().flows, swaps=wrong)
    assert max(residual for _, residual in residuals(run)) == pytest.approx(7.0, abs=1e-3)


def test_events_and_premiums_are_the_pools_and_the_ledgers() -> None:
    result = ran()
    frame = result.swaps
    assert frame is not None
    by_bank = result.pool.groupby("group")["default"].sum()
    own = frame.groupby("institution")[["defaulted", "not_covered", "notified", "premium"]].sum()
    assert own["defaulted"].to_dict() == pytest.approx(by_bank.to_dict())
    assert (own["notified"] + own["not_covered"]).to_dict() == pytest.approx(by_bank.to_dict())
    ledger = result.ledger[(result.ledger["step"] > 0) & (result.ledger["reason"] == "corporation.premium")]
    assert own["premium"].to_dict() == ledger.groupby("from")["amount"].sum().to_dict()


def test_grace_and_determination_are_told_apart() -> None:
    """A default that comes as a failure to pay waits three months before its two months of determination."""
    frame = ran().swaps
    assert frame is not None
    first = frame[frame["payment_date"] == frame["payment_date"].min()]
    pool = ran().pool.groupby(["group", "period_end"])["default"].sum()
    for row in first.itertuples():
        months = pool[row.institution].to_numpy()[:2]  # the collection period: March and April
        assert row.in_grace == pytest.approx(0.6 * months.sum())
        assert row.under_determination == pytest.approx(0.4 * months.sum())
