"""The picture of benchmarks/scaling.py: what a scenario costs against obligors, payment dates and notes, part by part."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from clo.plots.style import FONT, PALETTE, POOL_COLOUR

WIDTH, HEIGHT, SHARPNESS = 800, 620, 1.4
PANELS = {
    "obligors": ("obligors", "Obligors (60 payments, 3 notes)"),
    "monthly payments": ("payment dates", "Monthly payments (500 obligors, 3 notes)"),
    "notes": ("notes", "Notes (500 obligors, 60 payments)"),
}
"""Titles of the axes and of the panels, by what a case is a case of."""
WHOLE, BOUND, FEW = "whole", "bounds", 30
SHARES = "Shares of the parts, by obligors"
GRID = {"gridcolor": "#E5E7EB", "zeroline": False, "linecolor": "#9CA3AF", "showline": True, "ticks": "outside", "ticklen": 3}


def figure(found: Sequence[Mapping[str, Any]], parts: Sequence[str]) -> go.Figure:
    """Lines of the whole and of each part on logarithmic axes, and bars of what each part is of all."""
    drawn = make_subplots(
        rows=2,
        cols=2,
        subplot_titles=[*(title for _, title in PANELS.values()), SHARES],
        horizontal_spacing=0.1,
        vertical_spacing=0.18,
    )
    for number, (along, (axis, _)) in enumerate(PANELS.items()):
        place = {"row": number // 2 + 1, "col": number % 2 + 1}
        own = [each for each in found if each["along"] == along]
        across = [each["at"] for each in own]
        costs = [*((name, colour, [each["us"][name] for each in own]) for name, colour in lines(parts)),
                 (BOUND, POOL_COLOUR, [sum(each["bounds"].values()) for each in own])]  # fmt: skip
        for name, colour, us in costs:
            line = {"color": colour, "width": 3 if name == WHOLE else 1.8, "dash": "dot" if name == BOUND else "solid"}
            drawn.add_trace(
                {"type": "scatter", "mode": "lines" if name == BOUND else "lines+markers", "name": name, "legendgroup": name,
                 "showlegend": number == 0, "x": across, "y": [cost if cost > 0.0 else None for cost in us], "line": line,
                 "marker": {"size": 5}},
                **place,
            )  # fmt: skip
        shown = [x for x in across if x != 500]  # too near to 300 to be read
        drawn.update_xaxes(
            type="log", title={"text": axis, "standoff": 4}, tickvals=shown, ticktext=[*map(short, shown)], **place
        )
        drawn.update_yaxes(type="log", title={"text": "µs a scenario", "standoff": 4} if number % 2 == 0 else None, **place)
        drawn.update_yaxes(
            tickvals=(ticks := ticks_up_to(max(each["us"][WHOLE] for each in own))),
            ticktext=[f"{tick:,g}" for tick in ticks],
            range=[-1.3, None],
            **place,
        )
    own = [each for each in found if each["along"] == "obligors"]
    for name, colour in lines(parts)[1:]:
        shares = [each["us"][name] / sum(each["us"][part] for part in parts) for each in own]
        drawn.add_trace(
            {"type": "bar", "name": name, "showlegend": False, "x": [short(each["at"]) for each in own], "y": shares,
             "marker": {"color": colour, "line": {"width": 0}}},
            row=2, col=2,
        )  # fmt: skip
    drawn.update_xaxes(type="category", title={"text": "obligors", "standoff": 4}, row=2, col=2)
    drawn.update_yaxes(tickformat=".0%", range=[0, 1], row=2, col=2)
    return styled(drawn)


def styled(drawn: go.Figure) -> go.Figure:
    drawn.update_xaxes(**GRID, showgrid=False, tickangle=0)
    drawn.update_yaxes(**GRID)
    drawn.update_annotations(font={"size": 13})
    drawn.for_each_xaxis(lambda axis: axis.title.update(font={"size": 12}))
    drawn.for_each_yaxis(lambda axis: axis.title.update(font={"size": 12}))
    title = {"text": "What a scenario costs on one core, and of what parts", "font": {"size": 15}}
    return drawn.update_layout(
        template="none", width=WIDTH, height=HEIGHT, barmode="stack", bargap=0.2, paper_bgcolor="#FFFFFF", plot_bgcolor="#FFFFFF",
        font={"family": FONT, "size": 12, "color": "#1F2937"}, margin={"l": 66, "r": 16, "t": 72, "b": 68},
        title=title | {"x": 0, "xref": "container", "y": 0.97, "pad": {"l": 12}},
        legend={"orientation": "h", "x": -0.06, "y": -0.12, "yanchor": "top", "font": {"size": 11}, "itemwidth": 30},
    )  # fmt: skip


def lines(parts: Sequence[str]) -> list[tuple[str, str]]:
    """Names and colours: the whole, then its parts."""
    return [(WHOLE, POOL_COLOUR), *zip(parts, PALETTE, strict=False)]


def short(number: float) -> str:
    return f"{number / 1000:g}k" if number >= 1000 else f"{number:g}"


def ticks_up_to(most: float) -> list[float]:
    """Powers of ten, and twice and five times as much where they are few."""
    steps = (1, 2, 5) if most < FEW else (1,)
    return [tick for power in range(-1, 5) for step in steps if (tick := step * 10.0**power) <= 2 * most]


def draw(found: Sequence[Mapping[str, Any]], parts: Sequence[str], file: Path) -> None:
    """Write a page that needs no network, or what a Chromium makes of it; ends the program where there is none."""
    html = figure(found, parts).to_html(include_plotlyjs=True, full_html=True, config={"staticPlot": True})
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".html":
        file.write_text(html, encoding="utf-8")
        return
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    import chromium  # noqa: PLC0415  (the browser that the tests drive)

    binary = chromium.find()
    if binary is None:
        sys.exit(f"no Chromium to write {file} with; --plot FILE.html needs none")
    with tempfile.TemporaryDirectory() as folder, chromium.browser(binary) as page:
        shown = Path(folder) / "chart.html"
        shown.write_text(html.replace("<body>", '<body style="margin:0">'), encoding="utf-8")
        page.open(shown, WIDTH, HEIGHT)
        page.send("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=SHARPNESS, mobile=False)
        page.wait("document.querySelectorAll('.main-svg').length > 0")
        page.screenshot(file, whole=False)
