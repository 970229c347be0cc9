"""What all figures share: colours, type, axes. Plotly is loaded when a figure is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from clo.deal.terms import Deal

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#666666")
"""Okabe and Ito's colours, told apart by the colour-blind; a tranche keeps its own on every chart, senior first."""
FEE_COLOUR = "#C9B48A"
POOL_COLOUR = "#444444"
FONT = "'Noto Sans JP','Noto Sans CJK JP','Hiragino Sans','Yu Gothic UI',Meiryo,system-ui,'Segoe UI',Arial,IPAGothic,sans-serif"
_GRID = {"gridcolor": "#E5E7EB", "zeroline": False, "automargin": True}


def over_dates(traces: list[dict[str, Any]], title: str, value_axis: str) -> go.Figure:
    """A figure of amounts by date."""
    return _figure(
        traces,
        title,
        hoverlabel={"namelength": -1, "font": {"family": FONT, "size": 11}},
        legend=_legend(-0.12, traceorder="normal"),
        xaxis={
            **_GRID,
            "type": "date",
            "hoverformat": "%Y-%m-%d",
            "nticks": 7,
            "tickangle": 0,
            "tickformatstops": [
                {"dtickrange": [None, "M1"], "value": "%Y-%m-%d"},
                {"dtickrange": ["M1", "M11"], "value": "%Y-%m"},
                {"dtickrange": ["M12", None], "value": "%Y"},
            ],
        },
        yaxis={**_GRID, "title": {"text": value_axis, "standoff": 8}, "zeroline": True, "zerolinecolor": "#9CA3AF"},
    )


def over_numbers(traces: list[dict[str, Any]], title: str, across: str, up: str) -> go.Figure:
    """A figure of one number over another."""
    return _figure(
        traces,
        title,
        legend=_legend(-0.2),
        xaxis={**_GRID, "title": {"text": across, "standoff": 8}},
        yaxis={**_GRID, "title": {"text": up, "standoff": 8}},
    )


def decades(least: float, most: float = 1.0) -> dict[str, Any]:
    """A logarithmic axis of shares from `least` to `most`, with a tick at each power of ten."""
    return {"type": "log", "dtick": 1, "tickformat": "~p", "range": [float(np.log10(least)) - 0.1, float(np.log10(most)) + 0.1]}


def tranche_colours(deal: Deal) -> dict[str, str]:
    """Each tranche with its colour, senior first."""
    return {name: PALETTE[number % len(PALETTE)] for number, name in enumerate(deal.tranches)}


def faint(colour: str, opacity: float) -> str:
    """A colour through which others behind it show."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def rounded(values: Any) -> NDArray[np.float64]:
    """Six decimals are more than a screen shows, and keep the page small."""
    return np.asarray(values, dtype=np.float64).round(6)


def _figure(traces: list[dict[str, Any]], title: str, **own: Any) -> go.Figure:
    import plotly.graph_objects as go  # noqa: PLC0415  (heavy: loaded when a chart is drawn)

    layout = {
        "template": "none",
        "title": {"text": title, "x": 0, "xanchor": "left", "xref": "container", "pad": {"l": 12}, "font": {"size": 15}},
        "font": {"family": FONT, "size": 12, "color": "#1F2937"},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "hovermode": "x unified",
        "margin": {"l": 56, "r": 16, "t": 48, "b": 40},
        "height": 380,
    }
    return go.Figure(data=traces, layout={**layout, **own})


def _legend(below: float, **more: Any) -> dict[str, Any]:
    return {"orientation": "h", "x": 0, "y": below, "yanchor": "top", "font": {"size": 11}, **more}
