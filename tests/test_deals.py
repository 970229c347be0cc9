"""Every deal file under every one of its scenarios: the engine agrees with the slow reading of the raw rows."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from laws.comparison import differences
from oracle import run_oracle
from oracle_expressions import selected
from ruamel.yaml import YAML

import clo

DEALS = Path(__file__).parents[1] / "deals"
FILES = sorted(path for path in (*DEALS.glob("*.yaml"), *DEALS.glob("examples/*.yaml")) if not path.name.endswith(".map.yaml"))
TERMS = {path: YAML(typ="safe").load(path.read_text(encoding="utf-8")) for path in FILES}
RUNS = [
    pytest.param(path, scenario, id=f"{path.stem}-{scenario}") for path, terms in TERMS.items() for scenario in terms["scenarios"]
]


@lru_cache(maxsize=4)
def raw_rows(tape: Path) -> list[dict[Any, Any]]:
    """The tape as it lies on disk, read without the package; what is missing is None."""
    frame = pd.read_parquet(tape) if tape.suffix == ".parquet" else pd.read_csv(tape)
    return [{key: None if pd.isna(value) else value for key, value in row.items()} for row in frame.to_dict("records")]


def raw_curves(path: Path) -> dict[str, list[tuple[date, float]]]:
    """The index curves that a deal file names, read without the package: fixings in percent."""
    found = {}
    named = TERMS[path].get("curves", {})
    for name, terms in named.items():
        frame = pd.read_csv(path.parent / terms["file"])
        rates = frame[terms.get("column", name)].str.removesuffix("%").astype(float) / 100
        found[name] = [(date.fromisoformat(day), rate) for day, rate in zip(frame["date"], rates, strict=True)]
    return found


def test_there_are_deals() -> None:
    assert RUNS


@pytest.mark.parametrize(("path", "scenario"), RUNS)
def test_engine_and_slow_reading_agree(path: Path, scenario: str) -> None:
    deal = clo.load_deal(path)
    result = clo.run(deal, scenario=scenario)
    rows = {name: selected(raw_rows(path.parent / pool.tape), pool.where) for name, pool in deal.pools.items()}
    assert {name: len(loans) for name, loans in result.pools.items()} == {name: len(some) for name, some in rows.items()}
    assert differences(result, deal, run_oracle(deal, rows, scenario, curves=raw_curves(path)))[:8] == []
    assert result.ok, result.checks[~result.checks["ok"]]
