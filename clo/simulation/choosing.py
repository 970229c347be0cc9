"""Which scenarios of a simulation are looked at once more: some that stand for all, or those that are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding, InputError
from clo.scenarios.draws import Draws
from clo.simulation.codes import problem

Numbers = NDArray[np.int64]
USUAL = 200
"""Scenarios of a sample, unless said, or all where there are fewer."""


def chosen(count: int | None, of: Iterable[int] | None, scenarios: int, draws: Draws) -> Numbers:
    """The numbers of so many of the scenarios, or those of `of` in their order [s]. Raises InputError with every problem."""
    if of is None:
        count = min(USUAL, scenarios) if count is None else count
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= scenarios:
            message = f"{count!r} of {scenarios:,} scenarios are no sample"
            raise InputError([problem("E-M023", message, field="scenarios=", value=str(count))])
        return even(int(count), scenarios, draws)
    asked = list(of)
    found = [*_not_sampled(asked, count), *not_simulated(dict.fromkeys(asked), scenarios, "of=")]
    if found:
        raise InputError(found)
    return np.array(asked, dtype=np.int64)


def _not_sampled(asked: list[Any], count: int | None) -> Iterator[Finding]:
    if count is not None:
        yield problem("E-M023", "both a number of scenarios and of= are given", field="scenarios=", value=str(count))
    if not asked:
        yield problem("E-M023", "of= names no scenario", field="of=")
    for number, times in Counter(asked).items():
        if times > 1:
            yield problem("E-M023", f"scenario {number!r} is named {times} times", field="of=", value=str(number))


def not_simulated(asked: Iterable[Any], scenarios: int, place: str) -> Iterator[Finding]:
    """What is no number of a scenario, one finding each."""
    for number in asked:
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number < scenarios:
            message = f"there is no scenario {number!r} among {scenarios:,}"
            yield problem("E-M017", message, field=place, value=str(number))


def even(count: int, scenarios: int, draws: Draws) -> Numbers:
    """Scenarios that stand for all [s]: evenly of every stratum, where they were drawn in strata; else the first.

    Of Sobol's points the first lie as evenly as all of them, and every eighth does not: they share digits.
    """
    if draws.errors != "strata":
        return np.arange(count)
    held = scenarios // draws.groups + (np.arange(draws.groups) < scenarios % draws.groups)
    reached = np.cumsum(held)
    place = (2 * np.arange(count) + 1) * scenarios // (2 * count)
    stratum = np.searchsorted(reached, place, side="right")
    return np.sort(stratum + draws.groups * (place - (reached - held)[stratum]))
