"""The work of `clo break-even`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError

from clo.cli import console
from clo.cli.running import load
from clo.labels import Lang, label
from clo.quantities import Share, in_words
from clo.report.tables import Column, Table
from clo.study import BreakEven, break_even

COLUMNS = (
    Column("tranche", "word"),
    Column("loss_allowed", "percent"),
    Column("cumulative_default", "percent"),
    Column("pool_loss", "percent"),
    Column("tranche_loss", "percent"),
)


def run(
    file: Path, tranche: str | None, *, loss: str, scenario: str, defaults: dict[str, Any], lang: Lang, as_json: bool, quiet: bool
) -> int:
    """The default rate at which each tranche, or one, loses no more than `loss`."""
    try:
        allowed = TypeAdapter(Share).validate_python(loss)
    except ValidationError as error:
        raise typer.BadParameter(f"--loss {loss}: {in_words(error.errors()[0])}") from None
    deal = load(file)
    model = {key: value for key, value in defaults.items() if value is not None}
    with console.told_of_compiling(lang, quiet=quiet):
        names = [tranche] if tranche is not None else list(deal.tranches)
        found = [break_even(deal, name, allowed, scenario=scenario, defaults=model) for name in names]
    rows = tuple(map(_row, found))
    if as_json:
        console.show_json([dict(zip([column.key for column in COLUMNS], row, strict=True)) for row in rows])
    else:
        console.show_table(Table(COLUMNS, rows), f"{deal.name}: {label('break_even', lang)}", lang)
    return 0


def _row(found: BreakEven) -> tuple[Any, ...]:
    return found.tranche, found.loss, found.cumulative, found.pool_loss, found.tranche_loss
