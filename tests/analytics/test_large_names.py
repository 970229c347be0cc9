"""Large names: against trying, one borrower more at a time, whether a tranche loses, and by hand."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import by_hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from clo.analytics.large_names import large_names
from clo.deal.terms import Deal
from clo.tape.loans import Loans

SWAP = {"premium": {"corporation": {"rate": 0.0}}}


def cbo(deductibles: dict[str, float], sizes: dict[str, float], **more: Any) -> Deal:
    """A synthetic CBO on sub-pools with these deductibles; the most senior note first."""
    return by_hand.terms(
        structure="synthetic_cbo",
        pools={name: {"tape": "none.csv", "reference": True} for name in deductibles},
        accounts={"collateral": {"initial": sum(sizes.values())}, "premiums": {}},
        fees={},
        tranches={name: {"size": size, "coupon": 0.0} for name, size in sizes.items()},
        swap=SWAP | {"deductible": {"amounts": deductibles}},
        **more,
    )


def owed(balances: dict[str, list[float]], groups: dict[str, str] | None = None) -> dict[str, Loans]:
    """Sub-pools of borrowers, each with one loan; a borrower of two is another in each."""
    return {
        pool: by_hand.tape(
            tuple((f"{pool}-{number}", balance, 0.0, "bullet") for number, balance in enumerate(amounts)),
            **({} if groups is None else {"group_id": [groups.get(f"{pool}-{number}") for number in range(len(amounts))]}),
        )
        for pool, amounts in balances.items()
    }


amounts = st.lists(st.integers(1, 40).map(float), min_size=1, max_size=6)


@st.composite
def deals(draw: Any) -> tuple[dict[str, list[float]], dict[str, float], dict[str, float]]:
    """Balances and deductibles of one or two sub-pools, and notes on the rest."""
    balances = {pool: draw(amounts) for pool in ("one", "two")[: draw(st.integers(1, 2))]}
    kept = {pool: float(draw(st.integers(0, int(sum(own))))) for pool, own in balances.items()}
    rest = sum(map(sum, balances.values())) - sum(kept.values())
    junior = float(draw(st.integers(0, int(rest))))
    return balances, kept, {"senior": rest - junior, "junior": junior}


def lost(
    balances: dict[str, list[float]],
    kept: dict[str, float],
    sizes: dict[str, float],
    gone: list[tuple[str, float]],
    recovery: float,
) -> dict[str, float]:
    """What each note loses by these defaults."""
    passed = sum(max(0.0, sum(balance for pool, balance in gone if pool == own) * (1 - recovery) - kept[own]) for own in balances)
    first = min(passed, sizes["junior"])
    return {"junior": first, "senior": passed - first}


@given(deals(), st.sampled_from([0.0, 0.25, 0.5]))
def test_one_borrower_more_costs_the_note(case: Any, recovery: float) -> None:
    balances, kept, sizes = case
    frame = large_names(cbo(kept, sizes), owed(balances), sizes, recovery).set_index("tranche")
    names = sorted(((own, balance) for own in balances for balance in balances[own]), key=lambda name: -name[1])
    for note in sizes:
        count = int(frame.loc[note, "names"])
        ties = len(balances) > 1 and count < len(names) and len({balance for _, balance in names}) < len(names)
        if ties:
            continue  # which of two equal borrowers comes first may decide which deductible bears it
        assert lost(balances, kept, sizes, names[:count], recovery)[note] == pytest.approx(0.0, abs=1e-6)
        if count < len(names) and sizes[note] > 0.0:
            assert lost(balances, kept, sizes, names[: count + 1], recovery)[note] > 0.0


@given(amounts, st.integers(0, 60), st.integers(0, 60))
def test_no_other_choice_of_as_many_costs_a_note_of_one_swap(own: list[float], first: int, second: int) -> None:
    """The largest are the worst, where there is one deductible."""
    kept = {"one": min(float(first), sum(own))}
    junior = min(float(second), sum(own) - kept["one"])
    sizes = {"senior": sum(own) - kept["one"] - junior, "junior": junior}
    frame = large_names(cbo(kept, sizes), owed({"one": own}), sizes, 0.0).set_index("tranche")
    for note in sizes:
        for chosen in combinations([("one", balance) for balance in own], int(frame.loc[note, "names"])):
            assert lost({"one": own}, kept, sizes, list(chosen), 0.0)[note] == pytest.approx(0.0, abs=1e-6)


@given(deals(), st.integers(1, 20))
def test_less_enhancement_never_stands_more(case: Any, less: int) -> None:
    """What is taken from the deductibles or the junior note goes to the senior."""
    balances, kept, sizes = case
    before = large_names(cbo(kept, sizes), owed(balances), sizes, 0.0).set_index("tranche")["names"]
    thinner = {pool: max(0.0, amount - less) for pool, amount in kept.items()}
    freed = sum(kept.values()) - sum(thinner.values())
    grown = {"senior": sizes["senior"] + freed, "junior": sizes["junior"]}
    after = large_names(cbo(thinner, grown), owed(balances), grown, 0.0).set_index("tranche")["names"]
    assert (after <= before).all()
    cut = min(sizes["junior"], float(less))
    moved = {"senior": sizes["senior"] + cut, "junior": sizes["junior"] - cut}
    assert large_names(cbo(kept, moved), owed(balances), moved, 0.0)["names"].iloc[0] <= before["senior"]


def test_connected_borrowers_count_as_one() -> None:
    pools = {"one": [50.0, 30.0, 30.0, 10.0]}
    sizes = {"senior": 50.0, "junior": 30.0}
    alone = large_names(cbo({"one": 40.0}, sizes), owed(pools), sizes, 0.0)
    joined = large_names(cbo({"one": 40.0}, sizes), owed(pools, {"one-1": "G", "one-2": "G"}), sizes, 0.0)
    assert alone["names"].tolist() == [1, 0]
    assert joined["names"].tolist() == [1, 0]
    assert joined["names_balance"].tolist() == [60.0, 0.0]
    assert alone["names_balance"].tolist() == [50.0, 0.0]


def test_of_a_cash_deal_the_residual_bears_first() -> None:
    """12,000, 8,000 and 4,000 under a junior of 4,000, a mezzanine of 5,000 and a senior of 15,000."""
    deal = by_hand.terms(large_names={"recovery": 0.5, "required": {"senior": 3, "mezzanine": 0}})
    result = by_hand.run(deal)
    frame = result.large_names
    assert frame is not None
    assert frame["tranche"].tolist() == ["senior", "mezzanine", "junior"]
    assert frame["loss_before"].tolist() == [9_000.0, 4_000.0, 0.0]
    assert frame["names"].tolist() == [1, 0, 0]
    assert frame["enough"].tolist() == [False, True, True]
    told = [finding.path for finding in result.findings if finding.code == "W-R221"]
    assert told == ["large_names.required.senior"]


def test_whoever_never_loses_stands_everybody() -> None:
    sizes = {"senior": 5.0, "junior": 5.0}
    frame = large_names(cbo({"one": 90.0}, sizes), owed({"one": [60.0, 40.0]}), sizes, 0.5)
    assert frame["names"].tolist() == [2, 2]
    np.testing.assert_allclose(frame["names_share"], 1.0)


@pytest.mark.parametrize("recovery", [-0.1, 1.1, float("nan")])
def test_a_recovery_is_a_share(recovery: float) -> None:
    sizes = {"senior": 5.0, "junior": 5.0}
    with pytest.raises(ValueError, match="no share"):
        large_names(cbo({"one": 90.0}, sizes), owed({"one": [60.0, 40.0]}), sizes, recovery)


def test_a_deal_that_asks_for_nothing_has_none() -> None:
    assert by_hand.run(by_hand.terms()).large_names is None
    assert isinstance(clo.run(clo.load_deal(by_hand.DEALS / "cbo-02.yaml")).large_names, pd.DataFrame)
