"""Figures, drawn by plotly: of a run here; of loss distributions in `losses`, of simulations in `simulations`, of their samples
in `samples`, of convergence and calibrations in `scenarios`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clo.labels import Lang
from clo.plots.parties import party_charts, who_bears_the_loss, who_paid_whom
from clo.plots.runs import CHARTS, arrears, balances, charts, enhancement, enhancement_of, flows, losses_by_date
from clo.plots.style import tranche_colours

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.study import Result

__all__ = ["CHARTS", "charts", "enhancement_of", "figure", "party_charts", "tranche_colours"]
DRAWN = {
    "balances": balances,
    "flows": flows,
    "enhancement": enhancement,
    "losses": losses_by_date,
    "arrears": arrears,
    "who_paid_whom": who_paid_whom,
    "who_bears_the_loss": who_bears_the_loss,
}
"""Figures of a run by name."""


def figure(result: Result, chart: str, lang: Lang = "en") -> go.Figure:
    """The figure by name, one of those of `charts` or `party_charts`."""
    return DRAWN[chart](result, lang)
