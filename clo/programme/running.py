"""run_programme: many deals, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from clo.deal.terms import Deal
from clo.findings import Finding, InputError
from clo.labels import Lang
from clo.programme.rows import idle_rows, layers_of, run_rows, table_of, unread_row
from clo.programme.workers import shared
from clo.study import Result, run

if TYPE_CHECKING:
    import plotly.graph_objects as go

Finish = Callable[[str, Sequence[Result]], Any]
"""What is done with the results of a deal before they are dropped; a function of a module, so that a helper has it too."""


@dataclass(frozen=True, eq=False)
class Programme:
    """Deals side by side.

    table: one row for each deal and scenario (docs/programme.md says its columns). tranches: one row for each tranche of it.
    results: by (deal, scenario), where they were asked for. refused: deals that cannot be run as they are, and why. finished:
    what `finish` returned, by deal.
    """

    table: pd.DataFrame
    tranches: pd.DataFrame = field(repr=False)
    results: Mapping[tuple[str, str], Result] = field(repr=False)
    refused: Mapping[str, tuple[Finding, ...]] = field(repr=False)
    finished: Mapping[str, Any] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every deal that can be run has run and every check holds."""
        ran = self.table["status"] == "ran"
        return not self.refused and bool(self.table.loc[ran, "ok"].all())

    def with_unread(self, unread: Mapping[str, Sequence[Finding]], order: Sequence[str]) -> Programme:
        """With a row for each file that could not be read as a deal. order: names of all, as they are to stand."""
        rows: list[Any] = [*self.table.to_dict("records"), *(unread_row(name, findings) for name, findings in unread.items())]
        place = {name: number for number, name in enumerate(order)}
        return replace(self, table=table_of(sorted(rows, key=lambda row: place[row["deal"]])))

    def plot(self, lang: Lang = "en") -> go.Figure:
        """The deals as bars: who stands where in the capital structure, what each tranche and what the pool loses."""
        from clo.programme.chart import chart  # noqa: PLC0415  (heavy: loaded when a chart is drawn)

        return chart(self, lang)

    def __repr__(self) -> str:
        runs, idle = int((self.table["status"] == "ran").sum()), len(self.refused)
        return f"<Programme: {self.table['deal'].nunique()} deals, {runs} runs, {idle} not run, {'ok' if self.ok else 'NOT OK'}>"

    def _repr_html_(self) -> str:
        shown = self.table.drop(columns=["name", "name_ja", "reason"]).dropna(axis="columns", how="all")
        table = shown.to_html(index=False, na_rep="", float_format=lambda x: f"{x:,.4g}" if abs(x) < 1000 else f"{x:,.0f}")
        return f"<p>{escape(repr(self))}</p>{table}"


def run_programme(
    deals: Mapping[str, Deal],
    scenario: str | Sequence[str] | None = "base",
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: bool = False,
    finish: Finish | None = None,
) -> Programme:
    """Run deals, each on its own tape, and put them side by side. The same bits for any number of workers.

    deals: by a name of your choice. scenario: one, several, or None for all of each deal. workers: processes that share the
    work, this one included; unless said, one a core. progress: told how many of how many deals are done. keep: whether the
    results stay in memory, which keeps all work in this process. finish: called with a deal's name and results.
    """
    wrong = [name for name, deal in deals.items() if not isinstance(deal, Deal)]
    if wrong:
        raise TypeError(f"clo.run_programme takes deals by name: {wrong[0]!r} is not a Deal; use clo.load_deal(path)")
    asked = (scenario,) if isinstance(scenario, str) else None if scenario is None else tuple(dict.fromkeys(scenario))
    tasks = [_Task(name, deal, tuple(deal.scenarios) if asked is None else asked) for name, deal in deals.items()]
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(tasks))

    ran = shared(partial(_outcome, keep, finish), tasks, 1 if keep else workers, told)
    named = [(task.name, outcome) for task, outcome in zip(tasks, ran, strict=True)]
    return Programme(
        table_of([row for _, outcome in named for row in outcome.rows]),
        layers_of([layer for _, outcome in named for layer in outcome.layers]),
        {(name, result.scenario_name): result for name, outcome in named for result in outcome.results},
        {name: outcome.findings for name, outcome in named if outcome.findings},
        {name: outcome.finished for name, outcome in named if outcome.finished is not None},
    )


class _Task(NamedTuple):
    name: str
    deal: Deal
    scenarios: tuple[str, ...]


class _Outcome(NamedTuple):
    """Of one deal: its rows and tranches, why it could not be run, what `finish` returned, and results if they are kept."""

    rows: list[dict[str, Any]]
    layers: list[dict[str, Any]]
    findings: tuple[Finding, ...]
    finished: Any
    results: tuple[Result, ...]


def _outcome(keep: bool, finish: Finish | None, task: _Task) -> _Outcome:
    """Run a deal under its scenarios; one that cannot be run does not stop the others."""
    name, deal, scenarios = task
    rows: list[dict[str, Any]] = []
    layers: list[dict[str, Any]] = []
    findings: list[Finding] = []
    results: list[Result] = []
    for scenario in scenarios:
        try:
            results.append(run(deal, scenario=scenario))
            row, own = run_rows(name, results[-1])
        except InputError as error:
            findings += error.findings
            row, own = idle_rows(name, deal, scenario, "refused", error.findings)
        rows.append(row)
        layers += own
    finished = finish(name, results) if finish is not None and results else None
    return _Outcome(rows, layers, tuple(dict.fromkeys(findings)), finished, tuple(results) if keep else ())
