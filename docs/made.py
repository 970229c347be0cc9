"""What stands on a page between `<!-- made: NAME -->` and `<!-- end -->`: tables of a run, and deal files, made anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import clo

BLOCK = re.compile(r"(<!-- made: (\w+) -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown: a row for each name, with the columns of the first."""
    head = [*next(iter(rows.values()))]
    lines = ["| | " + " | ".join(head) + " |", "|---|" + "--:|" * len(head)]
    lines += [f"| {name} | " + " | ".join(f"{row[column]:,.0f}" for column in head) + " |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def dates(result: clo.Result) -> list[pd.Timestamp]:
    """The closing date and the payment dates."""
    return [result.ledger["payment_date"].min(), *result.tranches["payment_date"].drop_duplicates()]


def moved(result: clo.Result, columns: Mapping[str, tuple[str, str]]) -> str:
    """A row for each date, closing included. columns: by title, for what reason and from whom."""
    rows = {}
    for day in dates(result):
        own = result.ledger[result.ledger["payment_date"] == day]
        rows[f"{day:%Y-%m-%d}"] = {
            title: float(own.loc[(own["reason"] == reason) & (own["from"] == source), "amount"].sum())
            for title, (reason, source) in columns.items()
        }
    return table(rows)


def of_names(result: clo.Result, columns: Mapping[str, str]) -> str:
    """A row for each payment date. columns: by title, a name of the language."""
    values = {title: result.quantity(name).tolist() for title, name in columns.items()}
    days = [f"{day:%Y-%m-%d}" for day in dates(result)[1:]]
    return table({day: {title: column[at] for title, column in values.items()} for at, day in enumerate(days)})


def parties(result: clo.Result) -> str:
    """All that each pays another over the deal."""
    told = result.parties
    word = told["stream"].str.partition(".")[2]
    sums = told.groupby([told["payer"], told["payee"], word], sort=False)["amount"].sum()
    rows = [f"| {payer} | {payee} | {what.replace('_', ' ')} | {amount:,.0f} |" for (payer, payee, what), amount in sums.items()]
    return "\n".join(["| from | to | | amount |", "|---|---|---|--:|", *rows]) + "\n"


def deal_file(path: Path, start: str = "format:") -> str:
    """A deal file, from the key `start` on."""
    shown = path.read_text(encoding="utf-8").partition(start)
    return f"```yaml\n{shown[1]}{shown[2]}```\n"


def write(page: Path, blocks: Mapping[str, str]) -> None:
    """The page with every block as it is now."""
    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(lambda found: found[1] + blocks[found[2]] + found[4], text), encoding="utf-8")
