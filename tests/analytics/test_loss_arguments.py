"""What losses are asked for: each problem told with who and what, and nothing that has no effect taken without a word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import clo

GIVEN = {"exposure": [1.0, 2.0, 3.0], "pd": 0.1, "lgd": 0.5, "attachments": (0.0, 0.1, 1.0), "correlation": 0.2}
NAMED = pd.Series([1.0, 2.0, 3.0], index=["A", "B", "C"])


def found(**changed):
    with pytest.raises(clo.InputError) as raised:
        clo.expected_tranche_loss(**GIVEN | changed)
    return raised.value.findings


@pytest.mark.parametrize(
    ("exposure", "who", "value"),
    [
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "obligor 0", "2020-01-01 00:00:00"),
        (np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[ns]"), "obligor 0", "2020-01-01T00:00:00.000000000"),
        (np.array([5, 6], dtype="timedelta64[s]"), "obligor 0", "5 seconds"),
        ([1.0, True], "obligor 1", "True"),
        (np.array([True, False]), "obligor 0", "True"),
        (["1", 2.0], "obligor 0", "1"),
        (pd.Series([1.0, "2,000"], index=["A", "B"]), "obligor B", "2,000"),
        ([1.0, [2.0]], "obligor 1", "[2.0]"),
    ],
)
def test_text_dates_and_truth_are_no_amounts(exposure, who, value):
    (told,) = found(exposure=exposure)
    assert (told.code, told.field, told.who, told.value) == ("E-Q001", "exposure", who, value)


@pytest.mark.parametrize("exposure", [[1.0, None, 3.0], pd.Series([1.0, None, 3.0], dtype="Float64"), [1.0, float("nan"), 3.0]])
def test_a_blank_amount_is_told_as_one(exposure):
    (told,) = found(exposure=exposure)
    assert (told.code, told.who, told.value) == ("E-Q002", "obligor 1", "nan")


@pytest.mark.parametrize(("exposure", "words"), [(None, "exposure is None"), (3.0, "exposure is one number")])
def test_exposures_are_a_list(exposure, words):
    (told,) = found(exposure=exposure)
    assert (told.code, told.message) == ("E-Q001", words)


@pytest.mark.compiled
def test_numbers_of_any_kind_are_read():
    plain = clo.expected_tranche_loss(**GIVEN)
    for exposure in (pd.array([1, 2, 3]), (1, 2, 3), np.array([1, 2, 3], dtype=object), np.array([1, 2, 3], dtype=np.int8)):
        assert_array_equal(clo.expected_tranche_loss(**GIVEN | {"exposure": exposure}), plain)


@pytest.mark.parametrize(
    ("attachments", "words"),
    [
        ("3%", "'3%' is not a number"),
        (("0", "3%"), "'0' is not a number"),
        (None, "is None"),
        ((0.0, None, 1.0), "do not increase"),
    ],
)
def test_attachments_are_told_in_their_own_rule(attachments, words):
    (told,) = found(attachments=attachments)
    assert told.code == "E-Q006"
    assert words in told.message


def test_per_cents_are_told_as_fractions():
    (told,) = found(attachments=(0, 3, 6, 100))
    assert told.fix == "if these are per cents, write fractions: (0, 0.03, 0.06, 1)"
    assert "per cents" not in found(attachments=(0, 0.5, 0.2))[0].fix


def test_pds_do_not_fall_with_the_horizon():
    (told,) = found(exposure=NAMED, pd=[[0.05, 0.05, 0.2], [0.1, 0.01, 0.1]])
    assert (told.code, told.who, told.value, told.count) == ("E-Q034", "obligor B", "0.01", 2)
    assert told.message == "pd falls from 0.05 to 0.01 at horizon 2"
    with pytest.raises(clo.InputError) as raised:
        clo.loss_distributions([1.0, 2.0], [[0.2, 0.1], [0.1, 0.1]], 0.5, correlation=0.1)
    assert [each.code for each in raised.value.findings] == ["E-Q034"]


@pytest.mark.compiled
def test_horizons_keep_the_labels_of_a_table():
    pds = pd.DataFrame([[0.05] * 3, [0.1] * 3], index=["1y", "3y"], columns=["A", "B", "C"])
    told = clo.expected_tranche_loss(**GIVEN | {"exposure": NAMED, "pd": pds})
    assert told["horizon"].tolist() == ["1y", "1y", "3y", "3y"]
    (other,) = found(exposure=NAMED, pd=pds[["B", "A", "C"]])
    assert (other.code, other.field) == ("E-Q005", "pd")


def test_no_horizon_is_told():
    (told,) = found(pd=np.zeros((0, 3)))
    assert (told.code, told.message) == ("E-Q001", "pd has no horizon")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"groups": ["a", "a", "b"]}, "E-Q018"),
        ({"recovery_market": 0.3}, "E-Q033"),
        ({"method": "large_pool", "unit": 0.1}, "E-Q032"),
        ({"method": "binomial", "accuracy": 1e-6}, "E-Q032"),
        ({"method": "binomial", "diversity": 1e9}, "E-Q011"),
        ({"unit": 1.6}, "E-Q030"),
    ],
)
def test_what_has_no_effect_or_no_sense_is_refused(changed, code):
    assert [each.code for each in found(**changed)] == [code]


def test_all_problems_of_groups_and_recoveries_come_at_once():
    told = found(
        exposure=["x", 2.0, 3.0], pd=2.0, groups=["a", "", None], group_correlation=2.0, recovery_spread=-1.0, recovery_market=2.0
    )
    assert [each.code for each in told] == ["E-Q001", "E-Q021", "E-Q022", "E-Q016", "E-Q003", "E-Q004"]
    assert [each.field for each in told if each.code == "E-Q004"] == ["group_correlation"]


def test_who_has_no_group_is_told():
    (told,) = found(exposure=NAMED, groups=["a", " ", None], group_correlation=0.1)
    assert (told.code, told.who, told.count) == ("E-Q016", "obligor B", 2)


def test_shares_by_group_are_told_as_they_were_given():
    told = found(groups=["a", "b", "b"], group_correlation={"a": "10%", "b": None})
    assert [(each.code, each.value) for each in told] == [("E-Q001", "10%"), ("E-Q001", "None")]
    assert told[0].message == "group_correlation '10%' of group a is not a number"


@pytest.mark.compiled
@pytest.mark.parametrize("exposure", [GIVEN["exposure"], NAMED])
def test_a_series_by_group_is_what_a_dict_is(exposure):
    shares = {"b": 0.3, "a": 0.1, "c": 0.2}
    given = GIVEN | {"exposure": exposure, "groups": ["a", "b", "b"]}
    told = clo.expected_tranche_loss(**given, group_correlation=pd.Series(shares))
    assert_array_equal(told, clo.expected_tranche_loss(**given, group_correlation=shares))
    assert_array_equal(told, clo.expected_tranche_loss(**given, group_correlation=pd.Series(shares)[["a", "b"]]))
    (missing,) = found(exposure=exposure, groups=["a", "b", "x"], group_correlation=pd.Series({"a": 0.1, "b": 0.1}))
    assert (missing.code, missing.value) == ("E-Q018", "x")


@pytest.mark.parametrize(
    ("exposure", "industry", "told"),
    [
        (["x", 1.0], ["a", "b"], [("E-Q001", "obligor 0")]),
        ([1.0, 2.0], None, [("E-Q015", "")]),
        ([1.0, 2.0], "ab", [("E-Q015", "")]),
        ([], [], [("E-Q001", "")]),
        ([1.0, 2.0], ["a"], [("E-Q015", "")]),
        (pd.Series([1.0, -1.0], index=["A", "B"]), ["", "x"], [("E-Q002", "obligor B"), ("E-Q015", "obligor A")]),
    ],
)
def test_a_diversity_score_tells_who(exposure, industry, told):
    with pytest.raises(clo.InputError) as raised:
        clo.diversity_score(exposure, industry)
    assert [(each.code, each.who) for each in raised.value.findings] == told


def test_a_binomial_expansion_has_so_many_obligors():
    """Defaults that are all but certain or impossible leave a variance of next to nothing."""
    given = {"exposure": np.ones(40), "pd": [1e-12] * 20 + [1.0 - 1e-12] * 20, "correlation": 0.0, "method": "binomial"}
    assert [each.code for each in found(**given)] == ["E-Q035"]
