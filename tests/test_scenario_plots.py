"""Charts of calibrations and of simulations show their numbers, in both languages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from bullets import bullet_deal, bullet_loans
from numpy.testing import assert_allclose

import clo
from clo.labels import LANGUAGES, Lang, label
from clo.plots.scenarios import QUANTILES, bearers_chart, convergence_chart, default_rates_chart, settling
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
    assert_allclose([line.y[0] for line in lines], found.rate_quantiles(list(QUANTILES)), atol=1e-8)
    assert len({(line.line.color, line.line.dash) for line in lines}) == len({line.name for line in lines}) == 4
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
    assert lower.y[-1] == pytest.approx(told.loc["senior", "lower"])
    assert upper.name == lower.name == label("interval_95", lang)
    assert set(reference.y) == {4e-5}
    assert chart.layout.yaxis.tickformat == "~p"  # 0.004 % is no 0 %
    assert chart.layout.title.text.isascii() is (lang == "en")


def test_the_band_narrows() -> None:
    counts, mean, low, high = settling(simulated(), "mezzanine")
    assert np.all(np.diff(counts) > 0)
    assert (high - low)[-1] < 0.5 * (high - low)[0]
    assert np.all((low <= mean) & (mean <= high))
    with pytest.raises(KeyError, match="senior"):
        settling(simulated(), "first")


def test_years_without_names_are_numbers_in_both_languages() -> None:
    found = clo.calibrate_correlation(RATES.tolist(), method="large_pool")
    assert list(default_rates_chart(found, "ja").data[0].x) == ["1", "2", "3", "4"]


def test_an_axis_of_rates_tells_small_ones_apart() -> None:
    found = clo.calibrate_correlation(RATES / 1e4, method="large_pool")
    assert default_rates_chart(found).layout.yaxis.tickformat == "~p"  # as many digits as the tick has


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_tranche_that_never_loses_may_lose_up_to_three_over_n(lang: Lang) -> None:
    """The rule of three; of the deal's own draws nothing is lost in these."""
    loans = bullet_loans(60)
    sim = simulate(bullet_deal(loans), 100, 2, loans=loans, method="plain")
    assert sim.losses("senior").max() == 0.0
    chart = convergence_chart(sim, lang=lang)
    upper, lower, mean = chart.data
    assert set(mean.y) == set(lower.y) == {0.0}
    assert_allclose(np.array(upper.y) * mean.x, 3.0, rtol=0.15)
    assert upper.y[-1] == pytest.approx(sim.tranches.set_index("tranche").loc["senior", "upper"])
    assert chart.layout.xaxis.tickvals == (20, 50, 100)


def test_a_tranche_is_shown_from_its_first_loss_on() -> None:
    """Before it there is no estimate but 0."""
    loans = bullet_loans(60)
    sim = simulate(bullet_deal(loans), 1000, 4, loans=loans, method="plain")
    counts, mean, _, _ = settling(sim, "senior")
    first = int(np.flatnonzero(sim.losses("senior"))[0])
    assert counts[0] <= first
    assert np.all((mean > 0.0) == (counts > first))
    upper = convergence_chart(sim).data[0]
    assert list(upper.x) == counts[counts > first].tolist()
    assert np.all(np.array(upper.y) > mean[counts > first])


@pytest.mark.parametrize("scenarios", [1, 2, 3])
def test_a_few_scenarios_are_drawn_as_well(scenarios: int) -> None:
    loans = bullet_loans(60)
    sim = simulate(bullet_deal(loans), scenarios, 1, loans=loans, method="plain")
    assert convergence_chart(sim, "junior" if "junior" in sim.names else sim.names[-1]).data[2].x[-1] == scenarios


def borne(scale: float = 1e6, level: float | None = 0.995) -> pd.DataFrame:
    found = pd.DataFrame({
        "party": ["investors", "corporation"], "position": ["senior", "subordinated"], "share": [0.0, 1.0],
        "expected_loss": [0.0045 * scale, 300 * scale], "standard_error": [0.0003 * scale, 3 * scale],
        "tail_loss": [1.5 * scale, 900 * scale],
    })  # fmt: skip
    found.attrs = {} if level is None else {"level": level}
    return found


@pytest.mark.parametrize(("lang", "worst"), [("en", "Loss in the worst 0.5%"), ("ja", "最悪0.5%の損失")])
def test_bearers_have_the_tail_named_and_an_error(lang: Lang, worst: str) -> None:
    expected, tail = bearers_chart(borne(), "JPY", lang).data
    assert (expected.name, tail.name) == (label("expected_loss", lang), worst)
    assert expected.text == ("0.0045 ± 0.00030", "300.00 ± 3.00")
    assert bearers_chart(borne(level=None), "JPY", lang).data[1].name == label("tail_loss", lang)


def test_nothing_borne_is_drawn_too() -> None:
    assert list(bearers_chart(borne(0.0), "JPY").layout.xaxis.range) == [0.0, 1.0]


def test_what_a_chart_cannot_draw_is_said() -> None:
    with pytest.raises(ValueError, match="reference is a number, not '1%'"):
        convergence_chart(simulated(), reference="1%")
    with pytest.raises(ValueError, match="no words in 'fr': lang is one of 'en', 'ja'"):
        convergence_chart(simulated(), lang="fr")
    with pytest.raises(TypeError, match="not of a ClassCalibration"):
        default_rates_chart(
            clo.calibrate_classes(pd.DataFrame({"a": RATES, "b": 2 * RATES[::-1].to_numpy()}), method="large_pool")
        )
    with pytest.raises(ValueError, match="no words in 'fr'"):
        default_rates_chart(clo.calibrate_correlation(RATES, method="large_pool"), "fr")
