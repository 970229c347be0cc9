"""What contracts of the closing date come to, and what accounts start with because of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clo.deal.contracts import FRACTION, RULE
from clo.deal.terms import Deal, Settle
from clo.expressions import evaluate, parse
from clo.findings import DealError
from clo.waterfall.kernel import WHOLE


def closing_amounts(deal: Deal, initial: Mapping[str, float], sizes: Mapping[str, float], fraction: float) -> tuple[float, ...]:
    """What each contract of the closing date comes to, rounded as the deal rounds, in order.

    initial: cut-off balance of each sub-pool; fraction: of the first accrual period. Raises DealError where an amount is not a
    number of 0 or more, or is more than its account holds by then.
    """
    known = {"pool.initial": sum(initial.values()), FRACTION: fraction}
    known |= {f"{name}.initial": balance for name, balance in initial.items()}
    known |= {f"{name}.size": size for name, size in sizes.items()}
    held = {name: account.initial for name, account in deal.accounts.items()}
    amounts, wrong = [], []
    for number, step in enumerate(deal.closing):
        try:
            amount = _rounded(deal, float(evaluate(parse(step.amount), known.__getitem__)))
        except ZeroDivisionError:
            amount = math.nan
        if not 0.0 <= amount < math.inf:
            message = f"{step.amount!r} comes to {amount:,.6g}, which is no amount"
            path = f"closing[{number}].settle.amount"
            wrong.append(deal.origin.finding("E-D139", path, message, "correct the amount", rule=RULE))
            amount = 0.0
        if step.source in held and amount > held[step.source] + WHOLE:
            message = f"{amount:,.0f} is settled out of account {step.source!r}, which holds {held[step.source]:,.0f}"
            wrong.append(deal.origin.finding("E-D139", f"closing[{number}].settle", message, "fund the account before"))
        _settle(held, step, amount)
        amounts.append(amount)
    if wrong:
        raise DealError(wrong)
    return tuple(amounts)


def settled_at_closing(deal: Deal, amounts: tuple[float, ...]) -> dict[str, float]:
    """What contracts of the closing date brought each account, less what they took."""
    held = dict.fromkeys(deal.accounts, 0.0)
    for step, amount in zip(deal.closing, amounts, strict=True):
        _settle(held, step, amount)
    return held


def _settle(held: dict[str, float], step: Settle, amount: float) -> None:
    """Take an amount out of the account that pays it, if one does, and put it into the one that receives it."""
    for name, sign in ((step.source, -1.0), (step.to, 1.0)):
        if name in held:
            held[name] += sign * amount


def _rounded(deal: Deal, amount: float) -> float:
    if deal.rounding == "none" or not math.isfinite(amount):
        return amount
    return math.floor(amount + (0.5 if deal.rounding == "half_up" else 0.0) + WHOLE)
