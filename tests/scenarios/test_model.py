"""The default model against what docs/simulation.md says of obligors, their factors, their ages and recoveries that vary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated
from numpy.testing import assert_allclose
from scipy.special import ndtr, ndtri

from clo.behaviour.joint import JointDefaults
from clo.scenarios import kernel
from clo.scenarios.draws import correlated
from clo.scenarios.importance import severity
from clo.scenarios.model import DefaultModel, default_model
from clo.tape.loans import Loans

CUTOFF = np.datetime64("2024-03-31")
MONTHS = 36
BORROWER = ["one", "one", "two", "three"]
"""Of four loans: the first is owed by a borrower of the second, which is three times as large."""
BALANCE = [100.0, 300.0, 50.0, 80.0]


def model(assumed: dict[str, Any], **columns: Any) -> DefaultModel:
    """Of the four loans, with some columns replaced."""
    columns = {"obligor_id": BORROWER, "current_balance": BALANCE} | columns
    frame = simulated.frame(len(BALANCE)).assign(**columns)
    fields = {"pd": 0.05, "correlation": 0.1, "lgd": 0.5} | assumed
    found, findings = default_model(
        {"near": Loans.from_frame(frame, check=False)}, JointDefaults.model_validate(fields), MONTHS, CUTOFF
    )
    assert found is not None
    assert not findings
    return found


def asset_correlation(of: DefaultModel) -> np.ndarray:
    """Of what the factors give each obligor, and of its own draw [i, i]: the diagonal is the variance of an asset value."""
    loading = np.zeros((len(of.names), len(of.factors)))
    for i, c in enumerate(of.sector):
        np.add.at(loading[i], of.index[c], of.weight[c])
    root = np.eye(len(of.factors)) if of.root is None else of.root
    return loading @ root @ root.T @ loading.T + np.diag(of.own[of.sector] ** 2)


def test_what_a_borrower_of_several_loans_has_is_the_mean_by_balance() -> None:
    found = model({"pd": "tape", "lgd": "tape"}, pd_1y=[0.02, 0.10, 0.03, 0.04], lgd=[0.2, 0.6, 0.3, 0.4])
    assert found.names == ("one", "two", "three")
    assert found.of_loan["near"].tolist() == [0, 0, 1, 2]
    assert_allclose(ndtr(found.thresholds[:, 11]), [0.08, 0.03, 0.04])
    later = (100.0 * (1.0 - 0.98 ** (30 / 12)) + 300.0 * (1.0 - 0.90 ** (30 / 12))) / 400.0
    assert ndtr(found.thresholds[0, 29]) == pytest.approx(later)
    assert_allclose(found.recovery, [0.5, 0.7, 0.6])


@pytest.mark.parametrize("balance", [BALANCE, [300.0, 100.0, 50.0, 80.0]], ids=["second larger", "first larger"])
def test_a_borrower_is_of_the_industry_and_the_class_of_its_largest_loan(balance: list[float]) -> None:
    by_class = {"by": "enterprise_size", "classes": {"MICE": {"industry": 0.2}, "SMAE": {"industry": 0.3}}}
    columns = {"industry_code": ["D", "E", "D", "E"], "enterprise_size": ["MICE", "SMAE", "MICE", "SMAE"]}
    found = asset_correlation(model({"correlation": by_class}, current_balance=balance, **columns))
    other, alike = (2, np.sqrt(0.3 * 0.3)) if balance == BALANCE else (1, np.sqrt(0.2 * 0.2))
    assert found[0, other] == pytest.approx(alike)
    assert found[0, 3 - other] == 0.0


def test_borrowers_correlate_by_what_they_have_in_common() -> None:
    """The market, and the industry and the region they share; industries by what is said of them."""
    assumed = {"correlation": {"market": 0.1, "industry": 0.08, "region": 0.05}, "between": {"industry": {"D": {"E": 0.5}}}}
    codes = {"obligor_id": list("abcd"), "industry_code": ["D", "E", "D", "F"], "region_code": ["01", "01", "02", "02"]}
    found = asset_correlation(model(assumed, **codes))
    expected = np.array(
        [[1.0, 0.1 + 0.5 * 0.08 + 0.05, 0.18, 0.1], [0, 1.0, 0.1 + 0.5 * 0.08, 0.1], [0, 0, 1.0, 0.15], [0, 0, 0, 1.0]]
    )
    assert_allclose(found, expected + np.triu(expected, 1).T, atol=1e-14)


def test_a_correlation_between_three_industries_is_what_was_said() -> None:
    said = {"D": {"E": 0.5, "F": -0.2}, "E": {"F": 0.3}}
    assumed = {"correlation": {"industry": 0.25}, "between": {"industry": said}}
    found = asset_correlation(model(assumed, obligor_id=list("abcd"), industry_code=["D", "E", "F", "G"]))
    assert_allclose(found[np.triu_indices(4, 1)], 0.25 * np.array([0.5, -0.2, 0.0, 0.3, 0.0, 0.0]), atol=1e-14)


def test_a_group_defaults_together_and_whoever_has_none_alone() -> None:
    groups = ["g", None, "g", None]
    found = model({"group_by": "group_id"}, obligor_id=list("abcd"), group_id=groups)
    owner = found.of_loan["near"]
    assert owner[0] == owner[2]
    assert len(set(owner.tolist())) == len(found.names) == 3
    assert len(set(found.keys.tolist())) == 3


def test_curves_since_origination_begin_at_a_loan_s_age() -> None:
    """P of a year, after so many years, is (P(age + 1) - P(age)) / (1 - P(age))."""
    curve = [0.01, 0.05, 0.15, 0.16]
    made = pd.to_datetime(["2024-03-31", "2023-03-31", "2022-03-31", "2021-03-31"])
    terms = {"by": "internal_rating", "curves": {"A": curve}, "since": "origination"}
    found = model({"pd": terms}, obligor_id=list("abcd"), internal_rating="A", origination_date=made)
    reached = np.array([0.0, *curve])
    assert_allclose(ndtr(found.thresholds[:, 11]), np.diff(reached) / (1.0 - reached[:-1]))


def test_the_severe_direction_is_that_in_which_the_amounts_fall_together() -> None:
    """The mean asset value by amount, given independent factors, is loading x the place along the direction, whatever else."""
    assumed = {"correlation": {"market": 0.1, "industry": 0.2}, "between": {"industry": {"D": {"E": 0.6, "F": -0.3}}}}
    of = model(assumed, obligor_id=list("abcd"), industry_code=["D", "E", "F", "D"])
    amounts = np.array([5.0, 1.0, 2.0, 0.0])
    severe = severity(of, amounts)
    independent = np.random.default_rng(1).standard_normal((50, len(of.factors)))
    factors, common = correlated(independent, of.root), np.empty((50, len(of.own)))
    for s in range(50):
        kernel.common_of(factors, s, of.index, of.weight, common[s])
    assert_allclose(common[:, of.sector] @ amounts / amounts.sum(), severe.loading * independent @ severe.direction)
    assert severe.direction @ severe.direction == pytest.approx(1.0)
    assert severe.threshold == pytest.approx(float(of.thresholds[:, -1] @ amounts / amounts.sum()))


def recovered(mean: float, spread: float, weight: float, count: int = 120) -> np.ndarray:
    """Share recovered [m, e], over even probabilities of the market, the worst first, and of the own draw."""
    at = (np.arange(count) + 0.5) / count
    words = (at * 2.0**32).astype(np.uint32)
    return np.array([[kernel.recovered_share(mean, spread, weight, each, word) for word in words] for each in ndtri(at)])


@pytest.mark.parametrize(("mean", "spread", "share"), [(0.3, 0.8, 0.4), (0.6, 1.5, 0.0), (0.1, 0.5, 0.9), (0.5, 2.0, 1.0)])
def test_recoveries_that_vary_keep_their_mean_and_are_low_with_the_market(mean: float, spread: float, share: float) -> None:
    found = recovered(mean, spread, np.sqrt(share))
    assert found.mean() == pytest.approx(mean, abs=2e-3)
    latent = ndtri(found)
    assert latent.std() == pytest.approx(spread, rel=0.02)  # even probabilities miss a little of the tails
    by_market = latent.mean(axis=1)
    assert by_market.var() / latent.var() == pytest.approx(share, abs=0.01)
    if share:
        assert np.all(np.diff(by_market) > 0.0)


def test_the_market_s_share_of_recoveries_is_one_of_variance() -> None:
    assert model({"recovery": {"spread": 0.8, "market": 0.49}}).market == pytest.approx(0.7)
    assert model({"recovery": {"spread": 0.8}}).market == 0.0


def test_recoveries_are_known_where_they_cannot_vary() -> None:
    assert [kernel.recovered_share(mean, 2.0, 0.5, -3.0, np.uint32(7)) for mean in (0.0, 1.0)] == [0.0, 1.0]
