"""Deal flows with their names again: the frames of a result. Amounts are 0 or more, seen from the holder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.pool.flows import Flow, PoolFlows
from clo.waterfall.allocation import DealFlows
from clo.waterfall.program import Movement

ISSUER = "issuer"
BORROWERS = (Flow.interest, Flow.prepayment_fee, Flow.scheduled_principal, Flow.prepayment, Flow.recovery)
"""Columns of cash that come from borrowers."""
_RESIDUAL = ("residual_principal", "residual_interest")


def _dates(flows: DealFlows) -> NDArray[np.datetime64]:
    return flows.timeline.payment_dates.astype("datetime64[s]")


def _stacked(flows: DealFlows, name: str, names: Sequence[str], columns: dict[str, list[Any]]) -> pd.DataFrame:
    """One row per payment date and name, from arrays [t] listed by name."""
    dates = _dates(flows)
    frame = {"payment_date": np.repeat(dates, len(names)), name: np.tile(np.array(names, dtype=object), len(dates))}
    return pd.DataFrame(frame | {column: np.stack(arrays, axis=1).ravel() for column, arrays in columns.items()})


def paid_by_claim(flows: DealFlows, claim: str, reasons: Sequence[str], scenario: int = 0) -> NDArray[np.float64]:
    """What all steps paid on a claim for these reasons, by payment date [t]."""
    total = np.zeros(flows.timeline.payments)
    for movement in flows.program.symbols.movements:
        if movement.claim == claim and movement.reason in reasons:
            total += flows.slot(movement.moved, scenario)
    return total


def tranches(flows: DealFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, tranche, opening, interest_due, interest_paid, interest_unpaid, capitalised, principal_paid, writedown,
    writeup, closing. What a residual earns beyond its principal is interest due and paid on the same date."""
    names = list(flows.deal.tranches)
    zero = np.zeros(flows.timeline.payments)
    columns: dict[str, list[Any]] = {}
    for name in names:
        coupon = flows.deal.tranches[name].coupon is not None
        closing = flows.value(f"{name}.balance", scenario)
        beyond = paid_by_claim(flows, f"{name}.residual", _RESIDUAL[1:], scenario)
        principal = paid_by_claim(flows, f"{name}.principal", ("principal",), scenario)
        row = {
            "opening": np.concatenate(([flows.parameter(f"{name}.size")], closing[:-1])),
            "interest_due": beyond + (flows.value(f"{name}.interest_due", scenario) if coupon else zero),
            "interest_paid": beyond + paid_by_claim(flows, f"{name}.interest", ("interest",), scenario),
            "interest_unpaid": flows.value(f"{name}.interest_unpaid", scenario) if coupon else zero,
            "capitalised": zero,
            "principal_paid": principal + paid_by_claim(flows, f"{name}.residual", _RESIDUAL[:1], scenario),
            "writedown": zero,
            "writeup": zero,
            "closing": closing,
        }
        for column, values in row.items():
            columns.setdefault(column, []).append(values)
    return _stacked(flows, "tranche", names, columns)


