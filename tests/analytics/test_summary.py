"""One row per tranche, from frames small enough to see."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from clo.analytics.summary import tranche_summary

CLOSING = date(2020, 1, 1)
DATES = pd.to_datetime(["2020-12-31", "2021-12-31", "2022-12-31"]).astype("datetime64[s]")


def frame(
    name: str, opening: list[float], interest: list[float], principal: list[float], capitalised: float = 0.0
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "payment_date": DATES,
            "tranche": name,
            "opening": opening,
            "interest_paid": interest,
            "principal_paid": principal,
            "capitalised": [capitalised, 0.0, 0.0],
        }
    )


def test_a_bullet_at_par() -> None:
    """Days 365, 730 and 1,095 after closing: 1, 2 and 3 years of 365 days, so the yield is the coupon."""
    made = tranche_summary(frame("a", [100.0] * 3, [5, 5, 5], [0, 0, 100]), CLOSING, {"a": 1.0}).iloc[0]
    assert (made["original"], made["principal_paid"], made["interest_paid"], made["loss"]) == (100, 100, 15, 0)
    assert made["wal_years"] == pytest.approx(3, rel=1e-15)
    assert made["yield"] == pytest.approx(0.05, rel=1e-12)
    assert (made["first_payment"], made["last_payment"]) == (DATES[0], DATES[2])


def test_price_moves_the_yield_and_not_the_life() -> None:
    flows = frame("a", [100.0, 50, 0], [0, 0, 0], [50, 50, 0])
    made = tranche_summary(flows, CLOSING, {"a": 0.9}).iloc[0]
    assert made["wal_years"] == pytest.approx(1.5)
    rate = made["yield"]
    assert 50 / (1 + rate) + 50 / (1 + rate) ** 2 == pytest.approx(90, rel=1e-12)
    assert made["last_payment"] == DATES[1]


def test_a_loss_and_capitalised_interest() -> None:
    made = tranche_summary(frame("a", [100.0] * 3, [0, 0, 0], [0, 30, 40], capitalised=10.0), CLOSING, {"a": 1.0}).iloc[0]
    assert made["loss"] == 100 + 10 - 70
    assert made["wal_years"] == pytest.approx((30 * 2 + 40 * 3) / 70)
    assert made["yield"] < 0
    assert made["first_payment"] == DATES[1]


def test_a_tranche_that_gets_nothing() -> None:
    made = tranche_summary(frame("a", [100.0] * 3, [0, 0, 0], [0, 0, 0]), CLOSING, {"a": 1.0}).iloc[0]
    assert made["loss"] == 100
    assert np.isnan(made["wal_years"])
    assert np.isnan(made["yield"])
    assert pd.isna(made["first_payment"])
    assert pd.isna(made["last_payment"])


def test_tranches_keep_their_order() -> None:
    flows = pd.concat([frame(name, [1.0] * 3, [0, 0, 0], [0, 0, 1]) for name in ("z", "a", "m")]).sort_values(
        "payment_date", kind="stable"
    )
    made = tranche_summary(flows, CLOSING, dict.fromkeys("zam", 1.0))
    assert list(made["tranche"]) == ["z", "a", "m"]
    assert made["first_payment"].dtype == "datetime64[s]"


def test_scenarios_one_after_another_are_each_a_summary_of_their_own() -> None:
    flows = [
        pd.concat([frame("z", [100.0] * 3, interest, principal), frame("a", [50.0] * 3, [1, 1, 0], [0, 50, 0])]).sort_values(
            "payment_date", kind="stable"
        )
        for interest, principal in (([5, 5, 5], [0, 0, 100]), ([0, 0, 0], [0, 0, 0]), ([5, 0, 0], [20, 30, 0]))
    ]
    prices = {"z": 0.9, "a": 1.0}
    together = pd.concat([own.assign(scenario=number) for number, own in zip((7, 2, 9), flows, strict=True)])
    made = tranche_summary(together, CLOSING, prices)
    assert made.columns[0] == "scenario"
    assert made["scenario"].tolist() == [7, 7, 2, 2, 9, 9]
    alone = pd.concat([tranche_summary(own, CLOSING, prices) for own in flows], ignore_index=True)
    pd.testing.assert_frame_equal(made.drop(columns="scenario"), alone, rtol=0, atol=1e-13)
