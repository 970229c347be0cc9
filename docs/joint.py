"""Writes the example of docs/joint.md: each block after `<!-- made: NAME -->` is made of the deal file and its run.

python docs/joint.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from made import deal_file, moved, table, write

import clo

PAGE = Path(__file__).with_name("joint.md")
DEAL = PAGE.parent / "examples" / "joint.yaml"
FLOWS = ("interest", "scheduled_principal", "default", "recovery", "closing")
NOTES = {
    "senior interest": ("senior.interest", "collections"),
    "mezzanine interest": ("mezzanine.interest", "collections"),
    "senior principal": ("senior.principal", "collections"),
    "mezzanine principal": ("mezzanine.principal", "collections"),
    "left to the subordinated": ("subordinated.residual_interest", "collections"),
}


def ran() -> clo.Result:
    result = clo.run(clo.load_deal(DEAL))
    if not result.ok:
        raise ValueError(result.checks[~result.checks["ok"]].to_string())
    return result


def of_pool(result: clo.Result, name: str) -> str:
    """A sub-pool by collection period."""
    pool = result.pool[result.pool["group"] == name]
    quarter = pool.assign(quarter=pd.PeriodIndex(pool["period_end"], freq="Q")).groupby("quarter")
    sums = quarter[list(FLOWS[:-1])].sum().assign(closing=quarter["closing"].last())
    titles = {name: name.replace("_", " ") for name in FLOWS}
    return table(
        {str(row["quarter"]): {titles[name]: row[name] for name in FLOWS} for row in sums.reset_index().to_dict("records")}
    )


def losses(result: clo.Result) -> str:
    """Who bears the loss of which sub-pool."""
    frame = result.losses_by_sub_pool
    rows = [
        f"| {row.group} | {row.party} | {row.position} | {row.loss:,.0f} |" for row in frame.itertuples() if abs(row.loss) >= 0.5
    ]
    return "\n".join(["| sub-pool | party | position | loss |", "|---|---|---|--:|", *rows]) + "\n"


def blocks() -> dict[str, str]:
    """What each block of the page shows, from one run of the deal file."""
    result = ran()
    made = {name: of_pool(result, name) for name in result.deal.pools}
    return made | {"deal": deal_file(DEAL), "notes": moved(result, NOTES), "losses": losses(result)}


if __name__ == "__main__":
    write(PAGE, blocks())
