"""The default model of a pool: who its obligors are, when each may default, and how each answers to the factors.

An obligor's asset value is the sum of its loadings on the factors and of a draw of its own; it defaults in the first month t in
which that value is at most the quantile of its probability of default by month t, so that default times are to the month.
Source: Vasicek (1987), Li (2000) for the Gaussian copula; several factors as in CreditMetrics (1997).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.joint import JointDefaults, factor_matrix
from clo.findings import Finding, has_errors
from clo.scenarios.draws import Keys, PlainDraws, keys_of
from clo.scenarios.reading import COLUMNS, read_loans
from clo.tape.loans import Loans

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
MARKET = "market"


@dataclass(frozen=True, slots=True, eq=False)
class DefaultModel:
    """i obligor, t month, c sector (obligors with the same loadings on the same factors), j factor of a sector, f factor.

    names: of obligors, or of groups of them; keys: of their random numbers. thresholds [i, t]: quantile of the probability of
    default by month t + 1. sector [i]; index, weight [c, j]: the factors of a sector and its loadings on them; own [c]: weight of
    the obligor's own draw. root, degrees: as PlainDraws. recovery [i]: mean share recovered, of balances; spread, market: of a
    recovery that varies, None where it does not. of_loan: by sub-pool, the obligor of each loan with a balance.
    """

    names: tuple[str, ...]
    keys: Keys
    thresholds: Floats
    sector: Ints
    index: Ints
    weight: Floats
    own: Floats
    factors: tuple[str, ...]
    root: Floats | None
    degrees: float | None
    recovery: Floats
    spread: float | None
    market: float
    of_loan: Mapping[str, Ints]

    def __repr__(self) -> str:
        copula = "Gaussian" if self.degrees is None else f"Student-t ({self.degrees:g})"
        return f"<DefaultModel {copula}: {len(self.names):,} obligors, {len(self.factors)} factors>"

    def draws(self, seed: int) -> PlainDraws:
        """Independent scenarios of this model."""
        return PlainDraws(seed, self.factors, self.root, self.degrees)


def default_model(
    pools: Mapping[str, Loans], assumed: JointDefaults, months: int, cutoff: np.datetime64
) -> tuple[DefaultModel | None, list[Finding]]:
    """The model of the loans with a balance, over so many months; None with an error among the findings.

    What an obligor has several of counts by balance: its probability of default is the mean of its loans', its industry,
    region and class those of its largest loan.
    """
    parts, findings = read_loans(pools, assumed, months, cutoff)
    if has_errors(findings):
        return None, findings
    owner = np.concatenate([part.owner for part in parts])
    codes, names = pd.factorize(owner)
    balance = np.concatenate([part.balance for part in parts])
    curves = np.concatenate([part.curves for part in parts])
    largest = _largest(codes, balance, len(names))
    shares = np.concatenate([part.loadings for part in parts])[largest]
    words = np.concatenate([part.words for part in parts])[largest]
    sector, index, weight, factors = _sectors(shares, words, assumed)
    recovery = _by_obligor(codes, balance, np.concatenate([part.recovery for part in parts])[:, None], len(names))[:, 0]
    ends = np.cumsum([len(part.owner) for part in parts])
    model = DefaultModel(
        tuple(map(str, names)), keys_of(map(str, names)), _thresholds(_by_obligor(codes, balance, curves, len(names)), assumed),
        sector, index, weight, np.sqrt(1.0 - (weight**2).sum(axis=1)), factors, _root(factors, assumed), assumed.degrees,
        recovery,
        None if assumed.recovery is None else assumed.recovery.spread,
        0.0 if assumed.recovery is None else float(np.sqrt(assumed.recovery.market)),
        dict(zip(pools, np.split(codes.astype(np.int32), ends[:-1]), strict=True)),
    )  # fmt: skip
    return model, findings


def _largest(codes: NDArray[np.int64], balance: Floats, obligors: int) -> NDArray[np.int64]:
    """The place of each obligor's largest loan; the first of equal ones."""
    order = np.lexsort((np.arange(len(codes)), -balance, codes))
    first = np.searchsorted(codes[order], np.arange(obligors))
    return np.asarray(order[first])


def _by_obligor(codes: NDArray[np.int64], balance: Floats, values: Floats, obligors: int) -> Floats:
    """Means of the loans of each obligor by balance [i, t]; of loans that agree, what they agree on to the last bit."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(obligors))
    rows, weights = values[order], balance[order, None]
    mean = np.add.reduceat(rows * weights, starts) / np.add.reduceat(weights, starts)
    return np.clip(mean, np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts))


def _thresholds(curves: Floats, assumed: JointDefaults) -> Floats:
    from scipy.special import ndtri, stdtrit  # noqa: PLC0415  (heavy: loaded with the first simulation)

    rising = np.maximum.accumulate(curves, axis=1)
    if assumed.degrees is None:
        return np.asarray(ndtri(rising))
    found = np.asarray(stdtrit(assumed.degrees, rising))
    return np.where(rising <= 0.0, -np.inf, np.where(rising >= 1.0, np.inf, found))


def _sectors(shares: Floats, words: NDArray[np.object_], assumed: JointDefaults) -> tuple[Ints, Ints, Floats, tuple[str, ...]]:
    """The sector of each obligor [i]; the factors of each sector and its loadings on them [c, j]; names of all factors."""
    named = [f"{kind} {word}" for kind, pairs in sorted((assumed.between or {}).items()) for word in factor_matrix(pairs)[0]]
    names = pd.DataFrame({"share": map(tuple, shares), "words": map(tuple, words)})
    codes, distinct = pd.factorize(pd.Series([*zip(names["share"], names["words"], strict=True)], dtype=object))
    used = [f"{kind} {row[1][k]}" for row in distinct for k, kind in enumerate(COLUMNS) if row[1][k]]
    factors = tuple(dict.fromkeys([MARKET, *named, *used]))
    width = 1 + len(COLUMNS) if used else 1
    index, weight = np.zeros((len(distinct), width), dtype=np.int32), np.zeros((len(distinct), width))
    for c, (share, word) in enumerate(distinct):
        weight[c, 0] = np.sqrt(share[0])
        for k, kind in enumerate(COLUMNS):
            if word[k]:
                index[c, k + 1], weight[c, k + 1] = factors.index(f"{kind} {word[k]}"), np.sqrt(share[k + 1])
    return codes.astype(np.int32), index, weight, factors


def _root(factors: tuple[str, ...], assumed: JointDefaults) -> Floats | None:
    """The Cholesky root of the correlation of the factors; None where all are independent."""
    if not assumed.between:
        return None
    matrix = np.eye(len(factors))
    for kind, pairs in assumed.between.items():
        words, part = factor_matrix(pairs)
        at = [factors.index(f"{kind} {word}") for word in words]
        matrix[np.ix_(at, at)] = part
    return np.asarray(np.linalg.cholesky(matrix))
