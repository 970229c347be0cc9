"""Cells: loans that share every assumption, so that one survival serves the sum of their contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import behind
from clo.behaviour.assumptions import Behaviour
from clo.behaviour.defaults import LoanPd, Survival, TermStructure
from clo.findings import Finding, nearest
from clo.pool.columns import Bools, Columns, Ints, Rule
from clo.pool.contracts import Contracts
from clo.pool.kernel import Column
from clo.tape.filters import FilterError, select
from clo.timeline import month_index

VINTAGE = "vintage"
WHOLE_NUMBER = re.compile(r"^(-?\d+)\.0$")
"""How a column of floats prints a number that is one of integers."""
LARGEST = 2**30
"""Bytes of the sums of a group: each of its cells holds every column for every month."""


class Cell(NamedTuple):
    """What loans have in common that behave alike.

    known: on the tape as defaulting. default_class: the PD, or the word of the column that curves go by. scale: factor of
    the hazard. age: months from origination to the cut-off, where that matters, else 0. follows: the index of a floating
    loan, where prepayment answers to it. breached: to be bought back. behind: instalments in arrears at the cut-off.
    """

    known: bool = False
    default_class: float | str = ""
    scale: float = 1.0
    age: int = 0
    follows: str = ""
    breached: bool = False
    behind: int = 0


class Assigned(NamedTuple):
    """The cell of each loan [i], the cells in order, and what does not fit."""

    codes: Ints
    cells: tuple[Cell, ...]
    findings: list[Finding]


def assign(tape: Columns, contracts: Contracts, assumed: Behaviour, cutoff: np.datetime64) -> Assigned:
    """Cells of the loans of one batch; `tape` holds the loans of `contracts`, in the same order."""
    findings: list[Finding] = []
    columns: dict[str, NDArray[np.generic]] = {}
    if assumed.from_tape:
        columns["known"] = contracts.default_month > 0
    if isinstance(assumed.defaults, LoanPd | TermStructure):
        columns["default_class"], hits = _default_class(tape, assumed.defaults)
        findings += hits
    if assumed.default_scale is not None:
        columns["scale"], hits = _scale(tape, assumed)
        findings += hits
    if (oldest := _oldest(assumed)) > 0:
        age = month_index(np.asarray([cutoff])) - month_index(tape.dates("origination_date"))
        unknown = np.isnat(tape.dates("origination_date"))
        findings += tape.hits([(
            unknown, "E-P083", tape.dates("origination_date"), "origination_date",
            "loan {id} has no origination_date, and what is assumed depends on its age", "every loan was made on a day",
            "supply origination_date, or an assumption that does not go by age",
        )])  # fmt: skip
        columns["age"] = np.where(unknown, 0, np.clip(age, 0, oldest))
    if assumed.prepayment_incentive is not None:
        names = np.asarray([*contracts.indices, ""], dtype=object)
        columns["follows"] = names[contracts.index]
    if assumed.repurchase is not None and assumed.repurchase.where is not None:
        columns["breached"], found = _breached(tape, assumed.repurchase.where)
        findings += found
    days = tape.floats("days_in_arrears", 0.0)
    if assumed.rolls:
        known = (days >= 0.0) & np.isfinite(days)
        findings += tape.hits([(
            ~known, "E-P094", days, "days_in_arrears", "loan {id} has days_in_arrears {value}", "days in arrears are 0 or more",
            "correct the tape",
        )])  # fmt: skip
        columns["behind"] = behind(np.where(known, days, 0.0))
    else:
        findings += tape.hits([(
            days > 0.0, "W-P097", days, "days_in_arrears", "loan {id} is {value:.0f} days in arrears and is projected as current",
            "arrears at the cut-off matter", "assume arrears by roll_rates, or leave the loan out of the pool",
        )])  # fmt: skip
    codes, cells = _combined(columns, tape.size)
    return Assigned(codes, cells, findings)


def too_many(cells: int, cohorts: int, months: int) -> Iterator[Finding]:
    """What is wrong where the sums of a group would take more memory than they are meant to."""
    needed = cells * (1 + cohorts) * len(Column) * (months + 1) * 8
    if needed > LARGEST:
        message = f"the assumptions tell {cells:,} kinds of loans apart"
        message += f", {cohorts} months of new terms each" if cohorts else ""
        fix = "put PDs on a grid (defaults: {pd: tape, nearest: 1bp}), assume by classes, or give new terms in one month"
        rule = f"the sums of a sub-pool take at most {LARGEST // 2**20:,} MB, and these {needed // 2**20:,}"
        yield Finding("E-P086", "error", message, rule, fix, field="defaults")


def _combined(columns: dict[str, NDArray[np.generic]], size: int) -> tuple[Ints, tuple[Cell, ...]]:
    """One code for each combination of values that occurs."""
    if not columns or size == 0:
        return np.zeros(size, dtype=np.int32), (Cell(),)
    together = np.zeros(size, dtype=np.int64)
    for values in columns.values():
        part, levels = pd.factorize(values)
        _, together = np.unique(together * len(levels) + part, return_inverse=True)
    _, first, codes = np.unique(together, return_index=True, return_inverse=True)
    cells = tuple(Cell(**{name: values[at].item() if isinstance(values[at], np.generic) else values[at]
                          for name, values in columns.items()}) for at in first)  # fmt: skip
    return codes.astype(np.int32), cells


def _default_class(tape: Columns, model: LoanPd | TermStructure) -> tuple[NDArray[np.generic], Iterator[Finding]]:
    if isinstance(model, LoanPd):
        pd_1y = tape.floats("pd_1y")
        rounded = pd_1y if not model.nearest else np.round(pd_1y / model.nearest) * model.nearest
        usable = (pd_1y >= 0.0) & (pd_1y < 1.0) & (rounded < 1.0)
        table: list[Rule] = [
            (~usable, "E-P080", pd_1y, "pd_1y",
             "loan {id} has pd_1y {value}", "defaults: {pd: tape} needs a probability from 0 to below 1, rounded too",
             "supply pd_1y, round it to less, or assume defaults by class"),
            (usable & (rounded == 0.0) & (pd_1y > 0.0), "W-P091", pd_1y, "pd_1y",
             "loan {id} has pd_1y {value}, which nearest rounds to 0", "a loan that may default stays one that may",
             "round to less"),
        ]  # fmt: skip
        return np.where(usable, rounded, 0.0), tape.hits(table)
    if absent := list(_no_column(tape, model.by, "defaults.by")):
        return np.full(tape.size, "", dtype=object), iter(absent)
    words = words_of(tape, model.by)
    named = np.isin(words, list(model.curves))
    served = np.asarray(named | (model.other is not None))
    label = np.where(named, words, "").astype(object)  # all the others share one curve
    return label, tape.hits(_unknown_words(served, words, model.by, "E-P081", "curve of default"))


def _scale(tape: Columns, assumed: Behaviour) -> tuple[NDArray[np.generic], Iterator[Finding]]:
    scale = assumed.default_scale
    assert scale is not None
    if absent := list(_no_column(tape, scale.by, "default_scale.by")):
        return np.ones(tape.size), iter(absent)
    words = words_of(tape, scale.by)
    factors = {word: scale.factor_of(word) for word in np.unique(words)}
    factor = pd.Series(words).map({word: np.nan if each is None else each for word, each in factors.items()})
    values = factor.to_numpy(dtype=np.float64)
    return values, tape.hits(_unknown_words(~np.isnan(values), words, scale.by, "E-P082", "factor"))


def _no_column(tape: Columns, by: str, field: str) -> Iterator[Finding]:
    """A scenario that tells loans apart by a column the tape does not have."""
    if by != VINTAGE and not tape.has(by):
        close = nearest(by, [*map(str, tape.frame.columns), VINTAGE])
        fix = f"did you mean {close!r}?" if close else f"name a column of the tape, or {VINTAGE}"
        message, rule = f"the tape has no column {by!r}", "loans are told apart by a column of the tape"
        yield Finding("E-P090", "error", message, rule, fix, file=tape.file, field=field, value=by)


def _unknown_words(served: Bools, words: NDArray[np.object_], by: str, code: str, what: str) -> list[Rule]:
    shown = by.replace("{", "{{").replace("}", "}}")
    return [(
        ~served, code, words, by, f"loan {{id}} has {shown} {{value!r}}, which has no {what}",
        f"every word of {by} has a {what}, or other: serves it", "add it, or other:",
    )]  # fmt: skip


def words_of(tape: Columns, by: str) -> NDArray[np.object_]:
    """Each loan's word in a column [i], the year of origination for `vintage`; whole numbers without a point, empty as ''."""
    if by == VINTAGE:
        made = tape.dates("origination_date")
        return np.asarray(np.where(np.isnat(made), "", made.astype("datetime64[Y]").astype(str)), dtype=object)
    codes, words = tape.words(by, "")
    return np.asarray(np.asarray([WHOLE_NUMBER.sub(r"\1", word) for word in words], dtype=object)[codes])


