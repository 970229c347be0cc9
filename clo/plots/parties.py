"""Figures of parties: who paid whom, and who bears the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clo.analytics.checks import HALF
from clo.analytics.loss_bearers import shown_losses
from clo.analytics.parties import flow_links
from clo.labels import Lang, label, party, position, short_money, unit
from clo.plots.style import FEE_COLOUR, faint, over_dates, rounded, tranche_colours

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.study import Result

KIND_COLOURS = {
    "funding": "#0072B2", "repayment": "#4B5563", "cover": "#D55E00", "interest": "#9CA3AF", "fees": "#B8963E",
    "hedge": "#7FA8A0", "surplus": "#009E73", "other": "#CC79A7",
}  # fmt: skip
"""Of who paid whom, by kind of stream."""
POSITION_COLOURS = {"own_loans": "#6B7280", "guarantee": "#7FA8A0", "protection": "#7FA8A0", "excess_spread": "#B6BDC7"}
"""Of who bears the loss, where it is no tranche."""
SMALLEST_BAR = 1e-3
"""Of the longest: a shorter one is not drawn, and stands in the table only."""


def party_charts(result: Result) -> tuple[str, ...]:
    """Names of the charts about parties: who bears the loss only where somebody does."""
    borne = bool((result.losses_by_party["loss"].abs() >= HALF).any())
    return ("who_paid_whom", "who_bears_the_loss") if borne else ("who_paid_whom",)


def who_paid_whom(result: Result, lang: Lang = "en") -> go.Figure:
    """All that parties paid each other over the deal, by kind of stream: who pays on the left, who is paid on the right, the
    issuer between them. A large family of sub-pools is one."""
    links = flow_links(result.deal, result.parties)
    places = {place: number for number, place in enumerate(dict.fromkeys([*links["source"], *links["target"]]))}
    sums = {
        place: max(float(links.loc[links[side] == place, "amount"].sum()) for side in ("source", "target")) for place in places
    }
    words = [f"{party(name, lang)}  {short_money(sums[side, name], result.deal.currency, lang)}" for side, name in places]
    kinds = {kind: colour for kind, colour in KIND_COLOURS.items() if (links["kind"] == kind).any()}
    hover = "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>"
    told = [
        f"{label(f'kind_{kind}', lang)}: {short_money(amount, result.deal.currency, lang)}"
        for kind, amount in zip(links["kind"], links["amount"].tolist(), strict=True)
    ]
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "textfont": {"size": 12, "color": "#111827"},
        "node": {"label": words, "color": "#4B5563", "pad": 20, "thickness": 14, "hovertemplate": "%{label}<extra></extra>"},
        "link": {
            "source": [places[place] for place in links["source"]],
            "target": [places[place] for place in links["target"]],
            "value": links["amount"].tolist(),
            "color": [faint(kinds[kind], 0.55) for kind in links["kind"]],
            "customdata": told,
            "hovertemplate": hover,
        },
    }
    sides = [sum(1 for side, _ in places if side == which) for which in ("payer", "payee")]
    legend = "   ".join(f'<span style="color:{colour}">■</span> {label(f"kind_{kind}", lang)}' for kind, colour in kinds.items())
    note = {
        "text": legend,
        "x": 0,
        "y": 0,
        "xref": "paper",
        "yref": "paper",
        "yshift": -34,
        "xanchor": "left",
        "showarrow": False,
    }
    chart = over_dates([trace], label("chart_who_paid_whom", lang), "")
    layout = {"annotations": [note], "height": 220 + 44 * max(sides), "margin": {"l": 16, "r": 16, "t": 48, "b": 56}}
    return chart.update_layout(**layout).update_xaxes(visible=False).update_yaxes(visible=False)


def who_bears_the_loss(result: Result, lang: Lang = "en") -> go.Figure:
    """A bar for each who bears some of the loss, and what: amounts and shares of the loss of the pool."""
    frame = shown_losses(result)
    frame = frame[frame["loss"].abs() >= max(HALF, SMALLEST_BAR * frame["loss"].abs().max())]
    scale = unit(float(frame["loss"].abs().max()), result.deal.currency, lang)
    colours = tranche_colours(result.deal)
    names = [f"{party(who, lang)}: {position(what, lang)}" for who, what in frame[["party", "position"]].to_numpy()]
    amounts = rounded(frame["loss"] / scale.divisor)
    text = [f"{amount:,.2f} ({share:.1%})" for amount, share in zip(amounts, frame["share"], strict=True)]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": amounts,
        "y": names,
        "marker": {"color": [colours.get(what, POSITION_COLOURS.get(what, FEE_COLOUR)) for what in frame["position"]]},
        "text": text,
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": f"%{{y}}: %{{x:,.2f}} {scale.name}<extra></extra>",
    }
    chart = over_dates([trace], label("chart_who_bears_the_loss", lang), "")
    lowest, highest = min(0.0, float(amounts.min())), max(0.0, float(amounts.max()))
    room = 0.22 * (highest - lowest)
    chart.update_layout(height=130 + 34 * len(frame), hovermode="closest", bargap=0.3)
    axis = {"type": "linear", "range": [lowest - room * (lowest < 0.0), highest + room], "tickformat": ","}
    chart.update_xaxes(**axis, title={"text": f"{label('loss', lang)} ({scale.name})"}, zeroline=True, zerolinecolor="#9CA3AF")
    return chart.update_yaxes(autorange="reversed", title=None, zeroline=False, showgrid=False, ticksuffix="  ")
