"""Charts of a pool's loss: its distribution with attachment points, and what tranches lose against correlation and PD. Plotly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clo.analytics.losses import LossDistribution, expected_tranche_loss
from clo.analytics.losses.codes import loss_finding
from clo.findings import InputError
from clo.labels import Lang, exact_percent, fine_percent, label, percent
from clo.plots.style import PALETTE, POOL_COLOUR, decades, over_numbers

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = NDArray[np.float64]
ROWS = 8
"""Of words beside vertical lines, one below the other."""
BARS = 160
"""Of a loss distribution, however fine its grid."""
ROOM = 100.0
"""The axis of expected losses shows two powers of ten at least."""
SHOWN = 0.9999
"""The axis ends at this quantile, or behind the attachment point after it."""
LEAST = 1e-6
"""The axis of probabilities of a greater loss ends here."""
Over = Literal["correlation", "pd"]
CORRELATIONS = (0.005, *(round(0.01 * step, 2) for step in range(1, 21)), *(round(0.05 * step, 2) for step in range(5, 13)))
MULTIPLES = tuple(2.0 ** (step / 4.0) for step in range(-12, 9))
"""Of the PDs given, at which tranches are shown unless others are named."""
LOWEST, UNTOLD = 1e-9, 1e-7
"""The axis of expected losses ends here: in general, and where no error of them is told."""
SURE = 10.0
"""An expected loss below so many times its error is not known, and not drawn."""
SMALL = 1e-3
"""Shares below this are written with more decimals."""


def loss_distribution_chart(
    losses: LossDistribution,
    attachments: Sequence[float] = (),
    *,
    names: Sequence[str] = (),
    level: float = 0.999,
    lang: Lang = "en",
) -> go.Figure:
    """Bars of probability, the probability of a greater loss on a second, logarithmic axis, and a line for each attachment.

    attachments: fractions of the exposure; names: of what attaches there. level: of the value at risk that is marked. Losses as
    shares of the exposure. Raises ValueError for attachments that are no fractions, or another number of names.
    """
    points = _numbers("attachments", attachments)
    if not bool(((points >= 0.0) & (points <= 1.0)).all()):
        raise ValueError(f"attachments are fractions of the exposure, from 0 to 1: {attachments!r}; 3 % is 0.03")
    if np.ndim(level):
        raise ValueError(f"level is one number, not {level!r}")
    _require_names(names, len(points), "attachments")
    share = losses.grid / losses.exposure
    risk, mean = losses.quantile(level) / losses.exposure, losses.mean / losses.exposure
    near = points[points <= 2.0 * risk].tolist()
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
    figure.update_xaxes(tickformat="~%", range=[float(edges[0]), float(edges[-1])])
    figure.update_yaxes(tickformat="~%", rangemode="tozero")
    rarest = float(np.min(above, where=above > LEAST, initial=0.1))
    figure.update_layout(
        yaxis2={
            "overlaying": "y", "side": "right", **decades(rarest), "showgrid": False, "automargin": True,
            "title": {"text": label("exceedance", lang), "standoff": 8},
        }
    )  # fmt: skip
    told = percent(mean) if mean >= SMALL else fine_percent(mean)
    lines = [
        (mean, f"{label('expected_loss', lang)} {told}", PALETTE[0], "dash"),
        (risk, f"{label('value_at_risk', lang)} {exact_percent(level)}", PALETTE[0], "dash"),
    ]
    for point, name in zip(points.tolist(), names if len(names) else [""] * len(points), strict=True):
        lines.append((point, f"{label(name, lang)} {_point(point)}".strip(), PALETTE[5], "dot"))
    _mark(figure, [line for line in lines if 0.0 < line[0] <= edges[-1]], float(edges[0]), float(edges[-1]))
    return figure


def expected_loss_chart(
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike,
    attachments: Sequence[float],
    *,
    correlation: ArrayLike,
    over: Over = "correlation",
    values: ArrayLike | None = None,
    names: Sequence[str] = (),
    lang: Lang = "en",
    **more: Any,
) -> go.Figure:
    """The expected loss of each tranche, on a logarithmic axis, over correlations or over multiples of the PDs. A line ends where
    its loss is smaller than what the computation tells.

    values: the correlations, or what the PDs are multiplied by, at most to 1. names: of the tranches, junior first; their
    attachments and detachments if left out. Colours are those of a run. The rest as for `clo.expected_tranche_loss`, whose
    findings are raised. Raises ValueError for another word than over has, values that are no numbers, or a number of names that
    is not that of the tranches.
    """
    if over not in get_args(Over):
        raise ValueError(f"over {over!r} is none of {', '.join(map(repr, get_args(Over)))}")
    tried = _numbers("values", {"correlation": CORRELATIONS, "pd": MULTIPLES}[over] if values is None else values)
    if not len(tried) or not bool((tried >= 0.0).all()):
        raise ValueError(f"values are one or more numbers, 0 or more: {values!r}")
    _require_names(names, np.size(attachments) - 1, "tranches")
    if np.ndim(pd) > 1:
        fix = "draw a chart for each horizon"
        raise InputError([loss_finding("E-Q001", f"pd has {np.ndim(pd)} dimensions", field="pd", fix=fix)])
    expected_tranche_loss(exposure, pd, lgd, attachments, correlation=correlation, **more)
    rows, places, known = [], [], LOWEST
    given, weights = (np.asarray(each, dtype=np.float64) for each in (pd, exposure))
    for value in tried.tolist():
        pds = given if over == "correlation" else np.minimum(given * value, 1.0)
        rho = value if over == "correlation" else correlation
        told = expected_tranche_loss(exposure, pds, lgd, attachments, correlation=rho, **more)
        known = max(known, SURE * told.attrs["error"] if "error" in told.attrs else UNTOLD)
        rows.append(told["expected_loss"].to_numpy())
        average = float(np.broadcast_to(pds, weights.shape) @ weights / weights.sum())
        places.append(value if over == "correlation" else average)
    lost = np.stack(rows, axis=1)
    lost[lost < known] = 0.0
    titles = names if len(names) else [f"{_point(a)} – {_point(b)}" for a, b in pairwise(attachments)]
    hover = "%{fullData.name}: %{y:.3~p}<extra></extra>"
    traces = [
        {"type": "scatter", "mode": "lines", "name": label(title, lang), "x": places, "y": _positive(line),
         "line": {"color": PALETTE[(len(lost) - 1 - at) % len(PALETTE)], "width": 2}, "hovertemplate": hover}
        for at, (title, line) in enumerate(zip(titles, lost, strict=True))
    ]  # fmt: skip
    axis = label("asset_correlation" if over == "correlation" else "average_pd", lang)
    figure = over_numbers(traces, label("chart_expected_loss", lang), axis, label("loss_of_tranche", lang))
    figure.update_xaxes(tickformat="~p")
    most = float(lost.max()) or UNTOLD
    least = min(float(np.min(lost, where=lost > 0.0, initial=1.0)), most / ROOM)
    return figure.update_yaxes(**decades(least, 10.0 ** np.ceil(np.log10(most))))


def _numbers(field: str, given: ArrayLike) -> Floats:
    """A list of them. Raises ValueError for anything else."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise ValueError(f"{field} is a list of numbers, not {given!r}")
    return values


