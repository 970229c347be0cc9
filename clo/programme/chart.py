"""The chart of a programme: every deal as a bar from the first loss to the senior end, by who holds what, and what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clo.labels import Lang, label, money, party, percent
from clo.plots.style import FONT
from clo.programme.rows import HOLDERS, LOSSES

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.programme.running import Programme

COLOURS = dict(zip(LOSSES, ("#7FB3D9", "#F2C46D", "#7CC9AE", "#DDAAC6", "#C3C8CF"), strict=True))
"""Light, so that what is lost stands out on them."""
LOST, POOL = "#B91C1C", "#1F2937"
LEAST_SHOWN, BEYOND = 0.2, 1.25
"""A fifth of the pool is shown at least, and a quarter more than what matters."""
ROW = 24
"""Height of a bar with what is around it, in pixels."""


def chart(programme: Programme, lang: Lang) -> go.Figure:
    """One bar for each run. Tranches lie from the junior end at 0 to the senior at 1, as shares of the pool at cut-off."""
    import plotly.graph_objects as go  # noqa: PLC0415  (heavy: loaded when a chart is drawn)

    table = programme.table
    several = len(set(table["scenario"]) - {""}) > 1
    rows = [
        str(row.deal)
        + (f" · {label(str(row.scenario), lang)}" if several and row.scenario else "")
        + ("" if row.status == "ran" else f" ({label(str(row.status), lang)})")
        for row in table.itertuples(index=False)
    ]
    names = dict(zip(zip(table["deal"], table["scenario"], strict=True), rows, strict=True))
    layers = programme.tranches.dropna(subset=["attachment", "detachment"])
    layers = layers.assign(
        row=[names[key] for key in zip(layers["deal"], layers["scenario"], strict=True)],
        of=layers["holder"].where(layers["holder"].isin(HOLDERS), "others"),
        thickness=layers["detachment"] - layers["attachment"],
    )
    holders = [holder for holder in COLOURS if (layers["of"] == holder).any()]
    traces = [_in_legend(holder, rows[0], lang) for holder in holders]
    traces += [_held(layers[layers["of"] == holder], holder, lang) for holder in holders]
    traces.append(_lost(layers, lang))
    traces.append(_pool(table, rows, lang))
    return go.Figure(data=traces, layout=_layout(rows, _upper(layers, table), lang))


def _in_legend(holder: str, row: str, lang: Lang) -> dict[str, Any]:
    """The plain colour of a holder: a trace of bars shows there the pattern of its first."""
    return {
        "type": "bar",
        "orientation": "h",
        "name": party(holder, lang),
        "legendgroup": holder,
        "y": [row],
        "x": [None],
        "marker": {"color": COLOURS[holder]},
    }


def _held(layers: pd.DataFrame, holder: str, lang: Lang) -> dict[str, Any]:
    """The tranches of one party; those whose size is not published hatched."""
    told = [
        [label(layer["tranche"], lang), party(layer["holder"], lang), percent(layer["attachment"]), percent(layer["detachment"])]
        for layer in layers.to_dict("records")
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "name": party(holder, lang),
        "legendgroup": holder,
        "showlegend": False,
        "y": layers["row"].tolist(),
        "base": layers["attachment"].round(6).tolist(),
        "x": layers["thickness"].round(6).tolist(),
        "customdata": told,
        "marker": {
            "color": COLOURS[holder],
            "line": {"color": "#FFFFFF", "width": 1.5},
            "pattern": {
                "shape": ["" if published else "/" for published in layers["published"]],
                "fillmode": "overlay",
                "fgcolor": "#FFFFFF",
                "fgopacity": 0.85,
                "size": 6,
                "solidity": 0.3,
            },
        },
        "width": 0.72,
        "hovertemplate": "%{y}<br>%{customdata[0]} (%{customdata[1]}) %{customdata[2]} – %{customdata[3]}<extra></extra>",
    }


def _lost(layers: pd.DataFrame, lang: Lang) -> dict[str, Any]:
    """What each tranche loses, from its lower end."""
    hit = layers[(layers["loss"] > 0.0) & (layers["size"] > 0.0)]
    lost = hit["thickness"] * hit["loss"] / hit["size"]
    told = [[label(layer["tranche"], lang), money(layer["loss"])] for layer in hit.to_dict("records")]
    return {
        "type": "bar",
        "orientation": "h",
        "name": label("loss_of_tranches", lang),
        "y": hit["row"].tolist(),
        "base": hit["attachment"].round(6).tolist(),
        "x": lost.round(6).tolist(),
        "customdata": told,
        "marker": {"color": LOST, "line": {"width": 0}},
        "width": 0.3,
        "hovertemplate": f"%{{y}}<br>%{{customdata[0]}}: {label('loss', lang)} %{{customdata[1]}} (%{{x:.2%}})<extra></extra>",
    }


def _pool(table: pd.DataFrame, rows: list[str], lang: Lang) -> dict[str, Any]:
    """The loss of the pool, which excess interest may cover in part."""
    ran = table["loss_rate"].notna()
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label("loss_rate", lang),
        "y": [row for row, shown in zip(rows, ran, strict=True) if shown],
        "x": table.loc[ran, "loss_rate"].round(6).tolist(),
        "marker": {"symbol": "diamond", "size": 9, "color": POOL, "line": {"color": "#FFFFFF", "width": 1.2}},
        "hovertemplate": f"%{{y}}<br>{label('loss_rate', lang)} %{{x:.2%}}<extra></extra>",
    }


def _upper(layers: pd.DataFrame, table: pd.DataFrame) -> float:
    """Where the axis ends: beyond the lower end of the largest tranche of every deal, and beyond every loss."""
    largest = layers.sort_values("thickness").drop_duplicates("row", keep="last")["attachment"]
    highest = float(np.nanmax(np.concatenate(([0.0], largest, table["loss_rate"]))))
    return min(1.0, max(LEAST_SHOWN, BEYOND * highest))


def _layout(rows: list[str], upper: float, lang: Lang) -> dict[str, Any]:
    return {
        "template": "none",
        "title": {
            "text": label("programme_chart", lang), "x": 0, "xanchor": "left", "xref": "container", "pad": {"l": 12},
            "font": {"size": 15},
        },
        "font": {"family": FONT, "size": 12, "color": "#1F2937"},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "barmode": "overlay",
        "hoverlabel": {"namelength": -1, "font": {"family": FONT, "size": 11}},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal", "font": {"size": 11}},
        "margin": {"l": 20, "r": 20, "t": 80, "b": 48},
        "height": 150 + ROW * len(rows),
        "xaxis": {
            "title": {"text": label("share_of_pool", lang), "standoff": 8}, "tickformat": ".0%", "range": [0, upper],
            "gridcolor": "#E5E7EB", "zeroline": True, "zerolinecolor": "#9CA3AF", "automargin": True,
        },
        "yaxis": {
            "type": "category", "categoryorder": "array", "categoryarray": rows, "autorange": "reversed", "automargin": True,
            "dtick": 1, "ticks": "outside", "ticklen": 7, "tickcolor": "#FFFFFF", "tickfont": {"size": 11},
        },
    }  # fmt: skip
