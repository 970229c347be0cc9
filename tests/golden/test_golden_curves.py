"""Curves against other people's numbers; sources in curves.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from clo.curves import Curve

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("curves.json").read_text("utf-8"))["cases"]}


def points(case: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    days, values = zip(*case["points"], strict=True)
    return np.array(days, dtype="datetime64[D]"), np.array(values)


def test_the_last_point_before_a_date() -> None:
    """The source counts a point from the day after it, a fixing here holds from its own day: none of its dates is a point, so
    the two agree. Before the first point it says 0, where we know no rate.
    """
    case = CASES["curve-step"]
    days, values = points(case)
    got = Curve("X", days, values, extrapolation="flat").at(case["dates"])
    assert got[1:].tolist() == case["expected"][1:], case["source"]
    assert case["expected"][0] == 0
    assert np.isnan(got[0])


def test_a_point_counts_from_the_day_after_it_in_the_source() -> None:
    """Asked for the day before, a curve gives the source's rule on the days of its points too."""
    days, values = points(CASES["curve-step"])
    made = Curve("X", days, values, extrapolation="flat")
    strictly_before = made.at(days - 1)
    assert np.isnan(strictly_before[0])
    assert strictly_before[1] == values[0]
    assert made.at(days).tolist() == values.tolist()


def test_the_first_point_on_or_after_a_date() -> None:
    """A fixing holds until the next, so values known ahead of their end begin the day after the point before."""
    case = CASES["curve-threshold"]
    days, values = points(case)
    begins = np.append(np.datetime64("1900-01-01"), days[:-1] + 1)
    got = Curve("X", begins, values, extrapolation="flat").at(case["dates"])
    assert got.tolist() == case["expected"], case["source"]
