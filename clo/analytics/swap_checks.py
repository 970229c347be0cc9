"""What must hold of the swaps of a run: what the frame counts from defaults agrees with what the steps computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clo.analytics.run import Run


def residuals(run: Run) -> Iterator[tuple[str, float]]:
    """Name and largest residual of each check, in the deal's currency; none without a swap."""
    frame = run.swaps
    if frame is None:
        return
    before = frame.groupby("institution", sort=False)[["in_grace", "under_determination", "unsettled"]].shift(fill_value=0.0)
    on_the_way = before["in_grace"] + before["under_determination"] + frame["notified"] - frame["confirmed"]
    apart = on_the_way - frame["in_grace"] - frame["under_determination"]
    yield "swaps: opening + notified - confirmed = in grace and under determination", _largest(apart)
    apart = before["unsettled"] + frame["confirmed"] - frame["settled"] - frame["unsettled"]
    yield "swaps: opening + confirmed - settled = unsettled", _largest(apart)
    yield "swaps: loss = deductible used + passed on", _largest(frame["loss"] - frame["deductible_used"] - frame["passed_on"])
    left = frame["deductible_opening"] - frame["deductible_fallen"] - frame["deductible_used"] - frame["deductible_unused"]
    yield "swaps: deductible opening - fallen - used = unused", _largest(left)
    outstanding = np.stack([run.flows.value(f"{name}.balance") for name in run.deal.pools], axis=1).ravel()
    apart = frame["reference_balance"] - outstanding - frame["in_grace"] - frame["under_determination"]
    yield "swaps: reference balance = loans and events not confirmed", _largest(apart)
    passed = frame.groupby("payment_date", sort=False)["passed_on"].sum().to_numpy() - run.flows.value("passed_on")
    yield "swaps: passed on by institutions = passed on to the issuer", _largest(passed)


def _largest(values: object) -> float:
    return float(np.abs(np.asarray(values, dtype=np.float64)).max(initial=0.0))
