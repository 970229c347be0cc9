"""What must hold of the parties of any deal: they agree with the slow reading, and somebody bears all of the pool's loss."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from oracle_parties import BORROWERS, between

from laws.comparison import SELLING, engine, slow_run
from laws.language import FAMILIES, language
from laws.strategies import Case

CHECKS = ("parties: ", "losses by party: ")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_parties_come_to_agrees_with_the_slow_reading(family: str) -> None:
    """Of each party, over the life of the deal; sellers, who share a price among them, are one with the borrowers."""

    @given(language(family))
    def agree(case: Case) -> None:
        result, net = engine(case), dict[str, list[float]]()

        def count(party: str, amount: float, side: int) -> None:
            one = BORROWERS if party in (*SELLING, "sellers") else party
            net.setdefault(one, [0.0, 0.0])[side] += amount

        for party, amount in zip(result.party_totals["party"], result.party_totals["net"], strict=True):
            count(party, amount, 0)
        for (_, payer, payee), amount in between(case.deal, slow_run(case)).items():
            count(payer, -amount, 1)
            count(payee, amount, 1)
        turnover = float(result.parties["amount"].sum())
        assert {party: pair for party, pair in net.items() if not math.isclose(*pair, rel_tol=0.0, abs_tol=1e-9 * turnover)} == {}

    agree()


@given(language())
def test_all_of_the_loss_is_borne(case: Case) -> None:
    """Whatever is bought, sold, lent, hedged, capitalised, discounted or lost with a servicer; and of each sub-pool its own."""
    result = engine(case)
    assume(result.ok)
    turnover = float(result.parties["amount"].sum())
    of_pool, borne = result.sub_pools["loss"], result.losses_by_party["loss"]
    assert borne.sum() == pytest.approx(of_pool.sum(), rel=0, abs=1e-9 * turnover)
    split = result.losses_by_sub_pool.groupby("group", sort=False)["loss"].sum()
    assert split.to_numpy() == pytest.approx(of_pool.to_numpy(), rel=0, abs=1e-9 * turnover)
    tranches = result.losses_by_party[result.losses_by_party["position"].isin(case.deal.tranches)]
    assert tranches["loss"].to_numpy() == pytest.approx(result.summary["loss"].to_numpy(), rel=0, abs=1e-9 * turnover)


@given(language())
def test_checks_of_parties_hold_where_amounts_are_numbers(case: Case) -> None:
    checks = engine(case).checks
    own = checks[checks["check"].str.startswith(CHECKS)]
    assert len(own) == 5
    assume(bool(checks.loc[checks["check"].str.startswith("every amount"), "ok"].all()))
    assert own["ok"].all(), own
