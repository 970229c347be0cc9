"""Charts of simulations show what was counted, in both languages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import simulated
from numpy.testing import assert_allclose

import clo
from clo.labels import LANGUAGES, Lang, label
from clo.plots.losses import loss_distribution_chart
from clo.plots.simulations import default_rate_chart, default_rates, exceedance, exceedance_chart
from clo.simulation.result import Simulation

pytestmark = pytest.mark.compiled


@cache
def drawn(method: str) -> Simulation:
    return clo.simulate(simulated.deal(), 1_000, seed=8, loans=simulated.loans(), method=method)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("method", ["plain", "importance"])
def test_each_tranche_has_a_line_of_what_it_may_lose(method: str, lang: Lang) -> None:
    sim = drawn(method)
    chart = exceedance_chart(sim, lang)
    assert [line.name for line in chart.data] == [label(name, lang) for name in sim.names]
    weights = np.ones(sim.scenarios) if sim.weights is None else sim.weights
    for name, line in zip(sim.names, chart.data, strict=True):
        for x, y in list(zip(line.x, line.y, strict=True))[1::40]:
            assert (y or 0.0) == pytest.approx(min(weights[sim.losses(name) >= x - 1e-7].sum() / sim.scenarios, 1.0), rel=1e-5)
    words = [chart.layout.title.text, chart.layout.xaxis.title.text, chart.layout.yaxis.title.text]
    assert all(words)
    assert (lang == "en") is all(word.isascii() for word in words)


def test_a_loss_of_a_whole_tranche_counts_as_one() -> None:
    sim = drawn("plain")
    assert exceedance(sim, "junior", np.array([1.0]))[0] == pytest.approx((sim.losses("junior") >= 1.0 - 1e-9).mean())
    assert exceedance(sim, "junior", np.array([1.0]))[0] > 0.0


def test_default_rates_are_those_of_the_default_months() -> None:
    sample = drawn("plain").sample(of=[4, 900])
    rates = default_rates(sample)
    for place, scenario in enumerate((4, 900)):
        months = drawn("plain").default_months(scenario).to_numpy()
        for t in (0, 11, len(rates) - 1):
            assert rates[t, place] == np.mean((months > 0) & (months <= t + 1))
    assert np.all(np.diff(rates, axis=0) >= 0.0)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_mean_default_rate_is_that_of_the_model_however_scenarios_are_drawn(lang: Lang) -> None:
    """Of 1,000 weighted and 1,000 plain scenarios, within sampling error; a year holds 8% of those who owe for all of it."""
    means = {}
    for method in ("plain", "importance"):
        chart = default_rate_chart(drawn(method).sample(1_000), lang)
        lines = {line.name: line for line in chart.data}
        means[method] = np.asarray(lines[label("mean", lang)].y, dtype=np.float64)
        middle = np.asarray(lines[label("median", lang)].y)
        assert np.all(np.asarray(lines["5% – 95%"].y) <= middle)
        assert np.all(np.asarray(lines["25% – 75%"].y) <= middle)
    assert_allclose(means["plain"][-1], means["importance"][-1], rtol=0.1)
    assert 0.06 < means["plain"][11] < 0.09


def test_attachment_points_have_their_names_and_stand_apart() -> None:
    distribution = drawn("plain").pool_loss_distribution
    chart = loss_distribution_chart(distribution, (0.0, 0.08, 0.085), names=("junior", "mezzanine", "senior"), lang="ja")
    told = {note.text: note.y for note in chart.layout.annotations}
    assert {"メザニン 8.0%", "優先 8.5%"} <= set(told)
    assert len(set(told.values())) == len(told)
    assert not any(text.startswith("junior") for text in told)
