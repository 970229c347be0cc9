"""Monthly and annual rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from clo.behaviour.rates import by_month, cdr_from_mdr, cpr_from_smm, mdr_from_cdr, smm_from_cpr


@given(st.floats(0, 0.999))
def test_conversions_are_inverse(annual):
    assert cpr_from_smm(smm_from_cpr(annual)) == pytest.approx(annual, rel=1e-12, abs=1e-15)
    assert cdr_from_mdr(mdr_from_cdr(annual)) == cpr_from_smm(smm_from_cpr(annual))
    assert mdr_from_cdr(annual) == smm_from_cpr(annual)


def test_conversions_follow_the_formula():
    assert smm_from_cpr(0.06) == pytest.approx(1 - 0.94 ** (1 / 12), rel=1e-14)
    assert clo.cdr_from_mdr(0.01) == pytest.approx(1 - 0.99**12, rel=1e-14)
    assert mdr_from_cdr(1e-15) == pytest.approx(1e-15 / 12, rel=1e-12)  # no cancellation near 0
    assert (smm_from_cpr(0.0), smm_from_cpr(1.0), cpr_from_smm(1.0)) == (0.0, 1.0, 1.0)


def test_conversions_take_arrays():
    annual = np.array([[0.0, 0.1], [0.5, 1.0]])
    assert smm_from_cpr(annual).shape == (2, 2)
    assert isinstance(smm_from_cpr(0.1), float)
    np.testing.assert_allclose(cpr_from_smm(smm_from_cpr(annual)), annual, atol=1e-15)


@pytest.mark.parametrize("convert", [smm_from_cpr, cpr_from_smm, mdr_from_cdr, cdr_from_mdr])
@pytest.mark.parametrize("value", [-0.01, 1.2, float("nan"), [0.1, 2.0]])
def test_rates_outside_0_to_1(convert, value):
    with pytest.raises(ValueError, match=r"= (-0\.01|1\.2|nan|2\.0): .* decimal from 0 to 1"):
        convert(value)


def test_vectors_hold_their_last_value():
    np.testing.assert_array_equal(by_month((0.12, 0.06), 4), [0.12, 0.06, 0.06, 0.06])
    np.testing.assert_array_equal(by_month((0.12, 0.06), 1), [0.12])
    np.testing.assert_array_equal(by_month(0.1, 3), [0.1, 0.1, 0.1])
