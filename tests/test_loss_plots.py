"""Charts of a pool's loss show its numbers, in both languages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import clo
from clo.labels import LANGUAGES, Lang
from clo.plots.losses import expected_loss_chart, loss_distribution_chart

EXPOSURE, PD, LGD, POINTS = np.arange(1, 41) * 1e6, 0.05, 0.6, (0.0, 0.03, 0.1, 1.0)


def chart(lang: Lang = "en") -> Any:
    losses = clo.loss_distribution(EXPOSURE, PD, LGD, correlation=0.1)
    return losses, loss_distribution_chart(losses, POINTS, lang=lang)


def test_bars_and_curve_are_the_distribution() -> None:
    losses, made = chart()
    bars, curve = made.data
    assert sum(bars.y) == pytest.approx(0.9999, abs=1e-4)
    assert curve.y[1] == pytest.approx(1.0 - losses.cumulative[losses.grid <= curve.x[1] * losses.exposure][-1], rel=1e-4)
    assert np.all(np.diff([value for value in curve.y if value is not None]) <= 0.0)
    marked = {round(shape.x0, 6) for shape in made.layout.shapes}
    assert {0.03, 0.1, round(losses.mean / losses.exposure, 6), round(losses.quantile(0.999) / losses.exposure, 6)} == marked


@pytest.mark.parametrize("over", ["correlation", "pd"])
def test_lines_are_the_expected_losses(over: Any) -> None:
    values = [0.05, 0.2] if over == "correlation" else [1.0, 2.0]
    made = expected_loss_chart(EXPOSURE, PD, LGD, POINTS, correlation=0.1, over=over, values=values)
    told = clo.expected_tranche_loss(
        EXPOSURE, PD if over == "correlation" else 2.0 * PD, LGD, POINTS, correlation=0.2 if over == "correlation" else 0.1
    )
    assert_allclose([trace.y[1] for trace in made.data], told["expected_loss"], rtol=1e-5)
    assert list(made.data[0].x) == (values if over == "correlation" else [PD, 2.0 * PD])
    assert [trace.name for trace in made.data] == ["0.0% – 3.0%", "3.0% – 10.0%", "10.0% – 100.0%"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_are_of_the_language(lang: Lang) -> None:
    first, second = chart(lang)[1], expected_loss_chart(EXPOSURE, PD, LGD, POINTS, correlation=0.1, values=[0.1], lang=lang)
    words = [made.layout[axis].title.text for made in (first, second) for axis in ("xaxis", "yaxis")]
    words += [first.layout.title.text, second.layout.title.text, *(trace.name for trace in first.data)]
    assert all(word.isascii() for word in words) is (lang == "en")


def test_a_tranche_keeps_the_name_it_is_given() -> None:
    made = expected_loss_chart(
        EXPOSURE, PD, LGD, POINTS, correlation=0.1, values=[0.1], names=["subordinated", "mezzanine", "senior"], lang="ja"
    )
    assert [trace.name for trace in made.data] == ["劣後", "メザニン", "優先"]


def test_values_may_be_an_array() -> None:
    made = expected_loss_chart(EXPOSURE, PD, LGD, POINTS, correlation=0.1, values=np.array([0.05, 0.2]))
    assert list(made.data[0].x) == [0.05, 0.2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"over": "foo"}, "over 'foo' is none of 'correlation', 'pd'"),
        ({"values": "many"}, "values is a list of numbers, not 'many'"),
        ({"values": 0.1}, "values is a list of numbers, not 0.1"),
        ({"values": []}, "values are one or more numbers, 0 or more"),
        ({"values": [-0.5], "over": "pd"}, "values are one or more numbers, 0 or more"),
        ({"names": ["junior", "senior"]}, "2 names for 3 tranches"),
        ({"names": "abc"}, "'abc' for 3 tranches"),
        ({"lang": "fr"}, "no words in 'fr': lang is one of 'en', 'ja'"),
        ({"values": [1.5]}, "E-Q004"),
        ({"pd": "high"}, "E-Q001"),
        ({"pd": [[0.1] * 40, [0.2] * 40], "over": "pd"}, "draw a chart for each horizon"),
        ({"pd": [0.1], "exposure": "all", "over": "pd"}, "E-Q001"),
        ({"attachments": (0.0, 3.0)}, "E-Q006"),
    ],
)
def test_what_a_chart_of_expected_losses_cannot_draw_is_said(changed: dict[str, Any], words: str) -> None:
    given = {"exposure": EXPOSURE, "pd": PD, "lgd": LGD, "attachments": POINTS, "correlation": 0.1, "values": [0.1]} | changed
    with pytest.raises(ValueError, match=re.escape(words)):
        expected_loss_chart(**given)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"attachments": (0.03, 3.0)}, "attachments are fractions of the exposure, from 0 to 1"),
        ({"attachments": ("a",)}, "attachments is a list of numbers"),
        ({"names": ["junior"]}, "1 names for 2 attachments"),
        ({"level": [0.9, 0.99]}, "level is one number"),
        ({"level": 99.9}, "E-Q014"),
        ({"lang": "fr"}, "no words in 'fr'"),
    ],
)
def test_what_a_chart_of_a_distribution_cannot_draw_is_said(changed: dict[str, Any], words: str) -> None:
    losses = clo.loss_distribution(EXPOSURE, PD, LGD, correlation=0.1)
    with pytest.raises(ValueError, match=re.escape(words)):
        loss_distribution_chart(losses, **({"attachments": (0.03, 0.1)} | changed))


def test_labels_tell_rare_levels_and_small_shares() -> None:
    losses = clo.loss_distribution(np.ones(500), 2e-5, 0.3, correlation=0.1)
    said = [note.text for note in loss_distribution_chart(losses, np.array([0.0005]), level=0.9999).layout.annotations]
    assert said == ["Expected loss 0.00060%", "0.05%", "Value at risk 99.99%"]


@pytest.mark.parametrize("over", ["correlation", "pd"])
def test_tiny_losses_have_an_axis_of_their_own(over: Any) -> None:
    values = [0.05, 0.3] if over == "correlation" else [1.0, 2.0]
    given = {"exposure": np.ones(40), "pd": 1e-6, "lgd": LGD, "attachments": (0.0, 0.1, 1.0), "correlation": 0.3}
    made = expected_loss_chart(**given, over=over, values=values)
    told = clo.expected_tranche_loss(**given)["expected_loss"]
    junior, senior = made.data
    at = 1 if over == "correlation" else 0
    assert junior.y[at] == pytest.approx(told[0], rel=1e-4)
    low, high = made.layout.yaxis.range
    drawn = [value for line in made.data for value in line.y if value is not None]
    assert low < np.log10(min(drawn))
    assert np.log10(max(drawn)) < high < -3.0
    assert made.layout.xaxis.tickformat == made.layout.yaxis.tickformat == "~p"
    assert [value is None for value in senior.y] == [value < 1e-9 for value in senior_losses(given, over, values)]


def senior_losses(given: dict[str, Any], over: str, values: list[float]) -> list[float]:
    changes = [{"correlation": each} if over == "correlation" else {"pd": 1e-6 * each} for each in values]
    return [float(clo.expected_tranche_loss(**(given | change))["expected_loss"].iloc[-1]) for change in changes]


def test_words_stay_inside_the_picture() -> None:
    """Those of a line in the right half stand to its left, below those of the line before."""
    _, made = chart("ja")
    begin, end = made.layout.xaxis.range
    for note in made.layout.annotations:
        assert note.xanchor == ("right" if note.x > 0.5 * (begin + end) else "left")
    assert len({note.y for note in made.layout.annotations}) == len(made.layout.annotations)
