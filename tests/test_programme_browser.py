"""Term sheet and programme page in a real browser, without a network: charts draw, nothing hangs out, a sheet fits A4."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from sample_runs import DEALS

import clo
from clo.programme import run_programme
from clo.report import programme_page
from clo.report.termsheet import termsheet

FILES = ("purchase-08", "purchase-05", "sba-2006", "clover-2017", "guarantee-02")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[chromium.Page, Path]]]:
    """Each page with its file: two term sheets and a programme."""
    binary = chromium.find()
    if binary is None:
        pytest.skip("chromium not installed")
    folder = tmp_path_factory.mktemp("pages")
    deals = {name: clo.load_deal(DEALS / f"{name}.yaml") for name in FILES}
    golub = clo.load_deal(DEALS / "examples" / "golub-2018.yaml")
    texts = {
        "sheet": termsheet(deals["purchase-08"], "ja"),
        "long": termsheet(golub),
        "programme": programme_page(
            run_programme(deals, "base", workers=1), "en", sheets={name: f"{name}.html" for name in deals}
        ),
    }
    with chromium.browser(binary) as opened:
        found = {}
        for name, text in texts.items():
            (folder / f"{name}.html").write_text(text, encoding="utf-8")
            found[name] = (opened, folder / f"{name}.html")
        yield found


def shown(pages: dict[str, tuple[chromium.Page, Path]], name: str, width: int = 1280) -> chromium.Page:
    page, file = pages[name]
    page.open(file, width)
    if name == "programme":
        page.wait("document.querySelectorAll('#chart .main-svg').length > 0")
    return page


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["sheet", "long", "programme"])
def test_nothing_hangs_out_of_the_window(pages: dict[str, tuple[chromium.Page, Path]], name: str, width: int) -> None:
    page = shown(pages, name, width)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width == 1280:
        assert page.evaluate("Array.from(document.querySelectorAll('.scroll'), s => s.scrollWidth <= s.clientWidth)") == [True]
    assert page.messages == []
    assert [address for address in page.requests if not address.startswith(("file:", "data:", "blob:", "about:"))] == []


@pytest.mark.parametrize("width", [1200, 800])
def test_the_checks_are_seen_without_scrolling(pages: dict[str, tuple[chromium.Page, Path]], width: int) -> None:
    page = shown(pages, "programme", width)
    right = page.evaluate(
        "Math.max(...Array.from(document.querySelectorAll('td:last-child'), c => c.getBoundingClientRect().right))"
    )
    assert right <= width


def test_the_chart_draws_a_bar_for_every_tranche(pages: dict[str, tuple[chromium.Page, Path]]) -> None:
    page = shown(pages, "programme")
    bars = page.evaluate(
        "Array.from(document.querySelectorAll('#chart .barlayer .point path')).filter(p => p.getBBox().width > 0).length"
    )
    assert bars >= 3 + 3 + 3 + 4 + 3
    ticks = "Array.from(document.querySelectorAll('#chart .ytick text'))"
    names = page.evaluate(f"{ticks}.map(tick => tick.textContent)")
    assert names[::-1] == ["purchase-08", "purchase-05", "sba-2006", "clover-2017", "guarantee-02"]
    heights = page.evaluate(f"{ticks}.map(tick => tick.getBoundingClientRect()).map(box => [box.top, box.bottom])")
    assert all(below[1] <= above[0] + 2 for above, below in itertools.pairwise(heights))


def test_marks_differ_in_more_than_colour(pages: dict[str, tuple[chromium.Page, Path]]) -> None:
    page = shown(pages, "sheet")
    style = "(kind => getComputedStyle(document.querySelector('.structure .mark.' + kind)).borderTopStyle)"
    assert [page.evaluate(f"{style}('{kind}')") for kind in ("published", "derived", "assumed")] == ["solid", "dashed", "dotted"]


def test_numbers_of_a_column_end_at_one_line(pages: dict[str, tuple[chromium.Page, Path]]) -> None:
    """Marks of different letters are equally wide, so digits stand under digits."""
    page = shown(pages, "sheet")
    marks = "document.querySelectorAll('.structure tbody td:nth-child(2) .mark')"
    found = page.evaluate(f"Array.from({marks}, mark => mark.getBoundingClientRect().left)")
    assert len(found) == 4
    assert max(found) - min(found) < 1


def test_a_sheet_prints_on_two_sides_of_a4(pages: dict[str, tuple[chromium.Page, Path]]) -> None:
    page = shown(pages, "sheet")
    printed = base64.b64decode(page.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
    (size, *others) = {tuple(map(float, box)) for box in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)}
    assert not others
    assert size == pytest.approx((595.3, 841.9), abs=1.0)
