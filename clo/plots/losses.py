"""Charts of a pool's loss: its distribution with attachment points, and what tranches lose against correlation and PD. Plotly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.analytics.losses import LossDistribution, expected_tranche_loss
from clo.labels import Lang, label, percent
from clo.plots.style import PALETTE, POOL_COLOUR, over_numbers

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = NDArray[np.float64]
BARS = 160
"""Of a loss distribution, however fine its grid."""
SHOWN = 0.9999
"""The axis ends at this quantile, or behind the attachment point after it."""
CORRELATIONS = (0.005, *(round(0.01 * step, 2) for step in range(1, 21)), *(round(0.05 * step, 2) for step in range(5, 13)))
MULTIPLES = tuple(2.0 ** (step / 4.0) for step in range(-12, 9))
"""Of the PDs given, at which tranches are shown unless others are named."""
LOWEST = -7
"""The axis of expected losses ends at 10 to this power."""
DECADES = {"type": "log", "dtick": 1, "tickformat": "~%"}


def loss_distribution_chart(
    losses: LossDistribution, attachments: Sequence[float] = (), *, level: float = 0.999, lang: Lang = "en"
) -> go.Figure:
    """Bars of probability, the probability of a greater loss on a second, logarithmic axis, and a line for each attachment.

    attachments: fractions of the exposure. level: of the value at risk that is marked. Losses as shares of the exposure.
    """
    share = losses.grid / losses.exposure
    risk, mean = losses.quantile(level) / losses.exposure, losses.mean / losses.exposure
    near = [point for point in attachments if point <= 2.0 * risk]
    edges = _edges(losses, max([losses.quantile(SHOWN) / losses.exposure, 1.05 * risk, *near]))
    bars = np.histogram(share, bins=edges, weights=losses.pmf)[0]
    at = np.searchsorted(share, edges, side="right")
    above = 1.0 - np.append(0.0, losses.cumulative)[at]
    hover = "%{x:.2%}: %{y:.3%}<extra>%{fullData.name}</extra>"
    traces = [
        {"type": "bar", "name": label("probability", lang), "x": _round(0.5 * (edges[1:] + edges[:-1])), "y": _round(bars),
         "marker": {"color": PALETTE[4], "line": {"width": 0}}, "hovertemplate": hover},
        {"type": "scatter", "mode": "lines", "name": label("exceedance", lang), "x": _round(edges), "y": _positive(above),
         "yaxis": "y2", "line": {"color": POOL_COLOUR, "width": 2}, "hovertemplate": hover},
    ]  # fmt: skip
    title, across = label("chart_loss_distribution", lang), label("loss_of_exposure", lang)
    figure = over_numbers(traces, title, across, label("probability", lang))
    figure.update_layout(bargap=0, hovermode="closest", margin={"r": 64})
    figure.update_xaxes(tickformat=".0%", range=[float(edges[0]), float(edges[-1])])
    figure.update_yaxes(tickformat=".1%", rangemode="tozero")
    figure.update_layout(
        yaxis2={
            "overlaying": "y", "side": "right", **DECADES, "showgrid": False, "automargin": True,
            "title": {"text": label("exceedance", lang), "standoff": 8}, "range": [-6, 0],
        }
    )  # fmt: skip
    for point in attachments:
        if 0.0 < point <= edges[-1]:
            figure.add_vline(x=point, line={"color": PALETTE[5], "width": 1, "dash": "dot"}, annotation_text=percent(point, 1))
    said = ((mean, label("expected_loss", lang)), (risk, f"{label('value_at_risk', lang)} {percent(level, 1)}"))
    for place, words in said:
        line = {"color": PALETTE[0], "width": 1.5, "dash": "dash"}
        figure.add_vline(x=place, line=line, annotation_text=words, annotation_position="bottom right")
    return figure


def expected_loss_chart(
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike,
    attachments: Sequence[float],
    *,
    correlation: ArrayLike,
    over: Literal["correlation", "pd"] = "correlation",
    values: Sequence[float] | None = None,
    names: Sequence[str] = (),
    lang: Lang = "en",
    **more: Any,
) -> go.Figure:
    """The expected loss of each tranche, on a logarithmic axis, over correlations or over multiples of the PDs.

    values: the correlations, or what the PDs are multiplied by, at most to 1. names: of the tranches, junior first; their
    attachments and detachments if left out. Colours are those of a run. The rest as for `clo.expected_tranche_loss`, which says
    what may be wrong.
    """
    given, tried = np.asarray(pd, dtype=np.float64), values or {"correlation": CORRELATIONS, "pd": MULTIPLES}[over]
    rows, places, weights = [], [], np.asarray(exposure, dtype=np.float64)
    for value in tried:
        pds = given if over == "correlation" else np.minimum(given * value, 1.0)
        rho = value if over == "correlation" else correlation
        told = expected_tranche_loss(exposure, pds, lgd, attachments, correlation=rho, **more)
        rows.append(told["expected_loss"].to_numpy())
        average = float(np.broadcast_to(pds, weights.shape) @ weights / weights.sum())
        places.append(value if over == "correlation" else average)
    lost = np.stack(rows, axis=1)
    titles = names or [f"{percent(a, 1)} – {percent(b, 1)}" for a, b in pairwise(attachments)]
    hover = "%{fullData.name}: %{y:.4%}<extra></extra>"
    traces = [
        {"type": "scatter", "mode": "lines", "name": label(title, lang), "x": _round(np.asarray(places)), "y": _positive(line),
         "line": {"color": PALETTE[(len(lost) - 1 - at) % len(PALETTE)], "width": 2}, "hovertemplate": hover}
        for at, (title, line) in enumerate(zip(titles, lost, strict=True))
    ]  # fmt: skip
    axis = label("asset_correlation" if over == "correlation" else "average_pd", lang)
    figure = over_numbers(traces, label("chart_expected_loss", lang), axis, label("loss_of_tranche", lang))
    figure.update_xaxes(tickformat=".1%" if over == "pd" else ".0%")
    least = float(np.log10(np.min(lost, where=lost > 0.0, initial=0.1)))
    return figure.update_yaxes(**DECADES, range=[max(least, LOWEST) - 0.1, 0.1])


def _edges(losses: LossDistribution, end: float) -> Floats:
    """Of the bars, which hold the same number of grid points each, so that none stands out by where it begins."""
    if losses.unit is None or end <= 0.0:
        return np.linspace(0.0, end if end > 0.0 else 1.0, BARS + 1)
    step = losses.unit / losses.exposure
    points = int(np.ceil(end / step / BARS))
    return np.asarray((np.arange(int(np.ceil(end / step / points)) + 1) * points - 0.5) * step)


def _round(values: Floats) -> Floats:
    """Eight decimals are more than a screen shows, and keep the page small."""
    return np.asarray(values, dtype=np.float64).round(8)


def _positive(values: Floats) -> list[float | None]:
    """For a logarithmic axis, which has no place for 0."""
    return [float(f"{value:.6g}") if value > 0.0 else None for value in values]
