"""The work of `clo value`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer
from pydantic import TypeAdapter, ValidationError

from clo.analytics.valuation.codes import refuse
from clo.analytics.valuation.contracts import value_contracts, weight_problems
from clo.cli import console
from clo.cli.running import load, run_all
from clo.labels import Lang, label, percent
from clo.quantities import Share, SignedRate, in_words
from clo.report.tables import Column, Table
from clo.study import Result

COLUMNS = (
    Column("protection_buyer", "party"),
    Column("protection_seller", "party"),
    Column("premium_leg", "money"),
    Column("claims", "money"),
    Column("returned_claims", "money"),
    Column("value_to_buyer", "money"),
    Column("fair_multiple", "number"),
    Column("contract_rate", "percent"),
    Column("fair_premium", "percent"),
)
SHOWN = ["buyer", "seller", "premium_leg", "claims", "returned_claims", "value", "fair_multiple", "rate", "fair_premium"]
SUMMED = ["premium_leg", "claims", "returned_claims", "protection_leg", "value"]


def run(
    file: Path,
    *,
    rate: str,
    scenarios: Sequence[str],
    weights: Sequence[str],
    lang: Lang,
    as_json: bool,
    quiet: bool,
) -> int:
    """Every contract in each scenario, or in expectation where scenarios have weights. 1 if a check of a run failed."""
    discount = _number(SignedRate, "--rate", rate)
    given = dict(_weight(each) for each in weights)
    if given:
        refuse(weight_problems(list(given), given))
    deal = load(file)
    results = run_all(deal, tuple(given or scenarios), lang, quiet)
    if given:
        runs = {result.scenario_name: result for result in results}
        told = {"expected": value_contracts(runs, weights=given, discount=discount)}
    else:
        told = {result.scenario_name: result.contract_values(discount=discount) for result in results}
    if as_json:
        shown = [{"scenario": name, "contracts": console.records(frame)} for name, frame in told.items()]
        ok = all(result.ok for result in results)
        console.show_json({"deal": deal.name, "discount": discount, "weights": given or None, "ok": ok, "values": shown})
    else:
        for name, frame in told.items():
            console.show_table(_table(frame), f"{deal.name}: {_title(name, given, lang)}", lang)
        said = f"{label('discounted_at', lang)} {percent(discount)} · {deal.currency}"
        console.out().print(said, style="dim", soft_wrap=True)
    return _told(results, lang)


def _told(results: Sequence[Result], lang: Lang) -> int:
    """A run that fails its checks is worth nothing: say so."""
    for result in results:
        if not result.ok:
            console.say(f"{label('run_not_ok', lang)}: {label(result.scenario_name, lang)}")
    return 0 if all(result.ok for result in results) else 1


def _title(name: str, weights: dict[str, float], lang: Lang) -> str:
    what = label("value_of_contracts", lang)
    if not weights:
        return f"{what} · {label('scenario', lang)}: {label(name, lang)}"
    mixed = ", ".join(f"{label(scenario, lang)} {percent(weight)}" for scenario, weight in weights.items())
    return f"{what} · {label('expected_over', lang)}: {mixed}"


def _table(frame: pd.DataFrame) -> Table:
    """Every contract, and what a seller has with all its buyers where it has several."""
    rows = [tuple(row) for row in frame[SHOWN].itertuples(index=False)]
    sums = []
    for seller, own in frame.groupby("seller", sort=False):
        if len(own) > 1:
            total = own[SUMMED].sum()
            multiple = total["protection_leg"] / total["premium_leg"] if total["premium_leg"] else np.nan
            rate = own["rate"].iloc[0] if own["rate"].nunique(dropna=False) == 1 else np.nan
            worth = [total[name] for name in SHOWN[2:6]]
            sums.append(("total", seller, *worth, multiple, rate, multiple * rate))
    return Table(COLUMNS, (*rows, *sums), totals=len(sums))


def _weight(said: str) -> tuple[str, float]:
    """`stress=10%`."""
    name, sign, share = said.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"--weight {said}: write a scenario and its share, stress=10%")
    return name, float(_number(Share, "--weight", share))


def _number(kind: Any, option: str, said: str) -> float:
    try:
        return float(TypeAdapter(kind).validate_python(said))
    except ValidationError as error:
        raise typer.BadParameter(f"{option} {said}: {in_words(error.errors()[0])}") from None
