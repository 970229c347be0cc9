"""Charts show the numbers of the run, in both languages, one colour a tranche."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sample_runs import sample

import clo
from clo import plots
from clo.analytics.enhancement import credit_enhancement, pool_at
from clo.labels import LANGUAGES, Lang


def traces(chart: str, lang: Lang = "en") -> dict[str, Any]:
    return {trace.name: trace for trace in plots.figure(sample(), chart, lang).data}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("chart", plots.CHARTS)
def test_every_chart_has_a_title_axes_and_names_in_the_language(chart: str, lang: Lang) -> None:
    made = plots.figure(sample(), chart, lang)
    words = [made.layout.title.text, made.layout.yaxis.title.text, *(trace.name for trace in made.data)]
    assert all(words)
    assert all(word.isascii() for word in words) is (lang == "en")
    assert all(len(trace.x) == len(trace.y) for trace in made.data)


def test_balances_stack_to_the_tranches_with_senior_on_top() -> None:
    result, shown = sample(), traces("balances")
    assert list(shown) == ["Subordinated", "Mezzanine", "Senior", "Pool balance"]
    senior = result.tranches[result.tranches["tranche"] == "senior"]
    assert_allclose(shown["Senior"]["y"], np.append(senior["opening"].iloc[0], senior["closing"]) / 1e9, atol=1e-6)
    assert shown["Senior"]["x"][0] == "2007-06-28"


def test_cash_in_and_out_of_the_chart_are_the_run_s() -> None:
    result, shown = sample(), traces("flows")
    up = sum(np.sum(trace["y"]) for name, trace in shown.items() if name.startswith("Pool"))
    columns = ["interest", "scheduled_principal", "prepayment", "recovery"]
    assert_allclose(up * 1e6, result.pool[columns].to_numpy().sum(), rtol=1e-6)
    down = sum(np.sum(trace["y"]) for name, trace in shown.items() if not name.startswith("Pool"))
    paid = result.tranches[["interest_paid", "principal_paid"]].to_numpy().sum() + result.fees["paid"].sum()
    assert_allclose(-down * 1e6, paid, rtol=1e-6)


def test_a_tranche_keeps_its_colour() -> None:
    colours = plots.tranche_colours(sample().deal)
    assert len(set(colours.values())) == len(colours)
    for chart in ("balances", "enhancement"):
        assert traces(chart)["Senior"]["line"]["color"] == colours["senior"]
    assert traces("flows")["Senior principal"]["marker"]["color"] == colours["senior"]


def test_cumulative_default_ends_at_the_sum_of_defaults() -> None:
    result, shown = sample(), traces("losses")
    total = result.pool["default"].sum() / 13_500_000_000
    assert shown["Cumulative default"]["y"][-1] == pytest.approx(total, abs=1e-6)


def two_tranche_case() -> pd.DataFrame:
    days = pd.to_datetime(["2020-01-15", "2020-02-17"])
    tranches = pd.DataFrame(
        {
            "payment_date": days.repeat(2),
            "tranche": ["a", "b"] * 2,
            "closing": [60.0, 20.0, 0.0, 20.0],
        }
    )
    ends = pd.to_datetime(["2019-12-31", "2020-01-31"])
    pool = pd.DataFrame({"period_end": ends, "group": "g", "opening": [120.0, 100.0], "closing": [100.0, 40.0]})
    accounts = pd.DataFrame({"payment_date": days, "account": "reserve", "closing": [5.0, 2.0]})
    return credit_enhancement(
        tranches, pool, accounts, payment_dates=days, determination_dates=ends, order=("a", "b"), reserves=("reserve",)
    )


def test_credit_enhancement_by_hand() -> None:
    """1 - 60/100, 1 - 80/100, repaid, 1 - 20/40; the reserve adds 5/100 and 2/40."""
    found = two_tranche_case()
    assert_allclose(found["enhancement"], [0.4, 0.2, np.nan, 0.5])
    assert_allclose(found["with_reserve"], [0.45, 0.25, np.nan, 0.55])


def test_pool_balance_before_the_first_period_is_the_initial_one() -> None:
    pool = pd.DataFrame({"period_end": pd.to_datetime(["2020-01-31"]), "opening": [100.0], "closing": [90.0]})
    assert_allclose(pool_at(pool, pd.to_datetime(["2020-01-30", "2020-01-31", "2020-03-01"])), [100.0, 90.0, 90.0])


def test_enhancement_starts_at_the_subordination_and_is_nan_after_redemption() -> None:
    frame = plots.enhancement_of(sample())
    senior = frame[frame["tranche"] == "senior"]
    assert 0.10 < senior["enhancement"].iloc[0] < 0.13
    assert np.isnan(senior["enhancement"].iloc[-1])


ROLLING = {
    "current": {"current": 0.98, "1-29": 0.02},
    "1-29": {"current": 0.6, "30-59": 0.4},
    "30-59": {"current": 0.5, "60-89": 0.5},
    **{state: {"default": 1.0} for state in ("60-89", "90-119", "120-149", "150-179", "180+")},
}
LAGGING = {"cdr": 0.05, "arrears": {"lag": 3}}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("assumed", "names"), [(LAGGING, 1), ({"arrears": {"roll_rates": ROLLING}}, 7)])
def test_arrears_are_shares_of_the_pool(deals: Path, lang: Lang, assumed: dict[str, Any], names: int) -> None:
    result = clo.run(clo.load_deal(deals / "purchase-08.yaml"), **assumed)
    assert plots.charts(result) == (*plots.CHARTS, "arrears")
    made = plots.figure(result, "arrears", lang)
    assert len(made.data) == names
    behind = result.pool.groupby("period_end")["arrears"].sum().iloc[11]
    assert_allclose(sum(trace.y[11] for trace in made.data), behind / 13_500_000_000, atol=1e-5)
    assert plots.charts(sample()) == plots.CHARTS


def test_all_cash_that_is_collected_is_on_the_chart(deals: Path) -> None:
    assumed = {"cpr": 0.05, "prepayment_fee": 0.02, "repurchase": {"rate": 0.02}, "servicer_failure": {"month": 5}}
    result = clo.run(clo.load_deal(deals / "purchase-08.yaml"), **assumed)
    up = sum(np.sum(trace.y) for trace in plots.figure(result, "flows").data if trace.name.startswith("Pool"))
    collected = result.ledger.loc[result.ledger["from"] == "obligors", "amount"].sum()
    assert_allclose(up * 1e6, collected, rtol=1e-6)
