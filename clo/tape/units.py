"""Tests of whole columns: rates in percent, one originator in another unit, scores in place of probabilities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.labels import counted
from clo.schema import TAPE
from clo.tape.view import View

IMPLAUSIBLE_RATE = 0.25
"""No pool of business loans has a median rate of 25 %; above it the column is in percent or basis points."""
IMPLAUSIBLY_LOW_RATE = 0.001
DIVIDED_TWICE = 0.0005
"""A median of 0.05 % is what percent gives that were taken for percent twice."""
FEWEST_LOANS = 3
"""An originator with fewer loans says nothing about its unit."""
SMALLEST_GUARANTEE = 0.01
MANY_ORIGINATORS = 60
POWER_OF_1000 = 3.0
"""A median within this factor of 1/1000 of the others' is taken for another unit."""


def unit_findings(view: View) -> Iterator[Finding]:
    """Findings about the unit of rates, money and probabilities of default."""
    for name in view.frame.columns:
        if name in TAPE and TAPE[name].kind == "rate":
            yield from _rates(view, name)
    odd: list[Finding] = []
    for name in ("original_balance", "current_balance"):
        if view.has(name):
            odd = list(_money(view, name))
            yield from odd
            if odd:
                break  # the same originator's other balances would say the same
    yield from _balances_apart(view, odd)
    if view.has("pd_1y"):
        yield from _probabilities(view)
    if view.has("guarantee_ratio"):
        yield from _guarantees(view)


