"""Falling behind: loans that stop paying some months before they default, or move between states of arrears by roll rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.defaults import WHOLE
from clo.quantities import Share, Terms

BUCKETS = ("current", "1-29", "30-59", "60-89", "90-119", "120-149", "150-179", "180+")
"""By instalments behind: none, 1, ..., 6, 7 or more. Source: arrears bands of the investor report, ESMA Annex 12, IVSS38-44."""
STATES = (*BUCKETS, "default", "cured")
LAST = len(BUCKETS) - 1

RollRates = dict[str, dict[str, Share]]


class Arrears(Terms):
    """lag: months between the first missed payment and the default. roll_rates: {from: {to: share}}, by month."""

    lag: Annotated[int, Field(ge=0, le=120, strict=True)] | None = None
    roll_rates: RollRates | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Arrears:
        if (self.lag is None) == (self.roll_rates is None):
            fix = "give lag: or roll_rates:"
            raise PydanticCustomError("arrears", "arrears are either a lag or roll rates", {"fix": fix})
        problems = [] if self.roll_rates is None else list(_wrong_rows(self.roll_rates))
        if problems:
            said = "; ".join(problems)
            fix = "rows: current, 1-29, ..., 180+, and cured at will; each adds up to 100% and falls behind by one step at most"
            raise PydanticCustomError("roll_rates", "{said}", {"said": said, "fix": fix})
        return self

    def matrix(self) -> NDArray[np.float64]:
        """Monthly moves [from, to] over STATES. Back to current is to `cured`, and cured without a row moves as current does."""
        assert self.roll_rates is not None
        rows = {"cured": self.roll_rates["current"]} | self.roll_rates
        table = np.zeros((len(STATES), len(STATES)))
        for source, moves in rows.items():
            for target, share in moves.items():
                stays_cured = source != "current" and target == "current"
                table[STATES.index(source), STATES.index("cured" if stays_cured else target)] += share
        table[STATES.index("default"), STATES.index("default")] = 1.0
        return table


def _wrong_rows(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    problems = [f"{source!r} is no state of arrears" for source in rows if source not in STATES or source == "default"]
    missing = [bucket for bucket in BUCKETS if bucket not in rows]
    problems += [f"no row for {', '.join(missing)}"] if missing else []
    for source, moves in rows.items():
        behind = 0 if source == "cured" else BUCKETS.index(source) if source in BUCKETS else LAST
        for target in moves:
            if target not in STATES or (target == "cured" and source == "current"):
                problems.append(f"{source} moves to {target!r}, which is no state it can move to")
            elif target in BUCKETS and BUCKETS.index(target) > behind + 1:
                problems.append(f"{source} moves to {target}, more than one instalment further behind in a month")
        total = sum(moves.values())
        if abs(total - 1.0) > WHOLE:
            problems.append(f"the row of {source} adds up to {total:.6g}")
    return problems


def behind(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Instalments behind by days in arrears [i]: 0 for none, 1 for 1-29, ..., 7 for 180 or more; no days count as none."""
    known = np.nan_to_num(days)
    return np.where(known <= 0.0, 0, np.minimum(known // 30 + 1, LAST)).astype(np.int64)
