"""Expected loss of tranches: three methods, one table."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pandas import DataFrame, concat

from clo.analytics.losses.arguments import request
from clo.analytics.losses.binomial import binomial_losses, diversity_findings, matched_diversity
from clo.analytics.losses.codes import loss_finding
from clo.analytics.losses.extension import Extension, GroupCorrelation, Groups
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.large_pool import large_pool
from clo.analytics.losses.lattice import AnyLattice, Mixed
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.recursion import Wanted, solve
from clo.analytics.losses.settings import ACCURACY, accuracy_findings, attachment_findings, method_findings
from clo.findings import InputError

Method = Literal["recursion", "large_pool", "binomial"]
ROUND_OFF = 1e-14
"""A probability or an expected loss smaller than this is what floats leave of 0."""
SAME = 1e-12
"""Losses this close to an attachment do not exceed it."""
CAUTION = 10.0
"""The recursion is driven to a tenth of the accuracy asked for, because what it goes by is an estimate."""


@dataclass(frozen=True, slots=True)
class Losses:
    """At each attachment K: capped, E min(L, K), and above, P(L > K). about: how they were computed.

    of_grid: whether the error is that of the grid.
    """

    capped: Floats
    above: Floats
    about: dict[str, float]
    of_grid: bool = False


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
    accuracy: float | None = None,
    diversity: float | None = None,
    groups: Groups | None = None,
    group_correlation: GroupCorrelation | None = None,
    recovery_spread: float | None = None,
    recovery_market: float = 0.0,
) -> DataFrame:
    """One row a tranche: attach, detach, expected_loss, prob_hit = P(loss > attach), loss_given_hit.

    exposure, pd, lgd: [obligor]; pd and lgd may be one number for all, and pd [horizon, obligor], which gives each horizon its
    rows and a first column `horizon`: the labels of a table of pandas, or numbers from 1. attachments: increasing fractions of
    the total exposure, such as (0, 0.03, 0.06, 1). correlation: of asset values, one number or one for each obligor. degrees: of
    Student-t, None for the Gaussian copula. expected_loss, loss_given_hit: fractions of the tranche's size; the second is NaN
    where it is never hit.

    method: recursion, or the approximations large_pool and binomial. accuracy: of every expected loss by recursion, 1e-7 unless
    said. unit: the step of the loss grid in currency, None to have it chosen by accuracy. diversity: the score of the binomial
    expansion, None to match the variance.

    groups: the group of each obligor, such as its industry, each with a factor of its own; group_correlation: the share of the
    variance that this has, one number, one for each obligor, or by group. recovery_spread, recovery_market: recoveries that vary
    as those of a simulation; lgd is then the mean over all scenarios.

    `.attrs` says how it was computed: nodes of the factors, the unit, the estimated error of expected_loss, prob_hit_error, and
    loss_given_hit_error for each row; or the diversity score. Warns where the accuracy is not reached (W-Q020), or a large pool
    tells of less than nothing or more than all (W-Q036). Raises InputError with every bad argument. See docs/losses.md.
    """
    extension = Extension(groups, group_correlation, recovery_spread, recovery_market)
    others = [*attachment_findings(attachments), *accuracy_findings(accuracy), *diversity_findings(diversity, method)]
    others += method_findings(method, extension, {"unit": unit, "accuracy": accuracy})
    asked = request(exposure, pd, lgd, correlation, degrees, unit, extension, others)
    if method == "large_pool" and not all(pool.factors.market for pool in asked.pools):
        raise InputError([loss_finding("E-Q012", "no obligor is correlated with another", field="correlation")])
    points, within = np.asarray(attachments, dtype=np.float64), ACCURACY if accuracy is None else float(accuracy)
    told: list[Losses] = []
    for pool in asked.pools:
        if method == "recursion":
            told.append(_recursion(pool, points, within, None if unit is None else unit / asked.exposure))
        else:
            told.append(_large_pool(pool, points) if method == "large_pool" else _binomial(pool, points, diversity))
    frames = [_frame(points, each) for each in told]
    if method == "recursion":
        _warn_if_missed(told, within, unit)
    if method == "large_pool":
        _warn_if_impossible(frames)
    result = frames[0]
    if asked.horizons is not None:
        result = concat(frames, ignore_index=True)
        result.insert(0, "horizon", np.repeat(np.asarray(asked.horizons), len(frames[0])))
    result.attrs = {"method": method, **_about(told, frames, asked.exposure)}
    return result


def _about(told: list[Losses], frames: list[DataFrame], exposure: float) -> dict[Hashable, Any]:
    """The worst of all horizons, and for each row by how much its loss_given_hit may be off."""
    about: dict[Hashable, Any] = {name: max(each.about[name] for each in told) for name in told[0].about}
    if "error" not in about:
        return about
    about["unit"] = max(each.about["unit"] for each in told) * exposure
    errors: list[float] = []
    for each, frame in zip(told, frames, strict=True):
        hit, given = frame["prob_hit"].to_numpy(), frame["loss_given_hit"].to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            errors += np.minimum((each.about["error"] + given * each.about["prob_hit_error"]) / hit, 1.0).tolist()
    return about | {"loss_given_hit_error": tuple(errors)}


def _recursion(pool: Obligors, points: Floats, accuracy: float, unit: float | None) -> Losses:
    """The senior end is closed by the expected loss of all, which is known exactly: the grid ends at the last point below it."""
    inside = (points > 0.0) & (points < pool.most)
    chosen, thickness = points[inside], np.diff(points)

    @lru_cache(maxsize=1)
    def shortfall(lattice: AnyLattice) -> Floats:
        return lattice.shortfall(chosen)

    @lru_cache(maxsize=1)
    def reached(lattice: AnyLattice) -> Floats:
        return lattice.reached(chosen)

    def capped(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        values = np.where(points > 0.0, pool.mean, 0.0)
        values[inside] = chosen - shortfall(lattice) @ mixed.pmf * step
        return values

    def figures(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        return np.append(np.diff(capped(lattice, mixed, step)) / thickness, mixed.unharmed * step)

    def beyond(lattice: AnyLattice, mixed: Mixed, step: float) -> Floats:
        return np.asarray(1.0 - reached(lattice) @ mixed.pmf * step)

    if pool.mean == 0.0:
        about = {"nodes": 0, "unit": 0.0, "error": 0.0, "prob_hit_error": 0.0}
        return Losses(np.zeros(len(points)), np.zeros(len(points)), about)
    found = solve(pool, float(chosen.max(initial=0.0)), Wanted(figures, beyond), accuracy / CAUTION, unit)
    above = np.where(points > 0.0, 0.0, 1.0 - found.mixed.unharmed * found.step)
    above[inside] = beyond(found.lattice, found.mixed, found.step)
    lost = capped(found.lattice, found.mixed, found.step)
    if unit is not None:
        _require_possible(np.diff(lost) / thickness, accuracy)
    about = {"nodes": found.nodes, "unit": found.lattice.unit or 0.0, "error": found.error.figures}
    about["prob_hit_error"] = max(found.error.figures, found.error.beside)
    return Losses(_possible(points, lost, pool.mean), np.minimum.accumulate(np.clip(above, 0.0, 1.0)), about, found.of_grid)


def _require_possible(lost: Floats, accuracy: float) -> None:
    """Raises InputError where a tranche gains, or loses more than all of it, by more than the accuracy."""
    if lost.min() < -accuracy or lost.max() > 1.0 + accuracy:
        words = f"expected losses of tranches are then from {lost.min():.2g} to {lost.max():.2g} of them"
        raise InputError([loss_finding("E-Q031", words, field="unit")])


def _possible(points: Floats, capped: Floats, mean: float) -> Floats:
    """The nearest by which each tranche loses between nothing and all, and all together what they did."""
    within = np.clip(capped, 0.0, np.minimum(points, mean))
    rising = np.minimum.accumulate(within[::-1])[::-1]
    left = points - rising
    return np.asarray(rising + (left - np.minimum.accumulate(left[::-1])[::-1]))


def _large_pool(pool: Obligors, points: Floats) -> Losses:
    found = large_pool(pool, points)
    return Losses(
        pool.mean - np.where(points > 0.0, found.excess, pool.mean),
        np.where(points > 0.0, found.above, float(pool.mean > 0.0)),
        {},
    )


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


def _warn_if_missed(told: list[Losses], accuracy: float, unit: float | None) -> None:
    worst = max(told, key=lambda each: each.about["error"])
    if worst.about["error"] <= accuracy:
        return
    words = f"an expected loss may be off by {worst.about['error']:.1g}, not {accuracy:g}"
    if unit is not None and worst.of_grid:
        words, fix = f"{words}: the unit is coarse", "take a smaller unit, or None to have it chosen"
    elif worst.of_grid:
        words, fix = f"{words}: the loss of few obligors is jagged", "ask for less accuracy"
    else:
        words, fix = f"{words}: it changes quickly with the factors, as at correlations near 1", "ask for less accuracy"
    finding = loss_finding("W-Q020", words, field="accuracy", value=f"{accuracy:g}", fix=fix)
    warnings.warn(str(finding), stacklevel=3)


def _warn_if_impossible(frames: list[DataFrame]) -> None:
    for column in ("expected_loss", "prob_hit"):
        told = np.concatenate([frame[column].to_numpy() for frame in frames])
        beyond = np.maximum(-told, told - 1.0)
        if beyond.max() > SAME:
            value = f"{told[beyond.argmax()]:.3g}"
            warnings.warn(str(loss_finding("W-Q036", f"{column} {value} cannot be", field=column, value=value)), stacklevel=3)