def _medians(view: View, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(median of each originator's positive values, NaN with too few; the same for its peers), by originator number."""
    numbers, names = view.originators
    use = (values > 0) & (numbers >= 0)
    groups = pd.Series(values[use]).groupby(numbers[use])
    own = np.full(len(names), np.nan)
    medians, sizes = groups.median(), groups.size()
    enough = sizes.to_numpy() >= FEWEST_LOANS
    own[medians.index.to_numpy()[enough]] = medians.to_numpy()[enough]
    logs = np.log(own)
    known = ~np.isnan(logs)
    peers = np.full(len(names), np.nan)
    if known.sum() < 2:
        return own, peers
    if known.sum() > MANY_ORIGINATORS:  # leaving one out changes nothing that matters
        peers[:] = np.exp(np.median(logs[known]))
        return own, peers
    for one in np.flatnonzero(known):
        others = known.copy()
        others[one] = False
        peers[one] = np.exp(np.median(logs[others]))
    return own, peers


def _rates(view: View, name: str) -> Iterator[Finding]:
    values = view.numbers(name)
    known = values[values == values]  # noqa: PLR0124  (drops NaN)
    if not len(known):
        return
    apart = np.zeros(len(values), dtype=bool)
    if name == "current_rate" and (known.max() > IMPLAUSIBLE_RATE or known.min() < IMPLAUSIBLY_LOW_RATE):
        numbers, names = view.originators
        own, peers = _medians(view, values)
        with np.errstate(invalid="ignore"):
            odd = ((own > IMPLAUSIBLE_RATE) & (own > 30 * peers)) | ((own < IMPLAUSIBLY_LOW_RATE) & (own < peers / 30))
        odd &= ~np.isin(names.astype(str), list(view.declared.rate_units))
        for one in np.flatnonzero(odd):
            rows = numbers == one
            apart |= rows
            said = (
                f"rates of {names[one]} have a median of {own[one]:.4g}, those of the others {peers[one]:.4g} "
                f"({counted(int(rows.sum()))}): percent against decimals?"
            )
            yield view.report("E-T022", name, rows, said)
    above = (values > 1) & ~apart
    rest = values[~apart]
    rest = rest[(rest == rest) & (rest > 0)]  # noqa: PLR0124
    if not len(rest):
        return
    middle = float(np.median(rest))
    if not above.any() and middle <= IMPLAUSIBLE_RATE:
        if name == "current_rate" and middle < DIVIDED_TWICE:
            said = f"median rate {middle:.4%}: this looks like percent divided twice ({counted(len(rest))})"
            yield view.report("W-T021", name, ~apart & (values > 0), said)
        return
    if middle <= IMPLAUSIBLE_RATE:
        rest = rest[rest <= 1]  # what the others are like, without those complained of
    low, high = np.quantile(rest, [0.02, 0.98])
    inside = int(((rest >= low) & (rest <= high)).sum())
    unit, code = ("basis points", "bp") if middle > 30 else ("percent", "percent")
    if middle <= IMPLAUSIBLE_RATE:
        said = f"rate above 100 % for {counted(int(above.sum()))}; the others lie in {low:.4g}–{high:.4g}: check these rows"
        yield view.report("E-T021", name, above, said, fix="correct the rows, or declare the unit of their originator")
        return
    rows = above if above.any() else ~apart & (values > 0)
    sign = "rate above 100 %" if above.any() else f"median rate {middle:.0%}"
    said = f"{sign}: this column looks like {unit} ({inside:,} of {len(rest):,} values lie in {low:.4g}–{high:.4g})"
    yield view.report("E-T021", name, rows, said, fix=f"set `units: {{rate: {code}}}` in the sidecar")


def _money(view: View, name: str) -> Iterator[Finding]:
    """Originators whose median is about 1/1000 or 1/1,000,000 of their peers', or 1000 times, and did not declare a unit."""
    numbers, names = view.originators
    own, peers = _medians(view, view.numbers(name))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = own / peers
        low = (ratio < POWER_OF_1000 / 1e3) & (ratio > 1 / POWER_OF_1000 / 1e6)
        # of two originators the smaller is in thousands; the larger one is whole yen
        high = (ratio > 1e3 / POWER_OF_1000) & (ratio < POWER_OF_1000 * 1e6) & (np.isfinite(own).sum() > 2)
    odd = (low | high) & ~np.isin(names.astype(str), list(view.declared.money_units))
    for one in np.flatnonzero(odd):
        rows = numbers == one
        power = 1000 if 1e-5 < ratio[one] < 1e5 else 1_000_000
        unit = {1000: "千円 (thousand)", 1_000_000: "百万円 (million)"}[power]
        times = f"1/{power}" if ratio[one] < 1 else f"{power} times"
        said = f"{names[one]}: median {name} {own[one]:,.0f} is about {times} of its peers' {peers[one]:,.0f}: "
        said += f"unit {unit}? declare units.money" if ratio[one] < 1 else "are the others in thousands? declare units.money"
        yield view.report("E-T024", name, rows, f"{said} ({counted(int(rows.sum()))})")


def _balances_apart(view: View, odd: list[Finding]) -> Iterator[Finding]:
    """Balances and original balances in different units, unless both were declared.

    Rows of originators already found in another unit are left out.
    """
    both = {"current_balance", "original_balance"}
    if not view.has(*both) or both <= view.declared.column_units:
        return
    now, lent = view.numbers("current_balance"), view.numbers("original_balance")
    use = (now > 0) & (lent > 0)
    for found in odd:
        if found.occurrences is not None:
            use &= ~np.isin(view.rows, found.occurrences.rows)
    if int(use.sum()) < FEWEST_LOANS:
        return
    ratio = float(np.median(now[use] / lent[use]))
    for power in (1e-3, 1e-6, 1e3):
        if power / POWER_OF_1000 < ratio < power * POWER_OF_1000:
            unit = "million" if power < 1e-5 else "thousand"
            small = "current_balance" if power < 1 else "original_balance"
            times = {1e-3: "1/1000 of", 1e-6: "1/1000000 of", 1e3: "1000 times"}[power]
            said = f"current_balance is about {times} original_balance (median ratio {ratio:.3g}, {counted(int(use.sum()))}): "
            said += f"{small} in {unit}s?"
            advice = f"declare `units: {{columns: {{{small}: {unit}}}}}` in the sidecar, or, if they are right, the units of both"
            yield view.report("E-T029", small, use, said, fix=advice)


def _probabilities(view: View) -> Iterator[Finding]:
    values = view.numbers("pd_1y")
    outside = (values < 0) | (values > 1)
    known = values[values == values]  # noqa: PLR0124
    if outside.any():
        provider = ""
        if view.has("score_provider"):
            names = view.frame["score_provider"].dropna().unique()
            provider = f" and provider {', '.join(str(name) for name in names[:3])}" if len(names) else ""
        said = f"pd_1y has values {known.min():g}–{known.max():g}{provider}: "
        median = float(np.median(known))
        said += "this is a score (higher = safer), or percent" if median > 20 else "this looks like percent"
        yield view.report("E-T034", "pd_1y", outside, f"{said} ({counted(int(outside.sum()))})")
        return
    blank = np.isnan(values)
    if "pd_1y" in view.declared.excused:
        blank &= ~view.declared.excused["pd_1y"]
    empty = (values == 0) | (values == 1) | blank
    if len(known) and empty.any():
        yield view.report("W-T034", "pd_1y", empty, f"pd_1y is 0, 1 or blank for {counted(int(empty.sum()))}")


def _guarantees(view: View) -> Iterator[Finding]:
    """Guarantees none of which passes 1 % of its loan: percent taken for percent twice."""
    ratio = view.numbers("guarantee_ratio")
    some = ratio > 0
    if some.any() and float(ratio[some].max()) <= SMALLEST_GUARANTEE:
        said = f"no guarantee above {SMALLEST_GUARANTEE:.0%} ({counted(int(some.sum()))}): percent divided twice?"
        yield view.report("W-T105", "guarantee_ratio", some, said)
