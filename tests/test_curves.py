"""Curves: the rate on a date, what a curve does not know, shifts, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clo.curves import Curve, Curves
from clo.findings import CurveError

DATES = ["2007-01-04", "2007-02-15", "2007-04-02"]
VALUES = [0.005, 0.006, 0.0045]


def curve(**changes: Any) -> Curve:
    given = {"name": "TIBOR_3M", "dates": DATES, "values": VALUES}
    return Curve(**(given | changes))


def codes(caught: pytest.ExceptionInfo[CurveError]) -> list[str]:
    return [found.code for found in caught.value.findings]


# ---- rates on dates


@pytest.mark.parametrize(
    ("day", "step", "linear"),
    [
        ("2007-01-03", np.nan, np.nan),
        ("2007-01-04", 0.005, 0.005),
        ("2007-01-25", 0.005, 0.0055),  # 21 of 42 days
        ("2007-02-15", 0.006, 0.006),
        ("2007-04-01", 0.006, 0.0045 + 0.0015 / 46),
        ("2007-04-02", 0.0045, 0.0045),
        ("2007-04-03", np.nan, np.nan),
    ],
)
def test_between_points(day: str, step: float, linear: float) -> None:
    assert curve().at(day) == pytest.approx(step, nan_ok=True)
    assert curve(interpolation="linear").at(day) == pytest.approx(linear, nan_ok=True)


@pytest.mark.parametrize("interpolation", ["step", "linear"])
def test_flat_holds_the_last_rate_and_knows_none_before_the_first(interpolation: Any) -> None:
    flat = curve(interpolation=interpolation, extrapolation="flat")
    np.testing.assert_array_equal(flat.at(["2007-01-03", "2007-04-03", "2050-01-01"]), [np.nan, 0.0045, 0.0045])


def test_rates_keep_the_shape_of_the_dates() -> None:
    days = np.array(DATES, dtype="datetime64[s]").reshape(3, 1)
    assert curve().at(days).shape == (3, 1)
    assert curve().at(pd.to_datetime(DATES)).tolist() == VALUES
    assert curve().at([]).tolist() == []
    assert np.isnan(curve(extrapolation="flat").at([np.datetime64("NaT")])).all()


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=30, unique=True).map(sorted),
    st.integers(0, 99),
    st.sampled_from(["step", "linear"]),
    st.sampled_from(["none", "flat"]),
)
def test_a_curve_covers_what_it_knows(days: list[int], seed: int, interpolation: Any, extrapolation: Any) -> None:
    rng = np.random.default_rng(seed)
    dates = np.datetime64("2000-01-01") + np.array(days)
    values = rng.uniform(-0.01, 0.1, len(days))
    made = Curve("X", dates, values, interpolation, extrapolation)
    asked = np.datetime64("2000-01-01") + rng.integers(-100, 4100, 50)
    got = made.at(asked)
    np.testing.assert_array_equal(made.covers(asked), ~np.isnan(got))
    for day, rate in zip(asked, got, strict=True):
        before = dates <= day
        known = before.any() and (extrapolation == "flat" or day <= dates[-1])
        assert known == (not np.isnan(rate))
        if known and interpolation == "step":
            assert rate == values[before][-1]
        elif known:
            around = values[max(0, before.sum() - 1) : before.sum() + 1]
            assert around.min() - 1e-15 <= rate <= around.max() + 1e-15


# ---- frames


def test_the_frame_holds_the_points_and_no_others() -> None:
    both = Curves([curve(), curve(name="TONA", dates=["2007-02-15", "2007-03-01"], values=[0.004, 0.003])])
    frame = both.to_frame()
    assert frame.index.name == "date"
    assert [str(day.date()) for day in frame.index] == ["2007-01-04", "2007-02-15", "2007-03-01", "2007-04-02"]
    np.testing.assert_array_equal(frame["TONA"], [np.nan, 0.004, 0.003, np.nan])
    np.testing.assert_array_equal(frame["TIBOR_3M"], [0.005, 0.006, np.nan, 0.0045])
    assert Curves().to_frame().empty


def test_a_curve_cannot_be_changed() -> None:
    values = np.array(VALUES)
    made = curve(values=values)
    values[0] = 9.0
    assert made.values[0] == 0.005
    with pytest.raises(ValueError, match="read-only"):
        made.values[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        made.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Curves([made])["x"] = made  # type: ignore[index]


def test_curves_travel_to_other_processes() -> None:
    again = pickle.loads(pickle.dumps(Curves([curve()])))
    assert again["TIBOR_3M"].at("2007-02-20") == 0.006


def test_how_they_look() -> None:
    made = curve(source="a & b", extrapolation="flat")
    said = "<Curve TIBOR_3M: 3 points, 2007-01-04 to 2007-04-02, 0.4500% to 0.6000%, step, flat, a & b>"
    assert repr(made) == said
    assert "a &amp; b" in made._repr_html_()
    assert repr(Curves([made])) == "<Curves: TIBOR_3M>"
    assert "TIBOR_3M" in Curves([made])._repr_html_()
    assert (repr(Curves()), len(Curves())) == ("<Curves: none>", 0)


# ---- what is refused


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"dates": DATES[:2]}, "E-C011", "2 dates and 3 values"),
        ({"dates": [], "values": []}, "E-C010", "TIBOR_3M has no points"),
        ({"dates": ["2007-01-04", "2007-04-02", "2007-02-15"]}, "E-C011", "the date of point 3, 2007-02-15, is not after"),
        ({"dates": ["2007-01-04", "2007-01-04", "2007-02-15"]}, "E-C011", "the date of point 2, 2007-01-04, is not after"),
        ({"dates": ["NaT", "2007-01-04", "2007-02-15"]}, "E-C011", "the date of point 1, NaT,"),
        ({"values": [0.01, np.nan, 0.01]}, "E-C011", "the rate of 2007-02-15 is nan"),
        ({"values": [0.01, 0.85, 0.01]}, "E-C007", "the rate of 2007-02-15 is 85 % a year"),
        ({"values": [1.2, 0.85, -0.06]}, "E-C007", "3 rates, the first 120 % a year on 2007-01-04"),
        ({"interpolation": "cubic"}, "E-C012", "'cubic' is not one of step, linear"),
        ({"extrapolation": "linear"}, "E-C012", "'linear' is not one of none, flat"),
    ],
)
def test_curves_that_cannot_be(changes: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(CurveError) as caught:
        curve(**changes)
    assert codes(caught) == [code]
    assert message in caught.value.findings[0].message
    assert caught.value.findings[0].who == "index TIBOR_3M"


def test_all_problems_of_a_curve_at_once() -> None:
    with pytest.raises(CurveError) as caught:
        curve(interpolation="x", extrapolation="y", dates=[DATES[0]] * 3, values=[5.0, np.inf, 0.0])
    assert codes(caught) == ["E-C012", "E-C012", "E-C011", "E-C011", "E-C007"]


@pytest.mark.parametrize(("other", "said"), [("TIBOR_3M", "is there twice"), ("Tibor_3m", "differ only in the case")])
def test_names_are_told_apart(other: str, said: str) -> None:
    with pytest.raises(CurveError, match=said):
        Curves([curve(), curve(name=other)])
