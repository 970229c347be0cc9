"""The default model of a pool: who its obligors are, when each may default, and how each answers to the factors.

An obligor's asset value is the sum of its loadings on the factors and of a draw of its own; it defaults in the first month t in
which that value is at most the quantile of its probability of default by month t, so that default times are to the month.
Source: Vasicek (1987), Li (2000) for the Gaussian copula; several factors as in CreditMetrics (1997).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.defaults import TermStructure
from clo.behaviour.joint import CorrelationBy, JointDefaults, Loadings, factor_matrix, loadings
from clo.findings import Finding
from clo.pool.cells import words_of
from clo.pool.columns import Columns, Rule
from clo.scenarios.draws import Keys, PlainDraws, keys_of
from clo.tape.loans import Loans
from clo.timeline import as_days, month_index

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
MARKET = "market"
COLUMNS = {"industry": "industry_code", "region": "region_code"}
"""Column whose words have a factor each."""


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
    tapes = {name: Columns.of(loans).with_balance() for name, loans in pools.items()}
    findings: list[Finding] = []
    parts = [_read(tape, assumed, months, cutoff, findings) for tape in tapes.values()]
    if any(finding.severity == "error" for finding in findings):
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


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Loans with a balance of one sub-pool [i]: owner, balance, probability of default by month [i, t], loadings on market,
    industry, region [i, 3], words of industry and region [i, 2], mean share recovered."""

    owner: NDArray[np.object_]
    balance: Floats
    curves: Floats
    loadings: Floats
    words: NDArray[np.object_]
    recovery: Floats


def _read(tape: Columns, assumed: JointDefaults, months: int, cutoff: np.datetime64, findings: list[Finding]) -> _Read:
    shares, found = _loadings(tape, assumed)
    findings += found
    words = np.full((tape.size, len(COLUMNS)), "", dtype=object)
    for number, (kind, column) in enumerate(COLUMNS.items()):
        bears = shares[:, number + 1] > 0.0
        if bears.any():
            words[:, number] = np.where(bears, words_of(tape, column), "")
            findings += tape.hits([(
                bears & (words[:, number] == ""), "E-M003", words[:, number], column,
                f"loan {{id}} has no {column}, and its correlation has a part of its {kind}", f"every loan has its {kind}",
                f"supply {column}, or leave out {kind}:",
            )])  # fmt: skip
    curves, found = _curves(tape, assumed, months, cutoff)
    findings += found
    lgd = np.full(tape.size, assumed.lgd) if isinstance(assumed.lgd, float) else tape.floats("lgd")
    findings += tape.hits([(
        ~((lgd >= 0.0) & (lgd <= 1.0)), "E-M002", lgd, "lgd", "loan {id} has lgd {value}",
        "simulation.lgd: tape needs a share from 0 to 1 of every loan", "supply lgd, or give a number",
    )])  # fmt: skip
    return _Read(_owners(tape, assumed), tape.floats("current_balance"), curves, shares, words, 1.0 - lgd)


def _owners(tape: Columns, assumed: JointDefaults) -> NDArray[np.object_]:
    """Who defaults: the obligor, or the group it belongs to."""
    obligor = words_of(tape, "obligor_id")
    if assumed.group_by == "obligor_id":
        return obligor
    group = words_of(tape, "group_id")
    return np.asarray(np.where(group == "", obligor, "group " + group), dtype=object)


def _curves(tape: Columns, assumed: JointDefaults, months: int, cutoff: np.datetime64) -> tuple[Floats, list[Finding]]:
    """Probability of default of each loan by month [i, t], and the loans that have none."""
    years = np.arange(1, months + 1) / 12.0
    if isinstance(assumed.pd, TermStructure):
        return _by_class(tape, assumed.pd, months, cutoff)
    annual = np.full(tape.size, assumed.pd) if isinstance(assumed.pd, float) else tape.floats("pd_1y")
    usable = (annual >= 0.0) & (annual <= 1.0)
    rule: Rule = (
        ~usable, "E-M001", annual, "pd_1y", "loan {id} has pd_1y {value}",
        "simulation.pd: tape needs a probability from 0 to 1 of every loan", "supply pd_1y, or give a number or curves",
    )  # fmt: skip
    with np.errstate(divide="ignore"):
        force = -np.log1p(-np.where(usable, annual, 0.0))
    return -np.expm1(-force[:, None] * years), list(tape.hits([rule]))


def _by_class(tape: Columns, model: TermStructure, months: int, cutoff: np.datetime64) -> tuple[Floats, list[Finding]]:
    findings = list(_no_column(tape, model.by, "simulation.pd.by"))
    if findings:
        return np.zeros((tape.size, months)), findings
    words = words_of(tape, model.by)
    age = np.zeros(tape.size, dtype=np.int64)
    if model.since == "origination":
        made = tape.dates("origination_date")
        age = np.where(np.isnat(made), 0, month_index(as_days([cutoff])) - month_index(made))
        rule: Rule = (
            np.isnat(made), "E-M006", made, "origination_date", "loan {id} has no origination_date",
            "curves since origination need every loan's age", "supply origination_date, or say since: cutoff",
        )  # fmt: skip
        findings += tape.hits([rule])
    served = np.array([model.curve_of(word) is not None for word in words], dtype=np.bool_)
    findings += tape.hits([(
        ~served, "E-M004", words, model.by, f"loan {{id}} has {model.by} {{value!r}}, which has no curve of default",
        f"every word of {model.by} has a curve, or other: serves it", "add it, or other:",
    )])  # fmt: skip
    together, codes = np.unique([f"{old}|{word}" for old, word in zip(age, words, strict=True)], return_inverse=True)
    curves = np.zeros((len(together), months))
    for number, each in enumerate(together):
        months_old, _, word = str(each).partition("|")
        if model.curve_of(word) is not None:
            curves[number] = 1.0 - np.cumprod(1.0 - model.hazard(word, max(0, int(months_old)), months))
    return curves[codes], findings


def _loadings(tape: Columns, assumed: JointDefaults) -> tuple[Floats, list[Finding]]:
    """Shares of variance of market, industry and region [i, 3]."""
    by = assumed.correlation
    if not isinstance(by, CorrelationBy):
        return np.tile(_row(loadings(by)), (tape.size, 1)), []
    findings = list(_no_column(tape, by.by, "simulation.correlation.by"))
    if findings:
        return np.zeros((tape.size, 3)), findings
    words, codes = np.unique(words_of(tape, by.by).astype(str), return_inverse=True)
    found = [by.loadings_of(str(word)) for word in words]
    rows = np.array([_row(each or Loadings()) for each in found]).reshape(-1, 3)
    missing = np.array([each is None for each in found], dtype=np.bool_)[codes]
    rule: Rule = (
        missing, "E-M005", words[codes], by.by, f"loan {{id}} has {by.by} {{value!r}}, which has no correlation",
        f"every word of {by.by} has a correlation, or other: serves it", "add it, or other:",
    )  # fmt: skip
    return rows[codes], list(tape.hits([rule]))


def _row(each: Loadings) -> Floats:
    return np.array([each.market, each.industry, each.region])


def _no_column(tape: Columns, by: str, field: str) -> Iterator[Finding]:
    if by != "vintage" and not tape.has(by):
        message, rule = f"the tape has no column {by!r}", "loans are told apart by a column of the tape"
        yield Finding("E-M007", "error", message, rule, "name a column of the tape", file=tape.file, field=field, value=by)


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
