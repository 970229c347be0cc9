"""Charts of what defaults are drawn from: default rates with the fitted model, and how an expected loss settles. Plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clo.labels import Lang, label, party, percent, position, unit
from clo.plots.parties import SMALLEST_BAR
from clo.plots.style import PALETTE, POOL_COLOUR, over_numbers, rounded
from clo.scenarios.calibration import Calibration
from clo.simulation.errors import means
from clo.simulation.result import Simulation

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95, 0.999)
"""Of the yearly default rate that are drawn."""
BAND_COLOUR = "rgba(0,114,178,0.18)"
STOPS = 40
"""Numbers of scenarios, evenly on a logarithmic axis, at which an estimate is shown."""
LEAST = 256


def default_rates_chart(calibration: Calibration, lang: Lang = "en") -> go.Figure:
    """The default rate of each year, and quantiles of the rate of a large pool under the fitted model."""
    years = list(calibration.series.years)
    hover = "%{fullData.name}: %{y:.2%}<extra></extra>"
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": label("observed", lang), "x": years, "y": calibration.series.rates[:, 0].round(8),
         "marker": {"color": PALETTE[4], "line": {"width": 0}}, "hovertemplate": hover},
    ]  # fmt: skip
    for place, (level, rate) in enumerate(zip(QUANTILES, calibration.rate_quantiles(QUANTILES).tolist(), strict=True)):
        traces.append(
            {"type": "scatter", "mode": "lines", "name": percent(level, 1), "x": years, "y": [round(rate, 8)] * len(years),
             "line": {"color": PALETTE[5] if place == len(QUANTILES) - 1 else POOL_COLOUR, "width": 1.5,
                      "dash": "solid" if level == 0.5 else "dot"},
             "hovertemplate": hover}
        )  # fmt: skip
    figure = over_numbers(traces, label("chart_default_rates", lang), label("year", lang), label("default_rate", lang))
    figure.update_xaxes(type="category")
    return figure.update_yaxes(tickformat=".1%", rangemode="tozero")


def convergence_chart(
    simulation: Simulation, tranche: str | None = None, *, reference: float | None = None, lang: Lang = "en"
) -> go.Figure:
    """The expected loss of a tranche, the most senior unless named, after more and more scenarios, with its 95 % interval.

    reference: a value to compare with, such as the semi-analytic one. Raises KeyError for a tranche that is not there.
    """
    name = simulation.names[0] if tranche is None else tranche
    counts, mean, low, high = settling(simulation, name)
    hover = "%{fullData.name}: %{y:.3e}<extra></extra>"
    flat = {"type": "scatter", "mode": "lines", "x": counts, "hovertemplate": hover}
    traces: list[dict[str, Any]] = [
        flat | {"name": "95%", "y": high, "line": {"width": 0}, "showlegend": False},
        flat | {"name": "95%", "y": low, "line": {"width": 0}, "fill": "tonexty", "fillcolor": BAND_COLOUR},
        flat | {"name": label("estimate_so_far", lang), "y": mean, "line": {"color": PALETTE[0], "width": 2}},
    ]
    if reference is not None:
        line = {"color": PALETTE[5], "width": 1.5, "dash": "dash"}
        traces.append(flat | {"name": label("reference_value", lang), "y": [reference] * len(counts), "line": line})
    title = f"{label('chart_convergence', lang)}: {label(name, lang)} ({label(simulation.engine.draws.method, lang)})"
    figure = over_numbers(traces, title, label("scenarios_so_far", lang), label("loss_of_tranche", lang))
    figure.update_xaxes(type="log")
    return figure.update_yaxes(tickformat=".2~%", rangemode="tozero")


def bearers_chart(found: pd.DataFrame, currency: str, lang: Lang = "en") -> go.Figure:
    """A bar for each who bears the loss in expectation, and one in the tail. found: `Simulation.losses_by_party()`."""
    most = float(found[["expected_loss", "tail_loss"]].abs().to_numpy().max())
    shown = found[found[["expected_loss", "tail_loss"]].abs().max(axis=1) >= SMALLEST_BAR * most]
    scale = unit(most, currency, lang)
    names = [f"{party(who, lang)}: {position(what, lang)}" for who, what in shown[["party", "position"]].to_numpy()]
    traces: list[dict[str, Any]] = []
    for column, colour in (("expected_loss", PALETTE[0]), ("tail_loss", PALETTE[5])):
        amounts = rounded(shown[column] / scale.divisor)
        traces.append(
            {"type": "bar", "orientation": "h", "name": label(column, lang), "x": amounts, "y": names,
             "marker": {"color": colour, "line": {"width": 0}}, "text": [f"{amount:,.2f}" for amount in amounts],
             "textposition": "outside", "cliponaxis": False,
             "hovertemplate": f"%{{y}}: %{{x:,.2f}} {scale.name}<extra>%{{fullData.name}}</extra>"}
        )  # fmt: skip
    figure = over_numbers(traces, label("chart_bearers", lang), f"{label('loss', lang)} ({scale.name})", "")
    low, high = min(0.0, *(float(trace["x"].min()) for trace in traces)), max(float(trace["x"].max()) for trace in traces)
    room = 0.15 * (high - low)
    figure.update_layout(height=170 + 56 * len(shown), hovermode="closest", bargap=0.25, legend={"y": 1.0, "yanchor": "bottom"})
    figure.update_xaxes(range=[low - room * (low < 0.0), high + room], tickformat=",", zeroline=True, zerolinecolor="#9CA3AF")
    return figure.update_yaxes(autorange="reversed", title=None, showgrid=False, ticksuffix="  ")


def settling(simulation: Simulation, tranche: str) -> tuple[Floats, Floats, Floats, Floats]:
    """(numbers of scenarios, expected loss after so many, lower and upper ends of its 95 % interval)."""
    losses, draws, scenarios = simulation.losses(tranche), simulation.engine.draws, simulation.scenarios
    weights = simulation.weights
    least = min(scenarios, max(LEAST, 2 * draws.groups))
    stops = np.unique(np.geomspace(least, scenarios, STOPS).astype(np.int64))
    rows = []
    for count in stops.tolist():
        found = means(losses[None, :count], None if weights is None else weights[:count], draws.errors, draws.groups)
        reach = found.wide * float(found.standard_error[0])
        rows.append((float(found.mean[0]), float(found.mean[0]) - reach, float(found.mean[0]) + reach))
    mean, low, high = np.array(rows).T
    return stops.astype(np.float64), mean, np.maximum(low, 0.0), high
