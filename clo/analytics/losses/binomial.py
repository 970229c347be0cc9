"""The binomial expansion: a pool as so many equal, independent obligors, its diversity score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from clo.analytics.losses.codes import loss_finding, obligor_finding
from clo.analytics.losses.factors import Floats
from clo.analytics.losses.moments import moments
from clo.analytics.losses.pool import Obligors
from clo.analytics.losses.reading import Names, called, is_blank, names_of, numbers_of, order_findings
from clo.findings import Finding, InputError
from clo.quantities import is_number

MOST = 1_000_000
"""Obligors of a binomial expansion: its losses and probabilities are held one by one."""
FLOOR = 1e-9
"""A score so close below a whole number is that number."""
TABLE = ((0.0, 0.0), (1.0, 1.0), (2.0, 1.5), (3.0, 2.0), (4.0, 7 / 3), (5.0, 8 / 3), (6.0, 3.0), (7.0, 3.25), (8.0, 3.5),
         (9.0, 3.75), (10.0, 4.0), (20.0, 5.0))  # fmt: skip
"""Moody's industry diversity score of whole numbers of equal obligors; linear between them, and told in steps of 0.1."""


def matched_diversity(pool: Obligors) -> float:
    """The number of equal, independent obligors whose loss has this pool's mean and variance, 1 at least.

    Raises InputError (E-Q035) where it is above 1,000,000, because hardly anything varies.
    D = sum(pd size) x sum((1 - pd) size) / variance of the loss: n / (1 + r (n - 1)) for n equal obligors, default correlation r.
    Source: A. Cifuentes and G. O'Connor, The binomial expansion method applied to CBO/CLO analysis, Moody's, 1996.
    """
    mean, variance = moments(pool)
    spread = mean * (pool.most - mean)
    score = max(1.0, spread / variance) if variance > 0.0 else 1.0
    if score > MOST:
        words = f"the loss varies as that of {score:.2g} independent obligors"
        raise InputError([loss_finding("E-Q035", words, field="method", value="binomial")])
    return score


def binomial_losses(pool: Obligors, diversity: float) -> tuple[Floats, Floats]:
    """Losses (shares of the exposure) and probabilities of the whole number of obligors below the score."""
    from scipy.stats import binom  # noqa: PLC0415  (heavy, and only this method needs it)

    count = int(np.floor(diversity + FLOOR))
    defaults = np.arange(count + 1)
    pd = pool.mean / pool.most if pool.most else 0.0
    return defaults / count * pool.most, np.asarray(binom.pmf(defaults, count, pd), dtype=np.float64)


def diversity_findings(diversity: float | None, method: str) -> list[Finding]:
    if diversity is None or (is_number(diversity) and 1.0 <= diversity <= MOST and method == "binomial"):
        return []
    return [loss_finding("E-Q011", f"diversity = {diversity!r} with method {method}", field="diversity", value=str(diversity))]


def diversity_score(exposure: ArrayLike, industry: Sequence[object]) -> float:
    """Moody's diversity score: obligors count at most 1 each, an industry less the more of them it has.

    exposure, industry: [obligor]. An obligor counts exposure / average exposure, 1 at most; the sum over an industry is looked
    up in Moody's table; the score is the sum over industries. Two Series have their obligors in one order. Raises InputError
    with every bad argument.
    Source: Moody's table of industry diversity scores; tests/golden/moody_diversity_table.csv.
    """
    found: list[Finding] = []
    names = names_of({"exposure": exposure, "industry": industry})
    amounts = numbers_of("exposure", exposure, found, names)
    count = len(amounts) if amounts is not None and amounts.ndim == 1 else None
    if amounts is not None and not count:
        words = "exposure is empty" if amounts.size == 0 else f"exposure has {amounts.ndim} dimensions"
        found.append(loss_finding("E-Q001", words, field="exposure", value=f"shape {amounts.shape}"))
    elif amounts is not None:
        rows = np.flatnonzero(~((amounts > 0.0) & np.isfinite(amounts)))
        if len(rows):
            words, bad = f"exposure {amounts[rows[0]]:g} is not above 0 and finite", amounts[rows]
            found.append(obligor_finding("E-Q002", words, rows=rows, who=called(rows, names), values=bad, field="exposure"))
    found += _industry_findings(industry, count, names)
    found += order_findings({"exposure": exposure, "industry": industry})
    if found or amounts is None:
        raise InputError(found)
    counted = np.minimum(amounts / amounts.mean(), 1.0)
    _, number = np.unique(np.asarray([str(name) for name in industry]), return_inverse=True)
    return float(sum(industry_score(each) for each in np.bincount(number, weights=counted)))


def _industry_findings(industry: object, count: int | None, names: Names) -> list[Finding]:
    """count: of obligors, None where that is not known."""
    if isinstance(industry, str | bytes) or not isinstance(industry, Iterable):
        return [loss_finding("E-Q015", "industry is no list of words", field="industry", value=str(industry)[:60])]
    words = list(industry)
    if count is not None and len(words) != count:
        return [loss_finding("E-Q015", f"{len(words):,} industries for {count:,} obligors", field="industry")]
    rows = np.flatnonzero([is_blank(word) for word in words])
    if not len(rows):
        return []
    told = f"{len(rows):,} of {len(words):,} obligors have no industry"
    values = [str(words[row]) for row in rows]
    return [obligor_finding("E-Q015", told, rows=rows, who=called(rows, names), values=values, field="industry")]


def industry_score(units: float) -> float:
    """Moody's table: the row with the highest count that is at most `units`; rows stand at 0, 0.05, 0.15, ... 19.95."""
    at, score = zip(*TABLE, strict=True)
    row = np.floor(round((units - 0.05) * 10.0, 6)) / 10.0 + 0.05 if units >= 0.05 else -0.05
    return round(float(np.interp(row + 0.05, at, score)), 4)
