"""What the rates of a tape must be once the curves are known: never negative without a floor, and in line with their index."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from clo.curves import Curves
from clo.findings import Finding
from clo.pool.columns import Bools, Columns, Floats, Tape
from clo.pool.contracts import Contracts
from clo.pool.interest import reset_path
from clo.timeline import Days, as_days, day_of_month, month_end, month_index, on_day

ONE_BASIS_POINT = 1e-4 + 1e-12


def rate_findings(
    loans: Tape | pd.DataFrame, contracts: Contracts, curves: Curves, index: Floats, cutoff: np.datetime64, *, extension: int = 0
) -> list[Finding]:
    """Findings about the floating rates of a group, read as `contracts`, with the fixings `index` of a scenario [x, t].

    A rate that becomes negative without a floor is an error; a rate at the cut-off that is more than a basis point away from
    the index at the last reset plus the margin, where the curve reaches back so far, is a warning.
    """
    tape = Columns.with_balance(loans).where(~contracts.plain)
    if not contracts.indices:
        return []
    return [*_negative(tape, contracts, index, extension), *_out_of_line(tape, contracts, curves, cutoff)]


def _negative(tape: Columns, contracts: Contracts, index: Floats, extension: int) -> Iterator[Finding]:
    terms = contracts.terms
    until = np.minimum(contracts.term[~contracts.plain] - 1 + extension, index.shape[1] - 1)
    lowest = np.full(tape.size, np.inf)
    open_below = (terms.follows >= 0) & np.isinf(terms.floor) & (terms.first_reset <= until)
    kinds = np.stack([terms.follows, terms.first_reset, terms.reset_step])[:, open_below]
    for x, first, step in np.unique(kinds, axis=1).T:
        here = open_below & (terms.follows == x) & (terms.first_reset == first) & (terms.reset_step == step)
        fixings = np.fmin.accumulate(index[x, first::step])  # fmin passes over months whose fixing nobody needs
        lowest[here] = fixings[(until[here] - first) // step] + terms.margin[here]
    limited = np.isfinite(terms.first_cap) | np.isfinite(terms.periodic_cap)
    rate = contracts.rate[~contracts.plain]
    for i in np.flatnonzero((lowest < 0.0) & limited):
        fixings = index[terms.follows[i], terms.first_reset[i] : until[i] + 1 : terms.reset_step[i]]
        path = reset_path(
            rate[i], terms.margin[i], fixings, first_cap=terms.first_cap[i], periodic_cap=terms.periodic_cap[i], cap=terms.cap[i]
        )
        lowest[i] = path.min()
    yield from tape.hits([(
        lowest < 0.0, "E-P056", lowest, "rate_floor", "loan {id} would bear {value}, and has no floor",
        "a rate is 0 or more, or its loan has a floor", "give rate_floor, 0 where no interest is ever paid to the borrower",
    )])  # fmt: skip


def _out_of_line(tape: Columns, contracts: Contracts, curves: Curves, cutoff: np.datetime64) -> Iterator[Finding]:
    terms, rate = contracts.terms, contracts.rate[~contracts.plain]
    month = terms.first_reset - terms.reset_step
    free = np.isinf(terms.first_cap) & np.isinf(terms.periodic_cap)
    floats: Bools = tape.look_up("rate_type", "fixed", lambda word: word == "floating", np.bool_) & free & (month <= 0)
    expected = np.full(tape.size, np.nan)
    for x, name in enumerate(contracts.indices):
        here = floats & (terms.follows == x)
        if name in curves and here.any():
            expected[here] = curves[name].at(_ends_before(cutoff, month[here])) + terms.margin[here]
    expected = np.maximum(np.minimum(expected, terms.cap), terms.floor)
    off = np.abs(rate - expected) > ONE_BASIS_POINT  # never where the curve does not reach back
    said = np.asarray(
        [f"{now:.4%} instead of {then:.4%}" for now, then in zip(rate[off], expected[off], strict=True)], dtype=object
    )
    values = np.full(tape.size, "", dtype=object)
    values[off] = said
    yield from tape.hits([(
        off, "W-P059", values, "current_rate", "loan {id} bears {value}, its index at the last reset plus its margin",
        "a floating rate is its index at the last reset plus its margin", "check the curve's history, the margin, or the rate",
    )])  # fmt: skip


def _ends_before(cutoff: np.datetime64, month: object) -> Days:
    """E(t) of months t up to 0, as the months of the pool end."""
    day = as_days([cutoff])
    index = month_index(day) + np.asarray(month, dtype=np.int64)
    at_end = bool((day == month_end(month_index(day))).all())
    return month_end(index) if at_end else on_day(index, int(day_of_month(day)[0]))
