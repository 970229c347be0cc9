"""What the default model reads of the loans of a deal, and what is wrong with it, told once for all sub-pools.

Axes: i loan with a balance, t month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.defaults import TermStructure
from clo.behaviour.joint import CorrelationBy, JointDefaults, Loadings, factor_matrix, loadings
from clo.findings import Finding, has_errors, merged, nearest
from clo.labels.numbers import counted
from clo.pool.cells import words_of
from clo.pool.columns import Columns, Rule
from clo.schema import KEYS
from clo.tape.loans import Loans
from clo.timeline import as_days, month_index

Floats = NDArray[np.float64]
Words = NDArray[np.object_]
COLUMNS = {"industry": "industry_code", "region": "region_code"}
"""Column whose words have a factor each."""
COUNT = "{count}"
"""Stands in a message for the loans that a finding is about, of all sub-pools together."""
NO_COLUMN = "the tape has no"
NAMED = 5
"""Sub-pools, or words of a column, that a finding names; the others are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Loans with a balance of one sub-pool [i]: owner, balance, probability of default by month [i, t], loadings on market,
    industry, region [i, 3], words of industry and region [i, 2], mean share recovered, whether it belongs to a group."""

    owner: Words
    balance: Floats
    curves: Floats
    loadings: Floats
    words: Words
    recovery: Floats
    grouped: NDArray[np.bool_]


def read_loans(
    pools: Mapping[str, Loans], assumed: JointDefaults, months: int, cutoff: np.datetime64
) -> tuple[list[Read], list[Finding]]:
    """The loans of each sub-pool that have a balance, and every finding about them."""
    told: dict[str, list[Finding]] = {name: [] for name in pools}
    parts = [_read(name, Columns.of(loans).with_balance(), assumed, months, cutoff, told[name]) for name, loans in pools.items()]
    findings = list(_of_sub_pools(told))
    wrong = has_errors(findings)
    findings += _between(parts, assumed, wrong)
    if assumed.group_by == "group_id" and not wrong and not any(part.grouped.any() for part in parts):
        findings.append(Finding(
            "W-M031", "warning", "group_id is blank for all loans: every firm defaults without those connected to it",
            "with group_by: group_id connected firms have a group_id in common", "fill in group_id, or leave out group_by:",
            field="simulation.group_by", value="group_id",
        ))  # fmt: skip
    return parts, findings


def _read(name: str, tape: Columns, assumed: JointDefaults, months: int, cutoff: np.datetime64, findings: list[Finding]) -> Read:
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
        ~((lgd >= 0.0) & (lgd <= 1.0)), "E-M002", lgd, "lgd",
        "loan {id} has lgd {value}" if tape.has("lgd") else f"{NO_COLUMN} lgd",
        "simulation.lgd: tape needs a share from 0 to 1 of every loan", "supply lgd, or give a number",
    )])  # fmt: skip
    owner, grouped, found = _owners(name, tape, assumed)
    findings += found
    return Read(owner, tape.floats("current_balance"), curves, shares, words, 1.0 - lgd, grouped)


def _owners(name: str, tape: Columns, assumed: JointDefaults) -> tuple[Words, NDArray[np.bool_], list[Finding]]:
    """Who defaults, the obligor or the group it belongs to; whether it has a group; and the loans that nobody is known to owe."""
    obligor = words_of(tape, "obligor_id")
    owner = np.array(obligor, dtype=object)
    grouped = np.zeros(tape.size, dtype=np.bool_)
    findings: list[Finding] = []
    if assumed.group_by == "group_id":
        findings += _no_column(tape, "group_id", "simulation.group_by", "supply group_id, or leave out group_by:")
        group = words_of(tape, "group_id")
        grouped = np.asarray(group != "", dtype=np.bool_)
        owner[grouped] = "group " + group[grouped]
    nameless = np.asarray(owner == "", dtype=np.bool_)
    if nameless.any():
        owner[nameless] = _loan_names(name, tape)[nameless]
        findings += tape.hits([(
            nameless, "W-M030", obligor, "obligor_id", f"no obligor_id for {{{COUNT}}}: each is taken as a firm of its own",
            "all loans of a firm default together, so that who owes each is known",
            "supply obligor_id; it may stay so where each of these loans has a borrower of its own",
        )])  # fmt: skip
    return owner, grouped, findings


def _loan_names(name: str, tape: Columns) -> Words:
    """A name for each loan as a borrower of its own [i]: by its keys, the same whatever other loans there are."""
    keys = [words_of(tape, key) for key in KEYS]
    rows = [f"loan of {name}, row {row}" for row in tape.rows]
    named = [f"loan {originator} {loan}" if loan else row for originator, loan, row in zip(*keys, rows, strict=True)]
    return np.array(named, dtype=object)


def _curves(tape: Columns, assumed: JointDefaults, months: int, cutoff: np.datetime64) -> tuple[Floats, list[Finding]]:
    """Probability of default of each loan by month [i, t], and the loans that have none."""
    years = np.arange(1, months + 1) / 12.0
    if isinstance(assumed.pd, TermStructure):
        return _by_class(tape, assumed.pd, months, cutoff)
    annual = np.full(tape.size, assumed.pd) if isinstance(assumed.pd, float) else tape.floats("pd_1y")
    usable = (annual >= 0.0) & (annual <= 1.0)
    said, fix = f"{NO_COLUMN} pd_1y", "supply pd_1y, or give a number or curves"
    if tape.has("pd_1y"):
        said = "loan {id} has pd_1y {value}"
        if np.count_nonzero(annual > 1.0) > tape.size / 2:
            said += ", and most are above 1: they look like scores (higher is safer) or per cent"
            fix = "move a score to score_value; declare a percent under units.columns"
    rule: Rule = (
        ~usable, "E-M001", annual, "pd_1y", said, "simulation.pd: tape needs a probability from 0 to 1 of every loan", fix,
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


def _no_column(tape: Columns, by: str, field: str, fix: str = "") -> Iterator[Finding]:
    if by != "vintage" and not tape.has(by):
        message, rule = f"the tape has no column {by!r}", "loans are told apart by a column of the tape"
        close = nearest(by, [*map(str, tape.frame.columns), "vintage"])
        fix = fix or (f"did you mean {close!r}?" if close else "name a column of the tape")
        yield Finding("E-M007", "error", message, rule, fix, file=tape.file, field=field, value=by)


def _between(parts: Sequence[Read], assumed: JointDefaults, wrong: bool) -> Iterator[Finding]:
    """Industries and regions of `between` in which there is no loan. wrong: loans lack what would say so."""
    for kind, pairs in (assumed.between or {}).items():
        column, number = COLUMNS[kind], list(COLUMNS).index(kind)
        there = sorted({str(word) for part in parts for word in set(part.words[:, number])} - {""})
        if wrong and not there:
            continue
        named = factor_matrix(pairs)[0]
        missing = [word for word in named if word not in there]
        message = f"no loan whose correlation has a share of its {kind} has {column} {_some(missing)}"
        rule, fix = f"between gives correlations of {kind} factors of the pool", f"loans have {_some(there) or 'none'}"
        field, value = f"simulation.between.{kind}", _some(missing)
        if missing and len(missing) == len(named):
            message += ": none of these correlations has an effect"
            yield Finding("E-M034", "error", message, rule, fix, field=field, value=value)
        elif missing:
            fix += "; it may stay so in a table for several pools"
            yield Finding("W-M033", "warning", message, rule, fix, field=field, value=value)


def _of_sub_pools(told: Mapping[str, Sequence[Finding]]) -> Iterator[Finding]:
    """Each kind of finding of a file once, with the rows of all sub-pools; they are named where a deal has several."""
    kinds: dict[Finding | tuple[str, ...], dict[str, Finding]] = {}
    for name, findings in told.items():
        for each in findings:
            kind = each if each.occurrences is None else (each.code, each.field, each.file, each.fix)
            kinds.setdefault(kind, {})[name] = each
    for by_pool in kinds.values():
        (one,) = merged(by_pool.values(), listed=None)
        said = one.message.replace(COUNT, counted(one.count))
        yield replace(one, message=f"{_some(list(by_pool))}: {said}" if len(told) > 1 else said)


def _some(words: Sequence[str]) -> str:
    """The first words of a list, and how many more there are."""
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
