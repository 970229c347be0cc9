"""What must hold of every run: cash and balances that roll forward, figures that match, assertions that are true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from clo.analytics import parties, swap_checks
from clo.analytics.figures import months_between, pool_figures
from clo.analytics.run import Run
from clo.deal.backing import PLAIN, backing
from clo.deal.terms import Deal
from clo.pool.flows import CASH, Flow
from clo.tape.batches import AnyLoans
from clo.waterfall.allocation import LEAK, WHOLE

BREACHES = "every amount is a number, 0 or more"
"""The check of breaches, each of which is told as a finding of its own."""
HALF = 0.5
"""Of a currency unit: amounts closer than that are the same."""


def run_checks(run: Run) -> pd.DataFrame:
    """check, largest_residual (in the deal's currency, or a count), ok."""
    rows = [*_cash(run), *_rolls(run), *figure_checks(run.deal, run.pools), *_assertions(run)]
    return pd.DataFrame(rows, columns=["check", "largest_residual", "ok"])


Row = tuple[str, float, bool]


def _within(name: str, residual: float, tolerance: float) -> Row:
    return name, residual, bool(residual <= tolerance)


def _below(values: object) -> float:
    """How far the lowest value is below 0, or 0; not a number where one is not."""
    return float((-np.asarray(values, dtype=np.float64)).max(initial=0.0)) + 0.0  # -0.0 reads as a shortfall


def _largest(values: object) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(np.abs(array).max()) if array.size else 0.0


def _cash(run: Run) -> Iterator[Row]:
    tolerance = LEAK * run.flows.parameter("pool.initial")
    yield _within("cash in - cash out = change in cash", _largest(run.flows.leak[:1]), tolerance)
    breaches = float((run.flows.breach[0, :1] >= 0).sum())
    yield _within(BREACHES, breaches, 0.0)
    for name, residual in parties.residuals(run):
        yield _within(name, residual, LEAK * parties.turnover(run))
    for name, residual in swap_checks.residuals(run):
        yield _within(name, residual, LEAK * parties.turnover(run))
    collected = run.ledger.loc[run.ledger["from"] == "obligors", "amount"].sum()
    kept = [name for name, terms in run.deal.pools.items() if terms.reference]
    pool = run.pool[~run.pool["group"].isin(kept)].sum(numeric_only=True)
    from_pool = sum(sign * pool[flow.name] for flow, sign in CASH) - pool["commingling_loss"]
    yield _within("all the pool's cash is collected", abs(collected - from_pool), tolerance)
    if run.deal.rounding != "none":
        paid_out = run.ledger[~run.ledger["to"].isin(run.deal.accounts) & (run.ledger["step"] > 0)]["amount"]  # not at closing
        yield _within("every payment is in whole currency units", _largest(paid_out - paid_out.round()), 0.0)


def _rolls(run: Run) -> Iterator[Row]:
    tolerance = LEAK * run.flows.parameter("pool.initial")
    accounts, tranches, pool = run.accounts, run.tranches, run.pool
    rolled = accounts["opening"] + accounts["inflow"] - accounts["outflow"] - accounts["closing"]
    yield _within("accounts: opening + inflow - outflow = closing", _largest(rolled), tolerance)
    overdrawn = WHOLE if run.deal.rounding != "none" else tolerance  # what paying a whole unit may overdraw an account by
    yield _within("accounts never below 0", _below(accounts["closing"]), overdrawn)
    rolled = (
        tranches["opening"] + tranches["capitalised"] + tranches["writeup"] - tranches["principal_paid"] - tranches["writedown"]
    )
    yield _within("tranches: opening - principal - write-down = closing", _largest(rolled - tranches["closing"]), tolerance)
    yield _within("tranches never below 0", _below(tranches["closing"]), 0.0)
    sizes = sum(run.flows.parameter(f"{name}.size") for name in run.deal.tranches)
    initial = {name: run.flows.parameter(f"{name}.initial") for name in run.deal.pools}
    backed = backing(run.deal, run.flows.parameter("pool.initial"), initial)
    what = "pool" if run.deal.backing == PLAIN else "backing"
    yield _within(f"tranches: sizes = {what}", abs(sizes - backed), tolerance)
    flows = [_below(pool[flow.name]) for flow in Flow]
    yield _within("no flow of the pool below 0", max(flows, key=lambda low: (np.isnan(low), low)), tolerance)
    before = tranches.groupby("tranche", sort=False)["interest_unpaid"].shift(fill_value=0.0)
    taken = tranches["interest_paid"] + tranches["capitalised"]
    rolled = before + tranches["interest_due"] - taken - tranches["interest_unpaid"]
    yield _within("interest: carried + due - paid = unpaid", _largest(rolled), tolerance)
    yield from _others_roll(run, tolerance)
    into = pool["opening"] + pool["drawing"] + pool["substitution"] + pool["bought"]
    out = pool["default"] + pool["scheduled_principal"] + pool["prepayment"] + pool["repurchase"] + pool["sold"]
    yield _within("pool: opening + in - out = closing", _largest(into - out - pool["closing"]), tolerance)
    groups = pool.groupby("group", sort=False)
    apart = groups["closing"].shift() - pool["opening"]
    later = groups.cumcount() > 0
    yield _within("pool: each month opens as the last one closed", _largest(apart[later]), tolerance)


def _others_roll(run: Run, tolerance: float) -> Iterator[Row]:
    """Facilities, hedges and ledgers, where the deal has them."""
    if run.deal.facilities:
        frame = run.facilities
        rolled = frame["opening"] + frame["drawn"] - frame["repaid"] - frame["closing"]
        yield _within("facilities: opening + drawn - repaid = closing", _largest(rolled), tolerance)
    if run.deal.ledgers:
        frame = run.ledgers
        rolled = frame["opening"] + frame["debited"] - frame["credited"] - frame["closing"]
        yield _within("ledgers: opening + debited - credited = closing", _largest(rolled), tolerance)
        yield _within("ledgers never below 0", _below(frame["closing"]), tolerance)
    if run.deal.hedges:
        frame = run.hedges
        before = frame.groupby("hedge", sort=False)[["unpaid", "receivable"]].shift(fill_value=0.0)
        rolled = before["unpaid"] + frame["due"] - frame["paid"] - frame["unpaid"]
        yield _within("hedges: carried + due - paid = unpaid", _largest(rolled), tolerance)
        rolled = before["receivable"] + frame["accrued"] - frame["received"] - frame["receivable"]
        lasting = frame["hedge"].isin([name for name, hedge in run.deal.hedges.items() if hedge.terminated is None])
        yield _within("hedges: carried + coming in - received = receivable", _largest(rolled[lasting]), tolerance)


def figure_checks(deal: Deal, pools: Mapping[str, AnyLoans]) -> Iterator[Row]:
    """The tape against the published row; institutions exclude the corporation itself."""
    figures = deal.figures
    if figures is None:
        return
    found = pool_figures(deal, pools)
    if figures.obligors is not None:
        yield _within("figures: obligors as published", abs(found.obligors - figures.obligors), 0.0)
    if figures.amount is not None:
        yield _within("figures: amount as published", abs(found.amount - figures.amount), HALF)
    yield _within("figures: month as published", abs(months_between(figures.month, deal.dates.closing)), 0.0)
    if figures.institutions is not None:
        yield _within("figures: institutions as published", abs(found.institutions - figures.institutions), 0.0)


def _assertions(run: Run) -> Iterator[Row]:
    """The deal's assertions about the scenario that was run; a changed scenario is another one."""
    for assertion, slot in zip(run.deal.assertions, run.flows.program.symbols.assertions, strict=True):
        if assertion.scenario == run.scenario_name and not run.overridden:
            holds = bool(run.flows.slot(slot)[assertion.after_payment - 1] == 1.0)
            yield f"assertion after payment {assertion.after_payment}: {assertion.that}", 0.0 if holds else 1.0, holds
