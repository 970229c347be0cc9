"""The slow reading of triggers: what they read, and what they remember of it.

What is not a number (nan) is either of true and false: counts are of what is certain and of what is possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from oracle_expressions import known
from oracle_state import State


@dataclass
class InARow:
    """At how many observations in a row a condition has held: certainly, and possibly."""

    certain: int = 0
    possible: int = 0

    def observe(self, held: float) -> None:
        self.certain = self.certain + 1 if held == 1.0 else 0
        self.possible = self.possible + 1 if held != 0.0 else 0

    def reaches(self, wanted: int) -> float:
        if self.certain >= wanted:
            return 1.0
        return math.nan if self.possible >= wanted else 0.0


class Triggers(State):
    def start_triggers(self) -> None:
        self.bad = {name: InARow() for name in self.deal.triggers}
        self.good = {name: InARow() for name in self.deal.triggers}

    def observe(self, name: str) -> None:
        """Reads the trigger, where this payment date is one of its observations."""
        trigger = self.deal.triggers[name]
        if name in self.forced or self.payment["number"] % trigger.every != 0:
            return
        if (trigger.since is not None and self.paid_on < trigger.since) or (
            trigger.until is not None and self.paid_on > trigger.until
        ):
            return
        holds = self.read(trigger.when)
        cured = opposite(holds) if trigger.cure is None else self._cured(trigger.cure)
        self.bad[name].observe(holds)
        self.good[name].observe(cured)
        begins = self.bad[name].reaches(trigger.after)
        goes_on = opposite(self.good[name].reaches(trigger.cure_after))
        if math.isnan(self.held[name]):
            self.held[name] = begins if begins == goes_on else math.nan
        else:
            self.held[name] = goes_on if self.held[name] == 1.0 else begins

    def _cured(self, cure: str) -> float:
        return 0.0 if cure == "never" else float(self.read(cure))


def opposite(held: float) -> float:
    return float(known(held, held, float(not held)))
