"""Figures of a run by date: balances, cash flows, credit enhancement, cumulative default and recovery, arrears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clo.analytics.enhancement import credit_enhancement
from clo.behaviour.arrears import BUCKETS
from clo.deal.expansion import placed_steps
from clo.deal.terms import Settle
from clo.labels import Lang, Unit, label, unit
from clo.plots.style import FEE_COLOUR, POOL_COLOUR, over_dates, rounded, tranche_colours

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.study import Result

FLOW_COLOURS = {"interest": "#B6BDC7", "scheduled_principal": "#6B7280", "prepayment": "#2F3640", "recovery": "#A97BD1"}
CONTRACT_COLOUR = "#7FA8A0"
DEFAULT_COLOUR, RECOVERY_COLOUR = "#D55E00", "#009E73"
LOWEST_SHOWN = -0.25
"""The enhancement axis ends here: at the very end of a deal the ratio to an almost empty pool runs off to minus infinity."""
CHARTS = ("balances", "flows", "enhancement", "losses")
"""Charts of every run."""
ARREARS_COLOURS = ("#FDE3B3", "#FBC46D", "#F39C3D", "#E0762A", "#C4521F", "#9E3518", "#6E1F12")
"""From just late to 180 days and more."""


def charts(result: Result) -> tuple[str, ...]:
    """Names of the charts of a run: arrears only where there are any."""
    return (*CHARTS, "arrears") if result.pool["arrears"].any() else CHARTS


def balances(result: Result, lang: Lang = "en") -> go.Figure:
    """Tranche balances after each payment, stacked with the most senior on top, and the pool balance as a line."""
    days = _days(result)
    wide = _wide(result.tranches, "tranche", "closing", result)
    opening = _wide(result.tranches, "tranche", "opening", result).iloc[0]
    pool = result.pool.groupby("period_end", sort=True)[["opening", "closing"]].sum()
    scale = unit(float(max(opening.sum(), pool["opening"].iloc[0])), result.deal.currency, lang)
    dates = [_iso(result.timeline.closing), *days]
    traces = [
        _line(label(name, lang), dates, np.append(opening[name], wide[name]), scale, colour=colour, shape="hv")
        | {"stackgroup": "notes", "line": {"width": 0.5, "shape": "hv", "color": colour}, "fillcolor": colour}
        for name, colour in reversed(tranche_colours(result.deal).items())
    ]
    pool_dates = [_iso(result.timeline.cutoff), *map(_iso, pool.index)]
    pool_line = np.append(pool["opening"].iloc[0], pool["closing"])
    traces.append(_line(label("pool_balance", lang), pool_dates, pool_line, scale, colour=POOL_COLOUR, dash="dot"))
    return over_dates(traces, label("chart_balances", lang), f"{label('balance', lang)} ({scale.name})")


def flows(result: Result, lang: Lang = "en") -> go.Figure:
    """Bars above the line: the pool's cash of each collection period; below: fees and what each tranche was paid.

    What contracts bring in stands above, what is paid under them below.
    """
    days = _days(result)
    collected = _collected(result)
    paid_interest = _wide(result.tranches, "tranche", "interest_paid", result)
    paid_principal = _wide(result.tranches, "tranche", "principal_paid", result)
    fees = _per_date(result.fees, "paid", result)
    received, settled = (_contracts(result, inward=inward) for inward in (True, False))
    most = max(float(collected.sum(axis=1).max()), float(received.max()), float(paid_principal.sum(axis=1).max()))
    scale = unit(most, result.deal.currency, lang)
    traces = [
        _bar(f"{label('pool', lang)}: {label(name, lang).lower()}", days, collected[name], scale, colour)
        for name, colour in FLOW_COLOURS.items()
        if collected[name].any()
    ]
    for words, amounts in (("contracts_in", received), ("contracts_out", -settled)):
        if amounts.any():
            traces.append(_bar(label(words, lang), days, amounts, scale, CONTRACT_COLOUR))
    if fees.any():
        traces.append(_bar(label("fees", lang), days, -fees, scale, FEE_COLOUR))
    for name, colour in tranche_colours(result.deal).items():
        for kind, frame, opacity in (("interest", paid_interest, 0.45), ("principal", paid_principal, 1.0)):
            if frame[name].any():
                words = f"{label(name, lang)}{'・' if lang == 'ja' else ' '}{label(kind, lang).lower()}"
                traces.append(_bar(words, days, -frame[name], scale, colour) | {"opacity": opacity})
    chart = over_dates(traces, label("chart_flows", lang), f"{label('cash', lang)} ({scale.name})")
    return chart.update_layout(barmode="relative", bargap=0.15)


def enhancement(result: Result, lang: Lang = "en") -> go.Figure:
    """Credit enhancement of every tranche after each payment; dotted with the reserve, where there is one."""
    frame = enhancement_of(result)
    traces = []
    for name, colour in tranche_colours(result.deal).items():
        chosen = frame[frame["tranche"] == name]
        days = [_iso(day) for day in chosen["payment_date"]]
        plain, funded = chosen["enhancement"].to_numpy(), chosen["with_reserve"].to_numpy()
        traces.append(_line(label(name, lang), days, plain, None, colour=colour))
        if np.nanmax(np.append(funded - plain, 0.0)) > 1e-4:
            words = f"{label(name, lang)} ({label('with_reserve', lang).lower()})"
            traces.append(_line(words, days, funded, None, colour=colour, dash="dot"))
    chart = over_dates(traces, label("chart_enhancement", lang), label("enhancement", lang))
    lowest = float(np.nanmin(np.append(frame["enhancement"], 0.0)))
    return chart.update_yaxes(tickformat=".0%", range=[max(lowest - 0.02, LOWEST_SHOWN), 1.02])


def losses_by_date(result: Result, lang: Lang = "en") -> go.Figure:
    """Cumulative default and recovery of the pool, as shares of the cut-off balance; hover gives the amount."""
    monthly = result.pool.groupby("period_end", sort=True)[["opening", "default", "recovery"]].sum()
    initial = float(monthly["opening"].iloc[0])
    scale = unit(initial / 10, result.deal.currency, lang)
    days = [_iso(day) for day in monthly.index]
    traces = []
    for key, column, colour in (
        ("cumulative_default", "default", DEFAULT_COLOUR),
        ("cumulative_recovery", "recovery", RECOVERY_COLOUR),
    ):
        total = monthly[column].cumsum().to_numpy(np.float64)
        trace = _line(label(key, lang), days, total / initial, None, colour=colour)
        hover = f"%{{fullData.name}}: %{{y:.2%}} (%{{customdata:,.2f}} {scale.name})<extra></extra>"
        traces.append(trace | {"customdata": rounded(total / scale.divisor), "hovertemplate": hover})
    chart = over_dates(traces, label("chart_losses", lang), label("share_of_cutoff", lang))
    return chart.update_yaxes(tickformat=".1%", rangemode="tozero")


def arrears(result: Result, lang: Lang = "en") -> go.Figure:
    """Balance of loans that are behind as a share of the cut-off balance, by how far behind where roll rates tell."""
    pool = result.pool.groupby("period_end", sort=True)[["opening", "arrears"]].sum()
    days, initial = [_iso(day) for day in pool.index], float(pool["opening"].iloc[0])
    behind = {label("arrears", lang): pool["arrears"].to_numpy()}
    if result.states is not None:
        states = result.states.pivot_table(index="period_end", columns="state", values="balance", aggfunc="sum", observed=True)
        behind = {label(bucket, lang): states[bucket].to_numpy() for bucket in BUCKETS[1:]}
    traces = [
        _line(name, days, balance / initial, None, colour=colour)
        | {"stackgroup": "arrears", "line": {"width": 0.5, "color": colour}, "fillcolor": colour}
        for (name, balance), colour in zip(behind.items(), ARREARS_COLOURS, strict=False)
    ]
    figure = over_dates(traces, label("chart_arrears", lang), label("share_of_cutoff", lang))
    return figure.update_yaxes(tickformat=".1%")


def enhancement_of(result: Result) -> pd.DataFrame:
    """Credit enhancement through time of a run; accounts with a target count as reserves."""
    return credit_enhancement(
        result.tranches,
        result.pool,
        result.accounts,
        payment_dates=result.timeline.payment_dates,
        determination_dates=result.timeline.determination_dates,
        order=tuple(result.deal.tranches),
        reserves=tuple(name for name, account in result.deal.accounts.items() if account.target is not None),
    )


def _line(
    name: str, days: list[str], values: Any, scale: Unit | None, *, colour: str, shape: str = "linear", dash: str = "solid"
) -> dict[str, Any]:
    shown = "%{y:.2%}" if scale is None else f"%{{y:,.2f}} {scale.name}"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": days,
        "y": rounded(np.asarray(values, dtype=np.float64) / (1.0 if scale is None else scale.divisor)),
        "line": {"color": colour, "width": 2, "shape": shape, "dash": dash},
        "hovertemplate": f"%{{fullData.name}}: {shown}<extra></extra>",
    }


def _bar(name: str, days: list[str], values: Any, scale: Unit, colour: str) -> dict[str, Any]:
    amounts = rounded(np.asarray(values, dtype=np.float64) / scale.divisor)
    return {
        "type": "bar",
        "name": name,
        "x": days,
        "y": amounts,
        "customdata": np.abs(amounts),
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": f"%{{fullData.name}}: %{{customdata:,.2f}} {scale.name}<extra></extra>",
    }


def _iso(day: Any) -> str:
    return str(pd.Timestamp(day).date())


def _days(result: Result) -> list[str]:
    return [_iso(day) for day in result.timeline.payment_dates]


def _wide(frame: pd.DataFrame, name: str, column: str, result: Result) -> pd.DataFrame:
    """One row per payment date, one column per tranche in the deal's order; 0 where there is no row."""
    wide = frame.pivot_table(index="payment_date", columns=name, values=column, aggfunc="sum", observed=True)
    wide.index = pd.DatetimeIndex(wide.index)
    dates = pd.DatetimeIndex(result.timeline.payment_dates)
    return wide.reindex(index=dates, columns=list(result.deal.tranches)).fillna(0.0)


