"""A simulation as a notebook shows it: losses as per cent, sizes as money."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from clo.labels import fine_percent, label, money, number

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

SHOWN: dict[str, Callable[[Any], str]] = {
    "tranche": label, "original": money, "expected_loss": fine_percent, "standard_error": fine_percent, "lower": fine_percent,
    "upper": fine_percent, "prob_loss": fine_percent, "var_999": fine_percent, "es_999": fine_percent, "wal_mean": number,
}  # fmt: skip
"""Columns, and how each is written."""


def as_html(simulation: Simulation) -> str:
    """What was simulated, the tranches, and what a user should know."""
    told = simulation.tranches.assign(original=simulation.tally.sizes)
    frame = pd.DataFrame({label(name): [write(value) for value in told[name].tolist()] for name, write in SHOWN.items()})
    draws = simulation.engine.draws
    said = f"{simulation.scenarios:,} scenarios, {label(draws.method)}, seed {draws.seed}"
    state = "" if simulation.ok else f", <b>{escape(label('simulation_not_ok'))}</b>"
    findings = "".join(f"<li><code>{each.code}</code> {escape(each.message)}</li>" for each in simulation.findings)
    head = f"<p><b>{escape(simulation.quiet.deal.name)}</b>: {escape(said)}{state} ({simulation.quiet.deal.currency})</p>"
    return head + frame.to_html(index=False, justify="right") + (f"<ul>{findings}</ul>" if findings else "")
