"""The slow reading of a sub-pool: its loans month by month, what comes back of their defaults, and what the servicer loses.

Plain Python, from docs/behaviour.md, never from the engine. `pool_flows` is the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from oracle_behaviour import FLOWS, Claim, Loan, RollingLoan
from oracle_hazards import by_words, of, yearly_shares
from oracle_loans import Curves, Market, Row, given

CASH = ("interest", "scheduled_principal", "prepayment", "recovery", "repurchase", "prepayment_fee")
"""Columns that bring cash; `substitution` takes it back."""
COLUMNS = (*FLOWS, "recovery", "recovery_cost", "setoff", "commingling_loss")


def pool_flows(
    rows: Iterable[Row],
    cutoff: date,
    months: int,
    scenario: Any,
    *,
    curves: Curves | None = None,
    schedules: Iterable[Row] = (),
    returns: list[tuple[int, int, float]] | None = None,
) -> tuple[list[dict[str, float]], float]:
    """Flows of a sub-pool in months 1..months by column, and the recoveries that would arrive later and are lost.

    returns: filled with each recovery: the month of the default, the month of the recovery, the amount.
    """
    market = Market(curves or {}, _shift(scenario), of(scenario, "performance"))
    kind = Loan if of(of(scenario, "arrears"), "roll_rates") is None else RollingLoan
    due = list(schedules)
    loans = [kind(row, cutoff, scenario, market, [each for each in due if same_loan(each, row)]) for row in rows]
    initial = math.fsum(loan.opening(1) for loan in loans)
    parts: list[dict[str, list[float]]] = [{column: [] for column in COLUMNS} for _ in range(months)]
    lost: list[float] = []
    for month in range(1, months + 1):
        hazard = _hazard_of_all(scenario, loans, month, initial)
        for loan in loans:
            for column, amount in loan.month(month, hazard).items():
                parts[month - 1][column].append(amount)
            for claim in loan.claims:
                _recover(parts, lost, month, claim, loan.row, scenario, [] if returns is None else returns)
    flows = [{column: math.fsum(values) for column, values in each.items()} for each in parts]
    for month, flow in enumerate(flows, start=1):
        flow["commingling_loss"] = lost_with_servicer(scenario, month) * cash(flow)
    return flows, math.fsum(lost)


def _shift(scenario: Any) -> Any:
    """What the scenario adds to the curves: one number for all, or one by index."""
    said = of(scenario, "rates")
    if said is None:
        return 0.0
    every = of(said, "shift")
    return said if every is None else float(every)


def same_loan(due: Row, row: Row) -> bool:
    """Whether a row of a schedule is of the loan."""
    return all(due.get(key) == row.get(key) for key in ("originator_id", "loan_id") if key in due and key in row)


def _hazard_of_all(scenario: Any, loans: Iterable[Loan], month: int, initial: float) -> float | None:
    """The hazard of every loan where the scenario says what amount of the sub-pool defaults; None where it does not."""
    model = of(scenario, "defaults")
    if isinstance(model, str) or of(model, "of") != "balance" or of(model, "cumulative") is None:
        return None
    shares, year = yearly_shares(model), (month - 1) // 12
    amount = float(of(model, "cumulative")) * shares[year] / 12.0 * initial if year < len(shares) else 0.0
    left = math.fsum(loan.opening(month) for loan in loans)
    return 0.0 if amount == 0.0 or left == 0.0 else min(1.0, amount / left)


def _recover(
    parts: list[dict[str, list[float]]],
    lost: list[float],
    month: int,
    claim: Claim,
    row: Row,
    scenario: Any,
    returns: list[tuple[int, int, float]],
) -> None:
    """Books what comes back of a claim in the month of default and later."""
    rule, left = of(scenario, "setoff"), claim.balance
    if rule is not None:
        deposit = min(float(given(row, "deposit_setoff", 0.0)), left)
        left -= deposit
        parts[month - 1]["setoff"].append(claim.share * deposit)
        if rule == "recovered":
            parts[month - 1]["recovery"].append(claim.share * deposit)
            returns.append((month, month, claim.share * deposit))
    gross = claim.share * recovered(row, left, scenario)
    cost = float(of(scenario, "recovery_cost", 0.0))
    for later, share in enumerate(of(scenario, "recovery_timing", (1.0,))):
        arrives = month + int(of(scenario, "recovery_lag", 0)) + later
        if arrives <= len(parts):
            parts[arrives - 1]["recovery"].append(gross * float(share) * (1.0 - cost))
            returns.append((month, arrives, gross * float(share) * (1.0 - cost)))
            parts[arrives - 1]["recovery_cost"].append(gross * float(share) * cost)
        else:
            lost.append(gross * float(share) * (1.0 - cost))


def recovered(row: Row, claim: float, scenario: Any) -> float:
    """What comes back of a claim on the whole loan, before cost."""
    rule = of(scenario, "recovery", 0.0)
    if rule == "tape":
        loss = given(row, "allocated_loss")
        if of(scenario, "defaults") != "tape" or of(scenario, "setoff") is not None or loss is None:
            raise ValueError("recovery from the tape needs the tape's default and its allocated loss, and no set-off")
        return max(0.0, claim - float(loss))
    if rule == "lgd":
        return (1.0 - float(row["lgd"])) * claim
    if isinstance(rule, int | float):
        return float(rule) * claim
    return float(by_words(rule, row, "rates")) * claim


def cash(flow: Mapping[str, float]) -> float:
    """What a month brings before the servicer fails."""
    return math.fsum(flow[column] for column in CASH) - flow["substitution"]


def lost_with_servicer(scenario: Any, month: int) -> float:
    """The share of the month's cash that is lost with the servicer."""
    failure = of(scenario, "servicer_failure")
    if failure is None:
        return 0.0
    last = int(of(failure, "month"))
    return float(of(failure, "share", 1.0)) if last - int(of(failure, "months", 1)) < month <= last else 0.0


def share_kept(flow: Mapping[str, float]) -> float:
    """What of the month's cash is not lost with the servicer."""
    total = cash(flow)
    return 1.0 - flow["commingling_loss"] / total if total else 1.0


def bought_back(flow: Mapping[str, float]) -> float:
    """What is paid for loans that are taken back, less what is spent on those put in their place."""
    return share_kept(flow) * (flow["repurchase"] - flow["substitution"])


def collected(flow: Mapping[str, float]) -> dict[str, float]:
    """A month as a waterfall sees it: the fee in `interest`, what is bought back in `prepayment`, the servicer's part gone."""
    kept = share_kept(flow)
    return {
        "interest": kept * (flow["interest"] + flow["prepayment_fee"]),
        "scheduled_principal": kept * flow["scheduled_principal"],
        "prepayment": kept * (flow["prepayment"] + flow["repurchase"] - flow["substitution"]),
        "recovery": kept * flow["recovery"],
        "default": flow["default"],
    }
