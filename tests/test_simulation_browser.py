"""The page of a simulation in a real browser, without a network: every chart draws, nothing hangs out, words stay inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
import simulated

import clo
from clo.report.simulation import simulation_page

pytestmark = pytest.mark.compiled
DRAWN = "Array.from(document.querySelectorAll('[data-chart]'), c => c.querySelectorAll('.trace, .barlayer .point').length)"
CLIPPED = """Array.from(document.querySelectorAll('[data-chart]'), chart => { const box = chart.getBoundingClientRect();
return Array.from(chart.querySelectorAll('text'), text => [text.getBoundingClientRect(), text.textContent])
.filter(([own]) => own.width > 0 && (own.left < box.left - 1 || own.right > box.right + 1)).map(pair => pair[1]); }).flat()"""
"""Texts of a picture that it does not hold."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Page]:
    binary = chromium.find()
    if binary is None:
        pytest.skip("chromium not installed")
    sim = clo.simulate(simulated.deal(), 2_000, seed=3, loans=simulated.loans(), method="importance")
    file: Path = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(simulation_page(sim, "ja", bearers=10), encoding="utf-8")
    with chromium.browser(binary) as opened:
        opened.open(file)
        opened.wait("document.querySelectorAll('[data-chart] .main-svg').length >= 9")
        yield opened


def test_every_chart_draws(page: chromium.Page) -> None:
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == 9
    assert all(drawn)


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_hangs_out_of_the_window_or_of_a_picture(page: chromium.Page, width: int) -> None:
    page.resize(width)
    page.wait(f"window.innerWidth === {width}")
    page.wait(f"document.querySelector('.charts .main-svg').getBoundingClientRect().width <= {width}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CLIPPED) == []
    page.resize(1280)


def test_on_paper_every_picture_has_the_width_of_its_place(page: chromium.Page) -> None:
    """Two pictures side by side on A4, or one; and on the screen again as before."""
    widths = "Array.from(document.querySelectorAll('[data-chart] .main-svg:first-child'), c => c.getBoundingClientRect().width)"
    page.wait(f"{widths}[0] > 500")
    before = page.evaluate(widths)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert set(page.evaluate(widths)) == {495, 1010}
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(widths) == before


def test_no_message_and_no_request(page: chromium.Page) -> None:
    assert page.messages == []
    assert [address for address in page.requests if not address.startswith(("file:", "data:", "blob:"))] == []
