"""Receivables that are bought: the engine against a slow reading of the contract, and its steps against that of the language."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from laws.comparison import case_differences, engine
from laws.receivables import FAILING, ROWS, TERMS, UNTIL, bought, case
from laws.strategies import Case
from slow_receivables import agree, slow_receivables

import clo
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal

EXAMPLE = Path(__file__).parents[2] / "deals" / "receivables-example.yaml"


@given(bought())
def test_drawn_deals_are_read_alike(case: Case) -> None:
    result = engine(case)
    assert result.ok, result.checks[~result.checks["ok"]]
    agree(result, slow_receivables(result.deal, result.pool))


@given(bought())
def test_the_steps_are_run_as_the_slow_reading_runs_them(case: Case) -> None:
    assert case_differences(case)[:8] == []


# ---- one deal in its variants

SOME_DEFAULT = {"scenarios": {"base": TERMS["scenarios"]["base"] | {"cdr": ["0%", "0%", "30%"]}}}
ALL_LENT = TERMS["tranches"] | {"loan": TERMS["tranches"]["loan"] | {"size": 1_300_000}}
MANY_DEFAULT = {"scenarios": {"base": TERMS["scenarios"]["base"] | {"cdr": "30%"}}}
MOST_DEFAULT = {"scenarios": {"base": TERMS["scenarios"]["base"] | {"cdr": "90%"}}}
VARIANTS = {
    "static": case(),
    "static, repaid first": case(deferred="repaid"),
    "revolving": case(**UNTIL),
    "revolving, at par, all lent": case(**UNTIL, price="100%", advance_rate="100%"),
    "revolving, repaid first": case(**UNTIL, deferred="repaid"),
    "revolving through losses": case(**UNTIL, advance_rate="50%", terms={"tranches": ALL_LENT} | MANY_DEFAULT),
    "default ratio": case(**UNTIL, stops={"default_ratio": {"above": "0.5%", "payments": 2}}, terms=SOME_DEFAULT),
    "dilution ratio": case(**UNTIL, stops={"dilution_ratio": {"above": "4%", "payments": 3}}),
    "deficiency at once": case(**UNTIL, stops={"deficiency": True}, terms=MOST_DEFAULT),
    "seller default": case(
        **UNTIL,
        stops={"seller_default": True},
        terms={"counterparties": TERMS["counterparties"] | {"smith": {"ratings": FAILING}}},
    ),
    "seller default without a stop": case(
        **UNTIL, terms={"counterparties": TERMS["counterparties"] | {"smith": {"ratings": FAILING}}}
    ),
}
STOPPING = ("default ratio", "dilution ratio", "deficiency at once", "seller default")


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_read_alike(name: str) -> None:
    result = engine(VARIANTS[name])
    assert result.ok, result.checks[~result.checks["ok"]]
    slow = slow_receivables(result.deal, result.pool)
    agree(result, slow)
    assert case_differences(VARIANTS[name])[:8] == []
    later = [told["stopped"] for told in slow.progress.values()]
    assert any(later) == (name in STOPPING)
    assert any(told["revolving"] for told in slow.progress.values()) == (not name.startswith(("static", "deficiency")))


@pytest.mark.parametrize("name", ["static", "revolving", "seller default"])
def test_sub_pools_of_one_seller_fail_together(name: str) -> None:
    """And several loans are repaid in proportion, unrounded."""
    tranches = {"bank_loan": {"size": 1_200_000, "coupon": "1%"}, "public_loan": {"size": 500_000, "coupon": "2%"}}
    terms = VARIANTS[name].terms
    smith = {"tape": "none.csv", "seller": "smith"}
    changed = terms | {
        "pools": {"parts": smith, "tools": smith},
        "counterparties": {"smith": terms["counterparties"]["smith"]},
        "tranches": tranches | {"deferred": TERMS["tranches"]["deferred"]},
        "principal": "pro_rata",
        "rounding": "none",
    }
    result = engine(Case(changed, ROWS))
    assert result.ok
    agree(result, slow_receivables(result.deal, result.pool))
    assert case_differences(Case(changed, ROWS))[:8] == []


def test_a_scenario_says_that_a_seller_fails() -> None:
    deal = clo.load_deal(EXAMPLE)
    seller, stress = (clo.run(deal, scenario=name) for name in ("seller", "stress"))
    agree_on = slow_receivables(deal, seller.pool, {"packer": dict(deal.scenarios["seller"].ratings["packer"])})  # type: ignore[index]
    assert [told["stopped"] for told in agree_on.progress.values()] == seller.triggers.groupby("payment_date")[
        "breached"
    ].any().tolist()
    assert seller.triggers["breached"].any()
    assert not stress.triggers["breached"].any()
    made_good = [run.parties.loc[run.parties["payer"] == "packer", "amount"].sum() for run in (seller, stress)]
    assert 0 < made_good[0] < made_good[1]


def test_a_stop_may_be_forced() -> None:
    deal = clo.load_deal(EXAMPLE)
    first = clo.run(deal, force={"stop_deficiency": "fail"})
    assert not (first.ledger["reason"].str.endswith(".purchase") & (first.ledger["step"] > 0)).any()
    never = clo.run(deal, scenario="seller", force={"stop_seller_default": "pass"})
    assert not never.triggers["breached"].any()


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_the_corporation_makes_the_loan_good_in_its_share(share: float) -> None:
    deal = clo.load_deal(EXAMPLE)
    one = deal.tranche_guarantees["loan_guarantee"].model_copy(update={"share": share, "fee": 0.0})
    guaranteed = clo.run(
        spelled_out(deal.model_copy(update={"tranche_guarantees": {"loan_guarantee": one}, "fees": {}})), scenario="collapse"
    )
    own = {"tranche_guarantees": {}, "accounts": {"collections": deal.accounts["collections"]}, "fees": {}}
    alone = clo.run(spelled_out(deal.model_copy(update=own)), scenario="collapse")
    lost, left = (float(run.summary["loss"].iloc[0]) for run in (alone, guaranteed))
    assert lost > 1_000_000
    assert left == pytest.approx((1.0 - share) * lost, abs=2)
    paid = guaranteed.parties.loc[guaranteed.parties["payer"] == "corporation", "amount"].sum()
    assert paid == pytest.approx(share * lost, abs=2)


def test_spelling_out_twice_changes_nothing() -> None:
    once = spelled_out(Deal(**VARIANTS["dilution ratio"].terms))
    assert spelled_out(once) == once
    assert once.mark("schedules.tools_dilution_share") is not None


def test_the_corporation_may_lend_itself() -> None:
    """And a family of sub-pools is bought of one seller."""
    deal = clo.load_deal(EXAMPLE)
    own = deal.tranches["bank_loan"].model_copy(update={"holder": "corporation"})
    of = {"by": "originator_id", "of": ("parts-maker", "packer"), "where": None, "seller": "maker"}
    both = deal.pools["parts"].model_copy(update=of)
    lent = deal.model_copy(
        update={
            "tranches": deal.tranches | {"bank_loan": own},
            "pools": {"both": both},
            "counterparties": {"maker": deal.counterparties["parts_maker"]},
            "receivables": deal.receivables.model_copy(update={"dilution": 0.02}),  # type: ignore[union-attr]
            "tranche_guarantees": {},
            "accounts": {"collections": deal.accounts["collections"]},
            "fees": {},
            "scenarios": {"base": deal.scenarios["base"]},
        }
    )
    result = clo.run(spelled_out(lent))
    assert result.ok, result.checks[~result.checks["ok"]]
    assert set(result.deal.pools) == {"parts_maker", "packer"}
    paid = result.parties[result.parties["payee"] == "corporation"]["amount"].sum()
    assert paid > 111_000_000
