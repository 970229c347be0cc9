"""Rates that change: which index a loan follows and when, and the fixings of each index over the months."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.curves import Curves
from clo.findings import Finding, nearest
from clo.pool import terms_kernel
from clo.pool.columns import Bools, Columns, Floats, Ints, Rule, month_of
from clo.pool.kernel import Kind
from clo.reference import capital_rates
from clo.timeline import Days, as_days, day_of_month, month_index, on_day

FLOATING = ("floating", "fixed_then_floating")
RATE_TYPES = ("fixed", *FLOATING, "performance")
CAPITAL = "JFC_CAPITAL_"
"""What the indices of loans begin with whose rate follows the borrower's results."""


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Which index each loan follows: codes into `indices` [i], -1 where none is named; and whose rate goes by results [i]."""

    indices: tuple[str, ...]
    codes: Ints
    performance: Bools


def following(tape: Columns) -> Following:
    """The index of each loan: `rate_index`, with `_` and the tenor where there is one."""
    base, base_words = tape.words("rate_index", "")
    tenor, tenor_words = tape.words("rate_index_tenor", "")
    names = ["_".join(filter(None, (first, second))) if first else "" for first in base_words for second in tenor_words]
    pair = base.astype(np.int64) % len(base_words) * len(tenor_words) + tenor % len(tenor_words)
    used = np.bincount(pair, minlength=len(names)) > 0
    indices = tuple(dict.fromkeys(name for name, some in zip(names, used, strict=True) if name and some))
    row = np.asarray([indices.index(name) if name in indices else -1 for name in names], dtype=np.int32)
    performance = tape.look_up("rate_type", "fixed", lambda word: word == "performance", np.bool_)
    return Following(indices, row[pair], performance)


def rate_terms(
    tape: Columns, term: Ints, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64, terms: NDArray[np.void]
) -> tuple[tuple[str, ...], list[Finding]]:
    """Write what TERMS say of changing rates into those of the given loans; the indices they follow, and findings.

    A loan whose first reset comes after its last month keeps its rate, which is a warning.
    """
    moves = tape.look_up("rate_type", "fixed", lambda word: word in (*FLOATING, "performance"), np.bool_)
    at = np.flatnonzero(moves)
    own, indices, findings = _moving(tape.where(moves), term[at], kinds[at], ends, cutoff)
    for name, values in own.items():
        terms[name][at] = values
    return indices, findings


def _moving(
    tape: Columns, term: Ints, kinds: NDArray[np.int8], ends: Days, cutoff: np.datetime64
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...], list[Finding]]:
    """The fields for loans whose rate is not fixed."""
    follow = following(tape)
    performs = follow.performance
    reset = month_of(tape.dates("next_reset_date"), ends, cutoff)
    reset[performs] = month_of(_anniversary(tape.dates("origination_date")[performs], cutoff), ends, cutoff)
    every = np.where(performs, 12.0, tape.floats("rate_reset_months"))

    def limit(name: str, none: float) -> Floats:
        given = tape.floats(name)
        return np.where(np.isnan(given) | performs, none, given)

    terms: dict[str, NDArray[Any]] = {
        "follows": follow.codes,
        "margin": np.where(performs, 0.0, np.nan_to_num(tape.floats("rate_margin"))),
        "cap": limit("rate_cap", math.inf),
        "floor": limit("rate_floor", -math.inf),
        "first_cap": limit("rate_first_cap", math.inf),
        "periodic_cap": limit("rate_periodic_cap", math.inf),
        "first_reset": np.maximum(reset, 1),
        "reset_step": np.maximum(np.nan_to_num(every), 1.0).astype(np.int32),
    }
    findings = [*_floating_findings(tape, term, follow, reset), *_performance_findings(tape, follow, kinds, reset)]
    return terms, follow.indices, findings


def _anniversary(origination: Days, cutoff: np.datetime64) -> Days:
    """The first anniversary of each date after the cut-off."""
    known = ~np.isnat(origination)
    made = np.where(known, origination, cutoff)
    month, day = month_index(made), day_of_month(made)
    years = (int(month_index(as_days(cutoff))) - month) // 12
    this = on_day(month + 12 * years, day)
    coming = np.where(this > cutoff, this, on_day(month + 12 * (years + 1), day))
    return np.where(known, coming, np.datetime64("NaT"))


def _floating_findings(tape: Columns, term: Ints, follow: Following, reset: Ints) -> Iterator[Finding]:
    kind = ~follow.performance
    margin, every, date = tape.floats("rate_margin"), tape.floats("rate_reset_months"), tape.dates("next_reset_date")
    cap, floor = tape.floats("rate_cap"), tape.floats("rate_floor")
    changes = np.fmin(np.nan_to_num(tape.floats("rate_first_cap")), np.nan_to_num(tape.floats("rate_periodic_cap")))
    table: list[Rule] = [
        (kind & (follow.codes < 0), "E-P050", tape.said("rate_type"), "rate_index",
         "loan {id} is {value} and names no index", "a floating rate follows rate_index", "give rate_index and its tenor"),
        (kind & ~np.isfinite(margin), "E-P051", margin, "rate_margin",
         "loan {id} floats with margin {value}", "a floating rate is its index plus rate_margin", "give rate_margin, 0 if none"),
        (kind & ((reset < 0) | ~(every >= 1.0)), "E-P052", every, "rate_reset_months",
         "loan {id} floats, yet when its rate is set is not known", "a floating rate has next_reset_date and rate_reset_months",
         "give both"),
        (kind & (reset == 0), "E-P053", date, "next_reset_date",
         "loan {id} has its next reset on {value}, not after the cut-off", "the next reset comes after the cut-off",
         "give the next reset, and the rate that holds until then"),
        (kind & (reset > term) & (term >= 1), "W-P054", date, "next_reset_date",
         "loan {id} has its next reset on {value}, after its maturity: its rate stays as it is",
         "a floating rate is set again before maturity", "correct the date, or call the rate fixed"),
        (kind & ((cap < floor) | (floor < 0.0) | (changes < 0.0)), "E-P055", np.fmin(cap, floor), "rate_cap",
         "loan {id} has a floor above its cap, or a limit below 0", "0 <= rate_floor <= rate_cap; limits are 0 or more",
         "correct the tape"),
    ]  # fmt: skip
    return tape.hits(table)


def _performance_findings(tape: Columns, follow: Following, kinds: NDArray[np.int8], reset: Ints) -> Iterator[Finding]:
    names = np.asarray([*follow.indices, "nothing"], dtype=object)[follow.codes]
    known = np.isin(names, list(capital_rates()))
    table: list[Rule] = [
        (follow.performance & ~known, "E-P060", names, "rate_index",
         "loan {id} has a rate by results of {value}", f"one of {', '.join(capital_rates())}",
         "correct rate_index and its tenor"),
        (follow.performance & (kinds != Kind.BULLET), "E-P061", tape.said("amortisation_type"), "amortisation_type",
         "loan {id} has a rate by results and repays by {value}", "such a loan is repaid in one sum at maturity",
         "call it a bullet"),
        (follow.performance & (reset < 0), "E-P077", tape.dates("origination_date"), "origination_date",
         "loan {id} has a rate by results and no origination date", "the rate of each year runs from the anniversary of the loan",
         "give origination_date"),
    ]  # fmt: skip
    return tape.hits(table)


NEVER = (2**31 - 1, 0)
"""The first and last month of an index whose fixings nobody needs."""


def resets_of(terms: NDArray[np.void], term: Ints, indices: int, months: int) -> Ints:
    """The first and last month whose fixing some loan needs within the horizon, [x, 2]; NEVER where none is. terms: TERMS [i]."""
    span = np.tile(np.asarray(NEVER, dtype=np.int32), (indices, 1))
    follows, first, step = terms["follows"], terms["first_reset"], terms["reset_step"]
    until = np.minimum(term - 1, months)
    resets = (follows >= 0) & (first <= until)
    np.minimum.at(span[:, 0], follows[resets], first[resets])
    np.maximum.at(span[:, 1], follows[resets], (first + (until - first) // step * step)[resets])
    return span


def index_paths(
    indices: Sequence[str],
    curves: Curves,
    ends: Days,
    cutoff: np.datetime64,
    *,
    shift: float | Mapping[str, float] = 0.0,
    performance: Sequence[float] | None = None,
    needed: Sequence[tuple[int, int]] | None = None,
) -> tuple[Floats, list[Finding]]:
    """The fixing of each index at the cut-off and at the end of each month, [x, t] with t = 0 the cut-off, and findings.

    shift: added to every fixing after the cut-off, one number or by index. performance: shares of borrowers with high, middle
    and low results, for the indices of capital-type loans, whose rate is then the expected one. needed [x]: the first and
    last month whose fixing somebody asks for (all of them, without); others may be NaN.
    """
    dates = np.concatenate((as_days([cutoff]), as_days(ends)))
    fixings = np.full((len(indices), len(dates)), np.nan)
    findings: list[Finding] = []
    for x, name in enumerate(indices):
        begin, last = (1, len(ends)) if needed is None else needed[x]
        if name.startswith(CAPITAL):
            findings += _shares_findings(name, performance)
            if name in capital_rates() and performance is not None:
                fixings[x] = float(np.dot(capital_rates()[name], performance))
            continue
        if name in curves:
            fixings[x] = curves[name].at(dates)
            fixings[x, 1:] += shift.get(name, 0.0) if isinstance(shift, Mapping) else shift
        findings += _curve_findings(name, curves, dates[begin : last + 1])
    return fixings, findings


def _shares_findings(name: str, performance: Sequence[float] | None) -> Iterator[Finding]:
    if performance is None:
        message = f"some loans have a rate by results, {name}, and the scenario gives no shares of borrowers"
        rule, fix = "performance gives the shares with high, middle and low results", "add performance: [20%, 50%, 30%]"
        yield Finding("E-P062", "error", message, rule=rule, fix=fix, who=name, field="performance")


def _curve_findings(name: str, curves: Curves, needed: Days) -> Iterator[Finding]:
    """What is wrong with the curve of an index whose fixings are needed on some days."""
    if name not in curves:
        near = nearest(name, curves)
        message = f"some loans follow {name}, and there is no such curve; there are {', '.join(curves) or 'none'}"
        fix = f"did you mean {near}?" if near else "add the curve"
        rule = "every index that is followed has a curve"
        yield Finding("E-P057", "error", message, rule=rule, fix=fix, who=name, field="rate_index", value=name)
        return
    curve = curves[name]
    if not curve.covers(needed).all():
        missing = needed[~curve.covers(needed)]
        message = f"{name} is needed on {missing[0]}; its curve runs from {curve.dates[0]} to {curve.dates[-1]}"
        early = missing[0] < curve.dates[0]
        fix = "supply earlier fixings" if early else "supply later fixings, or say extrapolation: flat"
        rule = "a curve covers the resets of the loans that follow it"
        yield Finding("E-P058", "error", message, rule=rule, fix=fix, who=name, field="rate_index", value=str(curve.dates[-1]))


def reset_path(
    start: float,
    margin: float,
    fixings: Sequence[float] | Floats,
    *,
    first_cap: float = math.inf,
    periodic_cap: float = math.inf,
    cap: float = math.inf,
    floor: float = -math.inf,
    round_down_to: float | None = None,
    limit_falls: bool = True,
) -> Floats:
    """The rate before the first reset and after each, [resets + 1]; all annual decimals.

    A reset goes to index + margin, down to a multiple of `round_down_to`; it moves the rate by at most `first_cap`, later ones by
    at most `periodic_cap`; then `cap` and `floor` hold. limit_falls: whether the limits of a change hold for falls as well.
    """
    path = [start]
    for number, fixing in enumerate(fixings):
        target = float(fixing) + margin
        if round_down_to is not None:
            target = math.floor(target / round_down_to + 1e-9) * round_down_to
        change = periodic_cap if number else first_cap
        path.append(terms_kernel.reset_rate(target, path[-1], change, change if limit_falls else math.inf, cap, floor))
    return np.asarray(path)
