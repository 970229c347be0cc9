"""The work of `clo strat`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pandas as pd
import typer

from clo.cli import console
from clo.cli.endings import bare, is_deal, no_map
from clo.expressions import ExpressionError, Number, parse
from clo.files.tape.reading import read_tape
from clo.files.tape.scan import is_large, scan_tape
from clo.labels import Lang, label
from clo.report.pools import dimension, strata_table
from clo.report.tables import Column, Kind, Table
from clo.tape.batches import AnyLoans, in_memory
from clo.tape.loans import Loans
from clo.tape.strata import NEEDED, Measure, strata, stratification_report

KINDS: dict[Measure, Kind] = {"balance": "money", "loans": "integer", "obligors": "integer", "share": "percent"}


def strat(
    file: Path,
    *,
    sidecar: Path | None,
    by: str | None,
    bands: str | None,
    across: str | None,
    across_bands: str | None,
    measure: str,
    lang: Lang,
    as_json: bool,
) -> int:
    """Stratification tables of a tape, or of each sub-pool of a deal: the usual ones, or one by a column and across another."""
    if by is None and (across or bands or across_bands):
        raise typer.BadParameter("--across and --bands go with --by")
    shown = next((one for one in get_args(Measure) if one == measure), None)
    if shown is None:
        raise typer.BadParameter(f"--measure is one of {', '.join(get_args(Measure))}, not {measure!r}")
    edges, across_edges = _edges(bands, "--bands"), _edges(across_bands, "--across-bands")
    pools = _pools(file, sidecar, {*NEEDED, "group_id", by or "", across or ""})
    reports: dict[str, dict[str, pd.DataFrame]] = {}
    for name, loans in pools.items():
        if by is None:
            reports[name] = stratification_report(loans)
            continue
        try:
            table = strata(loans, by, edges, across=across, across_bands=across_edges, measure=shown)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        reports[name] = {by if across is None else f"{by} × {across}": table}
    if as_json:
        console.show_json(
            {name: {one: console.records(frame) for one, frame in report.items()} for name, report in reports.items()}
        )
        return 0
    for name, report in reports.items():
        console.out().print(f"{label(name, lang)} ({label('loans', lang).lower()}: {len(pools[name]):,})", style="bold")
        for one, frame in report.items():
            title = " × ".join(dimension(part, lang) for part in one.split(" × "))
            if across is not None:
                title += f" ({label(shown, lang).lower()})"
            console.show_table(strata_table(frame) if across is None else _pivot(frame, KINDS[shown]), title, lang)
    return 0


def _pools(file: Path, sidecar: Path | None, columns: set[str]) -> dict[str, Loans]:
    """The tape, or the sub-pools of the deal; of those too large for memory, the columns that are looked at."""
    pools: dict[str, AnyLoans]
    if is_deal(file):
        no_map(sidecar)
        from clo.files.deal import load_deal  # noqa: PLC0415  (a tape alone needs no compiler)
        from clo.study.pools import resolve_pools  # noqa: PLC0415  (a tape alone needs no compiler)

        pools = resolve_pools(load_deal(file), None).loans
    else:
        pools = {bare(file): scan_tape(file, sidecar) if is_large(file) else read_tape(file, sidecar)}
    return {name: in_memory(loans, columns) for name, loans in pools.items()}


def _edges(text: str | None, option: str) -> list[float] | None:
    """`12,24,36` or `1%,2%` as numbers."""
    if text is None:
        return None
    edges = []
    for part in text.split(","):
        try:
            number = parse(part)
        except ExpressionError:
            number = None
        if not isinstance(number, Number):
            raise typer.BadParameter(f"{option}: {part!r} is not a number; write edges such as 12,24,36 or 1%,2%")
        edges.append(number.value)
    return edges


def _pivot(frame: pd.DataFrame, kind: Kind) -> Table:
    """A table of one stratification by another; the last row and the last column are totals."""
    columns = [Column(str(name), kind if place else "stratum") for place, name in enumerate(frame.columns)]
    return Table(tuple(columns), tuple(frame.itertuples(index=False, name=None)), totals=1)
