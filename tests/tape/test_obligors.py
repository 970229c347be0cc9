"""Who is the same borrower: proposals with their evidence, nothing merged unasked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from loan_frames import clean

from clo.tape.corporate_numbers import valid
from clo.tape.limits import check_limits
from clo.tape.loans import Loans
from clo.tape.names import normalised
from clo.tape.obligors import match_obligors

GOOD = ["8700110005901", "7000012050002"]
"""Two numbers that pass their check digit."""


def loans(**columns) -> Loans:
    """Six loans of six obligors and six originators in one region, 10 each but for the last, with 50."""
    frame = clean(6).assign(
        obligor_id=["a1", "b1", "c1", "d1", "e1", "f1"],
        originator_id=["0001", "0002", "0003", "0004", "0005", "0006"],
        region_code="13",
        industry_code="41",
        original_balance=100.0,
        current_balance=[10.0, 10.0, 10.0, 10.0, 10.0, 50.0],
    )
    return Loans.from_frame(frame.assign(**columns))


def digit(body: str) -> str:
    total = sum(int(figure) * (1 if place % 2 == 0 else 2) for place, figure in enumerate(reversed(body)))
    return str(9 - total % 9)


def test_check_digits_against_a_count_by_hand():
    bodies = [f"{number:012d}" for number in np.random.default_rng(2).integers(0, 10**12, 300)]
    right = pd.Series([digit(body) + body for body in bodies], dtype="str")
    assert valid(right).all()
    wrong = pd.Series([str((int(digit(body)) + 1) % 10) + body for body in bodies], dtype="str")
    assert not valid(wrong).any()
    assert valid(pd.Series([*GOOD, None, "870011000590", "87001100059012", "８700110005901", "870011000590x"])).tolist() == [
        True, True, False, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spelled",
    [
        "株式会社髙島製作所", "㈱高島製作所", "(株)高島製作所", "（株） 高島　製作所", "高島製作所株式会社", "ｶ)高島製作所",
        "高島製作所㈱", "高島・製作所 株式会社",
    ],
)  # fmt: skip
def test_one_name_in_many_spellings(spelled):
    assert normalised(pd.Series([spelled])).tolist() == ["高島製作所"]


def test_names_that_differ_stay_apart():
    keys = normalised(pd.Series(["株式会社山﨑", "有限会社山田", "ﾔﾏﾀﾞ ｼｮｳｼﾞ", "Yamada ＣＯ", "株式会社", None]))
    assert keys[:4].tolist() == ["山崎", "山田", "ヤマダショウジ", "yamadaco"]
    assert keys[4:].isna().all()  # a legal form alone is no name


def test_by_corporate_number():
    pool = loans(corporate_number=[GOOD[0], None, GOOD[0], GOOD[1], None, None])
    groups = match_obligors(pool)
    assert groups.groups.fillna("").tolist() == ["matched:a1", "", "matched:a1", "", "", ""]
    (link,) = groups.review.to_dict("records")
    assert (link["first"], link["second"], link["evidence"], link["value"]) == ("a1", "c1", "corporate_number", GOOD[0])
    assert (link["first_originators"], link["second_originators"], link["loans"]) == ("0001", "0003", 2)
    assert link["share"] == pytest.approx(0.2)
    (found,) = groups.findings
    assert found.code == "W-T110"
    assert found.message == "possible same obligor: a1 and c1 (corporate number match), together 20.0% of the pool"
    assert found.occurrences is not None
    assert found.occurrences.values.tolist() == ["a1", "c1"]
    assert (found.file, found.row) == ("frame", 2)


def test_a_number_that_fails_its_check_digit_matches_nothing():
    groups = match_obligors(loans(corporate_number=["8700110005902"] * 6))
    assert groups.count == 0
    assert groups.findings == ()


def test_by_name_region_and_type():
    names = ["㈱髙島", "高島株式会社", "高島", "高島 ㈱", "別", None]
    pool = loans(
        x_name=names, region_code=["13", "13", "27", "13", "13", "13"], obligor_type=["corp"] * 3 + ["sole_prop"] + ["corp"] * 2
    )
    assert match_obligors(pool).count == 0  # names are looked at only where asked
    groups = match_obligors(pool, "x_name")
    assert groups.groups.fillna("").tolist() == ["matched:a1", "matched:a1", "", "", "", ""]
    assert groups.review["value"].tolist() == ["高島"]
    assert [found.code for found in groups.findings] == ["W-T111"]


def test_a_name_with_two_corporate_numbers_is_listed_and_not_linked():
    pool = loans(x_name=["高島", "㈱高島", "高島㈱", "x", "y", "z"], corporate_number=[GOOD[0], GOOD[1], None, None, None, None])
    groups = match_obligors(pool, "x_name")
    assert groups.count == 0
    assert groups.findings == ()
    assert groups.review["linked"].tolist() == [False, False]
    assert repr(groups) == "<ObligorGroups: 0 groups, 0 links, 2 for review only>"


def test_evidence_chains_and_a_group_of_the_tape_keeps_its_name():
    pool = loans(
        group_id=[None, None, "Marubeni", "Marubeni", None, None],
        corporate_number=[GOOD[0], None, GOOD[0], None, None, None],
        x_name=["p", "q", "r", "s", "s", "t"],
    )
    groups = match_obligors(pool, "x_name")
    assert groups.groups.fillna("").tolist() == ["Marubeni", "", "Marubeni", "Marubeni", "Marubeni", ""]
    assert set(groups.review["evidence"]) == {"corporate_number", "group_id", "name"}
    assert groups.review["share"].tolist() == pytest.approx([0.4] * 3)


def test_groups_are_written_only_when_asked_and_limits_count_them_as_one():
    pool = loans(corporate_number=[GOOD[0], None, GOOD[0], None, None, GOOD[0]])
    groups = match_obligors(pool)
    assert "group_id" not in pool.frame.columns
    written = pool.with_groups(groups)
    assert written.frame["group_id"].fillna("").tolist() == ["matched:a1", "", "matched:a1", "", "", "matched:a1"]
    assert written.source == pool.source
    limit = [{"name": "one", "by": "obligor_id", "max": "60%"}]
    assert check_limits(pool, limit).table["level"].tolist() == [0.5]
    for table in (check_limits(written, limit).table, check_limits(pool, limit, groups).table):
        assert table["level"].tolist() == [0.7]
        assert table["binds"].tolist() == ["matched:a1"]
    with pytest.raises(ValueError, match="groups of 6 loans for 5"):
        pool.rows(np.arange(5)).with_groups(groups)
    assert match_obligors(written).findings == ()  # joined now, and said no more
    assert match_obligors(written).groups.equals(groups.groups)


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match="did you mean 'x_name'"):
        match_obligors(loans(x_name="a"), "x_nam")
    with pytest.raises(ValueError, match="names stand in a column x_"):
        match_obligors(loans(), "purpose")


def test_the_order_of_loans_changes_nothing():
    pool = loans(corporate_number=[GOOD[0], None, GOOD[0], GOOD[1], GOOD[1], None])
    turned = pool.rows(np.arange(6)[::-1])
    assert match_obligors(turned).groups.tolist()[::-1] == match_obligors(pool).groups.tolist()


def test_components_against_a_slow_search():
    """Random links by number and name, against merging lists until nothing changes."""
    draw = np.random.default_rng(5)
    frame = clean(120).assign(obligor_id=[f"{number:03d}" for number in range(120)], region_code="13", industry_code="41")
    numbers = [digit(f"{number:012d}") + f"{number:012d}" for number in range(60)]
    frame["corporate_number"] = [numbers[draw.integers(0, 60)] if draw.random() < 0.4 else None for _ in range(120)]
    frame["group_id"] = [f"g{draw.integers(0, 40)}" if draw.random() < 0.4 else None for _ in range(120)]
    pool = Loans.from_frame(frame)
    evidence = [frame[key].tolist() for key in ("corporate_number", "group_id")]
    label = list(range(120))
    changed = True
    while changed:
        changed = False
        for key in evidence:
            for one in range(120):
                for other in range(one):
                    same = key[one] == key[other] and key[one] is not None
                    if same and label[one] != label[other]:
                        label[one] = label[other] = min(label[one], label[other])
                        changed = True
    groups = match_obligors(pool).groups
    slow = {frozenset(at for at in range(120) if label[at] == one) for one in label}
    quick = {frozenset(np.flatnonzero(groups == name).tolist()) for name in groups.dropna().unique()}
    assert {members for members in quick if len(members) > 1} == {members for members in slow if len(members) > 1}
