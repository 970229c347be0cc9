"""Monthly and annual rates, and what a set of assumptions accepts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from clo.behaviour.assumptions import Assumptions, cdr_from_mdr, cpr_from_smm, mdr_from_cdr, smm_from_cpr
from clo.findings import InputError


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
    assumed = Assumptions(cdr=np.array([0.12, 0.06]), cpr=[0.1])
    assert assumed.cdr == (0.12, 0.06)
    np.testing.assert_allclose(assumed.monthly_default(4), mdr_from_cdr([0.12, 0.06, 0.06, 0.06]))
    np.testing.assert_allclose(assumed.monthly_default(1), [mdr_from_cdr(0.12)])
    np.testing.assert_allclose(assumed.monthly_prepayment(3), smm_from_cpr(0.1))
    assert [(finding.code, finding.field) for finding in assumed.findings(2)] == [("W-A010", "cpr")]
    assert Assumptions(cdr=0.1).findings(100) == []
    assert hash(assumed) == hash(Assumptions(cdr=(0.12, 0.06), cpr=(0.1,)))


def test_recorded_defaults_leave_no_default_rate():
    np.testing.assert_array_equal(Assumptions(defaults="tape", recovery="tape").monthly_default(3), np.zeros(3))


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("E-A001", {"cdr": []}),
        ("E-A002", {"cdr": 2.0}),
        ("E-A002", {"cdr": "2%"}),
        ("E-A002", {"cdr": True}),
        ("E-A002", {"cdr": (0.1, float("nan"))}),
        ("E-A002", {"cdr": 0.1, "cpr": None}),
        ("E-A003", {"cdr": 0.1, "defaults": "both"}),
        ("E-A004", {"cdr": 0.1, "order": "any"}),
        ("E-A005", {}),
        ("E-A006", {"cdr": 0.0, "defaults": "tape"}),
        ("E-A007", {"cdr": 0.1, "recovery": "tape"}),
        ("E-A008", {"cdr": 0.1, "recovery": 1.5}),
        ("E-A008", {"cdr": 0.1, "recovery": None}),
        ("E-A009", {"cdr": 0.1, "recovery_lag": -1}),
        ("E-A009", {"cdr": 0.1, "recovery_lag": 1.5}),
        ("E-A009", {"cdr": 0.1, "recovery_lag": True}),
    ],
)
def test_bad_assumptions_are_named(code, given):
    with pytest.raises(InputError) as caught:
        Assumptions(**given)
    assert [finding.code for finding in caught.value.findings] == [code]


def test_all_problems_come_at_once():
    with pytest.raises(ValueError, match="4 problems") as caught:
        Assumptions(cdr=(0.1, 2.0), cpr=-1.0, recovery="some", recovery_lag=-3)
    assert "2.0 in month 2" in str(caught.value)
