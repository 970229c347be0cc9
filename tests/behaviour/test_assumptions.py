"""What a set of assumptions accepts, what takes the place of what, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from clo.behaviour.assumptions import Assumptions, replaced, short_vectors
from clo.behaviour.defaults import Cumulative
from clo.findings import InputError


def test_arrays_series_and_percentages_are_read():
    assumed = Assumptions(cdr=np.array([0.12, 0.06]), cpr=pd.Series([0.1]), recovery=np.float64(0.4), recovery_cost="5%")
    assert (assumed.cdr, assumed.cpr, assumed.recovery, assumed.recovery_cost) == ((0.12, 0.06), (0.1,), 0.4, 0.05)


def test_nested_terms_come_as_mappings_or_objects():
    given = {"cumulative": 0.08, "timing": "front"}
    assert Assumptions(defaults=given) == Assumptions(defaults=Cumulative(cumulative=0.08, timing="front"))


@pytest.mark.parametrize(
    ("assumed", "field"),
    [
        ({"cdr": [0.1, 0.2]}, "cdr"),
        ({"cdr": 0.1, "smm": [0.1]}, "smm"),
    ],
)
def test_a_short_vector_is_told(assumed, field):
    (finding,) = short_vectors(Assumptions(**assumed), 100)
    assert (finding.code, finding.field) == ("W-A010", field)
    assert short_vectors(Assumptions(**assumed), 1) == []


ROLLING = {state: {"current": 1.0} for state in ("current", "1-29", "30-59", "60-89", "90-119", "120-149", "150-179", "180+")}


@pytest.mark.parametrize(
    ("code", "field", "given"),
    [
        ("E-A002", "cdr", {"cdr": []}),
        ("E-A002", "cdr", {"cdr": 2.0}),
        ("E-A002", "cdr", {"cdr": True}),
        ("E-A002", "cdr.1", {"cdr": (0.1, float("nan"))}),
        ("E-A002", "defaults", {"defaults": "both"}),
        ("E-A002", "defaults", {"defaults": {"curve": 1}}),
        ("E-A002", "defaults.cumulative", {"defaults": {"cumulative": 1.5}}),
        ("E-A002", "defaults", {"defaults": {"cumulative": 0.1, "timing": [0.5, 0.4]}}),
        ("E-A002", "defaults", {"defaults": {"cumulative": 0.1, "timing": [0.5, 0.5], "years": 3}}),
        ("E-A002", "defaults", {"defaults": {"by": "x", "curves": {"a": [0.2, 0.1]}}}),
        ("E-A002", "defaults.survival", {"defaults": {"survival": []}}),
        ("E-A002", "defaults", {"defaults": {"survival": [0.9, 0.95]}}),
        ("E-A002", "order", {"cdr": 0.1, "order": "any"}),
        ("E-A002", "recovery", {"cdr": 0.1, "recovery": 1.5}),
        ("E-A002", "recovery_lag", {"cdr": 0.1, "recovery_lag": -1}),
        ("E-A002", "recovery_lag", {"cdr": 0.1, "recovery_lag": True}),
        ("E-A002", "recovery_lag", {"cdr": 0.1, "recovery_lag": 1.5}),
        ("E-A002", "recovery_timing", {"cdr": 0.1, "recovery_timing": [0.6, 0.6]}),
        ("E-A002", "performance", {"cdr": 0.1, "performance": [0.5, 0.5, 0.5]}),
        ("E-A002", "arrears", {"arrears": {}}),
        ("E-A002", "arrears", {"arrears": {"lag": 1, "roll_rates": ROLLING}}),
        ("E-A002", "arrears", {"arrears": {"roll_rates": ROLLING | {"current": {"30-59": 1.0}}}}),
        ("E-A002", "arrears", {"arrears": {"roll_rates": ROLLING | {"current": {"current": 0.9}}}}),
        ("E-A002", "arrears", {"arrears": {"roll_rates": {"current": {"current": 1.0}}}}),
        ("E-A002", "restructuring", {"cdr": 0.1, "restructuring": {"extension": 12}}),
        ("E-A002", "restructuring", {"cdr": 0.1, "restructuring": {"share": 0.1}}),
        ("E-A002", "repurchase", {"cdr": 0.1, "repurchase": {"rate": 0.1, "where": "x > 1", "month": 3}}),
        ("E-A002", "servicer_failure.month", {"cdr": 0.1, "servicer_failure": {"month": 0}}),
        ("E-A003", "cdrr", {"cdr": 0.1, "cdrr": 0.2}),
        ("E-A005", "cdr", {}),
        ("E-A006", "defaults", {"cdr": 0.0, "defaults": "tape"}),
        ("E-A007", "recovery", {"cdr": 0.1, "recovery": "tape"}),
        ("E-A007", "recovery", {"defaults": "tape", "recovery": "tape", "setoff": "lost"}),
        ("E-A030", "smm", {"cdr": 0.1, "cpr": 0.1, "smm": 0.1}),
        ("E-A031", "default_scale", {"defaults": "tape", "default_scale": {"by": "x", "factors": {}}}),
        ("E-A032", "restructuring", {"arrears": {"roll_rates": ROLLING}, "restructuring": {"rate": 0.1}}),
        ("E-A033", "arrears", {"defaults": "tape", "arrears": {"lag": 2}}),
        ("E-A034", "restructuring.default_multiplier",
         {"defaults": {"cumulative": 0.1, "of": "balance"}, "restructuring": {"rate": 0.1, "default_multiplier": 2}}),
        ("E-A035", "order", {"arrears": {"roll_rates": ROLLING}, "order": "prepayment_first"}),
        ("E-A036", "prepayment_incentive", {"cdr": 0.1, "smm": 0.1, "prepayment_incentive": {"sensitivity": 1}}),
    ],
)  # fmt: skip
def test_bad_assumptions_are_named(code, field, given):
    with pytest.raises(InputError) as caught:
        Assumptions(**given)
    (finding,) = caught.value.findings
    assert (finding.code, finding.field) == (code, field)
    assert finding.message
    assert finding.fix


def test_all_problems_come_at_once():
    with pytest.raises(ValueError, match="4 problems") as caught:
        Assumptions(cdr=(0.1, 2.0), cpr=-1.0, recovery="some", recovery_lag=-3)
    assert "2 is 200 % a year" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "given", "left"),
    [
        ({"cdr": 0.1, "cpr": 0.1}, {"cdr": 0.2}, {"cdr": 0.2, "cpr": 0.1}),
        ({"defaults": "tape", "default_scale": {"by": "x"}}, {"cdr": 0.2}, {"cdr": 0.2}),
        ({"arrears": {"roll_rates": {}}}, {"cdr": 0.2}, {"cdr": 0.2}),
        ({"cdr": 0.1, "arrears": {"lag": 3}}, {"defaults": "tape"}, {"defaults": "tape", "arrears": {"lag": 3}}),
        ({"cdr": 0.1}, {"arrears": {"roll_rates": {}}}, {"arrears": {"roll_rates": {}}}),
        ({"cpr": 0.1}, {"smm": 0.2}, {"smm": 0.2}),
        ({"prepayment_ramp": {}}, {"cpr": 0.2}, {"cpr": 0.2}),
    ],
)
def test_one_model_takes_the_place_of_another(fields, given, left):
    assert replaced(fields, given) == left
