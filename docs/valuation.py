"""Writes the examples of docs/valuation.md: each block after `<!-- made: NAME -->` is made of a run, or of one swap.

python docs/valuation.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from made import write

import clo
from clo.analytics.valuation.contracts import contract_values
from clo.analytics.valuation.schedule import premium_schedule

PAGE = Path(__file__).with_name("valuation.md")
DEAL = Path(__file__).parent / "examples" / "two-banks.yaml"
RATE = 0.02
WEIGHTS = {"loss": 0.05, "none": 0.95}
DAY, MATURITY = "2026-11-20", "2027-09-20"
HAZARD, INTEREST, PREMIUM, NOTIONAL = 0.02, 0.01, 0.01, 1_000_000.0


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """Markdown; words: how many of the first columns are text."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * words + "--:|" * (len(head) - words)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def contract(result: clo.Result) -> str:
    """One contract, date by date, and the sums of what each payment is worth."""
    found = result.value_contract("corporation", "issuer", discount=RATE)
    rows = []
    for row in found.flows.to_dict("records"):
        amounts = [row["premium"], row["claims"]]
        worth = [amount * row["factor"] for amount in amounts]
        rows.append([f"{row['payment_date']:%Y-%m-%d}", *_money(amounts), f"{row['factor']:.6f}", *_money(worth)])
    rows.append(["sum", *_money([found.flows["premium"].sum(), found.flows["claims"].sum()]), "",
                 *_money([found.premium_leg, found.claims])])  # fmt: skip
    return table(["", "premium", "claims", "factor", "premium, worth", "claims, worth"], rows)


def contracts(frame: Any) -> str:
    rows = [
        [row.buyer, row.seller, *_money([row.premium_leg, row.protection_leg, row.value]), f"{row.fair_multiple:.4f}",
         f"{row.rate:.2%}", f"{row.fair_premium:.4%}"]
        for row in frame.itertuples()
    ]  # fmt: skip
    head = ["buyer", "seller", "premium leg", "protection leg", "value to buyer", "fair multiple", "rate", "fair premium"]
    return table(head, rows, words=2)


def swap() -> tuple[str, str]:
    """The premiums of one swap, one by one, and what it comes to."""
    discount = clo.DiscountCurve.flat(DAY, INTEREST, "continuous")
    hazard = clo.HazardCurve.flat(DAY, HAZARD)
    plan = premium_schedule(np.datetime64(DAY), np.datetime64(MATURITY))
    living, factors = hazard.survival(plan.ends - 1), discount.at(plan.paid)
    rows = []
    for n, (begins, ends, paid) in enumerate(zip(plan.begins, plan.ends, plan.paid, strict=True)):
        days = int((ends - begins).astype(int))
        amount = PREMIUM * NOTIONAL * plan.fractions[n]
        worth = amount * factors[n] * living[n]
        rows.append(
            [str(begins), str(paid), str(days), f"{amount:,.2f}", f"{factors[n]:.6f}", f"{living[n]:.6f}", f"{worth:,.2f}"]
        )
    value = clo.value_cds(MATURITY, PREMIUM, recovery=0.0, hazard=hazard, discount=discount, notional=NOTIONAL)
    told = {
        "premiums, if it survives": value.premium_leg - value.accrual_on_default,
        "premiums accrued at default": value.accrual_on_default,
        "premium leg": value.premium_leg,
        "protection leg": value.protection_leg,
        "accrued": value.accrued,
        "upfront": value.upfront,
    }
    worth = [[name, f"{amount:,.2f}"] for name, amount in told.items()]
    worth += [["fair premium", f"{value.fair_premium:.4%}"], ["clean price", f"{value.clean_price:.4f}"]]
    head = ["from", "paid on", "days", "premium", "factor", "survival", "worth"]
    return table(head, rows, words=2), table(["", "amount"], worth)


def without_loss(result: clo.Result) -> clo.Result:
    """The same deal, in which nobody defaults."""
    return clo.run(result.deal, cdr=0.0)


def blocks() -> dict[str, str]:
    """What each block of the page shows."""
    result = clo.run(clo.load_deal(DEAL))
    runs = {"loss": result, "none": without_loss(result)}
    premiums, worth = swap()
    return {
        "contract": contract(result),
        "contracts": contracts(contract_values(result, discount=RATE)),
        "weighted": contracts(clo.value_contracts(runs, weights=WEIGHTS, discount=RATE)),
        "swap": premiums,
        "swap_worth": worth,
    }


def _money(amounts: Sequence[float]) -> list[str]:
    return [f"{amount:,.0f}" for amount in amounts]


if __name__ == "__main__":
    write(PAGE, blocks())
