"""Pools that are drawn: what is fixed comes out exactly, what is drawn follows its distributions, nothing else moves."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from builder.recipes import RECIPE, recipe

import clo
from clo.builder.profiles import DISTRIBUTIONS, profiles
from clo.builder.reading import recipe_from
from clo.pool.terms_check import terms_findings
from clo.tape.loans import Loans


def test_firms_institutions_and_amount_are_exact() -> None:
    frame = clo.build_pool(RECIPE)
    assert (len(frame), frame["obligor_id"].nunique(), frame["originator_id"].nunique()) == (120, 120, 4)
    assert frame["current_balance"].sum() == 2_700_000_000
    assert list(frame["originator_id"].unique()) == ["bank-01", "bank-02", "bank-03", "bank-04"]
    assert (frame["current_balance"] % 1_000_000 == 0).all()
    assert frame["current_balance"].between(10_000_000, 150_000_000).all()


@pytest.mark.parametrize("name", sorted(profiles()))
def test_every_profile_makes_a_tape_without_a_finding(name: str) -> None:
    each = 3_000_000 if name == "receivable" else 50_000_000
    frame = clo.build_pool(recipe(profile=name, firms=300, amount=300 * each))
    loans = Loans.from_frame(frame)
    assert not loans.findings
    assert not tuple(terms_findings(loans))
    pd.testing.assert_frame_equal(loans.frame, frame)


def test_the_same_seed_gives_the_same_values_and_another_others() -> None:
    first, again = clo.build_pool(RECIPE), clo.build_pool(recipe_from(RECIPE))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    other = clo.build_pool(RECIPE | {"seed": 2})
    assert not first["current_balance"].equals(other["current_balance"])


DRAWN = {
    "sizes": {"current_balance", "original_balance"},
    "terms": {"maturity_date", "current_rate"},
    "repayment": {"amortisation_type", "principal_frequency", "interest_frequency"},
    "ages": {"origination_date", "maturity_date", "original_balance", "current_balance"},
    "classes": {"score_value", "pd_1y", "current_rate"},
    "rates": {"current_rate"},
    "regions": {"region_code"},
    "industries": {"industry_code"},
    "enterprise_sizes": {"enterprise_size"},
    "obligor_types": {"obligor_type", "enterprise_size"},
    "lenders": {"originator_id", "loan_id", "obligor_id", "region_code"},
    "grace": {"grace_end_date", "original_balance"},
}
CHANGED = {
    "sizes": {"spread": 0.9},
    "terms": {"shares": {36: 1}},
    "repayment": {"shares": {"equal_principal": 0.5, "bullet": 0.5}},
    "ages": {"youngest": 3, "oldest": 9},
    "classes": {"shares": {1: 0.5, 9: 0.5}},
    "rates": {"base": "3%"},
    "regions": {"home": 0, "neighbours": 0},
    "industries": {"shares": {"E": 1}},
    "enterprise_sizes": {"shares": {"MICE": 1}},
    "obligor_types": {"shares": {"sole_prop": 1}},
    "lenders": {"spread": 2.5},
    "grace": {"shares": {12: 1}},
}


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_a_change_of_one_distribution_moves_its_own_columns_only(kind: str) -> None:
    base, changed = clo.build_pool(RECIPE), clo.build_pool(recipe(**{kind: CHANGED[kind]}))
    moved = {name for name in changed.columns if name not in base.columns or not changed[name].equals(base[name])}
    assert moved <= DRAWN[kind]
    assert moved


def test_a_change_of_one_sub_pool_leaves_the_other() -> None:
    own = {"originators": ["jasme"], "firms": 30, "amount": 1_200_000_000, "profile": "jasme"}
    both = RECIPE | {"pools": {**RECIPE["pools"], "own": own}}
    pd.testing.assert_frame_equal(clo.build_pool(both).iloc[:120], clo.build_pool(RECIPE))
    more = RECIPE | {"pools": {**recipe(firms=100)["pools"], "own": own}}
    left, right = clo.build_pool(both), clo.build_pool(more)
    pd.testing.assert_frame_equal(left.iloc[120:].reset_index(drop=True), right.iloc[100:].reset_index(drop=True))


def test_a_larger_pool_begins_with_the_same_draws() -> None:
    few, many = clo.build_pool(RECIPE), clo.build_pool(recipe(firms=150))
    assert few["industry_code"].equals(many["industry_code"].iloc[:120])


def test_originators_homes_and_placeholders() -> None:
    banks = recipe(originators=["ehime", "0181"], homes={"ehime": 38, "others": "01"}, regions={"home": "100%", "neighbours": 0})
    own = {"originators": 2, "firms": 10, "amount": 200_000_000, "profile": "purchase"}
    frame = clo.build_pool(banks | {"pools": {**banks["pools"], "more": own}})
    where = frame.groupby("originator_id")["region_code"].agg(set)
    assert where["ehime"] == {"38"}
    assert where["0181"] == {"01"}
    assert set(where.index) == {"ehime", "0181", "bank-01", "bank-02"}


def test_an_originator_of_two_sub_pools_numbers_its_loans_through() -> None:
    own = {"originators": ["ehime"], "firms": 10, "amount": 200_000_000, "profile": "jasme"}
    both = recipe(originators=["ehime"])
    frame = clo.build_pool(both | {"pools": {**both["pools"], "own": own}})
    assert frame["loan_id"].is_unique
    assert frame["loan_id"].iloc[[0, 120]].to_list() == ["EHIME-0001", "EHIME-0121"]


def test_originators_whose_ids_differ_in_case_share_their_numbers() -> None:
    assert clo.build_pool(recipe(originators=["ehime", "Ehime"]))["loan_id"].is_unique


def test_no_loan_is_repaid_before_the_cut_off() -> None:
    """However months and weekends fall, with the oldest loans that a recipe may have."""
    for cutoff in (f"2007-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 15, 28)):
        oldest = recipe(ages={"youngest": 1.8, "oldest": 1.83}, terms={"shares": {2: 1}}, sizes={"unit": 1})
        frame = clo.build_pool(oldest | {"cutoff": cutoff})
        assert (frame["maturity_date"] > pd.Timestamp(cutoff)).all()
        assert (frame["original_balance"] <= 2 * frame["current_balance"] + 1).all()


def test_shares_rates_and_ages_follow_their_distributions() -> None:
    wide = recipe(
        firms=20_000,
        amount=500_000_000_000,
        terms={"shares": {36: "25%", 60: "75%"}},
        rates={"base": "1%", "per_year": "0.5%", "margin": 0, "by_class": {1: "2%"}},
        classes={"shares": {1: 0.5, 9: 0.5}},
        ages={"youngest": 2, "oldest": 8},
    )
    frame = clo.build_pool(wide)
    months = 12 * (frame["maturity_date"].dt.year - frame["origination_date"].dt.year)
    months += frame["maturity_date"].dt.month - frame["origination_date"].dt.month
    assert (months == 60).mean() == pytest.approx(0.75, abs=0.01)
    expected = 0.01 + 0.005 * (months / 12 - 3) + 0.02 * (frame["score_value"] == 1)
    assert np.abs(frame["current_rate"] - expected).max() < 1e-9
    assert dict(frame.groupby("score_value")["pd_1y"].first()) == {1.0: 0.09, 9.0: 0.004}
    age = (pd.Timestamp("2007-05-31") - frame["origination_date"]).dt.days
    assert 60 <= age.min() < 65
    assert 243 - 5 < age.max() <= 243 + 2
    assert (frame["origination_date"].dt.day_of_week < 5).all()


def test_what_was_lent_is_the_balance_and_what_fell_due_since() -> None:
    seasoned = {"ages": {"youngest": 12, "oldest": 12}, "terms": {"shares": {36: 1}}, "sizes": {"unit": 1}}
    equal = clo.build_pool(recipe(repayment={"shares": {"equal_principal": 1}}, **seasoned))
    assert equal["original_balance"].to_numpy() == pytest.approx(equal["current_balance"].to_numpy() * 36 / 24, abs=1.0)
    bullet = clo.build_pool(recipe(repayment={"shares": {"bullet": 1}}, **seasoned))
    assert (bullet["original_balance"] == bullet["current_balance"]).all()
    level = clo.build_pool(recipe(repayment={"shares": {"level_payment": 1}}, **seasoned)).iloc[0]
    owed = clo.amortise(level["original_balance"], level["current_rate"], 36, "level_payment")
    assert owed["closing"].iloc[11] == pytest.approx(level["current_balance"], rel=1e-7)
    halves = {"shares": {"equal_principal": 1}, "principal": "semi_annual", "interest": "semi_annual"}
    waiting = clo.build_pool(recipe(repayment=halves, grace={"shares": {12: 1}}, **seasoned))
    assert (waiting["original_balance"] == waiting["current_balance"]).all()


def test_grace_is_over_when_the_first_instalment_falls_due() -> None:
    frame = clo.build_pool(
        recipe(grace={"shares": {0: 0.5, 12: 0.5}}, repayment={"shares": {"equal_principal": 0.7, "bullet": 0.3}})
    )
    assert frame.loc[frame["amortisation_type"] == "bullet", "grace_end_date"].isna().all()
    ends = frame["grace_end_date"].dropna()
    assert 0 < len(ends) < len(frame)
    made = frame.loc[ends.index, "origination_date"]
    assert (12 * (ends.dt.year - made.dt.year) + ends.dt.month - made.dt.month == 12).all()


def test_a_hundred_thousand_loans_are_drawn_at_once() -> None:
    large = recipe(originators=40, firms=100_000, amount=2_300_000_000_000)
    clo.build_pool(RECIPE)
    start = time.perf_counter()
    frame = clo.build_pool(large)
    assert time.perf_counter() - start < 10.0  # half a second on one idle core
    assert frame["current_balance"].sum() == 2_300_000_000_000
    assert frame["loan_id"].is_unique
    assert frame["originator_id"].nunique() == 40
