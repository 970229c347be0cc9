"""Tables of a run that name what the machine left behind. Amounts are 0 or more, seen from the holder.

Each is of one scenario, or of some: a slice of them, whose tables follow one another. Axes: t payment date, s scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.waterfall.allocation import DealFlows

Floats = NDArray[np.float64]
_INTO = ("collect", "transfer", "draw", "earned", "sale", "settle")
"""Reasons for which cash comes into an account."""


def payment_dates(flows: DealFlows) -> NDArray[np.datetime64]:
    return flows.timeline.payment_dates.astype("datetime64[s]")


def stacked(flows: DealFlows, name: str, rows: dict[str, dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """One row per payment date and name, from arrays [t] by name and column; from arrays [t, s] one scenario after another."""
    dates, names = payment_dates(flows), list(rows)
    if not names:
        return pd.DataFrame({"payment_date": dates[:0], name: [], **{column: [] for column in columns}})
    shape = len(dates), len(names), -1
    values = {column: np.stack([row[column] for row in rows.values()], axis=1).reshape(shape) for column in columns}
    scenarios = values[columns[0]].shape[2]
    frame = {
        "payment_date": np.tile(np.repeat(dates, len(names)), scenarios),
        name: np.tile(np.array(names, dtype=object), len(dates) * scenarios),
    }
    return pd.DataFrame(frame | {column: value.transpose(2, 0, 1).ravel() for column, value in values.items()})


class Moved:
    """What moved, by claim and reason, by payment date [t], of some scenarios [t, s]."""

    def __init__(self, flows: DealFlows, scenario: int | slice) -> None:
        self.totals: dict[tuple[str, str], Floats] = {}
        self.nothing = _nothing(flows, scenario)
        for movement in flows.program.symbols.movements:
            key = (movement.claim, movement.reason)
            self.totals[key] = self.totals.get(key, self.nothing) + flows.slot(movement.moved, scenario)

    def __call__(self, claim: str, reason: str) -> Floats:
        return self.totals.get((claim, reason), self.nothing)


def _nothing(flows: DealFlows, scenario: int | slice) -> Floats:
    return np.zeros_like(flows.kept[0, :, scenario])


def _before(closing: Floats, start: float = 0.0) -> Floats:
    """What a balance stood at when each payment date began."""
    return np.concatenate((np.full_like(closing[:1], start), closing[:-1]))


def _values(flows: DealFlows, scenario: int | slice) -> Callable[[str], Floats]:
    return lambda name: flows.value(name, scenario)


TRANCHE = (
    "opening", "interest_due", "interest_paid", "interest_unpaid",
    "capitalised", "principal_paid", "writedown", "writeup", "closing",
)  # fmt: skip


def tranches(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, tranche, then TRANCHE. What a residual earns beyond its principal is interest due and paid on that date."""
    moved, value = Moved(flows, scenario), _values(flows, scenario)
    rows = {}
    for name, tranche in flows.deal.tranches.items():
        coupon = tranche.coupon is not None
        closing = value(f"{name}.balance")
        beyond = moved(f"{name}.residual", "residual_interest")
        rows[name] = {
            "opening": _before(closing, flows.parameter(f"{name}.size")),
            "interest_due": beyond + (value(f"{name}.interest_due") if coupon else 0.0),
            "interest_paid": beyond + moved(f"{name}.interest", "interest"),
            "interest_unpaid": value(f"{name}.interest_unpaid") if coupon else moved.nothing,
            "capitalised": moved(f"{name}.capitalise", "capitalise"),
            "principal_paid": moved(f"{name}.principal", "principal") + moved(f"{name}.residual", "residual_principal"),
            "writedown": moved(f"{name}.write_down", "write_down"),
            "writeup": moved(f"{name}.write_up", "write_up"),
            "closing": closing,
        }
    return stacked(flows, "tranche", rows, TRANCHE)


