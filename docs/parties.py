"""Writes the examples of docs/parties.md: each block after `<!-- made: NAME -->` is made of deal files and their runs.

python docs/parties.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from made import deal_file, write

import clo
from clo.deal.guarantees import Guarantee

PAGE = Path(__file__).with_name("parties.md")
SOLD, SYNTHETIC = (PAGE.parent / "examples" / f"{name}.yaml" for name in ("sold", "two-banks"))


def runs() -> dict[str, clo.Result]:
    """The three examples."""
    sold = clo.load_deal(SOLD)
    guaranteed = sold.model_copy(update={"structure": "guarantee", "guarantee": Guarantee(share=0.7)})
    deals = {"sold": sold, "guaranteed": guaranteed, "synthetic": clo.load_deal(SYNTHETIC)}
    results = {name: clo.run(deal) for name, deal in deals.items()}
    for result in results.values():
        if not result.ok:
            raise ValueError(result.checks[~result.checks["ok"]].to_string())
    return results


def table(frame: pd.DataFrame, texts: int) -> str:
    """Markdown of a frame whose first columns are texts and the others amounts."""
    heads = [str(name).replace("_", " ") for name in frame.columns]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * texts + "--:|" * (len(heads) - texts)]
    for row in frame.itertuples(index=False):
        amounts = [f"{amount:,.0f}" for amount in row[texts:]]
        lines.append("| " + " | ".join([*row[:texts], *(text if text != "-0" else "0" for text in amounts)]) + " |")
    return "\n".join(lines) + "\n"


def borne(result: clo.Result) -> str:
    """Who bears the loss, and the loss of the pool."""
    frame = result.losses_by_party.drop(columns="share")
    return f"{table(frame, 2)}| all | | | | {result.sub_pools['loss'].sum():,.0f} |\n"


def blocks() -> dict[str, str]:
    """What each block of the page shows."""
    made = runs()
    of_sub_pools = table(made["sold"].losses_by_sub_pool.query("loss != 0"), 3)
    return {"deal": deal_file(SOLD), "sub_pools": of_sub_pools, **{name: borne(result) for name, result in made.items()}}


if __name__ == "__main__":
    write(PAGE, blocks())
