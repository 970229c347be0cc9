"""The monthly hazards of each model of default, of ramps and of changes, against what they say in words."""

import numpy as np
import pytest

from clo.behaviour.arrears import STATES, Arrears, behind
from clo.behaviour.changes import Repurchase, Restructuring, ServicerFailure
from clo.behaviour.defaults import (
    Cumulative,
    cumulative_hazard,
    scaled,
    survival_hazard,
    term_hazard,
)
from clo.behaviour.prepayment import Incentive, Ramp
from clo.behaviour.rates import mdr_from_cdr


@pytest.mark.parametrize(
    ("timing", "years", "by_year"),
    [
        ("front", 3, [3 / 6, 2 / 6, 1 / 6]),
        ("back", 3, [1 / 6, 2 / 6, 3 / 6]),
        ("even", None, [0.2] * 5),
        ((0.4, 0.3, 0.3), None, [0.4, 0.3, 0.3]),
    ],
)
def test_a_cumulative_share_is_spread_over_its_years(timing, years, by_year):
    model = Cumulative(cumulative=0.12, timing=timing, years=years)
    monthly = model.distribution(100)
    np.testing.assert_allclose(monthly[: 12 * len(by_year)].reshape(-1, 12).sum(axis=1), by_year, rtol=1e-14)
    assert not monthly[12 * len(by_year) :].any()
    survival = np.cumprod(1.0 - cumulative_hazard(model, 100))
    assert survival[-1] == pytest.approx(0.88, rel=1e-14)
    assert 1.0 - survival[11] == pytest.approx(0.12 * by_year[0], rel=1e-13)


def test_all_loans_may_default():
    hazard = cumulative_hazard(Cumulative(cumulative=1.0, timing=(1.0,)), 14)
    np.testing.assert_allclose(hazard[:12], 1.0 / np.arange(12, 0, -1), rtol=1e-12)
    assert not hazard[12:].any()


def test_a_term_structure_reaches_its_points_and_holds_its_last_hazard_on():
    hazard = term_hazard((0.01, 0.05), 0, 36)
    survival = np.cumprod(1.0 - hazard)
    assert 1.0 - survival[[11, 23]] == pytest.approx([0.01, 0.05], rel=1e-12)
    assert len(set(hazard[:12])) == 1
    np.testing.assert_array_equal(hazard[24:], hazard[23])
    np.testing.assert_array_equal(term_hazard((0.01, 0.05), 7, 20), hazard[7:27])
    np.testing.assert_array_equal(term_hazard(0.02, 7, 3), [float(mdr_from_cdr(0.02))] * 3)


def test_a_survival_curve_is_followed_by_its_recent_mean():
    curve = (0.99, 0.97, 0.97)
    hazard = survival_hazard(curve, 0, 5)
    np.testing.assert_allclose(np.cumprod(1.0 - hazard[:3]), curve, rtol=1e-14)
    np.testing.assert_allclose(hazard[3:], hazard[:3].mean())
    np.testing.assert_allclose(survival_hazard(curve, 2, 3), [0.0, *hazard[3:]], atol=1e-16)
    assert survival_hazard((0.0, 0.0), 0, 2)[0] == 1.0


@pytest.mark.parametrize("q", [0.0, 0.003, 0.6, 1.0])
def test_hazards_scale_as_survival_to_a_power(q):
    assert scaled(np.array([q]), 2.0)[0] == pytest.approx(1.0 - (1.0 - q) ** 2, abs=1e-15)
    assert scaled(np.array([q]), 0.0)[0] == 0.0
    assert scaled(np.array([q]), 1.0)[0] == pytest.approx(q, abs=1e-15)


def test_moves_between_states_of_arrears():
    rows = {state: {"current": 1.0} for state in STATES[:8]} | {"1-29": {"current": 0.6, "30-59": 0.4}}
    matrix = Arrears(roll_rates=rows).matrix()
    at = {state: number for number, state in enumerate(STATES)}
    assert matrix[at["1-29"], at["cured"]] == 0.6  # back to current is cured
    assert matrix[at["1-29"], at["current"]] == 0.0
    assert matrix[at["current"], at["current"]] == 1.0
    assert matrix[at["cured"], at["cured"]] == 1.0  # as current moves
    assert matrix[at["default"], at["default"]] == 1.0
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)


def test_days_in_arrears_are_instalments_behind():
    days = np.array([0, 1, 29, 30, 59, 60, 179, 180, 400, np.nan])
    np.testing.assert_array_equal(behind(days), [0, 1, 1, 2, 2, 3, 6, 7, 7, 0])


def test_a_ramp_rises_with_age():
    psa = Ramp(to=0.06, months=30)
    np.testing.assert_allclose(psa.cpr(0, 3), [0.002, 0.004, 0.006])
    np.testing.assert_allclose(psa.cpr(28, 3), [0.058, 0.06, 0.06])
    np.testing.assert_allclose(Ramp(to=0.06, months=30, speed=1.65).cpr(40, 1), [0.099])


def test_an_incentive_answers_to_the_index():
    factor = Incentive(sensitivity=20).factor(np.array([0.01, 0.01, 0.03, -0.09]))
    np.testing.assert_allclose(factor, [1.0, 1.4, 0.0])


def test_changes_come_when_they_are_said_to():
    np.testing.assert_array_equal(Restructuring(share=0.3, month=2).shares(4), [0.0, 0.3, 0.0, 0.0])
    np.testing.assert_allclose(Restructuring(rate=0.12).shares(2), [float(mdr_from_cdr(0.12))] * 2)
    rate = float(mdr_from_cdr(0.1))
    np.testing.assert_allclose(Repurchase(rate=0.1, months=2).shares(3, breached=False), [rate, rate, 0.0])
    at = Repurchase(where="x > 1", month=2)
    np.testing.assert_array_equal(at.shares(3, breached=True), [0.0, 1.0, 0.0])
    assert not at.shares(3, breached=False).any()
    np.testing.assert_array_equal(ServicerFailure(month=3, months=2, share=0.5).shares(4), [0.0, 0.5, 0.5, 0.0])