def fees(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, fee, due (this period, charges included), paid (with arrears), unpaid (carried)."""
    moved, value = Moved(flows, scenario), _values(flows, scenario)
    rows = {
        name: {"due": value(f"{name}.due"), "paid": moved(f"{name}.fee", "fee"), "unpaid": value(f"{name}.unpaid")}
        for name in flows.deal.fees
    }
    return stacked(flows, "fee", rows, ("due", "paid", "unpaid"))


def accounts(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, account, opening, inflow, outflow, closing, target (NaN where the account has none)."""
    value = _values(flows, scenario)
    rows = {}
    for name, account in flows.deal.accounts.items():
        closing = value(f"{name}.balance")
        into, out = _nothing(flows, scenario), _nothing(flows, scenario)
        for movement in flows.program.symbols.movements:
            if movement.to == name and movement.reason in _INTO:
                into += flows.slot(movement.moved, scenario)
            if movement.source == name and movement.cash and movement.reason != "collect":
                out += flows.slot(movement.moved, scenario)
        rows[name] = {
            "opening": _before(closing, flows.parameter(f"{name}.initial")),
            "inflow": into,
            "outflow": out,
            "closing": closing,
            "target": value(f"{name}.target_after") if account.target is not None else np.full_like(closing, np.nan),
        }
    return stacked(flows, "account", rows, ("opening", "inflow", "outflow", "closing", "target"))


FACILITY = (
    "opening", "drawn", "repaid", "closing", "available",
    "interest_due", "interest_paid", "interest_unpaid", "fee_due", "fee_paid", "fee_unpaid",
)  # fmt: skip


def facilities(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, facility, then FACILITY: the balance drawn, what may still be drawn, interest and commitment fee."""
    moved, value = Moved(flows, scenario), _values(flows, scenario)
    rows = {}
    for name in flows.deal.facilities:
        closing = value(f"{name}.balance")
        rows[name] = {
            "opening": _before(closing),
            "drawn": moved(f"{name}.draw", "draw"),
            "repaid": moved(f"{name}.principal", "principal"),
            "closing": closing,
            "available": value(f"{name}.available_after"),
            "interest_due": value(f"{name}.interest_due"),
            "interest_paid": moved(f"{name}.interest", "interest"),
            "interest_unpaid": value(f"{name}.interest_unpaid"),
            "fee_due": value(f"{name}.due"),
            "fee_paid": moved(f"{name}.fee", "fee"),
            "fee_unpaid": value(f"{name}.unpaid"),
        }
    return stacked(flows, "facility", rows, FACILITY)


HEDGE = ("notional", "due", "paid", "unpaid", "accrued", "received", "receivable")


def hedges(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, hedge, then HEDGE: what goes out (due, paid, unpaid) and what comes in (accrued, received, receivable)."""
    moved, value = Moved(flows, scenario), _values(flows, scenario)
    rows = {
        name: {word: value(f"{name}.{word}") for word in ("notional", "due", "unpaid", "accrued", "receivable")}
        | {"paid": moved(f"{name}.hedge", "hedge"), "received": moved(f"{name}.draw", "draw")}
        for name in flows.deal.hedges
    }
    return stacked(flows, "hedge", rows, HEDGE)


def ledgers(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, ledger, opening, debited, credited, closing: what is counted and is not cash."""
    moved, value = Moved(flows, scenario), _values(flows, scenario)
    rows = {}
    for name in flows.deal.ledgers:
        closing = value(f"{name}.balance")
        debited, credited = moved(f"{name}.debit", "debit"), moved(f"{name}.credit", "credit")
        rows[name] = {"opening": _before(closing), "debited": debited, "credited": credited, "closing": closing}
    return stacked(flows, "ledger", rows, ("opening", "debited", "credited", "closing"))


def triggers(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, trigger, breached."""
    rows = {name: {"breached": flows.value(name, scenario) == 1.0} for name in flows.deal.triggers}
    return stacked(flows, "trigger", rows, ("breached",))


def values(flows: DealFlows, scenario: int | slice = 0) -> pd.DataFrame:
    """payment_date, name, value: what `let` steps computed; a condition is 1 or 0."""
    rows = {name: {"value": flows.value(name, scenario)} for name in flows.program.symbols.values}
    return stacked(flows, "name", rows, ("value",))
