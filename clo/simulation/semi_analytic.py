"""The default model of a deal's simulation for the semi-analytic loss: what tranches lose if losses are only allocated."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.enhancement import attachment_points
from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.tranches import expected_tranche_loss
from clo.behaviour.joint import JointDefaults
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from clo.findings import Finding, InputError, has_errors
from clo.scenarios.model import DefaultModel, default_model
from clo.simulation.control import defaulted_by
from clo.simulation.staging import assumptions_of
from clo.study.pools import resolve_pools
from clo.tape.batches import AnyLoans
from clo.tape.loans import Loans
from clo.timeline import as_days
from clo.waterfall.binding import tranche_sizes

MOST_YEARS = 100.0
APART = 1e-12
"""Correlations of factors below this are round-off."""


def loss_inputs(
    deal: Deal,
    years: float | Sequence[float],
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    *,
    simulation: Mapping[str, Any] | JointDefaults | None = None,
) -> dict[str, Any]:
    """The keywords of `clo.expected_tranche_loss` (but attachments) and `clo.loss_distribution` for a deal and its loans.

    exposure: balance at cut-off by obligor; pd: of default within so many years, a row for each of several; lgd, correlation,
    degrees, groups with their correlation and recoveries as the deal's `simulation:` says, whose fields `simulation` replaces.
    Raises DealError, TapeError or InputError with every finding: a model whose groups are not independent given the market is
    refused (E-Q024). Warns of loans without an obligor, and of groups and factors in which there is nobody.
    """
    return _inputs(deal, years, loans, simulation)[0]


def tranche_losses(
    deal: Deal,
    years: float | Sequence[float],
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    *,
    simulation: Mapping[str, Any] | JointDefaults | None = None,
    accuracy: float = 1e-7,
) -> pd.DataFrame:
    """What each tranche loses within so many years under the deal's `simulation:`, if the deal did nothing but allocate losses.

    Senior first, a block of rows for each of `years`: years, tranche, then the columns of `clo.expected_tranche_loss`. Balances
    are those at cut-off and losses come from the most junior tranche up: no repayment, income, trigger or guarantee. Tranches
    of no size are left out. Raises and warns as `loss_inputs`, and where the tranches exceed the pool (E-Q025).
    """
    inputs, balances = _inputs(deal, years, loans, simulation)
    sizes, pool = tranche_sizes(spelled_out(deal), balances), sum(balances.values())
    if sum(sizes.values()) > pool * (1.0 + APART):
        message = f"tranches of {sum(sizes.values()):,.0f} stand on a pool of {pool:,.0f}"
        raise InputError([loss_finding("E-Q025", message, field="tranches", value=f"{sum(sizes.values()):,.0f}")])
    held = {name: size for name, size in sizes.items() if size > 0.0}
    points = attachment_points(list(held.values()), pool)
    inputs["pd"] = np.atleast_2d(inputs["pd"])
    told = expected_tranche_loss(attachments=[*(each for each, _ in points[::-1]), 1.0], accuracy=accuracy, **inputs)
    frame = told.set_axis(np.tile(list(held)[::-1], len(inputs["pd"])), axis=0).rename_axis("tranche").reset_index()
    frame.insert(0, "years", np.repeat(np.atleast_1d(np.asarray(years, dtype=np.float64)), len(held)))
    frame = frame.drop(columns="horizon").iloc[::-1].sort_values("years", kind="stable")
    errors = told.attrs["loss_given_hit_error"]
    frame.attrs = told.attrs | {"loss_given_hit_error": tuple(errors[row] for row in frame.index)}
    return frame.reset_index(drop=True)


def _inputs(
    deal: Deal,
    years: float | Sequence[float],
    loans: AnyLoans | Mapping[str, AnyLoans] | None,
    simulation: Mapping[str, Any] | JointDefaults | None,
) -> tuple[dict[str, Any], dict[str, float]]:
    """The keywords, and the balance of each sub-pool."""
    if not isinstance(deal, Deal):
        raise TypeError(f"the first argument is a Deal, not {type(deal).__name__}: clo.load_deal(path)")
    joint, months = assumptions_of(deal, simulation), _months(years)
    chosen = resolve_pools(spelled_out(deal), loans).loans
    pools = {name: each if isinstance(each, Loans) else each.loans() for name, each in chosen.items()}
    model, findings = default_model(pools, joint, int(months.max()), as_days([deal.dates.cutoff])[0])
    if model is not None:
        findings = [*findings, *_entangled(model)]
    if model is None or has_errors(findings):
        raise InputError(findings)
    for finding in findings:
        warnings.warn(str(finding), stacklevel=3)
    owed = np.zeros(len(model.names))
    for name, owner in model.of_loan.items():
        balance = pools[name].column("current_balance")
        owed += np.bincount(owner, weights=balance[balance != 0.0], minlength=len(owed))
    pds = defaulted_by(model)[:, months - 1].T
    inputs: dict[str, Any] = {
        "exposure": pd.Series(owed, index=list(model.names)), "pd": pds if np.ndim(years) else pds[0],
        "lgd": 1.0 - model.recovery, "correlation": np.square(model.weight[:, 0])[model.sector], "degrees": model.degrees,
        **_groups(model),
    }  # fmt: skip
    if joint.recovery is not None:
        inputs |= {"recovery_spread": joint.recovery.spread, "recovery_market": joint.recovery.market}
    return inputs, {name: each.balance for name, each in pools.items()}


def _months(years: float | Sequence[float]) -> NDArray[np.int64]:
    """Raises InputError where the horizons are not whole months."""
    try:
        given = np.atleast_1d(np.asarray(years, dtype=np.float64))
    except (TypeError, ValueError):
        given = np.full(1, np.nan)
    months = np.rint(12.0 * np.where(np.isfinite(given), given, 0.0))
    good = (given > 0.0) & (given <= MOST_YEARS) & (np.abs(12.0 * given - months) < 1e-6)
    if given.ndim != 1 or not len(given) or not good.all() or bool((np.diff(given) <= 0.0).any()):
        raise InputError([loss_finding("E-Q023", f"years = {years!r} is not usable", field="years", value=str(years))])
    return months.astype(np.int64)


def _groups(model: DefaultModel) -> dict[str, Any]:
    """The group of each obligor and the share of its factor; an obligor without one is in a group of the market's, with none."""
    if model.weight.shape[1] < 2 or not (model.weight[:, 1:] > 0.0).any():
        return {}
    at = 1 + model.weight[:, 1:].argmax(axis=1)
    rows = np.arange(len(at))
    bears = model.weight[rows, at] > 0.0
    factor = np.where(bears, model.index[rows, at], 0)
    groups = [model.factors[each] for each in factor[model.sector]]
    return {"groups": groups, "group_correlation": np.where(bears, np.square(model.weight[rows, at]), 0.0)[model.sector]}


def _entangled(model: DefaultModel) -> list[Finding]:
    """Factors that leave no groups independent of each other given the market."""
    found = []
    several = (model.weight[:, 1:] > 0.0).sum(axis=1) > 1
    if several.any():
        names = [model.factors[each] for each in model.index[int(np.flatnonzero(several)[0]), 1:]]
        message = f"some obligors answer to {' and to '.join(names)}, beside the market"
        found.append(loss_finding("E-Q024", message, field="simulation.correlation"))
    if model.root is not None:
        used = np.unique(model.index[model.weight > 0.0])
        together = (model.root @ model.root.T)[np.ix_(used, used)]
        pairs = np.argwhere(np.triu(np.abs(together) > APART, 1))
        if len(pairs):
            names = [model.factors[used[each]] for each in pairs[0]]
            message = f"the factors of {' and '.join(names)} are correlated"
            found.append(loss_finding("E-Q024", message, field="simulation.between"))
    return found
