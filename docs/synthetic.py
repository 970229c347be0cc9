"""Writes the examples of docs/synthetic.md: each block after `<!-- made: NAME -->` is made of a deal file and its run.

python docs/synthetic.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from made import dates, deal_file, table, write

import clo

PAGE = Path(__file__).with_name("synthetic.md")
BANKS, NAMES = (PAGE.parent / "examples" / f"{name}.yaml" for name in ("two-banks", "three-names"))
SWAP = {
    "defaulted": "defaulted",
    "under determination": "under_determination",
    "settled": "settled",
    "settled loss": "loss",
    "reference balance": "reference_balance",
    "unused deductible": "deductible_unused",
    "passed on": "passed_on",
}
OWN = SWAP | {"recovered at settlement": "recovered", "returned": "returned"}
"""Columns of `result.swaps`."""
ISSUER = {
    "protection paid": ("corporation.protection", "collateral"),
    "premium received": ("premiums.premium", "corporation"),
    "deposit interest": ("collateral.earned", "deposit_bank"),
    "senior interest": ("senior.interest", "premiums"),
    "junior interest": ("junior.interest", "premiums"),
    "senior redeemed": ("senior.principal", "collateral"),
    "junior redeemed": ("junior.principal", "collateral"),
}
OF_NAMES = {
    "protection paid": ("corporation.protection", "collateral"),
    "recovery returned": ("collateral.recovery", "corporation"),
    "premium received": ("premiums.premium", "corporation"),
    "deposit interest": ("collateral.earned", "deposit_bank"),
    "senior interest": ("senior.interest", "premiums"),
    "mezzanine interest": ("mezzanine.interest", "premiums"),
    "senior redeemed": ("senior.principal", "collateral"),
    "mezzanine redeemed": ("mezzanine.principal", "collateral"),
}
"""What is paid, for what reason, from whom."""


def ran(path: Path) -> clo.Result:
    result = clo.run(clo.load_deal(path))
    if not result.ok:
        raise ValueError(result.checks[~result.checks["ok"]].to_string())
    return result


def swap(result: clo.Result, name: str, columns: Mapping[str, str]) -> str:
    """An institution's swap over the payment dates."""
    assert result.swaps is not None
    own = result.swaps[result.swaps["institution"] == name]
    return table(
        {
            f"{row['payment_date']:%Y-%m-%d}": {title: row[word] for title, word in columns.items()}
            for row in own.to_dict("records")
        }
    )


def issuer(result: clo.Result, columns: Mapping[str, tuple[str, str]]) -> str:
    """What the issuer is paid and pays, closing included, and what is left of the notes."""
    ledger, notes, rows = result.ledger, result.tranches, {}
    for day in dates(result):
        own = ledger[ledger["payment_date"] == day]
        moved = {
            title: own.loc[(own["reason"] == reason) & (own["from"] == source), "amount"].sum()
            for title, (reason, source) in columns.items()
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


def names(result: clo.Result) -> str:
    """How many of the largest borrowers each note can stand."""
    assert result.large_names is not None
    rows = []
    for row in result.large_names.itertuples():
        least = "-" if pd.isna(row.least_names) else f"{row.least_names:.0f}"
        rows.append(f"| {row.tranche} | {row.loss_before:,.0f} | {row.names} | {row.names_balance:,.0f} | {least} |")
    return (
        "\n".join(["| | borne before it | largest borrowers | what they owe | required |", "|---|--:|--:|--:|--:|", *rows]) + "\n"
    )


def blocks() -> dict[str, str]:
    """What each block of the page shows, from one run of each deal file."""
    banks, own = ran(BANKS), ran(NAMES)
    made = {"deal": deal_file(BANKS), "issuer": issuer(banks, ISSUER), "parties": parties(banks)}
    made |= {name: swap(banks, name, SWAP) for name in ("north", "south")}
    made |= {"cbo_deal": deal_file(NAMES, "structure:"), "cbo_swap": swap(own, "own", OWN)}
    return made | {"cbo_issuer": issuer(own, OF_NAMES), "cbo_names": names(own)}


if __name__ == "__main__":
    write(PAGE, blocks())
