"""Charts of calibrations and of simulations show their numbers, in both languages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from bullets import bullet_deal, bullet_loans
from numpy.testing import assert_allclose

import clo
from clo.labels import LANGUAGES, Lang
from clo.plots.scenarios import QUANTILES, convergence_chart, default_rates_chart, settling
from clo.simulation.result import Simulation
from clo.simulation.simulating import simulate

RATES = pd.Series([0.02, 0.035, 0.01, 0.028], index=[2001, 2002, 2003, 2004])


@cache
def simulated() -> Simulation:
    loans = bullet_loans(60)
    return simulate(bullet_deal(loans), 5000, 1, loans=loans, method="importance")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_default_rates_stand_beside_quantiles_of_the_model(lang: Lang) -> None:
    found = clo.calibrate_correlation(RATES, method="large_pool")
    chart = default_rates_chart(found, lang)
    bars, *lines = chart.data
    assert list(bars.x) == ["2001", "2002", "2003", "2004"]
    assert_allclose(bars.y, RATES)
    assert_allclose([line.y[0] for line in lines], found.rate_quantiles(QUANTILES), atol=1e-8)
    words = [chart.layout.title.text, chart.layout.xaxis.title.text, chart.layout.yaxis.title.text, bars.name]
    assert all(word.isascii() for word in words) is (lang == "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_estimate_settles_at_that_of_all_scenarios(lang: Lang) -> None:
    told = simulated().tranches.set_index("tranche")
    chart = convergence_chart(simulated(), reference=4e-5, lang=lang)
    upper, lower, mean, reference = chart.data
    assert mean.x[-1] == 5000
    assert mean.y[-1] == pytest.approx(told.loc["senior", "expected_loss"])
    assert upper.y[-1] == pytest.approx(told.loc["senior", "upper"])
    assert lower.y[-1] == pytest.approx(max(0.0, told.loc["senior", "lower"]))
    assert set(reference.y) == {4e-5}
    assert chart.layout.title.text.isascii() is (lang == "en")


def test_the_band_narrows() -> None:
    counts, mean, low, high = settling(simulated(), "mezzanine")
    assert np.all(np.diff(counts) > 0)
    assert (high - low)[-1] < 0.5 * (high - low)[0]
    assert np.all((low <= mean) & (mean <= high))
    with pytest.raises(KeyError, match="senior"):
        settling(simulated(), "first")
