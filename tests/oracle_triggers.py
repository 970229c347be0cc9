"""The slow reading of triggers: what they read, and what they remember of it."""

from __future__ import annotations

import math

from oracle_expressions import known
from oracle_state import State


class Triggers(State):
    def start_triggers(self) -> None:
        self.bad = dict.fromkeys(self.deal.triggers, 0)
        self.good = dict.fromkeys(self.deal.triggers, 0)

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
        if not trigger.remembers:
            self.held[name] = holds
            return
        if math.isnan(holds) or math.isnan(cured):
            return
        self.bad[name] = self.bad[name] + 1 if holds else 0
        self.good[name] = self.good[name] + 1 if cured else 0
        if self.held[name] == 1.0:
            self.held[name] = float(self.good[name] < trigger.cure_after)
        else:
            self.held[name] = float(self.bad[name] >= trigger.after)

    def _cured(self, cure: str) -> float:
        return 0.0 if cure == "never" else float(self.read(cure))


def opposite(held: float) -> float:
    return float(known(held, held, float(not held)))
