"""Charts of a sample of a simulation show its numbers, in both languages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import simulated
from numpy.testing import assert_allclose

import clo
from clo.labels import LANGUAGES, Lang
from clo.plots.samples import fan_chart, yield_chart
from clo.simulation.sample import Sample


@cache
def sample() -> Sample:
    losing = {"pd": 0.3, "correlation": 0.3, "lgd": 1.0}
    return clo.simulate(simulated.deal(), 60, seed=5, loans=simulated.loans(), simulation=losing).sample(60)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_fan_holds_the_quantiles_of_each_date(lang: Lang) -> None:
    chart = fan_chart(sample(), "far.cumulative_default", lang)
    wide = sample().quantity("far.cumulative_default").to_numpy() / 1e6
    high, low, higher, lower, median, without = chart.data
    for trace, level in ((high, 0.99), (low, 0.01), (higher, 0.95), (lower, 0.05), (median, 0.5)):
        assert_allclose(trace.y, np.quantile(wide, level, axis=1, method="inverted_cdf"), atol=1e-6)
    assert set(without.y) == {0.0}
    assert list(median.x) == [str(day.date()) for day in sample().quantity("senior.balance").index]
    words = [chart.layout.title.text, chart.layout.yaxis.title.text, median.name, without.name]
    assert [word.isascii() for word in words] == [lang == "en"] * 4


def test_a_fan_is_of_the_senior_balance_unless_named() -> None:
    chart = fan_chart(sample())
    assert chart.layout.title.text == "Senior balance over scenarios"
    assert chart.layout.yaxis.title.text == "Senior balance (JPY m)"
    assert chart.data[-1].y[0] == pytest.approx(sample().simulation.quiet.quantity("senior.balance").iloc[0] / 1e6, abs=1e-6)
    with pytest.raises(KeyError, match="is not computed"):
        fan_chart(sample(), "junior.interest_due")


def test_what_is_no_amount_keeps_its_unit() -> None:
    chart = fan_chart(sample(), "losses")
    assert set(np.concatenate([trace.y for trace in chart.data])) == {0.0, 1.0}
    assert "JPY" not in chart.layout.yaxis.title.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_yields_rise_to_all_scenarios(lang: Lang) -> None:
    chart = yield_chart(sample(), lang)
    told = sample().yield_distribution((0.01, 0.99)).set_index("tranche")
    assert len(chart.data) == 3
    for trace, name in zip(chart.data, ("senior", "mezzanine", "junior"), strict=True):
        across, up = np.array(trace.x), np.array(trace.y)
        assert (np.diff(up) >= 0.0).all()
        assert up[-1] == pytest.approx(1.0)
        assert across[np.searchsorted(up, 0.99 - 1e-9)] == pytest.approx(told.loc[name, "q99"], abs=1e-6)
    assert chart.data[2].y[np.count_nonzero(np.array(chart.data[2].x) == -1.0) - 1] == pytest.approx(
        told.loc["junior", "nothing_paid"], abs=1e-6
    )
    low, high = chart.layout.xaxis.range
    assert low < told["q01"].min() < told["q99"].max() < high
    words = [chart.layout.title.text, chart.layout.xaxis.title.text, chart.data[0].name]
    assert [word.isascii() for word in words] == [lang == "en"] * 3
