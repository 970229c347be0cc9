"""The work of `clo break-even`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError

from clo.behaviour.defaults import YEARS, Cumulative
from clo.cli import console
from clo.cli.listing import print_findings
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
    Column("not_reached", "percent"),
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
    settings = _settings(found[0].defaults, scenario)
    if as_json:
        keys = [column.key for column in COLUMNS]
        console.show_json(
            [
                dict(zip(keys, row, strict=True)) | settings | {"findings": [finding.as_dict() for finding in one.findings]}
                for one, row in zip(found, rows, strict=True)
            ]
        )
    else:
        console.show_table(Table(COLUMNS, rows), f"{deal.name}: {label('break_even', lang)}", lang)
        told = " · ".join(f"{label(key, lang)} {_said(key, value, lang)}" for key, value in settings.items())
        console.out().print(told, style="dim", soft_wrap=True)
        print_findings([finding for one in found for finding in one.findings], console.err(), lang)
    return 0


def _settings(model: Cumulative, scenario: str) -> dict[str, Any]:
    """What the rates rest on: the years over which the pool defaults, when, a share of what, and the scenario of all else."""
    return {"years": model.years or YEARS, "timing": model.timing, "of": model.of, "scenario": scenario}


def _said(key: str, value: Any, lang: Lang) -> str:
    return str(value) if key == "years" else label(f"share_of_{value}" if key == "of" else str(value), lang)


def _row(found: BreakEven) -> tuple[Any, ...]:
    return found.tranche, found.loss, found.cumulative, found.pool_loss, found.tranche_loss, found.not_reached
