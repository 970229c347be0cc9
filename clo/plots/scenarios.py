"""Charts of what defaults are drawn from: default rates with the fitted model, and how an expected loss settles. Plotly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clo.labels import Lang, exact_percent, label, money, party, position, unit
from clo.plots.parties import SMALLEST_BAR
from clo.plots.style import PALETTE, POOL_COLOUR, over_numbers, rounded
from clo.quantities import is_number
from clo.scenarios.calibration import Calibration
from clo.simulation.errors import means
from clo.simulation.estimates import most_lost, of_losses
from clo.simulation.result import Simulation
from clo.simulation.tally import HALF

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = NDArray[np.float64]
QUANTILES = {0.05: (PALETTE[2], "dot"), 0.5: (POOL_COLOUR, "solid"), 0.95: (PALETTE[1], "dash"), 0.999: (PALETTE[5], "dashdot")}
"""Of the yearly default rate that are drawn, each in its colour and dash."""
EDGE = 0.01
"""An axis of scenarios reaches so far beyond the last, in powers of ten, that its tick is shown."""
BAND_COLOUR = "rgba(0,114,178,0.18)"
STOPS = 40
"""Numbers of scenarios, evenly on a logarithmic axis, at which an estimate is shown."""
LEAST = 256
"""Scenarios of the first of them, or an eighth of all."""
MOST_TICKS = 7
"""Beyond, only powers of ten are written on an axis of scenarios, in place of 1, 2, 5, 10."""


def default_rates_chart(calibration: Calibration, lang: Lang = "en") -> go.Figure:
    """The default rate of each year, and quantiles of the rate of a large pool under the fitted model.

    Raises TypeError for a calibration of several classes.
    """
    if not isinstance(calibration, Calibration):
        raise TypeError(f"default rates are drawn of a Calibration of one series, not of a {type(calibration).__name__}")
    years = list(calibration.series.years)
    hover = "%{fullData.name}: %{y:.3~p}<extra></extra>"
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": label("observed", lang), "x": years, "y": calibration.series.rates[:, 0].round(8),
         "marker": {"color": PALETTE[4], "line": {"width": 0}}, "hovertemplate": hover},
    ]  # fmt: skip
    rates = calibration.rate_quantiles(list(QUANTILES)).tolist()
    for (level, (colour, dash)), rate in zip(QUANTILES.items(), rates, strict=True):
        name = label("median", lang) if level == 0.5 else label("quantile_at", lang).format(level=exact_percent(level))
        traces.append(
            {"type": "scatter", "mode": "lines", "name": name, "x": years, "y": [round(rate, 8)] * len(years),
             "line": {"color": colour, "width": 2, "dash": dash}, "hovertemplate": hover}
        )  # fmt: skip
    figure = over_numbers(traces, label("chart_default_rates", lang), label("year", lang), label("default_rate", lang))
    figure.update_xaxes(type="category")
    return figure.update_yaxes(tickformat="~p", rangemode="tozero")


def convergence_chart(
    simulation: Simulation, tranche: str | None = None, *, reference: float | None = None, lang: Lang = "en"
) -> go.Figure:
    """The expected loss of a tranche, the most senior unless named, after more and more scenarios, with its 95 % interval.

    It begins where the tranche first loses; of one that never does, it shows what its expected loss may be up to. reference: a
    value to compare with, such as the semi-analytic one. Raises KeyError for a tranche that is not there, ValueError for a
    reference that is no number.
    """
    if reference is not None and not is_number(reference):
        raise ValueError(f"reference is a number, not {reference!r}")
    name = simulation.names[0] if tranche is None else tranche
    counts, mean, low, high = settling(simulation, name)
    begun = mean > 0.0
    shown = begun if np.count_nonzero(begun) > 1 else np.full(len(begun), True)
    counts, mean, low, high = counts[shown], mean[shown], low[shown], high[shown]
    hover = "%{fullData.name}: %{y:.3~p}<extra></extra>"
    flat, interval = {"type": "scatter", "mode": "lines", "x": counts, "hovertemplate": hover}, label("interval_95", lang)
    traces: list[dict[str, Any]] = [
        flat | {"name": interval, "y": high, "line": {"width": 0}, "showlegend": False},
        flat | {"name": interval, "y": low, "line": {"width": 0}, "fill": "tonexty", "fillcolor": BAND_COLOUR},
        flat | {"name": label("estimate_so_far", lang), "y": mean, "line": {"color": PALETTE[0], "width": 2}},
    ]
    if reference is not None:
        line = {"color": PALETTE[5], "width": 1.5, "dash": "dash"}
        traces.append(flat | {"name": label("reference_value", lang), "y": [reference] * len(counts), "line": line})
    title = f"{label('chart_convergence', lang)}: {label(name, lang)} ({label(simulation.engine.draws.method, lang)})"
    figure = over_numbers(traces, title, label("scenarios_so_far", lang), label("loss_of_tranche", lang))
    minor = {"dtick": "D1", "showgrid": True, "gridcolor": "#F3F4F6"}
    low_end, high_end = float(counts[0]), float(counts[-1])
    figure.update_xaxes(type="log", tickvals=_ticks(low_end, high_end), tickformat=",", minor=minor)
    figure.update_xaxes(range=[np.log10(low_end), np.log10(high_end) + EDGE])
    return figure.update_yaxes(tickformat="~p", rangemode="tozero")


def bearers_chart(found: pd.DataFrame, currency: str, lang: Lang = "en") -> go.Figure:
    """A bar for each who bears the loss in expectation, with its standard error, and one in the tail.

    found: `Simulation.losses_by_party()`.
    """
    most = float(found[["expected_loss", "tail_loss"]].abs().to_numpy().max())
    shown = found[found[["expected_loss", "tail_loss"]].abs().max(axis=1) >= SMALLEST_BAR * most]
    scale = unit(most, currency, lang)
    names = [f"{party(who, lang)}: {position(what, lang)}" for who, what in shown[["party", "position"]].to_numpy()]
    traces: list[dict[str, Any]] = []
    worst = label("tail_loss", lang)
    if "level" in found.attrs:
        worst = label("tail_loss_of", lang).format(share=exact_percent(1.0 - found.attrs["level"]))
    errors = (shown["standard_error"] / scale.divisor).tolist()
    for column, name, colour in (("expected_loss", label("expected_loss", lang), PALETTE[0]), ("tail_loss", worst, PALETTE[5])):
        amounts = rounded(shown[column] / scale.divisor)
        text = [_figures(amount) for amount in amounts.tolist()]
        if column == "expected_loss":
            text = [f"{amount} ± {_figures(error)}" for amount, error in zip(text, errors, strict=True)]
        traces.append(
            {"type": "bar", "orientation": "h", "name": name, "x": amounts, "y": names,
             "marker": {"color": colour, "line": {"width": 0}}, "text": text, "textposition": "outside", "cliponaxis": False,
             "hovertemplate": f"%{{y}}: %{{text}} {scale.name}<extra>%{{fullData.name}}</extra>"}
        )  # fmt: skip
    figure = over_numbers(traces, label("chart_bearers", lang), f"{label('loss', lang)} ({scale.name})", "")
    low, high = min(0.0, *(float(trace["x"].min()) for trace in traces)), max(float(trace["x"].max()) for trace in traces)
    room = 0.2 * (high - low) or 1.0
    figure.update_layout(height=198 + 56 * len(shown), hovermode="closest", bargap=0.25, margin={"t": 76})
    figure.update_layout(legend={"y": 1.0, "yanchor": "bottom"})
    figure.update_xaxes(range=[low - room * (low < 0.0), high + room], tickformat=",", zeroline=True, zerolinecolor="#9CA3AF")
    return figure.update_yaxes(autorange="reversed", title=None, showgrid=False, ticksuffix="  ")


def settling(simulation: Simulation, tranche: str) -> tuple[Floats, Floats, Floats, Floats]:
    """(numbers of scenarios, expected loss after so many, lower and upper ends of its 95 % interval)."""
    losses, draws, scenarios = simulation.losses(tranche), simulation.engine.draws, simulation.scenarios
    weights, tally, row = simulation.weights, simulation.tally, simulation.names.index(tranche)
    size = float(tally.sizes[row]) or 1.0
    losing = np.flatnonzero(losses * size > HALF) if tally.hits[row] > 0.0 else np.zeros(0)
    first = int(losing[0]) if len(losing) else scenarios
    most = most_lost(simulation)[row : row + 1]
    least = min(scenarios, max(min(LEAST, scenarios // 8), 2 * draws.groups, 2))
    stops = np.unique(np.geomspace(least, scenarios, STOPS).round().astype(np.int64))
    rows = []
    for count in stops.tolist():
        found = means(losses[None, :count], None if weights is None else weights[:count], draws.errors, draws.groups)
        mean, _, low, high = of_losses(found, np.array([count <= first]), count, tally.heaviest, most)
        rows.append((float(mean[0]), float(low[0]), float(high[0])))
    mean, low, high = np.array(rows).T
    return stops.astype(np.float64), mean, low, high


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, 20, ... within a range, or powers of ten where these are many, or its ends where there are none."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1.0)
    for steps in ((1.0, 2.0, 5.0), (1.0,)):
        found = [place for place in (power * step for power in powers for step in steps) if low <= place <= high]
        if len(found) <= MOST_TICKS:
            break
    return found or sorted({low, high})


def _figures(amount: float) -> str:
    """With two decimals, or as many as leave two figures: 1,374.89, 0.0045."""
    size = abs(amount)
    return money(amount, 2 if size >= 0.1 or size < TINY else 1 - math.floor(math.log10(size)))


TINY = 1e-6
"""Amounts below this are rounding."""
