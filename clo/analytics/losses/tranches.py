"""Expected loss of tranches: three methods, one table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame, concat

from clo.analytics.losses.arguments import METHODS, accuracy_findings, attachment_findings, request
from clo.analytics.losses.binomial import binomial_losses, diversity_findings, matched_diversity
from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.extension import Extension, GroupCorrelation, Groups
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.large_pool import large_pool
from clo.analytics.losses.lattice import AnyLattice, Mixed
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.recursion import solve
from clo.findings import Finding, InputError

Method = Literal["recursion", "large_pool", "binomial"]
ROUND_OFF = 1e-14
"""A probability or an expected loss smaller than this is what floats leave of 0."""
SAME = 1e-12
"""Losses this close to an attachment do not exceed it."""
CAUTION = 10.0
"""The recursion is driven to a tenth of the accuracy asked for, because what it goes by is an estimate."""


@dataclass(frozen=True, slots=True)
class Losses:
    """At each attachment K: capped, E min(L, K), and above, P(L > K). about: how they were computed."""

    capped: Floats
    above: Floats
    about: dict[str, float]


def expected_tranche_loss(
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike,
    attachments: Sequence[float],
    *,
    correlation: ArrayLike,
    method: Method = "recursion",
    degrees: float | None = None,
    unit: float | None = None,
    accuracy: float = 1e-7,
    diversity: float | None = None,
    groups: Groups | None = None,
    group_correlation: GroupCorrelation = 0.0,
    recovery_spread: float = 0.0,
    recovery_market: float = 0.0,
) -> DataFrame:
    """One row a tranche: attach, detach, expected_loss, prob_hit = P(loss > attach), loss_given_hit.

    exposure, pd, lgd: [obligor]; pd and lgd may be one number for all, and pd [horizon, obligor], which gives each horizon its
    rows and a first column `horizon` that counts them from 1. attachments: increasing fractions of the total exposure, such as
    (0, 0.03, 0.06, 1). correlation: of asset values, one number or one for each obligor. degrees: of Student-t, None for the
    Gaussian copula. expected_loss, loss_given_hit: fractions of the tranche's size; the second is NaN where it is never hit.

    method: recursion, or the approximations large_pool and binomial. accuracy: of every expected loss by recursion, where unit
    is None. unit: the step of the loss grid in currency. diversity: the score of the binomial expansion, None to match the
    variance.

    groups: the group of each obligor, such as its industry, each with a factor of its own; group_correlation: the share of the
    variance that this has, one number, one for each obligor, or by group. recovery_spread, recovery_market: recoveries that vary
    as those of a simulation; lgd is then the mean over all scenarios.

    `.attrs` says how it was computed: nodes of the factors, the unit, the estimated error; or the diversity score.
    Warns (W-Q020) where the accuracy is not reached. Raises InputError with every bad argument. See docs/losses.md.
    """
    extension = Extension(groups, group_correlation, recovery_spread, recovery_market)
    others = [*attachment_findings(attachments), *accuracy_findings(accuracy), *diversity_findings(diversity, method)]
    others += _method_findings(method, extension)
    asked = request(exposure, pd, lgd, correlation, degrees, unit, extension, others)
    if method == "large_pool" and not all(pool.factors.market for pool in asked.pools):
        raise InputError([loss_finding("E-Q012", "no obligor is correlated with another", field="correlation")])
    points, frames, about = np.asarray(attachments, dtype=np.float64), [], []
    for pool in asked.pools:
        if method == "recursion":
            told = _recursion(pool, points, accuracy, None if unit is None else unit / asked.exposure)
        else:
            told = _large_pool(pool, points) if method == "large_pool" else _binomial(pool, points, diversity)
        frames.append(_frame(points, told))
        about.append(told.about)
    if unit is None and method == "recursion":
        _warn_if_missed([each["error"] for each in about], accuracy)
    result = frames[0]
    if asked.horizons:
        result = concat({at + 1: frame for at, frame in enumerate(frames)}, names=["horizon"]).reset_index("horizon")
        result = result.reset_index(drop=True)
    result.attrs = {"method": method} | {name: max(each[name] for each in about) for name in about[0]}
    if "unit" in result.attrs:
        result.attrs["unit"] *= asked.exposure
    return result


def _method_findings(method: str, extension: Extension) -> list[Finding]:
    if method not in METHODS:
        return [loss_finding("E-Q009", f"method = {method!r} is not known", field="method", value=str(method))]
    if method != "recursion" and extension.used:
        return [loss_finding("E-Q019", f"method {method} with groups or a recovery_spread", field="method", value=method)]
    return []


def _recursion(pool: Obligors, points: Floats, accuracy: float, unit: float | None) -> Losses:
    """The senior end is closed by the expected loss of all, which is known exactly: the grid ends at the last point below it."""
    inside = (points > 0.0) & (points < pool.most)
    chosen, thickness = points[inside], np.diff(points)

    def capped(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        values = np.where(points > 0.0, pool.mean, 0.0)
        values[inside] = chosen - lattice.shortfall(chosen) @ mixed.pmf * step
        return values

    def figures(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        return np.append(np.diff(capped(lattice, mixed, step)) / thickness, mixed.unharmed * step)

    if pool.mean == 0.0:
        return Losses(np.zeros(len(points)), np.zeros(len(points)), {"nodes": 0, "unit": 0.0, "error": 0.0})
    found = solve(pool, float(chosen.max(initial=0.0)), figures, accuracy / CAUTION, unit)
    above = np.where(points > 0.0, 0.0, 1.0 - found.mixed.unharmed * found.step)
    above[inside] = 1.0 - found.lattice.reached(chosen) @ found.mixed.pmf * found.step
    about = {"nodes": found.nodes, "unit": found.lattice.unit or 0.0, "error": found.error}
    return Losses(capped(found.lattice, found.mixed, found.step), above, about)


def _large_pool(pool: Obligors, points: Floats) -> Losses:
    found = large_pool(pool, points)
    return Losses(pool.mean - np.where(points > 0.0, found.excess, pool.mean), np.where(points > 0.0, found.above, 1.0), {})


def _binomial(pool: Obligors, points: Floats, diversity: float | None) -> Losses:
    score = matched_diversity(pool) if diversity is None else float(diversity)
    losses, pmf = binomial_losses(pool, score)
    capped = np.minimum(losses, points[:, None]) @ pmf
    above = (losses > points[:, None] + SAME) @ pmf
    return Losses(capped, above, {"diversity": score})


def _frame(points: Floats, told: Losses) -> DataFrame:
    expected = _without_round_off(np.diff(told.capped)) / np.diff(points)
    hit = _without_round_off(told.above[:-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        given = np.where(hit > 0.0, expected / hit, np.nan)
    columns = {"attach": points[:-1], "detach": points[1:], "expected_loss": expected, "prob_hit": hit, "loss_given_hit": given}
    return DataFrame(columns)


def _without_round_off(values: Floats) -> Floats:
    return np.where(np.abs(values) < ROUND_OFF, 0.0, values)


def _warn_if_missed(errors: list[float], accuracy: float) -> None:
    worst = max(errors)
    if worst > accuracy:
        finding: Finding = loss_finding(
            "W-Q020", f"an expected loss may be off by {worst:.1g}, not {accuracy:g}", field="accuracy", value=f"{accuracy:g}"
        )
        warnings.warn(str(finding), stacklevel=3)
