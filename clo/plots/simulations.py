"""Charts of a simulation: the chance of each loss of a tranche, and how many obligors have defaulted by each month. Plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.labels import Lang, label
from clo.plots.style import PALETTE, POOL_COLOUR, decades, faint, over_dates, over_numbers, rounded, tranche_colours
from clo.simulation.quantiles import quantiles
from clo.simulation.result import Simulation

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.simulation.sample import Sample

Floats = NDArray[np.float64]
STEPS = 200
"""Losses at which a chance is drawn, evenly from 0 to all of a tranche."""
LEAST = 1e-9
"""The axis of probabilities ends here at the latest."""
BANDS = ((0.05, 0.95, 0.14), (0.25, 0.75, 0.26))
"""Quantiles of the default rate that are shaded between, and how darkly."""


def exceedance_chart(simulation: Simulation, lang: Lang = "en") -> go.Figure:
    """The probability that each tranche loses at least a share of its size; a tranche that never loses has no line."""
    places = np.linspace(0.0, 1.0, STEPS + 1)
    colours = tranche_colours(simulation.quiet.deal)
    hover = "≥ %{x:.1%}: %{y:.2~p}<extra>%{fullData.name}</extra>"
    traces: list[dict[str, Any]] = []
    least = 1.0
    for name in simulation.names:
        chance = exceedance(simulation, name, places)
        if chance[0] > 0.0:
            least = min(least, float(chance[chance > 0.0].min()))
            line = {"color": colours[name], "width": 2, "shape": "hv"}
            shown = [float(f"{value:.6g}") if value > 0.0 else None for value in chance.tolist()]
            traces.append(
                {"type": "scatter", "mode": "lines", "name": label(name, lang), "x": rounded(places), "y": shown, "line": line,
                 "hovertemplate": hover}
            )  # fmt: skip
    title, across, up = (label(key, lang) for key in ("chart_tranche_exceedance", "share_of_tranche", "probability"))
    figure = over_numbers(traces, title, across, up).update_layout(hovermode="closest", showlegend=True, margin={"r": 28})
    figure.update_xaxes(tickformat=".0%", range=[0.0, 1.0])
    return figure.update_yaxes(**decades(max(least, LEAST)))


def exceedance(simulation: Simulation, tranche: str, places: Floats) -> Floats:
    """The probability of a loss of at least each share of a tranche's size [x]; for 0, of any loss above rounding.

    Weights may add up to a little more than the scenarios; no probability is above 1.
    """
    losses, weights = simulation.losses(tranche), simulation.weights
    order = np.argsort(losses)
    reached = losses[order]
    beyond = np.append(np.cumsum((np.ones(len(order)) if weights is None else weights[order])[::-1])[::-1], 0.0)
    found = beyond[np.searchsorted(reached, places - SLACK, side="left")] / simulation.scenarios
    row = simulation.names.index(tranche)
    return np.minimum(np.where(places > 0.0, found, simulation.tally.hits[row] / simulation.scenarios), 1.0)


SLACK = 1e-7
"""Of a loss kept in single precision."""


def default_rate_chart(sample: Sample, lang: Lang = "en") -> go.Figure:
    """The share of obligors that have defaulted by the end of each month: mean, median and bands over a sample of scenarios."""
    rates = default_rates(sample)
    weights = np.ones(len(sample)) if sample.weights is None else sample.weights
    days = [str(day) for day in pd.DatetimeIndex(sample.simulation.stage.ends).date]
    flat = {"type": "scatter", "mode": "lines", "x": days, "hovertemplate": "%{y:.2%}<extra>%{fullData.name}</extra>"}
    traces: list[dict[str, Any]] = []
    for low, high, dark in BANDS:
        below, above = quantiles(rates, weights, (low, high))
        edge = flat | {"line": {"width": 0}, "legendgroup": str(low)}
        between = {"name": f"{low:.0%} – {high:.0%}", "fill": "tonexty", "fillcolor": faint(PALETTE[0], dark)}
        traces.append(edge | {"name": f"{high:.0%}", "y": rounded(above), "showlegend": False})
        traces.append(edge | between | {"y": rounded(below)})
    (middle,), mean = quantiles(rates, weights, (0.5,)), rates @ weights / weights.sum()
    solid, dotted = {"color": PALETTE[0], "width": 2}, {"color": POOL_COLOUR, "width": 1.5, "dash": "dot"}
    traces.append(flat | {"name": label("median", lang), "y": rounded(middle), "line": solid})
    traces.append(flat | {"name": label("mean", lang), "y": rounded(mean), "line": dotted})
    figure = over_dates(traces, label("chart_cumulative_default_rate", lang), label("share_of_obligors", lang))
    return figure.update_yaxes(tickformat="~%", rangemode="tozero")


def default_rates(sample: Sample) -> Floats:
    """The share of obligors that have defaulted by the end of each month [t, s], while they owed anything."""
    months = len(sample.simulation.stage.ends)
    rates = np.empty((months, len(sample)))
    for place, scenario in enumerate(sample.scenarios.tolist()):
        month = sample.simulation.default_months(scenario).to_numpy()
        rates[:, place] = np.cumsum(np.bincount(month, minlength=months + 1)[1:]) / len(month)
    return rates
