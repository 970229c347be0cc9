"""The work of `clo explain`: the compiled steps of a deal, a payment step by step, one claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import typer

from clo.cli import console
from clo.cli.running import load, run_all
from clo.labels import Lang, label, why
from clo.report.tables import Column, Table
from clo.waterfall.compile import compile_deal
from clo.waterfall.listing import listing

if TYPE_CHECKING:
    from clo.study import Result

AMOUNTS = ("asked", "available", "paid", "shortfall")


def program(file: Path, *, as_json: bool) -> int:
    """Every step with its ops, and every op with the names of its slots."""
    compiled = compile_deal(load(file))
    table = listing(compiled)
    if as_json:
        console.show_json(table.to_dict("records"))
        return 0
    out = console.out()
    out.print(f"{len(compiled.ops)} ops, {len(compiled.starts)} slots, {len(compiled.params)} parameters", style="bold")
    code, result = (int(table[column].str.len().max()) for column in ("code", "result"))
    for _, ops in table.groupby((table["part"] != table["part"].shift()).cumsum()):
        out.print(f"\n{ops['part'].iloc[0]}", soft_wrap=True, style="bold")
        for row in ops.itertuples():
            out.print(f"  {row.op:4}  {row.code:{code}}  {row.result:{result}}  {row.operands}".rstrip(), soft_wrap=True)
    return 0


def payment(file: Path, period: int, *, scenario: str, lang: Lang, as_json: bool) -> int:
    """Every step of one payment date: asked, available, paid, shortfall, why."""
    result = _result(file, scenario, lang)
    try:
        steps = result.waterfall(period)
    except ValueError as error:
        raise typer.BadParameter(str(error.args[0])) from None
    if as_json:
        console.show_json(steps.to_dict("records"))
        return 0
    steps["why"] = [why(each, lang) for each in steps["why"]]
    columns = [Column(name, "money" if name in AMOUNTS else "text") for name in steps.columns]
    table = Table(tuple(columns), tuple(steps.itertuples(index=False, name=None)))
    console.show_table(table, f"{label('period', lang)} {period}, {_day(result, period)}, {label(scenario, lang)}", lang)
    return 0


def claim(file: Path, name: str, period: int, *, scenario: str, lang: Lang, as_json: bool) -> int:
    """Asked, available, paid, shortfall and why of one claim on one payment date."""
    result = _result(file, scenario, lang)
    try:
        found = result.explain(name, period=period)
    except (KeyError, ValueError) as error:
        raise typer.BadParameter(str(error.args[0])) from None
    if as_json:
        about = {"claim": name, "period": period, "payment_date": _day(result, period), "scenario": scenario}
        console.show_json(about | found._asdict())
        return 0
    table = Table(tuple(Column(key, "money") for key in AMOUNTS), (tuple(getattr(found, key) for key in AMOUNTS),))
    title = f"{name}, {label('period', lang)} {period}, {_day(result, period)}, {label(scenario, lang)}"
    console.show_table(table, title, lang)
    console.out().print(f"{label('why', lang)}: {why(found.why, lang)}", soft_wrap=True)
    return 0


def _result(file: Path, scenario: str, lang: Lang) -> Result:
    (result,) = run_all(load(file), (scenario,), lang, quiet=True)
    return result


def _day(result: Result, period: int) -> object:
    return pd.Timestamp(result.timeline.payment_dates[period - 1]).date()
