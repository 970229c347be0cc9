"""A rule over the rows of a tape: one vectorised test that makes at most one finding, and the words its message is made of.

A comparison with a missing value never breaks a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo import labels
from clo.schema import NUMERIC, TAPE
from clo.tape.view import Mask, View, number

Positions = NDArray[np.intp]

MONEY_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class Rule:
    """One test: its finding is about `field`; it runs where the tape has that column and all of `needs`."""

    code: str
    field: str
    needs: tuple[str, ...]
    broken: Callable[[View], Mask]
    message: Callable[[View, Positions], str]


def counted(at: Positions) -> str:
    return labels.counted(len(at))


def value(view: View, at: Positions, name: str, before: str = " ") -> str:
    """The value of a column where one row is broken; with several it stands in the occurrences, not in the message."""
    return before + _first(view, at, name) if len(at) == 1 else ""


def _first(view: View, at: Positions, name: str) -> str:
    if TAPE[name].kind == "date":
        return str(view.dates(name)[at[0]].astype("datetime64[D]"))
    if TAPE[name].kind in NUMERIC:
        return number(float(view.numbers(name)[at[0]]))
    return str(view.frame[name].iloc[at[0]])


def statuses(view: View, at: Positions) -> str:
    """The statuses of all broken rows: they are words of a short list, and say more than a count."""
    names = view.frame["account_status"].iloc[at].dropna().astype(str).unique()
    return f"status {' or '.join(sorted(names))}" if len(names) else "status blank"


def above(first: str, second: str) -> Callable[[View], Mask]:
    """Rows where one amount of money exceeds another."""
    return lambda view: view.numbers(first) > view.numbers(second) + MONEY_TOLERANCE


def saying(words: str) -> Callable[[View, Positions], str]:
    """A message of fixed words and the count."""
    return lambda _, at: f"{words} ({counted(at)})"