def _require_names(names: Sequence[str], count: int, what: str) -> None:
    """Raises ValueError for names of which there is not one for each, if there are any."""
    if isinstance(names, str) or len(names) not in (0, count):
        told = repr(names) if isinstance(names, str) else f"{len(names)} names"
        raise ValueError(f"{told} for {count} {what}: give a list with one for each")


def _point(value: float) -> str:
    """An attachment point: 8.5%, 0.05%."""
    return percent(value, 1) if value == 0.0 or value >= 10.0 * SMALL else f"{100.0 * value:.2g}%"


def _mark(figure: go.Figure, lines: Sequence[tuple[float, str, str, str]], begin: float, end: float) -> None:
    """A vertical line and its words for each (place, words, colour, dash); words stand below those of the line before."""
    for number, (place, words, colour, dash) in enumerate(sorted(lines)):
        figure.add_vline(x=place, line={"color": colour, "width": 1.5, "dash": dash})
        right = place > begin + 0.5 * (end - begin)
        figure.add_annotation(
            x=place, y=1.0 - 0.075 * (number % ROWS), yref="paper", text=words, showarrow=False, yanchor="top",
            xanchor="right" if right else "left", xshift=-3 if right else 3, font={"size": 11, "color": colour},
            bgcolor="rgba(255,255,255,0.75)", borderpad=1,
        )  # fmt: skip


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