def _per_date(frame: pd.DataFrame, column: str, result: Result) -> pd.Series[float]:
    total = frame.groupby("payment_date")[column].sum()
    total.index = pd.DatetimeIndex(total.index)
    return total.reindex(pd.DatetimeIndex(result.timeline.payment_dates)).fillna(0.0)


def _contracts(result: Result, *, inward: bool) -> pd.Series[float]:
    """What contracts brought the issuer on each payment date, or what it paid under them."""
    steps = [placed.step for placed in placed_steps(result.deal)]
    names = {f"{step.to}.{step.paid_as}" for step in steps if isinstance(step, Settle)}
    frame, side = result.parties, "payee" if inward else "payer"
    return _per_date(frame[frame["stream"].isin(names) & (frame[side] == "issuer")], "amount", result)


def _collected(result: Result) -> pd.DataFrame:
    """The cash that the deal collects of the months behind each payment date: none of loans that others keep."""
    own = [not result.deal.pools[name].reference for name in result.pool_flows.groups]
    monthly = np.stack([result.pool_flows.collected(name)[own, :, 0].sum(axis=0) for name in FLOW_COLOURS], axis=1)
    cumulative = np.vstack((np.zeros(len(FLOW_COLOURS)), monthly.cumsum(axis=0)))
    first = np.asarray(result.timeline.first_month)
    return pd.DataFrame(cumulative[first[1:]] - cumulative[first[:-1]], columns=list(FLOW_COLOURS))
