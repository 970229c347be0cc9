"""Tables of who bears the loss and of sub-pools, for the page and the terminal alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clo.analytics.checks import HALF
from clo.analytics.loss_bearers import shown_losses
from clo.analytics.sub_pools import LOSSES
from clo.labels import WORDS
from clo.report.tables import Column, Table, of_frame

if TYPE_CHECKING:
    from clo.study import Result

BEARER = (Column("party", "party"), Column("position", "position"))
AMOUNTS = (Column("given", "money"), Column("received", "money"), Column("loss", "money"), Column("share", "percent"))


def losses(result: Result) -> Table:
    """Who bears the loss, senior tranches first, and the loss of the pool; what came and went of income is not shown."""
    frame = shown_losses(result)
    total = ("total", "", None, None, float(frame["loss"].sum()), 1.0 if frame["loss"].sum() else None)
    table = of_frame(frame, (*BEARER, *AMOUNTS))
    return Table(table.columns, (*table.rows, total), totals=1)


def losses_in_short(result: Result) -> Table | None:
    """The same without what was given and received; None where nobody bears anything."""
    table = losses(result)
    if not any(row[4] for row in table.rows):
        return None
    columns = (*table.columns[:2], *table.columns[4:])
    return Table(columns, tuple((*row[:2], *row[4:]) for row in table.rows), totals=1)


def losses_compared(results: Sequence[Result]) -> Table:
    """A row for each who bears a loss under some scenario, a column for each scenario, and the loss of the pool."""
    frames = [shown_losses(result) for result in results]
    told = [
        {(party, position): loss for party, position, loss in zip(frame["party"], frame["position"], frame["loss"], strict=True)}
        for frame in frames
    ]
    bearers = list(dict.fromkeys(bearer for losses in told for bearer in losses))
    rows = [(*bearer, *(losses.get(bearer, 0.0) for losses in told)) for bearer in bearers]
    total = ("total", "", *(sum(losses.values()) for losses in told))
    return Table((*BEARER, *(Column(result.scenario_name, "money") for result in results)), (*rows, total), totals=1)


def sub_pools(result: Result) -> Table:
    """Each sub-pool, and all together; what it lost beside defaults only where some did."""
    frame = result.sub_pools
    beside = [name for name in LOSSES[2:-1] if frame[name].abs().max() >= HALF]
    money = ["opening", "default", "recovery", *beside, "loss"]
    counts = ["institutions", "loans", "obligors"]
    columns = (
        Column("group", "word"), Column("party", "party"), *(Column(name, "integer") for name in counts),
        *(Column(name, "money") for name in money), Column("loss_ratio", "percent"),
    )  # fmt: skip
    table = of_frame(frame, columns)
    sums = frame[money].sum()
    last = (
        "total",
        "",
        None,
        int(frame["loans"].sum()),
        None,
        *sums,
        sums["loss"] / sums["opening"] if sums["opening"] else None,
    )
    return Table(columns, (*table.rows, last), totals=1)


def losses_by_sub_pool(result: Result) -> Table:
    """A row for each sub-pool, a column for each position that bears some of a loss, and their sum."""
    frame = result.losses_by_sub_pool
    wide = frame.pivot_table(index="group", columns="position", values="loss", aggfunc="sum", sort=False, observed=True).fillna(
        0.0
    )
    kept = [name for name in wide.columns if wide[name].abs().max() >= HALF]
    rows = [(group, *values, sum(values)) for group, values in zip(wide.index, wide[kept].to_numpy().tolist(), strict=True)]
    total: tuple[Any, ...] = ("total", *wide[kept].sum().tolist(), float(wide[kept].to_numpy().sum()))
    names = [f"position_{name}" if f"position_{name}" in WORDS else str(name) for name in kept]
    columns = (Column("group", "word"), *(Column(name, "money") for name in names), Column("loss", "money"))
    return Table(columns, (*rows, total), totals=1)