def share_by_word(
    tape: Columns, by: str, rates: dict[str, float], other: float | None
) -> tuple[NDArray[np.float64], list[Finding]]:
    """A share for each loan by its word [i], and the loans whose word has none."""
    if absent := list(_no_column(tape, by, "recovery.by")):
        return np.zeros(tape.size), absent
    words = words_of(tape, by)
    share = np.asarray(pd.Series(words).map(rates), dtype=np.float64)
    if other is not None:
        share = np.where(np.isnan(share), other, share)
    return share, list(tape.hits(_unknown_words(~np.isnan(share), words, by, "E-P084", "recovery")))


def _oldest(assumed: Behaviour) -> int:
    """The age from which on no assumption changes any more, in months; 0 where none depends on age."""
    ages = [0]
    model = assumed.defaults
    if isinstance(model, TermStructure) and model.since == "origination":
        curves = [*model.curves.values(), *([] if model.other is None else [model.other])]
        ages += [model.months(curve) for curve in curves]
    if isinstance(model, Survival) and model.since == "origination":
        ages.append(len(model.survival))
    if assumed.prepayment_ramp is not None:
        ages.append(assumed.prepayment_ramp.months)
    if isinstance(assumed.prepayment_fee, tuple):
        ages.append(12 * len(assumed.prepayment_fee))
    return max(ages)


def _breached(tape: Columns, where: str) -> tuple[Bools, list[Finding]]:
    try:
        return select(tape.frame, where), []
    except (FilterError, ValueError) as error:
        rule, fix = "a condition over the columns of the tape", "correct the condition"
        return np.zeros(tape.size, dtype=np.bool_), [
            Finding("E-P093", "error", str(error), rule, fix, field="repurchase.where", value=where)
        ]