def fees(flows: DealFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, fee, due (this period), paid (with arrears), unpaid (carried)."""
    names = list(flows.deal.fees)
    if not names:
        return pd.DataFrame({"payment_date": _dates(flows)[:0], "fee": [], "due": [], "paid": [], "unpaid": []})
    columns = {
        "due": [flows.value(f"{name}.due", scenario) for name in names],
        "paid": [paid_by_claim(flows, f"{name}.fee", ("fee",), scenario) for name in names],
        "unpaid": [flows.value(f"{name}.unpaid", scenario) for name in names],
    }
    return _stacked(flows, "fee", names, columns)


def accounts(flows: DealFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, account, opening, inflow, outflow, closing, target (NaN where the account has none)."""
    names = list(flows.deal.accounts)
    columns: dict[str, list[Any]] = {}
    for name in names:
        closing = flows.value(f"{name}.balance", scenario)
        into, out = np.zeros((2, flows.timeline.payments))
        for movement in flows.program.symbols.movements:
            moved = flows.slot(movement.moved, scenario)
            if movement.to == name and movement.reason in ("collect", "transfer"):
                into += moved
            if movement.source == name and movement.reason != "collect":
                out += moved
        has_target = flows.deal.accounts[name].target is not None
        row = {
            "opening": np.concatenate(([flows.parameter(f"{name}.initial")], closing[:-1])),
            "inflow": into,
            "outflow": out,
            "closing": closing,
            "target": flows.value(f"{name}.target_after", scenario) if has_target else np.full(len(closing), np.nan),
        }
        for column, values in row.items():
            columns.setdefault(column, []).append(values)
    return _stacked(flows, "account", names, columns)


def triggers(flows: DealFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, trigger, breached."""
    names = list(flows.deal.triggers)
    if not names:
        return pd.DataFrame({"payment_date": _dates(flows)[:0], "trigger": [], "breached": []})
    return _stacked(flows, "trigger", names, {"breached": [flows.value(name, scenario) == 1.0 for name in names]})


def ledger(flows: DealFlows, pool: PoolFlows, scenario: int = 0) -> pd.DataFrame:
    """payment_date, step, reason, from, to, amount: every movement of cash; step 0 is the closing date."""
    rows: dict[tuple[int, int, str, str, str], float] = {}
    for movement in flows.program.symbols.movements:
        moved = flows.slot(movement.moved, scenario)
        reason = _reason(movement)
        for t in np.flatnonzero(moved):
            key = (int(t), movement.step, reason, movement.source, movement.to)
            rows[key] = rows.get(key, 0.0) + float(moved[t])
    order = sorted(rows, key=lambda key: key[:2])
    dates = _dates(flows)
    frame = pd.DataFrame(_at_closing(flows, pool), columns=["step", "reason", "from", "to", "amount"])
    frame.insert(0, "payment_date", np.datetime64(flows.timeline.closing, "s"))
    body = pd.DataFrame([(*key[1:], rows[key]) for key in order], columns=["step", "reason", "from", "to", "amount"])
    body = body.astype({"step": "int64", "amount": "float64"})  # also where nothing moved
    body.insert(0, "payment_date", dates[[key[0] for key in order]])
    return pd.concat([frame, body], ignore_index=True)


def _reason(movement: Movement) -> str:
    owner = movement.claim.partition(".")[0]
    return movement.claim if movement.reason == "collect" else f"{owner}.{movement.reason}"


def _at_closing(flows: DealFlows, pool: PoolFlows) -> list[tuple[int, str, str, str, float]]:
    """Notes are issued; the proceeds fund the accounts and buy the loans, each sub-pool in proportion to its balance."""
    deal = flows.deal
    issued = [(name, flows.parameter(f"{name}.size") * tranche.issue_price) for name, tranche in deal.tranches.items()]
    rows = [(0, f"{name}.issue", deal.tranches[name].holder, ISSUER, price) for name, price in issued if price]
    funded = {name: amount for name in deal.accounts if (amount := flows.parameter(f"{name}.initial"))}
    rows += [(0, f"{name}.initial", ISSUER, name, amount) for name, amount in funded.items()]
    left = sum(price for _, price in issued) - sum(funded.values())
    opening = {group: float(pool.amounts[Flow.opening, g, 0, 0]) for g, group in enumerate(pool.groups)}
    total = sum(opening.values())
    rows += [(0, f"{group}.purchase", ISSUER, deal.seller(group), left * part / total) for group, part in opening.items()]
    return rows


def parties(flows: DealFlows, pool: PoolFlows, book: pd.DataFrame, scenario: int = 0) -> pd.DataFrame:
    """payment_date, payer, payee, stream, amount: what parties pay each other; accounts are the issuer's.

    Collections are told by sub-pool: what its borrowers paid in the months that the payment date distributes.
    """
    accounts_held = set(flows.deal.accounts)
    outside = book[~(book["from"].isin(accounts_held | {ISSUER}) & book["to"].isin(accounts_held | {ISSUER}))]
    outside = outside[outside["from"] != "obligors"]
    settled = pd.DataFrame(
        {
            "payment_date": outside["payment_date"],
            "payer": outside["from"].where(~outside["from"].isin(accounts_held), ISSUER),
            "payee": outside["to"].where(~outside["to"].isin(accounts_held), ISSUER),
            "stream": outside["reason"],
            "amount": outside["amount"],
        }
    )
    collected = pd.DataFrame(_collected(flows, pool, scenario), columns=["payment_date", "payer", "payee", "stream", "amount"])
    parts = [part for part in (collected, settled) if len(part)]
    if not parts:
        return settled
    together = pd.concat(parts, ignore_index=True)
    return together.sort_values("payment_date", kind="stable", ignore_index=True)


def _collected(flows: DealFlows, pool: PoolFlows, scenario: int) -> list[tuple[Any, str, str, str, float]]:
    """Each column of cash; the seller of a sub-pool pays for what it buys back, less what it puts in its place."""
    first, dates, rows = flows.timeline.first_month, _dates(flows), []
    paid = [("obligors", flow.name, pool.received(flow)) for flow in BORROWERS]
    paid.append(("seller", "repurchase", pool.received(Flow.repurchase) - pool.received(Flow.substitution)))
    for t in range(flows.timeline.payments):
        for g, group in enumerate(pool.groups):
            for payer, flow, received in paid:
                amount = float(received[g, first[t] : first[t + 1], scenario].sum())
                if amount:
                    who = flows.deal.seller(group) if payer == "seller" else payer
                    rows.append((dates[t], who, ISSUER, f"{group}.{flow}", amount))
    return rows


class Explanation(NamedTuple):
    """Why a claim got what it got on one payment date. Amounts in the deal's currency."""

    asked: float
    available: float
    paid: float
    shortfall: float
    why: str


def waterfall(flows: DealFlows, period: int, scenario: int = 0) -> pd.DataFrame:
    """step, claim, from, to, asked, available, paid, shortfall, why: the steps of payment `period` (1 is the first)."""
    t = _period_index(flows, period)
    rows = [(m.step, _claim(m), m.source, m.to, *_outcome(flows, m, t, scenario)) for m in flows.program.symbols.movements]
    return pd.DataFrame(rows, columns=["step", "claim", "from", "to", *Explanation._fields])


def _outcome(flows: DealFlows, movement: Movement, t: int, scenario: int) -> Explanation:
    """What one movement asked, found and got at payment date t."""
    asked, available, paid = (
        float(flows.slot(slot, scenario)[t]) for slot in (movement.asked, movement.available, movement.moved)
    )
    asked = paid if movement.reason in _RESIDUAL and asked >= 0.0 else asked  # a residual asks what is left
    why = _why(flows, movement, t, asked, paid, scenario)
    return Explanation(asked, available, paid, max(0.0, asked - paid), why)


def _claim(movement: Movement) -> str:
    return (
        movement.claim if movement.reason not in _RESIDUAL else f"{movement.claim} ({movement.reason.removeprefix('residual_')})"
    )


def _period_index(flows: DealFlows, period: int) -> int:
    if not 1 <= period <= flows.timeline.payments:
        raise ValueError(f"payment {period} does not exist; the deal has payments 1 to {flows.timeline.payments}")
    return period - 1


def _why(  # noqa: PLR0911  (one return a reason)
    flows: DealFlows, movement: Movement, t: int, asked: float, paid: float, scenario: int
) -> str:
    if movement.reason == "collect":
        return "collected from the borrowers"
    if movement.condition is not None and flows.slot(movement.condition, scenario)[t] == 0.0:
        return f"not paid: `{movement.condition_text}` is false"
    if not asked >= 0.0:
        return "a breach: the amount, or what decides it, is not a number of 0 or more"
    if movement.reason in _RESIDUAL and paid == 0.0 and flows.slot(movement.available, scenario)[t] < 1.0:
        return "nothing is left"
    if asked == 0.0:
        return "nothing is asked"
    if paid >= asked:
        return "everything left" if movement.reason == "residual_interest" else "in full"
    before = [
        (_claim(other), float(flows.slot(other.moved, scenario)[t]))
        for other in flows.program.symbols.movements
        if other.source == movement.source and other.op < movement.op and other.reason != "collect"
    ]
    taken = ", ".join(f"{claim} {amount:,.0f}" for claim, amount in before if amount)
    return f"{movement.source} ran out" + (f" after {taken}" if taken else "; nothing was paid from it before")


def explain(flows: DealFlows, claim: str, period: int, scenario: int = 0) -> Explanation:
    """What a claim such as `mezzanine.interest` asked, found and got on payment `period`, over all steps that pay it.

    Raises KeyError for a claim no step pays, ValueError for a payment that does not exist.
    """
    t = _period_index(flows, period)
    steps = [movement for movement in flows.program.symbols.movements if movement.claim == claim]
    if not steps:
        claims = list(dict.fromkeys(movement.claim for movement in flows.program.symbols.movements))
        raise KeyError(f"no step pays {claim!r}; the claims are {', '.join(claims)}")
    outcomes = [_outcome(flows, step, t, scenario) for step in steps]
    paid = sum(outcome.paid for outcome in outcomes)
    asked = _asked(flows, claim, steps, paid, t, scenario)
    reached = [step for step in steps if step.condition is None or flows.slot(step.condition, scenario)[t] != 0.0]
    available = float(flows.slot((reached or steps)[0].available, scenario)[t])
    told = [f"step {step.step}: {outcome.why}" for step, outcome in zip(steps, outcomes, strict=True)]
    why = outcomes[0].why if len({outcome.why for outcome in outcomes}) == 1 else "; ".join(told)
    return Explanation(asked, available, paid, max(0.0, asked - paid), why)


def _asked(flows: DealFlows, claim: str, steps: Sequence[Movement], paid: float, t: int, scenario: int) -> float:
    """Interest and fees ask all that is unpaid; other claims what their steps ask."""
    owner, _, kind = claim.partition(".")
    if steps[0].reason in ("interest", "fee"):
        unpaid = flows.value(f"{owner}.{'interest_unpaid' if kind == 'interest' else 'unpaid'}", scenario)[t]
        return float(unpaid) + paid
    if steps[0].reason in _RESIDUAL:
        return paid  # a residual asks what is left
    asked, before = 0.0, 0.0
    for step in steps:
        here = float(flows.slot(step.asked, scenario)[t])
        moved = float(flows.slot(step.moved, scenario)[t])
        asked = max(asked, before + here)
        before += moved
    return asked
