"""What the rates of a tape must be once the curves are known: never negative without a floor, and in line with their index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from clo.curves import Curves
from clo.findings import Finding
from clo.pool.columns import Columns, Floats, Ints
from clo.pool.contracts import Contracts
from clo.pool.interest import reset_path
from clo.timeline import Days, as_days, day_of_month, month_end, month_index, on_day

ONE_BASIS_POINT = 1e-4 + 1e-12


def rate_findings(
    loans: Columns, contracts: Contracts, curves: Curves, index: Floats, cutoff: np.datetime64, *, extension: int = 0
) -> list[Finding]:
    """Findings about the floating rates of some loans, read as `contracts`, with the fixings `index` of a scenario [x, t].

    A rate that becomes negative without a floor is an error; a rate at the cut-off that is more than a basis point away from
    the index at the last reset plus the margin, where the curve reaches back so far, is a warning.
    """
    if not contracts.indices:
        return []
    floating = contracts.index >= 0
    at, own = np.flatnonzero(floating), np.flatnonzero(contracts.terms["follows"] >= 0)
    tape, rate, terms = loans.where(floating), contracts.rate[at], contracts.terms[own]
    until = np.minimum(contracts.term[at] - 1 + extension, index.shape[1] - 1)
    expected = _expected(tape, terms, contracts.indices, curves, cutoff)
    return [*_negative(tape, terms, rate, until, index), *_out_of_line(tape, rate, expected)]


def _negative(tape: Columns, terms: NDArray[np.void], rate: Floats, until: Ints, index: Floats) -> Iterator[Finding]:
    """Loans without a floor whose rate falls below 0 at a reset up to month `until` [i]."""
    lowest = np.full(tape.size, np.inf)
    at = np.flatnonzero(np.isinf(terms["floor"]) & (terms["first_reset"] <= until))
    for x, first, step in {*zip(*(terms[name][at].tolist() for name in ("follows", "first_reset", "reset_step")), strict=True)}:
        here = at[(terms["follows"][at] == x) & (terms["first_reset"][at] == first) & (terms["reset_step"][at] == step)]
        fixings = np.fmin.accumulate(index[x, first::step])  # fmin passes over months whose fixing nobody needs
        lowest[here] = fixings[(until[here] - first) // step] + terms["margin"][here]
    limited = np.isfinite(terms["first_cap"]) | np.isfinite(terms["periodic_cap"])
    for i in np.flatnonzero((lowest < 0.0) & limited):
        fixings = index[terms["follows"][i], terms["first_reset"][i] : until[i] + 1 : terms["reset_step"][i]]
        path = reset_path(
            rate[i],
            terms["margin"][i],
            fixings,
            first_cap=terms["first_cap"][i],
            periodic_cap=terms["periodic_cap"][i],
            cap=terms["cap"][i],
        )
        lowest[i] = path.min()
    yield from tape.hits([(
        lowest < 0.0, "E-P056", lowest, "rate_floor", "loan {id} would bear {value}, and has no floor",
        "a rate is 0 or more, or its loan has a floor", "give rate_floor, 0 where no interest is ever paid to the borrower",
    )])  # fmt: skip


def _expected(tape: Columns, terms: NDArray[np.void], indices: Sequence[str], curves: Curves, cutoff: np.datetime64) -> Floats:
    """The rate at the cut-off as the last reset made it [i]; nan where that cannot be told."""
    month = terms["first_reset"] - terms["reset_step"]
    free = np.isinf(terms["first_cap"]) & np.isinf(terms["periodic_cap"])
    floats = tape.look_up("rate_type", "fixed", lambda word: word == "floating", np.bool_) & free & (month <= 0)
    expected = np.full(tape.size, np.nan)
    for x, name in enumerate(indices):
        here = floats & (terms["follows"] == x)
        if name in curves and here.any():
            expected[here] = curves[name].at(_ends_before(cutoff, month[here])) + terms["margin"][here]
    return np.asarray(np.maximum(np.minimum(expected, terms["cap"]), terms["floor"]))


def _out_of_line(tape: Columns, rate: Floats, expected: Floats) -> Iterator[Finding]:
    def said(at: NDArray[np.intp]) -> NDArray[np.object_]:
        pairs = zip(rate[at], expected[at], strict=True)
        return np.asarray([f"{now:.4%} instead of {then:.4%}" for now, then in pairs], dtype=object)

    yield from tape.hits([(
        np.abs(rate - expected) > ONE_BASIS_POINT, "W-P059", said, "current_rate",
        "loan {id} bears {value}, its index at the last reset plus its margin",
        "a floating rate is its index at the last reset plus its margin", "check the curve's history, the margin, or the rate",
    )])  # fmt: skip


def _ends_before(cutoff: np.datetime64, month: Ints) -> Days:
    """E(t) of months t up to 0, as the months of the pool end."""
    day = as_days([cutoff])
    index = month_index(day) + month
    at_end = bool((day == month_end(month_index(day))).all())
    return month_end(index) if at_end else on_day(index, int(day_of_month(day)[0]))
