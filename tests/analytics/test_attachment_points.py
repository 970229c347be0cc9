"""Attachment and detachment of tranches by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clo.analytics.enhancement import attachment_points


def test_points_are_shares_of_the_pool() -> None:
    assert attachment_points([60.0, 30.0, 10.0], 100.0) == [(0.4, 1.0), (0.1, 0.4), (0.0, 0.1)]


def test_a_pool_that_exceeds_the_tranches_lies_below_them() -> None:
    (only,) = attachment_points([80.0], 100.0)
    assert only == pytest.approx((0.2, 1.0))


def test_tranches_that_exceed_the_pool_are_shares_of_themselves() -> None:
    assert attachment_points([60.0, 60.0], 100.0) == [(0.5, 1.0), (0.0, 0.5)]


def test_what_is_not_known_is_nan() -> None:
    (senior, junior) = attachment_points([60.0, math.nan], 100.0)
    assert senior == (0.4, 1.0)
    assert junior[1] == 0.4
    assert math.isnan(junior[0])
    assert np.isnan(attachment_points([60.0, 40.0], math.nan)).all()
    assert np.isnan(attachment_points([0.0], 0.0)).all()
