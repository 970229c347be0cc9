"""The work of `clo break-even`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError

from clo.behaviour.defaults import YEARS, Cumulative
from clo.cli import console
from clo.cli.listing import print_findings
from clo.cli.running import load
from clo.findings import DealError, Finding
from clo.labels import Lang, label
from clo.quantities import Share, in_words
from clo.report.tables import Column, Table
from clo.study.breaking_even import NO_RATE, BreakEven, BreakEvens

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
        rates = BreakEvens(deal, scenario=scenario, defaults=model)
        tried = {name: _tried(rates, name, allowed) for name in names}
    found = [one for one in tried.values() if isinstance(one, BreakEven)]
    if not found:
        raise DealError(finding for one in tried.values() for finding in one.findings)
    rows = tuple(_row(name, allowed, one) for name, one in tried.items())
    settings = _settings(found[0].defaults, scenario)
    if as_json:
        keys = [column.key for column in COLUMNS]
        console.show_json(
            [
                dict(zip(keys, row, strict=True)) | settings | {"findings": [finding.as_dict() for finding in _told(one)]}
                for one, row in zip(tried.values(), rows, strict=True)
            ]
        )
    else:
        console.show_table(Table(COLUMNS, rows), f"{deal.name}: {label('break_even', lang)}", lang)
        told = " · ".join(f"{label(key, lang)} {_said(key, value, lang)}" for key, value in settings.items())
        console.out().print(told, style="dim", soft_wrap=True)
        print_findings([finding for one in tried.values() for finding in _told(one)], console.err(), lang)
    return 0


def _settings(model: Cumulative, scenario: str) -> dict[str, Any]:
    """What the rates rest on: the years over which the pool defaults, when, a share of what, and the scenario of all else."""
    return {"years": model.years or YEARS, "timing": model.timing, "of": model.of, "scenario": scenario}


def _said(key: str, value: Any, lang: Lang) -> str:
    return str(value) if key == "years" else label(f"share_of_{value}" if key == "of" else str(value), lang)


def _tried(rates: BreakEvens, tranche: str, allowed: float) -> BreakEven | DealError:
    """The rate, or why there is none."""
    try:
        return rates.of(tranche, allowed)
    except DealError as error:
        if any(finding.code != NO_RATE for finding in error.findings):
            raise
        return error


def _told(tried: BreakEven | DealError) -> list[Finding]:
    """What is to be said of a row; that there is no rate is no error where other tranches have one."""
    found = list(tried.findings)
    return [replace(each, code="W-R133", severity="warning") if each.code == NO_RATE else each for each in found]


def _row(tranche: str, allowed: float, tried: BreakEven | DealError) -> tuple[Any, ...]:
    if isinstance(tried, DealError):
        return tranche, allowed, None, None, None, None
    return tranche, tried.loss, tried.cumulative, tried.pool_loss, tried.tranche_loss, tried.not_reached
