"""Charts of a pool's loss show its numbers, in both languages."""

from __future__ import annotations

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
