"""The swap of each institution from payment date to payment date: events on their way, the deductible, what is passed on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.deal.terms import Deal
from clo.pool.flows import Flow, PoolFlows
from clo.waterfall.allocation import DealFlows
from clo.waterfall.frames import stacked

Floats = NDArray[np.float64]
EVENTS = (
    "defaulted", "not_covered", "notified", "in_grace", "under_determination", "confirmed", "unsettled", "settled",
)  # fmt: skip
DEDUCTIBLE = ("deductible_opening", "deductible_fallen", "deductible_used", "deductible_unused")
COLUMNS = (*EVENTS, "recovered", "loss", "passed_on", *DEDUCTIBLE, "returned", "reference_balance", "premium")


def swaps(flows: DealFlows, pool: PoolFlows, scenario: int = 0) -> pd.DataFrame | None:
    """payment_date, institution, then COLUMNS; None where the deal has no structure of swaps.

    Stocks at the end of the date: in_grace, under_determination, unsettled, deductible_unused, reference_balance. Flows since
    the last one: the rest; recovered as counted at settlement, returned of what comes back later. in_grace and
    under_determination together rise by notified and fall by confirmed, unsettled rises by confirmed and falls by settled.
    premium: what the institution pays on the date, for the period to come.
    """
    deal = flows.deal
    if deal.swap is None or PASSED_ON not in flows.program.symbols.slots:
        return None
    rows, returning = {}, deal.swap.later_recoveries == "returned"
    for name in deal.pools:
        found = _events(deal, flows, pool.amounts[Flow.default, pool.groups.index(name), :, scenario])
        opened, unused = flows.value(f"{name}_open", scenario), flows.value(f"{name}_unused", scenario)
        opening = np.concatenate(([_deductible_at_first(flows, name)], unused[:-1]))
        found |= {word: flows.value(f"{name}_{slot}", scenario) for word, slot in _COMPUTED.items()}
        found |= {
            "deductible_opening": opening,
            "deductible_fallen": opening - opened,
            "deductible_used": opened - unused,
            "deductible_unused": unused,
            "recovered": found["settled"] - found["loss"],
            "returned": flows.value(f"{name}_returned", scenario) if returning else np.zeros(len(unused)),
            "premium": _premium(flows, name, scenario),
        }
        rows[name] = found
    return stacked(flows, "institution", rows, COLUMNS)


PASSED_ON = "passed_on"
"""What the steps of a structure of swaps compute."""
_COMPUTED = {"loss": "loss", "passed_on": "passed", "reference_balance": "reference"}
"""Columns that steps compute."""


def _events(deal: Deal, flows: DealFlows, default: Floats) -> dict[str, Floats]:
    """Where the defaults of one institution [month] stand on each payment date."""
    swap = deal.swap
    assert swap is not None  # asked by `swaps`
    total, ends = np.concatenate(([0.0], np.cumsum(default))), flows.timeline.first_month[1:]

    def so_far(months: int) -> Floats:
        return np.asarray(total[np.maximum(0, ends - months)])

    reached = np.zeros((4, len(ends)))
    for share, grace in swap.kinds(deal.default_mix):
        confirmed = grace + swap.determination
        for place, months in enumerate((0, grace, confirmed, confirmed + swap.settlement)):
            reached[place] += share * so_far(months)
    new = np.diff(np.stack([so_far(0), *reached]), axis=1, prepend=0.0)
    stand = reached[:-1] - reached[1:]
    return {
        "defaulted": new[0],
        "not_covered": new[0] - new[1],
        "notified": new[1],
        "in_grace": stand[0],
        "under_determination": stand[1],
        "confirmed": new[3],
        "unsettled": stand[2],
        "settled": new[4],
    }


def _deductible_at_first(flows: DealFlows, name: str) -> float:
    """What the deductible of an institution starts with."""
    swap, pool = flows.deal.swap, flows.parameter("pool.initial")
    assert swap is not None  # asked by `swaps`
    notes = sum(flows.parameter(f"{note}.size") for note in flows.deal.tranches)
    return swap.deductible.of(name, flows.parameter(f"{name}.initial"), 1.0 - notes / pool)


def _premium(flows: DealFlows, name: str, scenario: int) -> Floats:
    paid = np.zeros(flows.timeline.payments)
    for movement in flows.program.symbols.movements:
        if movement.source == name and movement.reason == "settle":
            paid += flows.slot(movement.moved, scenario)
    return paid
