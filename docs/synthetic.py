"""Writes the example of docs/synthetic.md: each block after `<!-- made: NAME -->` is made of the deal file and its run.

python docs/synthetic.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import clo

PAGE = Path(__file__).with_name("synthetic.md")
DEAL = Path(__file__).parent / "examples" / "two-banks.yaml"
BLOCK = re.compile(r"(<!-- made: (\w+) -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)
BANK = {
    "defaulted": "{}.default",
    "settled loss": "{}_loss",
    "reference balance": "{}_reference",
    "unused deductible": "{}_unused",
    "passed on": "{}_passed",
}
ISSUER = (
    ("protection paid", "corporation.protection", "collateral"),
    ("premium received", "premiums.premium", "corporation"),
    ("deposit interest", "collateral.earned", "deposit_bank"),
    ("senior interest", "senior.interest", "premiums"),
    ("junior interest", "junior.interest", "premiums"),
    ("senior redeemed", "senior.principal", "collateral"),
    ("junior redeemed", "junior.principal", "collateral"),
)
"""What is paid, for what reason, from whom."""


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown: a row for each name, with the columns of the first."""
    head = [*next(iter(rows.values()))]
    lines = ["| | " + " | ".join(head) + " |", "|---|" + "--:|" * len(head)]
    lines += [f"| {name} | " + " | ".join(f"{row[column]:,.0f}" for column in head) + " |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def dates(result: clo.Result) -> list[pd.Timestamp]:
    return [result.ledger["payment_date"].min(), *result.tranches["payment_date"].drop_duplicates()]


def bank(result: clo.Result, name: str) -> str:
    """A bank's swap over the payment dates."""
    days = [f"{day:%Y-%m-%d}" for day in dates(result)[1:]]
    values = {title: result.quantity(word.format(name)).tolist() for title, word in BANK.items()}
    return table({day: {title: column[at] for title, column in values.items()} for at, day in enumerate(days)})


def issuer(result: clo.Result) -> str:
    """What the issuer is paid and pays, closing included, and what is left of the notes."""
    ledger, notes, rows = result.ledger, result.tranches, {}
    for day in dates(result):
        own = ledger[ledger["payment_date"] == day]
        moved = {
            title: own.loc[(own["reason"] == reason) & (own["from"] == source), "amount"].sum()
            for title, reason, source in ISSUER
        }
        left = notes[notes["payment_date"] == day].set_index("tranche")["closing"]
        sizes = {name: tranche.size for name, tranche in result.deal.tranches.items()}
        rows[f"{day:%Y-%m-%d}"] = moved | {f"{name} left": float(left.get(name, sizes[name])) for name in sizes}
    return table(rows)


def parties(result: clo.Result) -> str:
    """All that each pays another over the deal, what borrowers pay their banks left out."""
    told = result.parties[result.parties["payer"] != "obligors"]
    word = told["stream"].str.partition(".")[2]
    sums = told.groupby([told["payer"], told["payee"], word], sort=False)["amount"].sum()
    rows = [f"| {payer} | {payee} | {what} | {amount:,.0f} |" for (payer, payee, what), amount in sums.items()]
    return "\n".join(["| from | to | | amount |", "|---|---|---|--:|", *rows]) + "\n"


def blocks() -> dict[str, str]:
    """What each block of the page shows, from one run of the deal file."""
    result = clo.run(clo.load_deal(DEAL))
    if not result.ok:
        raise ValueError(result.checks[~result.checks["ok"]].to_string())
    shown = DEAL.read_text(encoding="utf-8").partition("format:")
    made = {"deal": f"```yaml\n{shown[1]}{shown[2]}```\n", "issuer": issuer(result), "parties": parties(result)}
    return made | {name: bank(result, name) for name in ("north", "south")}


def filled(page: str) -> str:
    """The page with every block as it is now."""
    made = blocks()
    return BLOCK.sub(lambda found: found[1] + made[found[2]] + found[4], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
