"""Small firms owe less; a sole proprietor is a small firm; shares come out as stated."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from builder.recipes import recipe

import clo


def pool(**changed: Any) -> pd.DataFrame:
    return clo.build_pool(recipe(firms=20_000, amount=500_000_000_000, **changed))


def test_size_follows_class_and_form() -> None:
    frame = pool()
    by_class = frame.groupby("enterprise_size", observed=True)["current_balance"].median()
    assert by_class["MICE"] < by_class["SMAE"] < by_class["MEDE"]
    by_form = frame.groupby("obligor_type", observed=True)["current_balance"].median()
    assert by_form["sole_prop"] < by_form["corp"]


def test_shares_come_out_whatever_size_they_follow() -> None:
    frame = pool()
    classes = frame["enterprise_size"].value_counts(normalize=True)
    assert [classes[name] for name in ("SMAE", "MEDE", "MICE")] == pytest.approx([0.55, 0.40, 0.05], abs=0.012)
    assert (frame["obligor_type"] == "sole_prop").mean() == pytest.approx(0.03, abs=0.005)


def test_a_sole_proprietor_is_micro_or_small() -> None:
    mixed = {"shares": {"MEDE": 0.6, "SMAE": 0.3, "MICE": 0.1}}
    frame = pool(obligor_types={"shares": {"corp": 0.7, "sole_prop": 0.3}}, enterprise_sizes=mixed)
    sole = frame[frame["obligor_type"] == "sole_prop"]
    assert set(sole["enterprise_size"].unique()) == {"MICE", "SMAE"}
    assert (frame["enterprise_size"] == "MEDE").mean() == pytest.approx(0.6, abs=0.03)
    none = pool(obligor_types={"shares": {"sole_prop": 1}}, enterprise_sizes={"shares": {"MEDE": 1}})
    assert set(none["enterprise_size"].unique()) == {"SMAE"}


def test_without_correlation_size_is_independent() -> None:
    own = {"shares": {"SMAE": 0.5, "MEDE": 0.5}, "correlation": 0}
    frame = pool(enterprise_sizes=own, obligor_types={"shares": {"corp": 1}})
    medians = frame.groupby("enterprise_size", observed=True)["current_balance"].mean()
    assert medians["SMAE"] == pytest.approx(medians["MEDE"], rel=0.02)
