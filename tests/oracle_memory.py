"""The slow reading of what expressions remember: of each name, what it stood for at the end of every payment date."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from oracle_expressions import Cash


class Memory:
    """start: what each name starts from; before the first payment date that is its previous value."""

    def __init__(self, names: Iterable[str], now: Callable[[str], Any], start: Callable[[str], Any]) -> None:
        self.now = now
        self.start = {name: start(name) for name in sorted(names)}
        self.past: dict[str, list[Any]] = {name: [] for name in self.start}

    def record(self) -> None:
        """The end of a payment date."""
        for name, values in self.past.items():
            values.append(self.now(name))

    def recall(self, function: str, name: str, count: float | None) -> Any:
        past = self.past[name]
        if function == "previous":
            return past[-1] if past else self.start[name]
        now = self.now(name)
        dates = len(past) + 1 if function == "cumulative" else min(int(count or 0), len(past) + 1)
        found = math.fsum([*past, now][-dates:])
        if function == "rolling_average":
            found /= dates
        return Cash(found) if isinstance(now, Cash) else found
