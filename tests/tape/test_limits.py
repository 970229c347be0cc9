"""Concentration limits: levels a person can work out, and amounts to take out that, once out, are just enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loan_frames import clean

from clo.tape.criteria import CriteriaError
from clo.tape.limits import check_limits, cut
from clo.tape.loans import Loans


@pytest.fixture
def pool() -> Loans:
    frame = clean(5).assign(
        originator_id=["a", "a", "b", "b", "b"],
        obligor_id=["1", "1", "2", "3", "4"],
        region_code=["13", "13", "27", None, None],
        industry_code=["41", "41", "06", "06", "06"],
        original_balance=100.0,
        current_balance=[10.0, 30.0, 20.0, 20.0, 20.0],
        current_rate=[0.01, 0.01, 0.02, 0.03, 0.04],
    )
    return Loans.from_frame(frame)


def one(pool: Loans, **limit) -> dict:
    (row,) = check_limits(pool, [{"name": "x", **limit}]).table.to_dict("records")
    return row


def test_largest_borrower(pool):
    row = one(pool, by="obligor_id", max="25%")
    assert (row["measure"], row["level"], row["threshold"], row["binds"]) == ("largest share by obligor_id", 0.4, 0.25, "1")
    assert row["headroom"] == pytest.approx(-0.15)
    assert not row["ok"]
    assert row["remove"] == pytest.approx(20.0)  # 20 of 80 are left: all four at a quarter
    assert one(pool, by="obligor_id", max=0.4)["ok"]
    assert one(pool, by="obligor_id", max=0.4)["remove"] == 0.0
    assert np.isnan(one(pool, by="obligor_id", max="20%")["remove"])  # four borrowers can never keep a fifth


def test_several_above(pool):
    row = one(pool, by="obligor_id", max="19%")
    assert row["binds"] == "1 + 3"
    row = one(pool, by="industry_code", max="59%")
    assert (row["binds"], row["level"]) == ("06", 0.6)
    assert row["remove"] == pytest.approx((60 - 59) / 0.41)


def test_top_names_together(pool):
    row = one(pool, by="obligor_id", top=2, max="55%")
    assert (row["measure"], row["level"]) == ("share of the 2 largest by obligor_id", pytest.approx(0.6))
    assert row["remove"] == pytest.approx(5 / 0.45)


def test_missing_words_count_as_one_name(pool):
    row = one(pool, by="region_code", max="35%")
    assert (row["level"], row["binds"]) == (0.4, "13 + 1")
    assert (
        check_limits(pool.rows(np.array([2, 3, 4])), [{"name": "x", "by": "region_code", "max": 0.5}]).table["binds"][0]
        == "missing"
    )


def test_amounts_counts_parts_and_averages(pool):
    row = one(pool, by="obligor_id", max_amount=15)
    assert (row["level"], row["binds"], row["remove"]) == (40.0, "1 + 3", 25.0 + 3 * 5.0)
    row = one(pool, by="originator_id", min_count=3)
    assert (row["level"], row["ok"], row["headroom"]) == (2.0, False, -1.0)
    assert np.isnan(row["remove"])
    row = one(pool, where="industry_code == '41'", max="20%")
    assert (row["level"], row["remove"]) == (0.4, pytest.approx(25.0))  # 15 of 75 are left
    row = one(pool, where="industry_code == '41'", min="50%")
    assert (row["ok"], row["remove"]) == (False, pytest.approx(20.0))
    row = one(pool, average="current_rate", min="2.5%")
    assert row["level"] == pytest.approx(0.022)
    assert row["remove"] == pytest.approx(20.0)  # (2.2 - 0.2)/80 is 2.5 %
    row = one(pool, average="current_rate", max="1%")
    assert not row["ok"]
    assert np.isnan(row["remove"])  # no loan is below
    assert one(pool, average="remaining_term", max=500)["ok"]
    assert one(pool, by="vintage", max="100%")["ok"]


def test_findings_tell_who_binds_and_what_to_do(pool):
    checked = check_limits(pool, [{"name": "single", "by": "obligor_id", "max": "25%"}, {"name": "banks", "by": "originator_id",
        "min_count": 3, "severity": "warning", "says": "at least three"}])  # fmt: skip
    single, banks = checked.findings
    assert (single.code, single.severity, single.who, single.file) == ("E-L021", "error", "1", "frame")
    assert single.message == "single: largest share by obligor_id is 40.00%, above 25.00% (1)"
    assert single.fix == "take out 20 of balance"
    assert (banks.code, banks.message, banks.rule, banks.fix) == (
        "W-L021", "banks: number of originator_id is 2, below 3", "at least three", "add other loans",
    )  # fmt: skip
    assert repr(checked) == "<LimitCheck: 2 limits, broken: single, banks>"
    assert "at least" not in check_limits(pool, [])._repr_html_()
    assert check_limits(pool, []).ok


def test_loans_of_which_a_limit_does_not_know_are_counted(pool):
    """Two of 20 each are without a region; without employees are those of 10 and 30."""
    frame = pool.frame.assign(employees=[None, None, 5, 5, 500], current_balance=[10.0, 30.0, 20.0, 20.0, 0.0])
    some = Loans.from_frame(frame.assign(account_status=["PERF"] * 4 + ["RDMD"]))
    limits = [
        {"name": "region", "where": "region_code == '13' or employees > 100", "max": "60%"},
        {"name": "staff", "average": "employees", "max": 10},
        {"name": "borrower", "by": "obligor_id", "max": "60%"},
    ]
    checked = check_limits(some, limits)
    assert checked.ok
    region, staff = checked.findings
    assert (region.code, region.severity, region.count) == ("W-L023", "warning", 1)
    assert region.message == "region: 1 loan, 25.00% of the balance, counted as outside for values that are missing"
    assert staff.message == "staff: 2 loans, 50.00% of the balance, not in the average for values that are missing"
    assert region.occurrences.values.tolist() == ["region_code = blank, employees = 5"]
    assert staff.occurrences.who.tolist() == ["0", "1"]
    assert checked.table["level"].tolist() == [0.5, 5.0, 0.5]


def test_a_pool_without_balance_keeps_nothing_and_says_so():
    empty = Loans.from_frame(clean(3).assign(current_balance=0.0, account_status="RDMD"))
    row = one(empty, by="obligor_id", max="10%")
    assert np.isnan(row["level"])
    assert not row["ok"]


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"max": 0.1}, "say what is measured, once: by, where or average; here none"),
        ({"by": "obligor_id", "where": "current_rate > 0", "max": 0.1}, "here by and where"),
        ({"by": "obligor_id"}, "by takes one of max, max_amount, min_count; here none"),
        ({"by": "obligor_id", "min": 0.1}, "here min"),
        ({"by": "obligor_id", "max": 2}, "2 is not a share: write 2% or 0.02"),
        ({"where": "current_rate > 0", "max": "150%"}, "1.5 is not a share"),
        ({"where": "current_rate > 0", "top": 3, "max": 0.1}, "top goes with by"),
        ({"by": "obligor_id", "max": "two"}, "'two' is not a number"),
        ({"by": "obligor_id", "max": True}, "True is not a number"),
        ({"average": "region_code", "max": 1}, "region_code is no number"),
        ({"average": "rate", "max": 1}, "no column 'rate' on the tape"),
        ({"by": "obligor", "max": 0.1}, "did you mean 'obligor_id'?"),
        ({"where": "region_code > 3", "max": 0.1}, "cannot compare region_code"),
        ({"by": "obligor_id", "max": 0.1, "mx": 1}, "unknown key 'mx'"),
    ],
)
def test_limits_that_make_no_sense_are_refused(pool, limit, message):
    with pytest.raises(CriteriaError) as caught:
        check_limits(pool, [{"name": "x", **limit}])
    (found,) = caught.value.findings
    assert message in found.message
    assert found.path.startswith("limits[0]")


amounts = st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(amounts, st.integers(1, 4), st.floats(0.05, 0.95))
def test_what_is_cut_is_enough_and_no_less_would_do(held, top, bound):
    """No amount below (S - bound T)/(1 - bound) can do; cutting all large amounts to one level does, found here by trying."""
    falling = np.sort(np.asarray(held))[::-1]
    total, first = falling.sum(), falling[:top].sum()
    least = cut(falling, bound, top)
    levels = np.append(np.linspace(falling[0], 0.0, 2000)[:-1], 1e-9)
    left = np.minimum.outer(levels, falling)
    good = left[:, :top].sum(axis=1) <= (bound + 1e-9) * left.sum(axis=1)
    if first <= bound * total:
        assert least == 0.0
    elif np.isnan(least):
        assert not good.any()
    else:
        assert least >= (first - bound * total) / (1.0 - bound) - 1e-9 * total
        if good.any():
            tried = total - left[good].sum(axis=1).max()
            assert least <= tried + 1e-6 * total
            assert top > 1 or least >= tried - falling[0] / 2000 * len(falling) - 1e-6 * total


@settings(max_examples=60, deadline=None)
@given(amounts, st.floats(10.0, 500.0), st.integers(1, 3))
def test_amounts_are_cut_to_the_bound(held, bound, top):
    falling = np.sort(np.asarray(held))[::-1]
    least = cut(falling, bound, top, share=False)
    assert least >= max(falling[:top].sum() - bound, 0.0) - 1e-9
    if top == 1:
        assert least == pytest.approx(np.maximum(falling - bound, 0.0).sum(), abs=1e-9)


def test_an_average_is_just_kept_once_the_amount_is_out():
    frame = clean(200)
    pool = Loans.from_frame(frame)
    mean = float(np.average(frame["current_rate"], weights=frame["current_balance"]))
    row = one(pool, average="current_rate", min=mean + 0.004)
    left, out = frame.sort_values("current_rate").assign(left=frame["current_balance"]), row["remove"]
    for at in left.index:
        taken = min(left.loc[at, "left"], out)
        left.loc[at, "left"] -= taken
        out -= taken
    assert np.average(left["current_rate"], weights=left["left"]) == pytest.approx(mean + 0.004, rel=1e-12)
