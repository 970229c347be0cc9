"""Charts of a sample of a simulation: how a quantity of the deal may run, and what tranches may yield. Plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clo.labels import Lang, Unit, dotted, label, unit
from clo.plots.style import PALETTE, POOL_COLOUR, faint, over_dates, over_numbers, rounded, tranche_colours
from clo.simulation.sample import NOTHING, Sample

if TYPE_CHECKING:
    import plotly.graph_objects as go

BANDS = ((0.01, 0.99, 0.14), (0.05, 0.95, 0.26))
"""Quantiles that are shaded between, and how darkly."""
EDGE = 0.01
"""Of the scenarios with the lowest and the highest yields, left off the axis."""
MOST = 1.0
"""The axis ends at this yield, unless every tranche yields more: what cost next to nothing may yield any rate."""
ROOM = 0.05
FAR = 1e6
"""A yield beyond any axis."""
AMOUNTS = 10_000.0
"""Quantities that reach this are amounts, told in millions or billions; rates, counts and conditions are told as they are."""


def fan_chart(sample: Sample, name: str | None = None, lang: Lang = "en") -> go.Figure:
    """Quantiles of a name of the language by payment date, and the run without defaults: of the senior balance unless named.

    Raises KeyError for a name that the deal does not compute.
    """
    quiet = sample.simulation.quiet
    asked = f"{sample.simulation.names[0]}.balance" if name is None else name
    found = sample.quantiles(asked, sorted({0.5, *(edge for low, high, _ in BANDS for edge in (low, high))}))
    without = quiet.quantity(asked).to_numpy()
    most = float(max(np.abs(found.to_numpy()).max(), np.abs(without).max()))
    scale = unit(most, quiet.deal.currency, lang) if most >= AMOUNTS else Unit(1.0, "")
    colour = tranche_colours(quiet.deal).get(asked.partition(".")[0], PALETTE[0])
    hover = f"%{{y:,.4~g}} {scale.name}<extra>%{{fullData.name}}</extra>"
    flat = {"type": "scatter", "mode": "lines", "x": [str(day.date()) for day in found.index], "hovertemplate": hover}
    traces: list[dict[str, Any]] = []
    for low, high, dark in BANDS:
        edge = flat | {"line": {"width": 0}, "legendgroup": str(low)}
        between = {"name": f"{low:.0%} – {high:.0%}", "fill": "tonexty", "fillcolor": faint(colour, dark)}
        traces.append(edge | {"name": f"{high:.0%}", "y": rounded(found[high] / scale.divisor), "showlegend": False})
        traces.append(edge | between | {"y": rounded(found[low] / scale.divisor)})
    for key, values, line in (
        ("median", found[0.5], {"color": colour, "width": 2}),
        ("without_defaults", without, {"color": POOL_COLOUR, "width": 1.5, "dash": "dot"}),
    ):
        traces.append(flat | {"name": label(key, lang), "y": rounded(values / scale.divisor), "line": line})
    words = dotted(asked, lang)
    axis = f"{words} ({scale.name})" if scale.name else words
    return over_dates(traces, label("chart_fan", lang).format(name=words), axis).update_yaxes(tickformat=",")


def yield_chart(sample: Sample, lang: Lang = "en") -> go.Figure:
    """The share of the scenarios in which a tranche yields at most so much; one that is paid nothing yields -100 %."""
    colours, yields, weights = tranche_colours(sample.simulation.quiet.deal), sample.told_yields, sample.weights
    every = np.ones(len(sample)) if weights is None else weights
    traces: list[dict[str, Any]] = []
    for name, values in yields.items():
        order = np.argsort(values)[: int(np.count_nonzero(~np.isnan(values)))]
        if len(order):
            reached = np.cumsum(every[order]) / every[order].sum()
            across, up = np.concatenate(([NOTHING], values[order], [FAR])), np.concatenate(([0.0], reached, [1.0]))
            traces.append(
                {"type": "scatter", "mode": "lines", "name": label(name, lang), "x": rounded(across), "y": rounded(up),
                 "line": {"color": colours[name], "width": 2, "shape": "hv"},
                 "hovertemplate": "≤ %{x:.2%}: %{y:.1%}<extra>%{fullData.name}</extra>"}
            )  # fmt: skip
    told = sample.yield_distribution((EDGE, 1.0 - EDGE)).dropna(subset=["mean"]).iloc[:, 5:7].to_numpy()
    near = told[told[:, 0] <= MOST]
    told = np.minimum(near, MOST) if len(near) else told
    low, high = (float(told.min()), float(told.max())) if len(told) else (0.0, 0.0)
    room = ROOM * (high - low) or ROOM
    words = (label(key, lang) for key in ("chart_yields", "yield", "probability"))
    figure = over_numbers(traces, *words).update_layout(hovermode="closest", showlegend=True)
    figure.update_xaxes(tickformat="~%", range=[low - room, high + room])
    return figure.update_yaxes(tickformat="~%", range=[0.0, 1.02])
