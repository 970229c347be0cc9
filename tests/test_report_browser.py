"""The page in a real browser, without a network: charts draw, the waterfall follows the date, Japanese is readable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from sample_runs import sample

from clo.report import render

ROWS = "Array.from(document.querySelectorAll('.run:not([hidden]) table.waterfall tbody tr'), row => row.innerText).join('\\n')"
CHARTS = "Array.from(document.querySelectorAll('.run:not([hidden]) .charts .chart'), c => c.querySelectorAll('.trace').length)"
NODES = "Array.from(document.querySelectorAll('.run:not([hidden]) .sankey-node .node-label'), text => text.textContent)"
OUTSIDE = """(() => {{ const chart = document.querySelector('.run:not([hidden]) [data-chart={0}]').getBoundingClientRect();
return Array.from(document.querySelectorAll('.run:not([hidden]) [data-chart={0}] text'), text => text.getBoundingClientRect())
.filter(box => box.width > 0 && (box.left < chart.left || box.right > chart.right)).length; }})()"""
"""Texts of a picture that it does not hold."""
PICK = """(() => {{ const select = document.querySelector('.run:not([hidden]) [data-waterfall]');
select.value = '{0}'; select.dispatchEvent(new Event('change')); }})()"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Page]:
    """The Japanese page of two scenarios."""
    binary = chromium.find()
    if binary is None:
        pytest.skip("chromium not installed")
    file: Path = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render([sample(), sample("stress")], "ja"), encoding="utf-8")
    with chromium.browser(binary) as opened:
        opened.open(file)
        opened.wait("document.querySelectorAll('.run:not([hidden]) .main-svg').length >= 4")
        yield opened


def test_every_chart_draws(page: chromium.Page) -> None:
    drawn = page.evaluate(CHARTS)
    assert len(drawn) == 4
    assert all(traces >= 2 for traces in drawn)


def test_who_paid_whom_and_who_bears_the_loss_are_drawn_whole(page: chromium.Page) -> None:
    names = [name.partition("  ")[0] for name in page.evaluate(NODES)]
    assert {"債務者", "投資家", "発行体", "公庫", "金融機関"} <= set(names)
    bars = "document.querySelectorAll('.run:not([hidden]) [data-chart=who_bears_the_loss] .barlayer .point').length"
    assert page.evaluate(bars) == 2
    assert [page.evaluate(OUTSIDE.format(name)) for name in ("who_paid_whom", "who_bears_the_loss")] == [0, 0]


def test_the_table_follows_the_chosen_date(page: chromium.Page) -> None:
    page.evaluate(PICK.format(0))
    first = page.evaluate(ROWS)
    page.evaluate(PICK.format(6))
    seventh = page.evaluate(ROWS)
    assert first != seventh
    expected = sample().waterfall(7)
    assert seventh.count("\n") + 1 == len(expected)
    paid = expected.loc[expected["claim"] == "senior.interest", "paid"].iloc[0]
    assert f"{paid:,.0f}" in seventh
    page.evaluate("document.querySelector('.run:not([hidden]) [data-by=\"-1\"]').click()")
    assert page.evaluate("document.querySelector('.run:not([hidden]) [data-waterfall]').value") == "5"


def test_funds_after_a_step_are_what_the_next_one_finds(page: chromium.Page) -> None:
    page.evaluate(PICK.format(6))
    cells = [row.split("\t") for row in page.evaluate(ROWS).split("\n")]
    fees = [row for row in cells if row[0] == "3"]
    assert fees[0][-2] == fees[1][5]


def test_a_tab_shows_the_other_scenario(page: chromium.Page) -> None:
    page.evaluate("document.getElementById('tab-1').click()")
    page.wait("document.querySelectorAll('#run-1 .main-svg').length >= 4")
    assert page.evaluate("document.getElementById('run-0').hidden") is True
    assert page.evaluate("document.querySelector('#run-1 h2.scenario').innerText").endswith("ストレス")
    page.evaluate("document.getElementById('tab-0').click()")


def test_japanese_glyphs_have_width_and_differ(page: chromium.Page) -> None:
    """A missing font draws one and the same box for every character."""
    draw = """(text => { const canvas = document.createElement('canvas'); canvas.width = canvas.height = 40;
        const pen = canvas.getContext('2d'); pen.font = '30px ' + getComputedStyle(document.body).fontFamily;
        pen.fillText(text, 2, 32);
        return [pen.measureText(text).width, canvas.toDataURL()]; })"""
    shown = [page.evaluate(f"{draw}('{character}')") for character in "優先劣億"]
    assert all(width > 20 for width, _ in shown)
    assert len({picture for _, picture in shown}) == 4


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_hangs_out_of_the_window(page: chromium.Page, width: int) -> None:
    page.resize(width)
    page.wait(f"window.innerWidth === {width}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.resize(1280)


def test_the_waterfall_fits_a_wide_window(page: chromium.Page) -> None:
    """The column that says why is not clipped, whatever date is chosen."""
    for period in (0, 6, 30, 56):
        page.evaluate(PICK.format(period))
        inside = "document.querySelector('.run:not([hidden]) table.waterfall').parentElement"
        assert page.evaluate(f"{inside}.scrollWidth <= {inside}.clientWidth")


def test_no_message_and_no_request(page: chromium.Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.messages == []
    assert [address for address in page.requests if not address.startswith(("file:", "data:", "blob:"))] == []
