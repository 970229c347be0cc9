"""What a user should know of a run of swaps: a loss that no note bears, and too few large names that a tranche can stand."""

from __future__ import annotations

from collections.abc import Iterator

from clo.analytics.checks import HALF
from clo.analytics.large_names import stated_recovery
from clo.analytics.run import Run
from clo.findings import Finding

SMALLEST = 1e-4
"""Share of the pool below which a gap is what rounding a share to a hundredth of a percent leaves."""


def swap_warnings(run: Run) -> Iterator[Finding]:
    """Findings about the terms, as far as the loans bear them out."""
    yield from _gap(run)
    yield from _few_names(run)


def _gap(run: Run) -> Iterator[Finding]:
    """Between the notes and the deductibles."""
    swap, pool = run.deal.swap, run.flows.parameter("pool.initial")
    kept = None if swap is None else swap.deductible.first_loss(pool)
    if swap is None or kept is None:
        return
    uncovered = pool - kept - sum(run.flows.parameter(f"{name}.size") for name in run.deal.tranches)
    if uncovered > max(HALF, 0.0 if swap.deductible.amounts is not None else SMALLEST * pool):
        message = (
            f"notes and deductibles leave {uncovered:,.0f} of the pool that neither bears: the corporation pays that loss itself"
        )
        fix = "raise the notes or the deductibles, or leave it to the corporation"
        yield run.deal.origin.finding("W-R220", "swap.deductible", message, fix, rule="notes and deductibles are the pool")


def _few_names(run: Run) -> Iterator[Finding]:
    """Fewer large names than the deal requires."""
    if run.deal.large_names is None or run.large_names is None:
        return
    for row in run.large_names[~run.large_names["enough"]].itertuples():
        message = (
            f"{row.tranche!r} loses once more than {row.names} of the largest borrowers default at"
            f" {stated_recovery(run.deal):.0%} recovery; the deal requires {row.least_names:.0f}"
        )
        path, fix = f"large_names.required.{row.tranche}", "add credit enhancement below it, or lend the largest less"
        yield run.deal.origin.finding("W-R221", path, message, fix, value=str(row.names))
