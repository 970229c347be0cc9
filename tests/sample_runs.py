"""Runs of the deal files that several test modules look at, made once."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import pandas as pd

import clo
from clo.study import Result

DEALS = Path(__file__).parents[1] / "deals"
DEAL_FILE = DEALS / "purchase-08.yaml"


@cache
def sample(scenario: str = "base") -> Result:
    """Purchase-type No. 8 under one of its scenarios."""
    return clo.run(clo.load_deal(DEAL_FILE), scenario=scenario)


def failed(result: Result) -> Result:
    """The same run with cash lost on the way."""
    checks = result.checks.copy()
    checks.loc[0, "largest_residual"] = 125_000.0
    checks.loc[0, "ok"] = False
    return changed(result, checks=checks)


def changed(result: Result, **frames: pd.DataFrame | None) -> Result:
    """The same run with other frames."""
    copy = dataclasses.replace(result)
    copy.__dict__.update(frames)
    return copy
